/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The keys that a verifier remembers: token roots, and in front of them a cache of the day keys derived from them. The
 * source is asked for a root once; day keys are derived from it, also again when the cache has evicted them.
 *
 * All keys are valid in one |generation|, except roots in doubt, for which the source could not tell: it is asked again
 * before they are used. Writers hold the lock. They begin a generation by asking whether each key is live, add a key
 * only if it was found in the same generation, and remove the day keys with their root, or when it comes into doubt.
 * Readers need no lock: a pinned key is not removed, so if the generation is still the reader's while it holds the pin,
 * the key is valid in it. */

#ifndef BULLA_TOKEN_KNOWN_KEYS_H
#define BULLA_TOKEN_KNOWN_KEYS_H

#include <pthread.h>
#include <stdatomic.h>

#include "core/keyed_hash.h"
#include "token/day_cache.h"
#include "token/root_table.h"

/* The callbacks of a verifier, see include/bulla/token.h. */
struct bulla_key_source {
  bulla_token_key_fn find;
  bulla_key_live_fn is_live;      /* may be NULL */
  bulla_generation_fn generation; /* may be NULL */
  void *arg;
};

struct bulla_known_keys {
  struct bulla_key_source source;
  _Atomic uint64_t generation;
  struct bulla_day_cache *days;
  struct bulla_hash_key hash_key;
  pthread_mutex_t lock;
  pthread_cond_t answered; /* signalled when a question is answered */
  struct bulla_root_table *roots;
  struct bulla_question *questions; /* being asked now */
};

/* bulla_known_keys_begin prepares |keys|, which must not move, for |max_keys|, at least 1. Call bulla_known_keys_end
 * also after a failure. Returns BULLA_NO_MEMORY, BULLA_NO_CRYPTO. */
BULLA_NODISCARD enum bulla_status bulla_known_keys_begin(struct bulla_known_keys *keys,
                                                         const struct bulla_key_source *source, size_t max_keys);

/* bulla_known_keys_end wipes and frees |keys|; nothing may be in use. In a forked child it frees what exists there. */
void bulla_known_keys_end(struct bulla_known_keys *keys);

/* bulla_known_keys_pin pins the key |key_id| of |day|, valid in |generation|. The caller must hold no other pin,
 * because removing a key waits for pins. Returns BULLA_REFUSED for an unknown key, the other statuses of the source's
 * functions, BULLA_INVALID_ARGUMENT if it did not return a key, and the statuses of bulla_aead_new. */
BULLA_NODISCARD enum bulla_status bulla_known_keys_pin(struct bulla_known_keys *keys, struct bulla_day_pin *pin,
                                                       const uint8_t *key_id, int64_t day, uint64_t generation);

/* bulla_known_keys_generation returns the current generation. */
static inline uint64_t bulla_known_keys_generation(const struct bulla_known_keys *keys) {
  return keys->source.generation == NULL ? 0 : keys->source.generation(keys->source.arg);
}

/* bulla_known_keys_tag returns the cache's tag of |header|, or 0, which no key has, if minting does not write such a
 * header. In a minted header the last 40 digits contain key id and day. */
static inline uint64_t bulla_known_keys_tag(const struct bulla_known_keys *keys, struct bulla_span header) {
  if (header.len < BULLA_HASHED_MAX) {
    return 0;
  }
  const uint8_t *tail = header.data + header.len - BULLA_HASHED_MAX;
  return UINT64_C(1) + bulla_keyed_hash(&keys->hash_key, tail, BULLA_HASHED_MAX);
}

/* bulla_known_keys_find pins the day key with |header|, valid in |generation|, if it is in the cache. */
static inline bool bulla_known_keys_find(const struct bulla_known_keys *keys, struct bulla_day_pin *pin,
                                         struct bulla_span header, uint64_t generation) {
  *pin = (struct bulla_day_pin){0};
  if (!bulla_day_cache_guess(keys->days, pin, header)) {
    uint64_t tag = bulla_known_keys_tag(keys, header);
    *pin = tag == 0 ? *pin : bulla_day_cache_find(keys->days, tag, header);
  }
  if (pin->key != NULL && keys->generation != generation) {
    bulla_day_cache_release(pin);
  }
  return pin->key != NULL;
}

#endif
