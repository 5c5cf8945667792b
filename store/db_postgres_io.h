/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What goes over a connection to a PostgreSQL server, and what its errors mean. Each exchange has a deadline, after
 * which the connection is given up. Private to the files that reach a server. */

#ifndef BULLA_STORE_DB_POSTGRES_IO_H
#define BULLA_STORE_DB_POSTGRES_IO_H

#include "store/db_driver.h"

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
  bool has_settings;                   /* and so is the query that sets what a transaction rests on */
  bool is_taking;                      /* outcomes of what is awaited, at this moment */
  bool has_failed;                     /* a command in this transaction did, */
  enum bulla_status cause;             /* for which reason */
  bool is_appending;                   /* the transaction is one of BULLA_DB_APPEND */
  struct bulla_db_rows keeps;          /* what its settings say, from its beginning to its end */
  bool is_piping;                      /* libpq is in pipeline mode, as it is in a transaction after its beginning */
  /* What was sent in it whose outcome was not taken yet, in its order; NULL if nobody wants to see it.
   * Its statement has ended otherwise only under the lock of the vault. */
  struct bulla_db_rows *awaited[BULLA_POSTGRES_AWAITED];
  size_t num_awaited;
  int64_t received; /* bytes since something was sent last */
  int answer_ms;    /* that the server has for an answer, beyond what it may wait for others */
};

/* An answer, of which there is one for each statement of a text. */
struct bulla_postgres_answer {
  void *result; /* of libpq */
};

void bulla_postgres_answer_free(struct bulla_postgres_answer *answer);

/* bulla_postgres_drop gives the connection up, if there is one, with all that is awaited. */
void bulla_postgres_drop(struct bulla_postgres *postgres);

/* bulla_postgres_give_up does so and returns |status|, explained by |what| and by what libpq says. bulla_postgres_lost
 * returns BULLA_UNREACHABLE. */
BULLA_NODISCARD enum bulla_status bulla_postgres_give_up(struct bulla_postgres *postgres, enum bulla_status status,
                                                         const char *what);
BULLA_NODISCARD enum bulla_status bulla_postgres_lost(struct bulla_postgres *postgres, const char *what);

/* bulla_postgres_status_of returns what the five characters of an SQLSTATE mean here. */
enum bulla_status bulla_postgres_status_of(const char *state);

/* bulla_postgres_deadline returns the time, of the monotonic clock, by which what is sent now has to be answered;
 * bulla_postgres_within, that in |ms|. Neither is later than the caller's own. */
int64_t bulla_postgres_within(const struct bulla_postgres *postgres, int ms);
int64_t bulla_postgres_deadline(const struct bulla_postgres *postgres);

/* bulla_postgres_wait_for waits until |events| may happen on the socket, but not past |end|. */
bool bulla_postgres_wait_for(const struct bulla_postgres *postgres, short events, int64_t end);

/* bulla_postgres_check_sent checks that |sent| is what libpq returns for something that was sent. bulla_postgres_flush
 * sends what is queued. */
BULLA_NODISCARD enum bulla_status bulla_postgres_check_sent(struct bulla_postgres *postgres, int sent);
BULLA_NODISCARD enum bulla_status bulla_postgres_flush(struct bulla_postgres *postgres, int64_t end);

/* bulla_postgres_take takes the next answer; none if there is no more. */
BULLA_NODISCARD enum bulla_status bulla_postgres_take(struct bulla_postgres_answer *answer,
                                                      struct bulla_postgres *postgres, int64_t end);

/* bulla_postgres_take_all takes the answers to a command, or to a text of several: |*last| is the last of them. All are
 * taken also after one that is an error, which is what is returned then. */
BULLA_NODISCARD enum bulla_status bulla_postgres_take_all(struct bulla_postgres_answer *last,
                                                          struct bulla_postgres *postgres, int64_t end);

#endif
