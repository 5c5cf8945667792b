/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The seam to the database: connections, transactions, statements. Nothing else in bulla sees SQLite.
 *
 * A statement binds its parameters in order and gives its columns in order. Both remember a failure instead of
 * reporting each: a failed binding shows at the next step, and a column that does not hold what was asked for
 * (another type, too long, NULL) gives zero or an empty span and shows in bulla_columns_good(). So whatever
 * somebody wrote into the file, a reader sees values of the right type and within bounds, or one refusal. */

#ifndef BULLA_STORE_SQL_H
#define BULLA_STORE_SQL_H

#include "core/cleanup.h"
#include "core/cursor.h"
#include "store/queries.h"
#include "store/site.h"
#include "store/turn.h"

struct sqlite3;
struct sqlite3_stmt;
struct sqlite3_value;

#define BULLA_SQL_COLUMNS 16 /* of a row that is kept, at most */

enum { BULLA_SQL_BEGIN, BULLA_SQL_BEGIN_IMMEDIATE, BULLA_SQL_COMMIT, BULLA_SQL_ROLLBACK, BULLA_SQL_CONTROLS };

/* A connection. Not for several threads at once; it stays where it is until it is closed. */
struct bulla_sql {
  struct sqlite3 *db;
  struct bulla_site site;
  struct bulla_turn turn;
  bool read_only;
  bool frozen; /* read without looking whether others write: good only as long as the files stay as they are */
  struct bulla_site_state state; /* of a frozen one, as it was opened */
  int patience;                  /* milliseconds to wait for others in one call */
  int left;                      /* of them in this one */
  uint8_t log_start[32]; /* of the -wal, as the last commit of this connection left it: it says which log it is */
  off_t log_len;
  int num_frames;                                    /* that the -wal held after the last commit of this connection */
  int checkpoint_at;                                 /* as many: the next that moves them into the database */
  struct sqlite3_stmt *controls[BULLA_SQL_CONTROLS]; /* of transactions */
  struct sqlite3_stmt *prepared[BULLA_NUM_QUERIES];
};

/* bulla_sql_open connects |sql| to the file at |path|, which must be there, with settings for a file that somebody else
 * may have written. Nothing is written to it. If it is |read_only| nothing can be, and it need not be in a place where
 * SQLite could put files beside it. Returns BULLA_VAULT_SHARED as well. On failure bulla_sql_close is still due. */
BULLA_NODISCARD enum bulla_status bulla_sql_open(struct bulla_sql *sql, const char *path, bool read_only);

/* bulla_sql_is_current says whether what a frozen connection reads is what is in the files; any other is. */
BULLA_NODISCARD bool bulla_sql_is_current(const struct bulla_sql *sql);

/* bulla_sql_settle switches a connection that may write to WAL, reads once, and notes which files it holds open then:
 * from now on each commit looks whether they are still where they were. */
BULLA_NODISCARD enum bulla_status bulla_sql_settle(struct bulla_sql *sql);

/* bulla_sql_empty_log moves all of the -wal into the database, durably. Returns BULLA_BUSY if others are at work. */
BULLA_NODISCARD enum bulla_status bulla_sql_empty_log(struct bulla_sql *sql);

/* bulla_sql_close ends what is open; a zeroed |sql| is fine. */
void bulla_sql_close(struct bulla_sql *sql);

/* bulla_sql_begin_call begins a call, of which |waited| milliseconds have gone by with waiting. */
void bulla_sql_begin_call(struct bulla_sql *sql, int waited);

/* bulla_sql_set_patience sets how long to wait for another writer before BULLA_BUSY. */
void bulla_sql_set_patience(struct bulla_sql *sql, int milliseconds);

/* bulla_sql_run runs |text| once, without parameters, and ignores the rows it gives. */
BULLA_NODISCARD enum bulla_status bulla_sql_run(struct bulla_sql *sql, const char *text);

/* bulla_sql_status says what |result|, of SQLite, means, and tells the log; bulla_sql_hook has a connection wait for
 * others and keep its -wal short. For the files of the seam alone. */
BULLA_NODISCARD enum bulla_status bulla_sql_status(struct sqlite3 *db, int result);
void bulla_sql_hook(struct bulla_sql *sql);

/* A transaction is a pointer to its connection: bulla_sql_write and bulla_sql_read begin one and set it,
 * bulla_sql_commit makes it durable and sets it to NULL, bulla_sql_rollback undoes it unless it is NULL.
 * Declared with BULLA_CLEANUP(bulla_sql_rollback), it is undone at every return before the commit. A writer
 * waits for other writers at once, not in the middle, and in turn; what revokes goes first, by
 * bulla_sql_write_first. A reader sees one state of the database to its end.
 *
 * bulla_sql_commit returns BULLA_VAULT_MOVED if the files are no longer where they were: before, with nothing
 * committed, or after, when what was committed is where nobody looks. */
BULLA_NODISCARD enum bulla_status bulla_sql_write(struct bulla_sql **transaction, struct bulla_sql *sql);
BULLA_NODISCARD enum bulla_status bulla_sql_write_first(struct bulla_sql **transaction, struct bulla_sql *sql);
BULLA_NODISCARD enum bulla_status bulla_sql_read(struct bulla_sql **transaction, struct bulla_sql *sql);
BULLA_NODISCARD enum bulla_status bulla_sql_commit(struct bulla_sql **transaction);
void bulla_sql_rollback(struct bulla_sql **transaction);

/* A statement in use. */
struct bulla_statement {
  struct sqlite3_stmt *handle;
  bool owned; /* not of the connection's prepared ones */
  struct sqlite3_value *kept[BULLA_SQL_COLUMNS];
  size_t num_kept;
  int num_bound;
  int num_read;
  int failure; /* of the first binding that failed */
  bool bad;
};

/* bulla_statement_begin readies |statement| for |query|, which is prepared once a connection. */
BULLA_NODISCARD enum bulla_status bulla_statement_begin(struct bulla_statement *statement, struct bulla_sql *sql,
                                                        enum bulla_query query);

/* bulla_statement_prepare readies |statement| for |text|, to be run once. For the schema alone. */
BULLA_NODISCARD enum bulla_status bulla_statement_prepare(struct bulla_statement *statement, struct bulla_sql *sql,
                                                          const char *text);

/* bulla_statement_control readies |statement| for a transaction's beginning or end. For the files of the seam alone. */
BULLA_NODISCARD enum bulla_status bulla_statement_control(struct bulla_statement *statement, struct bulla_sql *sql,
                                                          int control);

/* bulla_statement_end lets go of rows and parameters; a zeroed |statement| is fine. */
void bulla_statement_end(struct bulla_statement *statement);

/* What is bound must live until the statement ends. */
void bulla_bind_int(struct bulla_statement *statement, int64_t value);
void bulla_bind_text(struct bulla_statement *statement, struct bulla_span text);
void bulla_bind_blob(struct bulla_statement *statement, struct bulla_span bytes);
void bulla_bind_null(struct bulla_statement *statement);
/* bulla_bind_copy is bulla_bind_text of what may change before the statement ends. */
void bulla_bind_copy(struct bulla_statement *statement, struct bulla_span text);

/* bulla_step moves to the next row and says in |*row| whether there is one. The spans of the row before are gone.
 * Returns BULLA_EXISTS if a key is there already, BULLA_NOT_A_VAULT for a damaged file. */
BULLA_NODISCARD enum bulla_status bulla_step(struct bulla_statement *statement, bool *row);

/* bulla_statement_keep copies the row and lets go of the database: its columns can be read, and their spans are good,
 * until the statement ends, whatever is committed meanwhile. The next step would begin anew. */
BULLA_NODISCARD enum bulla_status bulla_statement_keep(struct bulla_statement *statement);

/* bulla_finish runs a statement that gives no row. */
BULLA_NODISCARD enum bulla_status bulla_finish(struct bulla_statement *statement);

/* The next column of the row. Spans live until the next step or the end of the statement. */
int64_t bulla_column_int(struct bulla_statement *statement);
struct bulla_span bulla_column_text(struct bulla_statement *statement, size_t max_len);
struct bulla_span bulla_column_blob(struct bulla_statement *statement, size_t max_len);
/* bulla_column_exact is bulla_column_blob for one of exactly |len| bytes. */
struct bulla_span bulla_column_exact(struct bulla_statement *statement, size_t len);
/* bulla_column_bytes copies a blob of exactly |len| bytes, or |len| zeros. */
void bulla_column_bytes(struct bulla_statement *statement, uint8_t *bytes, size_t len);
/* bulla_column_null says whether the next column is NULL, and passes over it if it is. */
bool bulla_column_null(struct bulla_statement *statement);

/* bulla_columns_good says whether all columns of this row have been what was asked for. */
bool bulla_columns_good(const struct bulla_statement *statement);

#endif
