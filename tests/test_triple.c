/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

#include <ctype.h>
#include <stdio.h>

#include "core/slab.h"
#include "tests/support.h"

/* Made with Node's scheme in Python's cryptography, which is OpenSSL: AES-256-GCM, no additional data. The key is
 * SHA-256 of "correct horse battery staple". */
static const char key_digits[] = "c4bbcb1fbec99d65bf59d85c8cb62ee2db963f0fe106f483d9afa73bd4e39a8a";

static const struct {
  const char *text;
  const char *plaintext;
} vectors[] = {
    {"a0a1a2a3a4a5a6a7a8a9aaabacadaeaf:343ea98363d0a9aa4f4ddddaeda96e95:"
     "22d0e0b03e0dbef2a45a3a4a63dab7140af0d8ee8624f2a7",
     "sk-live-0123456789abcdef"},
    {"c0c1c2c3c4c5c6c7c8c9cacb:28068ed3bbbf8800f84305a6f0c1a7dd:d7218f5d57fd9c0a7d13c509efe30210683a74b8d7a44c37",
     "sk-live-0123456789abcdef"},
    {"d0d1d2d3d4d5d6d7d8d9dadbdcdddedf:4b4de3985fb58d07a826c45316ce6a04:", ""},
};
enum { NUM_VECTORS = sizeof(vectors) / sizeof(*vectors) };

static struct bulla_secret *vector_key(void) {
  return test_secret(test_hex(key_digits));
}

static void refuses(const struct bulla_secret *key, struct bulla_span text) {
  struct bulla_buffer plaintext = test_room(text.len / 2);
  enum bulla_status status = bulla_triple_open(key, &plaintext, text, NULL);
  cr_assert_eq(status, BULLA_REFUSED, "%.*s: %s", (int)text.len, (const char *)text.data, bulla_status_text(status));
  TEST_FAILED(plaintext, "%.*s", (int)text.len, (const char *)text.data);
}

static struct bulla_span changed(struct bulla_span text, size_t at, uint8_t character) {
  uint8_t *copy = test_alloc(text.len);
  memcpy(copy, text.data, text.len);
  copy[at] = character;
  return bulla_span(copy, text.len);
}

Test(triple, opens_what_another_implementation_made_with_16_and_12_bytes_of_iv) {
  for (size_t i = 0; i < NUM_VECTORS; i++) {
    struct bulla_span text = test_text(vectors[i].text);
    struct bulla_buffer plaintext = test_room(text.len / 2);
    TEST_OK(bulla_triple_open(vector_key(), &plaintext, text, NULL));
    TEST_SPAN(bulla_written(&plaintext), test_text(vectors[i].plaintext), "vector %zu", i);
  }
}

Test(triple, reads_digits_of_either_case) {
  for (size_t i = 0; i < NUM_VECTORS; i++) {
    struct bulla_span text = test_text(vectors[i].text);
    uint8_t *upper = test_alloc(text.len);
    uint8_t *mixed = test_alloc(text.len);
    for (size_t at = 0; at < text.len; at++) {
      upper[at] = (uint8_t)toupper(text.data[at]);
      mixed[at] = at % 2 == 0 ? upper[at] : text.data[at];
    }
    cr_assert(memcmp(upper, text.data, text.len) != 0);
    struct bulla_buffer plaintext = test_room(text.len / 2);
    TEST_OK(bulla_triple_open(vector_key(), &plaintext, bulla_span(upper, text.len), NULL));
    TEST_SPAN(bulla_written(&plaintext), test_text(vectors[i].plaintext), "vector %zu", i);
    TEST_OK(bulla_triple_open(vector_key(), &plaintext, bulla_span(mixed, text.len), NULL));
    TEST_SPAN(bulla_written(&plaintext), test_text(vectors[i].plaintext), "vector %zu", i);
  }
}

Test(triple, refuses_every_other_character_at_every_place) {
  for (size_t i = 0; i < NUM_VECTORS; i++) {
    struct bulla_secret *key = vector_key();
    struct bulla_span text = test_text(vectors[i].text);
    for (size_t at = 0; at < text.len; at++) {
      for (int character = 0; character < 256; character++) {
        if (tolower(character) != text.data[at]) {
          refuses(key, changed(text, at, (uint8_t)character));
        }
      }
    }
  }
}

Test(triple, refuses_every_truncation) {
  for (size_t i = 0; i < NUM_VECTORS; i++) {
    struct bulla_secret *key = vector_key();
    struct bulla_span text = test_text(vectors[i].text);
    for (size_t len = 0; len < text.len; len++) {
      refuses(key, test_copy(bulla_span(text.data, len)));
      refuses(key, test_copy(bulla_span(text.data + text.len - len, len)));
    }
  }
}

Test(triple, refuses_every_digit_or_colon_too_many_or_too_few) {
  for (size_t i = 0; i < NUM_VECTORS; i++) {
    struct bulla_secret *key = vector_key();
    struct bulla_span text = test_text(vectors[i].text);
    for (size_t at = 0; at <= text.len; at++) {
      struct bulla_span before = bulla_span(text.data, at);
      struct bulla_span behind = bulla_span(text.data + at, text.len - at);
      static const char *const inserted[] = {":", "::", "0", "00", "0000", " ", "\n", "-", "."};
      for (size_t j = 0; j < sizeof(inserted) / sizeof(*inserted); j++) {
        refuses(key, test_concat(test_concat(before, test_text(inserted[j])), behind));
      }
      for (size_t less = 1; less <= 8 && less <= behind.len; less++) {
        refuses(key, test_concat(before, bulla_span(behind.data + less, behind.len - less)));
      }
    }
  }
}

/* Each is authentic but for its lengths: what another system may have made with a short tag or IV. */
Test(triple, refuses_authentic_parts_of_other_lengths) {
  static const char *const texts[] = {
      "000102030405060708090a0b0c0d0e0f:2dee1d99cba07c3e9f1977cb:f116fd0b785e541aa317d37ed985a1e2751d1d54451886c5",
      "000102030405060708090a0b0c0d0e0f:2dee1d99cba07c3e:f116fd0b785e541aa317d37ed985a1e2751d1d54451886c5",
      "000102030405060708090a0b0c0d0e0f:2dee1d99:f116fd0b785e541aa317d37ed985a1e2751d1d54451886c5",
      "0001020304050607:e8d909e101d2a4b57d1323dcd0c37e71:f9ab9680127f956a9809cd0c29543238184afe7a035161cb",
      "000102030405060708090a0b0c:3be2e47c0bd676e8899cc3ed98661cc0:"
      "6e8f34691f21910cf86c881ec0fab75ad45e439bfeebc2e5",
      "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f:a4e8e2e6ffb47b669f836cf4df91f865:"
      "40ed0ae4791d970ea1a4f6ef471aabc04305cd17df9bc582",
  };
  for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
    refuses(vector_key(), test_text(texts[i]));
  }
}

Test(triple, refuses_parts_far_longer_than_an_iv_or_a_tag) {
  struct bulla_secret *key = vector_key();
  struct bulla_span text = test_text(vectors[0].text);
  struct bulla_span digits = test_filled('0', 1 << 20);
  refuses(key, test_concat(digits, text));
  refuses(key, test_concat(test_concat(bulla_span(text.data, 33), digits), bulla_span(text.data + 33, text.len - 33)));
}

Test(triple, refuses_every_other_key) {
  struct bulla_span text = test_text(vectors[0].text);
  for (size_t bit = 0; bit < 256; bit++) {
    struct bulla_secret *key = test_secret(test_flipped(test_hex(key_digits), bit));
    refuses(key, text);
    bulla_secret_free(&key);
  }
}

Test(triple, seal_writes_16_16_and_n_bytes_in_lower_case_digits) {
  struct bulla_secret *key = vector_key();
  for (size_t len = 0; len <= 100; len++) {
    size_t text_len = bulla_triple_len(len);
    cr_assert_eq(text_len, 32 + 1 + 32 + 1 + 2 * len);
    struct bulla_buffer text = test_room(text_len);
    TEST_OK(bulla_triple_seal(key, &text, test_filled('p', len)));
    cr_assert_eq(text.len, text_len);
    for (size_t at = 0; at < text.len; at++) {
      uint8_t character = text.data[at];
      bool digit = (character >= '0' && character <= '9') || (character >= 'a' && character <= 'f');
      cr_assert(at == 32 || at == 65 ? character == ':' : digit, "length %zu, place %zu", len, at);
    }
  }
}

Test(triple, open_undoes_seal_at_every_length) {
  struct bulla_secret *key = vector_key();
  for (size_t len = 0; len <= 300; len++) {
    uint8_t *bytes = test_alloc(len);
    for (size_t i = 0; i < len; i++) {
      bytes[i] = (uint8_t)(i * 131 + len);
    }
    struct bulla_buffer text = test_room(bulla_triple_len(len));
    TEST_OK(bulla_triple_seal(key, &text, bulla_span(bytes, len)));
    struct bulla_buffer plaintext = test_room(text.len / 2);
    TEST_OK(bulla_triple_open(key, &plaintext, bulla_written(&text), NULL));
    TEST_SPAN(bulla_written(&plaintext), bulla_span(bytes, len), "length %zu", len);
  }
}

Test(triple, ivs_differ) {
  struct bulla_secret *key = vector_key();
  enum { NUM = 500 };
  struct bulla_buffer texts[NUM];
  for (size_t i = 0; i < NUM; i++) {
    texts[i] = test_room(bulla_triple_len(4));
    TEST_OK(bulla_triple_seal(key, &texts[i], test_text("same")));
    for (size_t j = 0; j < i; j++) {
      cr_assert_neq(memcmp(texts[i].data, texts[j].data, 32), 0);
    }
  }
}

Test(triple, every_byte_of_the_iv_is_drawn) {
  struct bulla_secret *key = vector_key();
  bool changed_at[16] = {false};
  struct bulla_buffer first = test_room(bulla_triple_len(0));
  TEST_OK(bulla_triple_seal(key, &first, bulla_span(NULL, 0)));
  for (size_t round = 0; round < 20; round++) {
    struct bulla_buffer text = test_room(bulla_triple_len(0));
    TEST_OK(bulla_triple_seal(key, &text, bulla_span(NULL, 0)));
    for (size_t i = 0; i < 16; i++) {
      changed_at[i] = changed_at[i] || memcmp(text.data + 2 * i, first.data + 2 * i, 2) != 0;
    }
  }
  for (size_t i = 0; i < 16; i++) {
    cr_expect(changed_at[i], "byte %zu of the IV is always the same", i);
  }
}

/* Made with OpenSSL: the same key, an IV of 12 and one of 16 bytes, the additional data
 * "row 7" or none. */
static const struct {
  const char *iv;
  const char *tag;
  const char *ciphertext;
  const char *additional_data;
} foreign[] = {
    {"f4f5f6f7f8f9fafbfcfdfeff", "554a47bdf6e7ec6c0de894106014b9c0", "9c66ec80359a3c784ecfc145dfa1b7cf44a7ef28",
     "row 7"},
    {"eff0f1f2f3f4f5f6f7f8f9fafbfcfdfe", "cb854491398cfbc5095acec4282f51fb", "9fb8332933d375e0f2317db57c5f8ffae12bab1a",
     "row 7"},
    {"f4f5f6f7f8f9fafbfcfdfeff", "77204a553e43890c8e07718a0d6e4b47", "9c66ec80359a3c784ecfc145dfa1b7cf44a7ef28", ""},
};
enum { NUM_FOREIGN = sizeof(foreign) / sizeof(*foreign), NUM_SPELLINGS = 6 };

/* Returns |bytes| in the spelling |which|: both cases of hexadecimal, base64 and base64url, each with padding and
 * without. */
static struct bulla_span spell(struct bulla_span bytes, int which) {
  static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  struct bulla_buffer text = test_room(2 * bytes.len + 4);
  text.len = 0;
  for (size_t i = 0; which < 2 && i < bytes.len; i++) {
    text.len += (size_t)snprintf((char *)text.data + text.len, 3, which == 0 ? "%02x" : "%02X", bytes.data[i]);
  }
  for (size_t i = 0; which >= 2 && i < bytes.len * 8; i += 6) {
    unsigned pair = (unsigned)bytes.data[i / 8] << 8 | (i / 8 + 1 < bytes.len ? bytes.data[i / 8 + 1] : 0);
    unsigned value = pair >> (10 - i % 8) & 63;
    text.data[text.len++] = (uint8_t)(value < 62 ? alphabet[value] : (which < 4 ? "+/" : "-_")[value - 62]);
  }
  while ((which == 2 || which == 4) && text.len % 4 != 0) {
    text.data[text.len++] = '=';
  }
  return bulla_written(&text);
}

static struct bulla_span join(struct bulla_span a, struct bulla_span b, struct bulla_span c) {
  struct bulla_span colon = test_text(":");
  return test_concat(test_concat(test_concat(a, colon), test_concat(b, colon)), c);
}

/* The foreign triple |i| in the spelling |which| and in |format|'s order. */
static struct bulla_span foreign_text(size_t i, int which, const struct bulla_triple_format *format) {
  struct bulla_span iv = spell(test_hex(foreign[i].iv), which);
  struct bulla_span tag = spell(test_hex(foreign[i].tag), which);
  struct bulla_span ciphertext = spell(test_hex(foreign[i].ciphertext), which);
  return format->order == BULLA_TRIPLE_TAG_SECOND ? join(iv, tag, ciphertext) : join(iv, ciphertext, tag);
}

static struct bulla_triple_format format_of(size_t i, int which, enum bulla_triple_order order) {
  struct bulla_triple_format format = {
      .encoding = (enum bulla_triple_encoding)(which / 2),
      .order = order,
      .additional_data = test_text(foreign[i].additional_data),
  };
  return format;
}

Test(triple, opens_every_foreign_form_that_it_is_told_and_no_other) {
  for (size_t i = 0; i < NUM_FOREIGN; i++) {
    for (int which = 0; which < NUM_SPELLINGS; which++) {
      for (int order = 0; order < 2; order++) {
        struct bulla_triple_format format = format_of(i, which, (enum bulla_triple_order)order);
        struct bulla_span text = foreign_text(i, which, &format);
        struct bulla_buffer plaintext = test_room(20);
        size_t len = 99;
        TEST_OK(bulla_triple_check(&len, text, &format));
        cr_assert_eq(len, 20);
        TEST_OK(bulla_triple_open(vector_key(), &plaintext, text, &format));
        TEST_SPAN(bulla_written(&plaintext), test_text("cret-of-a-foreigner!"), "%zu %d %d", i, which, order);

        struct bulla_triple_format other = format;
        other.additional_data = test_text("row 8");
        TEST_STATUS(bulla_triple_open(vector_key(), &plaintext, text, &other), BULLA_REFUSED);
        TEST_FAILED(plaintext, "additional data");
        other = format;
        other.order = (enum bulla_triple_order)(1 - order);
        TEST_STATUS(bulla_triple_open(vector_key(), &plaintext, text, &other), BULLA_REFUSED);
        TEST_STATUS(bulla_triple_check(&len, text, &other), BULLA_INVALID_TEXT);
        cr_assert_eq(len, 0);
        other = format;
        /* The IV has digits in which the alphabets of base64 differ. */
        for (int encoding = 0; encoding < 3; encoding++) {
          other.encoding = (enum bulla_triple_encoding)encoding;
          if (other.encoding != format.encoding) {
            TEST_STATUS(bulla_triple_open(vector_key(), &plaintext, text, &other), BULLA_REFUSED);
            TEST_STATUS(bulla_triple_check(&len, text, &other), BULLA_INVALID_TEXT);
          }
        }
      }
    }
  }
}

/* Each change of one character in base64 is another value, or no base64; nothing opens but what was written. */
Test(triple, refuses_every_other_character_of_base64) {
  struct bulla_secret *key = vector_key();
  for (int which = 2; which < NUM_SPELLINGS; which++) {
    struct bulla_triple_format format = format_of(0, which, BULLA_TRIPLE_TAG_SECOND);
    struct bulla_span text = foreign_text(0, which, &format);
    for (size_t at = 0; at < text.len; at++) {
      for (int character = 0; character < 256; character++) {
        if (character != text.data[at]) {
          struct bulla_buffer plaintext = test_room(text.len);
          TEST_STATUS(bulla_triple_open(key, &plaintext, changed(text, at, (uint8_t)character), &format),
                      BULLA_REFUSED);
        }
      }
    }
  }
}

Test(triple, check_takes_what_has_the_form_and_nothing_else) {
  static const char *const good[] = {"000102030405060708090a0b:00112233445566778899aabbccddeeff:",
                                     "000102030405060708090a0b:00112233445566778899aabbccddeeff:00FF"};
  static const char *const bad[] = {"",
                                    ":",
                                    "::",
                                    "a",
                                    "000102030405060708090a0b:00112233445566778899aabbccddeeff",
                                    "000102030405060708090a:00112233445566778899aabbccddeeff:00",
                                    "000102030405060708090a0b:0011:00",
                                    "000102030405060708090a0b:00112233445566778899aabbccddeeff:0",
                                    "x00102030405060708090a0b:00112233445566778899aabbccddeeff:00",
                                    "000102030405060708090a0b:00112233445566778899aabbccddeefg:00",
                                    "000102030405060708090a0b:00112233445566778899aabbccddeeff:00:",
                                    "000102030405060708090a0b:00112233445566778899aabbccddeeff:0x",
                                    " 000102030405060708090a0b:00112233445566778899aabbccddeeff:00"};
  size_t len;
  for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
    TEST_OK(bulla_triple_check(&len, test_text(good[i]), NULL));
    cr_assert_eq(len, 2 * i);
  }
  for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
    cr_assert_eq(bulla_triple_check(&len, test_text(bad[i]), NULL), BULLA_INVALID_TEXT, "%s", bad[i]);
    cr_assert_eq(len, 0);
  }
  const struct bulla_triple_format base64 = {.encoding = BULLA_TRIPLE_BASE64};
  static const char *const padded[] = {"AAAAAAAAAAAAAAAA:AAAAAAAAAAAAAAAAAAAAAA==:",
                                       "AAAAAAAAAAAAAAAA:AAAAAAAAAAAAAAAAAAAAAA:AA"};
  static const char *const ill_padded[] = {
      "AAAAAAAAAAAAAAAA:AAAAAAAAAAA=AAAAAAAAAA:AA",   "AAAAAAAAAAAAAAAA:AAAAAAAAAAAAAAAAAAAAAA=:AA",
      "AAAAAAAAAAAAAAAA:AAAAAAAAAAAAAAAAAAAAAA:AA=",  "AAAAAAAAAAAAAAAA:AAAAAAAAAAAAAAAAAAAAAA:AB",
      "AAAAAAAAAAAAAAAA:AAAAAAAAAAAAAAAAAAAAAA:====", "AAAAAAAAAAAAAAAA:AAAAAAAAAAAAAAAAAAAAAA:AA==AAAA",
      "AAAAAAAAAAAAAAAA:AAAAAAAAAAAAAAAAAAAAAA:A",    "AAAAAAAAAAAAAAAA:AAAAAAAAAAAAAAAAAAAAAA:A==="};
  for (size_t i = 0; i < sizeof(padded) / sizeof(*padded); i++) {
    TEST_OK(bulla_triple_check(&len, test_text(padded[i]), &base64));
    cr_assert_eq(len, i);
  }
  for (size_t i = 0; i < sizeof(ill_padded) / sizeof(*ill_padded); i++) {
    cr_assert_eq(bulla_triple_check(&len, test_text(ill_padded[i]), &base64), BULLA_INVALID_TEXT, "%s", ill_padded[i]);
  }
  const struct bulla_triple_format formats[] = {{.encoding = (enum bulla_triple_encoding)3},
                                                {.order = (enum bulla_triple_order)2}};
  for (size_t i = 0; i < 2; i++) {
    struct bulla_buffer plaintext = test_room(100);
    TEST_STATUS(bulla_triple_check(&len, test_text(good[1]), &formats[i]), BULLA_INVALID_ARGUMENT);
    TEST_STATUS(bulla_triple_open(vector_key(), &plaintext, test_text(good[1]), &formats[i]), BULLA_INVALID_ARGUMENT);
  }
}

Test(triple, both_directions_need_their_room) {
  struct bulla_secret *key = vector_key();
  size_t needed = bulla_triple_len(20);
  for (size_t size = 0; size < needed; size++) {
    struct bulla_buffer text = test_room(size);
    TEST_STATUS(bulla_triple_seal(key, &text, test_filled('p', 20)), BULLA_BUFFER_TOO_SMALL);
    TEST_FAILED(text, "size %zu", size);
  }
  struct bulla_span text = test_text(vectors[0].text);
  for (size_t size = 0; size < strlen(vectors[0].plaintext); size++) {
    struct bulla_buffer plaintext = test_room(size);
    TEST_STATUS(bulla_triple_open(key, &plaintext, text, NULL), BULLA_BUFFER_TOO_SMALL);
    TEST_FAILED(plaintext, "size %zu", size);
  }
  struct bulla_buffer exact = test_room(strlen(vectors[0].plaintext));
  TEST_OK(bulla_triple_open(key, &exact, text, NULL));
}

Test(triple, len_does_not_overflow) {
  cr_expect_eq(bulla_triple_len((SIZE_MAX - 66) / 2), SIZE_MAX - 1);
  cr_expect_eq(bulla_triple_len((SIZE_MAX - 66) / 2 + 1), 0);
  cr_expect_eq(bulla_triple_len(SIZE_MAX), 0);
  struct bulla_buffer text = test_room(100);
  TEST_STATUS(bulla_triple_seal(vector_key(), &text, bulla_span("x", SIZE_MAX / 2)), BULLA_TOO_LARGE);
  TEST_FAILED(text, "too large");
}

Test(triple, both_directions_refuse_keys_of_other_lengths) {
  static const size_t lengths[] = {0, 16, 24, 31, 33, 64};
  for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
    struct bulla_secret *key = test_secret(test_filled(1, lengths[i]));
    struct bulla_buffer out = test_room(200);
    TEST_STATUS(bulla_triple_seal(key, &out, test_text("p")), BULLA_INVALID_ARGUMENT);
    TEST_FAILED(out, "key of %zu bytes", lengths[i]);
    out = test_room(200);
    TEST_STATUS(bulla_triple_open(key, &out, test_text(vectors[0].text), NULL), BULLA_INVALID_ARGUMENT);
    TEST_FAILED(out, "key of %zu bytes", lengths[i]);
  }
}

Test(triple, nothing_stays_in_the_slab) {
  struct bulla_secret *key = vector_key();
  size_t used = bulla_slab_usage().used;
  struct bulla_buffer out = test_room(200);
  TEST_OK(bulla_triple_seal(key, &out, test_text("p")));
  TEST_OK(bulla_triple_open(key, &out, test_text(vectors[0].text), NULL));
  refuses(key, test_text("no triple"));
  cr_expect_eq(bulla_slab_usage().used, used);
}

static struct bulla_secret *parents_key;

static int finds_no_key(void *argument) {
  (void)argument;
  struct bulla_buffer out = test_room(200);
  if (bulla_triple_seal(parents_key, &out, bulla_span("p", 1)) != BULLA_FORKED || !test_failed(&out)) {
    return 1;
  }
  enum bulla_status status = bulla_triple_open(parents_key, &out, test_text(vectors[0].text), NULL);
  return status == BULLA_FORKED && test_failed(&out) ? 0 : 2;
}

Test(triple, is_refused_in_a_forked_child) {
  parents_key = vector_key();
  cr_expect_eq(test_in_child(finds_no_key, NULL), 0);
}
