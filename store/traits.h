/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The traits of a secret field: how it is masked and padded, when it should be replaced, whether it is a canary. They
 * are sealed together with its mask, always in BULLA_TRAITS_LEN bytes (docs/FORMAT.md §7), so that nobody without the
 * mask key can tell one field from another. A plain field has none. */

#ifndef BULLA_STORE_TRAITS_H
#define BULLA_STORE_TRAITS_H

#include <bulla/store.h>

#define BULLA_TRAITS_LEN 32 /* bytes of traits and mask */

struct bulla_traits {
  uint8_t mask;    /* BULLA_MASK_NONE, BULLA_MASK_LAST4, BULLA_MASK_FIXED */
  uint8_t padding; /* BULLA_PADDING_BUCKETS, BULLA_PADDING_NONE */
  uint8_t canary;  /* 1 if it is one, else 0 */
  int64_t expires; /* seconds since 1970-01-01 UTC, or 0 */
};

/* bulla_traits_of returns what |field| asks for, with defaults for the rest. */
struct bulla_traits bulla_traits_of(const struct bulla_field *field);

/* bulla_traits_keep sets those traits that |field| does not ask for to |traits|. */
void bulla_traits_keep(struct bulla_field *field, const struct bulla_traits *traits);

/* bulla_traits_write fills the BULLA_TRAITS_LEN zero bytes at |out| with |traits| and the mask of |value|. */
void bulla_traits_write(uint8_t *out, const struct bulla_traits *traits, struct bulla_span value);

/* bulla_traits_read reads what bulla_traits_write wrote: |*text| is the mask, within |bytes|. Returns false for
 * anything else. It does not branch on what the mask shows. */
BULLA_NODISCARD bool bulla_traits_read(struct bulla_traits *traits, struct bulla_span *text, struct bulla_span bytes);

#endif
