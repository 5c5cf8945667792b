/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The keys of an open vault, without any database. The tenants' keys are a cache: who has the vault finds, keeps and
 * forgets there, and may use what it found until it lets go of the vault. Others pin what they find, and offer what
 * they do not; nothing is forgotten while a key is pinned. */

#ifndef BULLA_STORE_KEYRING_H
#define BULLA_STORE_KEYRING_H

#include <pthread.h>

#include <bulla/core.h>

#define BULLA_ID_LEN 16       /* bytes of the random, immutable ids of a vault, a tenant, an entry */
#define BULLA_WRAPPED_MAX 128 /* bytes of a sealed key at most */
#define BULLA_CACHED_KEYS 128 /* unwrapped tenants' keys in the cache */

/* An unwrapped tenant's key, and the row that it belongs to. */
struct bulla_cached_key {
  struct bulla_key *key;
  uint8_t tenant_id[BULLA_ID_LEN];
  int64_t version;
};

struct bulla_keyring {
  uint8_t uuid[BULLA_ID_LEN]; /* of the vault */
  struct bulla_key *root;
  struct bulla_secret *name_key; /* see store/proof.h */
  struct bulla_cached_key cached[BULLA_CACHED_KEYS];
  size_t num_cached;
  uint64_t num_forgotten; /* times that the cache was emptied */
  pthread_rwlock_t lock;  /* of the cache; zeroed, as it is here, it is PTHREAD_RWLOCK_INITIALIZER */
};

/* bulla_keyring_uuid returns the uuid of the vault. */
static inline struct bulla_span bulla_keyring_uuid(const struct bulla_keyring *keyring) {
  return bulla_span(keyring->uuid, sizeof(keyring->uuid));
}

/* bulla_keyring_free wipes and frees all keys; |keyring| may be zeroed. */
void bulla_keyring_free(struct bulla_keyring *keyring);

/* bulla_keyring_forget wipes and frees the tenants' keys. */
void bulla_keyring_forget(struct bulla_keyring *keyring);

/* bulla_keyring_find returns the tenant's key with this id, or NULL if it is not cached. bulla_keyring_pin is for those
 * who do not have the vault: unless it returns NULL, bulla_keyring_unpin must follow, soon and by the same thread. */
const struct bulla_cached_key *bulla_keyring_find(struct bulla_keyring *keyring, struct bulla_span key_id);
const struct bulla_cached_key *bulla_keyring_pin(struct bulla_keyring *keyring, struct bulla_span key_id);
void bulla_keyring_unpin(struct bulla_keyring *keyring);

/* bulla_keyring_keep moves |*key|, that of the tenant |tenant_id| and |version|, into |keyring| and sets it to NULL. If
 * there is no room, all others are removed first. */
void bulla_keyring_keep(struct bulla_keyring *keyring, struct bulla_key **key, struct bulla_span tenant_id,
                        int64_t version);

/* bulla_keyring_offer keeps |*key| as bulla_keyring_keep does, for those who do not have the vault, but only if there
 * is room, it is not there yet, and nothing was forgotten since there were |num_forgotten|: a removed tenant's key must
 * not come back. Else it leaves |*key| alone. */
void bulla_keyring_offer(struct bulla_keyring *keyring, struct bulla_key **key, struct bulla_span tenant_id,
                         int64_t version, uint64_t num_forgotten);

#endif
