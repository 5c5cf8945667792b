/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/audit_rows.h. */

#include "store/audit_rows.h"

#include "store/names.h"

/* Moves |*next| down to the first that |query| finds from |from| on, if that is less. */
static enum bulla_status look_from(int64_t *next, bool *found, struct bulla_db *db, enum bulla_query query,
                                   int64_t from) {
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) = bulla_statement(db, query);
  bool row;
  bulla_bind_int(&statement, from);
  BULLA_TRY(bulla_step(&statement, &row));
  if (!row || bulla_column_null(&statement)) {
    return BULLA_OK;
  }
  int64_t seen = bulla_column_int(&statement);
  /* Pages of a damaged file that point at each other could go round for ever. */
  if (!bulla_columns_good(&statement) || seen < from) {
    return BULLA_AUDIT_BROKEN;
  }
  *next = *found && *next < seen ? *next : seen;
  *found = true;
  return BULLA_OK;
}

enum bulla_status bulla_audit_next_lane(int64_t *number, bool *found, struct bulla_db *db) {
  static const enum bulla_query queries[] = {BULLA_QUERY_NEXT_LANE, BULLA_QUERY_NEXT_HEAD, BULLA_QUERY_NEXT_RECORDED};
  bool is_last = *found && *number == INT64_MAX;
  int64_t from = *found && !is_last ? *number + 1 : INT64_MIN;
  int64_t next = 0;
  *found = false;
  for (size_t i = 0; !is_last && i < sizeof(queries) / sizeof(queries[0]); i++) {
    BULLA_TRY(look_from(&next, found, db, queries[i], from));
  }
  *number = *found ? next : *number;
  return BULLA_OK;
}

enum bulla_status bulla_audit_last_seq(int64_t *seq, struct bulla_db *db, const struct bulla_audit_lane *lane) {
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) = bulla_statement(db, BULLA_QUERY_LAST_RECORD);
  bool row;
  bulla_bind_int(&statement, lane->number);
  BULLA_TRY(bulla_step(&statement, &row));
  *seq = row && !bulla_column_null(&statement) ? bulla_column_int(&statement) : 0;
  return bulla_columns_good(&statement) ? BULLA_OK : BULLA_AUDIT_BROKEN;
}

struct bulla_statement bulla_audit_rows(struct bulla_db *db, const struct bulla_audit_lane *lane, int64_t first,
                                        int64_t last, int64_t max) {
  struct bulla_statement statement = bulla_statement(db, BULLA_QUERY_LIST_RECORDS);
  bulla_bind_int(&statement, lane->number);
  bulla_bind_int(&statement, first);
  bulla_bind_int(&statement, last);
  bulla_bind_int(&statement, max);
  return statement;
}

struct bulla_statement bulla_audit_timed_rows(struct bulla_db *db, const struct bulla_audit_lane *lane, int64_t first,
                                              int64_t last, const struct bulla_audit_times *times, int64_t max) {
  struct bulla_statement statement = bulla_statement(db, BULLA_QUERY_LIST_TIMED);
  bulla_bind_int(&statement, lane->number);
  bulla_bind_int(&statement, first);
  bulla_bind_int(&statement, last);
  bulla_bind_int(&statement, times->since);
  bulla_bind_int(&statement, times->until);
  bulla_bind_int(&statement, max);
  return statement;
}

enum bulla_status bulla_audit_next_seq(int64_t *seq, bool *found, struct bulla_db *db,
                                       const struct bulla_audit_lane *lane, int64_t from) {
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) = bulla_statement(db, BULLA_QUERY_NEXT_RECORD);
  bool row;
  bulla_bind_int(&statement, lane->number);
  bulla_bind_int(&statement, from);
  BULLA_TRY(bulla_step(&statement, &row));
  *found = row && !bulla_column_null(&statement);
  *seq = *found ? bulla_column_int(&statement) : 0;
  return bulla_columns_good(&statement) && (!*found || *seq >= from) ? BULLA_OK : BULLA_AUDIT_BROKEN;
}

static struct bulla_span read_word(struct bulla_statement *statement) {
  struct bulla_span text = bulla_column_text(statement, BULLA_OP_MAX);
  if (bulla_text_check(text, BULLA_OP_MAX) != BULLA_OK) {
    statement->bad = true;
  }
  return text;
}

enum bulla_status bulla_audit_next_row(struct bulla_audit_row *row, struct bulla_statement *statement, bool *found) {
  BULLA_TRY(bulla_step(statement, found));
  if (!*found) {
    return BULLA_OK;
  }
  row->seq = bulla_column_int(statement);
  row->time = bulla_column_int(statement);
  row->tenant_id = bulla_column_blob(statement, BULLA_ID_LEN);
  row->op = read_word(statement);
  row->outcome = read_word(statement);
  row->detail = bulla_column_blob(statement, BULLA_DETAIL_MAX);
  bool is_id = row->tenant_id.len == 0 || row->tenant_id.len == BULLA_ID_LEN;
  return bulla_columns_good(statement) && is_id ? BULLA_OK : BULLA_AUDIT_BROKEN;
}
