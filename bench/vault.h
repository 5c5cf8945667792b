/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* A vault with one secret field in a SQLite file or on a server, every commit of it durable. The file and the root key
 * lie in a new folder in TMPDIR, or in /var/tmp, since /tmp may be memory. */

#ifndef BULLA_BENCH_VAULT_H
#define BULLA_BENCH_VAULT_H

#include <bulla/store.h>

#include "bench/support.h"

struct bench_vault {
  char folder[256];
  char url[512];
  struct bulla_vault *vault;
};

/* bench_vault_make fills |made| with a new vault at |url|, or in a file in its folder if that is NULL. On failure there
 * is nothing to remove, but perhaps what the vault has left on the server. */
const char *bench_vault_make(struct bench_vault *made, const char *url);

/* bench_vault_open opens the vault of |made| in another process. */
const char *bench_vault_open(struct bench_vault *made);

/* bench_vault_remove closes the vault, unless it is NULL, and removes the folder. On a server the vault stays. */
void bench_vault_remove(struct bench_vault *made);

const char *bench_vault_put(const struct bench_vault *made);
const char *bench_vault_use(const struct bench_vault *made);

/* bench_vault_fill puts |num_values| secrets of the tenant "many", a multiple of 100. */
const char *bench_vault_fill(const struct bench_vault *made, int64_t num_values);

#endif
