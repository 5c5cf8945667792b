/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The generation of the API keys: a counter that all processes of this machine which share a vault see at once,
 * since all map the same file, PATH-generation (docs/FORMAT.md §7). It is even, and odd while a revocation is
 * being committed: nobody knows then which keys are good, and nothing that is cached may be used.
 *
 * Who makes it odd holds the write lock of the database, and lets go of it by the commit, before the counter is
 * even again. So whoever gets the lock and finds it odd knows that the commit is done, or will never be. */

#ifndef BULLA_STORE_GENERATION_H
#define BULLA_STORE_GENERATION_H

#include "store/sql.h"

/* The file. */
struct bulla_counter {
  _Atomic uint64_t value;
};

struct bulla_generation {
  struct bulla_counter *counter; /* NULL if nothing is mapped */
  bool writable;
};

/* bulla_generation_open maps the counter of the database at |path|, and makes its file if there is none or it is
 * cut short. Returns the statuses of bulla_file_status. */
BULLA_CHECKED enum bulla_status bulla_generation_open(struct bulla_generation *generation, const char *path);

/* bulla_generation_close unmaps it, if it is mapped. */
void bulla_generation_close(struct bulla_generation *generation);

/* bulla_generation_repair makes even what somebody left odd who was killed. The caller has the write lock. */
void bulla_generation_repair(const struct bulla_generation *generation);

/* bulla_generation_commit is bulla_sql_commit of what revokes a key, and ends the generation. Returns
 * BULLA_READ_ONLY, with nothing committed, if the file cannot be written. */
BULLA_CHECKED enum bulla_status bulla_generation_commit(const struct bulla_generation *generation,
                                                        struct bulla_sql **transaction);

#endif
