/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

#include "core/cleanup.h"
#include "core/slab.h"
#include "tests/support.h"

static struct bulla_secret *parents_secret;

Test(secret, new_ones_are_zero_at_every_length) {
  for (size_t len = 0; len <= 200; len++) {
    struct bulla_secret *secret = NULL;
    TEST_OK(bulla_secret_new(&secret, len));
    struct bulla_span bytes = bulla_secret_bytes(secret);
    cr_assert_eq(bytes.len, len);
    cr_assert_eq(bytes.data, bulla_secret_data(secret));
    cr_assert(test_zero(bytes.data, len), "length %zu", len);
    bulla_secret_free(&secret);
    cr_assert_null(secret);
  }
  cr_expect_eq(bulla_slab_usage().used, 0);
}

Test(secret, copy_holds_the_same_bytes_elsewhere) {
  struct bulla_span bytes = test_hex("00 01 02 ff fe 80");
  struct bulla_secret *secret BULLA_CLEANUP(bulla_secret_free) = NULL;
  TEST_OK(bulla_secret_copy(&secret, bytes));
  TEST_SPAN(bulla_secret_bytes(secret), bytes, "copy");
  cr_expect_neq(bulla_secret_bytes(secret).data, bytes.data);
  bulla_secret_free(&secret);
  TEST_OK(bulla_secret_copy(&secret, bulla_span(NULL, 0)));
  cr_expect_eq(bulla_secret_bytes(secret).len, 0);
}

Test(secret, data_can_be_filled_in_place) {
  struct bulla_secret *secret BULLA_CLEANUP(bulla_secret_free) = NULL;
  TEST_OK(bulla_secret_new(&secret, 3));
  memcpy(bulla_secret_data(secret), "abc", 3);
  TEST_SPAN(bulla_secret_bytes(secret), test_text("abc"), "filled");
}

Test(secret, random_ones_differ_and_fill_every_byte) {
  uint8_t seen[32] = {0};
  for (size_t round = 0; round < 16; round++) {
    struct bulla_secret *a BULLA_CLEANUP(bulla_secret_free) = NULL;
    struct bulla_secret *b BULLA_CLEANUP(bulla_secret_free) = NULL;
    TEST_OK(bulla_secret_random(&a, 32));
    TEST_OK(bulla_secret_random(&b, 32));
    cr_assert_not(test_same(bulla_secret_bytes(a), bulla_secret_bytes(b)));
    for (size_t i = 0; i < 32; i++) {
      seen[i] |= bulla_secret_data(a)[i];
    }
  }
  cr_expect_null(memchr(seen, 0, sizeof(seen)), "a byte that was zero 16 times over");
}

Test(secret, expand_is_hkdf_expand) {
  /* RFC 5869 A.1: PRK, info, and the first 32 bytes of OKM. */
  struct bulla_secret *prk = test_secret(test_hex("077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5"));
  struct bulla_secret *expanded BULLA_CLEANUP(bulla_secret_free) = NULL;
  TEST_OK(bulla_secret_expand(&expanded, prk, test_hex("f0f1f2f3f4f5f6f7f8f9")));
  TEST_SPAN(bulla_secret_bytes(expanded), test_hex("3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf"),
            "A.1");
}

Test(secret, expand_refuses_other_lengths) {
  struct bulla_span info = test_filled('i', 257);
  static const size_t lengths[] = {0, 16, 31, 33, 64};
  for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
    struct bulla_secret *expanded = NULL;
    struct bulla_secret *from = test_secret(test_filled(1, lengths[i]));
    TEST_STATUS(bulla_secret_expand(&expanded, from, test_text("info")), BULLA_INVALID_ARGUMENT);
    cr_expect_null(expanded);
  }
  struct bulla_secret *from = test_secret(test_filled(1, BULLA_KEY_LEN));
  struct bulla_secret *expanded BULLA_CLEANUP(bulla_secret_free) = NULL;
  size_t used = bulla_slab_usage().used;
  TEST_STATUS(bulla_secret_expand(&expanded, from, info), BULLA_INVALID_ARGUMENT);
  cr_expect_null(expanded);
  cr_expect_eq(bulla_slab_usage().used, used);
  TEST_OK(bulla_secret_expand(&expanded, from, bulla_span(info.data, 256)));
  bulla_secret_free(&expanded);
  TEST_OK(bulla_secret_expand(&expanded, from, bulla_span(NULL, 0)));
}

Test(secret, truncate_wipes_the_tail_and_keeps_the_rest) {
  struct bulla_secret *secret = test_secret(test_filled(0xcc, 100));
  const uint8_t *data = bulla_secret_data(secret);
  bulla_secret_truncate(secret, 40);
  TEST_SPAN(bulla_secret_bytes(secret), test_filled(0xcc, 40), "what is left");
  cr_expect(test_zero(data + 40, 60), "the tail");
  bulla_secret_truncate(secret, 0);
  cr_expect_eq(bulla_secret_bytes(secret).len, 0);
  cr_expect(test_zero(data, 100));
  bulla_secret_free(&secret);
  cr_expect_eq(bulla_slab_usage().used, 0, "it must be freed at its full length");
}

Test(secret, truncate_to_a_longer_length_changes_nothing) {
  struct bulla_secret *secret = test_secret(test_filled(0xcc, 10));
  bulla_secret_truncate(secret, 10);
  bulla_secret_truncate(secret, 11);
  bulla_secret_truncate(secret, SIZE_MAX);
  TEST_SPAN(bulla_secret_bytes(secret), test_filled(0xcc, 10), "longer");
}

Test(secret, free_wipes) {
  struct bulla_secret *secret = test_secret(test_filled(0xcc, 100));
  const uint8_t *data = bulla_secret_data(secret);
  cr_assert_eq(data[99], 0xcc);
  bulla_secret_free(&secret);
  cr_expect(test_zero(data, 100));
  cr_expect_null(secret);
  bulla_secret_free(&secret);
}

Test(secret, equal_sees_every_bit_and_the_length) {
  for (size_t len = 0; len <= 40; len++) {
    struct bulla_span longer = test_filled(0x5a, len + 1);
    struct bulla_span bytes = bulla_span(longer.data, len);
    cr_expect(bulla_secret_equal(bytes, test_copy(bytes)), "length %zu", len);
    cr_expect_not(bulla_secret_equal(bytes, longer), "length %zu", len);
    cr_expect_not(bulla_secret_equal(longer, bytes), "length %zu", len);
    for (size_t bit = 0; bit < 8 * len; bit++) {
      cr_expect_not(bulla_secret_equal(bytes, test_flipped(bytes, bit)), "length %zu, bit %zu", len, bit);
    }
  }
  /* Two differences that an exclusive or of everything would cancel. */
  cr_expect_not(bulla_secret_equal(test_hex("0001"), test_hex("0100")));
}

Test(secret, wipe_zeroes_just_the_length_given) {
  uint8_t *bytes = test_alloc(10);
  bulla_wipe(bytes + 2, 5);
  TEST_SPAN(bulla_span(bytes, 10), test_hex("a5a5 0000000000 a5a5a5"), "wipe");
  bulla_wipe(NULL, 0);
}

static int finds_nothing_of_its_parents(void *argument) {
  (void)argument;
  if (bulla_secret_data(parents_secret) != NULL) {
    return 1;
  }
  struct bulla_span bytes = bulla_secret_bytes(parents_secret);
  if (bytes.data != NULL || bytes.len != 0) {
    return 2;
  }
  bulla_secret_truncate(parents_secret, 1);
  struct bulla_secret *expanded = NULL;
  if (bulla_secret_expand(&expanded, parents_secret, bulla_span("x", 1)) != BULLA_FORKED || expanded != NULL) {
    return 3;
  }
  bulla_secret_free(&parents_secret);
  return parents_secret == NULL ? 0 : 4;
}

Test(secret, does_not_exist_in_a_forked_child) {
  parents_secret = test_secret(test_filled(0xcc, BULLA_KEY_LEN));
  cr_expect_eq(test_in_child(finds_nothing_of_its_parents, NULL), 0);
  TEST_SPAN(bulla_secret_bytes(parents_secret), test_filled(0xcc, BULLA_KEY_LEN), "the parent's");
}

static int frees_old_and_new_in_any_order(void *argument) {
  (void)argument;
  struct bulla_secret *mine = NULL;
  if (bulla_secret_random(&mine, 64) != BULLA_OK || bulla_secret_bytes(mine).len != 64 ||
      test_zero(bulla_secret_data(mine), 64)) {
    return 1;
  }
  bulla_secret_free(&parents_secret);
  if (bulla_secret_data(mine) == NULL) {
    return 2;
  }
  bulla_secret_free(&mine);
  return bulla_slab_usage().used == 0 ? 0 : 3;
}

Test(secret, a_forked_child_makes_secrets_of_its_own) {
  parents_secret = test_secret(test_filled(0xcc, 64));
  cr_expect_eq(test_in_child(frees_old_and_new_in_any_order, NULL), 0);
}

Test(secret, the_arena_full_is_told_and_nothing_is_made) {
  test_arena(4096);
  struct bulla_secret *secret = (struct bulla_secret *)&secret;
  TEST_STATUS(bulla_secret_new(&secret, 4096), BULLA_ARENA_FULL);
  cr_expect_null(secret);
  secret = (struct bulla_secret *)&secret;
  TEST_STATUS(bulla_secret_random(&secret, 4096), BULLA_ARENA_FULL);
  cr_expect_null(secret);
  secret = (struct bulla_secret *)&secret;
  TEST_STATUS(bulla_secret_copy(&secret, test_filled(1, 4096)), BULLA_ARENA_FULL);
  cr_expect_null(secret);
}
