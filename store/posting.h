/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* How a value is stored that an actor has put: sealed to the public keys of the tenant's secret, so that the actor
 * cannot read it back, and signed by the actor. It is good while the actor is active and a grant of it to put is in
 * force: a signature tells no time. store/field.h opens it like any other, store/reseal.h takes it in under the
 * tenant's own keys. docs/FORMAT.md §7 is normative. */

#ifndef BULLA_STORE_POSTING_H
#define BULLA_STORE_POSTING_H

#include "store/context.h"
#include "store/db.h"

/* What was found of a signature. Without bulla_posting_check it is bad. */
enum bulla_posting_state {
  BULLA_POSTING_BAD,  /* no actor put it so */
  BULLA_POSTING_OVER, /* an actor did that may put no more */
  BULLA_POSTING_GOOD,
};

/* What a stored value that an actor has put has beside it. The spans are empty for any other value. */
struct bulla_posting {
  struct bulla_span writer;    /* the actor's id */
  struct bulla_span signature; /* BULLA_SIGNATURE_LEN bytes */
  enum bulla_posting_state state;
};

/* bulla_posting_is_one returns whether an actor has put the value. */
static inline bool bulla_posting_is_one(const struct bulla_posting *posting) {
  return posting->writer.len > 0;
}

/* bulla_posting_seal seals |field|, which is secret, as the actor that has opened the vault, to the public keys of the
 * tenant's secret |to|. It allocates |value| and |mask|, which the caller frees whatever is returned, and fills the
 * BULLA_SIGNATURE_LEN bytes of |signature|. Returns BULLA_DENIED for a root. */
BULLA_NODISCARD enum bulla_status bulla_posting_seal(struct bulla_buffer *value, struct bulla_buffer *mask,
                                                     uint8_t *signature, const struct bulla_keyring *keyring,
                                                     const struct bulla_secret_entry *to,
                                                     const struct bulla_binding *binding,
                                                     const struct bulla_field *field);

/* Where a value stands, and its blobs. */
struct bulla_posted {
  const struct bulla_tenant *owner;
  const struct bulla_tenant_secret *keys;
  const struct bulla_binding *binding;
  struct bulla_span value;
  struct bulla_span mask;
};

/* bulla_posting_check sets posting->state of a value that an actor has put. What was read beside it, its tenant, must
 * have been read by bulla_columns_tenant just before. The actor and its grant are looked up once for each state of the
 * directory. Any other status than BULLA_OK says that they could not be. */
BULLA_NODISCARD enum bulla_status bulla_posting_check(struct bulla_posting *posting, struct bulla_keyring *keyring,
                                                      struct bulla_db *db, const struct bulla_posted *posted);

/* bulla_posting_check_again sets the state of one that had another state than BULLA_POSTING_BAD before |owner|, the
 * tenant, was read anew: its signature is not looked at again, whether the actor may still put is. */
BULLA_NODISCARD enum bulla_status bulla_posting_check_again(struct bulla_posting *posting,
                                                            struct bulla_keyring *keyring, struct bulla_db *db,
                                                            const struct bulla_tenant *owner);

/* bulla_posting_usable returns BULLA_REFUSED, and explains it where that helps, unless |posting| was found good. */
BULLA_NODISCARD enum bulla_status bulla_posting_usable(const struct bulla_posting *posting);

/* bulla_posting_open opens the value as |*opened|, which the caller frees: what was padded. bulla_posting_open_mask
 * opens the mask into |traits|. They do not look at the state. Return BULLA_REFUSED, BULLA_DENIED without the keys. */
BULLA_NODISCARD enum bulla_status bulla_posting_open(struct bulla_secret **opened, const struct bulla_keyring *keyring,
                                                     const struct bulla_posting *posting,
                                                     const struct bulla_posted *posted);
BULLA_NODISCARD enum bulla_status bulla_posting_open_mask(struct bulla_buffer *traits,
                                                          const struct bulla_keyring *keyring,
                                                          const struct bulla_posting *posting,
                                                          const struct bulla_posted *posted);

#endif
