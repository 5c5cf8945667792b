/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Queries and their rows, over libpq, for the files of the driver. What a server sends is as untrusted as a file: it is
 * read as rows of typed values, of bounded length where they are used. */

#ifndef BULLA_STORE_DB_POSTGRES_H
#define BULLA_STORE_DB_POSTGRES_H

#include "store/db_postgres_io.h"

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
/* bulla_postgres_begin_ahead sends |begin| and |settings|, a query with |parameter|, without waiting: postgres->keeps
 * are the rows of the second. */
BULLA_NODISCARD enum bulla_status bulla_postgres_begin_ahead(struct bulla_postgres *postgres, const char *begin,
                                                             const char *settings, const char *parameter);
BULLA_NODISCARD enum bulla_status bulla_postgres_query(struct bulla_db_rows *rows, enum bulla_query query,
                                                       const struct bulla_value *values, size_t num);
BULLA_NODISCARD enum bulla_status bulla_postgres_ahead(struct bulla_db_rows *rows, enum bulla_query query,
                                                       const struct bulla_value *values, size_t num);
BULLA_NODISCARD enum bulla_status bulla_postgres_next(struct bulla_db_rows *rows, bool *row);
void bulla_postgres_column(const struct bulla_db_rows *rows, size_t column, struct bulla_value *value);
int64_t bulla_postgres_changed(const struct bulla_db_rows *rows);
void bulla_postgres_end(struct bulla_db_rows *rows);

#endif
