/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* A tenant's secret: 32 random bytes, sealed under the vault key and bound to vault, tenant and version, so that a row
 * moved to another tenant does not open. The keys that seal values, masks and roots of API keys are derived from it,
 * and the tenant's statement commits to each: what the root did not sign is not used, whoever wrapped it. */

#ifndef BULLA_STORE_TENANT_SECRET_H
#define BULLA_STORE_TENANT_SECRET_H

#include "store/keyring.h"

/* What a secret expands to, as bytes: what is handed out to roles (store/roles.h). */
struct bulla_secret_keys {
  struct bulla_secret *field;
  struct bulla_secret *mask;
  struct bulla_secret *apikey;
};

/* bulla_secret_keys_unwrap fills |keys| with what |row| of |tenant| expands to, for a root. Returns BULLA_REFUSED. */
struct bulla_secret_row;
BULLA_NODISCARD enum bulla_status bulla_secret_keys_unwrap(struct bulla_secret_keys *keys,
                                                           const struct bulla_keyring *keyring,
                                                           struct bulla_span tenant_id,
                                                           const struct bulla_secret_row *row);

/* bulla_secret_keys_free wipes and frees them. For BULLA_CLEANUP. */
void bulla_secret_keys_free(struct bulla_secret_keys *keys);

/* bulla_tenant_secret_fill makes those keys of |secret|, and what commits to them, that |keys| are given for. */
BULLA_NODISCARD enum bulla_status bulla_tenant_secret_fill(struct bulla_tenant_secret *secret,
                                                           const struct bulla_secret_keys *keys);

/* A secret being made. */
struct bulla_made_secret {
  struct bulla_tenant_secret secret; /* the caller keeps it in the keyring, or frees it */
  struct bulla_secret_keys keys;     /* the caller frees them */
  uint8_t bytes[BULLA_WRAPPED_MAX];
  struct bulla_buffer wrapped;
};

/* bulla_tenant_secret_new makes a random secret of the tenant |tenant_id|. */
BULLA_NODISCARD enum bulla_status bulla_tenant_secret_new(struct bulla_made_secret *made,
                                                          const struct bulla_keyring *keyring,
                                                          struct bulla_span tenant_id, int64_t version);

/* bulla_tenant_secret_entry returns what a statement of |generation| says of |secret|, which is active and was made
 * with it. The spans are of |secret|. */
struct bulla_secret_entry bulla_tenant_secret_entry(const struct bulla_tenant_secret *secret, int64_t generation);

/* A secret's row as it is stored. */
struct bulla_secret_row {
  struct bulla_span id;
  int64_t version;
  struct bulla_span wrapped;
};

/* bulla_tenant_secret_listed returns what is signed of the secret of |row|, or NULL if no values may be opened with it:
 * what the database says of its state counts for nothing. */
const struct bulla_secret_entry *bulla_tenant_secret_listed(const struct bulla_tenant *tenant,
                                                            const struct bulla_secret_row *row);

/* bulla_tenant_secret sets |*secret| to the keys of |row|; |keyring| owns them. Returns BULLA_REFUSED if the tenant's
 * statement has no such secret that opens values, or it does not open, or not to keys that the statement commits to. */
BULLA_NODISCARD enum bulla_status bulla_tenant_secret(const struct bulla_tenant_secret **secret,
                                                      struct bulla_keyring *keyring, const struct bulla_tenant *tenant,
                                                      const struct bulla_secret_row *row);

#endif
