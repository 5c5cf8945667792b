/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Counts of seals, see core/key.h. What a thread has taken of the counts that it used last is in a small table of
 * its own. A serial is never given twice, so an entry can only be mistaken for what it is. */

#include <stdatomic.h>

#include "core/key.h"

enum { REMEMBERED = 8 };

static _Thread_local struct {
  uint64_t serial;
  uint64_t left;
} batches[REMEMBERED];

void bulla_seal_count_start(struct bulla_seal_count *count) {
  static _Atomic uint64_t last_serial;
  count->serial = ++last_serial;
  count->taken = 0;
}

/* Takes a batch, or what is left of the limit. */
static uint64_t take_batch(struct bulla_seal_count *count) {
  uint64_t taken = atomic_fetch_add_explicit(&count->taken, BULLA_SEAL_BATCH, memory_order_relaxed);
  if (taken + BULLA_SEAL_BATCH <= BULLA_MAX_SEALS) {
    return BULLA_SEAL_BATCH;
  }
  /* Past the limit: what was taken too much is given back, so that the sum cannot wrap around. */
  uint64_t left = taken < BULLA_MAX_SEALS ? BULLA_MAX_SEALS - taken : 0;
  atomic_fetch_sub_explicit(&count->taken, BULLA_SEAL_BATCH - left, memory_order_relaxed);
  return left;
}

enum bulla_status bulla_count_seal(struct bulla_seal_count *count) {
  size_t i = count->serial % REMEMBERED;
  if (batches[i].serial != count->serial || batches[i].left == 0) {
    batches[i].serial = count->serial;
    batches[i].left = take_batch(count);
  }
  if (batches[i].left == 0) {
    return BULLA_KEY_EXHAUSTED;
  }
  batches[i].left--;
  return BULLA_OK;
}
