/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Ten decimal digits at once, which is what a time in seconds has from 2001 to 2286. Eight of them are handled as the
 * bytes of one word, the first digit in its lowest byte: neighbours join to pairs, pairs to fours, fours to eight. */

#ifndef BULLA_CORE_DIGITS_H
#define BULLA_CORE_DIGITS_H

#include <endian.h>
#include <string.h>

#include <bulla/core.h>

#define BULLA_TEN_DIGITS 10
#define BULLA_TEN_DIGITS_MAX UINT64_C(9999999999)

/* bulla_take_ten_digits sets |*number| to what the ten bytes at |at| say, or returns false if one is no digit. */
static inline bool bulla_take_ten_digits(uint64_t *number, const uint8_t *at) {
  uint64_t word;
  memcpy(&word, at, sizeof(word));
  word = le64toh(word) ^ UINT64_C(0x3030303030303030);
  unsigned ninth = (unsigned)at[8] ^ 0x30U;
  unsigned tenth = (unsigned)at[9] ^ 0x30U;
  /* Six more than a digit is less than sixteen; more than fifteen itself is no digit, and the sum does not carry. */
  uint64_t others =
      (word | ((word & UINT64_C(0x0f0f0f0f0f0f0f0f)) + UINT64_C(0x0606060606060606))) & UINT64_C(0xf0f0f0f0f0f0f0f0);
  if (others != 0 || ninth > 9 || tenth > 9) {
    return false;
  }
  uint64_t pairs = (word * 10 + (word >> 8)) & UINT64_C(0x00ff00ff00ff00ff);
  uint64_t fours = (pairs * 100 + (pairs >> 16)) & UINT64_C(0x0000ffff0000ffff);
  uint64_t eight = (fours * 10000 + (fours >> 32)) & UINT64_C(0xffffffff);
  *number = eight * 100 + (uint64_t)ninth * 10 + tenth;
  return true;
}

/* bulla_put_ten_digits writes |number|, at most BULLA_TEN_DIGITS_MAX, to the ten bytes at |at|, with leading zeros. */
static inline void bulla_put_ten_digits(uint8_t *at, uint64_t number) {
  uint64_t eight = number / 100;
  uint64_t rest = number % 100;
  /* A quotient by a constant is a product and a shift: exact below 10^8, 10^4 and 100. The lower half of each lane is
   * its quotient, the upper one what is left. */
  uint64_t quotient = eight / 10000;
  uint64_t fours = quotient + ((eight - quotient * 10000) << 32);
  uint64_t hundreds = (fours * 10486 >> 20) & UINT64_C(0x0000007f0000007f);
  uint64_t pairs = hundreds + ((fours - hundreds * 100) << 16);
  uint64_t tens = (pairs * 103 >> 10) & UINT64_C(0x000f000f000f000f);
  uint64_t digits = tens + ((pairs - tens * 10) << 8) + UINT64_C(0x3030303030303030);
  digits = htole64(digits);
  memcpy(at, &digits, sizeof(digits));
  at[8] = (uint8_t)('0' + rest / 10);
  at[9] = (uint8_t)('0' + rest % 10);
}

#endif
