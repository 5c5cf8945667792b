/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The cache of day keys, see token/day_cache.h. */

#include "token/day_cache.h"

#include <sched.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/lock.h"
#include "core/shard.h"
#include "core/slab.h"

enum { WAYS = 4 };

struct shard {
  alignas(BULLA_CACHE_LINE) _Atomic uint32_t users;
};

struct bulla_day_slot {
  struct shard shards[BULLA_SHARDS];
  struct bulla_seal_count seals;
  alignas(BULLA_CACHE_LINE) _Atomic uint64_t tag;
  struct bulla_day_key key;
};

/* Which slot a header was last found in, by a processor: a guess, for which nothing need be hashed. Whatever the two
 * numbers are, also if they are not of the same guess, what they lead to is looked at like any other slot. */
struct guess {
  alignas(BULLA_CACHE_LINE) _Atomic uint64_t header; /* see sample_of */
  _Atomic size_t slot;
};

struct bulla_day_cache {
  pthread_mutex_t writer;
  uint64_t fork_epoch; /* of the process in whose slab the AEAD keys lie */
  size_t next_victim;
  size_t num_slots;
  struct guess guesses[BULLA_SHARDS];
  struct bulla_day_slot slots[];
};

enum bulla_status bulla_day_cache_new(struct bulla_day_cache **cache, size_t num_slots) {
  *cache = NULL;
  size_t size = sizeof(struct bulla_day_cache) + num_slots * sizeof(struct bulla_day_slot);
  struct bulla_day_cache *made = aligned_alloc(BULLA_CACHE_LINE, size);
  if (made == NULL) {
    return BULLA_NO_MEMORY;
  }
  memset(made, 0, size);
  pthread_mutex_init(&made->writer, NULL);
  made->fork_epoch = bulla_fork_epoch();
  made->num_slots = num_slots;
  *cache = made;
  return BULLA_OK;
}

bool bulla_day_cache_here(const struct bulla_day_cache *cache) {
  return cache->fork_epoch == bulla_fork_epoch();
}

void bulla_day_cache_free(struct bulla_day_cache **cache) {
  struct bulla_day_cache *handle = *cache;
  if (handle == NULL) {
    return;
  }
  for (size_t i = 0; bulla_day_cache_here(handle) && i < handle->num_slots; i++) {
    bulla_day_key_clear(&handle->slots[i].key);
  }
  pthread_mutex_destroy(&handle->writer);
  free(handle);
  *cache = NULL;
}

/* The slots in which |tag| may be: all of a small cache, WAYS neighbours of a large one. */
static size_t candidate(const struct bulla_day_cache *cache, uint64_t tag, size_t way) {
  /* NOLINTNEXTLINE(clang-analyzer-core.DivideZero): a cache has one slot at least. */
  return cache->num_slots <= WAYS ? way : (tag % cache->num_slots + way) % cache->num_slots;
}

static size_t num_ways(const struct bulla_day_cache *cache) {
  return cache->num_slots < WAYS ? cache->num_slots : WAYS;
}

/* Pins what is in |slot| if that has |tag|, or anything if |tag| is 0. */
static bool pin(struct bulla_day_slot *slot, uint64_t tag, size_t shard) {
  slot->shards[shard].users++;
  uint64_t found = slot->tag;
  if (found == 0 || (tag != 0 && found != tag)) {
    slot->shards[shard].users--;
    return false;
  }
  return true;
}

static struct bulla_day_pin pin_of(struct bulla_day_slot *slot, size_t shard) {
  return (struct bulla_day_pin){.key = &slot->key, .seals = &slot->seals, .slot = slot, .shard = shard};
}

/* Says whether the key in |slot|, which is pinned, has |header|; if not it is released. */
static bool has_header(struct bulla_day_slot *slot, struct bulla_span header, size_t shard) {
  bool same = bulla_span_equal(header, bulla_span(slot->key.header, slot->key.header_len));
  if (!same) {
    slot->shards[shard].users--;
  }
  return same;
}

/* Eight digits of |header| in which there is some of the key id, if minting wrote it: most keys differ in them. */
static uint64_t sample_of(struct bulla_span header) {
  enum { FROM_END = 24 };
  uint64_t sample = 0;
  if (header.len >= FROM_END) {
    memcpy(&sample, header.data + header.len - FROM_END, sizeof(sample));
  }
  return sample;
}

/* A key that is in no cache, for one pin, which has no slot. */
struct lone_key {
  struct bulla_seal_count seals; /* first: the pin's pointer to them is one to the whole */
  struct bulla_day_key key;
};

enum bulla_status bulla_day_pin_alone(struct bulla_day_pin *pin, const struct bulla_day_key *key) {
  struct lone_key *lone = aligned_alloc(BULLA_CACHE_LINE, sizeof(*lone));
  if (lone == NULL) {
    return BULLA_NO_MEMORY;
  }
  memset(lone, 0, sizeof(*lone));
  lone->key = *key;
  bulla_seal_count_start(&lone->seals);
  *pin = (struct bulla_day_pin){.key = &lone->key, .seals = &lone->seals};
  return BULLA_OK;
}

void bulla_day_cache_release(struct bulla_day_pin *pin) {
  if (pin->slot != NULL) {
    pin->slot->shards[pin->shard].users--;
  } else if (pin->key != NULL) {
    struct lone_key *lone = (struct lone_key *)pin->seals;
    bulla_day_key_clear(&lone->key);
    free(lone);
  }
  *pin = (struct bulla_day_pin){0};
}

bool bulla_day_cache_guess(struct bulla_day_cache *cache, struct bulla_day_pin *made, struct bulla_span header) {
  size_t shard = bulla_my_shard();
  const struct guess *guess = &cache->guesses[shard];
  struct bulla_day_slot *slot = &cache->slots[atomic_load_explicit(&guess->slot, memory_order_relaxed)];
  bool found = atomic_load_explicit(&guess->header, memory_order_relaxed) == sample_of(header) && pin(slot, 0, shard) &&
               has_header(slot, header, shard);
  if (found) {
    *made = pin_of(slot, shard);
  }
  return found;
}

struct bulla_day_pin bulla_day_cache_find(struct bulla_day_cache *cache, uint64_t tag, struct bulla_span header) {
  size_t shard = bulla_my_shard();
  for (size_t way = 0; way < num_ways(cache); way++) {
    size_t place = candidate(cache, tag, way);
    struct bulla_day_slot *slot = &cache->slots[place];
    if (slot->tag != tag || !pin(slot, tag, shard)) {
      continue;
    }
    if (header.len == 0) {
      return pin_of(slot, shard);
    }
    if (has_header(slot, header, shard)) {
      atomic_store_explicit(&cache->guesses[shard].slot, place, memory_order_relaxed);
      atomic_store_explicit(&cache->guesses[shard].header, sample_of(header), memory_order_relaxed);
      return pin_of(slot, shard);
    }
  }
  return (struct bulla_day_pin){0};
}

static void wait_until_unused(struct bulla_day_slot *slot) {
  for (size_t i = 0; i < BULLA_SHARDS; i++) {
    while (slot->shards[i].users != 0) {
      sched_yield();
    }
  }
}

/* The slot that already has |tag|, or an empty one, or the next in turn. */
static struct bulla_day_slot *choose(struct bulla_day_cache *cache, uint64_t tag) {
  struct bulla_day_slot *empty = NULL;
  for (size_t way = 0; way < num_ways(cache); way++) {
    struct bulla_day_slot *slot = &cache->slots[candidate(cache, tag, way)];
    if (slot->tag == tag) {
      return slot;
    }
    if (slot->tag == 0 && empty == NULL) {
      empty = slot;
    }
  }
  /* NOLINTNEXTLINE(clang-analyzer-core.DivideZero): a cache has one slot at least. */
  return empty != NULL ? empty : &cache->slots[candidate(cache, tag, cache->next_victim++ % num_ways(cache))];
}

struct bulla_day_pin bulla_day_cache_insert(struct bulla_day_cache *cache, uint64_t tag,
                                            const struct bulla_day_key *key) {
  struct bulla_lock lock BULLA_CLEANUP(bulla_unlock);
  (void)bulla_lock(&lock, &cache->writer);
  struct bulla_day_slot *slot = choose(cache, tag);
  slot->tag = 0;
  wait_until_unused(slot);
  bulla_day_key_clear(&slot->key);
  slot->key = *key;
  bulla_seal_count_start(&slot->seals);
  size_t shard = bulla_my_shard();
  slot->shards[shard].users++;
  slot->tag = tag;
  return (struct bulla_day_pin){.key = &slot->key, .seals = &slot->seals, .slot = slot, .shard = shard};
}

void bulla_day_cache_drop_key(struct bulla_day_cache *cache, const uint8_t *key_id) {
  struct bulla_lock lock BULLA_CLEANUP(bulla_unlock);
  (void)bulla_lock(&lock, &cache->writer);
  for (size_t i = 0; i < cache->num_slots; i++) {
    struct bulla_day_slot *slot = &cache->slots[i];
    if (slot->tag != 0 && memcmp(slot->key.key_id, key_id, BULLA_APIKEY_ID_LEN) == 0) {
      slot->tag = 0;
      wait_until_unused(slot);
      bulla_day_key_clear(&slot->key);
    }
  }
}
