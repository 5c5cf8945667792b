/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* A set of revocations in memory, which only grows. One thread adds at a time; any number read at the same time,
 * without a lock. Members are 16 bytes; an attacker who chooses them cannot make them collide. */

#ifndef BULLA_STORE_REVOCATIONS_H
#define BULLA_STORE_REVOCATIONS_H

#include <bulla/core.h>

#include "core/keyed_hash.h"

#define BULLA_REVOCATION_LEN 16

struct bulla_revocations_table;

struct bulla_revocations {
  struct bulla_revocations_table *_Atomic table; /* NULL while the set is empty */
  struct bulla_hash_key key;
  size_t num;
};

/* bulla_revocations_free frees the set. No thread may be reading. */
void bulla_revocations_free(struct bulla_revocations *set);

/* bulla_revocations_add adds |member|, BULLA_REVOCATION_LEN bytes, and sets |*added| to whether it is new.
 * Returns BULLA_NO_MEMORY, BULLA_NO_CRYPTO. */
BULLA_NODISCARD enum bulla_status bulla_revocations_add(struct bulla_revocations *set, bool *added,
                                                        const uint8_t *member);

/* bulla_revocations_has returns whether |member| is in the set. */
bool bulla_revocations_has(const struct bulla_revocations *set, const uint8_t *member);

#endif
