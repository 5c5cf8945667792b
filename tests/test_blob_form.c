/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The layout of blobs and their text form; what is inside them is in test_blob.c. */

#include "tests/support.h"

static size_t nonce_len(unsigned suite) {
  return suite == BULLA_BOXED ? 32 : suite == BULLA_XAES_256_GCM ? 24 : 12;
}

/* Bytes in the layout of a blob; nobody sealed them. */
static struct bulla_span made_up(unsigned suite, size_t plaintext_len) {
  size_t len = 18 + nonce_len(suite) + plaintext_len + BULLA_TAG_LEN;
  uint8_t *bytes = test_alloc(len);
  for (size_t i = 0; i < len; i++) {
    bytes[i] = (uint8_t)(i * 7 + plaintext_len);
  }
  bytes[0] = 0xb1;
  bytes[1] = (uint8_t)suite;
  return bulla_span(bytes, len);
}

static bool is_empty(const struct bulla_blob *blob) {
  return blob->header.len == 0 && blob->key_id.len == 0 && blob->nonce.len == 0 && blob->ciphertext.len == 0 &&
         blob->tag.len == 0 && blob->header.data == NULL && blob->ciphertext.data == NULL;
}

Test(blob_form, parse_finds_every_part_where_the_format_says) {
  for (unsigned suite = 1; suite <= 4; suite++) {
    for (size_t len = 0; len <= 60; len += 30) {
      struct bulla_span bytes = made_up(suite, len);
      struct bulla_blob blob;
      TEST_OK(bulla_blob_parse(&blob, bytes));
      const uint8_t *at = bytes.data;
      cr_expect_eq((unsigned)blob.suite, suite);
      cr_expect(blob.header.data == at && blob.header.len == 18);
      cr_expect(blob.key_id.data == at + 2 && blob.key_id.len == 16);
      cr_expect(blob.nonce.data == at + 18 && blob.nonce.len == nonce_len(suite));
      at += 18 + nonce_len(suite);
      cr_expect(blob.ciphertext.data == at && blob.ciphertext.len == len);
      cr_expect(blob.tag.data == at + len && blob.tag.len == 16);
    }
  }
}

Test(blob_form, write_undoes_parse_at_every_length) {
  for (unsigned suite = 1; suite <= 4; suite++) {
    for (size_t len = 0; len <= 100; len++) {
      struct bulla_span bytes = made_up(suite, len);
      struct bulla_blob blob;
      TEST_OK(bulla_blob_parse(&blob, bytes));
      struct bulla_buffer again = test_room(bytes.len);
      TEST_OK(bulla_blob_write(&again, &blob));
      TEST_SPAN(bulla_written(&again), bytes, "suite %u, %zu bytes", suite, len);
      struct bulla_buffer too_small = test_room(bytes.len - 1);
      TEST_STATUS(bulla_blob_write(&too_small, &blob), BULLA_BUFFER_TOO_SMALL);
      TEST_FAILED(too_small, "suite %u, %zu bytes", suite, len);
    }
  }
}

Test(blob_form, parse_refuses_every_other_version_and_suite) {
  for (unsigned value = 0; value < 256; value++) {
    for (size_t at = 0; at < 2; at++) {
      struct bulla_span bytes = made_up(2, 20);
      uint8_t *changed = test_alloc(bytes.len);
      memcpy(changed, bytes.data, bytes.len);
      changed[at] = (uint8_t)value;
      bool good = at == 0 ? value == 0xb1 : value >= 1 && value <= 4;
      struct bulla_blob blob = {.header = bytes, .ciphertext = bytes};
      cr_expect_eq(bulla_blob_parse(&blob, bulla_span(changed, bytes.len)), good ? BULLA_OK : BULLA_REFUSED,
                   "byte %zu is %02x", at, value);
      cr_expect(good || is_empty(&blob), "byte %zu is %02x", at, value);
    }
  }
}

Test(blob_form, parse_refuses_what_is_shorter_than_an_empty_plaintext) {
  for (unsigned suite = 1; suite <= 4; suite++) {
    struct bulla_span bytes = made_up(suite, 0);
    for (size_t len = 0; len < bytes.len; len++) {
      struct bulla_blob blob = {.header = bytes, .ciphertext = bytes};
      TEST_STATUS(bulla_blob_parse(&blob, test_copy(bulla_span(bytes.data, len))), BULLA_REFUSED);
      cr_expect(is_empty(&blob), "suite %u, length %zu", suite, len);
    }
  }
  struct bulla_blob blob;
  TEST_STATUS(bulla_blob_parse(&blob, bulla_span(NULL, 0)), BULLA_REFUSED);
}

Test(blob_form, parse_refuses_more_than_gcm_can_have_sealed) {
  /* None of the bytes is there: the length alone decides. */
  for (unsigned suite = 1; suite <= 4; suite++) {
    struct bulla_span bytes = made_up(suite, 0);
    size_t most = bytes.len + (((size_t)1 << 36) - 32);
    struct bulla_blob blob = {.header = bytes, .ciphertext = bytes};
    TEST_OK(bulla_blob_parse(&blob, bulla_span(bytes.data, most)));
    TEST_STATUS(bulla_blob_parse(&blob, bulla_span(bytes.data, most + 1)), BULLA_REFUSED);
    cr_expect(is_empty(&blob), "suite %u", suite);
  }
}

Test(blob_form, write_refuses_parts_that_no_blob_has) {
  struct bulla_span bytes = made_up(1, 20);
  struct bulla_blob good;
  TEST_OK(bulla_blob_parse(&good, bytes));
  struct bulla_blob bad[12];
  for (size_t i = 0; i < 12; i++) {
    bad[i] = good;
  }
  bad[0].suite = 0;
  bad[1].suite = 5;
  bad[2].suite = BULLA_XAES_256_GCM;
  bad[3].nonce.len = 11;
  bad[4].nonce = bulla_span(bytes.data, 24);
  bad[5].key_id.len = 15;
  bad[6].key_id = bulla_span(bytes.data, 17);
  bad[7].tag.len = 15;
  bad[8].tag = bulla_span(bytes.data, 17);
  bad[9].suite = 256 + BULLA_AES_256_GCM;
  bad[10].suite = BULLA_BOXED;
  bad[11].nonce = bulla_span(bytes.data, 32);
  for (size_t i = 0; i < 12; i++) {
    struct bulla_buffer out = test_room(200);
    TEST_STATUS(bulla_blob_write(&out, &bad[i]), BULLA_INVALID_ARGUMENT);
    TEST_FAILED(out, "row %zu", i);
  }
}

static struct bulla_span text_of(struct bulla_span bytes) {
  struct bulla_buffer text = test_room(bulla_blob_text_len(bytes.len));
  TEST_OK(bulla_blob_to_text(&text, bytes));
  cr_assert_eq(text.len, text.size);
  return bulla_written(&text);
}

static void text_is_refused(struct bulla_span text) {
  struct bulla_buffer bytes = test_room(text.len);
  enum bulla_status status = bulla_blob_from_text(&bytes, text);
  cr_assert_eq(status, BULLA_REFUSED, "%.*s: %s", (int)text.len, (const char *)text.data, bulla_status_text(status));
  TEST_FAILED(bytes, "%.*s", (int)text.len, (const char *)text.data);
}

Test(blob_form, the_text_form_is_the_prefix_and_base64url) {
  struct bulla_span bytes = test_hex(
      "b101 000102030405060708090a0b0c0d0e0f fbfffefbfffefbfffefbfffe 58 "
      "101112131415161718191a1b1c1d1e1f");
  TEST_SPAN(text_of(bytes), test_text("bulla1:sQEAAQIDBAUGBwgJCgsMDQ4P-__--__--__--__-WBAREhMUFRYXGBkaGxwdHh8"),
            "made with Python");
}

Test(blob_form, from_text_undoes_to_text_at_every_length) {
  for (size_t len = 0; len <= 200; len++) {
    struct bulla_span bytes = made_up(1 + (unsigned)len % 4, len);
    struct bulla_span text = text_of(bytes);
    struct bulla_buffer again = test_room(bytes.len);
    TEST_OK(bulla_blob_from_text(&again, text));
    TEST_SPAN(bulla_written(&again), bytes, "%zu bytes", len);
    struct bulla_buffer too_small = test_room(bytes.len - 1);
    TEST_STATUS(bulla_blob_from_text(&too_small, text), BULLA_BUFFER_TOO_SMALL);
    TEST_FAILED(too_small, "%zu bytes", len);
    too_small = test_room(text.len - 1);
    TEST_STATUS(bulla_blob_to_text(&too_small, bytes), BULLA_BUFFER_TOO_SMALL);
    TEST_FAILED(too_small, "%zu bytes", len);
  }
}

Test(blob_form, to_text_refuses_what_is_no_blob) {
  struct bulla_span bytes = made_up(1, 10);
  struct bulla_buffer text = test_room(200);
  TEST_STATUS(bulla_blob_to_text(&text, test_flipped(bytes, 0)), BULLA_REFUSED);
  TEST_FAILED(text, "version");
  TEST_STATUS(bulla_blob_to_text(&text, bulla_span(bytes.data, 45)), BULLA_REFUSED);
  TEST_STATUS(bulla_blob_to_text(&text, bulla_span(NULL, 0)), BULLA_REFUSED);
}

Test(blob_form, from_text_refuses_every_change_to_the_prefix_and_every_truncation) {
  struct bulla_span bytes = made_up(1, 11);
  struct bulla_span text = text_of(bytes);
  for (size_t bit = 0; bit < 8 * 7; bit++) {
    text_is_refused(test_flipped(text, bit));
  }
  text_is_refused(bulla_span(text.data + 7, text.len - 7));
  size_t shortest = bulla_blob_text_len(made_up(1, 0).len);
  for (size_t len = 0; len < shortest; len++) {
    text_is_refused(test_copy(bulla_span(text.data, len)));
  }
}

/* There is one text for each blob: whatever is changed about it, it is another blob or none. */
Test(blob_form, the_text_form_is_canonical) {
  for (size_t len = 0; len < 3; len++) {
    struct bulla_span text = text_of(made_up(1, len));
    for (size_t at = 0; at < text.len; at++) {
      for (unsigned character = 0; character < 256; character++) {
        uint8_t *changed = test_alloc(text.len);
        memcpy(changed, text.data, text.len);
        changed[at] = (uint8_t)character;
        struct bulla_buffer bytes = test_room(text.len);
        if (bulla_blob_from_text(&bytes, bulla_span(changed, text.len)) == BULLA_OK) {
          TEST_SPAN(text_of(bulla_written(&bytes)), bulla_span(changed, text.len), "place %zu: %02x", at, character);
        } else {
          TEST_FAILED(bytes, "place %zu: %02x", at, character);
        }
      }
    }
  }
}

Test(blob_form, from_text_refuses_padding_and_white_space) {
  static const char *const ends[] = {"=", "==", "\n", "\r\n", " ", "\t", "."};
  for (size_t len = 0; len < 3; len++) {
    struct bulla_span text = text_of(made_up(1, len));
    for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
      text_is_refused(test_concat(text, test_text(ends[i])));
      text_is_refused(test_concat(test_text(ends[i]), text));
      text_is_refused(
          test_concat(test_concat(test_text("bulla1:"), test_text(ends[i])), bulla_span(text.data + 7, text.len - 7)));
    }
    text_is_refused(test_concat(text, test_filled(0, 1)));
  }
}

/* More bits than a sum of lengths can have. */
__extension__ typedef unsigned __int128 wide;

static size_t sum_or_0(wide sum) {
  return sum <= SIZE_MAX ? (size_t)sum : 0;
}

Test(blob_form, a_length_that_does_not_fit_is_0) {
  static const size_t ends[] = {0, SIZE_MAX / 8, SIZE_MAX / 4, SIZE_MAX / 2, SIZE_MAX / 4 * 3, SIZE_MAX};
  for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
    for (size_t at = 0; at < 400; at++) {
      size_t len = ends[i] - 200 + at;
      wide digits = (wide)(len / 3) * 4 + (len % 3 == 0 ? 0 : len % 3 + 1);
      cr_expect_eq(bulla_blob_text_len(len), sum_or_0(7 + digits), "text of %zx bytes", len);
      for (unsigned suite = 1; suite <= 4; suite++) {
        wide sum = (wide)len + 18 + nonce_len(suite) + BULLA_TAG_LEN;
        cr_expect_eq(bulla_sealed_len(suite, len), sum_or_0(sum), "suite %u, %zx bytes", suite, len);
      }
      cr_expect_eq(bulla_triple_len(len), sum_or_0(66 + (wide)2 * len), "triple of %zx bytes", len);
    }
  }
}
