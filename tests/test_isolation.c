/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* BoringSSL, loaded by the core, and OpenSSL, linked here and by cjose, in one process: each must keep to its own
 * functions. Where both are mixed up, this crashes or gives wrong bytes. */

#include <pthread.h>
#include <stdlib.h>

#include <cjose/cjose.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <bulla/jose.h>

#include "core/crypto.h"
#include "tests/support.h"

static const char *const encs[] = {
    [BULLA_JWE_A128GCM] = "A128GCM", [BULLA_JWE_A192GCM] = "A192GCM", [BULLA_JWE_A256GCM] = "A256GCM"};

static size_t key_len(enum bulla_jwe_enc enc) {
  return 8 + 8 * (size_t)enc;
}

/* OpenSSL, through EVP: SHA-256 and AES-256-GCM. */
static void openssl_works(void) {
  uint8_t digest[32];
  unsigned digest_len = 0;
  cr_assert_eq(EVP_Digest("abc", 3, digest, &digest_len, EVP_sha256(), NULL), 1);
  TEST_SPAN(bulla_span(digest, digest_len),
            test_hex("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"), "SHA-256");

  /* NIST CAVP gcmEncryptExtIV256, the first vector. */
  struct bulla_span key = test_hex("b52c505a37d78eda5dd34f20c22540ea1b58963cf8e5bf8ffa85f9f2492505b4");
  struct bulla_span iv = test_hex("516c33929df5a3284ff463d7");
  uint8_t tag[16];
  int len = 0;
  EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
  cr_assert_not_null(context);
  cr_assert_eq(EVP_EncryptInit_ex(context, EVP_aes_256_gcm(), NULL, key.data, iv.data), 1);
  cr_assert_eq(EVP_EncryptFinal_ex(context, tag, &len), 1);
  cr_assert_eq(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, sizeof(tag), tag), 1);
  EVP_CIPHER_CTX_free(context);
  TEST_SPAN(bulla_span(tag, sizeof(tag)), test_hex("bdc1ac884d332457a1d2664f168c76f0"), "tag");

  uint8_t random[16] = {0};
  cr_assert_eq(RAND_bytes(random, sizeof(random)), 1);
  cr_assert_not(test_zero(random, sizeof(random)));
}

/* Ours: the same, by way of BoringSSL. */
static void bulla_works(void) {
  uint8_t digest[32];
  TEST_OK(bulla_sha256(digest, test_text("abc")));
  TEST_SPAN(bulla_span(digest, 32), test_hex("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            "SHA-256");
  struct bulla_aead *aead = NULL;
  TEST_OK(bulla_aead_new(&aead, test_hex("b52c505a37d78eda5dd34f20c22540ea1b58963cf8e5bf8ffa85f9f2492505b4")));
  uint8_t tag[16];
  uint8_t none = 0;
  TEST_OK(bulla_aead_seal(aead, &none, tag, test_hex("516c33929df5a3284ff463d7"), bulla_span(NULL, 0),
                          bulla_span(NULL, 0)));
  TEST_SPAN(bulla_span(tag, sizeof(tag)), test_hex("bdc1ac884d332457a1d2664f168c76f0"), "tag");
  bulla_aead_free(&aead);
  uint8_t prk[32];
  uint8_t expanded[42];
  TEST_OK(bulla_hkdf_extract(prk, test_hex("000102030405060708090a0b0c"), test_filled(0x0b, 22)));
  TEST_OK(bulla_hkdf_expand(expanded, sizeof(expanded), bulla_span(prk, 32), test_hex("f0f1f2f3f4f5f6f7f8f9")));
  TEST_SPAN(bulla_span(expanded, sizeof(expanded)),
            test_hex("3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"), "HKDF");
  uint8_t random[16] = {0};
  TEST_OK(bulla_random(random, sizeof(random)));
  cr_assert_not(test_zero(random, sizeof(random)));
}

Test(isolation, the_program_is_linked_with_openssl_3) {
  cr_assert_eq(OpenSSL_version_num() >> 28, 3, "%s", OpenSSL_version(OPENSSL_VERSION));
}

Test(isolation, both_libraries_work_in_turn_whichever_is_first) {
  for (size_t i = 0; i < 20; i++) {
    openssl_works();
    bulla_works();
  }
}

Test(isolation, both_libraries_work_in_turn_with_ours_first) {
  for (size_t i = 0; i < 20; i++) {
    bulla_works();
    openssl_works();
  }
}

static cjose_jwk_t *new_jwk(struct bulla_span material) {
  cjose_err error;
  cjose_jwk_t *jwk = cjose_jwk_create_oct_spec(material.data, material.len, &error);
  cr_assert_not_null(jwk, "cjose: %s", error.message);
  return jwk;
}

static struct bulla_jwe_key *new_key(enum bulla_jwe_enc enc, struct bulla_span material, const char *key_id) {
  struct bulla_secret *secret = test_secret(material);
  struct bulla_jwe_key *key = NULL;
  TEST_OK(bulla_jwe_key_new(&key, BULLA_JWE_DIR, enc, secret, test_text(key_id)));
  bulla_secret_free(&secret);
  return key;
}

static struct bulla_span cjose_encrypted(struct bulla_span material, enum bulla_jwe_enc enc,
                                         struct bulla_span plaintext) {
  cjose_err error;
  cjose_jwk_t *jwk = new_jwk(material);
  cjose_header_t *header = cjose_header_new(&error);
  cr_assert(cjose_header_set(header, CJOSE_HDR_ALG, CJOSE_HDR_ALG_DIR, &error), "cjose: %s", error.message);
  cr_assert(cjose_header_set(header, CJOSE_HDR_ENC, encs[enc], &error), "cjose: %s", error.message);
  cjose_jwe_t *jwe = cjose_jwe_encrypt(jwk, header, plaintext.data, plaintext.len, &error);
  cr_assert_not_null(jwe, "cjose: %s", error.message);
  char *compact = cjose_jwe_export(jwe, &error);
  cr_assert_not_null(compact, "cjose: %s", error.message);
  struct bulla_span token = test_text(compact);
  free(compact);
  cjose_jwe_release(jwe);
  cjose_header_release(header);
  cjose_jwk_release(jwk);
  return token;
}

/* Returns what cjose makes of |token|; a NULL span if it refuses it. */
static struct bulla_span cjose_decrypted(struct bulla_span material, struct bulla_span token) {
  cjose_err error;
  cjose_jwk_t *jwk = new_jwk(material);
  struct bulla_span plaintext = {NULL, 0};
  cjose_jwe_t *jwe = cjose_jwe_import((const char *)token.data, token.len, &error);
  size_t len = 0;
  uint8_t *bytes = jwe == NULL ? NULL : cjose_jwe_decrypt(jwe, jwk, &len, &error);
  if (bytes != NULL) {
    plaintext = test_copy(bulla_span(bytes, len));
    free(bytes);
  }
  cjose_jwe_release(jwe);
  cjose_jwk_release(jwk);
  return plaintext;
}

/* Both directions, once for each length; OpenSSL and BoringSSL work between each other's calls. */
static void exchange_tokens(enum bulla_jwe_enc enc) {
  struct bulla_span material = test_filled((uint8_t)(0x40 + enc), key_len(enc));
  struct bulla_jwe_key *key = new_key(enc, material, "");
  for (size_t len = 1; len <= 100; len++) {
    struct bulla_span plaintext = test_filled((uint8_t)len, len);
    struct bulla_span theirs = cjose_encrypted(material, enc, plaintext);
    struct bulla_buffer opened = test_room(theirs.len);
    TEST_OK(bulla_jwe_decrypt(key, &opened, theirs));
    TEST_SPAN(bulla_written(&opened), plaintext, "ours read %zu bytes of theirs", len);

    struct bulla_buffer ours = test_room(bulla_jwe_len(key, len));
    TEST_OK(bulla_jwe_encrypt(key, &ours, plaintext));
    TEST_SPAN(cjose_decrypted(material, bulla_written(&ours)), plaintext, "theirs read %zu bytes of ours", len);
  }
  bulla_jwe_key_free(&key);
}

Test(isolation, cjose_and_bulla_read_each_others_tokens) {
  openssl_works();
  for (enum bulla_jwe_enc enc = BULLA_JWE_A128GCM; enc <= BULLA_JWE_A256GCM; enc++) {
    exchange_tokens(enc);
  }
  openssl_works();
}

Test(isolation, cjose_reads_a_token_with_a_kid) {
  struct bulla_span material = test_filled(7, 32);
  struct bulla_jwe_key *key = new_key(BULLA_JWE_A256GCM, material, "key \"one\" \xc3\xa9");
  struct bulla_buffer token = test_room(bulla_jwe_len(key, 9));
  TEST_OK(bulla_jwe_encrypt(key, &token, test_text("plaintext")));
  TEST_SPAN(cjose_decrypted(material, bulla_written(&token)), test_text("plaintext"), "kid");
}

Test(isolation, both_refuse_the_same_flipped_bits_of_iv_ciphertext_and_tag) {
  struct bulla_span material = test_filled(7, 32);
  struct bulla_jwe_key *key = new_key(BULLA_JWE_A256GCM, material, "");
  struct bulla_span token = cjose_encrypted(material, BULLA_JWE_A256GCM, test_text("plaintext"));
  size_t header_len = (size_t)((const uint8_t *)memchr(token.data, '.', token.len) - token.data);
  cr_assert_not_null(cjose_decrypted(material, token).data);
  for (size_t i = header_len + 2; i < token.len - 1; i++) {
    uint8_t *changed = test_alloc(token.len);
    memcpy(changed, token.data, token.len);
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    if (token.data[i] != '.') {
      struct bulla_buffer opened = test_room(token.len);
      TEST_STATUS(bulla_jwe_decrypt(key, &opened, bulla_span(changed, token.len)), BULLA_REFUSED);
      cr_assert_null(cjose_decrypted(material, bulla_span(changed, token.len)).data, "place %zu", i);
    }
  }
}

static void *exchange_in_thread(void *argument) {
  exchange_tokens(*(enum bulla_jwe_enc *)argument);
  return NULL;
}

Test(isolation, threads_use_both_libraries_at_once) {
  /* test_alloc is not for threads, so that the other thread uses OpenSSL alone. */
  pthread_t thread;
  enum bulla_jwe_enc enc = BULLA_JWE_A256GCM;
  cr_assert_eq(pthread_create(&thread, NULL, exchange_in_thread, &enc), 0);
  for (size_t i = 0; i < 2000; i++) {
    uint8_t digest[32];
    unsigned digest_len = 0;
    cr_assert_eq(EVP_Digest("abc", 3, digest, &digest_len, EVP_sha256(), NULL), 1);
    cr_assert_eq(digest[0], 0xba);
    cr_assert_eq(digest[31], 0xad);
  }
  pthread_join(thread, NULL);
}
