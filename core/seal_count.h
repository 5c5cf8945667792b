/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Counting seals, so that no AES-GCM key exceeds its limit. */

#ifndef BULLA_CORE_SEAL_COUNT_H
#define BULLA_CORE_SEAL_COUNT_H

#include <bulla/core.h>

#include "core/shard.h"

/* NIST SP 800-38D §8.3: with random 96-bit nonces, at most this many invocations of seal under one key. */
#define BULLA_MAX_SEALS (UINT64_C(1) << 32)

/* A count of seals under one key, shared by any number of threads. Threads take seals from batches in shards of the
 * count. None is lost: once all batches are given out, threads take from any shard. */
#define BULLA_SEAL_BATCH 256

struct bulla_seal_shard {
  _Alignas(BULLA_CACHE_LINE) _Atomic uint64_t left; /* of batches that were taken */
};

struct bulla_seal_count {
  _Atomic uint64_t taken; /* in batches, at most BULLA_MAX_SEALS */
  struct bulla_seal_shard shards[BULLA_SHARDS];
};

/* bulla_seal_count_start sets |count| to zero, for a new key. */
void bulla_seal_count_start(struct bulla_seal_count *count);

/* bulla_count_seals counts |num| more seals, or none and returns BULLA_KEY_EXHAUSTED. Where threads meet at the end of
 * a count, that may be said of a few seals that another thread gives back. */
BULLA_NODISCARD enum bulla_status bulla_count_seals(struct bulla_seal_count *count, uint64_t num);

/* bulla_count_seal counts one more. */
BULLA_NODISCARD static inline enum bulla_status bulla_count_seal(struct bulla_seal_count *count) {
  return bulla_count_seals(count, 1);
}

#endif
