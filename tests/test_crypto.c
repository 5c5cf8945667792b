/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* AES-GCM and XAES-256-GCM; what else BoringSSL is asked for is in test_kdf.c. */

#include <gcrypt.h>

#include "core/crypto.h"
#include "core/slab.h"
#include "core/xaes.h"
#include "tests/support.h"

static struct bulla_aead *new_aead(struct bulla_span key) {
  struct bulla_aead *aead = NULL;
  TEST_OK(bulla_aead_new(&aead, key));
  return aead;
}

/* Ciphertext, then tag. */
static struct bulla_span sealed(const struct bulla_aead *aead, struct bulla_span nonce, struct bulla_span plaintext,
                                struct bulla_span additional_data) {
  uint8_t *out = test_alloc(plaintext.len + BULLA_TAG_LEN);
  TEST_OK(bulla_aead_seal(aead, out, out + plaintext.len, nonce, plaintext, additional_data));
  return bulla_span(out, plaintext.len + BULLA_TAG_LEN);
}

static struct bulla_span hex_field(const struct test_record *record, const char *name) {
  const char *value = test_field(record, name);
  cr_assert_not_null(value, "no %s in a block of the file", name);
  return test_hex(value);
}

/* Seals every vector of |name|. A tag that NIST truncates is the beginning of ours. */
static void seal_vectors(const char *name) {
  struct test_vectors *vectors = test_vectors_open(name);
  struct test_record record;
  size_t num = 0;
  while (test_vectors_next(vectors, &record)) {
    if (test_field(&record, "Count") == NULL) {
      continue;
    }
    struct bulla_aead *aead = new_aead(hex_field(&record, "Key"));
    struct bulla_span ciphertext = hex_field(&record, "CT");
    struct bulla_span tag = hex_field(&record, "Tag");
    struct bulla_span ours =
        sealed(aead, hex_field(&record, "IV"), hex_field(&record, "PT"), hex_field(&record, "AAD"));
    cr_assert_geq(ours.len, ciphertext.len + tag.len);
    ours.len = ciphertext.len + tag.len;
    TEST_SPAN(ours, test_concat(ciphertext, tag), "%s, vector %zu", name, num);
    bulla_aead_free(&aead);
    num++;
  }
  cr_assert_eq(num, 7875, "%s: %zu vectors", name, num);
}

/* Opens every vector of |name|: what NIST fails and what has a short tag must be refused. */
static void open_vectors(const char *name) {
  struct test_vectors *vectors = test_vectors_open(name);
  struct test_record record;
  size_t num_opened = 0;
  size_t num_forged = 0;
  size_t num_short = 0;
  while (test_vectors_next(vectors, &record)) {
    if (test_field(&record, "Count") == NULL) {
      continue;
    }
    struct bulla_aead *aead = new_aead(hex_field(&record, "Key"));
    struct bulla_span ciphertext = hex_field(&record, "CT");
    struct bulla_span tag = hex_field(&record, "Tag");
    uint8_t *plaintext = test_alloc(ciphertext.len);
    enum bulla_status status =
        bulla_aead_open(aead, plaintext, hex_field(&record, "IV"), ciphertext, tag, hex_field(&record, "AAD"));
    bool forged = test_field(&record, "FAIL") != NULL;
    if (tag.len == BULLA_TAG_LEN && !forged) {
      cr_assert_eq(status, BULLA_OK, "%s, vector %zu of them", name, num_opened);
      TEST_SPAN(bulla_span(plaintext, ciphertext.len), hex_field(&record, "PT"), "%s", name);
      num_opened++;
    } else {
      cr_assert_eq(status, BULLA_REFUSED, "%s: a vector opens that must fail", name);
      cr_assert(test_zero(plaintext, ciphertext.len), "%s: plaintext was released", name);
      num_forged += tag.len == BULLA_TAG_LEN;
      num_short += tag.len < BULLA_TAG_LEN;
    }
    bulla_aead_free(&aead);
  }
  cr_assert_eq(num_opened + num_forged, 1125, "%s: %zu and %zu vectors", name, num_opened, num_forged);
  cr_assert_eq(num_short, 6750, "%s: %zu vectors with short tags", name, num_short);
  cr_assert_gt(num_opened, 400, "%s: %zu open", name, num_opened);
  cr_assert_gt(num_forged, 400, "%s: %zu are forged", name, num_forged);
}

Test(crypto, aes_gcm_seals_the_vectors_of_nist) {
  seal_vectors("ciphers/AES/GCM/gcmEncryptExtIV128.rsp");
  seal_vectors("ciphers/AES/GCM/gcmEncryptExtIV192.rsp");
  seal_vectors("ciphers/AES/GCM/gcmEncryptExtIV256.rsp");
}

Test(crypto, aes_gcm_opens_the_vectors_of_nist) {
  open_vectors("ciphers/AES/GCM/gcmDecrypt128.rsp");
  open_vectors("ciphers/AES/GCM/gcmDecrypt192.rsp");
  open_vectors("ciphers/AES/GCM/gcmDecrypt256.rsp");
}

/* What libgcrypt makes of the same inputs: ciphertext, then tag. */
static struct bulla_span gcrypt_sealed(struct bulla_span key, struct bulla_span nonce, struct bulla_span plaintext,
                                       struct bulla_span additional_data) {
  int algorithm = key.len == 16 ? GCRY_CIPHER_AES128 : key.len == 24 ? GCRY_CIPHER_AES192 : GCRY_CIPHER_AES256;
  gcry_cipher_hd_t cipher;
  uint8_t *out = test_alloc(plaintext.len + BULLA_TAG_LEN);
  cr_assert_eq(gcry_cipher_open(&cipher, algorithm, GCRY_CIPHER_MODE_GCM, 0), 0);
  cr_assert_eq(gcry_cipher_setkey(cipher, key.data, key.len), 0);
  cr_assert_eq(gcry_cipher_setiv(cipher, nonce.data, nonce.len), 0);
  cr_assert_eq(gcry_cipher_authenticate(cipher, additional_data.data, additional_data.len), 0);
  cr_assert_eq(gcry_cipher_encrypt(cipher, out, plaintext.len, plaintext.data, plaintext.len), 0);
  cr_assert_eq(gcry_cipher_gettag(cipher, out + plaintext.len, BULLA_TAG_LEN), 0);
  gcry_cipher_close(cipher);
  return bulla_span(out, plaintext.len + BULLA_TAG_LEN);
}

static struct bulla_span random_bytes(size_t len) {
  uint8_t *bytes = test_alloc(len);
  gcry_create_nonce(bytes, len);
  return bulla_span(bytes, len);
}

/* Seals with both, compares, and opens with ours. */
static void agrees_with_gcrypt(size_t key_len, size_t nonce_len, size_t len, size_t additional_len) {
  struct bulla_span key = random_bytes(key_len);
  struct bulla_span nonce = random_bytes(nonce_len);
  struct bulla_span plaintext = random_bytes(len);
  struct bulla_span additional_data = random_bytes(additional_len);
  struct bulla_aead *aead = new_aead(key);
  struct bulla_span ours = sealed(aead, nonce, plaintext, additional_data);
  TEST_SPAN(ours, gcrypt_sealed(key, nonce, plaintext, additional_data), "key %zu, nonce %zu, %zu and %zu bytes",
            key_len, nonce_len, len, additional_len);
  uint8_t *opened = test_alloc(len);
  TEST_OK(bulla_aead_open(aead, opened, nonce, bulla_span(ours.data, len), bulla_span(ours.data + len, BULLA_TAG_LEN),
                          additional_data));
  TEST_SPAN(bulla_span(opened, len), plaintext, "%zu bytes do not come back", len);
  bulla_aead_free(&aead);
}

Test(crypto, aes_gcm_agrees_with_libgcrypt_at_every_nonce_length) {
  cr_assert_not_null(gcry_check_version(NULL));
  for (size_t nonce_len = 1; nonce_len <= 140; nonce_len++) {
    for (size_t key_len = 16; key_len <= 32; key_len += 8) {
      agrees_with_gcrypt(key_len, nonce_len, 45, 20);
    }
  }
}

Test(crypto, aes_gcm_agrees_with_libgcrypt_at_every_length) {
  cr_assert_not_null(gcry_check_version(NULL));
  for (size_t len = 0; len <= 1100; len++) {
    agrees_with_gcrypt(16 + len % 3 * 8, 12, len, len * 7 % 97);
    agrees_with_gcrypt(32, len % 2 == 0 ? 16 : 12, len * 5 % 67, len);
  }
  agrees_with_gcrypt(32, 12, 1 << 20, 100000);
}

Test(crypto, aes_gcm_takes_a_nonce_of_16_bytes) {
  /* Made with Python's cryptography, which is OpenSSL. */
  struct bulla_aead *aead = new_aead(test_hex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"));
  struct bulla_span nonce = test_hex("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff");
  TEST_SPAN(sealed(aead, nonce, test_text("sixteen bytes of nonce"), test_text("additional data")),
            test_hex("cb08645bf4e580e7ca9c27a07e0ed5cc528a2fd59bc57e7edae07026dbece81dc3a578dee155"),
            "nonce of 16 bytes");
}

Test(crypto, aead_open_refuses_every_flipped_bit_and_releases_nothing) {
  struct bulla_aead *aead = new_aead(test_filled(7, 32));
  struct bulla_span nonce = test_filled(1, 12);
  struct bulla_span additional_data = test_text("context");
  for (size_t len = 0; len <= 70; len += 35) {
    struct bulla_span whole = sealed(aead, nonce, test_filled('p', len), additional_data);
    for (size_t bit = 0; bit < 8 * whole.len; bit++) {
      struct bulla_span forged = test_flipped(whole, bit);
      uint8_t *plaintext = test_alloc(len);
      TEST_STATUS(bulla_aead_open(aead, plaintext, nonce, bulla_span(forged.data, len),
                                  bulla_span(forged.data + len, BULLA_TAG_LEN), additional_data),
                  BULLA_REFUSED);
      cr_assert(test_zero(plaintext, len), "length %zu, bit %zu", len, bit);
    }
  }
}

Test(crypto, aead_open_refuses_every_other_tag_length) {
  struct bulla_aead *aead = new_aead(test_filled(7, 16));
  struct bulla_span nonce = test_filled(1, 12);
  struct bulla_span whole = sealed(aead, nonce, test_text("p"), bulla_span(NULL, 0));
  struct bulla_span long_tag = test_concat(bulla_span(whole.data + 1, BULLA_TAG_LEN), test_filled(0, 16));
  for (size_t tag_len = 0; tag_len <= long_tag.len; tag_len++) {
    uint8_t plaintext = 0xa5;
    enum bulla_status status = bulla_aead_open(aead, &plaintext, nonce, bulla_span(whole.data, 1),
                                               bulla_span(long_tag.data, tag_len), bulla_span(NULL, 0));
    cr_expect_eq(status, tag_len == BULLA_TAG_LEN ? BULLA_OK : BULLA_REFUSED, "tag of %zu bytes", tag_len);
    cr_expect_eq(plaintext, tag_len == BULLA_TAG_LEN ? 'p' : 0, "tag of %zu bytes", tag_len);
  }
}

Test(crypto, aead_refuses_an_empty_nonce) {
  struct bulla_aead *aead = new_aead(test_filled(7, 16));
  struct bulla_span none = bulla_span(NULL, 0);
  uint8_t *out = test_alloc(1);
  uint8_t *tag = test_alloc(BULLA_TAG_LEN);
  cr_expect_neq(bulla_aead_seal(aead, out, tag, none, test_text("p"), none), BULLA_OK);
  TEST_STATUS(bulla_aead_open(aead, out, none, test_text("c"), test_filled(0, BULLA_TAG_LEN), none), BULLA_REFUSED);
}

/* The counters of more would come round. Nothing is read, of which nothing is there. */
Test(crypto, aead_seals_and_opens_no_more_than_gcm_allows) {
  struct bulla_span too_long = bulla_span("x", BULLA_AES_GCM_MAX + 1);
  for (size_t key_len = 16; key_len <= 32; key_len += 8) {
    struct bulla_aead *aead = new_aead(test_filled(7, key_len));
    uint8_t *out = test_alloc(1);
    uint8_t *tag = test_alloc(BULLA_TAG_LEN);
    TEST_STATUS(bulla_aead_seal(aead, out, tag, test_filled(1, 16), too_long, bulla_span(NULL, 0)), BULLA_TOO_LARGE);
    TEST_STATUS(
        bulla_aead_open(aead, out, test_filled(1, 16), too_long, test_filled(0, BULLA_TAG_LEN), bulla_span(NULL, 0)),
        BULLA_REFUSED);
    bulla_aead_free(&aead);
  }
}

Test(crypto, aead_new_takes_the_three_key_lengths_and_no_other) {
  struct bulla_span key = test_filled(1, 80);
  for (size_t len = 0; len <= key.len; len++) {
    struct bulla_aead *aead = NULL;
    bool good = len == 16 || len == 24 || len == 32;
    cr_expect_eq(bulla_aead_new(&aead, bulla_span(key.data, len)), good ? BULLA_OK : BULLA_INVALID_ARGUMENT, "%zu",
                 len);
    cr_expect_eq(aead != NULL, good, "%zu", len);
    bulla_aead_free(&aead);
    cr_expect_null(aead);
  }
  cr_expect_eq(bulla_slab_usage().used, 0, "round keys stayed in the slab, or were never there");
}

Test(crypto, expanded_keys_live_in_the_slab) {
  size_t used = bulla_slab_usage().used;
  struct bulla_aead *aead = new_aead(test_filled(1, 32));
  cr_expect_geq(bulla_slab_usage().used, used + 240, "AES-256 has 240 bytes of round keys");
  bulla_aead_free(&aead);
  struct bulla_xaes *xaes = NULL;
  TEST_OK(bulla_xaes_new(&xaes, test_filled(1, 32)));
  cr_expect_geq(bulla_slab_usage().used, used + 240);
  bulla_xaes_free(&xaes);
  cr_expect_null(xaes);
  cr_expect_eq(bulla_slab_usage().used, used);
}

static struct bulla_span xaes_sealed(struct bulla_span key, struct bulla_span nonce, struct bulla_span plaintext,
                                     struct bulla_span additional_data) {
  struct bulla_xaes *xaes = NULL;
  size_t split = additional_data.len / 3;
  const struct bulla_aad aad = {additional_data.data, split, additional_data.data + split, additional_data.len - split};
  uint8_t *out = test_alloc(plaintext.len + BULLA_TAG_LEN);
  uint8_t *opened = test_alloc(plaintext.len);
  TEST_OK(bulla_xaes_new(&xaes, key));
  TEST_OK(bulla_xaes_seal(xaes, out, out + plaintext.len, nonce.data, plaintext, &aad));
  struct bulla_span ciphertext = bulla_span(out, plaintext.len);
  TEST_OK(bulla_xaes_open(xaes, opened, nonce.data, out + plaintext.len, ciphertext, &aad));
  TEST_SPAN(bulla_span(opened, plaintext.len), plaintext, "opened again");
  out[plaintext.len + BULLA_TAG_LEN - 1] ^= 1;
  TEST_STATUS(bulla_xaes_open(xaes, opened, nonce.data, out + plaintext.len, ciphertext, &aad), BULLA_REFUSED);
  TEST_SPAN(bulla_span(opened, plaintext.len), test_filled(0, plaintext.len), "a forgery opened");
  out[plaintext.len + BULLA_TAG_LEN - 1] ^= 1;
  bulla_xaes_free(&xaes);
  return bulla_span(out, plaintext.len + BULLA_TAG_LEN);
}

Test(crypto, xaes_seals_both_vectors_of_c2sp) {
  /* In the first the top bit of L is clear, in the second it is set. */
  struct bulla_span nonce = test_text("ABCDEFGHIJKLMNOPQRSTUVWX");
  struct bulla_span plaintext = test_text("XAES-256-GCM");
  TEST_SPAN(xaes_sealed(test_filled(1, 32), nonce, plaintext, bulla_span(NULL, 0)),
            test_hex("ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271"), "vector 1");
  TEST_SPAN(xaes_sealed(test_filled(3, 32), nonce, plaintext, test_text("c2sp.org/XAES-256-GCM")),
            test_hex("986ec1832593df5443a179437fd083bf3fdb41abd740a21f71eb769d"), "vector 2");
}

static struct bulla_span draw(gcry_md_hd_t generator, size_t len) {
  uint8_t *bytes = test_alloc(len);
  if (len > 0) {
    cr_assert_eq(gcry_md_extract(generator, GCRY_MD_SHAKE128, bytes, len), 0);
  }
  return bulla_span(bytes, len);
}

Test(crypto, xaes_seals_the_accumulated_vector_of_c2sp) {
  cr_assert_not_null(gcry_check_version(NULL));
  gcry_md_hd_t generator;
  gcry_md_hd_t accumulator;
  cr_assert_eq(gcry_md_open(&generator, GCRY_MD_SHAKE128, 0), 0);
  cr_assert_eq(gcry_md_open(&accumulator, GCRY_MD_SHAKE128, 0), 0);
  for (size_t i = 0; i < 10000; i++) {
    struct bulla_span key = draw(generator, 32);
    struct bulla_span nonce = draw(generator, 24);
    struct bulla_span plaintext = draw(generator, *draw(generator, 1).data);
    struct bulla_span additional_data = draw(generator, *draw(generator, 1).data);
    struct bulla_span whole = xaes_sealed(key, nonce, plaintext, additional_data);
    gcry_md_write(accumulator, whole.data, whole.len);
  }
  TEST_SPAN(draw(accumulator, 32), test_hex("e6b9edf2df6cec60c8cbd864e2211b597fb69a529160cd040d56c0c210081939"),
            "10,000 iterations");
  gcry_md_close(generator);
  gcry_md_close(accumulator);
}

Test(crypto, xaes_refuses_keys_of_other_lengths) {
  struct bulla_span bytes = test_filled(1, 64);
  for (size_t len = 0; len <= bytes.len; len++) {
    struct bulla_xaes *xaes = NULL;
    enum bulla_status status = bulla_xaes_new(&xaes, bulla_span(bytes.data, len));
    cr_expect_eq(status, len == 32 ? BULLA_OK : BULLA_INVALID_ARGUMENT, "key of %zu bytes", len);
    cr_expect_eq(xaes != NULL, len == 32);
    bulla_xaes_free(&xaes);
  }
  cr_expect_eq(bulla_slab_usage().used, 0);
}
