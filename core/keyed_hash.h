/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* A hash for tables in memory: an attacker who does not know the key cannot choose texts that share a slot. It is the
 * strongly universal MULTILINEAR-HM of Lemire and Kaser, "Strongly universal string hashing is fast" (2014): under
 * a random key the hashes of any two texts are independent and uniform. Words are read in the byte order of the
 * machine, so hashes are valid only in this process. */

#ifndef BULLA_CORE_KEYED_HASH_H
#define BULLA_CORE_KEYED_HASH_H

#include <string.h>

#include <bulla/core.h>

#define BULLA_HASHED_MAX 40 /* bytes of a text */

struct bulla_hash_key {
  uint64_t words[1 + BULLA_HASHED_MAX / 4]; /* at random */
};

/* bulla_keyed_hash returns the hash of |len| bytes at |text|, a multiple of eight, at most BULLA_HASHED_MAX; all texts
 * of a table have the same length. */
static inline uint32_t bulla_keyed_hash(const struct bulla_hash_key *key, const uint8_t *text, size_t len) {
  uint64_t sum = key->words[0];
  for (size_t i = 0; i < len / 4; i += 2) {
    uint32_t pair[2];
    memcpy(pair, text + 4 * i, sizeof(pair));
    sum += (key->words[i + 1] + pair[0]) * (key->words[i + 2] + pair[1]);
  }
  return (uint32_t)(sum >> 32);
}

#endif
