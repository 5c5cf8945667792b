/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* A bounded cache of day keys that threads share without a lock on the way that is taken a million times.
 *
 * A slot has a tag, 0 while it holds nothing. A reader counts itself in among the slot's users and then looks at
 * the tag; a writer clears the tag and then waits until no users are left. In the one order that sequential
 * consistency gives the four, either the reader sees the cleared tag or the writer sees the reader. Users are
 * counted in shards, a cache line each, so that threads do not pass one line to and fro. */

#ifndef BULLA_TOKEN_DAY_CACHE_H
#define BULLA_TOKEN_DAY_CACHE_H

#include "core/seal_count.h"
#include "token/day_key.h"

struct bulla_day_cache;
struct bulla_day_slot;

/* A day key in use. It stays where it is until it is released. */
struct bulla_day_pin {
  const struct bulla_day_key *key; /* NULL if nothing was found */
  struct bulla_seal_count *seals;  /* under the key since it has been in the cache */
  struct bulla_day_slot *slot;     /* that it is in; NULL if it is the pin's own */
  size_t shard;
};

/* bulla_day_cache_new makes |*cache| with |num_slots| slots, at least one. Returns BULLA_NO_MEMORY. */
BULLA_NODISCARD enum bulla_status bulla_day_cache_new(struct bulla_day_cache **cache, size_t num_slots);

/* bulla_day_cache_free wipes and frees all; nothing may be in use. In a forked child it frees what exists there.
 * */
void bulla_day_cache_free(struct bulla_day_cache **cache);

/* bulla_day_cache_here says whether the keys of |cache| exist in this process. */
bool bulla_day_cache_here(const struct bulla_day_cache *cache);

/* bulla_day_cache_find finds the key under |tag|, which is not 0, and with |header|; an empty one fits any. */
struct bulla_day_pin bulla_day_cache_find(struct bulla_day_cache *cache, uint64_t tag, struct bulla_span header);

/* bulla_day_cache_insert takes over |key| under |tag| in place of an older one, and returns it in use. */
struct bulla_day_pin bulla_day_cache_insert(struct bulla_day_cache *cache, uint64_t tag,
                                            const struct bulla_day_key *key);

/* bulla_day_cache_drop_key wipes and frees all days' keys of the API key |key_id|, each as soon as nobody uses it;
 * the caller uses none. Afterwards none is found that was there before. */
void bulla_day_cache_drop_key(struct bulla_day_cache *cache, const uint8_t *key_id);

/* bulla_day_pin_alone takes over |key|, which is to be used through |pin| alone and is wiped and freed with it.
 * Returns BULLA_NO_MEMORY, and then has not taken it. */
BULLA_NODISCARD enum bulla_status bulla_day_pin_alone(struct bulla_day_pin *pin, const struct bulla_day_key *key);

/* bulla_day_cache_release ends the use of what find, insert or bulla_day_pin_alone returned. */
void bulla_day_cache_release(struct bulla_day_pin *pin);

#endif
