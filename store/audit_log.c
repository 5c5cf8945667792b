/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/audit_log.h. */

#include "store/audit_log.h"

#include "core/log.h"
#include "store/clock.h"
#include "store/directory.h"
#include "store/lane_owner.h"

/* Takes the row of a lane. */
static enum bulla_status take_lane(struct bulla_audit_lane *lane, struct bulla_secret **first_key,
                                   const struct bulla_audit_log *log, struct bulla_statement *statement) {
  const struct bulla_keyring *keyring = log->keyring;
  struct bulla_lane_statement said;
  struct bulla_span bytes = bulla_column_blob(statement, BULLA_STATEMENT_MAX);
  struct bulla_span signature = bulla_column_exact(statement, BULLA_SIGNATURE_LEN);
  if (!bulla_columns_good(statement)) {
    return bulla_explain(BULLA_AUDIT_BROKEN, "the row of a lane of the log is damaged");
  }
  BULLA_TRY(bulla_lane_check(&said, keyring, log->db, lane->number, bytes, signature));
  memcpy(lane->id, said.id.data, sizeof(lane->id));
  BULLA_TRY(bulla_sha256(lane->start, bytes));
  return first_key == NULL ? BULLA_OK : bulla_audit_first_key_open(first_key, keyring, said.first_key, said.id);
}

enum bulla_status bulla_audit_lane_load(struct bulla_audit_lane *lane, struct bulla_secret **first_key,
                                        const struct bulla_audit_log *log) {
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) = bulla_statement(log->db, BULLA_QUERY_LOAD_LANE);
  bulla_bind_int(&statement, lane->number);
  bool row;
  BULLA_TRY(bulla_step(&statement, &row));
  if (!row) {
    return bulla_explain(BULLA_AUDIT_BROKEN, "a lane of the log is missing");
  }
  return take_lane(lane, first_key, log, &statement);
}

/* Whether the next column is the mac of the record that this process has written last, if |head| is not before it. */
static bool contains_last(const struct bulla_audit_head *head, const struct bulla_audit_log *log, int64_t last,
                          struct bulla_statement *statement) {
  uint8_t mac[BULLA_MAC_LEN];
  if (last == 0 || head->seq < last || bulla_column_null(statement)) {
    return last == 0 || head->seq < last;
  }
  bulla_column_bytes(statement, mac, sizeof(mac));
  return memcmp(mac, log->last.mac, sizeof(mac)) == 0;
}

/* Takes the columns of a head. */
static bool take_head(struct bulla_audit_head *head, struct bulla_audit_stored *stored,
                      struct bulla_statement *statement) {
  uint8_t last[BULLA_MAC_LEN];
  head->seq = bulla_column_int(statement);
  bulla_column_bytes(statement, head->mac, sizeof(head->mac));
  bulla_column_bytes(statement, stored->tag, sizeof(stored->tag));
  struct bulla_span sealed = bulla_column_blob(statement, sizeof(stored->bytes));
  memcpy(last, head->lane.start, sizeof(last));
  if (head->seq != 0) {
    bulla_column_bytes(statement, last, sizeof(last));
  } else {
    (void)bulla_column_null(statement);
  }
  if (!bulla_columns_good(statement) || head->seq < 0 || head->seq == INT64_MAX ||
      memcmp(last, head->mac, sizeof(last)) != 0) {
    return false;
  }
  stored->sealed = bulla_buffer(stored->bytes, sizeof(stored->bytes));
  struct bulla_writer writer = bulla_writer(&stored->sealed);
  bulla_put(&writer, sealed);
  return bulla_writer_finish(&writer) == BULLA_OK;
}

static enum bulla_status see(struct bulla_audit_head *head, struct bulla_audit_stored *stored,
                             const struct bulla_audit_log *log, enum bulla_query query) {
  int64_t written = head->lane.number == log->lane.number ? log->last.seq : 0;
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) = bulla_statement(log->db, query);
  bulla_bind_int(&statement, written);
  bulla_bind_int(&statement, head->lane.number);
  bool row;
  BULLA_TRY(bulla_step(&statement, &row));
  if (!row) {
    return bulla_explain(BULLA_AUDIT_BROKEN, "a lane of the log has no head");
  }
  bool good = take_head(head, stored, &statement);
  bool contains = good && contains_last(head, log, written, &statement);
  if (!good || !bulla_columns_good(&statement)) {
    return bulla_explain(BULLA_AUDIT_BROKEN, "the end of the log is not what its head says");
  }
  if (!contains) {
    return bulla_explain(BULLA_AUDIT_BROKEN, "the log does not contain what this process has written");
  }
  /* Another head would begin another end of the same lane. */
  BULLA_TRY(bulla_step(&statement, &row));
  return row ? bulla_explain(BULLA_AUDIT_BROKEN, "a lane of the log has two heads") : BULLA_OK;
}

static enum bulla_status load(struct bulla_audit_head *head, const struct bulla_audit_log *log,
                              enum bulla_query query) {
  struct bulla_audit_stored stored = {.sealed.len = 0};
  BULLA_TRY(see(head, &stored, log, query));
  BULLA_TRY(bulla_audit_head_open(head, log->keyring, stored.tag, bulla_written(&stored.sealed)));
  head->is_stored = true;
  return BULLA_OK;
}

enum bulla_status bulla_audit_see(struct bulla_audit_head *head, struct bulla_audit_stored *stored,
                                  const struct bulla_audit_log *log) {
  return see(head, stored, log, BULLA_QUERY_LOAD_HEAD);
}

enum bulla_status bulla_audit_load(struct bulla_audit_head *head, const struct bulla_audit_log *log) {
  return load(head, log, BULLA_QUERY_LOAD_HEAD);
}

static enum bulla_status check_not_shorter(const struct bulla_audit_head *head, const struct bulla_audit_log *log) {
  return head->seq >= log->last.seq
             ? BULLA_OK
             : bulla_explain(BULLA_AUDIT_BROKEN, "the log is shorter than this process has seen it");
}

enum bulla_status bulla_audit_resume(struct bulla_audit_head *head, const struct bulla_audit_log *log) {
  head->lane = log->lane;
  BULLA_TRY(load(head, log, BULLA_QUERY_LAST_HEAD));
  return check_not_shorter(head, log);
}

enum bulla_status bulla_audit_see_last(const struct bulla_audit_log *log) {
  struct bulla_audit_head head = {.lane = log->lane};
  struct bulla_audit_stored stored = {.sealed.len = 0};
  BULLA_TRY(see(&head, &stored, log, BULLA_QUERY_LOAD_HEAD));
  return check_not_shorter(&head, log);
}

static enum bulla_status insert_head(const struct bulla_audit_head *head, const struct bulla_audit_log *log,
                                     struct bulla_key *head_key) {
  struct bulla_audit_stored stored;
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(log->db, BULLA_QUERY_INSERT_HEAD);
  stored.sealed = bulla_buffer(stored.bytes, sizeof(stored.bytes));
  BULLA_TRY(bulla_audit_head_seal_for(stored.tag, &stored.sealed, log->keyring, head, head_key));
  bulla_bind_int(&statement, head->seq);
  bulla_bind_blob(&statement, bulla_span(head->mac, sizeof(head->mac)));
  bulla_bind_blob(&statement, bulla_span(stored.tag, sizeof(stored.tag)));
  bulla_bind_blob(&statement, bulla_written(&stored.sealed));
  bulla_bind_int(&statement, head->lane.number);
  return bulla_finish(&statement);
}

/* Writes the signed row of the lane of |head|, whose number, id and first key are set, and sets its start. */
static enum bulla_status insert_lane(struct bulla_audit_head *head, const struct bulla_audit_log *log,
                                     struct bulla_span owner) {
  uint8_t bytes[BULLA_KEY_LEN + BULLA_BOX_OVERHEAD];
  struct bulla_buffer first_key = bulla_buffer(bytes, sizeof(bytes));
  struct bulla_signed made;
  struct bulla_lane_statement said = {
      .uuid = bulla_keyring_uuid(log->keyring),
      .number = head->lane.number,
      .id = bulla_span(head->lane.id, sizeof(head->lane.id)),
      .owner = owner,
      .created = bulla_clock_s(),
  };
  BULLA_TRY(bulla_audit_first_key_seal(&first_key, log->keyring, head->key, said.id));
  said.first_key = bulla_written(&first_key);
  BULLA_TRY(bulla_sign_lane(&made, log->keyring, &said));
  memcpy(head->lane.start, made.digest, sizeof(head->lane.start));
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(log->db, BULLA_QUERY_INSERT_LANE);
  bulla_bind_int(&statement, said.number);
  bulla_bind_blob(&statement, bulla_written(&made.statement));
  bulla_bind_blob(&statement, bulla_span(made.signature, sizeof(made.signature)));
  return bulla_finish(&statement);
}

/* Makes the lane of |log| for |owner|, whose head key is |head_key|. */
static enum bulla_status start(struct bulla_audit_head *head, struct bulla_audit_log *log, struct bulla_span owner,
                               struct bulla_key *head_key) {
  head->lane.number = log->lane.number;
  head->seq = 0;
  BULLA_TRY(bulla_random(head->lane.id, sizeof(head->lane.id)));
  BULLA_TRY(bulla_secret_random(&head->key, BULLA_KEY_LEN));
  BULLA_TRY(insert_lane(head, log, owner));
  memcpy(head->mac, head->lane.start, sizeof(head->mac));
  log->lane = head->lane;
  head->is_stored = true;
  return insert_head(head, log, head_key);
}

enum bulla_status bulla_audit_start(struct bulla_audit_head *head, struct bulla_audit_log *log) {
  const struct bulla_self *self = log->keyring->self;
  struct bulla_span owner = self != NULL ? bulla_span(self->id, sizeof(self->id)) : bulla_span(NULL, 0);
  return start(head, log, owner, bulla_keyring_head_key(log->keyring));
}

enum bulla_status bulla_audit_start_for(struct bulla_audit_head *head, struct bulla_audit_log *log,
                                        struct bulla_span owner, struct bulla_key *head_key) {
  return log->keyring->self == NULL ? start(head, log, owner, head_key) : BULLA_DENIED;
}

/* What becomes of a record or a head that the database refused: in a lane that nobody else takes somebody tampered. */
static enum bulla_status refused(enum bulla_status status, const struct bulla_audit_log *log) {
  return status == BULLA_EXISTS && !log->may_be_lost
             ? bulla_explain(BULLA_AUDIT_BROKEN, "the head of the log was moved by somebody else")
             : status;
}

enum bulla_status bulla_audit_store(const struct bulla_audit_head *head, const struct bulla_audit_end *before,
                                    const struct bulla_audit_log *log) {
  struct bulla_audit_stored stored;
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) = bulla_statement(log->db, BULLA_QUERY_MOVE_HEAD);
  stored.sealed = bulla_buffer(stored.bytes, sizeof(stored.bytes));
  BULLA_TRY(bulla_audit_head_seal(stored.tag, &stored.sealed, log->keyring, head));
  bulla_bind_int(&statement, head->seq);
  bulla_bind_int(&statement, head->lane.number);
  bulla_bind_blob(&statement, bulla_span(head->mac, sizeof(head->mac)));
  bulla_bind_int(&statement, before->seq);
  bulla_bind_blob(&statement, bulla_span(stored.tag, sizeof(stored.tag)));
  bulla_bind_blob(&statement, bulla_written(&stored.sealed));
  bulla_bind_blob(&statement, bulla_span(before->mac, sizeof(before->mac)));
  int64_t changed;
  enum bulla_status status = bulla_finish_counted(&statement, &changed);
  return refused(status == BULLA_OK && changed != 1 ? BULLA_EXISTS : status, log);
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

static enum bulla_status insert(const struct bulla_audit_log *log, const struct bulla_audit_head *head,
                                const struct bulla_audit_row *row, const uint8_t *mac) {
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(log->db, head->is_stored ? BULLA_QUERY_INSERT_AT_HEAD : BULLA_QUERY_INSERT_RECORD);
  bulla_bind_int(&statement, log->lane.number);
  if (head->is_stored) {
    bulla_bind_int(&statement, head->seq);
    bulla_bind_blob(&statement, bulla_span(head->mac, sizeof(head->mac)));
  }
  bulla_bind_int(&statement, row->seq);
  bulla_bind_int(&statement, row->time);
  bulla_bind_blob(&statement, row->tenant_id);
  bulla_bind_text(&statement, row->op);
  bulla_bind_text(&statement, row->outcome);
  bulla_bind_blob(&statement, row->detail);
  bulla_bind_blob(&statement, bulla_span(mac, BULLA_MAC_LEN));
  return refused(bulla_finish(&statement), log);
}

/* What seals the detail of a record: the key of its |owner|, if this process has it. A root has one of the vault for
 * the others; an actor boxes them to the audit key: NULL. */
static struct bulla_key *detail_key(const struct bulla_audit_log *log, const struct bulla_tenant *owner) {
  if (owner != NULL && owner->detail_key != NULL) {
    return owner->detail_key;
  }
  return log->keyring->self == NULL ? log->keyring->detail_key : NULL;
}

enum bulla_status bulla_audit_append(struct bulla_audit_head *head, const struct bulla_audit_log *log,
                                     struct bulla_audit_record *record, const struct bulla_tenant *owner) {
  uint8_t mac[BULLA_MAC_LEN];
  uint8_t bytes[BULLA_DETAIL_MAX];
  struct bulla_buffer detail = bulla_buffer(bytes, sizeof(bytes));
  if (head->seq == INT64_MAX - 1) {
    return BULLA_AUDIT_BROKEN;
  }
  record->lane = head->lane.number;
  record->seq = head->seq + 1;
  record->time = record->time != 0 ? record->time : bulla_clock_us();
  struct bulla_key *key = detail_key(log, owner);
  record->tenant_id = owner != NULL && owner->detail_key != NULL ? bulla_tenant_id(owner) : bulla_span(NULL, 0);
  if (bulla_audit_epoch(record->seq) != bulla_audit_epoch(head->seq)) {
    BULLA_TRY(bulla_audit_ratchet(&head->key));
  }
  BULLA_TRY(bulla_audit_detail_seal(&detail, log->keyring, key, &head->lane, record));
  const struct bulla_audit_row row = {
      .seq = record->seq,
      .time = record->time,
      .tenant_id = record->tenant_id,
      .op = record->op,
      .outcome = record->outcome,
      .detail = bulla_written(&detail),
  };
  BULLA_TRY(bulla_audit_mac(mac, log->keyring, head->key, &head->lane, &row, head->mac));
  BULLA_TRY(insert(log, head, &row, mac));
  head->is_stored = false;
  head->seq = row.seq;
  memcpy(head->mac, mac, sizeof(mac));
  return BULLA_OK;
}
