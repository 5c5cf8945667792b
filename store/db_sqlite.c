/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/db_sqlite.h. The only file that includes sqlite3.h, but for store/db_sqlite_vfs.c. */

#include "store/db_sqlite.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/cursor.h"
#include "core/log.h"
#include "store/db_sqlite_vfs.h"
#include "store/file.h"

/* Frames of the -wal, a page of 4 KiB and 24 bytes each: from when they are moved into the database, from when those
 * who read an older state are waited for, and how many may come before the next try. */
enum { CHECKPOINT_FRAMES = 1000, EAGER_FRAMES = 300, INSIST_FRAMES = 1500, FRAMES_BETWEEN = 100, INSIST_MS = 100 };
enum { LOOK_US = 200 };

enum { PAGE_SIZE = 4096 }; /* of the databases that bulla makes: for progress alone */

/* SQLite notes the errno of a failed call most of the time; of a failed write to the log it is still where the
 * system left it. */
static enum bulla_status io_status(struct sqlite3 *handle) {
  int error = sqlite3_system_errno(handle);
  enum bulla_status status = bulla_file_status(error != 0 ? error : errno);
  return status == BULLA_DISK_FULL || status == BULLA_READ_ONLY ? status : BULLA_IO;
}

static enum bulla_status class_of(struct sqlite3 *handle, int result) {
  if (result == SQLITE_CONSTRAINT_UNIQUE || result == SQLITE_CONSTRAINT_PRIMARYKEY ||
      result == SQLITE_CONSTRAINT_ROWID || result == SQLITE_CONSTRAINT_NOTNULL) {
    return BULLA_EXISTS; /* NULL is what a record gets for its lane if the head is another */
  }
  if (result == SQLITE_IOERR_NOMEM) {
    return BULLA_NO_MEMORY;
  }
  /* The -shm tells of more than the -wal has: it is not the one that others write. */
  if (result == SQLITE_IOERR_SHORT_READ) {
    return BULLA_VAULT_MOVED;
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
    case SQLITE_CORRUPT: /* also what SQLite makes of a disk that cannot be read */
      return errno == EIO ? BULLA_IO : BULLA_NOT_A_VAULT;
    case SQLITE_TOOBIG: /* what we write is far smaller */
    case SQLITE_NOTADB:
    case SQLITE_FORMAT:
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
      return BULLA_NOT_A_VAULT;
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
      return io_status(handle);
    default:
      return BULLA_IO;
  }
}

/* With an errno that is of this call. */
static int step(struct sqlite3_stmt *statement) {
  errno = 0;
  return sqlite3_step(statement);
}

static int prepare_text(struct bulla_sqlite *sqlite, struct sqlite3_stmt **statement, const char *text,
                        unsigned flags) {
  errno = 0;
  return sqlite3_prepare_v3(sqlite->handle, text, -1, flags, statement, NULL);
}

/* Says what |result| means, and tells the log. What callers may expect is for them to explain; of the rest SQLite has
 * more to say. Of a damaged or hostile database its words would be that database's. */
static enum bulla_status status_of(struct sqlite3 *handle, int result) {
  enum bulla_status status = class_of(handle, result);
  if (status != BULLA_OK && status != BULLA_EXISTS && status != BULLA_BUSY && handle != NULL) {
    bool is_of_database = status == BULLA_NOT_A_VAULT || (result & 0xff) == SQLITE_ERROR;
    bulla_explain(status, "SQLite: %s (%d)", is_of_database ? sqlite3_errstr(result) : sqlite3_errmsg(handle), result);
  }
  return status;
}

/* Others are waited for by short looks, each of which may be the one: long ones let those who are quicker go first. */
bool bulla_sqlite_wait(struct bulla_sqlite *sqlite) {
  const struct timespec pause = {.tv_nsec = LOOK_US * 1000};
  struct timespec before;
  struct timespec after;
  if (sqlite->db.left <= 0) {
    return false;
  }
  if (sqlite->turn.file < 0) { /* a file system of the process's own, which only pretends to sleep */
    sqlite3_sleep(1);
    sqlite->db.left--;
    return true;
  }
  (void)clock_gettime(CLOCK_MONOTONIC, &before);
  (void)nanosleep(&pause, NULL);
  (void)clock_gettime(CLOCK_MONOTONIC, &after);
  int64_t us = (after.tv_sec - before.tv_sec) * INT64_C(1000000) + (after.tv_nsec - before.tv_nsec) / 1000;
  sqlite->waited_us += us >= LOOK_US ? (int)us : 0; /* a signal ends a pause early */
  sqlite->db.left -= (int)(sqlite->waited_us / 1000);
  sqlite->waited_us %= 1000;
  return true;
}

static int on_busy(void *arg, int tries) {
  (void)tries;
  return bulla_sqlite_wait(arg) ? 1 : 0;
}

static int on_commit(void *arg, struct sqlite3 *handle, const char *name, int num_frames) {
  struct bulla_sqlite *sqlite = arg;
  (void)handle;
  (void)name;
  if (num_frames < sqlite->num_frames) {
    sqlite->checkpoint_at = sqlite->is_eager ? EAGER_FRAMES : CHECKPOINT_FRAMES;
  }
  sqlite->num_frames = num_frames;
  return SQLITE_OK;
}

/* Moves the -wal into the database, as far as |mode| and others let it. The next transaction may begin it anew. */
static void move_log(struct bulla_sqlite *sqlite, int mode) {
  sqlite->is_marked = false;
  int left = sqlite->db.left;
  sqlite->db.left = INSIST_MS;
  int result = sqlite3_wal_checkpoint_v2(sqlite->handle, NULL, mode, NULL, NULL);
  sqlite->db.left = left;
  if (result != SQLITE_OK && result != SQLITE_BUSY) {
    bulla_warn(status_of(sqlite->handle, result), "the log of changes (-wal) could not be moved into the database");
  }
}

/* The -wal can begin anew only when all of it is in the database and nobody reads from it. That it could not is no
 * failure of what has been committed. */
void bulla_sqlite_checkpoint(struct bulla_sqlite *sqlite) {
  if (sqlite->num_frames < sqlite->checkpoint_at) {
    return;
  }
  move_log(sqlite, sqlite->num_frames < INSIST_FRAMES ? SQLITE_CHECKPOINT_PASSIVE : SQLITE_CHECKPOINT_RESTART);
  sqlite->checkpoint_at = sqlite->num_frames + FRAMES_BETWEEN;
}

void bulla_sqlite_be_eager(struct bulla_sqlite *sqlite, bool eager) {
  sqlite->is_eager = eager;
  sqlite->checkpoint_at = eager ? EAGER_FRAMES : CHECKPOINT_FRAMES;
}

void bulla_sqlite_restart_log(struct bulla_sqlite *sqlite) {
  move_log(sqlite, SQLITE_CHECKPOINT_RESTART);
}

enum bulla_status bulla_sqlite_empty_log(struct bulla_sqlite *sqlite) {
  int in_log = 0;
  int moved = 0;
  sqlite->is_marked = false;
  sqlite->db.left = sqlite->db.patience;
  int result = sqlite3_wal_checkpoint_v2(sqlite->handle, NULL, SQLITE_CHECKPOINT_TRUNCATE, &in_log, &moved);
  BULLA_TRY(status_of(sqlite->handle, result));
  return in_log == moved ? BULLA_OK : BULLA_BUSY;
}

enum bulla_status bulla_sqlite_run(struct bulla_sqlite *sqlite, const char *text) {
  struct sqlite3_stmt *statement = NULL;
  int result = prepare_text(sqlite, &statement, text, 0);
  if (result == SQLITE_OK) {
    do {
      result = step(statement);
    } while (result == SQLITE_ROW);
  }
  enum bulla_status status = status_of(sqlite->handle, result);
  sqlite3_finalize(statement);
  return status;
}

enum bulla_status bulla_sqlite_read_once(struct bulla_sqlite *sqlite) {
  return bulla_sqlite_run(sqlite, "SELECT count(*) FROM sqlite_schema");
}

void bulla_sqlite_forget_pages(struct bulla_sqlite *sqlite) {
  (void)sqlite3_db_release_memory(sqlite->handle);
}

/* Whether SQLite, asked again, says that it will leave the files: what it moves into the database unflushed must not be
 * removed from the log. */
static bool will_leave(struct sqlite3 *handle) {
  int on = 1;
  int is = -1;
  return sqlite3_file_control(handle, "main", SQLITE_FCNTL_PERSIST_WAL, &on) == SQLITE_OK &&
         sqlite3_file_control(handle, "main", SQLITE_FCNTL_PERSIST_WAL, &is) == SQLITE_OK && is == 1;
}

void bulla_sqlite_keep_log(struct bulla_sqlite *sqlite, bool moves) {
  int off = 0;
  if (bulla_sqlite_undo(sqlite) == BULLA_OK && will_leave(sqlite->handle) &&
      (moves ? bulla_sqlite_run(sqlite, "PRAGMA journal_size_limit = -1") == BULLA_OK && /* it would be emptied */
                   bulla_sqlite_run(sqlite, "PRAGMA synchronous = OFF") == BULLA_OK
             : sqlite3_db_config(sqlite->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, (int *)NULL) == SQLITE_OK)) {
    return;
  }
  (void)sqlite3_file_control(sqlite->handle, "main", SQLITE_FCNTL_PERSIST_WAL, &off);
}

/* Against what a hostile file could make SQLite do: a limit on everything, no attached files, no triggers, views
 * or functions from its schema, no rewriting of its schema by SQL. */
static enum bulla_status harden(struct sqlite3 *handle) {
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
      {SQLITE_LIMIT_VARIABLE_NUMBER, BULLA_BOUND_MAX},
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
  for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
    sqlite3_limit(handle, limits[i].id, limits[i].value);
  }
  for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
    int result = sqlite3_db_config(handle, settings[i].id, settings[i].value, (int *)NULL);
    if (result != SQLITE_OK) {
      return status_of(handle, result);
    }
  }
  return BULLA_OK;
}

/* In its defensive mode SQLite takes the statement for an empty one. */
enum bulla_status bulla_sqlite_allow_cookie(struct bulla_sqlite *sqlite, bool allow) {
  if (sqlite->allows_cookie == allow) {
    return BULLA_OK;
  }
  int result = sqlite3_db_config(sqlite->handle, SQLITE_DBCONFIG_DEFENSIVE, allow ? 0 : 1, (int *)NULL);
  sqlite3_finalize(sqlite->controls[BULLA_SQLITE_ROLLBACK]); /* SQLite would prepare it anew as it is used */
  sqlite->controls[BULLA_SQLITE_ROLLBACK] = NULL;
  sqlite->allows_cookie = allow;
  return status_of(sqlite->handle, result);
}

enum bulla_status bulla_sqlite_set_cookie(struct bulla_sqlite *sqlite, uint32_t cookie) {
  char text[48];
  (void)snprintf(text, sizeof(text), "PRAGMA schema_version = %d", (int)cookie);
  return bulla_sqlite_run(sqlite, text);
}

static enum bulla_status set_up(struct bulla_sqlite *sqlite, bool alone) {
  static const char *const pragmas[] = {
      "PRAGMA synchronous = FULL", "PRAGMA cell_size_check = ON", "PRAGMA mmap_size = 0",
      "PRAGMA secure_delete = ON", "PRAGMA temp_store = MEMORY",  "PRAGMA journal_size_limit = 8388608",
  };
  sqlite->checkpoint_at = CHECKPOINT_FRAMES;
  sqlite3_busy_handler(sqlite->handle, on_busy, sqlite);
  sqlite3_wal_hook(sqlite->handle, on_commit, sqlite);
  BULLA_TRY(harden(sqlite->handle));
  if (alone) {
    BULLA_TRY(bulla_sqlite_run(sqlite, "PRAGMA locking_mode = EXCLUSIVE"));
  }
  for (size_t i = 0; i < sizeof(pragmas) / sizeof(pragmas[0]); i++) {
    BULLA_TRY(bulla_sqlite_run(sqlite, pragmas[i]));
  }
  return BULLA_OK;
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
  bulla_put(&writer, bulla_span("?immutable=1", sizeof("?immutable=1")));
  return bulla_writer_finish(&writer) == BULLA_OK;
}

enum bulla_status bulla_sqlite_connect(struct bulla_sqlite *sqlite, enum bulla_sqlite_access access) {
  char uri[4 * PATH_MAX];
  const char *name = sqlite->site.path;
  int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE;
  flags |= access == BULLA_SQLITE_WRITE ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY;
  if (access == BULLA_SQLITE_READ_STILL) {
    if (!immutable_uri(uri, name)) {
      return BULLA_TOO_LARGE;
    }
    name = uri;
    flags |= SQLITE_OPEN_URI;
  }
  const char *vfs = access == BULLA_SQLITE_READ_ALONE ? "unix-none" : bulla_sqlite_vfs();
  int result = sqlite3_open_v2(name, &sqlite->handle, flags, vfs);
  return result == SQLITE_OK ? set_up(sqlite, access == BULLA_SQLITE_READ_ALONE) : status_of(sqlite->handle, result);
}

void bulla_sqlite_disconnect(struct bulla_sqlite *sqlite) {
  for (size_t i = 0; i < BULLA_SQLITE_CONTROLS; i++) {
    sqlite3_finalize(sqlite->controls[i]);
    sqlite->controls[i] = NULL;
  }
  for (size_t i = 0; i < BULLA_NUM_QUERIES; i++) {
    sqlite3_finalize(sqlite->prepared[i]);
    sqlite->prepared[i] = NULL;
  }
  sqlite3_close(sqlite->handle);
  sqlite->handle = NULL;
}

bool bulla_sqlite_is_in_files(struct bulla_sqlite *sqlite) {
  sqlite3_vfs *vfs = NULL;
  int result = sqlite3_file_control(sqlite->handle, "main", SQLITE_FCNTL_VFS_POINTER, (void *)&vfs);
  return result == SQLITE_OK && bulla_sqlite_vfs_is_unix(vfs);
}

bool bulla_sqlite_has_moved(struct bulla_sqlite *sqlite) {
  int has_moved = 0;
  int result = sqlite3_file_control(sqlite->handle, "main", SQLITE_FCNTL_HAS_MOVED, &has_moved);
  return result == SQLITE_OK && has_moved != 0;
}

/* Prepares |text| once, and keeps it at |*statement|. */
static enum bulla_status prepare(struct bulla_sqlite *sqlite, struct sqlite3_stmt **statement, const char *text) {
  if (*statement != NULL) {
    return BULLA_OK;
  }
  return status_of(sqlite->handle, prepare_text(sqlite, statement, text, SQLITE_PREPARE_PERSISTENT));
}

static enum bulla_status prepare_control(struct bulla_sqlite *sqlite, enum bulla_sqlite_control control) {
  static const char *const texts[BULLA_SQLITE_CONTROLS] = {"BEGIN", "BEGIN IMMEDIATE", "COMMIT", "ROLLBACK"};
  return prepare(sqlite, &sqlite->controls[control], texts[control]);
}

enum bulla_status bulla_sqlite_control(struct bulla_sqlite *sqlite, enum bulla_sqlite_control control) {
  BULLA_TRY(prepare_control(sqlite, control));
  enum bulla_status status = status_of(sqlite->handle, step(sqlite->controls[control]));
  sqlite3_reset(sqlite->controls[control]);
  return status;
}

enum bulla_status bulla_sqlite_undo(struct bulla_sqlite *sqlite) {
  /* It is prepared before there is anything to undo: later there may be no memory for it. */
  BULLA_TRY(prepare_control(sqlite, BULLA_SQLITE_ROLLBACK));
  return sqlite3_get_autocommit(sqlite->handle) == 0 ? bulla_sqlite_control(sqlite, BULLA_SQLITE_ROLLBACK) : BULLA_OK;
}

bool bulla_sqlite_is_full(struct bulla_sqlite *sqlite) {
  return (sqlite3_errcode(sqlite->handle) & 0xff) == SQLITE_FULL;
}

enum bulla_status bulla_sqlite_ask(struct bulla_db_rows *rows, struct bulla_sqlite *sqlite, const char *text) {
  struct sqlite3_stmt *statement = NULL;
  *rows = (struct bulla_db_rows){.db = &sqlite->db, .once = true};
  BULLA_TRY(status_of(sqlite->handle, prepare_text(sqlite, &statement, text, 0)));
  rows->handle = statement;
  rows->num_columns = (size_t)sqlite3_column_count(statement);
  return BULLA_OK;
}

/* A NULL pointer would bind NULL. */
static const void *not_null(struct bulla_span bytes) {
  return bytes.len > 0 ? (const void *)bytes.data : "";
}

static int bind(struct sqlite3_stmt *statement, int parameter, const struct bulla_value *value) {
  switch (value->type) {
    case BULLA_VALUE_INT:
      return sqlite3_bind_int64(statement, parameter, value->number);
    case BULLA_VALUE_TEXT:
      return sqlite3_bind_text64(statement, parameter, (const char *)not_null(value->bytes), value->bytes.len,
                                 SQLITE_STATIC, SQLITE_UTF8);
    case BULLA_VALUE_BLOB:
      return sqlite3_bind_blob64(statement, parameter, not_null(value->bytes), value->bytes.len, SQLITE_STATIC);
    default:
      return sqlite3_bind_null(statement, parameter);
  }
}

enum bulla_status bulla_sqlite_query(struct bulla_db_rows *rows, enum bulla_query query,
                                     const struct bulla_value *values, size_t num) {
  struct bulla_sqlite *sqlite = (struct bulla_sqlite *)rows->db;
  BULLA_TRY(prepare(sqlite, &sqlite->prepared[query], bulla_query_text(query)));
  rows->handle = sqlite->prepared[query];
  rows->num_columns = (size_t)sqlite3_column_count(rows->handle);
  int result = SQLITE_OK;
  for (size_t i = 0; i < num && result == SQLITE_OK; i++) {
    result = bind(rows->handle, (int)i + 1, &values[i]);
  }
  if (result != SQLITE_OK) {
    bulla_sqlite_end(rows);
  }
  return status_of(sqlite->handle, result);
}

enum bulla_status bulla_sqlite_next(struct bulla_db_rows *rows, bool *row) {
  int result = step(rows->handle);
  *row = result == SQLITE_ROW;
  return status_of(((struct bulla_sqlite *)rows->db)->handle, result);
}

/* The bytes before their length: SQLite may convert a value as it hands it out. */
void bulla_sqlite_column(const struct bulla_db_rows *rows, size_t column, struct bulla_value *value) {
  int at = (int)column;
  const void *data = NULL;
  *value = (struct bulla_value){.type = BULLA_VALUE_OTHER};
  switch (sqlite3_column_type(rows->handle, at)) {
    case SQLITE_NULL:
      value->type = BULLA_VALUE_NULL;
      return;
    case SQLITE_INTEGER:
      value->type = BULLA_VALUE_INT;
      value->number = sqlite3_column_int64(rows->handle, at);
      return;
    case SQLITE_TEXT:
      value->type = BULLA_VALUE_TEXT;
      data = sqlite3_column_text(rows->handle, at);
      break;
    case SQLITE_BLOB:
      value->type = BULLA_VALUE_BLOB;
      data = sqlite3_column_blob(rows->handle, at);
      break;
    default:
      return;
  }
  int len = sqlite3_column_bytes(rows->handle, at);
  if (len < 0 || (data == NULL && len > 0)) {
    value->type = BULLA_VALUE_OTHER;
    return;
  }
  value->bytes = bulla_span(data, (size_t)len);
}

int64_t bulla_sqlite_changed(const struct bulla_db_rows *rows) {
  return sqlite3_changes(((const struct bulla_sqlite *)rows->db)->handle);
}

void bulla_sqlite_end(struct bulla_db_rows *rows) {
  if (rows->once) {
    sqlite3_finalize(rows->handle);
  } else if (rows->handle != NULL) {
    sqlite3_reset(rows->handle);
    sqlite3_clear_bindings(rows->handle);
  }
  rows->handle = NULL;
}

/* Tells of the bytes that are copied. SQLite does not know their number before the first step. Why a step failed may be
 * in errno alone, which whoever is told may change. */
static void tell_progress(sqlite3_backup *backup, const struct bulla_sqlite_copying *how, int64_t page_size) {
  int error = errno;
  int total = sqlite3_backup_pagecount(backup);
  if (how->progress != NULL) {
    how->progress(how->progress_arg, (total - sqlite3_backup_remaining(backup)) * page_size, total * page_size);
  }
  errno = error;
}

static enum bulla_status copy_pages(struct sqlite3 *to, struct sqlite3 *from, const struct bulla_sqlite_copying *how) {
  sqlite3_backup *backup = sqlite3_backup_init(to, "main", from, "main");
  if (backup == NULL) {
    return status_of(to, sqlite3_errcode(to));
  }
  int result;
  do {
    result = sqlite3_backup_step(backup, 1000);
    tell_progress(backup, how, PAGE_SIZE);
  } while (result == SQLITE_OK);
  sqlite3_backup_finish(backup);
  return status_of(to, result);
}

/* SQLite says "ok", or what is wrong. */
static enum bulla_status check_integrity(struct sqlite3 *handle) {
  struct sqlite3_stmt *statement = NULL;
  int result = sqlite3_prepare_v3(handle, "PRAGMA integrity_check(1)", -1, 0, &statement, NULL);
  result = result == SQLITE_OK ? sqlite3_step(statement) : result;
  const char *text = result == SQLITE_ROW ? (const char *)sqlite3_column_text(statement, 0) : NULL;
  bool good = text != NULL && strcmp(text, "ok") == 0;
  sqlite3_finalize(statement);
  return good ? BULLA_OK : bulla_explain(BULLA_NOT_A_VAULT, "the database is damaged: restore a backup");
}

static enum bulla_status copy_to(struct sqlite3 *handle, struct bulla_sqlite *from,
                                 const struct bulla_sqlite_copying *how) {
  /* The pages say WAL; the copy is written in one go, and is to have no file beside it. */
  BULLA_TRY(status_of(handle, sqlite3_exec(handle, "PRAGMA synchronous = FULL", NULL, NULL, NULL)));
  BULLA_TRY(copy_pages(handle, from->handle, how));
  if (how->mark != NULL) {
    BULLA_TRY(status_of(handle, sqlite3_exec(handle, how->mark, NULL, NULL, NULL)));
  }
  BULLA_TRY(check_integrity(handle));
  return status_of(handle, sqlite3_wal_checkpoint_v2(handle, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL));
}

enum bulla_status bulla_sqlite_copy(struct bulla_sqlite *sqlite, const char *path,
                                    const struct bulla_sqlite_copying *how) {
  struct sqlite3 *handle = NULL;
  int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_READWRITE;
  int result = sqlite3_open_v2(path, &handle, flags, NULL);
  enum bulla_status status = result == SQLITE_OK ? harden(handle) : status_of(handle, result);
  if (status == BULLA_OK) {
    status = copy_to(handle, sqlite, how);
  }
  sqlite3_close(handle);
  return status;
}
