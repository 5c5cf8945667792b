/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Numbers for bytes that others choose, in tables in memory. */

#ifndef BULLA_STORE_TAG_H
#define BULLA_STORE_TAG_H

#include <endian.h>
#include <string.h>

#include <bulla/core.h>

/* bulla_word_of returns the first |len| bytes at |at|, at most eight, as a number, the first in its lowest byte. It
 * goes through no memory: what is written there by bytes and read as a word must be waited for. */
static inline uint64_t bulla_word_of(const uint8_t *at, size_t len) {
  if (len >= 8) {
    uint64_t word;
    memcpy(&word, at, sizeof(word));
    return le64toh(word);
  }
  if (len >= 4) {
    uint32_t first;
    uint32_t last;
    memcpy(&first, at, sizeof(first));
    memcpy(&last, at + len - sizeof(last), sizeof(last));
    return le32toh(first) | (uint64_t)le32toh(last) << (8 * (len - sizeof(last)));
  }
  return len == 0 ? 0 : at[0] | (uint64_t)at[len / 2] << (8 * (len / 2)) | (uint64_t)at[len - 1] << (8 * (len - 1));
}

/* bulla_tag returns a number for |bytes| that nobody can choose who does not know |random|. */
static inline uint64_t bulla_tag(uint64_t random, struct bulla_span bytes) {
  uint64_t tag = random ^ bytes.len;
  for (size_t at = 0; at < bytes.len; at += sizeof(uint64_t)) {
    tag = (tag ^ bulla_word_of(bytes.data + at, bytes.len - at)) * UINT64_C(0x9e3779b97f4a7c15);
    tag = (tag ^ tag >> 32) * (random | 1);
    tag ^= tag >> 29;
  }
  return tag;
}

#endif
