/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/wrapped_key.h. */

#include "store/wrapped_key.h"

#include "core/cleanup.h"
#include "core/cursor.h"
#include "store/wrap.h"

enum bulla_status bulla_tenant_key_new(struct bulla_key **key, struct bulla_wrapped_key *wrapped,
                                       struct bulla_buffer *buffer, const struct bulla_keyring *keyring) {
  struct bulla_secret *material BULLA_CLEANUP(bulla_secret_free) = NULL;
  struct bulla_key *made BULLA_CLEANUP(bulla_key_free) = NULL;
  struct bulla_context context;
  BULLA_TRY(bulla_secret_random(&material, BULLA_KEY_LEN));
  BULLA_TRY(bulla_key_new(&made, BULLA_XAES_256_GCM, material));
  BULLA_TRY(bulla_context_tenant_key(&context, keyring, wrapped->tenant_id, wrapped->version));
  BULLA_TRY(bulla_wrap(buffer, keyring, material, &context));
  wrapped->key_id = bulla_key_id(made);
  wrapped->wrapped = bulla_written(buffer);
  *key = made;
  made = NULL;
  return BULLA_OK;
}

static enum bulla_status unwrap(struct bulla_key **key, const struct bulla_keyring *keyring,
                                const struct bulla_wrapped_key *wrapped) {
  struct bulla_context context;
  struct bulla_secret *material BULLA_CLEANUP(bulla_secret_free) = NULL;
  BULLA_TRY(bulla_context_tenant_key(&context, keyring, wrapped->tenant_id, wrapped->version));
  BULLA_TRY(bulla_unwrap(&material, keyring, wrapped->wrapped, &context));
  return bulla_key_new(key, BULLA_XAES_256_GCM, material);
}

enum bulla_status bulla_tenant_key_unwrap(struct bulla_key **key, const struct bulla_keyring *keyring,
                                          const struct bulla_wrapped_key *wrapped) {
  *key = NULL;
  struct bulla_key *opened BULLA_CLEANUP(bulla_key_free) = NULL;
  BULLA_TRY(unwrap(&opened, keyring, wrapped));
  if (!bulla_span_equal(bulla_key_id(opened), wrapped->key_id)) {
    return BULLA_REFUSED;
  }
  *key = opened;
  opened = NULL;
  return BULLA_OK;
}

/* What the wrap is bound to, as unwrapping it again would find. */
enum bulla_status bulla_tenant_key_cached(struct bulla_key **key, const struct bulla_cached_key *cached,
                                          const struct bulla_wrapped_key *wrapped) {
  struct bulla_span tenant_id = bulla_span(cached->tenant_id, sizeof(cached->tenant_id));
  bool is_its = bulla_span_equal(tenant_id, wrapped->tenant_id) && cached->version == wrapped->version;
  *key = is_its ? cached->key : NULL;
  return is_its ? BULLA_OK : BULLA_REFUSED;
}

enum bulla_status bulla_tenant_key(struct bulla_key **key, struct bulla_keyring *keyring,
                                   const struct bulla_wrapped_key *wrapped) {
  const struct bulla_cached_key *cached = bulla_keyring_find(keyring, wrapped->key_id);
  if (cached != NULL) {
    return bulla_tenant_key_cached(key, cached, wrapped);
  }
  BULLA_TRY(bulla_tenant_key_unwrap(key, keyring, wrapped));
  struct bulla_key *opened = *key;
  bulla_keyring_keep(keyring, &opened, wrapped->tenant_id, wrapped->version);
  return BULLA_OK;
}
