/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Base64url for key material: no byte of it, digit or value, is an index or decides a branch. Each range of the
 * alphabet is worked out for every digit, and a mask keeps the one that applies. */

#include "core/base64url.h"
#include "core/mask.h"

/* All ones if |a| < |b|, or else 0. Both are below 2^31, so that the top bit of the difference tells. */
static uint32_t less(uint32_t a, uint32_t b) {
  return bulla_mask(0 - ((a - b) >> 31));
}

static uint32_t within(uint32_t x, uint32_t first, uint32_t last) {
  return ~less(x, first) & ~less(last, x);
}

/* |last| are the digits of 62 and 63, here and below. */
static uint8_t digit_of(uint32_t value, const char last[2]) {
  return (uint8_t)((within(value, 0, 25) & ('A' + value)) | (within(value, 26, 51) & ('a' + value - 26)) |
                   (within(value, 52, 61) & ('0' + value - 52)) | (within(value, 62, 62) & (uint8_t)last[0]) |
                   (within(value, 63, 63) & (uint8_t)last[1]));
}

/* The value plus one, or 0 for what is no digit. */
static uint32_t value_of(uint32_t digit, const char last[2]) {
  uint32_t of_62 = (uint32_t)last[0];
  uint32_t of_63 = (uint32_t)last[1];
  return (within(digit, 'A', 'Z') & (digit - 'A' + 1)) | (within(digit, 'a', 'z') & (digit - 'a' + 27)) |
         (within(digit, '0', '9') & (digit - '0' + 53)) | (within(digit, of_62, of_62) & 63) |
         (within(digit, of_63, of_63) & 64);
}

/* Both directions are one queue of bits: what comes in goes to its low end, and what goes out leaves at its high
 * end. How many bits it holds depends on the length alone. */

static void encode(uint8_t *text, struct bulla_span bytes, const char last[2]) {
  uint32_t queue = 0;
  unsigned num_bits = 0;
  for (size_t i = 0; i < bytes.len; i++) {
    queue = queue << 8 | bytes.data[i];
    for (num_bits += 8; num_bits >= 6; num_bits -= 6) {
      *text++ = digit_of(queue >> (num_bits - 6) & 63, last);
    }
  }
  if (num_bits > 0) {
    *text = digit_of(queue << (6 - num_bits) & 63, last);
  }
}

void bulla_base64url_encode_secret(uint8_t *text, struct bulla_span bytes) {
  encode(text, bytes, "-_");
}

void bulla_base64_encode_secret(uint8_t *text, struct bulla_span bytes) {
  encode(text, bytes, "+/");
}

static bool decode(uint8_t *bytes, struct bulla_span text, const char last[2]) {
  uint32_t queue = 0;
  uint32_t bad = 0;
  unsigned num_bits = 0;
  size_t len = 0;
  for (size_t i = 0; i < text.len; i++) {
    uint32_t value = value_of(text.data[i], last);
    bad |= less(value, 1);
    queue = queue << 6 | ((value - 1) & 63);
    num_bits += 6;
    if (num_bits >= 8) {
      num_bits -= 8;
      bytes[len++] = (uint8_t)(queue >> num_bits);
    }
  }
  /* Six bits left over are a digit too many; fewer must be zero. */
  bad |= less(5, num_bits) | less(0, queue & ((1u << num_bits) - 1));
  for (size_t i = 0; i < len; i++) {
    bytes[i] &= (uint8_t)~bad;
  }
  return bad == 0;
}

bool bulla_base64url_decode_secret(uint8_t *bytes, struct bulla_span text) {
  return decode(bytes, text, "-_");
}

bool bulla_base64_decode_secret(uint8_t *bytes, struct bulla_span text) {
  return decode(bytes, text, "+/");
}

struct bulla_span bulla_base64_without_padding(struct bulla_span text) {
  if (text.len == 0 || text.len % 4 != 0) {
    return text;
  }
  size_t last = text.data[text.len - 1] == '=';
  size_t both = last & (size_t)(text.data[text.len - 2] == '=');
  return bulla_span(text.data, text.len - last - both);
}
