/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Counts of seals, see core/seal_count.h. */

#include "core/seal_count.h"

#include <stdatomic.h>

void bulla_seal_count_start(struct bulla_seal_count *count) {
  count->taken = 0;
  for (size_t i = 0; i < BULLA_SHARDS; i++) {
    count->shards[i].left = 0;
  }
}

/* Takes one seal of what |shard| has left. */
static bool take_one(struct bulla_seal_shard *shard) {
  uint64_t left = atomic_load_explicit(&shard->left, memory_order_relaxed);
  while (left > 0 && !atomic_compare_exchange_weak_explicit(&shard->left, &left, left - 1, memory_order_relaxed,
                                                            memory_order_relaxed)) {
  }
  return left > 0;
}

/* Takes a batch, or what is left of the limit. */
static uint64_t take_batch(struct bulla_seal_count *count) {
  uint64_t taken = atomic_load_explicit(&count->taken, memory_order_relaxed);
  uint64_t batch;
  do {
    batch = taken < BULLA_MAX_SEALS ? BULLA_MAX_SEALS - taken : 0;
    batch = batch < BULLA_SEAL_BATCH ? batch : BULLA_SEAL_BATCH;
  } while (batch > 0 && !atomic_compare_exchange_weak_explicit(&count->taken, &taken, taken + batch,
                                                               memory_order_relaxed, memory_order_relaxed));
  return batch;
}

enum bulla_status bulla_count_seal(struct bulla_seal_count *count) {
  struct bulla_seal_shard *mine = &count->shards[bulla_my_shard()];
  if (take_one(mine)) {
    return BULLA_OK;
  }
  uint64_t batch = take_batch(count);
  if (batch > 0) {
    atomic_fetch_add_explicit(&mine->left, batch - 1, memory_order_relaxed);
    return BULLA_OK;
  }
  /* All has been taken: what other shards have left of it is as good. */
  for (size_t i = 0; i < BULLA_SHARDS; i++) {
    if (take_one(&count->shards[i])) {
      return BULLA_OK;
    }
  }
  return BULLA_KEY_EXHAUSTED;
}
