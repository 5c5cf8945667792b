/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

#include "core/crypto.h"
#include "core/key.h"
#include "core/xaes.h"
#include "core/slab.h"
#include "tests/support.h"

enum { HEADER = 18 };

static const enum bulla_suite suites[] = {BULLA_AES_256_GCM, BULLA_XAES_256_GCM};
enum { NUM_SUITES = sizeof(suites) / sizeof(*suites) };

static size_t nonce_len(enum bulla_suite suite) {
  return suite == BULLA_XAES_256_GCM ? 24 : 12;
}

/* Asserts that |blob| is refused and that nothing is released. */
static void refuses(const struct bulla_key *key, struct bulla_span blob, struct bulla_span context, const char *what,
                    size_t which) {
  struct bulla_buffer plaintext = test_room(blob.len);
  enum bulla_status status = bulla_open(key, &plaintext, blob, context);
  cr_assert_eq(status, BULLA_REFUSED, "%s %zu: %s", what, which, bulla_status_text(status));
  TEST_FAILED(plaintext, "%s %zu left something behind", what, which);
}

static struct bulla_span expanded(struct bulla_span material, struct bulla_span label, size_t len) {
  uint8_t *out = test_alloc(len);
  TEST_OK(bulla_hkdf_expand(out, len, material, label));
  return bulla_span(out, len);
}

/* A blob put together from the primitives, as docs/FORMAT.md §2 says. */
static struct bulla_span by_hand(enum bulla_suite suite, struct bulla_span material, struct bulla_span nonce,
                                 struct bulla_span plaintext, struct bulla_span context) {
  const uint8_t lead[] = {0xb1, (uint8_t)suite};
  struct bulla_span header =
      test_concat(bulla_span(lead, 2), expanded(material, test_text("bulla/v1/key-id"), BULLA_KEY_ID_LEN));
  struct bulla_span label = test_concat(test_text("bulla/v1/seal"), bulla_span(lead + 1, 1));
  struct bulla_span aead_key = expanded(material, label, 32);
  struct bulla_span bound_to = test_concat(header, context);
  uint8_t *body = test_alloc(plaintext.len + BULLA_TAG_LEN);
  uint8_t *tag = body + plaintext.len;
  if (suite == BULLA_XAES_256_GCM) {
    const struct bulla_aad aad = {.tail = bound_to.data, .tail_len = bound_to.len};
    struct bulla_xaes *xaes = NULL;
    TEST_OK(bulla_xaes_new(&xaes, aead_key));
    TEST_OK(bulla_xaes_seal(xaes, body, tag, nonce.data, plaintext, &aad));
    bulla_xaes_free(&xaes);
  } else {
    struct bulla_aead *aead = NULL;
    TEST_OK(bulla_aead_new(&aead, aead_key));
    TEST_OK(bulla_aead_seal(aead, body, tag, nonce, plaintext, bound_to));
    bulla_aead_free(&aead);
  }
  return test_concat(test_concat(header, nonce), bulla_span(body, plaintext.len + BULLA_TAG_LEN));
}

Test(blob, a_sealed_blob_is_what_the_format_says_byte_for_byte) {
  struct bulla_span material = test_hex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
  struct bulla_span context = test_text("tenant and entry");
  for (size_t i = 0; i < NUM_SUITES; i++) {
    struct bulla_key *key = test_key(suites[i], material);
    for (size_t len = 0; len <= 100; len += 20) {
      struct bulla_span plaintext = test_filled('p', len);
      struct bulla_span blob = test_sealed(key, plaintext, context);
      struct bulla_span nonce = bulla_span(blob.data + HEADER, nonce_len(suites[i]));
      TEST_SPAN(blob, by_hand(suites[i], material, nonce, plaintext, context), "suite %d, %zu bytes", suites[i], len);
    }
    bulla_key_free(&key);
  }
}

Test(blob, a_blob_made_elsewhere_opens) {
  /* Made with Python's cryptography from the documented format; XAES from AES in ECB mode. */
  static const char *const blobs[] = {
      "b1010907a21f92b2dd1563ccc049c7ea01bc404142434445464748494a4bd7e060135972121f608f32dcfc6828b0c508efa86480a18"
      "1",
      "b1020907a21f92b2dd1563ccc049c7ea01bc404142434445464748494a4b4c4d4e4f505152535455565788a0047d3015043c4ed6f9a"
      "525baf65dfb164c7cc97cf571"};
  for (size_t i = 0; i < NUM_SUITES; i++) {
    struct bulla_key *key =
        test_key(suites[i], test_hex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"));
    struct bulla_span blob = test_hex(blobs[i]);
    struct bulla_buffer plaintext = test_room(blob.len);
    TEST_OK(bulla_open(key, &plaintext, blob, test_text("a context")));
    TEST_SPAN(bulla_written(&plaintext), test_text("a secret"), "suite %d", suites[i]);
  }
}

Test(blob, open_undoes_seal_at_every_length_and_context) {
  for (size_t i = 0; i < NUM_SUITES; i++) {
    struct bulla_key *key = test_key(suites[i], test_filled(9, 32));
    for (size_t len = 0; len <= 300; len++) {
      struct bulla_span plaintext = test_filled((uint8_t)len, len);
      struct bulla_span context = test_filled('c', len * 3);
      struct bulla_span blob = test_sealed(key, plaintext, context);
      struct bulla_buffer opened = test_room(len);
      TEST_OK(bulla_open(key, &opened, blob, context));
      TEST_SPAN(bulla_written(&opened), plaintext, "%zu bytes", len);
    }
    struct bulla_span large = test_filled('l', 1 << 20);
    struct bulla_span blob = test_sealed(key, large, large);
    struct bulla_buffer opened = test_room(large.len);
    TEST_OK(bulla_open(key, &opened, blob, large));
    TEST_SPAN(bulla_written(&opened), large, "a mebibyte");
  }
}

Test(blob, the_empty_plaintext_and_context_may_be_null) {
  struct bulla_key *key = test_key(BULLA_XAES_256_GCM, test_filled(9, 32));
  struct bulla_span none = bulla_span(NULL, 0);
  struct bulla_span blob = test_sealed(key, none, none);
  struct bulla_buffer opened = bulla_buffer(NULL, 0);
  TEST_OK(bulla_open(key, &opened, blob, none));
  cr_expect_eq(opened.len, 0);
}

Test(blob, open_refuses_every_flipped_bit) {
  struct bulla_span context = test_text("context");
  for (size_t i = 0; i < NUM_SUITES; i++) {
    struct bulla_key *key = test_key(suites[i], test_filled(9, 32));
    for (size_t len = 0; len <= 40; len += 20) {
      struct bulla_span blob = test_sealed(key, test_filled('p', len), context);
      for (size_t bit = 0; bit < 8 * blob.len; bit++) {
        refuses(key, test_flipped(blob, bit), context, "flipped bit", bit);
      }
    }
  }
}

Test(blob, open_refuses_every_truncation_and_extension) {
  struct bulla_span context = test_text("context");
  for (size_t i = 0; i < NUM_SUITES; i++) {
    struct bulla_key *key = test_key(suites[i], test_filled(9, 32));
    struct bulla_span blob = test_sealed(key, test_filled('p', 40), context);
    for (size_t len = 0; len < blob.len; len++) {
      refuses(key, test_copy(bulla_span(blob.data, len)), context, "length", len);
      refuses(key, test_copy(bulla_span(blob.data + blob.len - len, len)), context, "tail of length", len);
    }
    for (size_t more = 1; more <= 20; more++) {
      refuses(key, test_concat(blob, test_filled(0, more)), context, "zeroes behind", more);
      refuses(key, test_concat(test_filled(0xb1, more), blob), context, "bytes before", more);
    }
  }
}

Test(blob, open_refuses_every_other_context) {
  struct bulla_span context = test_text("tenant/entry/field");
  for (size_t i = 0; i < NUM_SUITES; i++) {
    struct bulla_key *key = test_key(suites[i], test_filled(9, 32));
    struct bulla_span blob = test_sealed(key, test_filled('p', 10), context);
    for (size_t bit = 0; bit < 8 * context.len; bit++) {
      refuses(key, blob, test_flipped(context, bit), "flipped bit of the context", bit);
    }
    for (size_t len = 0; len < context.len; len++) {
      refuses(key, blob, bulla_span(context.data, len), "context of length", len);
    }
    refuses(key, blob, test_concat(context, test_filled(0, 1)), "zero behind the context", 1);
  }
}

/* Past what is joined on the stack the context takes another way through memory. */
Test(blob, open_refuses_another_long_context) {
  struct bulla_key *key = test_key(BULLA_XAES_256_GCM, test_filled(9, 32));
  for (size_t len = 480; len <= 530; len++) {
    struct bulla_span context = test_filled('c', len);
    struct bulla_span blob = test_sealed(key, test_filled('p', 10), context);
    refuses(key, blob, test_flipped(context, 8 * len - 1), "context of length", len);
    refuses(key, blob, bulla_span(context.data, len - 1), "context of length", len);
  }
}

Test(blob, open_refuses_every_other_key) {
  struct bulla_span material = test_filled(9, 32);
  struct bulla_span context = test_text("context");
  for (size_t i = 0; i < NUM_SUITES; i++) {
    struct bulla_key *key = test_key(suites[i], material);
    struct bulla_span blob = test_sealed(key, test_filled('p', 10), context);
    for (size_t bit = 0; bit < 256; bit++) {
      struct bulla_key *other = test_key(suites[i], test_flipped(material, bit));
      refuses(other, blob, context, "key with a flipped bit", bit);
      bulla_key_free(&other);
    }
  }
}

/* The id in the header is replaced by the other key's own, so that only the tag can tell. */
Test(blob, open_refuses_a_blob_relabelled_with_the_id_of_another_key) {
  for (size_t i = 0; i < NUM_SUITES; i++) {
    struct bulla_key *key = test_key(suites[i], test_filled(9, 32));
    struct bulla_key *other = test_key(suites[i], test_filled(8, 32));
    struct bulla_span blob = test_sealed(key, test_filled('p', 10), bulla_span(NULL, 0));
    uint8_t *forged = test_alloc(blob.len);
    memcpy(forged, blob.data, blob.len);
    memcpy(forged + 2, bulla_key_id(other).data, BULLA_KEY_ID_LEN);
    refuses(other, bulla_span(forged, blob.len), bulla_span(NULL, 0), "suite", suites[i]);
  }
}

/* Without this check, a blob whose tag passes under a key of another id would open: the id must commit. */
Test(blob, open_refuses_an_authentic_blob_that_names_another_key) {
  struct bulla_span material = test_filled(9, 32);
  struct bulla_span label = test_concat(test_text("bulla/v1/seal"), test_filled(BULLA_AES_256_GCM, 1));
  struct bulla_key *key = test_key(BULLA_AES_256_GCM, material);
  struct bulla_aead *aead = NULL;
  TEST_OK(bulla_aead_new(&aead, expanded(material, label, 32)));
  struct bulla_span lead = test_concat(test_hex("b101"), test_filled(0x77, BULLA_KEY_ID_LEN));
  struct bulla_span nonce = test_filled(5, 12);
  uint8_t *body = test_alloc(1 + BULLA_TAG_LEN);
  TEST_OK(bulla_aead_seal(aead, body, body + 1, nonce, test_text("p"), lead));
  refuses(key, test_concat(test_concat(lead, nonce), bulla_span(body, 1 + BULLA_TAG_LEN)), bulla_span(NULL, 0),
          "key id", 0x77);
}

Test(blob, suites_are_not_interchangeable) {
  struct bulla_span material = test_filled(9, 32);
  struct bulla_key *keys[NUM_SUITES];
  for (size_t i = 0; i < NUM_SUITES; i++) {
    keys[i] = test_key(suites[i], material);
    cr_expect_eq(bulla_key_suite(keys[i]), suites[i]);
  }
  TEST_SPAN(bulla_key_id(keys[0]), bulla_key_id(keys[1]), "the id is of the material, not of the suite");
  for (size_t i = 0; i < NUM_SUITES; i++) {
    for (size_t j = 0; j < NUM_SUITES; j++) {
      struct bulla_span blob = test_sealed(keys[i], test_filled('p', 30), bulla_span(NULL, 0));
      uint8_t *relabelled = test_alloc(blob.len);
      memcpy(relabelled, blob.data, blob.len);
      relabelled[1] = (uint8_t)suites[j];
      if (i != j) {
        refuses(keys[j], blob, bulla_span(NULL, 0), "as it is, suite", suites[j]);
        refuses(keys[j], bulla_span(relabelled, blob.len), bulla_span(NULL, 0), "relabelled, suite", suites[j]);
        refuses(keys[i], bulla_span(relabelled, blob.len), bulla_span(NULL, 0), "relabelled, suite", suites[i]);
      }
    }
  }
}

Test(blob, nonces_differ) {
  enum { NUM = 2000 };
  for (size_t i = 0; i < NUM_SUITES; i++) {
    struct bulla_key *key = test_key(suites[i], test_filled(9, 32));
    struct bulla_span blobs[NUM];
    for (size_t j = 0; j < NUM; j++) {
      blobs[j] = test_sealed(key, test_text("same"), bulla_span(NULL, 0));
      for (size_t k = 0; k < j; k++) {
        cr_assert_neq(memcmp(blobs[j].data + HEADER, blobs[k].data + HEADER, nonce_len(suites[i])), 0);
      }
    }
  }
}

Test(blob, every_byte_of_the_nonce_is_drawn) {
  for (size_t i = 0; i < NUM_SUITES; i++) {
    struct bulla_key *key = test_key(suites[i], test_filled(9, 32));
    struct bulla_span first = test_sealed(key, bulla_span(NULL, 0), bulla_span(NULL, 0));
    bool changed[24] = {false};
    for (size_t round = 0; round < 20; round++) {
      struct bulla_span blob = test_sealed(key, bulla_span(NULL, 0), bulla_span(NULL, 0));
      for (size_t at = 0; at < nonce_len(suites[i]); at++) {
        changed[at] = changed[at] || blob.data[HEADER + at] != first.data[HEADER + at];
      }
    }
    for (size_t at = 0; at < nonce_len(suites[i]); at++) {
      cr_expect(changed[at], "suite %d, byte %zu of the nonce is always the same", suites[i], at);
    }
  }
}

Test(blob, seal_needs_the_whole_room_and_not_a_byte_more) {
  for (size_t i = 0; i < NUM_SUITES; i++) {
    struct bulla_key *key = test_key(suites[i], test_filled(9, 32));
    size_t needed = bulla_sealed_len(suites[i], 33);
    cr_assert_eq(needed, HEADER + nonce_len(suites[i]) + 33 + BULLA_TAG_LEN);
    for (size_t size = 0; size < needed; size++) {
      struct bulla_buffer blob = test_room(size);
      TEST_STATUS(bulla_seal(key, &blob, test_filled('p', 33), bulla_span(NULL, 0)), BULLA_BUFFER_TOO_SMALL);
      TEST_FAILED(blob, "size %zu", size);
    }
    struct bulla_buffer roomy = test_room(needed + 7);
    TEST_OK(bulla_seal(key, &roomy, test_filled('p', 33), bulla_span(NULL, 0)));
    cr_expect_eq(roomy.len, needed);
    TEST_SPAN(bulla_span(roomy.data + needed, 7), test_filled(0xa5, 7), "behind the blob");
  }
}

Test(blob, open_needs_room_for_the_plaintext_and_not_a_byte_more) {
  for (size_t i = 0; i < NUM_SUITES; i++) {
    struct bulla_key *key = test_key(suites[i], test_filled(9, 32));
    struct bulla_span blob = test_sealed(key, test_filled('p', 33), bulla_span(NULL, 0));
    for (size_t size = 0; size < 33; size++) {
      struct bulla_buffer plaintext = test_room(size);
      TEST_STATUS(bulla_open(key, &plaintext, blob, bulla_span(NULL, 0)), BULLA_BUFFER_TOO_SMALL);
      TEST_FAILED(plaintext, "size %zu", size);
    }
    struct bulla_buffer roomy = test_room(40);
    TEST_OK(bulla_open(key, &roomy, blob, bulla_span(NULL, 0)));
    TEST_SPAN(bulla_written(&roomy), test_filled('p', 33), "in a larger room");
  }
}

Test(blob, seal_refuses_more_than_gcm_can_take) {
  /* None of the bytes is there: the length alone must be enough. */
  const size_t lengths[] = {((size_t)1 << 36) - 31, SIZE_MAX / 2, SIZE_MAX - 1, SIZE_MAX};
  for (size_t i = 0; i < NUM_SUITES; i++) {
    struct bulla_key *key = test_key(suites[i], test_filled(9, 32));
    for (size_t j = 0; j < sizeof(lengths) / sizeof(*lengths); j++) {
      struct bulla_buffer blob = test_room(100);
      TEST_STATUS(bulla_seal(key, &blob, bulla_span("x", lengths[j]), bulla_span(NULL, 0)), BULLA_TOO_LARGE);
      TEST_FAILED(blob, "%zu bytes", lengths[j]);
    }
  }
}

Test(blob, a_context_whose_length_wraps_around_is_refused) {
  for (size_t i = 0; i < NUM_SUITES; i++) {
    struct bulla_key *key = test_key(suites[i], test_filled(9, 32));
    struct bulla_span blob = test_sealed(key, test_text("p"), bulla_span(NULL, 0));
    for (size_t less = 0; less < 18; less++) {
      struct bulla_span context = bulla_span("x", SIZE_MAX - less);
      struct bulla_buffer out = test_room(100);
      TEST_STATUS(bulla_seal(key, &out, test_text("p"), context), BULLA_TOO_LARGE);
      TEST_FAILED(out, "SIZE_MAX - %zu", less);
      out = test_room(100);
      TEST_STATUS(bulla_open(key, &out, blob, context), BULLA_TOO_LARGE);
      TEST_FAILED(out, "SIZE_MAX - %zu", less);
    }
  }
}

Test(blob, sealed_len_knows_the_suites_and_does_not_overflow) {
  cr_expect_eq(bulla_sealed_len(BULLA_AES_256_GCM, 100), 146);
  cr_expect_eq(bulla_sealed_len(BULLA_XAES_256_GCM, 100), 158);
  cr_expect_eq(bulla_sealed_len(BULLA_AES_256_GCM_SIV, 100), 146);
  cr_expect_eq(bulla_sealed_len(BULLA_BOXED, 100), 166);
  for (int suite = 0; suite <= 255; suite++) {
    cr_expect_eq(bulla_sealed_len((enum bulla_suite)suite, 1) != 0, suite >= 1 && suite <= 4, "suite %d", suite);
  }
  cr_expect_eq(bulla_sealed_len(BULLA_AES_256_GCM, SIZE_MAX - 46), SIZE_MAX);
  cr_expect_eq(bulla_sealed_len(BULLA_AES_256_GCM, SIZE_MAX - 45), 0);
  cr_expect_eq(bulla_sealed_len(BULLA_XAES_256_GCM, SIZE_MAX - 57), 0);
  cr_expect_eq(bulla_sealed_len(BULLA_XAES_256_GCM, SIZE_MAX), 0);
  cr_expect_eq(bulla_sealed_len(BULLA_BOXED, SIZE_MAX - 66), SIZE_MAX);
  cr_expect_eq(bulla_sealed_len(BULLA_BOXED, SIZE_MAX - 65), 0);
}
