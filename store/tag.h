/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Numbers for bytes that others choose, in tables in memory. */

#ifndef BULLA_STORE_TAG_H
#define BULLA_STORE_TAG_H

#include <bulla/core.h>

/* bulla_tag returns a number for |bytes| that nobody can choose who does not know |random|. */
static inline uint64_t bulla_tag(uint64_t random, struct bulla_span bytes) {
  uint64_t tag = random ^ bytes.len;
  for (size_t at = 0; at < bytes.len; at += sizeof(uint64_t)) {
    uint64_t word = 0;
    size_t left = bytes.len - at;
    memcpy(&word, bytes.data + at, left < sizeof(word) ? left : sizeof(word));
    tag = (tag ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    tag = (tag ^ tag >> 32) * (random | 1);
    tag ^= tag >> 29;
  }
  return tag;
}

#endif
