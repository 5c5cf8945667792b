/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* A back end: a table of functions, store/db_BACKEND_driver.c, called only by store/db.c.
 *
 * A driver logs why something failed (core/log.h) where it knows more than the status says. It does not copy bound
 * values, and what it returns from a row is valid until the next row. */

#ifndef BULLA_STORE_DB_DRIVER_H
#define BULLA_STORE_DB_DRIVER_H

#include <limits.h>

#include <bulla/store.h>

#include "store/queries.h"

enum bulla_value_type { BULLA_VALUE_NULL, BULLA_VALUE_INT, BULLA_VALUE_TEXT, BULLA_VALUE_BLOB, BULLA_VALUE_OTHER };

/* A bound value, or that of a column. */
struct bulla_value {
  enum bulla_value_type type;
  int64_t number;
  struct bulla_span bytes; /* of a text or a blob */
};

/* What a transaction is for. A writer waits for other writers at its beginning, in turn; revocations go first.
 * BULLA_DB_WRITE_RECORDS is for one that writes what belongs to records of uses, and nothing else. A reader sees one
 * state of the database until its end. BULLA_DB_APPEND is for a driver with has_lanes: it waits for
 * nobody, and only appends records to a lane that others leave alone, and looks up what they are about. A record that
 * is there already fails with BULLA_EXISTS then. */
enum bulla_db_intent { BULLA_DB_READ, BULLA_DB_WRITE, BULLA_DB_WRITE_FIRST, BULLA_DB_WRITE_RECORDS, BULLA_DB_APPEND };

struct bulla_db_driver;
struct bulla_examination; /* store/examine.h */

/* A connection: the first member of the driver's own structure. */
struct bulla_db {
  const struct bulla_db_driver *driver;
  _Atomic bool read_only;
  bool is_partial;  /* the server shows it the rows of one tenant alone, and lets it write nothing */
  int64_t actor;    /* the number of the actor whose login the server takes it for, 0 for none */
  bool alone;       /* no other process can have the database open */
  bool is_backup;   /* it is no vault before the driver has adopted it */
  int patience;     /* milliseconds to wait for others in one call */
  int left;         /* of them left in this call */
  int64_t connects; /* how often it was connected: since the last time another server may be at the other end */
  int64_t until;    /* of the monotonic clock, in milliseconds: when an answer is too late; 0 if nobody says */
};

/* A running query. */
struct bulla_db_rows {
  struct bulla_db *db;
  void *handle; /* the driver's; NULL if no query runs */
  size_t num_columns;
  bool once;     /* it is not kept as a prepared statement */
  int num_given; /* rows, of a driver that has all at once */
  bool is_ahead; /* it was sent ahead, and its outcome was not looked at yet */
  int status;    /* that outcome, a bulla_status */
};

/* Fills a new database, inside the transaction that creates it. */
typedef enum bulla_status (*bulla_db_fill)(void *arg, struct bulla_db *db);

/* Fills the tables of a database anew from |old|, which has format 1, inside the transaction that replaces them. */
typedef enum bulla_status (*bulla_db_refill)(void *arg, struct bulla_db *db, struct bulla_db *old);

/* |place| is the URL without the scheme. On failure a driver has nothing open and has created nothing. */
struct bulla_db_driver {
  const char *scheme;   /* with its colon */
  bool place_is_public; /* others may contain a password */
  bool has_lanes;       /* several processes can write side by side, if each has a lane of the log */
  bool backup_opens;    /* a backup is itself a database, which can be opened where it is; else loading it may do
                         * whatever the backup says, so that it must be the vault's */
  const char *kind;     /* of database, as a backup names it: drivers of one kind read each other's */

  /* check_place returns BULLA_UNSUPPORTED for a malformed place. may_create returns BULLA_EXISTS if something is
   * there. */
  enum bulla_status (*check_place)(const char *place);
  enum bulla_status (*may_create)(const char *place);

  /* create creates the tables and calls |fill|. When it returns BULLA_OK, everything is durable. */
  enum bulla_status (*create)(const char *place, bulla_db_fill fill, void *arg);

  /* open connects, read-only if requested or if writing is not allowed. It reads and writes nothing. check_schema
   * returns BULLA_OK if the database has exactly the tables of a vault, BULLA_NEWER_VAULT if a later bulla made them,
   * else BULLA_NOT_A_VAULT; it writes nothing. After settle the connection is ready for use. */
  enum bulla_status (*open)(struct bulla_db **db, const char *place, bool read_only);
  enum bulla_status (*check_schema)(struct bulla_db *db);
  enum bulla_status (*settle)(struct bulla_db *db);

  /* For the upgrade from format 1. check_older is check_schema for that format; it returns BULLA_EXISTS for a vault of
   * the current one. copy makes a copy of the database at |place|, which may not exist, whole and durable or not at
   * all, and checks that it can be read. discard removes a database. replace_schema replaces the tables of format 1 by
   * empty ones of the current format, inside the caller's transaction. */
  enum bulla_status (*check_older)(struct bulla_db *db);
  enum bulla_status (*copy)(struct bulla_db *db, const char *place);
  void (*discard)(const char *place);
  enum bulla_status (*replace_schema)(struct bulla_db *db);

  /* For backups. back_up writes one, durably, to the empty file at |path|: of the state that the caller's transaction
   * for reading sees, and checks it as far as it can be checked without a key. What it is of does not open as a vault:
   * db->is_backup is set between open and check_schema. */
  enum bulla_status (*back_up)(struct bulla_db *db, const char *path, bulla_progress_fn progress, void *arg);

  /* load brings the first |len| bytes of the open |file|, a backup, to where it can be opened and written to: at
   * |draft|, or at |place| itself if that stays empty. adopt makes a vault of it, inside the caller's transaction.
   * publish gives the vault its place once it is closed; withdraw removes what load has made. */
  enum bulla_status (*load)(char draft[PATH_MAX], const char *place, int file, int64_t len);
  enum bulla_status (*adopt)(struct bulla_db *db);
  enum bulla_status (*publish)(const char *place, const char *draft);
  void (*withdraw)(const char *place, const char *draft);

  /* open_another opens the database of |db| again, also for writing, wherever its URL leads to now, and sets |until| in
   * it. A driver of files need not look at that. */
  enum bulla_status (*open_another)(struct bulla_db **another, const struct bulla_db *db, int64_t until);

  /* close closes everything. abandon is for a forked child, where the connection is the parent's: it releases only what
   * must not outlive the parent there. */
  void (*close)(struct bulla_db *db);
  void (*abandon)(struct bulla_db *db);

  /* check_site returns BULLA_VAULT_MOVED unless the URL leads to what was opened, now and at every earlier check; it
   * may run at the same time as anything else. check_current returns it if the connection does not see what others
   * write. */
  enum bulla_status (*check_site)(struct bulla_db *db);
  enum bulla_status (*check_current)(struct bulla_db *db);

  /* commit makes the transaction durable where the URL leads to. It returns BULLA_VAULT_MOVED with nothing committed,
   * or after committing to a file that the URL no longer leads to; |*ended| then says that there is nothing to roll
   * back. rollback undoes the transaction, if there is one. */
  enum bulla_status (*begin)(struct bulla_db *db, enum bulla_db_intent intent);
  enum bulla_status (*commit)(struct bulla_db *db, bool *ended);
  void (*rollback)(struct bulla_db *db);

  /* be_eager says that the connection is about to write much, or has done so; NULL where that is no matter. */
  void (*be_eager)(struct bulla_db *db, bool eager);

  /* is_wanted returns whether another process waits for the end of a writer's transaction; NULL where that cannot be
   * seen. */
  bool (*is_wanted)(const struct bulla_db *db);

  /* query starts |query| on rows->db, with |num| values in the order of its parameters, which outlive |rows|. next
   * moves to the next row: BULLA_EXISTS if a key exists already, BULLA_NOT_A_VAULT for a damaged database. column
   * returns a value of that row. changed returns how many rows a finished query has changed; a driver that learns
   * that only as it commits says 1, and fails then. end releases the query. */
  enum bulla_status (*query)(struct bulla_db_rows *rows, enum bulla_query query, const struct bulla_value *values,
                             size_t num);
  enum bulla_status (*next)(struct bulla_db_rows *rows, bool *row);
  void (*column)(const struct bulla_db_rows *rows, size_t column, struct bulla_value *value);
  /* ahead is query without waiting for its outcome, which the first next gives; NULL where waiting costs nothing.
   * |rows| stays where it is until its end. */
  enum bulla_status (*ahead)(struct bulla_db_rows *rows, enum bulla_query query, const struct bulla_value *values,
                             size_t num);
  int64_t (*changed)(const struct bulla_db_rows *rows);
  void (*end)(struct bulla_db_rows *rows);

  /* scrub removes from the files what was deleted in the database; outside a transaction. */
  enum bulla_status (*scrub)(struct bulla_db *db);

  /* examine tells what it finds, inside the caller's transaction for reading. */
  enum bulla_status (*examine)(struct bulla_db *db, struct bulla_examination *examination);
};

#endif
