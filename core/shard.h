/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Counters that many threads change at once are kept in shards, a cache line each, so that processors do not pass
 * one line back and forth. */

#ifndef BULLA_CORE_SHARD_H
#define BULLA_CORE_SHARD_H

#include <sched.h>
#include <stddef.h>

enum { BULLA_SHARDS = 8, BULLA_CACHE_LINE = 64 };

/* bulla_my_shard returns the shard for this thread to use now, chosen by its processor: threads that run at the same
 * time use different shards, up to BULLA_SHARDS processors. */
static inline size_t bulla_my_shard(void) {
  /* If the processor is unknown this is -1, and one shard serves all. */
  return (size_t)sched_getcpu() % BULLA_SHARDS;
}

#endif
