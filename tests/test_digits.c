/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Ten digits at once, beside printf. */

#include <inttypes.h>

#include "core/digits.h"
#include "tests/support.h"

static void check(uint64_t number) {
  char wanted[BULLA_TEN_DIGITS + 1];
  uint8_t digits[BULLA_TEN_DIGITS + 1] = {0};
  uint64_t read = 1;
  snprintf(wanted, sizeof(wanted), "%010" PRIu64, number);
  bulla_put_ten_digits(digits, number);
  cr_assert_eq(memcmp(digits, wanted, sizeof(wanted)), 0, "%s, not %s", (char *)digits, wanted);
  cr_assert(bulla_take_ten_digits(&read, digits) && read == number, "%s: %" PRIu64, wanted, read);
}

Test(digits, are_written_and_read) {
  /* Each group of four by itself, and each of two, with all others. */
  for (uint64_t i = 0; i < 10000; i++) {
    check(i);
    check(i * 100);
    check(i * 1000000);
    check(9999999999 - i);
    check(i * 1000000 + (9999 - i) * 100 + i % 100);
  }
  uint64_t number = 1;
  for (size_t i = 0; i < 1000000; i++) {
    number = number * UINT64_C(6364136223846793005) + 1442695040888963407;
    check((number >> 20) % (BULLA_TEN_DIGITS_MAX + 1));
  }
}

Test(digits, are_nothing_else) {
  for (size_t at = 0; at < BULLA_TEN_DIGITS; at++) {
    for (unsigned byte = 0; byte < 256; byte++) {
      for (char other = '0'; other <= '9'; other += 9) {
        uint8_t text[BULLA_TEN_DIGITS];
        uint64_t number = 1;
        memset(text, other, sizeof(text));
        text[at] = (uint8_t)byte;
        cr_assert_eq(bulla_take_ten_digits(&number, text), byte >= '0' && byte <= '9', "%u at %zu", byte, at);
      }
    }
  }
}
