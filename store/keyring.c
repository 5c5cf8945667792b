/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/keyring.h. */

#include "store/keyring.h"

#include <string.h>

#include "core/cursor.h"

static void empty(struct bulla_keyring *keyring) {
  for (size_t i = 0; i < keyring->num_cached; i++) {
    bulla_key_free(&keyring->cached[i].key);
  }
  keyring->num_cached = 0;
  keyring->num_forgotten++;
}

void bulla_keyring_forget(struct bulla_keyring *keyring) {
  pthread_rwlock_wrlock(&keyring->lock);
  empty(keyring);
  pthread_rwlock_unlock(&keyring->lock);
}

void bulla_keyring_free(struct bulla_keyring *keyring) {
  bulla_keyring_forget(keyring);
  bulla_secret_free(&keyring->name_key);
  bulla_key_free(&keyring->root);
}

static const struct bulla_cached_key *search(const struct bulla_keyring *keyring, struct bulla_span key_id) {
  for (size_t i = 0; i < keyring->num_cached; i++) {
    if (bulla_span_equal(bulla_key_id(keyring->cached[i].key), key_id)) {
      return &keyring->cached[i];
    }
  }
  return NULL;
}

const struct bulla_cached_key *bulla_keyring_pin(struct bulla_keyring *keyring, struct bulla_span key_id) {
  pthread_rwlock_rdlock(&keyring->lock);
  const struct bulla_cached_key *found = search(keyring, key_id);
  if (found == NULL) {
    pthread_rwlock_unlock(&keyring->lock);
  }
  return found;
}

void bulla_keyring_unpin(struct bulla_keyring *keyring) {
  pthread_rwlock_unlock(&keyring->lock);
}

const struct bulla_cached_key *bulla_keyring_find(struct bulla_keyring *keyring, struct bulla_span key_id) {
  const struct bulla_cached_key *found = bulla_keyring_pin(keyring, key_id);
  if (found != NULL) {
    /* Only who has the vault forgets. */
    bulla_keyring_unpin(keyring);
  }
  return found;
}

static void add(struct bulla_keyring *keyring, struct bulla_key **key, struct bulla_span tenant_id, int64_t version) {
  struct bulla_cached_key *cached = &keyring->cached[keyring->num_cached++];
  memcpy(cached->tenant_id, tenant_id.data, sizeof(cached->tenant_id));
  cached->version = version;
  cached->key = *key;
  *key = NULL;
}

void bulla_keyring_keep(struct bulla_keyring *keyring, struct bulla_key **key, struct bulla_span tenant_id,
                        int64_t version) {
  pthread_rwlock_wrlock(&keyring->lock);
  if (keyring->num_cached == BULLA_CACHED_KEYS) {
    empty(keyring);
  }
  add(keyring, key, tenant_id, version);
  pthread_rwlock_unlock(&keyring->lock);
}

void bulla_keyring_offer(struct bulla_keyring *keyring, struct bulla_key **key, struct bulla_span tenant_id,
                         int64_t version, uint64_t num_forgotten) {
  pthread_rwlock_wrlock(&keyring->lock);
  if (keyring->num_cached < BULLA_CACHED_KEYS && keyring->num_forgotten == num_forgotten &&
      search(keyring, bulla_key_id(*key)) == NULL) {
    add(keyring, key, tenant_id, version);
  }
  pthread_rwlock_unlock(&keyring->lock);
}
