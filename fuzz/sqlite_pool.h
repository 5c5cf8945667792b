/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Memory for SQLite that costs little, for targets that are about what bulla does and not about what bulla reads
 * of a hostile file: a third of the time goes into AddressSanitizer's allocator otherwise. bulla's own blocks stay
 * there. */

#ifndef BULLA_FUZZ_SQLITE_POOL_H
#define BULLA_FUZZ_SQLITE_POOL_H

/* fuzz_sqlite_pool has SQLite take its memory from the pool. It comes before anything else that SQLite does. */
void fuzz_sqlite_pool(void);

#endif
