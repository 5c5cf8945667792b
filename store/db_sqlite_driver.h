/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The driver of "sqlite:PATH". */

#ifndef BULLA_STORE_DB_SQLITE_DRIVER_H
#define BULLA_STORE_DB_SQLITE_DRIVER_H

#include "store/db_driver.h"

extern const struct bulla_db_driver bulla_sqlite_driver;

#endif
