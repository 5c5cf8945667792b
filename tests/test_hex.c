/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

#include <stdio.h>

#include "core/hex.h"
#include "tests/support.h"

enum { LONGEST = 80 };

static bool is_digit(unsigned character) {
  return (character >= '0' && character <= '9') || (character >= 'a' && character <= 'f') ||
         (character >= 'A' && character <= 'F');
}

static unsigned value_of(unsigned digit) {
  return digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10;
}

Test(hex, encode_writes_every_byte_as_two_lower_case_digits) {
  for (unsigned byte = 0; byte < 256; byte++) {
    uint8_t *text = test_alloc(2);
    bulla_hex_encode(text, test_filled((uint8_t)byte, 1));
    char wanted[3];
    snprintf(wanted, sizeof(wanted), "%02x", byte);
    cr_expect_arr_eq(text, wanted, 2, "byte %u", byte);
  }
}

Test(hex, decode_reads_digits_of_either_case_and_nothing_else) {
  for (unsigned high = 0; high < 256; high++) {
    for (unsigned low = 0; low < 256; low++) {
      const uint8_t text[2] = {(uint8_t)high, (uint8_t)low};
      uint8_t byte = 0;
      bool read = bulla_hex_decode(&byte, bulla_span(text, 2));
      cr_assert_eq(read, is_digit(high) && is_digit(low), "%02x %02x", high, low);
      cr_assert(!read || byte == value_of(high) * 16 + value_of(low), "%02x %02x", high, low);
    }
  }
}

Test(hex, decode_undoes_encode_at_every_length) {
  for (size_t len = 0; len <= 300; len++) {
    uint8_t *bytes = test_alloc(len);
    for (size_t i = 0; i < len; i++) {
      bytes[i] = (uint8_t)(i * 151 + len);
    }
    uint8_t *text = test_alloc(2 * len);
    uint8_t *again = test_alloc(len);
    bulla_hex_encode(text, bulla_span(bytes, len));
    cr_assert(bulla_hex_decode(again, bulla_span(text, 2 * len)), "length %zu", len);
    TEST_SPAN(bulla_span(again, len), bulla_span(bytes, len), "length %zu", len);
  }
}

Test(hex, decode_refuses_every_odd_length) {
  for (size_t len = 1; len <= LONGEST; len += 2) {
    cr_expect_not(bulla_hex_decode(test_alloc(len / 2 + 1), test_filled('a', len)), "length %zu", len);
  }
}

Test(hex, decode_refuses_every_other_character_at_every_place) {
  for (size_t len = 2; len <= LONGEST; len += 2) {
    struct bulla_buffer text = test_room(len);
    uint8_t *bytes = test_alloc(len / 2);
    memset(text.data, '7', len);
    for (size_t at = 0; at < len; at++) {
      for (unsigned character = 0; character < 256; character++) {
        text.data[at] = (uint8_t)character;
        bool read = bulla_hex_decode(bytes, bulla_span(text.data, len));
        cr_assert_eq(read, is_digit(character), "length %zu, place %zu, character %02x", len, at, character);
      }
      text.data[at] = '7';
    }
  }
}
