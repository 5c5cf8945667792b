/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* A tenant's key: 32 random bytes, sealed under the root and bound to vault, tenant and version, so that a row
 * moved to another tenant does not open. */

#ifndef BULLA_STORE_WRAPPED_KEY_H
#define BULLA_STORE_WRAPPED_KEY_H

#include "store/keyring.h"

/* A tenant's key as it is stored. */
struct bulla_wrapped_key {
  struct bulla_span tenant_id;
  struct bulla_span key_id;
  int64_t version;
  struct bulla_span wrapped;
};

/* bulla_tenant_key_new creates a random key for the tenant and version in |wrapped|, and fills in its id, valid as long
 * as
 * |*key|, and its stored form, in |buffer| of at least BULLA_WRAPPED_MAX bytes. */
BULLA_NODISCARD enum bulla_status bulla_tenant_key_new(struct bulla_key **key, struct bulla_wrapped_key *wrapped,
                                                       struct bulla_buffer *buffer,
                                                       const struct bulla_keyring *keyring);

/* bulla_tenant_key_unwrap opens the key in |wrapped| as |*key|, which the caller frees. Returns BULLA_REFUSED if it
 * does not open, or has another id. */
BULLA_NODISCARD enum bulla_status bulla_tenant_key_unwrap(struct bulla_key **key, const struct bulla_keyring *keyring,
                                                          const struct bulla_wrapped_key *wrapped);

/* bulla_tenant_key_cached sets |*key| to that of |cached|. Returns BULLA_REFUSED if it is another tenant's or version's
 * than |wrapped|. */
BULLA_NODISCARD enum bulla_status bulla_tenant_key_cached(struct bulla_key **key, const struct bulla_cached_key *cached,
                                                          const struct bulla_wrapped_key *wrapped);

/* bulla_tenant_key sets |*key| to the key in |wrapped|; |keyring| owns it, until the next call. Only for who has
 * the vault. Returns BULLA_REFUSED if it does not open, or is cached for another tenant or version. */
BULLA_NODISCARD enum bulla_status bulla_tenant_key(struct bulla_key **key, struct bulla_keyring *keyring,
                                                   const struct bulla_wrapped_key *wrapped);

#endif
