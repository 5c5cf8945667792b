/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/sql.h. The one file that includes sqlite3.h. */

#include "store/sql.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/log.h"
#include "store/file.h"

#define PATIENCE_MS 5000

/* Frames of the -wal, a page of 4 KiB and 24 bytes each: from when they are moved into the database, from when those
 * who read an older state are waited for, and how many may come before the next try. */
enum { CHECKPOINT_FRAMES = 1000, INSIST_FRAMES = 1500, FRAMES_BETWEEN = 100, INSIST_MS = 100 };
#define WAL_BYTES_KEPT "8388608"

/* SQLite notes the errno of a failed call most of the time; of a failed write to the log it is still where the
 * system left it. */
static enum bulla_status io_status(struct sqlite3 *db) {
  int error = sqlite3_system_errno(db);
  enum bulla_status status = bulla_file_status(error != 0 ? error : errno);
  return status == BULLA_DISK_FULL || status == BULLA_READ_ONLY ? status : BULLA_IO;
}

static enum bulla_status class_of(struct sqlite3 *db, int result) {
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

/* What callers may expect is for them to explain; of the rest SQLite has more to say. Its texts are of the schema and of
 * the system, not of values. */
static enum bulla_status status_of(struct sqlite3 *db, int result) {
  enum bulla_status status = class_of(db, result);
  if (status != BULLA_OK && status != BULLA_EXISTS && status != BULLA_BUSY && db != NULL) {
    bulla_explain(status, "SQLite: %s (%d)", sqlite3_errmsg(db), result);
  }
  return status;
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

/* Others are waited for by short looks, each of which may be the one: long ones let those who are quicker go first. */
static bool wait_a_little(struct bulla_sql *sql) {
  if (sql->left <= 0) {
    return false;
  }
  sql->left--;
  sqlite3_sleep(1);
  return true;
}

static int on_busy(void *arg, int tries) {
  (void)tries;
  return wait_a_little(arg) ? 1 : 0;
}

static int on_commit(void *arg, struct sqlite3 *db, const char *name, int num_frames) {
  struct bulla_sql *sql = arg;
  (void)db;
  (void)name;
  if (num_frames < sql->num_frames) {
    sql->checkpoint_at = CHECKPOINT_FRAMES;
  }
  sql->num_frames = num_frames;
  return SQLITE_OK;
}

/* Keeps the -wal short. It can begin anew only when all of it is in the database and nobody reads from it. That it could
 * not is no failure of what has been committed. */
static void checkpoint(struct bulla_sql *sql) {
  if (sql->num_frames < sql->checkpoint_at) {
    return;
  }
  int mode = sql->num_frames < INSIST_FRAMES ? SQLITE_CHECKPOINT_PASSIVE : SQLITE_CHECKPOINT_RESTART;
  sql->left = INSIST_MS;
  int result = sqlite3_wal_checkpoint_v2(sql->db, NULL, mode, NULL, NULL);
  if (result != SQLITE_OK && result != SQLITE_BUSY) {
    bulla_warn(status_of(sql->db, result), "the log of changes (-wal) could not be moved into the database");
  }
  sql->checkpoint_at = sql->num_frames + FRAMES_BETWEEN;
}

/* The unix file systems of SQLite keep their files in the file system; another one, as a test may register, need not. */
static bool is_in_files(struct sqlite3 *db) {
  sqlite3_vfs *vfs = NULL;
  return sqlite3_file_control(db, "main", SQLITE_FCNTL_VFS_POINTER, (void *)&vfs) == SQLITE_OK && vfs != NULL &&
         strncmp(vfs->zName, "unix", 4) == 0;
}

static enum bulla_status set_up(struct bulla_sql *sql, bool alone) {
  static const char *const pragmas[] = {
      "PRAGMA synchronous = FULL", "PRAGMA cell_size_check = ON", "PRAGMA mmap_size = 0",
      "PRAGMA secure_delete = ON", "PRAGMA temp_store = MEMORY",  "PRAGMA journal_size_limit = " WAL_BYTES_KEPT,
  };
  sqlite3_busy_handler(sql->db, on_busy, sql);
  sqlite3_wal_hook(sql->db, on_commit, sql);
  BULLA_TRY(harden(sql->db));
  if (alone) {
    BULLA_TRY(bulla_sql_run(sql, "PRAGMA locking_mode = EXCLUSIVE"));
  }
  for (size_t i = 0; i < sizeof pragmas / sizeof pragmas[0]; i++) {
    BULLA_TRY(bulla_sql_run(sql, pragmas[i]));
  }
  return BULLA_OK;
}

/* Connects by |vfs|, or by the one of the process if it is NULL. With a file system that locks nothing the connection is
 * |alone|: it keeps to itself what others would share with it by a -shm. */
static enum bulla_status connect_to(struct bulla_sql *sql, const char *name, int flags, const char *vfs) {
  flags |= SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE;
  int result = sqlite3_open_v2(name, &sql->db, flags, vfs);
  return result == SQLITE_OK ? set_up(sql, vfs != NULL) : status_of(sql->db, result);
}

/* A URI of |path| for a database that nobody changes. */
static bool immutable_uri(char uri[4 * PATH_MAX], const char *path) {
  static const char digits[] = "0123456789abcdef";
  struct bulla_buffer buffer = bulla_buffer(uri, 4 * PATH_MAX);
  struct bulla_writer writer = bulla_writer(&buffer);
  bulla_put(&writer, BULLA_LITERAL("file:"));
  for (; *path != '\0'; path++) {
    uint8_t byte = (uint8_t)*path;
    bulla_put_byte(&writer, '%');
    bulla_put_byte(&writer, (uint8_t)digits[byte >> 4]);
    bulla_put_byte(&writer, (uint8_t)digits[byte & 15]);
  }
  bulla_put(&writer, bulla_span("?immutable=1", sizeof "?immutable=1"));
  return bulla_writer_finish(&writer) == BULLA_OK;
}

static enum bulla_status read_once(struct bulla_sql *sql) {
  return bulla_sql_run(sql, "SELECT count(*) FROM sqlite_schema");
}

/* Where nothing can be written SQLite cannot share what it knows of the -wal with others. If somebody who can has left it
 * a -shm, it is read; otherwise nobody else is there, and the -wal, if there is one, is read by this connection alone. */
static enum bulla_status open_to_read(struct bulla_sql *sql) {
  char name[PATH_MAX];
  char uri[4 * PATH_MAX];
  struct stat seen;
  if (connect_to(sql, sql->site.path, SQLITE_OPEN_READONLY, NULL) == BULLA_OK && read_once(sql) == BULLA_OK) {
    return BULLA_OK;
  }
  sqlite3_close(sql->db);
  sql->db = NULL;
  if (!bulla_site_sidecar(name, &sql->site, BULLA_SITE_WAL) || !immutable_uri(uri, sql->site.path)) {
    return BULLA_TOO_LARGE;
  }
  if (stat(name, &seen) == 0 && seen.st_size > 0) {
    BULLA_TRY(connect_to(sql, sql->site.path, SQLITE_OPEN_READONLY, "unix-none"));
  } else {
    BULLA_TRY(connect_to(sql, uri, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL));
  }
  return read_once(sql);
}

enum bulla_status bulla_sql_open(struct bulla_sql *sql, const char *path, bool read_only) {
  memset(sql, 0, sizeof *sql);
  sql->turn.file = -1;
  sql->read_only = read_only;
  sql->checkpoint_at = CHECKPOINT_FRAMES;
  bulla_sql_set_patience(sql, PATIENCE_MS);
  BULLA_TRY(bulla_site_begin(&sql->site, path));
  enum bulla_status status =
      read_only ? open_to_read(sql) : connect_to(sql, sql->site.path, SQLITE_OPEN_READWRITE, NULL);
  if (status == BULLA_IO || status == BULLA_READ_ONLY) {
    bulla_site_blame(&sql->site, status);
  }
  return status;
}

static enum bulla_status find_turn(struct bulla_sql *sql) {
  char name[PATH_MAX];
  struct stat seen;
  const struct bulla_file_id *known = &sql->site.ids[BULLA_SITE_WAL];
  if (!bulla_site_sidecar(name, &sql->site, BULLA_SITE_WAL)) {
    return BULLA_TOO_LARGE;
  }
  sql->turn.file = open(name, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (sql->turn.file < 0 || fstat(sql->turn.file, &seen) != 0) {
    return bulla_file_status(errno);
  }
  bool same = seen.st_dev == known->device && seen.st_ino == known->inode;
  return same ? BULLA_OK : BULLA_VAULT_MOVED;
}

enum bulla_status bulla_sql_settle(struct bulla_sql *sql) {
  int has_moved = 0;
  if (!sql->read_only) {
    enum bulla_status status = bulla_sql_run(sql, "PRAGMA journal_mode = WAL");
    status = status == BULLA_OK ? read_once(sql) : status;
    if (status == BULLA_IO || status == BULLA_READ_ONLY) {
      bulla_site_blame(&sql->site, status);
    }
    BULLA_TRY(status);
  }
  if (!is_in_files(sql->db)) {
    return bulla_site_check(&sql->site);
  }
  if (sqlite3_file_control(sql->db, "main", SQLITE_FCNTL_HAS_MOVED, &has_moved) == SQLITE_OK && has_moved != 0) {
    return bulla_explain(BULLA_VAULT_MOVED, "the database was replaced while it was opened");
  }
  if (sql->read_only) {
    return bulla_site_check(&sql->site);
  }
  BULLA_TRY(bulla_site_complete(&sql->site));
  return find_turn(sql);
}

enum bulla_status bulla_sql_empty_log(struct bulla_sql *sql) {
  int in_log = 0;
  int moved = 0;
  sql->left = sql->patience;
  int result = sqlite3_wal_checkpoint_v2(sql->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, &in_log, &moved);
  BULLA_TRY(status_of(sql->db, result));
  return in_log == moved ? BULLA_OK : BULLA_BUSY;
}

void bulla_sql_close(struct bulla_sql *sql) {
  for (size_t i = 0; i < sql->num_prepared; i++) {
    sqlite3_finalize(sql->prepared[i]);
  }
  sqlite3_close(sql->db);
  if (sql->db != NULL) {
    bulla_file_close(&sql->turn.file);
  }
  memset(sql, 0, sizeof *sql);
  sql->turn.file = -1;
}

void bulla_sql_set_patience(struct bulla_sql *sql, int milliseconds) {
  sql->patience = milliseconds;
  sql->left = milliseconds;
}

enum bulla_status bulla_sql_run(struct bulla_sql *sql, const char *text) {
  struct sqlite3_stmt *handle = NULL;
  sql->left = sql->patience;
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
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) = {0};
  BULLA_TRY(bulla_statement_begin(&statement, sql, text));
  BULLA_TRY(bulla_finish(&statement));
  *transaction = sql;
  return BULLA_OK;
}

static enum bulla_status take_turn(struct bulla_sql *sql, bool first) {
  sql->left = sql->patience;
  if (first) {
    bulla_turn_announce(&sql->turn);
  }
  while (!bulla_turn_try(&sql->turn, first)) {
    if (!wait_a_little(sql)) {
      return BULLA_BUSY;
    }
  }
  return BULLA_OK;
}

static enum bulla_status begin_to_write(struct bulla_sql **transaction, struct bulla_sql *sql, bool first) {
  static const char text[] = "BEGIN IMMEDIATE";
  if (sql->read_only) {
    return bulla_explain(BULLA_READ_ONLY, "the vault could only be opened for reading");
  }
  /* What undoes is prepared before there is anything to undo: later there may be no memory for it. */
  BULLA_TRY(undo(sql));
  enum bulla_status status = take_turn(sql, first);
  if (status == BULLA_OK) {
    status = begin(transaction, sql, text);
  }
  bulla_turn_give(&sql->turn);
  return status;
}

enum bulla_status bulla_sql_write(struct bulla_sql **transaction, struct bulla_sql *sql) {
  return begin_to_write(transaction, sql, false);
}

enum bulla_status bulla_sql_write_first(struct bulla_sql **transaction, struct bulla_sql *sql) {
  return begin_to_write(transaction, sql, true);
}

enum bulla_status bulla_sql_read(struct bulla_sql **transaction, struct bulla_sql *sql) {
  static const char text[] = "BEGIN";
  BULLA_TRY(undo(sql));
  return begin(transaction, sql, text);
}

static enum bulla_status commit(struct bulla_sql *sql) {
  static const char text[] = "COMMIT";
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) = {0};
  BULLA_TRY(bulla_statement_begin(&statement, sql, text));
  return bulla_finish(&statement);
}

enum bulla_status bulla_sql_commit(struct bulla_sql **transaction) {
  struct bulla_sql *sql = *transaction;
  BULLA_TRY(bulla_site_check(&sql->site));
  BULLA_TRY(commit(sql));
  *transaction = NULL;
  BULLA_TRY(bulla_site_check(&sql->site));
  checkpoint(sql);
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
  sql->left = sql->patience;
  for (size_t i = 0; i < sql->num_prepared; i++) {
    if (sql->texts[i] == text) {
      statement->handle = sql->prepared[i];
      return BULLA_OK;
    }
  }
  int result = sqlite3_prepare_v3(sql->db, text, -1, SQLITE_PREPARE_PERSISTENT, &statement->handle, NULL);
  if (result != SQLITE_OK) {
    return status_of(sql->db, result);
  }
  if (sql->num_prepared == BULLA_SQL_CACHE) {
    statement->owned = true;
    return BULLA_OK;
  }
  sql->texts[sql->num_prepared] = text;
  sql->prepared[sql->num_prepared++] = statement->handle;
  return BULLA_OK;
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

void bulla_bind_copy(struct bulla_statement *statement, struct bulla_span text) {
  note_binding(statement,
               sqlite3_bind_text64(statement->handle, ++statement->num_bound, (const char *)not_null(text), text.len,
                                   SQLITE_TRANSIENT, SQLITE_UTF8));
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
