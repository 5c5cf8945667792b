/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The minter, for token/mint.c and token/mint_many.c. */

#ifndef BULLA_TOKEN_MINTER_H
#define BULLA_TOKEN_MINTER_H

#include "token/day_cache.h"

struct bulla_minter {
  uint8_t key_id[BULLA_APIKEY_ID_LEN];
  struct bulla_secret *root;
  struct bulla_day_cache *days; /* each under its day plus one */
};

/* bulla_minter_check sets |*claims| to |complete|, of the caller's, where those that were given are of another size, or
 * do not say how long they are good. Returns BULLA_INVALID_ARGUMENT and the statuses of bulla_sized_take. */
BULLA_NODISCARD enum bulla_status bulla_minter_check(const struct bulla_claims **claims, struct bulla_claims *complete);

/* bulla_minter_pin pins the key of the day of |iat|, which was checked. The caller releases it, before the next: a
 * |minter| keeps few. Statuses as of bulla_day_key_derive. */
BULLA_NODISCARD enum bulla_status bulla_minter_pin(struct bulla_minter *minter, struct bulla_day_pin *pin, int64_t iat);

#endif
