/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Counters that many threads change at once are kept in shards, a cache line each, so that processors do not pass
 * one line to and fro. */

#ifndef BULLA_CORE_SHARD_H
#define BULLA_CORE_SHARD_H

#include <sched.h>
#include <stddef.h>

enum { BULLA_SHARDS = 8, BULLA_CACHE_LINE = 64 };

/* bulla_my_shard returns the shard for this thread to use now. It goes by the processor: of two threads that run at
 * one moment none has the other's, until there are more processors than shards. */
static inline size_t bulla_my_shard(void) {
  /* Where nobody knows the processor it is -1, and one shard serves all. */
  return (size_t)sched_getcpu() % BULLA_SHARDS;
}

#endif
