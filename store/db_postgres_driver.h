/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The driver of "postgres://…" and "postgresql://…". */

#ifndef BULLA_STORE_DB_POSTGRES_DRIVER_H
#define BULLA_STORE_DB_POSTGRES_DRIVER_H

#include "store/db_driver.h"

extern const struct bulla_db_driver bulla_postgres_driver;
extern const struct bulla_db_driver bulla_postgresql_driver;

#endif
