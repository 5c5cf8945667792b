/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/sql.h: statements, what is bound to them, and the columns that they give. */

#include "store/sql.h"

#include <sqlite3.h>

/* Readies |statement| for |text|, whose place among those that stay prepared is |kept|. */
static enum bulla_status find(struct bulla_statement *statement, struct bulla_sql *sql, struct sqlite3_stmt **kept,
                              const char *text) {
  memset(statement, 0, sizeof(*statement));
  if (*kept == NULL) {
    int result = sqlite3_prepare_v3(sql->db, text, -1, SQLITE_PREPARE_PERSISTENT, kept, NULL);
    if (result != SQLITE_OK) {
      return bulla_sql_status(sql->db, result);
    }
  }
  statement->handle = *kept;
  return BULLA_OK;
}

enum bulla_status bulla_statement_begin(struct bulla_statement *statement, struct bulla_sql *sql,
                                        enum bulla_query query) {
  return find(statement, sql, &sql->prepared[query], bulla_query_text(query));
}

enum bulla_status bulla_statement_control(struct bulla_statement *statement, struct bulla_sql *sql, int control) {
  static const char *const texts[BULLA_SQL_CONTROLS] = {"BEGIN", "BEGIN IMMEDIATE", "COMMIT", "ROLLBACK"};
  return find(statement, sql, &sql->controls[control], texts[control]);
}

enum bulla_status bulla_statement_prepare(struct bulla_statement *statement, struct bulla_sql *sql, const char *text) {
  memset(statement, 0, sizeof(*statement));
  statement->owned = true;
  return bulla_sql_status(sql->db, sqlite3_prepare_v3(sql->db, text, -1, 0, &statement->handle, NULL));
}

void bulla_statement_end(struct bulla_statement *statement) {
  for (size_t i = 0; i < statement->num_kept; i++) {
    sqlite3_value_free(statement->kept[i]);
  }
  if (statement->owned) {
    sqlite3_finalize(statement->handle);
  } else if (statement->handle != NULL) {
    sqlite3_reset(statement->handle);
    sqlite3_clear_bindings(statement->handle);
  }
  memset(statement, 0, sizeof(*statement));
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
  note_binding(statement, sqlite3_bind_text64(statement->handle, ++statement->num_bound, (const char *)not_null(text),
                                              text.len, SQLITE_STATIC, SQLITE_UTF8));
}

void bulla_bind_copy(struct bulla_statement *statement, struct bulla_span text) {
  note_binding(statement, sqlite3_bind_text64(statement->handle, ++statement->num_bound, (const char *)not_null(text),
                                              text.len, SQLITE_TRANSIENT, SQLITE_UTF8));
}

void bulla_bind_blob(struct bulla_statement *statement, struct bulla_span bytes) {
  note_binding(statement, sqlite3_bind_blob64(statement->handle, ++statement->num_bound, not_null(bytes), bytes.len,
                                              SQLITE_STATIC));
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
  return bulla_sql_status(sqlite3_db_handle(statement->handle), result);
}

enum bulla_status bulla_finish(struct bulla_statement *statement) {
  bool row;
  BULLA_TRY(bulla_step(statement, &row));
  return row ? BULLA_IO : BULLA_OK;
}

enum bulla_status bulla_statement_keep(struct bulla_statement *statement) {
  int num = sqlite3_column_count(statement->handle);
  for (int i = 0; i < num && i < BULLA_SQL_COLUMNS; i++) {
    struct sqlite3_value *copy = sqlite3_value_dup(sqlite3_column_value(statement->handle, i));
    if (copy == NULL) {
      return BULLA_NO_MEMORY;
    }
    statement->kept[statement->num_kept++] = copy;
  }
  sqlite3_reset(statement->handle);
  return num <= BULLA_SQL_COLUMNS ? BULLA_OK : BULLA_INVALID_ARGUMENT;
}

/* A value of the row that was kept, or NULL. Of a row that is still SQLite's the column functions must be used. */
static struct sqlite3_value *kept(const struct bulla_statement *statement, int column) {
  return (size_t)column < statement->num_kept ? statement->kept[column] : NULL;
}

static int type_of(const struct bulla_statement *statement, int column) {
  struct sqlite3_value *value = kept(statement, column);
  return value != NULL ? sqlite3_value_type(value) : sqlite3_column_type(statement->handle, column);
}

static bool has_type(struct bulla_statement *statement, int column, int type) {
  if (type_of(statement, column) != type) {
    statement->bad = true;
  }
  return !statement->bad;
}

/* |data| before its length: SQLite may convert the value as it hands it out. */
static struct bulla_span bounded(struct bulla_statement *statement, int column, const void *data, size_t max_len) {
  struct sqlite3_value *value = kept(statement, column);
  int len = value != NULL ? sqlite3_value_bytes(value) : sqlite3_column_bytes(statement->handle, column);
  if (len < 0 || (size_t)len > max_len || (data == NULL && len > 0)) {
    statement->bad = true;
    return bulla_span(NULL, 0);
  }
  return bulla_span(data, (size_t)len);
}

int64_t bulla_column_int(struct bulla_statement *statement) {
  int column = statement->num_read++;
  if (!has_type(statement, column, SQLITE_INTEGER)) {
    return 0;
  }
  struct sqlite3_value *value = kept(statement, column);
  return value != NULL ? sqlite3_value_int64(value) : sqlite3_column_int64(statement->handle, column);
}

struct bulla_span bulla_column_text(struct bulla_statement *statement, size_t max_len) {
  int column = statement->num_read++;
  if (!has_type(statement, column, SQLITE_TEXT)) {
    return bulla_span(NULL, 0);
  }
  struct sqlite3_value *value = kept(statement, column);
  const void *data = value != NULL ? sqlite3_value_text(value) : sqlite3_column_text(statement->handle, column);
  return bounded(statement, column, data, max_len);
}

struct bulla_span bulla_column_blob(struct bulla_statement *statement, size_t max_len) {
  int column = statement->num_read++;
  if (!has_type(statement, column, SQLITE_BLOB)) {
    return bulla_span(NULL, 0);
  }
  struct sqlite3_value *value = kept(statement, column);
  const void *data = value != NULL ? sqlite3_value_blob(value) : sqlite3_column_blob(statement->handle, column);
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
  bool null = type_of(statement, statement->num_read) == SQLITE_NULL;
  statement->num_read += null ? 1 : 0;
  return null;
}

bool bulla_columns_good(const struct bulla_statement *statement) {
  return !statement->bad;
}
