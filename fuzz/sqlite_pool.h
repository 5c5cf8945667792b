/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Memory for SQLite that costs little: AddressSanitizer's own allocator takes a third of the time otherwise. What
 * SQLite has not been given, or has given back, is poisoned, so AddressSanitizer still finds who reads past a
 * block or uses what is gone; it cannot tell who had it, and what has rested for a while is given out again
 * sooner. bulla's own blocks stay with AddressSanitizer. */

#ifndef BULLA_FUZZ_SQLITE_POOL_H
#define BULLA_FUZZ_SQLITE_POOL_H

/* fuzz_sqlite_pool has SQLite take its memory from the pool. It comes before anything else that SQLite does. */
void fuzz_sqlite_pool(void);

#endif
