/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The interface to the database, for every back end: connections, transactions, statements.
 *
 * A statement binds its parameters in order and returns its columns in order. Both remember a failure instead of
 * reporting each: a failed binding is reported by the next step, and a column of another type, too long or NULL gives
 * zero or an empty span and makes bulla_columns_good() false. So whatever was written to the database, a reader sees
 * values of the right type and within bounds, or one refusal. */

#ifndef BULLA_STORE_DB_H
#define BULLA_STORE_DB_H

#include "core/cleanup.h"
#include "core/cursor.h"
#include "store/db_driver.h"

#define BULLA_KEPT_MAX 24 /* columns of a row that bulla_statement_keep copies, at most */

/* bulla_db_check_url returns BULLA_UNSUPPORTED for a URL without a driver, and for a place that other programs would
 * read differently; BULLA_INVALID_ARGUMENT without a URL. */
BULLA_NODISCARD enum bulla_status bulla_db_check_url(const char *url);

/* bulla_db_url_is_public returns whether |url| is valid and may be shown: that of a server may contain a password. */
bool bulla_db_url_is_public(const char *url);

/* bulla_db_may_create also returns BULLA_EXISTS if there is something at |url|. */
BULLA_NODISCARD enum bulla_status bulla_db_may_create(const char *url);

/* bulla_db_create creates a vault's database at |url|, and calls |fill| to fill it. On failure nothing is left behind.
 */
BULLA_NODISCARD enum bulla_status bulla_db_create(const char *url, bulla_db_fill fill, void *arg);

/* bulla_db_upgrade replaces the tables of format 1 at |url| by those of the current one, which |refill| fills from
 * the old ones. A copy of those is made first, at |backup|, a place as in a URL, and stays. One transaction: on
 * failure the database is as before, and there is no copy. Returns BULLA_EXISTS for a vault of the current format, or
 * if there is something at |backup|. */
BULLA_NODISCARD enum bulla_status bulla_db_upgrade(const char *url, const char *backup, bulla_db_refill refill,
                                                   void *arg);

/* bulla_db_open connects |*db| to the database at |url|, which has the tables of a vault. If |read_only|,
 * nothing is written, even where it could be. One thread at a time may use it. bulla_db_open_another opens a second
 * connection to the database of |db|, for writing; |until| is that of bulla_db_set_until. */
BULLA_NODISCARD enum bulla_status bulla_db_open(struct bulla_db **db, const char *url, bool read_only);
BULLA_NODISCARD enum bulla_status bulla_db_open_another(struct bulla_db **another, const struct bulla_db *db,
                                                        int64_t until);

/* bulla_db_open_backup opens a backup at |place| of |driver|: no vault, or not yet. */
BULLA_NODISCARD enum bulla_status bulla_db_open_backup(struct bulla_db **db, const struct bulla_db_driver *driver,
                                                       const char *place, bool read_only);

/* A backup on its way to be the vault at a URL. */
struct bulla_db_loading {
  const struct bulla_db_driver *driver;
  const char *place;
  bool is_loaded; /* and not published */
  char draft[PATH_MAX];
};

/* bulla_db_loading_begin begins with a backup of a database of |kind|, for |url|, which must outlive |loading|. Returns
 * BULLA_UNSUPPORTED if |url| is for another kind, BULLA_EXISTS if something is there. bulla_db_load loads the first
 * |len| bytes of |file|; bulla_db_loaded returns where to open it. bulla_db_publish has it be the vault at the URL. */
BULLA_NODISCARD enum bulla_status bulla_db_loading_begin(struct bulla_db_loading *loading, const char *url,
                                                         struct bulla_span kind);
BULLA_NODISCARD enum bulla_status bulla_db_load(struct bulla_db_loading *loading, int file, int64_t len);
const char *bulla_db_loaded(const struct bulla_db_loading *loading);
BULLA_NODISCARD enum bulla_status bulla_db_publish(struct bulla_db_loading *loading);

/* bulla_db_withdraw removes what was loaded and not published. For BULLA_CLEANUP. */
void bulla_db_withdraw(struct bulla_db_loading *loading);

/* bulla_db_close closes |*db|. bulla_db_abandon is for a forked child, where the connection is the parent's. Both set
 * it to NULL. */
void bulla_db_close(struct bulla_db **db);
void bulla_db_abandon(struct bulla_db **db);

/* bulla_db_check returns BULLA_VAULT_MOVED unless the URL still leads to |db| and it sees what others write.
 * bulla_db_check_site checks only the first, and may run at the same time as anything else. */
BULLA_NODISCARD enum bulla_status bulla_db_check(struct bulla_db *db);
BULLA_NODISCARD enum bulla_status bulla_db_check_site(struct bulla_db *db);

/* bulla_db_check_whole returns BULLA_NOT_PERMITTED if the server shows this login the rows of one tenant alone. */
BULLA_NODISCARD enum bulla_status bulla_db_check_whole(const struct bulla_db *db);

/* bulla_db_check_login returns BULLA_NOT_PERMITTED unless |db| is for whom the vault is opened by: the actor of
 * |number|, or with 0 a root. A root would take what an actor's login is not shown for what is missing, and would write
 * to a lane that it cannot see; an actor finds its lanes by its own login, or by one that sees the whole vault. */
BULLA_NODISCARD enum bulla_status bulla_db_check_login(const struct bulla_db *db, int64_t number);

/* bulla_db_begin_call begins a call that has already waited |waited| milliseconds. */
void bulla_db_begin_call(struct bulla_db *db, int waited);

/* bulla_db_set_until has a server be given up that has not answered at |until|, in milliseconds of the monotonic clock
 * (store/clock.h): BULLA_UNREACHABLE. 0 leaves that to the driver. */
void bulla_db_set_until(struct bulla_db *db, int64_t until);

/* bulla_db_set_patience sets how long to wait for another writer before BULLA_BUSY. */
void bulla_db_set_patience(struct bulla_db *db, int milliseconds);

/* bulla_db_scrub leaves nothing in the database's files of what was deleted. Returns BULLA_BUSY while somebody reads an
 * older state of it. */
BULLA_NODISCARD enum bulla_status bulla_db_scrub(struct bulla_db *db);

/* bulla_db_examine tells what the driver finds, in a transaction for reading. */
BULLA_NODISCARD enum bulla_status bulla_db_examine(struct bulla_db *db, struct bulla_examination *examination);

/* A transaction is a pointer to its connection: bulla_db_begin begins one and sets it; bulla_db_commit makes it durable
 * and sets it to NULL; bulla_db_rollback undoes it unless it is NULL. Declared with BULLA_CLEANUP(bulla_db_rollback),
 * it is undone at every return before the commit. */
BULLA_NODISCARD enum bulla_status bulla_db_begin(struct bulla_db **transaction, struct bulla_db *db,
                                                 enum bulla_db_intent intent);
BULLA_NODISCARD enum bulla_status bulla_db_commit(struct bulla_db **transaction);
void bulla_db_rollback(struct bulla_db **transaction);

/* bulla_db_be_eager says that |db| is about to write much, or has done so: it does then itself what else is done by
 * whoever writes next. */
void bulla_db_be_eager(struct bulla_db *db, bool eager);

/* bulla_db_is_wanted returns whether another process is seen to wait for the end of this transaction. */
bool bulla_db_is_wanted(const struct bulla_db *db);

/* A statement in use. A connection has at most one statement of each query at a time. */
struct bulla_statement {
  struct bulla_db *db;
  enum bulla_query query;
  bool running;
  bool bad;
  struct bulla_db_rows rows;
  struct bulla_value *kept; /* the kept row, with its bytes after the values */
  size_t num_kept;
  size_t num_read;
  size_t num_bound;
  struct bulla_value bound[BULLA_BOUND_MAX];
};

/* bulla_statement returns a statement of |query| without parameters. It runs at the first step. */
static inline struct bulla_statement bulla_statement(struct bulla_db *db, enum bulla_query query) {
  return (struct bulla_statement){.db = db, .query = query};
}

/* bulla_statement_end releases rows and parameters. For BULLA_CLEANUP. */
void bulla_statement_end(struct bulla_statement *statement);

/* Bound values must stay valid and unchanged until the statement ends. */
void bulla_bind_int(struct bulla_statement *statement, int64_t number);
void bulla_bind_text(struct bulla_statement *statement, struct bulla_span text);
void bulla_bind_blob(struct bulla_statement *statement, struct bulla_span bytes);
void bulla_bind_null(struct bulla_statement *statement);

/* bulla_step moves to the next row and sets |*row| to whether there is one. The spans of the previous row become
 * invalid. Returns BULLA_EXISTS if a key exists already, BULLA_NOT_A_VAULT for a damaged database. */
BULLA_NODISCARD enum bulla_status bulla_step(struct bulla_statement *statement, bool *row);

/* bulla_statement_ahead has the back end begin with a statement whose rows are wanted later, if that saves time. Until
 * its end |statement| must stay where it is. */
void bulla_statement_ahead(struct bulla_statement *statement);

/* bulla_statement_keep copies the row and releases the database: the columns and their spans stay valid until the
 * statement ends, whatever is committed meanwhile. It is the last row. */
BULLA_NODISCARD enum bulla_status bulla_statement_keep(struct bulla_statement *statement);

/* bulla_finish runs a statement that returns no row. */
BULLA_NODISCARD enum bulla_status bulla_finish(struct bulla_statement *statement);

/* bulla_finish_counted is bulla_finish for one that changes rows: |*changed| is their number. */
BULLA_NODISCARD enum bulla_status bulla_finish_counted(struct bulla_statement *statement, int64_t *changed);

/* The next column of the row. Spans are valid until the next step or the end of the statement. */
int64_t bulla_column_int(struct bulla_statement *statement);
struct bulla_span bulla_column_text(struct bulla_statement *statement, size_t max_len);
struct bulla_span bulla_column_blob(struct bulla_statement *statement, size_t max_len);
/* bulla_column_exact is bulla_column_blob for one of exactly |len| bytes. */
struct bulla_span bulla_column_exact(struct bulla_statement *statement, size_t len);
/* bulla_column_bytes copies a blob of exactly |len| bytes, or |len| zeros. */
void bulla_column_bytes(struct bulla_statement *statement, uint8_t *bytes, size_t len);
/* bulla_column_null returns whether the next column is NULL, and skips it if it is. */
bool bulla_column_null(struct bulla_statement *statement);

/* bulla_columns_good returns whether all columns of this row were of the requested type and length. */
bool bulla_columns_good(const struct bulla_statement *statement);

#endif
