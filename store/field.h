/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Fields: how a value and its mask are sealed, and how a stored one is opened. */

#ifndef BULLA_STORE_FIELD_H
#define BULLA_STORE_FIELD_H

#include <bulla/store.h>

#include "store/context.h"
#include "store/padding.h"
#include "store/posting.h"
#include "store/traits.h"

#define BULLA_STORED_MAX (BULLA_PADDED_MAX + 128) /* bytes of a sealed value, at most */

/* bulla_field_seal allocates and fills what is stored for |field| of |owner|: |value|, padded and sealed with |keys| if
 * secret, and |mask|, the sealed traits and mask or the proof of a plain value. Traits that |field| does not ask for
 * get their defaults. The caller frees both with bulla_field_free. */
BULLA_NODISCARD enum bulla_status bulla_field_seal(struct bulla_buffer *value, struct bulla_buffer *mask,
                                                   const struct bulla_keyring *keyring,
                                                   const struct bulla_tenant *owner,
                                                   const struct bulla_tenant_secret *keys,
                                                   const struct bulla_binding *binding,
                                                   const struct bulla_field *field);

/* bulla_field_free frees what bulla_field_seal allocated. For BULLA_CLEANUP. */
void bulla_field_free(struct bulla_buffer *buffer);

/* A field as it is stored, its tenant, and the keys that a secret one is sealed with. */
struct bulla_stored_field {
  struct bulla_span tenant; /* the names of tenant and entry that the caller asked for */
  struct bulla_span entry;
  struct bulla_binding binding;
  bool secret;
  struct bulla_span value;
  struct bulla_span mask;
  int64_t updated;
  const struct bulla_tenant *owner;
  const struct bulla_tenant_secret *keys;
  struct bulla_posting posting; /* of a secret one that an actor has put */
};

/* bulla_field_posted returns what store/posting.h takes of |field|. */
static inline struct bulla_posted bulla_field_posted(const struct bulla_stored_field *field) {
  return (struct bulla_posted){.owner = field->owner,
                               .keys = field->keys,
                               .binding = &field->binding,
                               .value = field->value,
                               .mask = field->mask};
}

/* bulla_field_open opens the value as |*opened|. Returns BULLA_REFUSED, also for a value that an actor has put and that
 * bulla_posting_check did not find good, as all that follow. */
BULLA_NODISCARD enum bulla_status bulla_field_open(struct bulla_secret **opened, const struct bulla_keyring *keyring,
                                                   const struct bulla_stored_field *field);

/* bulla_field_check_plain returns BULLA_REFUSED unless |field|, which says that it is plain, has a proof of its value.
 */
BULLA_NODISCARD enum bulla_status bulla_field_check_plain(const struct bulla_keyring *keyring,
                                                          const struct bulla_stored_field *field);

/* What may be seen of a field without opening its value. */
struct bulla_shown {
  struct bulla_span text; /* the mask, or the value of a plain field */
  struct bulla_traits traits;
};

/* bulla_field_show opens mask and traits of a secret field into |room|, which has BULLA_TRAITS_LEN bytes of locked
 * memory, and leaves it alone for a plain field, whose proof it checks. Returns BULLA_REFUSED. */
BULLA_NODISCARD enum bulla_status bulla_field_show(struct bulla_shown *shown, uint8_t *room,
                                                   const struct bulla_keyring *keyring,
                                                   const struct bulla_stored_field *field);

/* bulla_field_is_canary says whether |field| is one. Whoever opens a value for a caller asks first. Returns
 * BULLA_REFUSED. */
BULLA_NODISCARD enum bulla_status bulla_field_is_canary(bool *is_canary, const struct bulla_keyring *keyring,
                                                        const struct bulla_stored_field *field);

/* bulla_field_open_padded opens the value of a secret |field| as it was padded. */
BULLA_NODISCARD enum bulla_status bulla_field_open_padded(struct bulla_secret **opened,
                                                          const struct bulla_keyring *keyring,
                                                          const struct bulla_stored_field *field);

/* bulla_field_keep_traits sets those traits of |again| that it does not ask for to those of |field|, if both are
 * secret. Returns BULLA_REFUSED. */
BULLA_NODISCARD enum bulla_status bulla_field_keep_traits(struct bulla_field *again,
                                                          const struct bulla_keyring *keyring,
                                                          const struct bulla_stored_field *field);

#endif
