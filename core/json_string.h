/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* JSON strings: UTF-8 and escapes, one character at a time. core/json_read.c reads the structure. */

#ifndef BULLA_CORE_JSON_STRING_H
#define BULLA_CORE_JSON_STRING_H

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "core/json.h"

/* bulla_json_take_char takes one character, escaped or not, that is allowed inside an I-JSON string, or returns
 * false: at the end, at a quote, at anything else. */
bool bulla_json_take_char(struct bulla_reader *reader, uint32_t *character);

#ifdef __SSE2__
/* bulla_json_special_in returns a bit for each of 16 |bytes| that is not plain. */
static inline unsigned bulla_json_special_in(__m128i bytes) {
  /* Signed: non-ASCII bytes are negative, and so less than a space, like the controls. */
  __m128i special =
      _mm_or_si128(_mm_cmplt_epi8(bytes, _mm_set1_epi8(0x20)),
                   _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')), _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'))));
  return (unsigned)_mm_movemask_epi8(special);
}

/* bulla_json_special does so for those at |at|. */
static inline unsigned bulla_json_special(const uint8_t *at) {
  return bulla_json_special_in(_mm_loadu_si128((const __m128i *)(const void *)at));
}
#endif

/* bulla_json_plain_len returns how many of the |len| bytes at |at| are plain: ASCII except controls, quotes
 * and backslashes. */
static inline size_t bulla_json_plain_len(const uint8_t *at, size_t len) {
  size_t plain = 0;
#ifdef __SSE2__
  for (; len - plain >= 16; plain += 16) {
    unsigned special = bulla_json_special(at + plain);
    if (special != 0) {
      return plain + (size_t)__builtin_ctz(special);
    }
  }
#endif
  while (plain < len && at[plain] >= 0x20 && at[plain] < 0x80 && at[plain] != '"' && at[plain] != '\\') {
    plain++;
  }
  return plain;
}

/* bulla_json_copy_plain copies |len| bytes from |from| to |to|, and returns whether all are plain. */
static inline bool bulla_json_copy_plain(uint8_t *to, const uint8_t *from, size_t len) {
#ifdef __SSE2__
  unsigned special = 0;
  if (len >= 16) {
    /* The last sixteen may be some of those before again. */
    for (size_t at = 0;; at = len - at > 32 ? at + 16 : len - 16) {
      special |= bulla_json_special(from + at);
      memcpy(to + at, from + at, 16);
      if (at == len - 16) {
        return special == 0;
      }
    }
  }
  if (len >= 8) {
    uint64_t words[2];
    memcpy(&words[0], from, 8);
    memcpy(&words[1], from + len - 8, 8);
    memcpy(to, &words[0], 8);
    memcpy(to + len - 8, &words[1], 8);
    return bulla_json_special_in(_mm_set_epi64x((long long)words[1], (long long)words[0])) == 0;
  }
#endif
  for (size_t i = 0; i < len; i++) {
    to[i] = from[i];
  }
  return bulla_json_plain_len(from, len) == len;
}

#define BULLA_JSON_BLOCK 64

/* bulla_json_stops returns a bit for each of the BULLA_JSON_BLOCK bytes at |at|, in the text from |start| to |end|,
 * that is not plain, the lowest bit for the first byte. Bytes past the end of the text count as not plain. Of plain
 * bytes, as the digits of keys are, nothing else is ever looked at. */
uint64_t bulla_json_stops(const uint8_t *start, const uint8_t *at, const uint8_t *end);

/* bulla_json_unescaped_start fills the eight bytes of |first| with the beginning of a checked string, unescaped,
 * padded with zeros, and returns the length of all of it in bytes. */
size_t bulla_json_unescaped_start(uint8_t *first, const struct bulla_json_value *string);

/* bulla_json_same returns whether two checked strings are equal after unescaping. */
bool bulla_json_same(const struct bulla_json_value *a, const struct bulla_json_value *b);

/* bulla_json_hash returns 64 bits, never 0, equal for checked strings that are equal after unescaping. It is
 * not keyed: an attacker finds collisions in seconds. */
uint64_t bulla_json_hash(const struct bulla_json_value *string);

#endif
