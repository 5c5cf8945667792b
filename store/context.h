/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Contexts: what a sealed blob of the vault is bound to, so that it opens only in its own place, and what a proof is
 * the MAC of. They are built only here, from a label and ids that never change, each part prefixed with its length. */

#ifndef BULLA_STORE_CONTEXT_H
#define BULLA_STORE_CONTEXT_H

#include <bulla/store.h>

#include "store/keyring.h"
#include "store/signed_actor.h"

#define BULLA_CONTEXT_MAX 384

struct bulla_context {
  uint8_t bytes[BULLA_CONTEXT_MAX];
  size_t len;
};

/* bulla_context_span returns the bytes of |context|. */
static inline struct bulla_span bulla_context_span(const struct bulla_context *context) {
  return bulla_span(context->bytes, context->len);
}

/* The keys that are wrapped, each bound to what it is and whose. */
enum bulla_wrapped {
  BULLA_WRAPPED_VAULT_KEY,   /* under the root with the id |owner| */
  BULLA_WRAPPED_SIGNING_KEY, /* under the vault key, as those that follow */
  BULLA_WRAPPED_AUDIT_KEY,
  BULLA_WRAPPED_DETAIL_KEY,    /* of the tenant |owner|, or of the vault if it is empty */
  BULLA_WRAPPED_LABEL_KEY,     /* of the tenant |owner| */
  BULLA_WRAPPED_TENANT_SECRET, /* of the tenant |owner| with version |number| */
  BULLA_WRAPPED_LANE_KEY,      /* the first key of the lane |owner|, to the audit key */
  BULLA_WRAPPED_HEAD_KEY,      /* the key of the lane |owner| in the epoch |number|, under the vault key */
};

BULLA_NODISCARD enum bulla_status bulla_context_wrapped(struct bulla_context *context,
                                                        const struct bulla_keyring *keyring, enum bulla_wrapped what,
                                                        struct bulla_span owner, int64_t number);

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

/* Value and mask that the actor |actor_id| has put, sealed to the public keys of the secret |secret_id|. */
BULLA_NODISCARD enum bulla_status bulla_context_put_value(struct bulla_context *context,
                                                          const struct bulla_keyring *keyring,
                                                          const struct bulla_binding *binding,
                                                          struct bulla_span secret_id, struct bulla_span actor_id);
BULLA_NODISCARD enum bulla_status bulla_context_put_mask(struct bulla_context *context,
                                                         const struct bulla_keyring *keyring,
                                                         const struct bulla_binding *binding,
                                                         struct bulla_span secret_id, struct bulla_span actor_id);

/* What that actor signs: the place, and the blobs |value| and |mask|. */
BULLA_NODISCARD enum bulla_status bulla_context_put(struct bulla_context *context, const struct bulla_keyring *keyring,
                                                    const struct bulla_binding *binding, struct bulla_span secret_id,
                                                    struct bulla_span actor_id, struct bulla_span value,
                                                    struct bulla_span mask);

/* The proof of a plain field with |value|, which is stored in clear. */
BULLA_NODISCARD enum bulla_status bulla_context_plain(struct bulla_context *context,
                                                      const struct bulla_keyring *keyring,
                                                      const struct bulla_binding *binding, struct bulla_span value);

/* The proof of the name of an entry. */
BULLA_NODISCARD enum bulla_status bulla_context_entry_name(struct bulla_context *context,
                                                           const struct bulla_keyring *keyring,
                                                           struct bulla_span tenant_id, struct bulla_span entry_id,
                                                           struct bulla_span name);

/* The root of the API key |id| of a tenant. */
BULLA_NODISCARD enum bulla_status bulla_context_apikey(struct bulla_context *context,
                                                       const struct bulla_keyring *keyring, struct bulla_span tenant_id,
                                                       struct bulla_span id);

/* The box of what every actor is given, in the statement of |actor|: bound only to its id and when it was created, so
 * that it need not be sealed again where that statement is signed anew. */
BULLA_NODISCARD enum bulla_status bulla_context_actor_common(struct bulla_context *context,
                                                             const struct bulla_keyring *keyring,
                                                             const struct bulla_actor_statement *actor);

/* The box of the key of a role, in the statement of |grant|: bound to the ids of grant, actor and tenant, the role and
 * the epoch. */
BULLA_NODISCARD enum bulla_status bulla_context_grant_key(struct bulla_context *context,
                                                          const struct bulla_keyring *keyring,
                                                          const struct bulla_grant_statement *grant);

/* What the role |role| of a tenant, or of the vault, is given: |what| is the id of a secret, the number of a ring key,
 * or empty (store/roles.h). */
BULLA_NODISCARD enum bulla_status bulla_context_handout(struct bulla_context *context,
                                                        const struct bulla_keyring *keyring,
                                                        struct bulla_span tenant_id, enum bulla_role role,
                                                        struct bulla_span what);

/* The detail of |record| in a lane: bound also to all that the record has in clear. */
BULLA_NODISCARD enum bulla_status bulla_context_detail(struct bulla_context *context,
                                                       const struct bulla_keyring *keyring, struct bulla_span lane_id,
                                                       const struct bulla_audit_record *record);

#endif
