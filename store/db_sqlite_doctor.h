/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

#ifndef BULLA_STORE_DB_SQLITE_DOCTOR_H
#define BULLA_STORE_DB_SQLITE_DOCTOR_H

#include "store/db_driver.h"
#include "store/examine.h"

/* bulla_sqlite_examine is the driver's examine. */
BULLA_NODISCARD enum bulla_status bulla_sqlite_examine(struct bulla_db *db, struct bulla_examination *examination);

#endif
