/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

#include "core/slab.h"
#include "tests/support.h"

/* A ring with the keys 0 to |num| - 1 in it, and room for |max|. */
static struct bulla_ring *new_ring(size_t num, size_t max) {
  struct bulla_ring *ring = NULL;
  TEST_OK(bulla_ring_new(&ring, max));
  test_keep(ring);
  for (size_t i = 0; i < num; i++) {
    struct bulla_key *key = test_key(BULLA_XAES_256_GCM, test_filled((uint8_t)i, 32));
    TEST_OK(bulla_ring_add(ring, &key));
    cr_assert_null(key, "the ring owns it now");
  }
  return ring;
}

static struct bulla_span sealed(struct bulla_key *key, struct bulla_span plaintext) {
  return test_sealed(key, plaintext, test_text("context"));
}

Test(ring, finds_every_key_by_its_id_and_no_other) {
  enum { NUM = 20 };
  struct bulla_ring *ring = new_ring(NUM, NUM);
  for (uint8_t i = 0; i < NUM + 5; i++) {
    struct bulla_key *key = test_key(BULLA_XAES_256_GCM, test_filled(i, 32));
    struct bulla_key *found = bulla_ring_find(ring, bulla_key_id(key));
    cr_assert_eq(found != NULL, i < NUM, "key %d", i);
    cr_assert_neq(found, key);
    if (found != NULL) {
      TEST_SPAN(bulla_key_id(found), bulla_key_id(key), "key %d", i);
      for (size_t bit = 0; bit < 8 * BULLA_KEY_ID_LEN; bit++) {
        cr_assert_null(bulla_ring_find(ring, test_flipped(bulla_key_id(key), bit)), "key %d, bit %zu", i, bit);
      }
      cr_assert_null(bulla_ring_find(ring, bulla_span(bulla_key_id(key).data, 15)));
      cr_assert_null(bulla_ring_find(ring, bulla_span(NULL, 0)));
    }
    bulla_key_free(&key);
  }
  bulla_ring_free(&ring);
  cr_expect_null(ring);
  cr_expect_eq(bulla_slab_usage().used, 0, "the ring frees its keys");
  bulla_ring_free(&ring);
}

Test(ring, opens_with_the_key_that_the_blob_names) {
  struct bulla_ring *ring = new_ring(5, 5);
  for (uint8_t i = 0; i < 5; i++) {
    struct bulla_key *key = test_key(BULLA_XAES_256_GCM, test_filled(i, 32));
    struct bulla_span blob = sealed(key, test_filled(i, 40));
    struct bulla_buffer plaintext = test_room(40);
    TEST_OK(bulla_ring_open(ring, &plaintext, blob, test_text("context")));
    TEST_SPAN(bulla_written(&plaintext), test_filled(i, 40), "key %d", i);
  }
}

Test(ring, open_refuses_unknown_keys_flipped_bits_and_what_is_no_blob) {
  struct bulla_ring *ring = new_ring(5, 5);
  struct bulla_key *stranger = test_key(BULLA_XAES_256_GCM, test_filled(5, 32));
  struct bulla_key *known = test_key(BULLA_XAES_256_GCM, test_filled(4, 32));
  struct bulla_buffer plaintext = test_room(40);
  TEST_STATUS(bulla_ring_open(ring, &plaintext, sealed(stranger, test_filled('p', 40)), test_text("context")),
              BULLA_REFUSED);
  TEST_FAILED(plaintext, "unknown key");
  struct bulla_span blob = sealed(known, test_filled('p', 40));
  for (size_t bit = 0; bit < 8 * blob.len; bit++) {
    plaintext = test_room(40);
    TEST_STATUS(bulla_ring_open(ring, &plaintext, test_flipped(blob, bit), test_text("context")), BULLA_REFUSED);
    TEST_FAILED(plaintext, "bit %zu", bit);
  }
  for (size_t len = 0; len < blob.len; len++) {
    plaintext = test_room(40);
    TEST_STATUS(bulla_ring_open(ring, &plaintext, bulla_span(blob.data, len), test_text("context")), BULLA_REFUSED);
    TEST_FAILED(plaintext, "length %zu", len);
  }
  TEST_STATUS(bulla_ring_open(ring, &plaintext, blob, test_text("another")), BULLA_REFUSED);
}

Test(ring, open_refuses_the_right_id_under_the_wrong_suite) {
  struct bulla_ring *ring = new_ring(1, 1);
  struct bulla_key *same_material = test_key(BULLA_AES_256_GCM, test_filled(0, 32));
  struct bulla_buffer plaintext = test_room(40);
  TEST_STATUS(bulla_ring_open(ring, &plaintext, sealed(same_material, test_filled('p', 40)), test_text("context")),
              BULLA_REFUSED);
  TEST_FAILED(plaintext, "suite");
}

Test(ring, add_refuses_a_key_twice_and_leaves_it_to_the_caller) {
  struct bulla_ring *ring = new_ring(2, 5);
  struct bulla_key *again = test_key(BULLA_XAES_256_GCM, test_filled(1, 32));
  struct bulla_key *kept = again;
  TEST_STATUS(bulla_ring_add(ring, &again), BULLA_EXISTS);
  cr_assert_eq(again, kept);
  struct bulla_key *other_suite = test_key(BULLA_AES_256_GCM, test_filled(1, 32));
  TEST_STATUS(bulla_ring_add(ring, &other_suite), BULLA_EXISTS);
  bulla_key_free(&other_suite);
  bulla_ring_free(&ring);
  sealed(again, test_text("still usable"));
  bulla_key_free(&again);
  cr_expect_eq(bulla_slab_usage().used, 0);
}

Test(ring, add_refuses_one_more_than_there_is_room_for) {
  for (size_t max = 0; max < 4; max++) {
    struct bulla_ring *ring = new_ring(max, max);
    struct bulla_key *one_more = test_key(BULLA_XAES_256_GCM, test_filled(77, 32));
    struct bulla_key *kept = one_more;
    TEST_STATUS(bulla_ring_add(ring, &one_more), BULLA_TOO_LARGE);
    cr_expect_eq(one_more, kept);
    cr_expect_null(bulla_ring_find(ring, bulla_key_id(one_more)));
    bulla_key_free(&one_more);
    bulla_ring_free(&ring);
  }
}

Test(ring, new_refuses_a_size_that_no_memory_has) {
  const size_t sizes[] = {SIZE_MAX, SIZE_MAX / 2, SIZE_MAX / 8, SIZE_MAX / 8 + 1};
  for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
    struct bulla_ring *ring = (struct bulla_ring *)&ring;
    TEST_STATUS(bulla_ring_new(&ring, sizes[i]), BULLA_NO_MEMORY);
    cr_expect_null(ring);
  }
}

static struct bulla_ring *parents_ring;
static struct bulla_span parents_blob;

static int cannot_open(void *argument) {
  (void)argument;
  struct bulla_buffer plaintext = test_room(40);
  enum bulla_status status = bulla_ring_open(parents_ring, &plaintext, parents_blob, bulla_span("context", 7));
  bulla_ring_free(&parents_ring);
  return status == BULLA_FORKED && test_failed(&plaintext) && parents_ring == NULL ? 0 : 1;
}

Test(ring, is_refused_in_a_forked_child) {
  parents_ring = new_ring(3, 3);
  parents_blob = sealed(test_key(BULLA_XAES_256_GCM, test_filled(2, 32)), test_text("p"));
  cr_expect_eq(test_in_child(cannot_open, NULL), 0);
}
