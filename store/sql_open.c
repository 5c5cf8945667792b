/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/sql.h: opening a file that somebody else may have written, and closing it. */

#include "store/sql.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/log.h"
#include "store/file.h"

enum { PATIENCE_MS = 5000 };
enum { ALONE_MS = 1000 }; /* that others who are about to open the database have for it */
#define KEEP_WAL_BYTES "PRAGMA journal_size_limit = 8388608"

/* Against what a hostile file could make SQLite do: a limit on everything, no attached files, no triggers, views
 * or functions from its schema, no rewriting of its schema by SQL. */
static enum bulla_status harden(struct sqlite3 *db) {
  static const struct {
    int id;
    int value;
  } limits[] = {
      {SQLITE_LIMIT_LENGTH, 1 << 20},     {SQLITE_LIMIT_SQL_LENGTH, 1 << 16}, {SQLITE_LIMIT_COLUMN, 64},
      {SQLITE_LIMIT_EXPR_DEPTH, 64},      {SQLITE_LIMIT_COMPOUND_SELECT, 2},  {SQLITE_LIMIT_VDBE_OP, 25000},
      {SQLITE_LIMIT_FUNCTION_ARG, 8},     {SQLITE_LIMIT_ATTACHED, 0},         {SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 50},
      {SQLITE_LIMIT_VARIABLE_NUMBER, 32}, {SQLITE_LIMIT_TRIGGER_DEPTH, 1},    {SQLITE_LIMIT_WORKER_THREADS, 0},
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
    sqlite3_limit(db, limits[i].id, limits[i].value);
  }
  for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
    int result = sqlite3_db_config(db, settings[i].id, settings[i].value, (int *)NULL);
    if (result != SQLITE_OK) {
      return bulla_sql_status(db, result);
    }
  }
  return BULLA_OK;
}

/* The unix file systems of SQLite keep their files in the file system; another one, as a test may register, need
 * not. */
static bool is_in_files(struct sqlite3 *db) {
  sqlite3_vfs *vfs = NULL;
  return sqlite3_file_control(db, "main", SQLITE_FCNTL_VFS_POINTER, (void *)&vfs) == SQLITE_OK && vfs != NULL &&
         strncmp(vfs->zName, "unix", 4) == 0;
}

static enum bulla_status set_up(struct bulla_sql *sql, bool alone) {
  static const char *const pragmas[] = {
      "PRAGMA synchronous = FULL", "PRAGMA cell_size_check = ON", "PRAGMA mmap_size = 0",
      "PRAGMA secure_delete = ON", "PRAGMA temp_store = MEMORY",  KEEP_WAL_BYTES,
  };
  bulla_sql_hook(sql);
  BULLA_TRY(harden(sql->db));
  if (alone) {
    BULLA_TRY(bulla_sql_run(sql, "PRAGMA locking_mode = EXCLUSIVE"));
  }
  for (size_t i = 0; i < sizeof(pragmas) / sizeof(pragmas[0]); i++) {
    BULLA_TRY(bulla_sql_run(sql, pragmas[i]));
  }
  return BULLA_OK;
}

/* Connects by |vfs|, or by the one of the process if it is NULL. With a file system that locks nothing the connection
 * is |alone|: it keeps to itself what others would share with it by a -shm. */
static enum bulla_status connect_to(struct bulla_sql *sql, const char *name, int flags, const char *vfs) {
  flags |= SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE;
  int result = sqlite3_open_v2(name, &sql->db, flags, vfs);
  return result == SQLITE_OK ? set_up(sql, vfs != NULL) : bulla_sql_status(sql->db, result);
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

static enum bulla_status read_once(struct bulla_sql *sql) {
  return bulla_sql_run(sql, "SELECT count(*) FROM sqlite_schema");
}

/* Waits until nobody else has a lock on |file|, or, if |shm| appears, has one who opened the database by this name. */
static bool is_ours_alone(sqlite3_file *file, const char *shm) {
  for (int tries = 0; tries < ALONE_MS; tries++) {
    int result = file->pMethods->xLock(file, SQLITE_LOCK_SHARED);
    if (result == SQLITE_OK) {
      result = file->pMethods->xLock(file, SQLITE_LOCK_EXCLUSIVE);
    }
    file->pMethods->xUnlock(file, SQLITE_LOCK_NONE);
    if (result == SQLITE_OK || access(shm, F_OK) == 0) {
      return true;
    }
    sqlite3_sleep(1);
  }
  return false;
}

/* Without a -shm nobody has the database open by this name. Who has it open by another, since it was moved, holds a
 * lock on the file, and writes a -wal that is not the one beside it. The lock is asked for by SQLite's own file,
 * since closing any other would take those from the process that its connections have. */
static enum bulla_status check_alone(struct bulla_sql *sql) {
  char shm[PATH_MAX];
  char name[PATH_MAX + 2] = {0}; /* SQLite looks for parameters behind the first NUL */
  sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
  if (vfs == NULL || strncmp(vfs->zName, "unix", 4) != 0) {
    return BULLA_OK;
  }
  if (!bulla_site_sidecar(shm, &sql->site, BULLA_SITE_SHM)) {
    return BULLA_TOO_LARGE;
  }
  if (access(shm, F_OK) == 0) {
    return BULLA_OK;
  }
  sqlite3_file *file = calloc(1, (size_t)vfs->szOsFile);
  if (file == NULL) {
    return BULLA_NO_MEMORY;
  }
  memcpy(name, sql->site.path, strlen(sql->site.path));
  enum bulla_status status = BULLA_IO;
  if (vfs->xOpen(vfs, name, file, SQLITE_OPEN_READWRITE | SQLITE_OPEN_MAIN_DB, NULL) == SQLITE_OK) {
    status =
        is_ours_alone(file, shm)
            ? BULLA_OK
            : bulla_explain(BULLA_VAULT_SHARED,
                            "another process has the database open by a name that it had before: stop that process");
  }
  if (file->pMethods != NULL) {
    file->pMethods->xClose(file);
  }
  free(file);
  return status;
}

/* Where nothing can be written SQLite cannot share what it knows of the -wal with others. If somebody who can has
 * left it a -shm, it is read; otherwise nobody else is there now, and the -wal, if there is one, is read by this
 * connection alone, for as long as the files stay as they are. */
static enum bulla_status open_to_read(struct bulla_sql *sql) {
  char name[PATH_MAX];
  char uri[4 * PATH_MAX];
  struct stat seen;
  if (connect_to(sql, sql->site.path, SQLITE_OPEN_READONLY, NULL) == BULLA_OK && read_once(sql) == BULLA_OK) {
    return BULLA_OK;
  }
  sqlite3_close(sql->db);
  sql->db = NULL;
  sql->frozen = true;
  if (!bulla_site_sidecar(name, &sql->site, BULLA_SITE_WAL) || !immutable_uri(uri, sql->site.path)) {
    return BULLA_TOO_LARGE;
  }
  bulla_site_state(&sql->site, &sql->state);
  if (stat(name, &seen) == 0 && seen.st_size > 0) {
    return connect_to(sql, sql->site.path, SQLITE_OPEN_READONLY, "unix-none");
  }
  return connect_to(sql, uri, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL);
}

bool bulla_sql_is_current(const struct bulla_sql *sql) {
  struct bulla_site_state now;
  if (!sql->frozen) {
    return true;
  }
  bulla_site_state(&sql->site, &now);
  return memcmp(&now, &sql->state, sizeof(now)) == 0;
}

enum bulla_status bulla_sql_open(struct bulla_sql *sql, const char *path, bool read_only) {
  memset(sql, 0, sizeof(*sql));
  sql->turn.file = -1;
  sql->read_only = read_only;
  bulla_sql_set_patience(sql, PATIENCE_MS);
  BULLA_TRY(bulla_site_begin(&sql->site, path));
  if (!read_only) {
    BULLA_TRY(check_alone(sql));
  }
  enum bulla_status status =
      read_only ? open_to_read(sql) : connect_to(sql, sql->site.path, SQLITE_OPEN_READWRITE, NULL);
  if (status == BULLA_OK) {
    status = read_once(sql);
  }
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

void bulla_sql_close(struct bulla_sql *sql) {
  for (size_t i = 0; i < BULLA_SQL_CONTROLS; i++) {
    sqlite3_finalize(sql->controls[i]);
  }
  for (size_t i = 0; i < BULLA_NUM_QUERIES; i++) {
    sqlite3_finalize(sql->prepared[i]);
  }
  sqlite3_close(sql->db);
  if (sql->db != NULL) {
    bulla_file_close(&sql->turn.file);
  }
  memset(sql, 0, sizeof(*sql));
  sql->turn.file = -1;
}
