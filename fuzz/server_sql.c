/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See fuzz/server_sql.h. */

#include "fuzz/server_sql.h"

#include <sqlite3.h>

#include "fuzz/vault.h"

enum { NUM_STATEMENTS = 128 };
enum { OID_BYTEA = 17, OID_INT8 = 20, OID_TEXT = 25 };

static struct sqlite3 *db;

/* The statements that were ever asked for; bulla has not many. */
static struct {
  char *text;
  sqlite3_stmt *prepared;
} statements[NUM_STATEMENTS];

static const enum fuzz_transaction *owner; /* of the transaction in the database */

static bool execute(const char *text) {
  return sqlite3_exec(db, text, NULL, NULL, NULL) == SQLITE_OK;
}

void fuzz_sql_set_up(void) {
  db = fuzz_vault_sql();
  FUZZ_ASSERT(db != NULL && execute("BEGIN IMMEDIATE"));
}

void fuzz_sql_begin(void) {
  owner = NULL;
  FUZZ_ASSERT(execute("ROLLBACK") && execute("BEGIN IMMEDIATE"));
}

bool fuzz_sql_begins(struct bulla_span text, const char *word) {
  size_t len = strlen(word);
  return text.len >= len && memcmp(text.data, word, len) == 0;
}

static bool contains(struct bulla_span text, const char *part) {
  return memmem(text.data, text.len, part, strlen(part)) != NULL;
}

static sqlite3_stmt *prepare(struct bulla_span text) {
  for (size_t i = 0; i < NUM_STATEMENTS; i++) {
    if (statements[i].text == NULL) {
      statements[i].text = strndup((const char *)text.data, text.len);
      FUZZ_ASSERT(statements[i].text != NULL);
      (void)sqlite3_prepare_v3(db, statements[i].text, -1, SQLITE_PREPARE_PERSISTENT, &statements[i].prepared, NULL);
    }
    if (bulla_span_equal(fuzz_text(statements[i].text), text)) {
      return statements[i].prepared;
    }
  }
  FUZZ_ASSERT(false);
  return NULL;
}

static void fail(struct fuzz_answer *answer, enum fuzz_transaction *transaction, const char *state) {
  answer->state = state;
  *transaction = *transaction == FUZZ_OPEN ? FUZZ_FAILED : *transaction;
}

static void tag(struct fuzz_answer *answer, const char *text) {
  (void)snprintf(answer->tag, sizeof(answer->tag), "%s", text);
}

static void tag_number(struct fuzz_answer *answer, const char *command, size_t num) {
  (void)snprintf(answer->tag, sizeof(answer->tag), "%s %zu", command, num);
}

/* Rows are written as parts, whose lengths are known when they are whole. */
static void put_row(struct fuzz_answer *answer, const struct bulla_span *cells) {
  struct bulla_writer writer = {&answer->rows, false};
  size_t at = answer->rows.len;
  bulla_put_be(&writer, 0, 4);
  bulla_put_be(&writer, answer->num_columns, 2);
  for (size_t i = 0; i < answer->num_columns; i++) {
    if (cells[i].data == NULL) {
      bulla_put_be(&writer, UINT32_MAX, 4);
    } else {
      bulla_put_prefixed(&writer, cells[i]);
    }
  }
  FUZZ_ASSERT(!writer.overflow);
  struct bulla_buffer head = bulla_buffer(answer->rows.data + at, 4);
  struct bulla_writer len = bulla_writer(&head);
  bulla_put_be(&len, answer->rows.len - at - 4, 4);
}

/* A row of texts. */
static void put_texts(struct fuzz_answer *answer, const char *const *texts, size_t num) {
  struct bulla_span cells[FUZZ_COLUMNS] = {{NULL, 0}};
  answer->has_rows = true;
  answer->num_columns = num;
  for (size_t i = 0; i < num; i++) {
    answer->types[i] = OID_TEXT;
    cells[i] = fuzz_text(texts[i]);
  }
  put_row(answer, cells);
  tag(answer, "SELECT 1");
}

static void put_text(struct fuzz_answer *answer, const char *text) {
  put_texts(answer, &text, 1);
}

static void put_catalogue(struct fuzz_answer *answer) {
  static const char *const lines[] = {
#include "store/db_postgres_catalogue.h"
  };
  for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
    put_text(answer, lines[i]);
  }
  answer->is_catalogue = true;
  tag_number(answer, "SELECT", sizeof(lines) / sizeof(lines[0]));
}

static void begin(struct fuzz_answer *answer, enum fuzz_transaction *transaction) {
  if (owner != NULL && owner != transaction) {
    fail(answer, transaction, "55P03");
    return;
  }
  if (*transaction == FUZZ_IDLE) {
    FUZZ_ASSERT(execute("SAVEPOINT one"));
    *transaction = FUZZ_OPEN;
    owner = transaction;
  }
  tag(answer, "BEGIN");
}

void fuzz_sql_undo(enum fuzz_transaction *transaction) {
  if (owner == transaction) {
    FUZZ_ASSERT(execute("ROLLBACK TO one") && execute("RELEASE one"));
    owner = NULL;
  }
  *transaction = FUZZ_IDLE;
}

static void commit(struct fuzz_answer *answer, enum fuzz_transaction *transaction) {
  bool is_good = *transaction == FUZZ_OPEN;
  if (is_good) {
    FUZZ_ASSERT(execute("RELEASE one"));
    owner = NULL;
  }
  tag(answer, *transaction == FUZZ_FAILED ? "ROLLBACK" : "COMMIT");
  fuzz_sql_undo(transaction);
}

/* What is not for SQLite. Returns false for what is. */
static bool run_own(struct fuzz_answer *answer, enum fuzz_transaction *transaction, struct bulla_span text) {
  static const char *const server[] = {"150000", "UTF8", "on", "on", "0", "4711"};
  static const char *const login[] = {"fuzz", "whole", "", "0"};
  if (contains(text, "row_security_active")) {
    put_texts(answer, login, sizeof(login) / sizeof(login[0]));
  } else if (contains(text, "server_version_num")) {
    put_texts(answer, server, sizeof(server) / sizeof(server[0]));
  } else if (contains(text, "pg_class")) {
    put_catalogue(answer);
  } else if (contains(text, "bulla.format")) {
    put_text(answer, "2");
  } else if (contains(text, "pg_namespace")) {
    put_text(answer, "bulla");
  } else if (contains(text, "FROM turn") || contains(text, "set_config(")) {
    put_text(answer, "onon");
  } else if (fuzz_sql_begins(text, "BEGIN")) {
    begin(answer, transaction);
  } else if (fuzz_sql_begins(text, "ROLLBACK")) {
    fuzz_sql_undo(transaction);
    tag(answer, "ROLLBACK");
  } else if (fuzz_sql_begins(text, "SET ")) {
    tag(answer, "SET");
  } else if (fuzz_sql_begins(text, "DEALLOCATE")) {
    tag(answer, "DEALLOCATE ALL");
  } else {
    return false;
  }
  return true;
}

static void bind(sqlite3_stmt *statement, int at, const struct fuzz_parameter *parameter) {
  struct bulla_span bytes = parameter->bytes;
  if (bytes.data == NULL) {
    sqlite3_bind_null(statement, at);
  } else if (parameter->type == OID_INT8 && bytes.len == 8) {
    uint64_t number = 0;
    for (size_t i = 0; i < bytes.len; i++) {
      number = number << 8 | bytes.data[i];
    }
    sqlite3_bind_int64(statement, at, (int64_t)number);
  } else if (parameter->type == OID_TEXT) {
    sqlite3_bind_text(statement, at, (const char *)bytes.data, (int)bytes.len, SQLITE_STATIC);
  } else {
    sqlite3_bind_blob(statement, at, bytes.data, (int)bytes.len, SQLITE_STATIC);
  }
}

/* The cell of a column, which lies in |room| if it is a number. */
static struct bulla_span cell_of(sqlite3_stmt *statement, int column, uint32_t *type, uint8_t room[24], bool binary) {
  struct bulla_buffer number = bulla_buffer(room, 24);
  struct bulla_writer writer = bulla_writer(&number);
  switch (sqlite3_column_type(statement, column)) {
    case SQLITE_NULL:
      return bulla_span(NULL, 0);
    case SQLITE_INTEGER:
      *type = OID_INT8;
      if (!binary) {
        (void)snprintf((char *)room, 24, "%lld", sqlite3_column_int64(statement, column));
        return fuzz_text((const char *)room);
      }
      bulla_put_be(&writer, (uint64_t)sqlite3_column_int64(statement, column), 8);
      return bulla_written(&number);
    case SQLITE_TEXT:
      *type = OID_TEXT;
      break;
    default:
      *type = OID_BYTEA;
      break;
  }
  const void *bytes = sqlite3_column_blob(statement, column);
  return bulla_span(bytes != NULL ? bytes : room, (size_t)sqlite3_column_bytes(statement, column));
}

static int take_rows(struct fuzz_answer *answer, sqlite3_stmt *statement, size_t *num_rows, bool binary) {
  uint8_t numbers[FUZZ_COLUMNS][24];
  struct bulla_span cells[FUZZ_COLUMNS] = {{NULL, 0}};
  int result;
  while ((result = sqlite3_step(statement)) == SQLITE_ROW) {
    for (size_t i = 0; i < answer->num_columns; i++) {
      cells[i] = cell_of(statement, (int)i, &answer->types[i], numbers[i], binary);
    }
    put_row(answer, cells);
    ++*num_rows;
  }
  return result;
}

static void set_tag(struct fuzz_answer *answer, struct bulla_span text, size_t num_rows) {
  size_t num_changed = (size_t)sqlite3_changes(db);
  if (fuzz_sql_begins(text, "INSERT")) {
    tag_number(answer, "INSERT 0", num_changed);
  } else if (fuzz_sql_begins(text, "UPDATE")) {
    tag_number(answer, "UPDATE", num_changed);
  } else if (fuzz_sql_begins(text, "DELETE")) {
    tag_number(answer, "DELETE", num_changed);
  } else {
    tag_number(answer, "SELECT", num_rows);
  }
}

static void run_query(struct fuzz_answer *answer, enum fuzz_transaction *transaction, struct bulla_span text,
                      const struct fuzz_parameter *parameters, size_t num, bool binary) {
  sqlite3_stmt *statement = prepare(text);
  size_t num_rows = 0;
  if (statement == NULL) {
    fail(answer, transaction, "42601");
    return;
  }
  for (size_t i = 0; i < num; i++) {
    bind(statement, (int)i + 1, &parameters[i]);
  }
  answer->num_columns = (size_t)sqlite3_column_count(statement);
  answer->has_rows = answer->num_columns > 0;
  FUZZ_ASSERT(answer->num_columns <= FUZZ_COLUMNS);
  for (size_t i = 0; i < answer->num_columns; i++) {
    answer->types[i] = OID_BYTEA;
  }
  int result = take_rows(answer, statement, &num_rows, binary);
  sqlite3_reset(statement);
  if (result != SQLITE_DONE) {
    fail(answer, transaction, result == SQLITE_CONSTRAINT ? "23505" : "XX000");
    return;
  }
  set_tag(answer, text, num_rows);
}

void fuzz_sql_run(struct fuzz_answer *answer, enum fuzz_transaction *transaction, struct bulla_span text,
                  const struct fuzz_parameter *parameters, size_t num, bool binary) {
  *answer = (struct fuzz_answer){.rows = bulla_buffer(answer->rows.data, answer->rows.size)};
  if (fuzz_sql_begins(text, "COMMIT")) {
    commit(answer, transaction);
  } else if (*transaction == FUZZ_FAILED && !fuzz_sql_begins(text, "ROLLBACK")) {
    fail(answer, transaction, "25P02");
  } else if (!run_own(answer, transaction, text)) {
    run_query(answer, transaction, text, parameters, num, binary);
  }
}

int64_t fuzz_sql_num_records(void) {
  sqlite3_stmt *statement =
      prepare(BULLA_LITERAL("SELECT count(*) FROM audit WHERE op NOT IN ('lane-open', 'lane-take')"));
  FUZZ_ASSERT(sqlite3_step(statement) == SQLITE_ROW);
  int64_t num = sqlite3_column_int64(statement, 0);
  sqlite3_reset(statement);
  return num;
}
