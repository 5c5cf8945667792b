/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Strings of JSON: UTF-8 and escapes, one character at a time. What the structure is made of is in
 * core/json_read.c. */

#ifndef BULLA_CORE_JSON_STRING_H
#define BULLA_CORE_JSON_STRING_H

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "core/json.h"

/* bulla_json_take_char takes one character, escaped or not, that may stand inside the quotes of an I-JSON string,
 * or returns false: at the end, at a quote, at what is not allowed. */
bool bulla_json_take_char(struct bulla_reader *reader, uint32_t *character);

/* bulla_json_plain_len returns how many of the |len| bytes at |at| stand for themselves in a string: ASCII, no
 * control, no quote, no backslash. */
static inline size_t bulla_json_plain_len(const uint8_t *at, size_t len) {
  size_t plain = 0;
#ifdef __SSE2__
  for (; len - plain >= 16; plain += 16) {
    __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)(at + plain));
    /* Signed: what is not ASCII is negative, and so less than a space, like the controls. */
    __m128i special = _mm_or_si128(_mm_cmplt_epi8(bytes, _mm_set1_epi8(0x20)),
                                   _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')),
                                                _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'))));
    unsigned mask = (unsigned)_mm_movemask_epi8(special);
    if (mask != 0) {
      return plain + (size_t)__builtin_ctz(mask);
    }
  }
#endif
  while (plain < len && at[plain] >= 0x20 && at[plain] < 0x80 && at[plain] != '"' && at[plain] != '\\') {
    plain++;
  }
  return plain;
}

/* bulla_json_unescaped_start fills the eight bytes of |first| with the beginning of a checked string, unescaped,
 * padded with zeros, and returns the length of all of it in bytes. */
size_t bulla_json_unescaped_start(uint8_t *first, const struct bulla_json_value *string);

/* bulla_json_same says whether two checked strings are the same after unescaping. */
bool bulla_json_same(const struct bulla_json_value *a, const struct bulla_json_value *b);

#endif
