/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/keyring.h. */

#include "store/keyring.h"

#include <string.h>

#include "core/cursor.h"

void bulla_keyring_forget(struct bulla_keyring *keyring) {
  for (size_t i = 0; i < keyring->num_cached; i++) {
    bulla_key_free(&keyring->cached[i].key);
  }
  keyring->num_cached = 0;
}

void bulla_keyring_free(struct bulla_keyring *keyring) {
  bulla_keyring_forget(keyring);
  bulla_secret_free(&keyring->name_key);
  bulla_key_free(&keyring->root);
}

const struct bulla_cached_key *bulla_keyring_find(const struct bulla_keyring *keyring, struct bulla_span key_id) {
  for (size_t i = 0; i < keyring->num_cached; i++) {
    if (bulla_span_equal(bulla_key_id(keyring->cached[i].key), key_id)) {
      return &keyring->cached[i];
    }
  }
  return NULL;
}

void bulla_keyring_keep(struct bulla_keyring *keyring, struct bulla_key **key, struct bulla_span tenant_id,
                        int64_t version) {
  if (keyring->num_cached == BULLA_CACHED_KEYS) {
    bulla_keyring_forget(keyring);
  }
  struct bulla_cached_key *cached = &keyring->cached[keyring->num_cached++];
  memcpy(cached->tenant_id, tenant_id.data, sizeof(cached->tenant_id));
  cached->version = version;
  cached->key = *key;
  *key = NULL;
}
