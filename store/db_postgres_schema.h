/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The tables of a vault in PostgreSQL: those of SQLite, in a schema of their own. */

#ifndef BULLA_STORE_DB_POSTGRES_SCHEMA_H
#define BULLA_STORE_DB_POSTGRES_SCHEMA_H

#include "store/db_postgres.h"

/* bulla_postgres_create_schema creates the schema and its tables, inside the caller's transaction. */
BULLA_NODISCARD enum bulla_status bulla_postgres_create_schema(struct bulla_postgres *postgres);

/* bulla_postgres_may_create is bulla_postgres_has_schema that tells of a schema that a restore did not finish. Outside
 * a transaction. */
BULLA_NODISCARD enum bulla_status bulla_postgres_may_create(struct bulla_postgres *postgres);

/* bulla_postgres_has_schema returns BULLA_EXISTS if there is a schema of that name, ours or not. */
BULLA_NODISCARD enum bulla_status bulla_postgres_has_schema(struct bulla_postgres *postgres);

/* bulla_postgres_check_schema compares the schema with what bulla makes, inside the caller's transaction. Returns what
 * the driver's check_schema does. */
BULLA_NODISCARD enum bulla_status bulla_postgres_check_schema(struct bulla_postgres *postgres);

#endif
