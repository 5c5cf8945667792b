/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Backups of a vault in a file, which are databases themselves, and vaults that are made of one. Functions of the
 * driver: see store/db_driver.h. */

#ifndef BULLA_STORE_DB_SQLITE_BACKUP_H
#define BULLA_STORE_DB_SQLITE_BACKUP_H

#include "store/db_sqlite.h"

BULLA_NODISCARD enum bulla_status bulla_sqlite_back_up(struct bulla_db *db, const char *path,
                                                       bulla_progress_fn progress, void *arg);
BULLA_NODISCARD enum bulla_status bulla_sqlite_load(char draft[PATH_MAX], const char *place, int file, int64_t len);
BULLA_NODISCARD enum bulla_status bulla_sqlite_adopt(struct bulla_db *db);
BULLA_NODISCARD enum bulla_status bulla_sqlite_publish(const char *place, const char *draft);
void bulla_sqlite_withdraw(const char *place, const char *draft);

#endif
