/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

#include "core/base64url.h"
#include "tests/support.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static struct bulla_span encoded(struct bulla_span bytes) {
  size_t len = bulla_base64url_encoded_len(bytes.len);
  uint8_t *text = test_alloc(len);
  bulla_base64url_encode(text, bytes);
  return bulla_span(text, len);
}

static bool decodes(struct bulla_span text) {
  return bulla_base64url_decode(test_alloc(bulla_base64url_decoded_len(text.len)), text);
}

Test(base64url, encodes_and_decodes_the_vectors_of_rfc_4648) {
  /* RFC 4648 §10 without the padding, and bytes that need both digits of the URL alphabet. */
  static const struct {
    const char *bytes;
    const char *text;
  } vectors[] = {
      {"", ""},
      {"66", "Zg"},
      {"666f", "Zm8"},
      {"666f6f", "Zm9v"},
      {"666f6f62", "Zm9vYg"},
      {"666f6f6261", "Zm9vYmE"},
      {"666f6f626172", "Zm9vYmFy"},
      {"fb", "-w"},
      {"fbff", "-_8"},
      {"fbffbf", "-_-_"},
      {"ffffff", "____"},
  };
  for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
    struct bulla_span bytes = test_hex(vectors[i].bytes);
    struct bulla_span text = test_text(vectors[i].text);
    TEST_SPAN(encoded(bytes), text, "%s", vectors[i].text);
    uint8_t *again = test_alloc(bytes.len);
    cr_assert_eq(bulla_base64url_decoded_len(text.len), bytes.len);
    cr_assert(bulla_base64url_decode(again, text), "%s", vectors[i].text);
    TEST_SPAN(bulla_span(again, bytes.len), bytes, "%s", vectors[i].text);
  }
}

Test(base64url, agrees_with_a_bitwise_encoder_and_back_at_every_length) {
  for (size_t len = 0; len <= 300; len++) {
    uint8_t *bytes = test_alloc(len);
    for (size_t i = 0; i < len; i++) {
      bytes[i] = (uint8_t)(i * 167 + len * 13 + (i >> 3));
    }
    struct bulla_span text = encoded(bulla_span(bytes, len));
    TEST_SPAN(text, test_base64url(bulla_span(bytes, len)), "length %zu", len);
    cr_assert_eq(bulla_base64url_decoded_len(text.len), len);
    uint8_t *again = test_alloc(len);
    cr_assert(bulla_base64url_decode(again, text), "length %zu", len);
    TEST_SPAN(bulla_span(again, len), bulla_span(bytes, len), "length %zu", len);
  }
}

Test(base64url, every_digit_has_its_value_at_every_place) {
  /* Long enough for whole vectors and what is left over after them. */
  enum { LEN = 96 };
  for (size_t at = 0; at < LEN; at++) {
    for (unsigned value = 0; value < 64; value++) {
      struct bulla_buffer text = test_room(LEN);
      memset(text.data, 'A', LEN);
      text.data[at] = (uint8_t)alphabet[value];
      uint8_t *bytes = test_alloc(LEN / 4 * 3);
      cr_assert(bulla_base64url_decode(bytes, bulla_span(text.data, LEN)));
      TEST_SPAN(test_base64url(bulla_span(bytes, LEN / 4 * 3)), bulla_span(text.data, LEN), "place %zu, value %u",
                at, value);
    }
  }
}

Test(base64url, decode_refuses_every_other_character_at_every_place) {
  for (size_t len = 1; len <= 80; len++) {
    if (len % 4 == 1) {
      continue;
    }
    struct bulla_buffer text = test_room(len);
    uint8_t *bytes = test_alloc(bulla_base64url_decoded_len(len));
    memset(text.data, 'A', len);
    for (size_t at = 0; at < len; at++) {
      for (unsigned character = 0; character < 256; character++) {
        text.data[at] = (uint8_t)character;
        bool known = character != 0 && strchr(alphabet, (int)character) != NULL;
        bool read = bulla_base64url_decode(bytes, bulla_span(text.data, len));
        cr_assert(known || !read, "length %zu, place %zu, character %02x", len, at, character);
        cr_assert(!known || read || at == len - 1, "length %zu, place %zu, character %02x", len, at, character);
      }
      text.data[at] = 'A';
    }
  }
}

Test(base64url, decode_refuses_final_bits_that_are_not_zero) {
  for (size_t len = 2; len <= 80; len++) {
    if (len % 4 == 0 || len % 4 == 1) {
      continue;
    }
    unsigned spare = len % 4 == 2 ? 16 : 4;
    struct bulla_buffer text = test_room(len);
    memset(text.data, 'Q', len);
    for (unsigned value = 0; value < 64; value++) {
      text.data[len - 1] = (uint8_t)alphabet[value];
      cr_expect_eq(decodes(bulla_span(text.data, len)), value % spare == 0, "length %zu, last digit %u", len,
                   value);
    }
  }
}

Test(base64url, decode_refuses_a_length_of_one_more_than_whole_groups) {
  for (size_t len = 1; len <= 301; len += 4) {
    cr_expect_not(decodes(test_filled('A', len)), "length %zu", len);
  }
}

Test(base64url, decode_refuses_padding_and_white_space) {
  static const char *const texts[] = {"=",   "Zg==", "Zg=",   "Zm8=", "Zm9v=",      "Zm9v====", "Zm9v\n",
                                      " Zg", "Zg\n", "Zm 9v", "Z\tg", "Zm9vYg\r\n", "Zm+v",     "Zm/v"};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    cr_expect_not(decodes(test_text(texts[i])), "%s", texts[i]);
  }
  cr_expect_not(decodes(bulla_span("Zg\0\0", 4)));
}
