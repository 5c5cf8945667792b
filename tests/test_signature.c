/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Ed25519, by key pairs and, for those who sign once, by seeds. */

#include <stdlib.h>

#include "core/signature.h"
#include "core/slab.h"
#include "tests/support.h"

/* RFC 8032 §7.1. */
static const struct {
  const char *seed;
  const char *public_key;
  const char *message;
  const char *signature;
} vectors[] = {
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
     "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
     "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"},
    {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
     "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"},
    {"833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
     "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
     "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
     "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
     "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b589"
     "09351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704"},
};
enum { NUM_VECTORS = sizeof(vectors) / sizeof(vectors[0]) };

static struct bulla_span made_public(const struct bulla_secret *seed) {
  uint8_t *public_key = test_alloc(BULLA_SIGNATURE_PUBLIC_LEN);
  TEST_OK(bulla_signature_public(public_key, seed));
  return bulla_span(public_key, BULLA_SIGNATURE_PUBLIC_LEN);
}

static struct bulla_span signed_by(const struct bulla_secret *seed, struct bulla_span message) {
  uint8_t *signature = test_alloc(BULLA_SIGNATURE_LEN);
  TEST_OK(bulla_signature_sign(signature, seed, message));
  return bulla_span(signature, BULLA_SIGNATURE_LEN);
}

/* A seed, what it signs, and all that belongs to it. */
static struct {
  struct bulla_secret *seed;
  struct bulla_span public_key;
  struct bulla_span message;
  struct bulla_span signature;
} one;

static void make_one(void) {
  one.seed = test_secret(test_filled(0x3c, BULLA_SIGNATURE_SEED_LEN));
  one.public_key = made_public(one.seed);
  one.message = test_text("a message");
  one.signature = signed_by(one.seed, one.message);
  TEST_OK(bulla_signature_verify(one.public_key.data, one.signature.data, one.message));
}

/* The public calls. */
static void keys_agree(const struct bulla_secret *seed, struct bulla_span public_key, struct bulla_span message,
                       struct bulla_span signature, size_t i) {
  struct bulla_signing_key *key = NULL;
  struct bulla_buffer made = test_room(BULLA_SIGNATURE_LEN);
  TEST_OK(bulla_signing_key_new(&key, seed));
  TEST_SPAN(bulla_signing_key_public(key), public_key, "vector %zu", i);
  TEST_OK(bulla_sign(key, &made, message));
  TEST_SPAN(bulla_written(&made), signature, "vector %zu", i);
  TEST_OK(bulla_verify(public_key, signature, message));
  bulla_signing_key_free(&key);
}

static void agree_with_vector(const char *seed_digits, const char *public_key, const char *message_digits,
                              const char *signature_digits, size_t i) {
  struct bulla_secret *seed = test_secret(test_hex(seed_digits));
  struct bulla_span message = test_hex(message_digits);
  struct bulla_span signature = test_hex(signature_digits);
  TEST_SPAN(made_public(seed), test_hex(public_key), "vector %zu", i);
  TEST_SPAN(signed_by(seed, message), signature, "vector %zu", i);
  TEST_OK(bulla_signature_verify(test_hex(public_key).data, signature.data, message));
  keys_agree(seed, test_hex(public_key), message, signature, i);
  bulla_secret_free(&seed);
}

Test(signature, agrees_with_the_vectors_of_rfc_8032) {
  for (size_t i = 0; i < NUM_VECTORS; i++) {
    agree_with_vector(vectors[i].seed, vectors[i].public_key, vectors[i].message, vectors[i].signature, i);
  }
}

/* Those of the authors of Ed25519, a message of each length up to 1023: seed and public key, public key, message,
 * signature and message, with a colon behind each. */
Test(signature, agrees_with_the_vectors_of_the_authors, .timeout = 60) {
  enum { SEED = 2 * BULLA_SIGNATURE_SEED_LEN, SIGNATURE = 2 * BULLA_SIGNATURE_LEN };
  struct test_vectors *file = test_vectors_open("asymmetric/Ed25519/sign.input");
  size_t num = 0;
  for (const char *line = test_vectors_line(file); line != NULL; line = test_vectors_line(file), num++) {
    char *fields[4];
    char *rest = (char *)(uintptr_t)line;
    for (size_t i = 0; i < 4; i++) {
      fields[i] = strsep(&rest, ":");
      cr_assert_not_null(rest, "line %zu", num);
    }
    cr_assert(strlen(fields[0]) >= SEED && strlen(fields[3]) >= SIGNATURE, "line %zu", num);
    fields[0][SEED] = '\0';
    fields[3][SIGNATURE] = '\0';
    cr_assert_eq(strlen(fields[2]), 2 * num);
    agree_with_vector(fields[0], fields[1], fields[2], fields[3], num);
  }
  cr_assert_eq(num, 1024, "%zu lines", num);
}

Test(signature, every_flipped_bit_is_refused, .init = make_one) {
  for (size_t bit = 0; bit < 8 * (size_t)BULLA_SIGNATURE_LEN; bit++) {
    TEST_STATUS(bulla_signature_verify(one.public_key.data, test_flipped(one.signature, bit).data, one.message),
                BULLA_REFUSED);
  }
  for (size_t bit = 0; bit < 8 * (size_t)BULLA_SIGNATURE_PUBLIC_LEN; bit++) {
    TEST_STATUS(bulla_signature_verify(test_flipped(one.public_key, bit).data, one.signature.data, one.message),
                BULLA_REFUSED);
  }
  for (size_t bit = 0; bit < 8 * one.message.len; bit++) {
    TEST_STATUS(bulla_signature_verify(one.public_key.data, one.signature.data, test_flipped(one.message, bit)),
                BULLA_REFUSED);
  }
}

Test(signature, another_message_or_key_is_refused, .init = make_one) {
  struct bulla_span other = made_public(test_secret(test_filled(0x3d, BULLA_SIGNATURE_SEED_LEN)));
  struct bulla_span longer = test_concat(one.message, test_filled(0, 1));
  TEST_STATUS(bulla_signature_verify(other.data, one.signature.data, one.message), BULLA_REFUSED);
  TEST_STATUS(bulla_signature_verify(one.public_key.data, one.signature.data, longer), BULLA_REFUSED);
  TEST_STATUS(bulla_signature_verify(one.public_key.data, one.signature.data,
                                     bulla_span(one.message.data, one.message.len - 1)),
              BULLA_REFUSED);
  TEST_STATUS(bulla_signature_verify(one.public_key.data, one.signature.data, bulla_span(NULL, 0)), BULLA_REFUSED);
}

/* RFC 8032 §5.1.7 and §8.4: with the order of the group added as often as fits, the same equation holds. */
Test(signature, the_second_half_must_be_below_the_order, .init = make_one) {
  struct bulla_span order = test_hex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
  uint8_t *forged = test_alloc(BULLA_SIGNATURE_LEN);
  memcpy(forged, one.signature.data, BULLA_SIGNATURE_LEN);
  for (int times = 1;; times++) {
    unsigned carry = 0;
    for (size_t i = 0; i < 32; i++) {
      carry += (unsigned)forged[32 + i] + order.data[i];
      forged[32 + i] = (uint8_t)carry;
      carry >>= 8;
    }
    if (carry != 0) {
      cr_assert_geq(times, 15, "%d", times);
      return;
    }
    TEST_STATUS(bulla_signature_verify(one.public_key.data, forged, one.message), BULLA_REFUSED);
  }
}

Test(signature, a_seed_of_another_length_is_refused_and_the_outputs_are_zeroed) {
  static const size_t lens[] = {0, 1, 31, 33, 64};
  for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
    struct bulla_secret *seed = test_secret(test_filled(1, lens[i]));
    uint8_t *public_key = test_alloc(BULLA_SIGNATURE_PUBLIC_LEN);
    uint8_t *signature = test_alloc(BULLA_SIGNATURE_LEN);
    TEST_STATUS(bulla_signature_public(public_key, seed), BULLA_INVALID_ARGUMENT);
    TEST_STATUS(bulla_signature_sign(signature, seed, test_text("a message")), BULLA_INVALID_ARGUMENT);
    cr_assert(test_zero(public_key, BULLA_SIGNATURE_PUBLIC_LEN), "%zu bytes", lens[i]);
    cr_assert(test_zero(signature, BULLA_SIGNATURE_LEN), "%zu bytes", lens[i]);
  }
}

static int finds_no_seed(void *argument) {
  (void)argument;
  uint8_t public_key[BULLA_SIGNATURE_PUBLIC_LEN] = {1};
  uint8_t signature[BULLA_SIGNATURE_LEN] = {1};
  if (bulla_signature_public(public_key, one.seed) != BULLA_FORKED || !test_zero(public_key, sizeof(public_key))) {
    return 1;
  }
  if (bulla_signature_sign(signature, one.seed, one.message) != BULLA_FORKED ||
      !test_zero(signature, sizeof(signature))) {
    return 2;
  }
  return bulla_signature_verify(one.public_key.data, one.signature.data, one.message) == BULLA_OK ? 0 : 3;
}

Test(signature, a_forked_child_cannot_sign_but_verify, .init = make_one) {
  cr_expect_eq(test_in_child(finds_no_seed, NULL), 0);
}

Test(signature, all_slots_are_given_back, .init = make_one) {
  size_t used = bulla_slab_usage().used;
  (void)made_public(one.seed);
  (void)signed_by(one.seed, one.message);
  cr_expect_eq(bulla_slab_usage().used, used);
}

Test(signature, the_arena_full_is_told_and_the_outputs_are_zeroed) {
  test_arena(4096);
  struct bulla_secret *seed = test_secret(test_filled(1, BULLA_SIGNATURE_SEED_LEN));
  struct bulla_secret *rest = NULL;
  uint8_t *public_key = test_alloc(BULLA_SIGNATURE_PUBLIC_LEN);
  uint8_t *signature = test_alloc(BULLA_SIGNATURE_LEN);
  while (bulla_secret_new(&rest, 1) == BULLA_OK) {
    test_keep(rest);
  }
  TEST_STATUS(bulla_signature_public(public_key, seed), BULLA_ARENA_FULL);
  TEST_STATUS(bulla_signature_sign(signature, seed, test_text("a message")), BULLA_ARENA_FULL);
  cr_assert(test_zero(public_key, BULLA_SIGNATURE_PUBLIC_LEN) && test_zero(signature, BULLA_SIGNATURE_LEN));
}

static struct bulla_signing_key *key_of_one(void) {
  struct bulla_signing_key *key = NULL;
  TEST_OK(bulla_signing_key_new(&key, one.seed));
  test_keep(key);
  return key;
}

Test(signature, what_is_not_signed_by_the_key_is_refused, .init = make_one) {
  struct bulla_span longer = test_concat(one.message, test_filled(0, 1));
  struct bulla_span other = made_public(test_secret(test_filled(0x3d, BULLA_KEY_LEN)));
  TEST_OK(bulla_verify(one.public_key, one.signature, one.message));
  TEST_STATUS(bulla_verify(one.public_key, one.signature, longer), BULLA_REFUSED);
  TEST_STATUS(bulla_verify(other, one.signature, one.message), BULLA_REFUSED);
  for (size_t bit = 0; bit < 8 * (size_t)BULLA_SIGNATURE_LEN; bit++) {
    TEST_STATUS(bulla_verify(one.public_key, test_flipped(one.signature, bit), one.message), BULLA_REFUSED);
  }
}

/* The signature comes from outside, the public key from the caller. */
Test(signature, a_signature_of_another_length_is_refused, .init = make_one) {
  for (size_t len = 0; len < BULLA_SIGNATURE_LEN; len++) {
    TEST_STATUS(bulla_verify(one.public_key, test_guarded(bulla_span(one.signature.data, len)), one.message),
                BULLA_REFUSED);
  }
  TEST_STATUS(bulla_verify(one.public_key, test_concat(one.signature, test_filled(0, 1)), one.message), BULLA_REFUSED);
  TEST_STATUS(bulla_verify(one.public_key, bulla_span(NULL, 0), one.message), BULLA_REFUSED);
}

Test(signature, keys_of_another_length_are_no_argument, .init = make_one) {
  static const size_t lens[] = {0, 1, 31, 33, 64};
  for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
    struct bulla_signing_key *key = (struct bulla_signing_key *)&key;
    TEST_STATUS(bulla_signing_key_new(&key, test_secret(test_filled(1, lens[i]))), BULLA_INVALID_ARGUMENT);
    cr_assert_null(key);
    TEST_STATUS(bulla_verify(test_filled(1, lens[i]), one.signature, one.message), BULLA_INVALID_ARGUMENT);
  }
}

Test(signature, signing_needs_the_whole_room_and_not_a_byte_more, .init = make_one) {
  struct bulla_signing_key *key = key_of_one();
  for (size_t size = 0; size < BULLA_SIGNATURE_LEN; size++) {
    struct bulla_buffer signature = test_room(size);
    TEST_STATUS(bulla_sign(key, &signature, one.message), BULLA_BUFFER_TOO_SMALL);
    TEST_FAILED(signature, "%zu bytes", size);
  }
  struct bulla_buffer roomy = test_room(BULLA_SIGNATURE_LEN + 7);
  TEST_OK(bulla_sign(key, &roomy, one.message));
  TEST_SPAN(bulla_written(&roomy), one.signature, "in a larger room");
  TEST_SPAN(bulla_span(roomy.data + roomy.len, 7), test_filled(0xa5, 7), "behind the signature");
}

Test(signature, the_key_does_not_need_its_seed, .init = make_one) {
  struct bulla_signing_key *key = key_of_one();
  struct bulla_buffer signature = test_room(BULLA_SIGNATURE_LEN);
  bulla_wipe(bulla_secret_data(one.seed), BULLA_KEY_LEN);
  bulla_secret_free(&one.seed);
  TEST_OK(bulla_sign(key, &signature, one.message));
  TEST_SPAN(bulla_written(&signature), one.signature, "without the seed");
}

static int finds_no_signing_key(void *argument) {
  struct bulla_signing_key *key = argument;
  struct bulla_signing_key *another = (struct bulla_signing_key *)&another;
  struct bulla_buffer signature = test_room(BULLA_SIGNATURE_LEN);
  if (bulla_signing_key_new(&another, one.seed) != BULLA_FORKED || another != NULL) {
    return 1;
  }
  if (bulla_sign(key, &signature, one.message) != BULLA_FORKED || !test_failed(&signature)) {
    return 2;
  }
  if (bulla_verify(bulla_signing_key_public(key), one.signature, one.message) != BULLA_OK) {
    return 3;
  }
  bulla_signing_key_free(&key);
  return key == NULL ? 0 : 4;
}

Test(signature, a_forked_child_cannot_use_the_key_but_free_it, .init = make_one) {
  cr_expect_eq(test_in_child(finds_no_signing_key, key_of_one()), 0);
}

Test(signature, a_key_gives_its_slot_back, .init = make_one) {
  size_t used = bulla_slab_usage().used;
  struct bulla_signing_key *key = NULL;
  struct bulla_buffer signature = test_room(BULLA_SIGNATURE_LEN);
  TEST_OK(bulla_signing_key_new(&key, one.seed));
  cr_expect_gt(bulla_slab_usage().used, used);
  TEST_OK(bulla_sign(key, &signature, one.message));
  bulla_signing_key_free(&key);
  cr_expect_null(key);
  bulla_signing_key_free(&key);
  cr_expect_eq(bulla_slab_usage().used, used);
}

Test(signature, without_a_slot_there_is_no_key) {
  test_arena(4096);
  struct bulla_secret *seed = test_secret(test_filled(1, BULLA_KEY_LEN));
  struct bulla_signing_key *key = (struct bulla_signing_key *)&key;
  struct bulla_secret *rest = NULL;
  while (bulla_secret_new(&rest, 1) == BULLA_OK) {
    test_keep(rest);
  }
  TEST_STATUS(bulla_signing_key_new(&key, seed), BULLA_ARENA_FULL);
  cr_expect_null(key);
}
