/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The tables of a vault in SQLite. */

#ifndef BULLA_STORE_DB_SQLITE_SCHEMA_H
#define BULLA_STORE_DB_SQLITE_SCHEMA_H

#include "store/db_sqlite.h"

/* bulla_sqlite_create_schema creates the tables in an empty database, inside the caller's transaction. */
BULLA_NODISCARD enum bulla_status bulla_sqlite_create_schema(struct bulla_sqlite *sqlite);

/* What marks a backup of a vault, and what makes a vault of it again: so that none is used as a vault before the record
 * of its restore is in it. */
#define BULLA_SQLITE_MARK_BACKUP "PRAGMA application_id = 1112886338"
#define BULLA_SQLITE_MARK_VAULT "PRAGMA application_id = 1112886337"

/* bulla_sqlite_check_schema, _check_older and _replace_schema are functions of the driver. */
BULLA_NODISCARD enum bulla_status bulla_sqlite_check_schema(struct bulla_db *db);
BULLA_NODISCARD enum bulla_status bulla_sqlite_check_older(struct bulla_db *db);
BULLA_NODISCARD enum bulla_status bulla_sqlite_replace_schema(struct bulla_db *db);

#endif
