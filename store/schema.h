/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The tables of a vault. */

#ifndef BULLA_STORE_SCHEMA_H
#define BULLA_STORE_SCHEMA_H

#include "store/sql.h"

/* bulla_schema_create makes the tables in an empty database, within the caller's transaction. */
BULLA_NODISCARD enum bulla_status bulla_schema_create(struct bulla_sql *sql);

/* bulla_schema_check returns BULLA_OK if |sql| has the tables of a vault and nothing else, BULLA_NEWER_VAULT if
 * a later bulla made it, BULLA_NOT_A_VAULT. It writes nothing. */
BULLA_NODISCARD enum bulla_status bulla_schema_check(struct bulla_sql *sql);

#endif
