/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Numbers of JSON: their grammar, and the integers among them. */

#include "core/json_number.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum { MAX_REAL_LEN = 40, MAX_EXPONENT = 250, SURE_DIGITS = 18 /* any so many fit an int64 */ };

static inline bool is_next(const uint8_t *at, const uint8_t *end, uint8_t c) {
  return at < end && *at == c;
}

static inline const uint8_t *skip_digits(const uint8_t *at, const uint8_t *end) {
#ifdef __SSE2__
  if (end - at >= 16) {
    /* Unsigned, what is no digit is more than nine away from '0'. */
    __m128i values = _mm_sub_epi8(_mm_loadu_si128((const __m128i *)(const void *)at), _mm_set1_epi8('0'));
    __m128i are_digits = _mm_cmpeq_epi8(_mm_min_epu8(values, _mm_set1_epi8(9)), values);
    unsigned others = (unsigned)_mm_movemask_epi8(are_digits) ^ 0xffff;
    if (others != 0) {
      return at + __builtin_ctz(others);
    }
    at += 16;
  }
#endif
  while (at < end && (uint8_t)(*at - '0') < 10) {
    at++;
  }
  return at;
}

static bool parse_int64(int64_t *number, struct bulla_span text) {
  bool negative = text.len > 0 && text.data[0] == '-';
  uint64_t limit = negative ? UINT64_C(1) << 63 : INT64_MAX;
  uint64_t magnitude = 0;
  for (size_t i = negative ? 1 : 0; i < text.len; i++) {
    uint64_t digit = (uint8_t)(text.data[i] - '0');
    if (digit > 9 || (i >= SURE_DIGITS && magnitude > (limit - digit) / 10)) {
      return false;
    }
    magnitude = magnitude * 10 + digit;
  }
  *number = (int64_t)(negative ? 0 - magnitude : magnitude);
  return true;
}

/* Takes a fraction and an exponent, if they are there. */
static const uint8_t *take_real(const uint8_t *at, const uint8_t *end) {
  if (is_next(at, end, '.')) {
    const uint8_t *digits = at + 1;
    at = skip_digits(digits, end);
    if (at == digits) {
      return NULL;
    }
  }
  if (is_next(at, end, 'e') || is_next(at, end, 'E')) {
    at++;
    if (is_next(at, end, '-') || is_next(at, end, '+')) {
      at++;
    }
    const uint8_t *digits = at;
    at = skip_digits(digits, end);
    int64_t power;
    if (at == digits || !parse_int64(&power, bulla_span(digits, (size_t)(at - digits))) || power > MAX_EXPONENT) {
      return NULL;
    }
  }
  return at;
}

const uint8_t *bulla_json_take_number(const uint8_t *at, const uint8_t *end, struct bulla_json_value *value) {
  const uint8_t *start = at;
  const uint8_t *digits = is_next(at, end, '-') ? at + 1 : at;
  const uint8_t *integer_end = skip_digits(digits, end);
  size_t num_digits = (size_t)(integer_end - digits);
  if (num_digits == 0 || (num_digits > 1 && *digits == '0')) {
    return NULL;
  }
  at = integer_end;
  if (at < end && (*at == '.' || (*at | 0x20) == 'e')) {
    at = take_real(at, end);
    if (at == NULL) {
      return NULL;
    }
  }
  value->type = BULLA_JSON_NUMBER;
  value->escaped = false;
  value->all_strings = false;
  value->text = bulla_span(start, (size_t)(at - start));
  int64_t number;
  bool in_bounds = at != integer_end ? value->text.len <= MAX_REAL_LEN
                                     : num_digits <= SURE_DIGITS || parse_int64(&number, value->text);
  return in_bounds ? at : NULL;
}

bool bulla_json_int64(int64_t *number, const struct bulla_json_value *value) {
  return value->type == BULLA_JSON_NUMBER && parse_int64(number, value->text);
}
