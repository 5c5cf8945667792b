/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/lane_record.h. */

#include "store/lane_record.h"

#include <stdlib.h>

#include "core/lock.h"
#include "core/log.h"
#include "store/audit_rows.h"
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

static void set_digest(struct bulla_change *change, const uint8_t *digest) {
  memcpy(change->digest, digest, sizeof(change->digest));
  change->has_digest = true;
}

static enum bulla_status tell(struct bulla_change *change, struct bulla_span op, const struct bulla_audit_lane *lane,
                              const uint8_t *digest, struct bulla_span seq) {
  char number[BULLA_DIGITS_MAX];
  set_digest(change, digest);
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

/* Reads where the records of |lane| end, whatever its head says. Without any it ends where it begins, |begin|, or
 * nowhere if that is NULL. Returns BULLA_AUDIT_BROKEN if there is no such place. */
static enum bulla_status read_last(struct bulla_audit_end *last, struct bulla_db *db,
                                   const struct bulla_audit_lane *lane, const uint8_t *begin) {
  bool found = false;
  struct bulla_audit_row row;
  BULLA_TRY(bulla_audit_last_seq(&last->seq, db, lane));
  if (last->seq == 0 && begin != NULL) {
    memcpy(last->mac, begin, sizeof(last->mac));
    return BULLA_OK;
  }
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_audit_rows(db, lane, last->seq, last->seq, 1);
  BULLA_TRY(last->seq > 0 ? bulla_audit_next_row(&row, &statement, &found) : BULLA_OK);
  if (!found) {
    return BULLA_AUDIT_BROKEN;
  }
  bulla_column_bytes(&statement, last->mac, sizeof(last->mac));
  return bulla_columns_good(&statement) ? BULLA_OK : BULLA_AUDIT_BROKEN;
}

/* Tells of the end of a lane that is not what its head says. */
static enum bulla_status tell_damaged(struct bulla_change *change, const struct bulla_audit_lane *lane,
                                      const uint8_t *begin) {
  char number[BULLA_DIGITS_MAX];
  char seq[BULLA_DIGITS_MAX];
  struct bulla_audit_end last;
  struct bulla_audit_record record =
      bulla_audit_record(change->who, END, bulla_span(NULL, 0), bulla_digits(number, lane->number));
  record.outcome = BULLA_OUTCOME_FAILED;
  enum bulla_status status = read_last(&last, change->vault->db, lane, begin);
  if (status == BULLA_OK) {
    set_digest(change, last.mac);
    record.field = bulla_digits(seq, last.seq);
  }
  BULLA_TRY(status == BULLA_AUDIT_BROKEN ? BULLA_OK : status);
  bulla_warn(BULLA_AUDIT_BROKEN, "lane %lld of the log is damaged: verify the log, and find out who wrote there",
             (long long)lane->number);
  return bulla_change_append(change, &record);
}

static enum bulla_status tell_end(struct bulla_change *change, int64_t number) {
  struct bulla_audit_head head BULLA_CLEANUP(bulla_audit_head_free) = {.lane = {.number = number}};
  struct bulla_audit_stored stored;
  const struct bulla_audit_log log = {.db = change->vault->db, .keyring = &change->vault->keyring};
  char seq[BULLA_DIGITS_MAX];
  enum bulla_status loaded = bulla_audit_lane_load(&head.lane, NULL, &log);
  enum bulla_status status = loaded == BULLA_OK ? bulla_audit_see(&head, &stored, &log) : loaded;
  if (status == BULLA_AUDIT_BROKEN) {
    return tell_damaged(change, &head.lane, loaded == BULLA_OK ? head.lane.start : NULL);
  }
  BULLA_TRY(status);
  return tell(change, END, &head.lane, head.mac, bulla_digits(seq, head.seq));
}

enum bulla_status bulla_lane_record_ends(struct bulla_change *change, int64_t actor) {
  int64_t number = BULLA_ACTOR_LANES * actor;
  const int64_t last = number + BULLA_ACTOR_LANES - 1;
  bool found = true; /* the first lane, also if its row was taken away */
  while (found) {
    BULLA_TRY(tell_end(change, number));
    BULLA_TRY(next_of(&number, &found, change->vault->db, last));
  }
  return BULLA_OK;
}

bool bulla_lane_record_is(const struct bulla_audit_row *row) {
  return bulla_span_equal(row->op, OPEN) || bulla_span_equal(row->op, AT) || bulla_lane_record_is_end(row);
}

bool bulla_lane_record_is_end(const struct bulla_audit_row *row) {
  return bulla_span_equal(row->op, END);
}

bool bulla_lane_record_wants_end(const struct bulla_audit_row *row) {
  return bulla_span_equal(row->op, BULLA_LITERAL("actor-revoke")) && bulla_span_equal(row->outcome, BULLA_OUTCOME_DONE);
}

void bulla_lane_ends_free(struct bulla_lane_ends *ends) {
  free(ends->lanes);
  ends->lanes = NULL;
}

static enum bulla_status add_end(struct bulla_lane_ends *ends, int64_t lane, int64_t seq) {
  struct bulla_lock locked BULLA_CLEANUP(bulla_unlock) = {.mutex = NULL};
  (void)bulla_lock(&locked, &ends->mutex);
  if (ends->num == BULLA_AUDIT_LANES_MAX) {
    return bulla_explain(BULLA_AUDIT_BROKEN, "the log has more lanes than bulla makes");
  }
  struct bulla_audit_mark *lanes = realloc(ends->lanes, (ends->num + 1) * sizeof(*lanes));
  if (lanes == NULL) {
    return BULLA_NO_MEMORY;
  }
  lanes[ends->num++] = (struct bulla_audit_mark){.lane = lane, .seq = seq};
  ends->lanes = lanes;
  return BULLA_OK;
}

static const struct bulla_audit_mark *find_end(const struct bulla_lane_ends *ends, int64_t lane) {
  for (size_t i = 0; i < ends->num; i++) {
    if (ends->lanes[i].lane == lane) {
      return &ends->lanes[i];
    }
  }
  return NULL;
}

/* Whoever hides a lane while its actor is revoked has nothing said of where it ended, and could cut it later. The first
 * lane tells that it was there. */
static enum bulla_status check_ended(const struct bulla_lane_ends *ends, const struct bulla_audit_row *row,
                                     int64_t first, int64_t opened) {
  const struct bulla_audit_mark *end = find_end(ends, first);
  bool is_ended = end == NULL || end->seq < row->seq || find_end(ends, opened) != NULL;
  return is_ended ? BULLA_OK
                  : bulla_explain(BULLA_AUDIT_BROKEN, "nothing says where lane %lld was as its actor was revoked",
                                  (long long)opened);
}

/* Takes what |row| of |lane| says of the end of the lane of |told|, or asks for it. */
static enum bulla_status take_end(struct bulla_lane_ends *ends, const struct bulla_audit_row *row,
                                  const struct bulla_audit_lane *lane, const struct bulla_audit_log *told) {
  if (lane->number == 0) {
    return bulla_lane_record_is_end(row) ? add_end(ends, told->lane.number, told->last.seq) : BULLA_OK;
  }
  return bulla_span_equal(row->op, OPEN) ? check_ended(ends, row, lane->number, told->lane.number) : BULLA_OK;
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
                                          const struct bulla_audit_log *log, struct bulla_lane_ends *ends) {
  uint8_t bytes[BULLA_DETAIL_MAX];
  struct bulla_buffer detail = bulla_buffer(bytes, sizeof(bytes));
  struct bulla_audit_record record = {.lane = lane->number,
                                      .seq = row->seq,
                                      .time = row->time,
                                      .tenant_id = row->tenant_id,
                                      .op = row->op,
                                      .outcome = row->outcome};
  BULLA_TRY(bulla_audit_detail_open(&record, &detail, log->keyring, log->keyring->detail_key, lane, row->detail));
  struct bulla_audit_log told = {.db = log->db, .keyring = log->keyring, .lane.number = read_number(record.entry)};
  told.last.seq = record.field.len > 0 ? read_number(record.field) : 0;
  if (record.statement.len != BULLA_MAC_LEN) {
    return bulla_explain(BULLA_AUDIT_BROKEN, "lane %lld could not say where lane %lld was: nothing of that was there",
                         (long long)lane->number, (long long)told.lane.number);
  }
  memcpy(told.last.mac, record.statement.data, sizeof(told.last.mac));
  if (lane->number != 0 && !bulla_lane_are_of_one(lane->number, told.lane.number)) {
    return bulla_explain(BULLA_AUDIT_BROKEN, "lane %lld says something of lane %lld, which is not of the same actor",
                         (long long)lane->number, (long long)told.lane.number);
  }
  enum bulla_status status = check_lane(&told, record.statement.data);
  BULLA_TRY(status == BULLA_AUDIT_BROKEN ? bulla_explain(status, "lane %lld is not what lane %lld says of it",
                                                         (long long)told.lane.number, (long long)lane->number)
                                         : status);
  return take_end(ends, row, lane, &told);
}
