/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* store/padding.h and store/traits.h: what is sealed of a secret value, and beside it, has one form, which tells no
 * length; anything else is refused. */

#include "core/cleanup.h"
#include "core/cursor.h"
#include "store/padding.h"
#include "store/traits.h"
#include "tests/support.h"

static struct bulla_span padded_of(struct bulla_span value, uint8_t padding) {
  struct bulla_secret *padded BULLA_CLEANUP(bulla_secret_free) = NULL;
  TEST_OK(bulla_pad(&padded, value, padding));
  return test_copy(bulla_secret_bytes(padded));
}

/* Asserts that |padded| is the value |wanted|, or is refused if that has no data. */
static void unpads_to(struct bulla_span padded, struct bulla_span wanted, size_t row) {
  uint32_t len;
  bool good = bulla_unpadded_len(&len, padded);
  cr_expect_eq(good, wanted.data != NULL, "row %zu", row);
  if (good && wanted.data != NULL) {
    TEST_SPAN(bulla_span(padded.data + BULLA_PADDED_PREFIX, len), wanted, "row %zu", row);
  }
}

Test(masks, a_value_is_padded_to_its_bucket_and_comes_back) {
  static const size_t rows[][2] = {{0, 64},
                                   {1, 64},
                                   {60, 64},
                                   {61, 128},
                                   {124, 128},
                                   {125, 256},
                                   {252, 256},
                                   {253, 512},
                                   {508, 512},
                                   {509, 1024},
                                   {1020, 1024},
                                   {1021, 2048},
                                   {2044, 2048},
                                   {2045, 3072},
                                   {65532, 65536},
                                   {65533, BULLA_PADDED_MAX},
                                   {BULLA_VALUE_MAX, BULLA_PADDED_MAX}};
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    struct bulla_span value = test_filled('v', rows[i][0]);
    struct bulla_span padded = padded_of(value, BULLA_PADDING_BUCKETS);
    struct bulla_span bare = padded_of(value, BULLA_PADDING_NONE);
    cr_expect_eq(padded.len, rows[i][1], "row %zu: %zu", i, padded.len);
    cr_expect_eq(bare.len, 4 + value.len);
    cr_expect(bulla_unpadded_max(padded.len) >= value.len && bulla_unpadded_max(bare.len) == value.len);
    unpads_to(padded, value, i);
    unpads_to(bare, value, i);
  }
  struct bulla_secret *padded = NULL;
  TEST_STATUS(bulla_pad(&padded, test_filled('v', BULLA_VALUE_MAX + 1), BULLA_PADDING_BUCKETS), BULLA_TOO_LARGE);
}

/* |len| bytes that say that the value has |told|, and are zeros but for the byte at |at|. */
static struct bulla_span forged(size_t len, uint32_t told, size_t at) {
  struct bulla_buffer bytes = test_room(len);
  memset(bytes.data, 0, len);
  for (size_t i = 0; i < 4 && i < len; i++) {
    bytes.data[i] = (uint8_t)(told >> (24 - 8 * i));
  }
  if (at < len) {
    bytes.data[at] = 1;
  }
  return bulla_span(bytes.data, len);
}

Test(masks, what_is_padded_in_another_way_is_refused) {
  const struct {
    size_t len;
    uint32_t told;
    size_t at; /* a byte that is not zero, or SIZE_MAX */
  } rows[] = {
      {1, 0, SIZE_MAX},
      {3, 0, SIZE_MAX},
      {4, 1, SIZE_MAX},
      {5, 0, SIZE_MAX},
      {64, 61, SIZE_MAX},
      {64, UINT32_MAX, SIZE_MAX},
      {64, 0x8000000a, SIZE_MAX},
      {64, 0x1000000, SIZE_MAX},
      {64, 10, 14},
      {64, 10, 63},
      {64, 0, 4},
      {65, 60, SIZE_MAX},
      {128, 60, SIZE_MAX},
      {128, 0, SIZE_MAX},
      {192, 188 - 1, SIZE_MAX},
      {1024, 508, SIZE_MAX},
      {1536, 1300, SIZE_MAX},
      {2048, 1020, SIZE_MAX},
      {3072, 2044, SIZE_MAX},
      {BULLA_PADDED_MAX, BULLA_VALUE_MAX + 1, SIZE_MAX},
      {BULLA_PADDED_MAX + 1024, BULLA_PADDED_MAX, SIZE_MAX},
  };
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    unpads_to(forged(rows[i].len, rows[i].told, rows[i].at), bulla_span(NULL, 0), i);
  }
  unpads_to(forged(64, 10, 13), bulla_span("\0\0\0\0\0\0\0\0\0\1", 10), 99);
}

Test(masks, a_mask_shows_what_its_policy_lets_and_of_a_short_or_unprintable_secret_nothing) {
  const struct {
    struct bulla_span value;
    uint8_t policy;
    const char *mask;
  } rows[] = {
      {BULLA_LITERAL(""), BULLA_MASK_LAST4, "********"},
      {BULLA_LITERAL("123456789012345"), BULLA_MASK_LAST4, "********"},
      {BULLA_LITERAL("1234567890123456"), BULLA_MASK_LAST4, "********3456"},
      {BULLA_LITERAL("123456789012 ~ ~"), BULLA_MASK_LAST4, "******** ~ ~"},
      {BULLA_LITERAL("123456789012345\n"), BULLA_MASK_LAST4, "********"},
      {BULLA_LITERAL("123456789012\x7f"
                     "345"),
       BULLA_MASK_LAST4, "********"},
      {BULLA_LITERAL("1234567890\x80\x80\x80\x80\x80\x80"), BULLA_MASK_LAST4, "********"},
      {BULLA_LITERAL("1234567890123456"), BULLA_MASK_FIXED, "********"},
      {BULLA_LITERAL("1234567890123456"), BULLA_MASK_NONE, ""},
  };
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    const struct bulla_traits wanted = {rows[i].policy, 1 + i % 2, i % 2, (int64_t)i << 55};
    uint8_t bytes[BULLA_TRAITS_LEN] = {0};
    struct bulla_traits traits;
    struct bulla_span text;
    bulla_traits_write(bytes, &wanted, rows[i].value);
    cr_expect(bulla_traits_read(&traits, &text, bulla_span(bytes, sizeof(bytes))), "row %zu", i);
    TEST_SPAN(text, test_text(rows[i].mask), "row %zu", i);
    cr_expect(traits.mask == wanted.mask && traits.padding == wanted.padding && traits.canary == wanted.canary &&
                  traits.expires == wanted.expires,
              "row %zu", i);
  }
}

/* Every other value of every byte: where it is refused, and where it says something else. */
Test(masks, traits_of_another_form_are_refused) {
  const struct bulla_traits traits = {BULLA_MASK_LAST4, BULLA_PADDING_BUCKETS, 0, 1};
  uint8_t bytes[BULLA_TRAITS_LEN] = {0};
  struct bulla_traits read;
  struct bulla_span text;
  bulla_traits_write(bytes, &traits, BULLA_LITERAL("1234567890123456"));
  for (size_t at = 0; at < sizeof(bytes); at++) {
    const uint8_t before = bytes[at];
    for (unsigned byte = 0; byte < 256; byte++) {
      bool expires = at >= 4 && (at > 4 || byte < 0x80) && at < 12;
      bool tail = at >= 24 && at < 28 && byte >= 0x20 && byte <= 0x7e;
      bool other = (at == 2 && byte == BULLA_PADDING_NONE) || (at == 3 && byte == 1);
      bytes[at] = (uint8_t)byte;
      bool good = bulla_traits_read(&read, &text, bulla_span(bytes, sizeof(bytes)));
      cr_expect_eq(good, byte == before || expires || tail || other, "byte %u at %zu", byte, at);
    }
    bytes[at] = before;
  }
  cr_expect_not(bulla_traits_read(&read, &text, bulla_span(bytes, sizeof(bytes) - 1)));
  cr_expect_not(bulla_traits_read(&read, &text, bulla_span(NULL, 0)));
}
