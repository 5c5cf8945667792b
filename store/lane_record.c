/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/lane_record.h. */

#include "store/lane_record.h"

#include <stdlib.h>

#include "core/log.h"
#include "store/lane_owner.h"
#include "store/names.h"

#define OPEN BULLA_LITERAL("lane-open")
#define AT BULLA_LITERAL("lane-at")
#define END BULLA_LITERAL("lane-end")

/* Of the log, from which on only first lanes are made: a vault can have as many actors. */
enum { LANES_ENOUGH = BULLA_AUDIT_LANES_MAX - BULLA_ACTORS_MAX };

enum bulla_status bulla_lane_next_number(int64_t *number, const struct bulla_keyring *keyring, struct bulla_db *db) {
  int64_t first = bulla_lane_first(keyring);
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) = bulla_statement(db, BULLA_QUERY_LAST_LANE);
  bool row;
  bulla_bind_int(&statement, first);
  bulla_bind_int(&statement, first + BULLA_ACTOR_LANES - 1);
  BULLA_TRY(bulla_step(&statement, &row));
  bool is_there = row && !bulla_column_null(&statement);
  int64_t last = is_there ? bulla_column_int(&statement) : 0;
  int64_t num = is_there ? bulla_column_int(&statement) : 0;
  bool may = last >= first && last + 1 < first + BULLA_ACTOR_LANES && num < LANES_ENOUGH;
  *number = may ? last + 1 : 0;
  return is_there && bulla_columns_good(&statement) ? BULLA_OK : BULLA_AUDIT_BROKEN;
}

static int64_t read_number(struct bulla_span text) {
  char copy[BULLA_DIGITS_MAX] = "";
  memcpy(copy, text.data, text.len < sizeof(copy) ? text.len : sizeof(copy) - 1);
  return strtoll(copy, NULL, 10);
}

static enum bulla_status tell(struct bulla_change *change, struct bulla_span op, const struct bulla_audit_lane *lane,
                              const uint8_t *digest, struct bulla_span seq) {
  char number[BULLA_DIGITS_MAX];
  memcpy(change->digest, digest, sizeof(change->digest));
  change->has_digest = true;
  return bulla_change_tell(change, op, bulla_span(NULL, 0), bulla_digits(number, lane->number), seq);
}

enum bulla_status bulla_lane_record_open(struct bulla_change *change, const struct bulla_audit_lane *lane) {
  return tell(change, OPEN, lane, lane->start, bulla_span(NULL, 0));
}

enum bulla_status bulla_lane_record_at(struct bulla_change *change, const struct bulla_audit_lane *lane,
                                       const struct bulla_audit_end *end) {
  char seq[BULLA_DIGITS_MAX];
  return tell(change, AT, lane, end->mac, bulla_digits(seq, end->seq));
}

/* Finds the lane behind |number| in the range up to |last|. */
static enum bulla_status next_of(int64_t *number, bool *found, struct bulla_db *db, int64_t last) {
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) = bulla_statement(db, BULLA_QUERY_NEXT_LANE);
  bool row;
  bulla_bind_int(&statement, *number + 1);
  BULLA_TRY(bulla_step(&statement, &row));
  *found = row && !bulla_column_null(&statement);
  *number = *found ? bulla_column_int(&statement) : last;
  *found = *found && *number <= last;
  return bulla_columns_good(&statement) ? BULLA_OK : BULLA_AUDIT_BROKEN;
}

static enum bulla_status tell_end(struct bulla_change *change, int64_t number) {
  struct bulla_audit_head head BULLA_CLEANUP(bulla_audit_head_free) = {.lane = {.number = number}};
  struct bulla_audit_stored stored;
  const struct bulla_audit_log log = {.db = change->vault->db, .keyring = &change->vault->keyring};
  char seq[BULLA_DIGITS_MAX];
  enum bulla_status status = bulla_audit_lane_load(&head.lane, NULL, &log);
  status = status == BULLA_OK ? bulla_audit_see(&head, &stored, &log) : status;
  if (status != BULLA_OK) {
    /* What is wrong with it is found by whoever verifies. It keeps nobody from being revoked. */
    return status == BULLA_AUDIT_BROKEN ? BULLA_OK : status;
  }
  return tell(change, END, &head.lane, head.mac, bulla_digits(seq, head.seq));
}

enum bulla_status bulla_lane_record_ends(struct bulla_change *change, int64_t actor) {
  int64_t number = BULLA_ACTOR_LANES * actor - 1;
  const int64_t last = number + BULLA_ACTOR_LANES;
  for (;;) {
    bool found;
    BULLA_TRY(next_of(&number, &found, change->vault->db, last));
    if (!found) {
      return BULLA_OK;
    }
    BULLA_TRY(tell_end(change, number));
  }
}

bool bulla_lane_record_is(const struct bulla_audit_row *row) {
  return bulla_span_equal(row->op, OPEN) || bulla_span_equal(row->op, AT) || bulla_span_equal(row->op, END);
}

/* Whether the lane of |log| begins with the statement of |digest|, or has log->last. */
static enum bulla_status check_lane(const struct bulla_audit_log *log, const uint8_t *digest) {
  struct bulla_audit_log reading = *log;
  BULLA_TRY(bulla_audit_lane_load(&reading.lane, NULL, log));
  if (log->last.seq == 0) {
    return memcmp(reading.lane.start, digest, BULLA_MAC_LEN) == 0 ? BULLA_OK : BULLA_AUDIT_BROKEN;
  }
  return bulla_audit_see_last(&reading);
}

enum bulla_status bulla_lane_record_check(const struct bulla_audit_row *row, const struct bulla_audit_lane *lane,
                                          const struct bulla_audit_log *log) {
  uint8_t bytes[BULLA_DETAIL_MAX];
  struct bulla_buffer detail = bulla_buffer(bytes, sizeof(bytes));
  struct bulla_audit_record record = {.lane = lane->number,
                                      .seq = row->seq,
                                      .time = row->time,
                                      .tenant_id = row->tenant_id,
                                      .op = row->op,
                                      .outcome = row->outcome};
  BULLA_TRY(bulla_audit_detail_open(&record, &detail, log->keyring, log->keyring->detail_key, lane, row->detail));
  if (record.statement.len != BULLA_MAC_LEN) {
    return BULLA_AUDIT_BROKEN;
  }
  struct bulla_audit_log told = {.db = log->db, .keyring = log->keyring, .lane.number = read_number(record.entry)};
  told.last.seq = record.field.len > 0 ? read_number(record.field) : 0;
  memcpy(told.last.mac, record.statement.data, sizeof(told.last.mac));
  if (lane->number != 0 && !bulla_lane_are_of_one(lane->number, told.lane.number)) {
    return bulla_explain(BULLA_AUDIT_BROKEN, "lane %lld says something of lane %lld, which is not of the same actor",
                         (long long)lane->number, (long long)told.lane.number);
  }
  enum bulla_status status = check_lane(&told, record.statement.data);
  return status == BULLA_AUDIT_BROKEN ? bulla_explain(status, "lane %lld is not what lane %lld says of it",
                                                      (long long)told.lane.number, (long long)lane->number)
                                      : status;
}
