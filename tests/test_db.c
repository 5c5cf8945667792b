/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* store/db.h over a driver of the test's own: what the seam does whichever the back end. */

#include "store/db.h"
#include "tests/support.h"

/* What the driver is asked for, and what it gives. */
static struct {
  struct bulla_value row[6];
  size_t num_columns;
  int rows_left;
  int num_asked;
  int num_open;
  size_t num_values;
  struct bulla_value values[BULLA_BOUND_MAX];
  enum bulla_status commits;
  int num_begun;
  int num_undone;
} fake;

static enum bulla_status fake_query(struct bulla_db_rows *rows, enum bulla_query query,
                                    const struct bulla_value *values, size_t num) {
  (void)query;
  fake.num_asked++;
  fake.num_open++;
  fake.num_values = num;
  memcpy(fake.values, values, num * sizeof(*values));
  rows->handle = &fake;
  rows->num_columns = fake.num_columns;
  return BULLA_OK;
}

static enum bulla_status fake_next(struct bulla_db_rows *rows, bool *row) {
  (void)rows;
  *row = fake.rows_left-- > 0;
  return BULLA_OK;
}

static void fake_column(const struct bulla_db_rows *rows, size_t column, struct bulla_value *value) {
  (void)rows;
  *value = fake.row[column];
}

static void fake_end(struct bulla_db_rows *rows) {
  (void)rows;
  fake.num_open--;
}

static enum bulla_status fake_begin(struct bulla_db *db, enum bulla_db_intent intent) {
  (void)db;
  fake.num_begun++;
  return intent == BULLA_DB_WRITE_FIRST ? BULLA_BUSY : BULLA_OK;
}

static enum bulla_status fake_commit(struct bulla_db *db, bool *ended) {
  (void)db;
  *ended = fake.commits != BULLA_DISK_FULL;
  return fake.commits;
}

static void fake_rollback(struct bulla_db *db) {
  (void)db;
  fake.num_undone++;
}

static const struct bulla_db_driver driver = {
    .scheme = "fake:",
    .begin = fake_begin,
    .commit = fake_commit,
    .rollback = fake_rollback,
    .query = fake_query,
    .next = fake_next,
    .column = fake_column,
    .end = fake_end,
};
static struct bulla_db db = {.driver = &driver};

static struct bulla_value number(int64_t value) {
  return (struct bulla_value){.type = BULLA_VALUE_INT, .number = value};
}

static struct bulla_value bytes(enum bulla_value_type type, const char *text) {
  return (struct bulla_value){.type = type, .bytes = test_text(text)};
}

static void give(size_t num_columns, int num_rows) {
  fake.num_columns = num_columns;
  fake.rows_left = num_rows;
}

Test(db, a_url_goes_to_the_driver_of_its_scheme) {
  static const struct {
    const char *url;
    enum bulla_status status;
  } rows[] = {
      {NULL, BULLA_INVALID_ARGUMENT},      {"", BULLA_UNSUPPORTED},
#ifdef BULLA_POSTGRESQL
      {"postgres://h/d", BULLA_OK},        {"postgresql://u@h:5432/d?sslmode=require", BULLA_OK},
#else
      {"postgres://h/d", BULLA_UNSUPPORTED},
#endif
      {"postgres:h/d", BULLA_UNSUPPORTED}, {"postgres://h/d?no_option=1", BULLA_UNSUPPORTED},
      {"sqlit:v.db", BULLA_UNSUPPORTED},   {"SQLITE:v.db", BULLA_UNSUPPORTED},
      {"sqlite:", BULLA_UNSUPPORTED},      {"sqlite:v.db", BULLA_OK},
  };
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    TEST_STATUS(bulla_db_check_url(rows[i].url), rows[i].status);
  }
}

Test(db, what_is_bound_is_asked_with_in_order_at_the_first_step) {
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) = bulla_statement(&db, BULLA_QUERY_FIND_FIELD);
  bool row;
  give(0, 0);
  bulla_bind_int(&statement, 7);
  bulla_bind_text(&statement, BULLA_LITERAL("a"));
  bulla_bind_blob(&statement, BULLA_LITERAL("b"));
  bulla_bind_null(&statement);
  cr_assert_eq(fake.num_asked, 0);
  TEST_OK(bulla_step(&statement, &row));
  cr_expect_not(row);
  cr_assert_eq(fake.num_values, 4);
  static const enum bulla_value_type types[] = {BULLA_VALUE_INT, BULLA_VALUE_TEXT, BULLA_VALUE_BLOB, BULLA_VALUE_NULL};
  for (size_t i = 0; i < 4; i++) {
    cr_expect_eq(fake.values[i].type, types[i], "parameter %zu", i);
  }
}

Test(db, one_parameter_too_many_shows_at_the_step_and_is_not_asked) {
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) = bulla_statement(&db, BULLA_QUERY_FIND_FIELD);
  bool row;
  for (int i = 0; i <= BULLA_BOUND_MAX; i++) {
    bulla_bind_int(&statement, i);
  }
  TEST_STATUS(bulla_step(&statement, &row), BULLA_INVALID_ARGUMENT);
  cr_expect_eq(fake.num_asked, 0);
}

/* Reads a column as the test of the row |i| below does. */
static void read_as(struct bulla_statement *statement, char how) {
  uint8_t room[3];
  switch (how) {
    case 'i':
      cr_expect_eq(bulla_column_int(statement), 0);
      break;
    case 't':
      cr_expect_eq(bulla_column_text(statement, 3).len, 0);
      break;
    case 'b':
      cr_expect_eq(bulla_column_blob(statement, 3).len, 0);
      break;
    case 'x':
      cr_expect_eq(bulla_column_exact(statement, 3).len, 0);
      break;
    default:
      memset(room, 1, sizeof(room));
      bulla_column_bytes(statement, room, sizeof(room));
      TEST_SPAN(bulla_span(room, 3), test_filled(0, 3), "bytes");
  }
}

Test(db, a_column_of_another_type_or_length_gives_nothing_and_makes_the_row_bad) {
  const struct {
    struct bulla_value value;
    char how;
  } rows[] = {
      {bytes(BULLA_VALUE_TEXT, "1"), 'i'},    {bytes(BULLA_VALUE_NULL, ""), 'i'},
      {bytes(BULLA_VALUE_OTHER, ""), 'i'},    {bytes(BULLA_VALUE_BLOB, "abc"), 't'},
      {bytes(BULLA_VALUE_TEXT, "abcd"), 't'}, {number(0), 't'},
      {bytes(BULLA_VALUE_TEXT, "abc"), 'b'},  {bytes(BULLA_VALUE_BLOB, "abcd"), 'b'},
      {bytes(BULLA_VALUE_NULL, ""), 'b'},     {bytes(BULLA_VALUE_BLOB, "ab"), 'x'},
      {bytes(BULLA_VALUE_BLOB, "abcd"), 'x'}, {bytes(BULLA_VALUE_BLOB, "ab"), '='},
      {bytes(BULLA_VALUE_TEXT, "abc"), '='},
  };
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) = bulla_statement(&db, BULLA_QUERY_FIND_FIELD);
    bool row;
    fake.row[0] = rows[i].value;
    fake.row[1] = number(5);
    give(2, 2);
    TEST_OK(bulla_step(&statement, &row));
    cr_assert(row && bulla_columns_good(&statement));
    read_as(&statement, rows[i].how);
    cr_expect_not(bulla_columns_good(&statement), "row %zu", i);
    cr_expect_eq(bulla_column_int(&statement), 0, "what follows in a bad row is not believed");
    TEST_OK(bulla_step(&statement, &row));
    cr_expect(bulla_columns_good(&statement), "the next row begins anew");
  }
}

Test(db, columns_past_the_last_are_null) {
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) = bulla_statement(&db, BULLA_QUERY_FIND_FIELD);
  bool row;
  fake.row[0] = number(3);
  give(1, 1);
  TEST_OK(bulla_step(&statement, &row));
  cr_expect_not(bulla_column_null(&statement));
  cr_expect_eq(bulla_column_int(&statement), 3);
  cr_expect(bulla_column_null(&statement));
  cr_expect(bulla_columns_good(&statement));
  cr_expect_eq(bulla_column_int(&statement), 0);
  cr_expect_not(bulla_columns_good(&statement));
}

Test(db, a_row_that_was_kept_needs_the_database_no_more) {
  char text[] = "text";
  char blob[] = "blob";
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) = bulla_statement(&db, BULLA_QUERY_FIND_FIELD);
  bool row;
  fake.row[0] = bytes(BULLA_VALUE_TEXT, text);
  fake.row[1] = number(9);
  fake.row[2] = bytes(BULLA_VALUE_BLOB, "");
  fake.row[3] = bytes(BULLA_VALUE_BLOB, blob);
  fake.row[0].bytes.data = (const uint8_t *)text;
  fake.row[3].bytes.data = (const uint8_t *)blob;
  give(4, 1);
  TEST_OK(bulla_step(&statement, &row));
  TEST_OK(bulla_statement_keep(&statement));
  cr_expect_eq(fake.num_open, 0);
  memset(text, 'x', 4);
  memset(blob, 'x', 4);
  fake.row[1] = number(1);
  TEST_SPAN(bulla_column_text(&statement, 10), test_text("text"), "text");
  cr_expect_eq(bulla_column_int(&statement), 9);
  cr_expect_eq(bulla_column_blob(&statement, 10).len, 0);
  TEST_SPAN(bulla_column_exact(&statement, 4), test_text("blob"), "blob");
  cr_expect(bulla_columns_good(&statement));
  bulla_statement_end(&statement);
  cr_expect_eq(fake.num_open, 0);
}

static enum bulla_status in_transaction(enum bulla_db_intent intent, bool commit) {
  struct bulla_db *transaction BULLA_CLEANUP(bulla_db_rollback) = NULL;
  BULLA_TRY(bulla_db_begin(&transaction, &db, intent));
  return commit ? bulla_db_commit(&transaction) : BULLA_REFUSED;
}

Test(db, a_transaction_is_undone_unless_it_has_ended) {
  const struct {
    enum bulla_db_intent intent;
    bool commit;
    enum bulla_status commits;
    enum bulla_status status;
    int num_undone;
  } rows[] = {
      {BULLA_DB_WRITE, true, BULLA_OK, BULLA_OK, 0},
      {BULLA_DB_WRITE, false, BULLA_OK, BULLA_REFUSED, 1},
      {BULLA_DB_WRITE, true, BULLA_DISK_FULL, BULLA_DISK_FULL, 1},
      {BULLA_DB_WRITE, true, BULLA_VAULT_MOVED, BULLA_VAULT_MOVED, 0},
      {BULLA_DB_WRITE_FIRST, true, BULLA_OK, BULLA_BUSY, 0},
  };
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    fake.num_undone = 0;
    fake.commits = rows[i].commits;
    TEST_STATUS(in_transaction(rows[i].intent, rows[i].commit), rows[i].status);
    cr_expect_eq(fake.num_undone, rows[i].num_undone, "row %zu", i);
  }
}

Test(db, a_call_has_what_waiting_has_left_of_its_patience) {
  bulla_db_set_patience(&db, 100);
  cr_expect_eq(db.left, 100);
  bulla_db_begin_call(&db, 30);
  cr_expect_eq(db.left, 70);
  bulla_db_begin_call(&db, 200);
  cr_expect_eq(db.left, 0);
}
