/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What AES key wrap checks: all of the initial value (RFC 3394 §2.2.3), and the length. */

#include <string.h>

#include "core/crypto_aes.h"
#include "tests/support.h"

enum { UNIT = 8, NUM = 2, KEY_LEN = NUM * UNIT, WRAPPED_LEN = KEY_LEN + UNIT };

static struct bulla_aes_pair kek;

static void set_up(void) {
  TEST_OK(bulla_aes_pair_expand(&kek, test_text("sixteen bytes...")));
}

TestSuite(crypto_unwrap, .init = set_up);

/* RFC 3394 §2.2.1 with any initial value. One block of CBC with an IV of zeroes is AES itself. */
static void wrap_with(uint8_t wrapped[WRAPPED_LEN], const uint8_t initial[UNIT]) {
  static const uint8_t zero[2 * UNIT];
  uint8_t block[2 * UNIT];
  memcpy(block, initial, UNIT);
  memset(wrapped + UNIT, 'k', KEY_LEN);
  for (uint8_t t = 1; t <= 6 * NUM; t++) {
    uint8_t *unit = wrapped + UNIT + (size_t)(t - 1) % NUM * UNIT;
    memcpy(block + UNIT, unit, UNIT);
    bulla_aes_cbc_encrypt(&kek, block, zero, bulla_span(block, sizeof(block)));
    block[UNIT - 1] ^= t;
    memcpy(unit, block + UNIT, UNIT);
  }
  memcpy(wrapped, block, UNIT);
}

Test(crypto_unwrap, every_byte_of_the_initial_value_is_compared) {
  uint8_t initial[UNIT];
  uint8_t wrapped[WRAPPED_LEN];
  uint8_t key[KEY_LEN];
  memset(initial, 0xa6, sizeof(initial));
  wrap_with(wrapped, initial);
  TEST_OK(bulla_aes_unwrap(&kek, key, bulla_span(wrapped, sizeof(wrapped))));
  for (size_t i = 0; i < KEY_LEN; i++) {
    cr_assert_eq(key[i], 'k');
  }
  for (size_t i = 0; i < UNIT; i++) {
    initial[i] ^= 1;
    wrap_with(wrapped, initial);
    memset(key, 1, sizeof(key));
    TEST_STATUS(bulla_aes_unwrap(&kek, key, bulla_span(wrapped, sizeof(wrapped))), BULLA_REFUSED);
    for (size_t j = 0; j < KEY_LEN; j++) {
      cr_assert_eq(key[j], 0);
    }
    initial[i] ^= 1;
  }
}

Test(crypto_unwrap, what_is_behind_whole_units_is_refused) {
  uint8_t initial[UNIT];
  uint8_t wrapped[WRAPPED_LEN + UNIT] = {0};
  uint8_t key[KEY_LEN + UNIT];
  memset(initial, 0xa6, sizeof(initial));
  wrap_with(wrapped, initial);
  for (size_t more = 1; more < UNIT; more++) {
    TEST_STATUS(bulla_aes_unwrap(&kek, key, bulla_span(wrapped, WRAPPED_LEN + more)), BULLA_REFUSED);
    TEST_STATUS(bulla_aes_unwrap(&kek, key, bulla_span(wrapped, WRAPPED_LEN - more)), BULLA_REFUSED);
  }
}
