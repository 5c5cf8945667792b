/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The keys that a verifier knows: token roots, and in front of them a cache of the day keys that were derived from
 * them. Somebody else is asked for a root once; both days' keys, and each that the cache has no more room for,
 * come from it.
 *
 * All keys in here are good in one generation, |generation|, but for roots in doubt, of which nobody could say
 * whether they are: those are asked about again before they are used. What changes the keys holds the lock: it
 * begins a generation by asking whether each key is live, puts a key in only if that was asked for in the same
 * generation, and takes the day keys out with their root, or as it comes into doubt. A reader needs no lock: what
 * it has pinned cannot be taken out, so if the generation is its own while it holds the pin, the key is good in
 * it. */

#ifndef BULLA_TOKEN_KNOWN_KEYS_H
#define BULLA_TOKEN_KNOWN_KEYS_H

#include <pthread.h>
#include <stdatomic.h>

#include "core/keyed_hash.h"
#include "token/day_cache.h"
#include "token/root_table.h"

/* Who is asked, see include/bulla/token.h. */
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
  pthread_cond_t answered; /* one of the questions was */
  struct bulla_root_table *roots;
  struct bulla_question *questions; /* that are being asked */
};

/* bulla_known_keys_begin makes |keys|, which stays where it is, for |max_keys|, at least 1. bulla_known_keys_end
 * is due also when it fails. Returns BULLA_NO_MEMORY, BULLA_NO_CRYPTO. */
BULLA_NODISCARD enum bulla_status bulla_known_keys_begin(struct bulla_known_keys *keys,
                                                         const struct bulla_key_source *source, size_t max_keys);

/* bulla_known_keys_end wipes and frees what |keys| holds; nothing may be in use. In a forked child it frees what
 * exists there. */
void bulla_known_keys_end(struct bulla_known_keys *keys);

/* bulla_known_keys_pin makes |pin| of the key |key_id| of |day|, good in |generation|. Whoever calls it holds no
 * other pin: who takes a key out waits for those. Returns BULLA_REFUSED for an unknown key, the other statuses of
 * the source's functions, BULLA_INVALID_ARGUMENT if what it found is no key, and the statuses of bulla_aead_new.
 */
BULLA_NODISCARD enum bulla_status bulla_known_keys_pin(struct bulla_known_keys *keys, struct bulla_day_pin *pin,
                                                       const uint8_t *key_id, int64_t day, uint64_t generation);

/* bulla_known_keys_generation asks which generation it is. */
static inline uint64_t bulla_known_keys_generation(const struct bulla_known_keys *keys) {
  return keys->source.generation == NULL ? 0 : keys->source.generation(keys->source.arg);
}

/* bulla_known_keys_tag returns the tag of a |header| for the cache, or 0, which none has, if it is none that
 * minting writes. In those key id and day are in the last 40 digits. */
static inline uint64_t bulla_known_keys_tag(const struct bulla_known_keys *keys, struct bulla_span header) {
  if (header.len < BULLA_HASHED_MAX) {
    return 0;
  }
  const uint8_t *tail = header.data + header.len - BULLA_HASHED_MAX;
  return UINT64_C(1) + bulla_keyed_hash(&keys->hash_key, tail, BULLA_HASHED_MAX);
}

/* bulla_known_keys_find makes |pin| of the day key with |header|, good in |generation|, if it can be had at once.
 */
static inline bool bulla_known_keys_find(const struct bulla_known_keys *keys, struct bulla_day_pin *pin,
                                         struct bulla_span header, uint64_t generation) {
  uint64_t tag = bulla_known_keys_tag(keys, header);
  *pin = (struct bulla_day_pin){0};
  if (tag != 0) {
    *pin = bulla_day_cache_find(keys->days, tag, header);
  }
  if (pin->key != NULL && keys->generation != generation) {
    bulla_day_cache_release(pin);
  }
  return pin->key != NULL;
}

#endif
