/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* SQLite for the files of the driver: only store/db_sqlite.c includes sqlite3.h. Files, turns and tables are handled
 * above it. */

#ifndef BULLA_STORE_DB_SQLITE_H
#define BULLA_STORE_DB_SQLITE_H

#include "store/db_driver.h"
#include "store/site.h"
#include "store/turn.h"

struct sqlite3;
struct sqlite3_stmt;

enum bulla_sqlite_control {
  BULLA_SQLITE_BEGIN,
  BULLA_SQLITE_BEGIN_IMMEDIATE,
  BULLA_SQLITE_COMMIT,
  BULLA_SQLITE_ROLLBACK,
  BULLA_SQLITE_CONTROLS
};

/* How SQLite reaches the database. */
enum bulla_sqlite_access {
  BULLA_SQLITE_WRITE,
  BULLA_SQLITE_READ,
  BULLA_SQLITE_READ_ALONE, /* without locks: what is usually shared through a -shm stays in the connection */
  BULLA_SQLITE_READ_STILL, /* the database does not change, and has no -wal */
};

struct bulla_sqlite {
  struct bulla_db db;
  struct sqlite3 *handle;
  struct bulla_site site;
  struct bulla_turn turn;
  bool frozen;                   /* read without seeing other writers: valid only while the files do not change */
  struct bulla_site_state state; /* of a frozen one, when it was opened */
  uint8_t log_start[32];         /* of the -wal after the last commit of this connection: identifies the log */
  uint8_t log_seen[32];          /* of the -wal when it was last looked at */
  off_t log_len;
  int num_frames;     /* in the -wal after the last commit of this connection */
  int checkpoint_at;  /* the number at which the next checkpoint is made */
  bool is_eager;      /* it checkpoints before others have to */
  int waited_us;      /* less than a millisecond, that db.left does not show yet */
  bool has_changed;   /* it wrote more than records of uses, or may have */
  bool allows_cookie; /* it is not in SQLite's defensive mode, which keeps the schema cookie */
  bool is_marked;     /* its log has an image of the database's first page: store/db_sqlite_log.h */
  struct sqlite3_stmt *controls[BULLA_SQLITE_CONTROLS];
  struct sqlite3_stmt *prepared[BULLA_NUM_QUERIES];
};

/* bulla_sqlite_connect connects to the database of sqlite->site with settings for an untrusted file. Nothing is written
 * to it. On failure bulla_sqlite_disconnect must still be called. */
BULLA_NODISCARD enum bulla_status bulla_sqlite_connect(struct bulla_sqlite *sqlite, enum bulla_sqlite_access access);

/* bulla_sqlite_disconnect closes everything that is open in SQLite. */
void bulla_sqlite_disconnect(struct bulla_sqlite *sqlite);

/* bulla_sqlite_is_in_files returns whether its files are in the file system; bulla_sqlite_has_moved, whether the name
 * that it was opened by leads elsewhere. */
bool bulla_sqlite_is_in_files(struct bulla_sqlite *sqlite);
bool bulla_sqlite_has_moved(struct bulla_sqlite *sqlite);

/* bulla_sqlite_run runs |text| once, without parameters, and ignores its rows. bulla_sqlite_read_once checks that
 * the database can be read. */
BULLA_NODISCARD enum bulla_status bulla_sqlite_run(struct bulla_sqlite *sqlite, const char *text);
BULLA_NODISCARD enum bulla_status bulla_sqlite_read_once(struct bulla_sqlite *sqlite);

/* bulla_sqlite_control runs a transaction statement; bulla_sqlite_undo rolls back an open transaction, if there is one:
 * after some failures SQLite has rolled back itself. */
BULLA_NODISCARD enum bulla_status bulla_sqlite_control(struct bulla_sqlite *sqlite, enum bulla_sqlite_control control);
BULLA_NODISCARD enum bulla_status bulla_sqlite_undo(struct bulla_sqlite *sqlite);

/* bulla_sqlite_is_full returns whether the last call failed for lack of space. */
bool bulla_sqlite_is_full(struct bulla_sqlite *sqlite);

/* bulla_sqlite_wait waits a millisecond for others, or returns false if the call must wait no longer. */
bool bulla_sqlite_wait(struct bulla_sqlite *sqlite);

/* bulla_sqlite_checkpoint keeps the -wal short, after a commit. bulla_sqlite_restart_log moves as much of it as
 * possible into the database; bulla_sqlite_empty_log moves all of it, durably, or returns BULLA_BUSY if others use it.
 */
void bulla_sqlite_checkpoint(struct bulla_sqlite *sqlite);

/* bulla_sqlite_be_eager has a connection that writes much checkpoint what it wrote, so that those who write little need
 * not wait for that. */
void bulla_sqlite_be_eager(struct bulla_sqlite *sqlite, bool eager);
void bulla_sqlite_restart_log(struct bulla_sqlite *sqlite);
BULLA_NODISCARD enum bulla_status bulla_sqlite_empty_log(struct bulla_sqlite *sqlite);

/* bulla_sqlite_forget_pages has the next transaction read all anew. */
void bulla_sqlite_forget_pages(struct bulla_sqlite *sqlite);

/* bulla_sqlite_allow_cookie begins or ends that bulla_sqlite_set_cookie may be called. Not within a transaction: all
 * statements are to be prepared anew then, that for ROLLBACK too, for which there may be no memory. */
BULLA_NODISCARD enum bulla_status bulla_sqlite_allow_cookie(struct bulla_sqlite *sqlite, bool allow);

/* bulla_sqlite_set_cookie writes the schema cookie (https://www.sqlite.org/fileformat.html, section 1.3.9). All
 * connections read the schema anew then. */
BULLA_NODISCARD enum bulla_status bulla_sqlite_set_cookie(struct bulla_sqlite *sqlite, uint32_t cookie);

/* bulla_sqlite_keep_log has SQLite leave the -wal and -shm where they are when it closes the last connection, and what
 * is in the -wal there too; if it |moves| that, it is also written to the database, but not flushed. */
void bulla_sqlite_keep_log(struct bulla_sqlite *sqlite, bool moves);

/* How a database is copied. */
struct bulla_sqlite_copying {
  const char *mark; /* run in the copy, or NULL */
  bulla_progress_fn progress;
  void *progress_arg;
};

/* bulla_sqlite_copy copies the database into the empty file at |path|, checks the copy's integrity, and makes it
 * durable. In a transaction for reading it is of the one state that this sees. */
BULLA_NODISCARD enum bulla_status bulla_sqlite_copy(struct bulla_sqlite *sqlite, const char *path,
                                                    const struct bulla_sqlite_copying *how);

/* bulla_sqlite_ask runs |text|, which is not a query of store/queries.h. The others are functions of the driver. */
BULLA_NODISCARD enum bulla_status bulla_sqlite_ask(struct bulla_db_rows *rows, struct bulla_sqlite *sqlite,
                                                   const char *text);
BULLA_NODISCARD enum bulla_status bulla_sqlite_query(struct bulla_db_rows *rows, enum bulla_query query,
                                                     const struct bulla_value *values, size_t num);
BULLA_NODISCARD enum bulla_status bulla_sqlite_next(struct bulla_db_rows *rows, bool *row);
void bulla_sqlite_column(const struct bulla_db_rows *rows, size_t column, struct bulla_value *value);
int64_t bulla_sqlite_changed(const struct bulla_db_rows *rows);
void bulla_sqlite_end(struct bulla_db_rows *rows);

#endif
