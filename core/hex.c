/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Hexadecimal, with arithmetic in place of tables and branches. */

#include "core/hex.h"

#include "core/mask.h"

static uint8_t digit(unsigned value) {
  /* 9 - value wraps around for 10 to 15, which reach from '9' over to 'a'. */
  return (uint8_t)('0' + value + (bulla_mask((9 - value) >> 8) & ('a' - '0' - 10)));
}

void bulla_hex_encode(uint8_t *text, struct bulla_span bytes) {
  for (size_t i = 0; i < bytes.len; i++) {
    text[2 * i] = digit(bytes.data[i] >> 4);
    text[2 * i + 1] = digit(bytes.data[i] & 15);
  }
}

/* All ones if |low| <= |c| <= |high|, else zero. */
static unsigned in_range(unsigned c, unsigned low, unsigned high) {
  unsigned both = (low - 1 - c) & (c - high - 1);
  return bulla_mask(0 - (both >> 31));
}

/* The value of a digit; what is none sets bits in |bad|. */
static unsigned value_of(unsigned c, unsigned *bad) {
  unsigned decimal = in_range(c, '0', '9');
  unsigned lower = in_range(c, 'a', 'f');
  unsigned upper = in_range(c, 'A', 'F');
  *bad |= ~(decimal | lower | upper);
  return (decimal & (c - '0')) | (lower & (c - 'a' + 10)) | (upper & (c - 'A' + 10));
}

bool bulla_hex_decode(uint8_t *bytes, struct bulla_span text) {
  if (text.len % 2 != 0) {
    return false;
  }
  unsigned bad = 0;
  for (size_t i = 0; i < text.len / 2; i++) {
    unsigned high = value_of(text.data[2 * i], &bad);
    unsigned low = value_of(text.data[2 * i + 1], &bad);
    bytes[i] = (uint8_t)(high << 4 | low);
  }
  return bad == 0;
}
