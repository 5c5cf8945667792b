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

/* Takes |num| seals of what |shard| has left, or none. */
static bool take(struct bulla_seal_shard *shard, uint64_t num) {
  uint64_t left = atomic_load_explicit(&shard->left, memory_order_relaxed);
  while (left >= num && !atomic_compare_exchange_weak_explicit(&shard->left, &left, left - num, memory_order_relaxed,
                                                               memory_order_relaxed)) {
  }
  return left >= num;
}

/* Takes up to |num| seals of what |shard| has left. */
static uint64_t take_up_to(struct bulla_seal_shard *shard, uint64_t num) {
  uint64_t left = atomic_load_explicit(&shard->left, memory_order_relaxed);
  uint64_t part;
  do {
    part = left < num ? left : num;
  } while (part > 0 && !atomic_compare_exchange_weak_explicit(&shard->left, &left, left - part, memory_order_relaxed,
                                                              memory_order_relaxed));
  return part;
}

/* Takes a batch, of |num| seals at least, or what is left of the limit. */
static uint64_t take_batch(struct bulla_seal_count *count, uint64_t num) {
  uint64_t most = num < BULLA_SEAL_BATCH ? BULLA_SEAL_BATCH : num;
  uint64_t taken = atomic_load_explicit(&count->taken, memory_order_relaxed);
  uint64_t batch;
  do {
    batch = taken < BULLA_MAX_SEALS ? BULLA_MAX_SEALS - taken : 0;
    batch = batch < most ? batch : most;
  } while (batch > 0 && !atomic_compare_exchange_weak_explicit(&count->taken, &taken, taken + batch,
                                                               memory_order_relaxed, memory_order_relaxed));
  return batch;
}

/* Says whether there are |num| seals in all. */
static bool may_have(struct bulla_seal_count *count, uint64_t num) {
  uint64_t taken = atomic_load_explicit(&count->taken, memory_order_relaxed);
  uint64_t left = taken < BULLA_MAX_SEALS ? BULLA_MAX_SEALS - taken : 0;
  for (size_t i = 0; i < BULLA_SHARDS; i++) {
    left += atomic_load_explicit(&count->shards[i].left, memory_order_relaxed);
  }
  return left >= num;
}

static void give_back(struct bulla_seal_shard *shard, uint64_t num) {
  atomic_fetch_add_explicit(&shard->left, num, memory_order_relaxed);
}

enum bulla_status bulla_count_seals(struct bulla_seal_count *count, uint64_t num) {
  struct bulla_seal_shard *mine = &count->shards[bulla_my_shard()];
  if (take(mine, num)) {
    return BULLA_OK;
  }
  if (!may_have(count, num)) {
    return BULLA_KEY_EXHAUSTED;
  }
  uint64_t batch = take_batch(count, num);
  if (batch >= num) {
    give_back(mine, batch - num);
    return BULLA_OK;
  }
  /* All has been taken: what other shards have left of it is as good. */
  for (size_t i = 0; i < BULLA_SHARDS; i++) {
    batch += take_up_to(&count->shards[i], num - batch);
  }
  if (batch < num) {
    give_back(mine, batch);
  }
  return batch < num ? BULLA_KEY_EXHAUSTED : BULLA_OK;
}
