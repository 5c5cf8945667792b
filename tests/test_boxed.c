/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Blobs that are sealed to a public key, and the key pairs that open them. HPKE itself is in test_box.c. */

#include "core/box.h"
#include "core/crypto.h"
#include "core/slab.h"
#include "tests/support.h"

enum { HEADER = 18, OVERHEAD = HEADER + BULLA_BOX_OVERHEAD };

static const struct bulla_span nothing;

/* A key pair, a plaintext, and a blob of it. */
static struct {
  struct bulla_secret *private_key;
  struct bulla_box_key *key;
  struct bulla_span public_key;
  struct bulla_span plaintext;
  struct bulla_span context;
  struct bulla_span blob;
} one;

static struct bulla_box_key *key_of(struct bulla_span private_key) {
  struct bulla_secret *secret = test_secret(private_key);
  struct bulla_box_key *key = NULL;
  TEST_OK(bulla_box_key_new(&key, secret));
  test_keep(key);
  bulla_secret_free(&secret);
  return key;
}

static struct bulla_span sealed_to(struct bulla_span public_key, struct bulla_span plaintext,
                                   struct bulla_span context) {
  struct bulla_buffer blob = test_room(plaintext.len + OVERHEAD);
  TEST_OK(bulla_boxed_seal(&blob, public_key, plaintext, context));
  cr_assert_eq(blob.len, plaintext.len + OVERHEAD);
  return bulla_written(&blob);
}

static void make_one(void) {
  one.private_key = test_secret(test_filled(0x3c, BULLA_KEY_LEN));
  TEST_OK(bulla_box_key_new(&one.key, one.private_key));
  one.public_key = test_copy(bulla_box_key_public(one.key));
  one.plaintext = test_text("seventeen letters");
  one.context = test_text("context");
  one.blob = sealed_to(one.public_key, one.plaintext, one.context);
}

static void opens_to(const struct bulla_box_key *key, struct bulla_span blob, struct bulla_span context,
                     struct bulla_span plaintext) {
  struct bulla_buffer opened = test_room(plaintext.len);
  TEST_OK(bulla_boxed_open(key, &opened, blob, context));
  TEST_SPAN(bulla_written(&opened), plaintext, "%zu bytes", plaintext.len);
}

static void does_not_open(const struct bulla_box_key *key, struct bulla_span blob, struct bulla_span context,
                          enum bulla_status wanted) {
  struct bulla_buffer opened = test_room(blob.len);
  TEST_STATUS(bulla_boxed_open(key, &opened, blob, context), wanted);
  TEST_FAILED(opened, "%zu bytes", blob.len);
}

/* The key id of docs/FORMAT.md §2, put together here. */
static struct bulla_span id_of(struct bulla_span public_key) {
  struct bulla_span message = test_concat(test_concat(test_hex("00000012"), test_text("bulla/v2/boxed-for")),
                                          test_concat(test_hex("00000020"), public_key));
  uint8_t *digest = test_alloc(BULLA_SHA256_LEN);
  TEST_OK(bulla_sha256(digest, message));
  return bulla_span(digest, BULLA_KEY_ID_LEN);
}

static struct bulla_span header_for(struct bulla_span public_key) {
  return test_concat(test_hex("b104"), id_of(public_key));
}

/* |info| sealed as a box of core/box.h, behind |header|. */
static struct bulla_span box_behind(struct bulla_span header, struct bulla_span public_key, struct bulla_span plaintext,
                                    struct bulla_span info) {
  struct bulla_buffer box = test_room(plaintext.len + BULLA_BOX_OVERHEAD);
  TEST_OK(bulla_box_seal(&box, public_key.data, plaintext, info));
  return test_concat(header, bulla_written(&box));
}

/* RFC 7748 §6.1. */
Test(boxed, public_halves_are_those_of_rfc_7748) {
  TEST_SPAN(bulla_box_key_public(key_of(test_hex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a"))),
            test_hex("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a"), "Alice");
  TEST_SPAN(bulla_box_key_public(key_of(test_hex("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb"))),
            test_hex("de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f"), "Bob");
}

static const size_t lens[] = {0, 1, 15, 16, 17, 100, 5000};
enum { NUM_LENS = sizeof(lens) / sizeof(lens[0]) };

/* Past 494 bytes of context it is joined elsewhere. */
static const size_t context_lens[] = {0, 1, 18, 493, 494, 495, 2000};

Test(boxed, what_was_sealed_opens, .init = make_one) {
  for (size_t i = 0; i < NUM_LENS; i++) {
    struct bulla_span plaintext = test_filled(0x42, lens[i]);
    struct bulla_span context = test_filled(0x17, context_lens[i]);
    opens_to(one.key, sealed_to(one.public_key, plaintext, context), context, plaintext);
  }
}

Test(boxed, the_empty_plaintext_and_context_may_be_null, .init = make_one) {
  struct bulla_buffer opened = bulla_buffer(NULL, 0);
  TEST_OK(bulla_boxed_open(one.key, &opened, sealed_to(one.public_key, nothing, nothing), nothing));
  cr_expect_eq(opened.len, 0);
}

Test(boxed, a_blob_is_a_box_behind_a_header_that_names_the_key, .init = make_one) {
  struct bulla_span header = header_for(one.public_key);
  struct bulla_span box = bulla_span(one.blob.data + HEADER, one.blob.len - HEADER);
  struct bulla_secret *opened = NULL;
  TEST_SPAN(bulla_box_key_id(one.key), id_of(one.public_key), "key id");
  TEST_SPAN(bulla_span(one.blob.data, HEADER), header, "header");
  TEST_OK(bulla_box_open(&opened, one.private_key, box, test_concat(header, one.context)));
  TEST_SPAN(bulla_secret_bytes(opened), one.plaintext, "box");
  bulla_secret_free(&opened);
  opens_to(one.key, box_behind(header, one.public_key, one.plaintext, test_concat(header, one.context)), one.context,
           one.plaintext);
}

Test(boxed, the_header_is_bound_to_the_box, .init = make_one) {
  struct bulla_span header = header_for(one.public_key);
  does_not_open(one.key, box_behind(header, one.public_key, one.plaintext, one.context), one.context, BULLA_REFUSED);
}

/* What is authentic but for its header: only comparing that can tell. */
Test(boxed, another_suite_or_key_id_is_refused_though_the_box_is_good, .init = make_one) {
  struct bulla_span header = header_for(one.public_key);
  for (size_t bit = 0; bit < 8 * (size_t)HEADER; bit++) {
    struct bulla_span other = test_flipped(header, bit);
    does_not_open(one.key, box_behind(other, one.public_key, one.plaintext, test_concat(other, one.context)),
                  one.context, BULLA_REFUSED);
  }
}

Test(boxed, each_blob_has_a_key_of_its_own, .init = make_one) {
  struct bulla_span other = sealed_to(one.public_key, one.plaintext, one.context);
  cr_expect_neq(memcmp(one.blob.data + HEADER, other.data + HEADER, BULLA_X25519_LEN), 0);
  cr_expect_neq(
      memcmp(one.blob.data + HEADER + BULLA_X25519_LEN, other.data + HEADER + BULLA_X25519_LEN, one.plaintext.len), 0);
}

Test(boxed, every_flipped_bit_is_refused, .init = make_one) {
  for (size_t bit = 0; bit < 8 * one.blob.len; bit++) {
    does_not_open(one.key, test_flipped(one.blob, bit), one.context, BULLA_REFUSED);
  }
}

Test(boxed, another_length_is_refused, .init = make_one) {
  for (size_t len = 0; len < one.blob.len; len++) {
    does_not_open(one.key, test_copy(bulla_span(one.blob.data, len)), one.context, BULLA_REFUSED);
  }
  does_not_open(one.key, test_concat(one.blob, test_filled(0, 1)), one.context, BULLA_REFUSED);
  does_not_open(one.key, nothing, one.context, BULLA_REFUSED);
}

Test(boxed, another_context_or_key_is_refused, .init = make_one) {
  does_not_open(one.key, one.blob, nothing, BULLA_REFUSED);
  does_not_open(one.key, one.blob, test_text("contex"), BULLA_REFUSED);
  does_not_open(one.key, one.blob, test_text("context2"), BULLA_REFUSED);
  for (size_t bit = 0; bit < 8 * one.context.len; bit++) {
    does_not_open(one.key, one.blob, test_flipped(one.context, bit), BULLA_REFUSED);
  }
  for (size_t bit = 0; bit < 8 * (size_t)BULLA_KEY_LEN; bit += 5) {
    struct bulla_box_key *other = key_of(test_flipped(test_filled(0x3c, BULLA_KEY_LEN), bit));
    /* X25519 does not look at five of the bits (RFC 7748 §5): with them it is the same key. */
    if (test_same(bulla_box_key_public(other), one.public_key)) {
      opens_to(other, one.blob, one.context, one.plaintext);
    } else {
      does_not_open(other, one.blob, one.context, BULLA_REFUSED);
    }
  }
}

/* With no byte behind it that could be taken for one of an encapsulated key. */
Test(boxed, a_short_blob_of_another_suite_that_names_the_key_is_refused, .init = make_one) {
  for (uint8_t suite = 1; suite <= 4; suite++) {
    struct bulla_span lead = test_concat(test_hex("b1"), test_filled(suite, 1));
    struct bulla_span header = test_concat(lead, bulla_box_key_id(one.key));
    for (size_t len = 0; len < BULLA_BOX_OVERHEAD; len++) {
      does_not_open(one.key, test_guarded(test_concat(header, test_filled(9, len))), one.context, BULLA_REFUSED);
    }
  }
}

/* The id in the header is replaced by the other key's own, so that only the tag can tell. */
Test(boxed, a_blob_relabelled_with_the_id_of_another_key_is_refused, .init = make_one) {
  struct bulla_box_key *other = key_of(test_filled(0x5c, BULLA_KEY_LEN));
  struct bulla_span rest = bulla_span(one.blob.data + HEADER, one.blob.len - HEADER);
  does_not_open(other, test_concat(header_for(bulla_box_key_public(other)), rest), one.context, BULLA_REFUSED);
}

static void refused_by_key_and_ring(struct bulla_key **key, struct bulla_span blob) {
  struct bulla_ring *ring = NULL;
  struct bulla_buffer opened = test_room(blob.len);
  TEST_STATUS(bulla_open(*key, &opened, blob, one.context), BULLA_REFUSED);
  TEST_FAILED(opened, "by the key");
  TEST_OK(bulla_ring_new(&ring, 1));
  TEST_OK(bulla_ring_add(ring, key));
  opened = test_room(blob.len);
  TEST_STATUS(bulla_ring_open(ring, &opened, blob, one.context), BULLA_REFUSED);
  TEST_FAILED(opened, "by the ring");
  bulla_ring_free(&ring);
}

/* Even if it names the key. */
Test(boxed, a_symmetric_key_does_not_open_it, .init = make_one) {
  static const enum bulla_suite suites[] = {BULLA_AES_256_GCM, BULLA_XAES_256_GCM};
  for (size_t i = 0; i < 2; i++) {
    struct bulla_key *key = test_key(suites[i], test_filled(0x3c, BULLA_KEY_LEN));
    struct bulla_span lead = test_concat(test_hex("b104"), bulla_key_id(key));
    refused_by_key_and_ring(&key, test_concat(lead, bulla_span(one.blob.data + HEADER, one.blob.len - HEADER)));
  }
}

Test(boxed, a_blob_of_a_symmetric_key_does_not_open, .init = make_one) {
  static const enum bulla_suite suites[] = {BULLA_AES_256_GCM, BULLA_XAES_256_GCM};
  for (size_t i = 0; i < 2; i++) {
    struct bulla_key *key = test_key(suites[i], test_filled(0x3c, BULLA_KEY_LEN));
    does_not_open(one.key, test_sealed(key, one.plaintext, one.context), one.context, BULLA_REFUSED);
    bulla_key_free(&key);
  }
}

Test(boxed, its_parts_and_its_text_are_those_of_any_blob, .init = make_one) {
  struct bulla_blob parts;
  struct bulla_buffer text = test_room(bulla_blob_text_len(one.blob.len));
  struct bulla_buffer again = test_room(text.size);
  TEST_OK(bulla_blob_parse(&parts, one.blob));
  cr_expect_eq(parts.suite, BULLA_BOXED);
  TEST_SPAN(parts.key_id, bulla_box_key_id(one.key), "key id");
  TEST_SPAN(parts.nonce, bulla_span(one.blob.data + HEADER, BULLA_X25519_LEN), "encapsulated key");
  cr_expect_eq(parts.ciphertext.len, one.plaintext.len);
  TEST_OK(bulla_blob_to_text(&text, one.blob));
  TEST_OK(bulla_blob_from_text(&again, bulla_written(&text)));
  opens_to(one.key, bulla_written(&again), one.context, one.plaintext);
}

/* Two of them; test_box.c has them all. */
Test(boxed, nothing_is_sealed_to_a_point_of_small_order, .init = make_one) {
  static const char *const points[] = {"0000000000000000000000000000000000000000000000000000000000000000",
                                       "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"};
  for (size_t i = 0; i < 2; i++) {
    struct bulla_buffer blob = test_room(one.blob.len);
    TEST_STATUS(bulla_boxed_seal(&blob, test_hex(points[i]), one.plaintext, one.context), BULLA_REFUSED);
    TEST_FAILED(blob, "point %zu", i);
  }
}

Test(boxed, keys_of_another_length_are_no_argument, .init = make_one) {
  static const size_t wrong[] = {0, 1, 31, 33, 64};
  for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
    struct bulla_span bytes = test_filled(0x3c, wrong[i]);
    struct bulla_box_key *key = (struct bulla_box_key *)&key;
    struct bulla_buffer blob = test_room(one.blob.len);
    TEST_STATUS(bulla_box_key_new(&key, test_secret(bytes)), BULLA_INVALID_ARGUMENT);
    cr_assert_null(key);
    TEST_STATUS(bulla_boxed_seal(&blob, bytes, one.plaintext, one.context), BULLA_INVALID_ARGUMENT);
    TEST_FAILED(blob, "%zu bytes", wrong[i]);
  }
}

Test(boxed, too_little_room_is_told_and_nothing_is_written, .init = make_one) {
  for (size_t size = 0; size < one.blob.len; size++) {
    struct bulla_buffer blob = test_room(size);
    TEST_STATUS(bulla_boxed_seal(&blob, one.public_key, one.plaintext, one.context), BULLA_BUFFER_TOO_SMALL);
    TEST_FAILED(blob, "%zu bytes", size);
  }
  for (size_t size = 0; size < one.plaintext.len; size++) {
    struct bulla_buffer opened = test_room(size);
    TEST_STATUS(bulla_boxed_open(one.key, &opened, one.blob, one.context), BULLA_BUFFER_TOO_SMALL);
    TEST_FAILED(opened, "%zu bytes", size);
  }
}

Test(boxed, what_is_too_large_is_told, .init = make_one) {
  static const uint64_t too_large[] = {(UINT64_C(1) << 36) - 31, SIZE_MAX - OVERHEAD, SIZE_MAX};
  for (size_t i = 0; i < sizeof(too_large) / sizeof(too_large[0]); i++) {
    struct bulla_buffer blob = test_room(100);
    struct bulla_span plaintext = bulla_span(one.plaintext.data, (size_t)too_large[i]);
    TEST_STATUS(bulla_boxed_seal(&blob, one.public_key, plaintext, one.context), BULLA_TOO_LARGE);
    TEST_FAILED(blob, "%zu", i);
  }
  for (size_t less = 0; less < HEADER; less++) {
    struct bulla_span context = bulla_span("x", SIZE_MAX - less);
    struct bulla_buffer blob = test_room(one.blob.len);
    TEST_STATUS(bulla_boxed_seal(&blob, one.public_key, one.plaintext, context), BULLA_TOO_LARGE);
    TEST_FAILED(blob, "SIZE_MAX - %zu", less);
    does_not_open(one.key, one.blob, context, BULLA_TOO_LARGE);
  }
}

Test(boxed, the_key_does_not_need_what_it_was_made_of, .init = make_one) {
  bulla_wipe(bulla_secret_data(one.private_key), BULLA_KEY_LEN);
  bulla_secret_free(&one.private_key);
  opens_to(one.key, one.blob, one.context, one.plaintext);
}

static int finds_no_private_key(void *argument) {
  (void)argument;
  struct bulla_box_key *key = (struct bulla_box_key *)&key;
  struct bulla_buffer opened = test_room(one.blob.len);
  struct bulla_buffer blob = test_room(one.blob.len);
  if (bulla_box_key_new(&key, one.private_key) != BULLA_FORKED || key != NULL) {
    return 1;
  }
  if (bulla_boxed_open(one.key, &opened, one.blob, one.context) != BULLA_FORKED || !test_failed(&opened)) {
    return 2;
  }
  if (!test_same(bulla_box_key_public(one.key), one.public_key) ||
      bulla_boxed_seal(&blob, one.public_key, one.plaintext, one.context) != BULLA_OK) {
    return 3;
  }
  bulla_box_key_free(&one.key);
  return one.key == NULL ? 0 : 4;
}

Test(boxed, a_forked_child_cannot_open_but_seal, .init = make_one) {
  cr_expect_eq(test_in_child(finds_no_private_key, NULL), 0);
}

Test(boxed, all_slots_are_given_back, .init = make_one) {
  size_t used = bulla_slab_usage().used;
  struct bulla_box_key *key = NULL;
  TEST_OK(bulla_box_key_new(&key, one.private_key));
  cr_expect_gt(bulla_slab_usage().used, used);
  opens_to(key, sealed_to(one.public_key, one.plaintext, one.context), one.context, one.plaintext);
  does_not_open(key, test_flipped(one.blob, 500), one.context, BULLA_REFUSED);
  bulla_box_key_free(&key);
  cr_expect_null(key);
  bulla_box_key_free(&key);
  cr_expect_eq(bulla_slab_usage().used, used);
}

Test(boxed, the_arena_full_is_told_and_nothing_is_released) {
  test_arena(8192);
  make_one();
  struct bulla_box_key *key = (struct bulla_box_key *)&key;
  struct bulla_secret *rest = NULL;
  struct bulla_buffer blob = test_room(one.blob.len);
  while (bulla_secret_new(&rest, 1) == BULLA_OK) {
    test_keep(rest);
  }
  TEST_STATUS(bulla_box_key_new(&key, one.private_key), BULLA_ARENA_FULL);
  cr_expect_null(key);
  TEST_STATUS(bulla_boxed_seal(&blob, one.public_key, one.plaintext, one.context), BULLA_ARENA_FULL);
  TEST_FAILED(blob, "without a slot");
  does_not_open(one.key, one.blob, one.context, BULLA_ARENA_FULL);
  bulla_secret_free(&rest);
}
