/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/audit_log.h. */

#include "store/audit_log.h"

#include "core/log.h"
#include "store/clock.h"

enum bulla_status bulla_audit_load(struct bulla_audit_head *head, const struct bulla_audit_log *log) {
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) = bulla_statement(log->db, BULLA_QUERY_LOAD_HEAD);
  bool row;
  BULLA_TRY(bulla_step(&statement, &row));
  if (!row) {
    return BULLA_AUDIT_BROKEN;
  }
  uint8_t tag[BULLA_MAC_LEN];
  head->seq = bulla_column_int(&statement);
  bulla_column_bytes(&statement, tag, sizeof(tag));
  struct bulla_span sealed = bulla_column_blob(&statement, BULLA_WRAPPED_MAX);
  memset(head->mac, 0, sizeof(head->mac));
  if (head->seq != 0) {
    bulla_column_bytes(&statement, head->mac, sizeof(head->mac));
  }
  if (!bulla_columns_good(&statement) || head->seq < 0 || head->seq == INT64_MAX) {
    return BULLA_AUDIT_BROKEN;
  }
  return bulla_audit_head_open(head, log->keyring, tag, sealed);
}

enum bulla_status bulla_audit_resume(struct bulla_audit_head *head, const struct bulla_audit_log *log) {
  BULLA_TRY(bulla_audit_load(head, log));
  if (head->seq < log->last_seq) {
    return bulla_explain(BULLA_AUDIT_BROKEN, "the log is shorter than this process has seen it");
  }
  return BULLA_OK;
}

/* Writes the head by |query|, whose parameters are seq, tag and sealed key. */
static enum bulla_status store(const struct bulla_audit_head *head, const struct bulla_audit_log *log,
                               enum bulla_query query) {
  uint8_t tag[BULLA_MAC_LEN];
  uint8_t bytes[BULLA_WRAPPED_MAX];
  struct bulla_buffer sealed = bulla_buffer(bytes, sizeof(bytes));
  BULLA_TRY(bulla_audit_head_seal(tag, &sealed, log->keyring, head));
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) = bulla_statement(log->db, query);
  bulla_bind_int(&statement, head->seq);
  bulla_bind_blob(&statement, bulla_span(tag, sizeof(tag)));
  bulla_bind_blob(&statement, bulla_written(&sealed));
  return bulla_finish(&statement);
}

enum bulla_status bulla_audit_start(struct bulla_audit_head *head, const struct bulla_audit_log *log) {
  BULLA_TRY(bulla_secret_random(&head->key, BULLA_KEY_LEN));
  return store(head, log, BULLA_QUERY_INSERT_HEAD);
}

enum bulla_status bulla_audit_store(const struct bulla_audit_head *head, const struct bulla_audit_log *log) {
  return store(head, log, BULLA_QUERY_MOVE_HEAD);
}

struct bulla_audit_record bulla_audit_record(const struct bulla_who *who, struct bulla_span op,
                                             struct bulla_span tenant, struct bulla_span entry) {
  struct bulla_audit_record record = {
      .tenant = tenant,
      .actor = who->actor,
      .origin = who->origin,
      .reason = who->reason,
      .op = op,
      .entry = entry,
      .outcome = BULLA_OUTCOME_DONE,
  };
  return record;
}

static enum bulla_status insert(const struct bulla_audit_log *log, const struct bulla_audit_record *record,
                                const uint8_t *mac) {
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(log->db, BULLA_QUERY_INSERT_RECORD);
  bulla_bind_int(&statement, record->seq);
  bulla_bind_int(&statement, record->time);
  bulla_bind_text(&statement, record->tenant);
  bulla_bind_text(&statement, record->actor);
  bulla_bind_text(&statement, record->origin);
  bulla_bind_text(&statement, record->reason);
  bulla_bind_text(&statement, record->op);
  bulla_bind_text(&statement, record->entry);
  bulla_bind_text(&statement, record->field);
  bulla_bind_text(&statement, record->outcome);
  bulla_bind_blob(&statement, bulla_span(mac, BULLA_MAC_LEN));
  enum bulla_status status = bulla_finish(&statement);
  /* A record past the head is none of ours. */
  return status == BULLA_EXISTS ? BULLA_AUDIT_BROKEN : status;
}

enum bulla_status bulla_audit_append(struct bulla_audit_head *head, const struct bulla_audit_log *log,
                                     struct bulla_audit_record *record) {
  uint8_t mac[BULLA_MAC_LEN];
  if (head->seq == INT64_MAX) {
    return BULLA_AUDIT_BROKEN;
  }
  record->seq = head->seq + 1;
  record->time = bulla_clock_us();
  if (bulla_audit_epoch(record->seq) != bulla_audit_epoch(head->seq)) {
    BULLA_TRY(bulla_audit_ratchet(&head->key));
  }
  BULLA_TRY(bulla_audit_mac(mac, log->keyring, head->key, record, head->mac));
  BULLA_TRY(insert(log, record, mac));
  head->seq = record->seq;
  memcpy(head->mac, mac, sizeof(mac));
  return BULLA_OK;
}
