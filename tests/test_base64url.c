/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

#include <sys/mman.h>
#include <unistd.h>

#include <criterion/logging.h>

#include "core/base64url_variants.h"
#include "tests/support.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* What the callers get, the codec for key material, and every variant that can run here. */
static struct bulla_base64url_variant codecs[8] = {
    {"chosen", NULL, bulla_base64url_encode, bulla_base64url_decode},
    {"secret", NULL, bulla_base64url_encode_secret, bulla_base64url_decode_secret},
};
static size_t num_codecs = 2;

static void add_variants(void) {
  size_t num_variants;
  const struct bulla_base64url_variant *const *variants = bulla_base64url_variants(&num_variants);
  cr_assert_leq(num_codecs + num_variants, sizeof(codecs) / sizeof(*codecs));
  for (size_t i = 0; i < num_variants; i++) {
    if (variants[i]->is_usable()) {
      codecs[num_codecs++] = *variants[i];
    } else {
      /* cr_log_warn would fail the program. */
      fprintf(stderr, "not tried, since the processor cannot: %s\n", variants[i]->name);
    }
  }
}

TestSuite(base64url, .init = add_variants);

/* Bytes without a pattern that a vector could hide, the same in every run. */
static void scramble(uint8_t *bytes, size_t len, uint32_t seed) {
  uint32_t state = seed * 2654435761u + 1;
  for (size_t i = 0; i < len; i++) {
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    bytes[i] = (uint8_t)(state >> 24);
  }
}

static struct bulla_span scrambled(size_t len, uint32_t seed) {
  uint8_t *bytes = test_alloc(len);
  scramble(bytes, len, seed);
  return bulla_span(bytes, len);
}

static bool is_digit(unsigned character) {
  return character != 0 && strchr(alphabet, (int)character) != NULL;
}

/* Asserts that |codec| makes |text| of |bytes| and |bytes| of |text|. */
static void round_trip(const struct bulla_base64url_variant *codec, struct bulla_span bytes, struct bulla_span text) {
  cr_assert_eq(bulla_base64url_encoded_len(bytes.len), text.len);
  cr_assert_eq(bulla_base64url_decoded_len(text.len), bytes.len);
  uint8_t *digits = test_alloc(text.len);
  codec->encode(digits, bytes);
  TEST_SPAN(bulla_span(digits, text.len), text, "%s, %zu bytes", codec->name, bytes.len);
  uint8_t *again = test_alloc(bytes.len);
  cr_assert(codec->decode(again, text), "%s, %zu bytes", codec->name, bytes.len);
  TEST_SPAN(bulla_span(again, bytes.len), bytes, "%s, %zu bytes", codec->name, bytes.len);
}

static bool decodes(const struct bulla_base64url_variant *codec, struct bulla_span text) {
  return codec->decode(test_alloc(bulla_base64url_decoded_len(text.len)), text);
}

Test(base64url, the_last_variant_is_always_usable) {
  size_t num_variants;
  const struct bulla_base64url_variant *const *variants = bulla_base64url_variants(&num_variants);
  cr_assert_geq(num_variants, 1);
  cr_expect_str_eq(variants[num_variants - 1]->name, "portable");
  cr_expect(variants[num_variants - 1]->is_usable());
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
  for (size_t c = 0; c < num_codecs; c++) {
    for (size_t i = 0; i < sizeof(vectors) / sizeof(*vectors); i++) {
      round_trip(&codecs[c], test_hex(vectors[i].bytes), test_text(vectors[i].text));
    }
  }
}

Test(base64url, agrees_with_a_bitwise_encoder_and_back_at_every_length) {
  for (uint32_t len = 0; len <= 300; len++) {
    for (uint32_t seed = 0; seed < 4; seed++) {
      struct bulla_span bytes = scrambled(len, 4 * len + seed);
      struct bulla_span text = test_base64url(bytes);
      for (size_t c = 0; c < num_codecs; c++) {
        round_trip(&codecs[c], bytes, text);
      }
    }
  }
}

Test(base64url, every_digit_has_its_value_at_every_place) {
  /* Long enough for whole vectors and what is left over after them. */
  enum { LEN = 132 };
  for (size_t at = 0; at < LEN; at++) {
    for (unsigned value = 0; value < 64; value++) {
      uint8_t text[LEN];
      memset(text, 'A', LEN);
      text[at] = (uint8_t)alphabet[value];
      uint8_t wanted[LEN / 4 * 3 + 1] = {0};
      size_t bit = 6 * at;
      wanted[bit / 8] = (uint8_t)(value << 2 >> bit % 8);
      wanted[bit / 8 + 1] = (uint8_t)(value << 10 >> bit % 8);
      for (size_t c = 0; c < num_codecs; c++) {
        uint8_t bytes[LEN / 4 * 3];
        cr_assert(codecs[c].decode(bytes, bulla_span(text, LEN)));
        cr_assert_arr_eq(bytes, wanted, sizeof(bytes), "%s, place %zu, value %u", codecs[c].name, at, value);
        uint8_t again[LEN];
        codecs[c].encode(again, bulla_span(bytes, sizeof(bytes)));
        cr_assert_arr_eq(again, text, LEN, "%s, place %zu, value %u", codecs[c].name, at, value);
      }
    }
  }
}

Test(base64url, decode_refuses_every_other_character_at_every_place) {
  for (size_t c = 0; c < num_codecs; c++) {
    for (uint32_t len = 1; len <= 130; len++) {
      if (len % 4 == 1) {
        continue;
      }
      uint8_t *bytes = test_alloc(bulla_base64url_decoded_len(len));
      struct bulla_span good = test_base64url(scrambled(bulla_base64url_decoded_len(len), len));
      struct bulla_buffer text = test_room(len);
      memcpy(text.data, good.data, len);
      for (size_t at = 0; at < len; at++) {
        for (unsigned character = 0; character < 256; character++) {
          text.data[at] = (uint8_t)character;
          bool read = codecs[c].decode(bytes, bulla_span(text.data, len));
          bool known = is_digit(character);
          cr_assert(known || !read, "%s, length %u, place %zu, character %02x", codecs[c].name, len, at, character);
          cr_assert(!known || read || at == len - 1, "%s, length %u, place %zu, character %02x", codecs[c].name, len,
                    at, character);
        }
        text.data[at] = good.data[at];
      }
      cr_assert(codecs[c].decode(bytes, bulla_span(text.data, len)), "%s, length %u", codecs[c].name, len);
    }
  }
}

Test(base64url, decode_refuses_several_other_characters) {
  /* Doubts about different places must not cancel each other. */
  for (unsigned character = 0; character < 256; character++) {
    for (size_t len = 1; len <= 130 && !is_digit(character); len++) {
      struct bulla_span text = test_filled((uint8_t)character, len);
      for (size_t c = 0; c < num_codecs; c++) {
        cr_assert_not(decodes(&codecs[c], text), "%s, length %zu, character %02x", codecs[c].name, len, character);
      }
    }
  }
}

Test(base64url, decode_refuses_final_bits_that_are_not_zero) {
  for (size_t len = 2; len <= 202; len++) {
    if (len % 4 == 0 || len % 4 == 1) {
      continue;
    }
    unsigned spare = len % 4 == 2 ? 16 : 4;
    struct bulla_buffer text = test_room(len);
    memset(text.data, 'Q', len);
    for (unsigned value = 0; value < 64; value++) {
      text.data[len - 1] = (uint8_t)alphabet[value];
      for (size_t c = 0; c < num_codecs; c++) {
        cr_assert_eq(decodes(&codecs[c], bulla_span(text.data, len)), value % spare == 0,
                     "%s, length %zu, last digit %u", codecs[c].name, len, value);
      }
    }
  }
}

Test(base64url, decode_refuses_a_length_of_one_more_than_whole_groups) {
  for (size_t len = 1; len <= 301; len += 4) {
    for (size_t c = 0; c < num_codecs; c++) {
      cr_assert_not(decodes(&codecs[c], test_filled('A', len)), "%s, length %zu", codecs[c].name, len);
    }
  }
}

Test(base64url, decode_refuses_padding_and_white_space) {
  static const char *const texts[] = {"=",   "Zg==", "Zg=",   "Zm8=", "Zm9v=",      "Zm9v====", "Zm9v\n",
                                      " Zg", "Zg\n", "Zm 9v", "Z\tg", "Zm9vYg\r\n", "Zm+v",     "Zm/v"};
  for (size_t c = 0; c < num_codecs; c++) {
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
      cr_expect_not(decodes(&codecs[c], test_text(texts[i])), "%s, %s", codecs[c].name, texts[i]);
    }
    cr_expect_not(decodes(&codecs[c], bulla_span("Zg\0\0", 4)), "%s", codecs[c].name);
  }
}

Test(base64url, decode_secret_leaves_nothing_of_what_it_refuses) {
  for (size_t len = 2; len <= 130; len++) {
    for (size_t at = 0; at < len; at++) {
      size_t room = bulla_base64url_decoded_len(len);
      uint8_t *bytes = test_alloc(room);
      struct bulla_buffer text = test_room(len);
      memset(text.data, '_', len);
      text.data[at] = '=';
      cr_assert_not(bulla_base64url_decode_secret(bytes, bulla_span(text.data, len)));
      cr_assert(test_zero(bytes, room), "length %zu, place %zu", len, at);
    }
  }
}

/* A page between two that must not be touched. */
struct page {
  uint8_t *bytes;
  size_t len;
};

static struct page fenced_page(void) {
  struct page page = {NULL, (size_t)sysconf(_SC_PAGESIZE)};
  uint8_t *pages = mmap(NULL, 3 * page.len, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  cr_assert_neq((void *)pages, MAP_FAILED);
  page.bytes = pages + page.len;
  cr_assert_eq(mprotect(page.bytes, page.len, PROT_READ | PROT_WRITE), 0);
  return page;
}

/* The |len| bytes at one end of |page|, which is filled with 0xA5. */
static uint8_t *room_in(struct page page, size_t len, bool at_end) {
  memset(page.bytes, 0xa5, page.len);
  return at_end ? page.bytes + page.len - len : page.bytes;
}

/* Whether all but the |len| bytes at that end is still 0xA5. */
static bool rest_is_untouched(struct page page, size_t len, bool at_end) {
  const uint8_t *rest = at_end ? page.bytes : page.bytes + len;
  for (size_t i = 0; i < page.len - len; i++) {
    if (rest[i] != 0xa5) {
      return false;
    }
  }
  return true;
}

Test(base64url, touches_nothing_outside_its_spans) {
  struct page in = fenced_page();
  struct page out = fenced_page();
  for (size_t c = 0; c < num_codecs; c++) {
    for (uint32_t step = 0; step <= 2 * 300 + 1; step++) {
      size_t len = step / 2;
      bool at_end = step % 2 == 1;
      size_t text_len = bulla_base64url_encoded_len(len);
      uint8_t *bytes = room_in(in, len, at_end);
      scramble(bytes, len, step);
      uint8_t *digits = room_in(out, text_len, at_end);
      codecs[c].encode(digits, bulla_span(bytes, len));
      cr_assert(rest_is_untouched(out, text_len, at_end), "%s encodes %zu bytes", codecs[c].name, len);

      uint8_t *text = room_in(in, text_len, at_end);
      memcpy(text, digits, text_len);
      bytes = room_in(out, len, at_end);
      cr_assert(codecs[c].decode(bytes, bulla_span(text, text_len)), "%s, %zu bytes", codecs[c].name, len);
      cr_assert(rest_is_untouched(out, len, at_end), "%s decodes %zu bytes", codecs[c].name, len);
      if (text_len > 0) {
        text[text_len - 1] = '=';
        cr_assert_not(codecs[c].decode(bytes, bulla_span(text, text_len)), "%s, %zu bytes", codecs[c].name, len);
        cr_assert(rest_is_untouched(out, len, at_end), "%s refuses %zu bytes", codecs[c].name, len);
      }
    }
  }
}

/* Has every variant that can run here decode |text|, its first digits apart from the others. */
static void decodes_two(struct bulla_span text, bool good, struct bulla_span wanted) {
  size_t num_variants;
  const struct bulla_base64url_variant *const *variants = bulla_base64url_variants(&num_variants);
  struct bulla_span first = test_guarded(bulla_span(text.data, BULLA_FIRST_DIGITS));
  struct bulla_span second = test_guarded(bulla_span(text.data + first.len, text.len - first.len));
  for (size_t i = 0; i <= num_variants; i++) {
    uint8_t bytes[BULLA_TWO_ROOM + 1] = {[BULLA_TWO_ROOM] = 0xa5};
    if (i < num_variants && (!variants[i]->is_usable() || variants[i]->decode_two == NULL)) {
      continue;
    }
    bool decoded = i < num_variants ? variants[i]->decode_two(bytes, first.data, second)
                                    : bulla_base64url_decode_two(bytes, first.data, second);
    const char *name = i < num_variants ? variants[i]->name : "chosen";
    cr_assert_eq(decoded, good, "%s: %.*s", name, (int)text.len, text.data);
    cr_assert(!good || memcmp(bytes, wanted.data, wanted.len) == 0, "%s: %.*s", name, (int)text.len, text.data);
    cr_assert_eq(bytes[BULLA_TWO_ROOM], 0xa5, "%s", name);
  }
}

Test(base64url, two_texts_decode_as_one) {
  for (size_t len = 13; len <= 48; len++) {
    struct bulla_span bytes = scrambled(len, (uint32_t)len);
    struct bulla_span text = test_base64url(bytes);
    decodes_two(text, true, bytes);
    for (size_t at = 0; at < text.len; at++) {
      uint8_t *changed = test_alloc(text.len);
      static const uint8_t others[] = {'.', '=', '+', '/', ' ', 0, 0x80, 0xff, '@', '`'};
      memcpy(changed, text.data, text.len);
      changed[at] = others[(at + len) % sizeof(others)];
      decodes_two(bulla_span(changed, text.len), false, bytes);
    }
    if (text.len % 4 != 0) {
      uint8_t *spare = test_alloc(text.len);
      memcpy(spare, text.data, text.len);
      spare[text.len - 1] = 'B';
      decodes_two(bulla_span(spare, text.len), false, bytes);
    } else if (text.len < 64) {
      decodes_two(test_concat(text, test_text("A")), false, bytes);
    }
  }
}
