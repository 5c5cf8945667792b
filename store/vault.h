/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The open vault, as the files of store/ share it. */

#ifndef BULLA_STORE_VAULT_H
#define BULLA_STORE_VAULT_H

#include <pthread.h>

#include <bulla/store.h>

#include "store/generation.h"
#include "store/sql.h"

#define BULLA_ID_LEN 16       /* bytes of the random, immutable ids of a vault, a tenant, an entry */
#define BULLA_WRAPPED_MAX 128 /* bytes of a sealed key at most */

#define BULLA_CACHED_KEYS 128 /* tenants' keys that a vault keeps unwrapped */

/* A tenant's key, unwrapped, and the row that it was wrapped for. */
struct bulla_cached_key {
  struct bulla_key *key;
  uint8_t tenant_id[BULLA_ID_LEN];
  int64_t version;
};

struct bulla_vault {
  pthread_mutex_t mutex; /* over all that follows; refuses a second lock by the same thread */
  uint64_t generation;   /* of the process that opened the vault, see core/slab.h */
  struct bulla_sql sql;
  uint8_t uuid[BULLA_ID_LEN];
  struct bulla_key *root;
  struct bulla_generation apikeys; /* read without the mutex */
  struct bulla_secret *name_key;   /* see store/proof.h */
  struct bulla_cached_key cached[BULLA_CACHED_KEYS];
  size_t num_cached;
};

/* bulla_vault_lock waits for |vault| and sets |*locked| to it. Returns BULLA_INVALID_ARGUMENT without a vault or
 * if a callback of this thread has it already, BULLA_FORKED in a child of the process that opened it. */
BULLA_CHECKED enum bulla_status bulla_vault_lock(struct bulla_vault **locked, struct bulla_vault *vault);

/* bulla_vault_unlock lets go of |*locked| unless it is NULL. For BULLA_CLEANUP. */
void bulla_vault_unlock(struct bulla_vault **locked);

/* bulla_clock_us returns the time of day in microseconds since 1970-01-01 UTC. */
int64_t bulla_clock_us(void);

/* bulla_clock_s returns it in seconds. */
int64_t bulla_clock_s(void);

#endif
