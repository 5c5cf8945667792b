/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/sql.h: transactions. store/sql_open.c, store/sql.c and store/statement.c alone include sqlite3.h. */

#include "store/sql.h"

#include <errno.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/log.h"
#include "store/file.h"

/* Frames of the -wal, a page of 4 KiB and 24 bytes each: from when they are moved into the database, from when those
 * who read an older state are waited for, and how many may come before the next try. */
enum { CHECKPOINT_FRAMES = 1000, INSIST_FRAMES = 1500, FRAMES_BETWEEN = 100, INSIST_MS = 100 };

enum { TURN_MS = 500 /* that the turn is waited for */ };

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

/* What callers may expect is for them to explain; of the rest SQLite has more to say. Its texts are of the schema and
 * of the system, not of values. */
enum bulla_status bulla_sql_status(struct sqlite3 *db, int result) {
  enum bulla_status status = class_of(db, result);
  if (status != BULLA_OK && status != BULLA_EXISTS && status != BULLA_BUSY && db != NULL) {
    bulla_explain(status, "SQLite: %s (%d)", sqlite3_errmsg(db), result);
  }
  return status;
}

/* Others are waited for by short looks, each of which may be the one: long ones let those who are quicker go first. */
static bool wait_a_little(struct bulla_sql *sql) {
  struct timespec before;
  struct timespec after;
  if (sql->left <= 0) {
    return false;
  }
  (void)clock_gettime(CLOCK_MONOTONIC, &before);
  sqlite3_sleep(1);
  (void)clock_gettime(CLOCK_MONOTONIC, &after);
  int64_t us = (after.tv_sec - before.tv_sec) * INT64_C(1000000) + (after.tv_nsec - before.tv_nsec) / 1000;
  /* A signal ends a pause early; a file system of the process's own only pretends to sleep. */
  bool is_whole = us >= 900 || sql->turn.file < 0;
  sql->left -= is_whole ? (int)(us / 1000 > 1 ? us / 1000 : 1) : 0;
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

void bulla_sql_hook(struct bulla_sql *sql) {
  sql->checkpoint_at = CHECKPOINT_FRAMES;
  sqlite3_busy_handler(sql->db, on_busy, sql);
  sqlite3_wal_hook(sql->db, on_commit, sql);
}

/* Moves the -wal into the database, as far as |mode| and others let it. */
static void move_log(struct bulla_sql *sql, int mode) {
  int left = sql->left;
  sql->left = INSIST_MS;
  int result = sqlite3_wal_checkpoint_v2(sql->db, NULL, mode, NULL, NULL);
  sql->left = left;
  if (result != SQLITE_OK && result != SQLITE_BUSY) {
    bulla_warn(bulla_sql_status(sql->db, result), "the log of changes (-wal) could not be moved into the database");
  }
}

/* Keeps the -wal short. It can begin anew only when all of it is in the database and nobody reads from it. That it
 * could not is no failure of what has been committed. */
static void checkpoint(struct bulla_sql *sql) {
  if (sql->num_frames < sql->checkpoint_at) {
    return;
  }
  move_log(sql, sql->num_frames < INSIST_FRAMES ? SQLITE_CHECKPOINT_PASSIVE : SQLITE_CHECKPOINT_RESTART);
  sql->checkpoint_at = sql->num_frames + FRAMES_BETWEEN;
}

enum bulla_status bulla_sql_empty_log(struct bulla_sql *sql) {
  int in_log = 0;
  int moved = 0;
  sql->left = sql->patience;
  int result = sqlite3_wal_checkpoint_v2(sql->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, &in_log, &moved);
  BULLA_TRY(bulla_sql_status(sql->db, result));
  return in_log == moved ? BULLA_OK : BULLA_BUSY;
}

void bulla_sql_set_patience(struct bulla_sql *sql, int milliseconds) {
  sql->patience = milliseconds;
  sql->left = milliseconds;
}

void bulla_sql_begin_call(struct bulla_sql *sql, int waited) {
  sql->left = waited < sql->patience ? sql->patience - waited : 0;
}

enum bulla_status bulla_sql_run(struct bulla_sql *sql, const char *text) {
  struct sqlite3_stmt *handle = NULL;
  int result = sqlite3_prepare_v3(sql->db, text, -1, 0, &handle, NULL);
  if (result == SQLITE_OK) {
    do {
      result = sqlite3_step(handle);
    } while (result == SQLITE_ROW);
  }
  enum bulla_status status = bulla_sql_status(sql->db, result);
  sqlite3_finalize(handle);
  return status;
}

/* Undoes the transaction that is open, if one is: SQLite has rolled back by itself after some failures. */
static enum bulla_status undo(struct bulla_sql *sql) {
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) = {0};
  BULLA_TRY(bulla_statement_control(&statement, sql, BULLA_SQL_ROLLBACK));
  return sqlite3_get_autocommit(sql->db) == 0 ? bulla_finish(&statement) : BULLA_OK;
}

static enum bulla_status begin(struct bulla_sql **transaction, struct bulla_sql *sql, int control) {
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) = {0};
  BULLA_TRY(bulla_statement_control(&statement, sql, control));
  BULLA_TRY(bulla_finish(&statement));
  *transaction = sql;
  return BULLA_OK;
}

/* Waits for the turn, but not for ever: whoever has it may have been stopped, and then the write lock, which is what
 * counts, is to be had without it. */
static void take_turn(struct bulla_sql *sql, bool first) {
  int enough = sql->left - TURN_MS;
  if (first) {
    bulla_turn_announce(&sql->turn);
  }
  while (!bulla_turn_try(&sql->turn, first) && sql->left > enough && wait_a_little(sql)) {
  }
}

static enum bulla_status begin_to_write(struct bulla_sql **transaction, struct bulla_sql *sql, bool first) {
  if (sql->read_only) {
    return bulla_explain(BULLA_READ_ONLY, "the vault could only be opened for reading");
  }
  /* What undoes is prepared before there is anything to undo: later there may be no memory for it. */
  BULLA_TRY(undo(sql));
  take_turn(sql, first);
  enum bulla_status status = begin(transaction, sql, BULLA_SQL_BEGIN_IMMEDIATE);
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
  BULLA_TRY(undo(sql));
  return begin(transaction, sql, BULLA_SQL_BEGIN);
}

static enum bulla_status commit(struct bulla_sql *sql) {
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) = {0};
  BULLA_TRY(bulla_statement_control(&statement, sql, BULLA_SQL_COMMIT));
  return bulla_finish(&statement);
}

/* Looks at the -wal itself, which somebody may have emptied or written over in its place. After a commit it has a
 * beginning; and as long as that is the same it does not become shorter. */
static enum bulla_status check_log(struct bulla_sql *sql, bool committed) {
  static const uint8_t magic[] = {0x37, 0x7f, 0x06}; /* https://www.sqlite.org/fileformat.html, section 4.1 */
  uint8_t start[sizeof(sql->log_start)];
  struct stat seen;
  if (sql->turn.file < 0) {
    return BULLA_OK;
  }
  if (fstat(sql->turn.file, &seen) != 0) {
    return bulla_file_status(errno);
  }
  bool begun = pread(sql->turn.file, start, sizeof(start), 0) == (ssize_t)sizeof(start) &&
               memcmp(start, magic, sizeof(magic)) == 0;
  bool shorter = begun && memcmp(start, sql->log_start, sizeof(start)) == 0 && seen.st_size < sql->log_len;
  if (shorter || (committed && !begun)) {
    return bulla_site_lose(&sql->site, "was emptied or written over");
  }
  if (committed) {
    memcpy(sql->log_start, start, sizeof(start));
    sql->log_len = seen.st_size;
  }
  return BULLA_OK;
}

enum bulla_status bulla_sql_commit(struct bulla_sql **transaction) {
  struct bulla_sql *sql = *transaction;
  BULLA_TRY(bulla_site_check(&sql->site));
  BULLA_TRY(check_log(sql, false));
  BULLA_TRY(commit(sql));
  *transaction = NULL;
  BULLA_TRY(bulla_site_check(&sql->site));
  BULLA_TRY(check_log(sql, true));
  checkpoint(sql);
  return BULLA_OK;
}

void bulla_sql_rollback(struct bulla_sql **transaction) {
  struct bulla_sql *sql = *transaction;
  *transaction = NULL;
  if (sql != NULL) {
    bool is_full = (sqlite3_errcode(sql->db) & 0xff) == SQLITE_FULL;
    enum bulla_status ignored = undo(sql);
    (void)ignored;
    if (is_full) {
      /* What is in the -wal already needs no more room in the database than it has, and the next has the -wal's. */
      move_log(sql, SQLITE_CHECKPOINT_RESTART);
    }
  }
}
