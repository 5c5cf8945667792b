/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Base64url, the portable codec, and the alphabet both ways. */

#include "core/base64url_variants.h"

_Alignas(64) const uint8_t bulla_base64url_digits[64] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

_Alignas(64) const uint8_t bulla_base64url_values[256] = {
    ['A'] = 1,  ['B'] = 2,  ['C'] = 3,  ['D'] = 4,  ['E'] = 5,  ['F'] = 6,  ['G'] = 7,  ['H'] = 8,
    ['I'] = 9,  ['J'] = 10, ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14, ['O'] = 15, ['P'] = 16,
    ['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21, ['V'] = 22, ['W'] = 23, ['X'] = 24,
    ['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28, ['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32,
    ['g'] = 33, ['h'] = 34, ['i'] = 35, ['j'] = 36, ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40,
    ['o'] = 41, ['p'] = 42, ['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48,
    ['w'] = 49, ['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56,
    ['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62, ['-'] = 63, ['_'] = 64,
};

static bool always(void) {
  return true;
}

/* Writes |num_digits| digits for the top bits of the 24 in |group|. */
static void encode_group(uint8_t *text, uint32_t group, size_t num_digits) {
  for (size_t i = 0; i < num_digits; i++) {
    text[i] = bulla_base64url_digits[group >> (18 - 6 * i) & 63];
  }
}

static void encode_portable(uint8_t *text, struct bulla_span bytes) {
  const uint8_t *in = bytes.data;
  size_t left = bytes.len;
  for (; left >= 3; left -= 3, in += 3, text += 4) {
    encode_group(text, (uint32_t)in[0] << 16 | (uint32_t)in[1] << 8 | in[2], 4);
  }
  if (left == 2) {
    encode_group(text, (uint32_t)in[0] << 16 | (uint32_t)in[1] << 8, 3);
  } else if (left == 1) {
    encode_group(text, (uint32_t)in[0] << 16, 2);
  }
}

/* Reads |num_digits| digits as the top bits of 24, or returns false. */
static bool decode_group(uint32_t *group, const uint8_t *text, size_t num_digits) {
  uint32_t bits = 0;
  bool good = true;
  for (size_t i = 0; i < num_digits; i++) {
    uint8_t value = bulla_base64url_values[text[i]];
    good = good && value != 0;
    bits |= (uint32_t)((value - 1) & 63) << (18 - 6 * i);
  }
  *group = bits;
  return good;
}

static bool decode_portable(uint8_t *bytes, struct bulla_span text) {
  const uint8_t *in = text.data;
  size_t left = text.len;
  uint32_t group;
  for (; left >= 4; left -= 4, in += 4, bytes += 3) {
    if (!decode_group(&group, in, 4)) {
      return false;
    }
    bytes[0] = (uint8_t)(group >> 16);
    bytes[1] = (uint8_t)(group >> 8);
    bytes[2] = (uint8_t)group;
  }
  if (left == 0) {
    return true;
  }
  if (left == 1 || !decode_group(&group, in, left)) {
    return false;
  }
  bytes[0] = (uint8_t)(group >> 16);
  if (left == 3) {
    bytes[1] = (uint8_t)(group >> 8);
    return (group & 0xff) == 0;
  }
  return (group & 0xffff) == 0;
}

const struct bulla_base64url_variant bulla_base64url_portable = {"portable", always, encode_portable, decode_portable,
                                                                 NULL};
