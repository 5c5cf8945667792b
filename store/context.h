/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Contexts: what a sealed blob of the vault is bound to, so that it opens only in its own place. They are built only
 * here, from a label and ids that never change, each part prefixed with its length. */

#ifndef BULLA_STORE_CONTEXT_H
#define BULLA_STORE_CONTEXT_H

#include "store/keyring.h"

#define BULLA_CONTEXT_MAX 320

struct bulla_context {
  uint8_t bytes[BULLA_CONTEXT_MAX];
  size_t len;
};

/* bulla_context_span returns the bytes of |context|. */
static inline struct bulla_span bulla_context_span(const struct bulla_context *context) {
  return bulla_span(context->bytes, context->len);
}

/* What a field is bound to: its place, by ids that never change, and its revision. */
struct bulla_binding {
  struct bulla_span tenant_id;
  struct bulla_span entry_id;
  struct bulla_span field;
  int64_t revision;
};

/* The value of a secret field. */
BULLA_NODISCARD enum bulla_status bulla_context_field(struct bulla_context *context,
                                                      const struct bulla_keyring *keyring,
                                                      const struct bulla_binding *binding);

/* The mask of a secret field. */
BULLA_NODISCARD enum bulla_status bulla_context_mask(struct bulla_context *context, const struct bulla_keyring *keyring,
                                                     const struct bulla_binding *binding);

/* The proof of a plain field: an empty text sealed with |value|, which is stored in clear, in its context. */
BULLA_NODISCARD enum bulla_status bulla_context_plain(struct bulla_context *context,
                                                      const struct bulla_keyring *keyring,
                                                      const struct bulla_binding *binding, struct bulla_span value);

/* The root of the API key |id| of a tenant. */
BULLA_NODISCARD enum bulla_status bulla_context_apikey(struct bulla_context *context,
                                                       const struct bulla_keyring *keyring, struct bulla_span tenant_id,
                                                       struct bulla_span id);

/* A tenant's key, under the root. */
BULLA_NODISCARD enum bulla_status bulla_context_tenant_key(struct bulla_context *context,
                                                           const struct bulla_keyring *keyring,
                                                           struct bulla_span tenant_id, int64_t version);

/* The key that proves names, under the root. */
BULLA_NODISCARD enum bulla_status bulla_context_name_key(struct bulla_context *context,
                                                         const struct bulla_keyring *keyring);

/* The name of a tenant, or of its entry if |entry_id| is not empty: the input of the MAC that is its proof. */
BULLA_NODISCARD enum bulla_status bulla_context_name(struct bulla_context *context, const struct bulla_keyring *keyring,
                                                     struct bulla_span tenant_id, struct bulla_span entry_id,
                                                     struct bulla_span name);

/* The audit log's key of |epoch|, under the root. */
BULLA_NODISCARD enum bulla_status bulla_context_audit_key(struct bulla_context *context,
                                                          const struct bulla_keyring *keyring, int64_t epoch);

#endif
