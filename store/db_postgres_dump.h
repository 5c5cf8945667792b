/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Backups of a vault on a server: archives of pg_dump, and vaults that pg_restore makes of one. Functions of the
 * driver: see store/db_driver.h. */

#ifndef BULLA_STORE_DB_POSTGRES_DUMP_H
#define BULLA_STORE_DB_POSTGRES_DUMP_H

#include "store/db_postgres.h"

BULLA_NODISCARD enum bulla_status bulla_postgres_back_up(struct bulla_db *db, const char *path,
                                                         bulla_progress_fn progress, void *arg);
BULLA_NODISCARD enum bulla_status bulla_postgres_load(char draft[PATH_MAX], const char *place, int file, int64_t len);
BULLA_NODISCARD enum bulla_status bulla_postgres_adopt(struct bulla_db *db);
BULLA_NODISCARD enum bulla_status bulla_postgres_publish(const char *place, const char *draft);
void bulla_postgres_withdraw(const char *place, const char *draft);

#endif
