/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Boxes, and HPKE below them. */

#include "core/box.h"
#include "core/crypto.h"
#include "core/slab.h"
#include "tests/curve.h"
#include "tests/support.h"

/* A key, a plaintext, and a box of it. */
static struct {
  struct bulla_secret *private_key;
  struct bulla_span public_key;
  struct bulla_span plaintext;
  struct bulla_span info;
  struct bulla_span sealed;
} one;

static struct bulla_span made_public(const struct bulla_secret *private_key) {
  uint8_t *public_key = test_alloc(BULLA_BOX_PUBLIC_LEN);
  TEST_OK(bulla_box_public(public_key, private_key));
  return bulla_span(public_key, BULLA_BOX_PUBLIC_LEN);
}

static struct bulla_span box_of(struct bulla_span public_key, struct bulla_span plaintext, struct bulla_span info) {
  struct bulla_buffer sealed = test_room(plaintext.len + BULLA_BOX_OVERHEAD);
  TEST_OK(bulla_box_seal(&sealed, public_key.data, plaintext, info));
  cr_assert_eq(sealed.len, plaintext.len + BULLA_BOX_OVERHEAD);
  return bulla_written(&sealed);
}

static void make_one(void) {
  one.private_key = test_secret(test_filled(0x3c, BULLA_BOX_PRIVATE_LEN));
  one.public_key = made_public(one.private_key);
  one.plaintext = test_text("seventeen letters");
  one.info = test_text("info");
  one.sealed = box_of(one.public_key, one.plaintext, one.info);
}

static void opens_to(const struct bulla_secret *private_key, struct bulla_span sealed, struct bulla_span info,
                     struct bulla_span plaintext) {
  struct bulla_secret *opened = NULL;
  TEST_OK(bulla_box_open(&opened, private_key, sealed, info));
  TEST_SPAN(bulla_secret_bytes(opened), plaintext, "%zu bytes", plaintext.len);
  bulla_secret_free(&opened);
}

static void does_not_open(const struct bulla_secret *private_key, struct bulla_span sealed, struct bulla_span info,
                          enum bulla_status wanted) {
  struct bulla_secret *opened = (struct bulla_secret *)&opened;
  TEST_STATUS(bulla_box_open(&opened, private_key, sealed, info), wanted);
  cr_assert_null(opened);
}

/* RFC 7748 §6.1. */
Test(box, public_keys_are_those_of_rfc_7748) {
  TEST_SPAN(made_public(test_secret(test_hex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a"))),
            test_hex("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a"), "Alice");
  TEST_SPAN(made_public(test_secret(test_hex("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb"))),
            test_hex("de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f"), "Bob");
}

/* The suite of boxes is not in the appendix of RFC 9180, but among the vectors that it says are published beside it.
 * They have additional data, which boxes do not. */
Test(box, hpke_opens_the_vector_of_rfc_9180) {
  struct bulla_secret *private_key =
      test_secret(test_hex("497b4502664cfea5d5af0b39934dac72242a74f8480451e1aee7d6a53320333d"));
  struct bulla_span encapsulated = test_hex("6c93e09869df3402d7bf231bf540fadd35cd56be14f97178f0954db94b7fc256");
  struct bulla_span ciphertext =
      test_hex("e5d84cd531cfb583096e7cfa9641bd3079cf3a91cda813c52deb5f512be9931980a41de125a925cdad859d5b7a");
  struct bulla_span info = test_text("Ode on a Grecian Urn");
  struct bulla_span plaintext = test_text("Beauty is truth, truth beauty");
  uint8_t *opened = test_alloc(plaintext.len);
  TEST_SPAN(made_public(private_key), test_hex("430f4b9859665145a6b1ba274024487bd66f03a2dd577d7753c68d7d7d00c00c"),
            "pkRm");
  TEST_OK(bulla_hpke_open(opened, bulla_secret_bytes(private_key).data, encapsulated.data, ciphertext, info,
                          test_text("Count-0")));
  TEST_SPAN(bulla_span(opened, plaintext.len), plaintext, "pt");
  TEST_STATUS(bulla_hpke_open(opened, bulla_secret_bytes(private_key).data, encapsulated.data, ciphertext, info,
                              test_text("Count-1")),
              BULLA_REFUSED);
  cr_assert(test_zero(opened, plaintext.len));
}

/* The key of a box, by the book. */
static struct bulla_aead *key_by_the_book(struct curve_box *box, const uint8_t *dh, const uint8_t *encapsulated,
                                          const uint8_t *public_key, struct bulla_span info) {
  struct bulla_aead *aead = NULL;
  curve_box_from(box, dh, encapsulated, public_key, info);
  TEST_OK(bulla_aead_new(&aead, bulla_span(box->key, sizeof(box->key))));
  return aead;
}

static struct bulla_span sealed_by_the_book(const uint8_t *dh, struct bulla_span encapsulated,
                                            struct bulla_span public_key, struct bulla_span plaintext,
                                            struct bulla_span info) {
  struct curve_box box;
  uint8_t *out = test_alloc(plaintext.len + BULLA_TAG_LEN);
  struct bulla_aead *aead = key_by_the_book(&box, dh, encapsulated.data, public_key.data, info);
  TEST_OK(bulla_aead_seal(aead, out, out + plaintext.len, bulla_span(box.base_nonce, sizeof(box.base_nonce)), plaintext,
                          bulla_span(NULL, 0)));
  bulla_aead_free(&aead);
  return test_concat(encapsulated, bulla_span(out, plaintext.len + BULLA_TAG_LEN));
}

static const size_t lens[] = {0, 1, 15, 16, 17, 100, 5000};
enum { NUM_LENS = sizeof(lens) / sizeof(lens[0]) };

Test(box, what_was_sealed_opens, .init = make_one) {
  for (size_t i = 0; i < NUM_LENS; i++) {
    struct bulla_span plaintext = test_filled(0x42, lens[i]);
    struct bulla_span info = test_filled(0x17, NUM_LENS - i);
    opens_to(one.private_key, box_of(one.public_key, plaintext, info), info, plaintext);
  }
}

Test(box, without_info_it_opens_without_info, .init = make_one) {
  struct bulla_span nothing = bulla_span(NULL, 0);
  opens_to(one.private_key, box_of(one.public_key, one.plaintext, nothing), nothing, one.plaintext);
}

Test(box, what_was_sealed_by_the_book_opens, .init = make_one) {
  uint8_t encapsulated[CURVE_LEN];
  uint8_t dh[CURVE_LEN];
  for (size_t i = 0; i < NUM_LENS; i++) {
    struct bulla_span ephemeral = test_filled((uint8_t)(0x80 + i), CURVE_LEN);
    struct bulla_span plaintext = test_filled(0x42, lens[i]);
    curve_multiply(encapsulated, ephemeral.data, NULL);
    curve_multiply(dh, ephemeral.data, one.public_key.data);
    opens_to(one.private_key,
             sealed_by_the_book(dh, bulla_span(encapsulated, CURVE_LEN), one.public_key, plaintext, one.info), one.info,
             plaintext);
  }
}

Test(box, what_was_sealed_opens_by_the_book, .init = make_one) {
  struct curve_box box;
  uint8_t dh[CURVE_LEN];
  uint8_t *opened = test_alloc(one.plaintext.len);
  curve_multiply(dh, bulla_secret_bytes(one.private_key).data, one.sealed.data);
  struct bulla_aead *aead = key_by_the_book(&box, dh, one.sealed.data, one.public_key.data, one.info);
  TEST_OK(bulla_aead_open(aead, opened, bulla_span(box.base_nonce, sizeof(box.base_nonce)),
                          bulla_span(one.sealed.data + CURVE_LEN, one.plaintext.len),
                          bulla_span(one.sealed.data + CURVE_LEN + one.plaintext.len, BULLA_TAG_LEN),
                          bulla_span(NULL, 0)));
  TEST_SPAN(bulla_span(opened, one.plaintext.len), one.plaintext, "by the book");
  bulla_aead_free(&aead);
}

Test(box, each_box_has_a_key_of_its_own, .init = make_one) {
  struct bulla_span other = box_of(one.public_key, one.plaintext, one.info);
  cr_expect_neq(memcmp(one.sealed.data, other.data, CURVE_LEN), 0);
  cr_expect_neq(memcmp(one.sealed.data + CURVE_LEN, other.data + CURVE_LEN, one.plaintext.len), 0);
}

Test(box, every_flipped_bit_is_refused, .init = make_one) {
  for (size_t bit = 0; bit < 8 * one.sealed.len; bit++) {
    does_not_open(one.private_key, test_flipped(one.sealed, bit), one.info, BULLA_REFUSED);
  }
}

Test(box, another_length_is_refused, .init = make_one) {
  for (size_t len = 0; len < one.sealed.len; len++) {
    does_not_open(one.private_key, test_copy(bulla_span(one.sealed.data, len)), one.info, BULLA_REFUSED);
  }
  does_not_open(one.private_key, test_concat(one.sealed, test_filled(0, 1)), one.info, BULLA_REFUSED);
  does_not_open(one.private_key, bulla_span(NULL, 0), one.info, BULLA_REFUSED);
}

Test(box, another_info_or_key_is_refused, .init = make_one) {
  does_not_open(one.private_key, one.sealed, bulla_span(NULL, 0), BULLA_REFUSED);
  does_not_open(one.private_key, one.sealed, test_text("inf"), BULLA_REFUSED);
  does_not_open(one.private_key, one.sealed, test_text("info2"), BULLA_REFUSED);
  for (size_t bit = 0; bit < 8 * one.info.len; bit++) {
    does_not_open(one.private_key, one.sealed, test_flipped(one.info, bit), BULLA_REFUSED);
  }
  does_not_open(test_secret(test_filled(0x5c, BULLA_BOX_PRIVATE_LEN)), one.sealed, one.info, BULLA_REFUSED);
}

/* All points of small order, also as they stand when not reduced: 0, 1, both of order 8, -1, p, p + 1; and each with
 * the bit that X25519 does not look at (RFC 7748 §5). */
static const char *const small_order[] = {
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
};
enum { NUM_SMALL = 2 * sizeof(small_order) / sizeof(small_order[0]) };

static struct bulla_span small_point(size_t i) {
  struct bulla_span point = test_hex(small_order[i / 2]);
  return i % 2 == 0 ? point : test_concat(bulla_span(point.data, 31), test_filled(point.data[31] | 0x80, 1));
}

Test(box, nothing_is_sealed_to_a_point_of_small_order, .init = make_one) {
  for (size_t i = 0; i < NUM_SMALL; i++) {
    struct bulla_buffer sealed = test_room(one.plaintext.len + BULLA_BOX_OVERHEAD);
    TEST_STATUS(bulla_box_seal(&sealed, small_point(i).data, one.plaintext, one.info), BULLA_REFUSED);
    TEST_FAILED(sealed, "point %zu", i);
  }
}

/* RFC 9180 §7.1.4: such a box anybody can make without the public key, and it would be authentic. */
Test(box, a_box_with_a_shared_secret_of_zero_is_refused, .init = make_one) {
  static const uint8_t zero[CURVE_LEN];
  for (size_t i = 0; i < NUM_SMALL; i++) {
    does_not_open(one.private_key, sealed_by_the_book(zero, small_point(i), one.public_key, one.plaintext, one.info),
                  one.info, BULLA_REFUSED);
  }
}

Test(box, a_private_key_of_another_length_is_no_argument, .init = make_one) {
  static const size_t wrong[] = {0, 1, 31, 33, 64};
  for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
    struct bulla_secret *private_key = test_secret(test_filled(0x3c, wrong[i]));
    uint8_t *public_key = test_alloc(BULLA_BOX_PUBLIC_LEN);
    TEST_STATUS(bulla_box_public(public_key, private_key), BULLA_INVALID_ARGUMENT);
    cr_assert(test_zero(public_key, BULLA_BOX_PUBLIC_LEN), "%zu bytes", wrong[i]);
    does_not_open(private_key, one.sealed, one.info, BULLA_INVALID_ARGUMENT);
  }
}

Test(box, too_little_room_is_told_and_nothing_is_written, .init = make_one) {
  for (size_t size = 0; size < one.sealed.len; size++) {
    struct bulla_buffer sealed = test_room(size);
    TEST_STATUS(bulla_box_seal(&sealed, one.public_key.data, one.plaintext, one.info), BULLA_BUFFER_TOO_SMALL);
    TEST_FAILED(sealed, "%zu bytes", size);
  }
}

Test(box, what_is_too_large_is_told, .init = make_one) {
  static const uint64_t too_large[] = {(UINT64_C(1) << 36) - 31, SIZE_MAX - BULLA_BOX_OVERHEAD, SIZE_MAX};
  for (size_t i = 0; i < sizeof(too_large) / sizeof(too_large[0]); i++) {
    struct bulla_buffer sealed = test_room(100);
    struct bulla_span plaintext = bulla_span(one.plaintext.data, (size_t)too_large[i]);
    TEST_STATUS(bulla_box_seal(&sealed, one.public_key.data, plaintext, one.info), BULLA_TOO_LARGE);
    TEST_FAILED(sealed, "%zu", i);
  }
}

static int finds_no_private_key(void *argument) {
  (void)argument;
  uint8_t public_key[BULLA_BOX_PUBLIC_LEN] = {1};
  struct bulla_secret *opened = (struct bulla_secret *)&opened;
  struct bulla_buffer sealed = test_room(one.sealed.len);
  if (bulla_box_public(public_key, one.private_key) != BULLA_FORKED || !test_zero(public_key, sizeof(public_key))) {
    return 1;
  }
  if (bulla_box_open(&opened, one.private_key, one.sealed, one.info) != BULLA_FORKED || opened != NULL) {
    return 2;
  }
  return bulla_box_seal(&sealed, one.public_key.data, one.plaintext, one.info) == BULLA_OK ? 0 : 3;
}

Test(box, a_forked_child_cannot_open_but_seal, .init = make_one) {
  cr_expect_eq(test_in_child(finds_no_private_key, NULL), 0);
}

Test(box, all_slots_are_given_back, .init = make_one) {
  size_t used = bulla_slab_usage().used;
  struct bulla_buffer sealed = test_room(one.sealed.len);
  opens_to(one.private_key, box_of(one.public_key, one.plaintext, one.info), one.info, one.plaintext);
  does_not_open(one.private_key, test_flipped(one.sealed, 300), one.info, BULLA_REFUSED);
  TEST_STATUS(bulla_box_seal(&sealed, small_point(0).data, one.plaintext, one.info), BULLA_REFUSED);
  cr_expect_eq(bulla_slab_usage().used, used);
}

Test(box, the_arena_full_is_told_and_nothing_is_released) {
  test_arena(8192);
  make_one();
  struct bulla_secret *rest = NULL;
  struct bulla_buffer sealed = test_room(one.sealed.len);
  while (bulla_secret_new(&rest, 1) == BULLA_OK) {
    test_keep(rest);
  }
  TEST_STATUS(bulla_box_seal(&sealed, one.public_key.data, one.plaintext, one.info), BULLA_ARENA_FULL);
  TEST_FAILED(sealed, "without a slot");
  does_not_open(one.private_key, one.sealed, one.info, BULLA_ARENA_FULL);
  bulla_secret_free(&rest);
}

/* There is a slot for the plaintext then, but none for what opens it. */
Test(box, the_arena_almost_full_is_told_and_nothing_is_released) {
  test_arena(8192);
  make_one();
  struct bulla_secret *last = NULL;
  for (struct bulla_secret *rest = NULL; bulla_secret_new(&rest, 1) == BULLA_OK; last = rest) {
    test_keep(rest);
  }
  bulla_secret_free(&last);
  size_t used = bulla_slab_usage().used;
  does_not_open(one.private_key, one.sealed, one.info, BULLA_ARENA_FULL);
  cr_expect_eq(bulla_slab_usage().used, used);
}
