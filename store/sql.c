/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/sql.h. The one file that includes sqlite3.h. */

#include "store/sql.h"

#include <errno.h>
#include <sqlite3.h>

#include "store/file.h"

#define PATIENCE_MS 5000

/* SQLite notes the errno of a failed call most of the time; of a failed write to the log it is still where the
 * system left it. */
static enum bulla_status io_status(struct sqlite3 *db) {
  int error = sqlite3_system_errno(db);
  enum bulla_status status = bulla_file_status(error != 0 ? error : errno);
  return status == BULLA_DISK_FULL || status == BULLA_READ_ONLY ? status : BULLA_IO;
}

static enum bulla_status status_of(struct sqlite3 *db, int result) {
  if (result == SQLITE_CONSTRAINT_UNIQUE || result == SQLITE_CONSTRAINT_PRIMARYKEY ||
      result == SQLITE_CONSTRAINT_ROWID) {
    return BULLA_EXISTS;
  }
  if (result == SQLITE_IOERR_NOMEM) {
    return BULLA_NO_MEMORY;
  }
  if (result == SQLITE_IOERR_CORRUPTFS) {
    return BULLA_NOT_A_VAULT;
  }
  switch (result & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
      return BULLA_OK;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return BULLA_BUSY;
    case SQLITE_FULL:
      return BULLA_DISK_FULL;
    case SQLITE_READONLY:
    case SQLITE_PERM:
      return BULLA_READ_ONLY;
    case SQLITE_NOMEM:
      return BULLA_NO_MEMORY;
    case SQLITE_TOOBIG: /* what we write is far smaller */
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
    case SQLITE_FORMAT:
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
      return BULLA_NOT_A_VAULT;
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
      return io_status(db);
    default:
      return BULLA_IO;
  }
}

/* Against what a hostile file could make SQLite do: a limit on everything, no attached files, no triggers, views
 * or functions from its schema, no rewriting of its schema by SQL. */
static enum bulla_status harden(struct sqlite3 *db) {
  static const struct {
    int id;
    int value;
  } limits[] = {
      {SQLITE_LIMIT_LENGTH, 1 << 20},
      {SQLITE_LIMIT_SQL_LENGTH, 1 << 16},
      {SQLITE_LIMIT_COLUMN, 64},
      {SQLITE_LIMIT_EXPR_DEPTH, 64},
      {SQLITE_LIMIT_COMPOUND_SELECT, 2},
      {SQLITE_LIMIT_VDBE_OP, 25000},
      {SQLITE_LIMIT_FUNCTION_ARG, 8},
      {SQLITE_LIMIT_ATTACHED, 0},
      {SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 50},
      {SQLITE_LIMIT_VARIABLE_NUMBER, 32},
      {SQLITE_LIMIT_TRIGGER_DEPTH, 1},
      {SQLITE_LIMIT_WORKER_THREADS, 0},
  };
  static const struct {
    int id;
    int value;
  } settings[] = {
      {SQLITE_DBCONFIG_DEFENSIVE, 1},      {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
      {SQLITE_DBCONFIG_ENABLE_TRIGGER, 0}, {SQLITE_DBCONFIG_ENABLE_VIEW, 0},
      {SQLITE_DBCONFIG_DQS_DML, 0},        {SQLITE_DBCONFIG_DQS_DDL, 0},
      {SQLITE_DBCONFIG_ENABLE_FKEY, 1},    {SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0},
  };
  for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
    sqlite3_limit(db, limits[i].id, limits[i].value);
  }
  for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
    int result = sqlite3_db_config(db, settings[i].id, settings[i].value, (int *)NULL);
    if (result != SQLITE_OK) {
      return status_of(db, result);
    }
  }
  return BULLA_OK;
}

enum bulla_status bulla_sql_open(struct bulla_sql *sql, const char *path) {
  static const char *const pragmas[] = {
      "PRAGMA synchronous = FULL", "PRAGMA cell_size_check = ON", "PRAGMA mmap_size = 0",
      "PRAGMA secure_delete = ON", "PRAGMA temp_store = MEMORY",
  };
  memset(sql, 0, sizeof *sql);
  int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE;
  int result = sqlite3_open_v2(path, &sql->db, flags, NULL);
  if (result != SQLITE_OK) {
    return status_of(sql->db, result);
  }
  bulla_sql_set_patience(sql, PATIENCE_MS);
  BULLA_TRY(harden(sql->db));
  for (size_t i = 0; i < sizeof pragmas / sizeof pragmas[0]; i++) {
    BULLA_TRY(bulla_sql_run(sql, pragmas[i]));
  }
  return BULLA_OK;
}

void bulla_sql_close(struct bulla_sql *sql) {
  for (size_t i = 0; i < sql->num_prepared; i++) {
    sqlite3_finalize(sql->prepared[i]);
  }
  sqlite3_close(sql->db);
  memset(sql, 0, sizeof *sql);
}

void bulla_sql_set_patience(struct bulla_sql *sql, int milliseconds) {
  sqlite3_busy_timeout(sql->db, milliseconds);
}

enum bulla_status bulla_sql_run(struct bulla_sql *sql, const char *text) {
  struct sqlite3_stmt *handle = NULL;
  int result = sqlite3_prepare_v3(sql->db, text, -1, 0, &handle, NULL);
  if (result == SQLITE_OK) {
    do {
      result = sqlite3_step(handle);
    } while (result == SQLITE_ROW);
  }
  enum bulla_status status = status_of(sql->db, result);
  sqlite3_finalize(handle);
  return status;
}

/* Undoes the transaction that is open, if one is: SQLite has rolled back by itself after some failures. */
static enum bulla_status undo(struct bulla_sql *sql) {
  static const char text[] = "ROLLBACK";
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) = {0};
  BULLA_TRY(bulla_statement_begin(&statement, sql, text));
  return sqlite3_get_autocommit(sql->db) == 0 ? bulla_finish(&statement) : BULLA_OK;
}

static enum bulla_status begin(struct bulla_sql **transaction, struct bulla_sql *sql, const char *text) {
  /* What undoes is prepared before there is anything to undo: later there may be no memory for it. */
  BULLA_TRY(undo(sql));
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) = {0};
  BULLA_TRY(bulla_statement_begin(&statement, sql, text));
  BULLA_TRY(bulla_finish(&statement));
  *transaction = sql;
  return BULLA_OK;
}

enum bulla_status bulla_sql_write(struct bulla_sql **transaction, struct bulla_sql *sql) {
  static const char text[] = "BEGIN IMMEDIATE";
  return begin(transaction, sql, text);
}

enum bulla_status bulla_sql_read(struct bulla_sql **transaction, struct bulla_sql *sql) {
  static const char text[] = "BEGIN";
  return begin(transaction, sql, text);
}

enum bulla_status bulla_sql_commit(struct bulla_sql **transaction) {
  static const char text[] = "COMMIT";
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) = {0};
  BULLA_TRY(bulla_statement_begin(&statement, *transaction, text));
  BULLA_TRY(bulla_finish(&statement));
  *transaction = NULL;
  return BULLA_OK;
}

void bulla_sql_rollback(struct bulla_sql **transaction) {
  struct bulla_sql *sql = *transaction;
  *transaction = NULL;
  if (sql != NULL) {
    enum bulla_status ignored = undo(sql);
    (void)ignored;
  }
}

enum bulla_status bulla_statement_begin(struct bulla_statement *statement, struct bulla_sql *sql,
                                        const char *text) {
  memset(statement, 0, sizeof *statement);
  size_t i = 0;
  while (i < sql->num_prepared && sql->texts[i] != text) {
    i++;
  }
  if (i == sql->num_prepared) {
    if (i == BULLA_SQL_CACHE) {
      return BULLA_NO_MEMORY;
    }
    int result = sqlite3_prepare_v3(sql->db, text, -1, SQLITE_PREPARE_PERSISTENT, &sql->prepared[i], NULL);
    if (result != SQLITE_OK) {
      return status_of(sql->db, result);
    }
    sql->texts[i] = text;
    sql->num_prepared++;
  }
  statement->handle = sql->prepared[i];
  return BULLA_OK;
}

void bulla_statement_end(struct bulla_statement *statement) {
  if (statement->handle != NULL) {
    sqlite3_reset(statement->handle);
    sqlite3_clear_bindings(statement->handle);
  }
  memset(statement, 0, sizeof *statement);
}

static void note_binding(struct bulla_statement *statement, int result) {
  if (statement->failure == SQLITE_OK) {
    statement->failure = result;
  }
}

void bulla_bind_int(struct bulla_statement *statement, int64_t value) {
  note_binding(statement, sqlite3_bind_int64(statement->handle, ++statement->num_bound, value));
}

/* A NULL pointer would bind NULL. */
static const void *not_null(struct bulla_span bytes) {
  return bytes.len > 0 ? (const void *)bytes.data : "";
}

void bulla_bind_text(struct bulla_statement *statement, struct bulla_span text) {
  note_binding(statement, sqlite3_bind_text64(statement->handle, ++statement->num_bound,
                                              (const char *)not_null(text), text.len, SQLITE_STATIC, SQLITE_UTF8));
}

void bulla_bind_blob(struct bulla_statement *statement, struct bulla_span bytes) {
  note_binding(statement, sqlite3_bind_blob64(statement->handle, ++statement->num_bound, not_null(bytes),
                                              bytes.len, SQLITE_STATIC));
}

void bulla_bind_null(struct bulla_statement *statement) {
  note_binding(statement, sqlite3_bind_null(statement->handle, ++statement->num_bound));
}

enum bulla_status bulla_step(struct bulla_statement *statement, bool *row) {
  *row = false;
  statement->num_read = 0;
  statement->bad = false;
  int result = statement->failure == SQLITE_OK ? sqlite3_step(statement->handle) : statement->failure;
  *row = result == SQLITE_ROW;
  return status_of(sqlite3_db_handle(statement->handle), result);
}

enum bulla_status bulla_finish(struct bulla_statement *statement) {
  bool row;
  BULLA_TRY(bulla_step(statement, &row));
  return row ? BULLA_IO : BULLA_OK;
}

static bool has_type(struct bulla_statement *statement, int column, int type) {
  if (sqlite3_column_type(statement->handle, column) != type) {
    statement->bad = true;
  }
  return !statement->bad;
}

/* |data| before its length: SQLite may convert the value as it hands it out. */
static struct bulla_span bounded(struct bulla_statement *statement, int column, const void *data, size_t max_len) {
  int len = sqlite3_column_bytes(statement->handle, column);
  if (len < 0 || (size_t)len > max_len || (data == NULL && len > 0)) {
    statement->bad = true;
    return bulla_span(NULL, 0);
  }
  return bulla_span(data, (size_t)len);
}

int64_t bulla_column_int(struct bulla_statement *statement) {
  int column = statement->num_read++;
  return has_type(statement, column, SQLITE_INTEGER) ? sqlite3_column_int64(statement->handle, column) : 0;
}

struct bulla_span bulla_column_text(struct bulla_statement *statement, size_t max_len) {
  int column = statement->num_read++;
  if (!has_type(statement, column, SQLITE_TEXT)) {
    return bulla_span(NULL, 0);
  }
  const void *data = sqlite3_column_text(statement->handle, column);
  return bounded(statement, column, data, max_len);
}

struct bulla_span bulla_column_blob(struct bulla_statement *statement, size_t max_len) {
  int column = statement->num_read++;
  if (!has_type(statement, column, SQLITE_BLOB)) {
    return bulla_span(NULL, 0);
  }
  const void *data = sqlite3_column_blob(statement->handle, column);
  return bounded(statement, column, data, max_len);
}

struct bulla_span bulla_column_exact(struct bulla_statement *statement, size_t len) {
  struct bulla_span blob = bulla_column_blob(statement, len);
  if (blob.len == len) {
    return blob;
  }
  statement->bad = true;
  return bulla_span(NULL, 0);
}

void bulla_column_bytes(struct bulla_statement *statement, uint8_t *bytes, size_t len) {
  struct bulla_span blob = bulla_column_exact(statement, len);
  memset(bytes, 0, len);
  if (len > 0 && blob.len == len) {
    memcpy(bytes, blob.data, len);
  }
}

bool bulla_column_null(struct bulla_statement *statement) {
  bool null = sqlite3_column_type(statement->handle, statement->num_read) == SQLITE_NULL;
  statement->num_read += null ? 1 : 0;
  return null;
}

bool bulla_columns_good(const struct bulla_statement *statement) {
  return !statement->bad;
}
