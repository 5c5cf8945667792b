/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What a back end is: one table of functions, store/db_BACKEND_driver.c, which store/db.c calls. Nothing else does.
 *
 * A driver tells the log why something failed (core/log.h) where it knows more than the status says. It copies nothing
 * that it is given to bind, and what it gives out of a row is good until the next row. */

#ifndef BULLA_STORE_DB_DRIVER_H
#define BULLA_STORE_DB_DRIVER_H

#include <bulla/core.h>

#include "store/queries.h"

enum bulla_value_type { BULLA_VALUE_NULL, BULLA_VALUE_INT, BULLA_VALUE_TEXT, BULLA_VALUE_BLOB, BULLA_VALUE_OTHER };

/* What is bound, or stands in a column. */
struct bulla_value {
  enum bulla_value_type type;
  int64_t number;
  struct bulla_span bytes; /* of a text or a blob */
};

/* What a transaction is for. A writer waits for other writers at its beginning, not in the middle, and in turn; what
 * revokes goes first. A reader sees one state of the database to its end. */
enum bulla_db_intent { BULLA_DB_READ, BULLA_DB_WRITE, BULLA_DB_WRITE_FIRST };

struct bulla_db_driver;

/* A connection: the first member of the driver's own. */
struct bulla_db {
  const struct bulla_db_driver *driver;
  bool read_only;
  bool alone;   /* no other process can have the database open */
  int patience; /* milliseconds to wait for others in one call */
  int left;     /* of them in this one */
};

/* A query that has been asked. */
struct bulla_db_rows {
  struct bulla_db *db;
  void *handle; /* the driver's; NULL if nothing has been asked */
  size_t num_columns;
  bool once; /* it is not kept prepared */
};

/* Fills a database that has just been made, within the transaction that makes it. */
typedef enum bulla_status (*bulla_db_fill)(void *arg, struct bulla_db *db);

/* |place| is what stands in the URL behind the scheme. On failure a driver has nothing open, and has made nothing. */
struct bulla_db_driver {
  const char *scheme;   /* with its colon */
  bool place_is_public; /* others may hold a password */

  /* check_place returns BULLA_UNSUPPORTED for what is no place by its form. may_create returns BULLA_EXISTS if
   * something is there. */
  enum bulla_status (*check_place)(const char *place);
  enum bulla_status (*may_create)(const char *place);

  /* create makes the tables and has |fill| fill them. When it returns BULLA_OK all of it is durable. */
  enum bulla_status (*create)(const char *place, bulla_db_fill fill, void *arg);

  /* open connects, for reading alone if that is asked for or all that is allowed, looks at nothing and writes nothing.
   * check_schema returns BULLA_OK if there are the tables of a vault and nothing else, BULLA_NEWER_VAULT if a later
   * bulla made them, BULLA_NOT_A_VAULT, and writes nothing. After settle it can be worked with. */
  enum bulla_status (*open)(struct bulla_db **db, const char *place, bool read_only);
  enum bulla_status (*check_schema)(struct bulla_db *db);
  enum bulla_status (*settle)(struct bulla_db *db);

  /* open_another opens the database that |db| has open, for writing too, whatever its URL leads to now. */
  enum bulla_status (*open_another)(struct bulla_db **another, const struct bulla_db *db);

  /* close ends what is open. abandon is for a child that was forked since, where the connection is its parent's: it
   * lets go of what must not outlive the parent there, and of nothing else. */
  void (*close)(struct bulla_db *db);
  void (*abandon)(struct bulla_db *db);

  /* check_site returns BULLA_VAULT_MOVED unless the URL leads to what was opened, now and at each check before; it may
   * be called beside anything else. check_current returns it if the connection does not see what others write. */
  enum bulla_status (*check_site)(struct bulla_db *db);
  enum bulla_status (*check_current)(struct bulla_db *db);

  /* commit makes the transaction durable where the URL leads to, or returns BULLA_VAULT_MOVED: before, with nothing
   * committed, or after, when what was committed is where nobody looks; |*ended| says that there is nothing to undo.
   * rollback undoes it, if there is one. */
  enum bulla_status (*begin)(struct bulla_db *db, enum bulla_db_intent intent);
  enum bulla_status (*commit)(struct bulla_db *db, bool *ended);
  void (*rollback)(struct bulla_db *db);

  /* query asks |query| of rows->db, with |num| values in the order of its parameters, which outlive |rows|. next moves
   * to the next row: BULLA_EXISTS if a key is there already, BULLA_NOT_A_VAULT for a damaged database. column gives a
   * value of that row. end lets go. */
  enum bulla_status (*query)(struct bulla_db_rows *rows, enum bulla_query query, const struct bulla_value *values,
                             size_t num);
  enum bulla_status (*next)(struct bulla_db_rows *rows, bool *row);
  void (*column)(const struct bulla_db_rows *rows, size_t column, struct bulla_value *value);
  void (*end)(struct bulla_db_rows *rows);
};

#endif
