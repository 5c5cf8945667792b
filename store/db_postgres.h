/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* libpq for the files of the driver: only store/db_postgres.c includes libpq-fe.h. What a server sends is as untrusted
 * as a file: it is read as rows of typed values, of bounded length where they are used. */

#ifndef BULLA_STORE_DB_POSTGRES_H
#define BULLA_STORE_DB_POSTGRES_H

#include "store/db_driver.h"

#define BULLA_POSTGRES_PARAMETERS 12
#define BULLA_POSTGRES_AWAITED 256

/* A connection, or the wish for one: what was lost is connected anew where the next transaction begins. */
struct bulla_postgres {
  struct bulla_db db;
  char *uri; /* of libpq; it may contain a password */
  size_t uri_len;
  bool only_reads;                     /* asked to */
  bool allows_no_fsync;                /* the URL takes a server that does not sync */
  void *connection;                    /* NULL if there is none */
  bool is_known;                       /* its tables were compared with bulla's, for as long as it is connected */
  bool in_transaction;                 /* as this side knows */
  bool is_pooled;                      /* by something that hands on another server connection for each transaction */
  bool warned;                         /* the server has sent a warning since this was reset */
  bool is_prepared[BULLA_NUM_QUERIES]; /* by this connection */
  bool is_taking;                      /* outcomes of what is awaited, at this moment */
  bool has_failed;                     /* a command in this transaction did */
  bool is_piping;                      /* libpq is in pipeline mode, as it is in a transaction after its beginning */
  /* What was sent in it whose outcome was not taken yet, in its order; NULL if nobody wants to see it.
   * Its statement has ended otherwise only under the lock of the vault. */
  struct bulla_db_rows *awaited[BULLA_POSTGRES_AWAITED];
  size_t num_awaited;
  int answer_ms; /* that the server has for an answer, beyond what it may wait for others */
};

/* bulla_postgres_check_place returns BULLA_UNSUPPORTED for a |place| that libpq does not take, or if there is no libpq.
 * It connects to nothing. */
BULLA_NODISCARD enum bulla_status bulla_postgres_check_place(const char *place);

/* bulla_postgres_new allocates one for |place|. bulla_postgres_free closes it and wipes the URI. */
BULLA_NODISCARD enum bulla_status bulla_postgres_new(struct bulla_postgres **postgres, const char *place);
void bulla_postgres_free(struct bulla_postgres *postgres);

/* bulla_postgres_connect connects unless that is so, and checks that the server keeps what it acknowledges: returns
 * BULLA_UNSUPPORTED for one that does not. Sets db.read_only if nothing can be written there. */
BULLA_NODISCARD enum bulla_status bulla_postgres_connect(struct bulla_postgres *postgres);

/* bulla_postgres_connect_to_write connects where something can be written. From a standby it connects anew: that may be
 * the primary by now, or another server of the URL is. Returns BULLA_READ_ONLY if there is none. */
BULLA_NODISCARD enum bulla_status bulla_postgres_connect_to_write(struct bulla_postgres *postgres);

/* bulla_postgres_forsake closes the socket of a forked parent's connection, and nothing else. */
void bulla_postgres_forsake(struct bulla_postgres *postgres);

/* bulla_postgres_run runs the statements of |text|, without parameters, and ignores their rows. */
BULLA_NODISCARD enum bulla_status bulla_postgres_run(struct bulla_postgres *postgres, const char *text);

/* bulla_postgres_commit commits. Returns BULLA_UNCERTAIN with |*ended| set if nobody can say whether that has become
 * durable: the answer was lost, or says that a standby was not waited for. */
BULLA_NODISCARD enum bulla_status bulla_postgres_commit(struct bulla_postgres *postgres, bool *ended);

/* bulla_postgres_undo rolls back an open transaction, or gives the connection up. */
void bulla_postgres_undo(struct bulla_postgres *postgres);

/* bulla_postgres_ask runs |text|, which is not a query of store/queries.h and has no parameters, and gives its rows as
 * texts. The others are functions of the driver. */
BULLA_NODISCARD enum bulla_status bulla_postgres_ask(struct bulla_db_rows *rows, struct bulla_postgres *postgres,
                                                     const char *text);
BULLA_NODISCARD enum bulla_status bulla_postgres_query(struct bulla_db_rows *rows, enum bulla_query query,
                                                       const struct bulla_value *values, size_t num);
BULLA_NODISCARD enum bulla_status bulla_postgres_ahead(struct bulla_db_rows *rows, enum bulla_query query,
                                                       const struct bulla_value *values, size_t num);
BULLA_NODISCARD enum bulla_status bulla_postgres_next(struct bulla_db_rows *rows, bool *row);
void bulla_postgres_column(const struct bulla_db_rows *rows, size_t column, struct bulla_value *value);
int64_t bulla_postgres_changed(const struct bulla_db_rows *rows);
void bulla_postgres_end(struct bulla_db_rows *rows);

#endif
