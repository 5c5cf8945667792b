/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* A bounded cache of day keys that threads share, without a lock on the hot path.
 *
 * A slot has a tag, 0 while it is empty. A reader increments the slot's count of users and then reads the tag; a writer
 * clears the tag and then waits until there are no users. As the four operations are sequentially consistent, either
 * the reader sees the cleared tag or the writer sees the reader. Users are counted in shards, a cache line each, so
 * that threads do not pass one line back and forth. */

#ifndef BULLA_TOKEN_DAY_CACHE_H
#define BULLA_TOKEN_DAY_CACHE_H

#include "core/seal_count.h"
#include "token/day_key.h"

struct bulla_day_cache;
struct bulla_day_slot;

/* A day key in use. It stays where it is until it is released. */
struct bulla_day_pin {
  const struct bulla_day_key *key; /* NULL if not found */
  struct bulla_seal_count *seals;  /* seals under the key while in the cache */
  struct bulla_day_slot *slot;     /* its slot; NULL if the pin owns the key */
  size_t shard;
};

/* bulla_day_cache_new creates |*cache| with |num_slots| slots, at least one. Returns BULLA_NO_MEMORY. */
BULLA_NODISCARD enum bulla_status bulla_day_cache_new(struct bulla_day_cache **cache, size_t num_slots);

/* bulla_day_cache_free wipes and frees |*cache|; nothing may be in use. In a forked child it frees what exists
 * there. */
void bulla_day_cache_free(struct bulla_day_cache **cache);

/* bulla_day_cache_here returns whether the keys of |cache| exist in this process. */
bool bulla_day_cache_here(const struct bulla_day_cache *cache);

/* bulla_day_cache_find finds the key with |tag|, which is not 0, and |header|; an empty header matches any. */
struct bulla_day_pin bulla_day_cache_find(struct bulla_day_cache *cache, uint64_t tag, struct bulla_span header);

/* bulla_day_cache_guess makes |pin| of the key with |header|, which is not empty, if it is where this processor found
 * it last. It needs no tag. Where it returns false, |pin| is unchanged, and the key may be in the cache all the same.
 */
BULLA_NODISCARD bool bulla_day_cache_guess(struct bulla_day_cache *cache, struct bulla_day_pin *pin,
                                           struct bulla_span header);

/* bulla_day_cache_insert stores |key|, which it owns from now on, under |tag|, evicting an older one, and returns it in
 * use. */
struct bulla_day_pin bulla_day_cache_insert(struct bulla_day_cache *cache, uint64_t tag,
                                            const struct bulla_day_key *key);

/* bulla_day_cache_drop_key wipes and frees all day keys of the API key |key_id|, each as soon as it is unused; the
 * caller must not use any. Afterwards none of them is found. */
void bulla_day_cache_drop_key(struct bulla_day_cache *cache, const uint8_t *key_id);

/* bulla_day_pin_alone makes |pin| the owner of |key|, which is wiped and freed with it. On BULLA_NO_MEMORY the caller
 * still owns |key|. */
BULLA_NODISCARD enum bulla_status bulla_day_pin_alone(struct bulla_day_pin *pin, const struct bulla_day_key *key);

/* bulla_day_cache_release ends the use of what find, insert or bulla_day_pin_alone returned. */
void bulla_day_cache_release(struct bulla_day_pin *pin);

#endif
