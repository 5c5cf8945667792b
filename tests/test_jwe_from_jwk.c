/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* bulla_jwe_key_from_jwk: a key is for one "alg" and one "enc", and for no other purpose than its JWK says. */

#include <bulla/jose.h>

#include "tests/jwk_support.h"

#define OF_16 "{\"kty\":\"oct\",\"k\":\"AAECAwQFBgcICQoLDA0ODw\""

TestSuite(jwe_from_jwk, .init = test_listen);

static const struct {
  const char *json;
  enum bulla_jwe_alg alg;
  enum bulla_jwe_enc enc;
  enum bulla_status wanted;
} rows[] = {
    {OF_16 "}", BULLA_JWE_A128KW, BULLA_JWE_A256GCM, BULLA_OK},
    {OF_16 "}", BULLA_JWE_DIR, BULLA_JWE_A128GCM, BULLA_OK},
    {OF_16 ",\"alg\":\"A128KW\"}", 0, BULLA_JWE_A256GCM, BULLA_OK},
    {OF_16 ",\"alg\":\"A128KW\"}", BULLA_JWE_A128KW, BULLA_JWE_A256GCM, BULLA_OK},
    {OF_16 ",\"alg\":\"A128GCM\"}", 0, 0, BULLA_OK},
    {OF_16 ",\"alg\":\"A128GCM\"}", BULLA_JWE_DIR, BULLA_JWE_A128GCM, BULLA_OK},
    {OF_16 ",\"alg\":\"dir\"}", 0, BULLA_JWE_A128GCM, BULLA_OK},
    {OF_16 ",\"use\":\"enc\",\"key_ops\":[\"wrapKey\",\"unwrapKey\"]}", BULLA_JWE_A128KW, BULLA_JWE_A256GCM, BULLA_OK},
    /* Something is not said. */
    {OF_16 "}", 0, BULLA_JWE_A128GCM, BULLA_INVALID_ARGUMENT},
    {OF_16 "}", BULLA_JWE_DIR, 0, BULLA_INVALID_ARGUMENT},
    {OF_16 ",\"alg\":\"dir\"}", 0, 0, BULLA_INVALID_ARGUMENT},
    {OF_16 "}", BULLA_JWE_DRAFT_HPKE + 1, BULLA_JWE_A128GCM, BULLA_INVALID_ARGUMENT},
    {OF_16 "}", BULLA_JWE_DIR, BULLA_JWE_A256CBC_HS512 + 1, BULLA_INVALID_ARGUMENT},
    /* They do not go with the key. */
    {OF_16 "}", BULLA_JWE_A256KW, BULLA_JWE_A128GCM, BULLA_INVALID_ARGUMENT},
    {OF_16 "}", BULLA_JWE_A256GCMKW, BULLA_JWE_A128GCM, BULLA_INVALID_ARGUMENT},
    {OF_16 "}", BULLA_JWE_DIR, BULLA_JWE_A256GCM, BULLA_INVALID_ARGUMENT},
    {OF_16 "}", BULLA_JWE_DIR, BULLA_JWE_A128CBC_HS256, BULLA_INVALID_ARGUMENT},
    {OF_16 "}", BULLA_JWE_ECDH_ES, BULLA_JWE_A128GCM, BULLA_INVALID_ARGUMENT},
    {OF_16 "}", BULLA_JWE_RSA_OAEP, BULLA_JWE_A128GCM, BULLA_INVALID_ARGUMENT},
    /* The JWK says another. */
    {OF_16 ",\"alg\":\"A128KW\"}", BULLA_JWE_A128GCMKW, BULLA_JWE_A256GCM, BULLA_REFUSED},
    {OF_16 ",\"alg\":\"A128KW\"}", BULLA_JWE_DIR, BULLA_JWE_A128GCM, BULLA_REFUSED},
    {OF_16 ",\"alg\":\"A128GCM\"}", BULLA_JWE_A128KW, BULLA_JWE_A128GCM, BULLA_REFUSED},
    {OF_16 ",\"alg\":\"A256GCM\"}", BULLA_JWE_DIR, BULLA_JWE_A128GCM, BULLA_REFUSED},
    {OF_16 ",\"alg\":\"A128GCM\"}", BULLA_JWE_DIR, BULLA_JWE_A256GCM, BULLA_REFUSED},
    {OF_16 ",\"alg\":\"a128kw\"}", BULLA_JWE_A128KW, BULLA_JWE_A256GCM, BULLA_REFUSED},
    {OF_16 ",\"alg\":\"PBES2-HS256+A128KW\"}", BULLA_JWE_A128KW, BULLA_JWE_A256GCM, BULLA_REFUSED},
    {OF_16 ",\"alg\":\"HS256\"}", BULLA_JWE_A128KW, BULLA_JWE_A256GCM, BULLA_REFUSED},
    {OF_16 ",\"alg\":\"\"}", BULLA_JWE_A128KW, BULLA_JWE_A256GCM, BULLA_REFUSED},
    {OF_16 ",\"use\":\"sig\"}", BULLA_JWE_A128KW, BULLA_JWE_A256GCM, BULLA_REFUSED},
    {OF_16 ",\"key_ops\":[\"sign\",\"verify\"]}", BULLA_JWE_A128KW, BULLA_JWE_A256GCM, BULLA_REFUSED},
    {OF_16 ",\"key_ops\":[]}", BULLA_JWE_A128KW, BULLA_JWE_A256GCM, BULLA_REFUSED},
};

Test(jwe_from_jwk, a_key_is_pinned_to_what_its_jwk_says) {
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    struct bulla_jwe_key *key = NULL;
    enum bulla_status status =
        bulla_jwe_key_from_jwk(&key, test_jwk(test_text(rows[i].json)), rows[i].alg, rows[i].enc);
    cr_assert_eq(status, rows[i].wanted, "row %zu, %s: %s", i, rows[i].json, bulla_status_text(status));
    cr_assert_eq(key != NULL, status == BULLA_OK, "%s", rows[i].json);
    bulla_jwe_key_free(&key);
  }
}

static struct bulla_jwe_key *key_of(const char *json) {
  struct bulla_jwe_key *key = NULL;
  TEST_OK(bulla_jwe_key_from_jwk(&key, test_jwk(test_text(json)), BULLA_JWE_A128KW, BULLA_JWE_A128GCM));
  return key;
}

Test(jwe_from_jwk, hpke_is_on_x25519_alone) {
  struct bulla_jwe_key *key = NULL;
  TEST_OK(bulla_jwe_key_from_jwk(&key, test_jwk(test_key_file("x25519", ".jwk")), BULLA_JWE_DRAFT_HPKE, 0));
  bulla_jwe_key_free(&key);
  struct bulla_jwk *other = test_jwk(test_key_file("p256", ".jwk"));
  TEST_STATUS(bulla_jwe_key_from_jwk(&key, other, BULLA_JWE_DRAFT_HPKE, 0), BULLA_INVALID_ARGUMENT);
}

Test(jwe_from_jwk, key_ops_say_which_way_a_key_works) {
  static const struct {
    const char *json;
    bool encrypts;
    bool decrypts;
  } ways[] = {
      {OF_16 "}", true, true},
      {OF_16 ",\"use\":\"enc\"}", true, true},
      {OF_16 ",\"key_ops\":[\"wrapKey\",\"unwrapKey\"]}", true, true},
      {OF_16 ",\"key_ops\":[\"wrapKey\"]}", true, false},
      {OF_16 ",\"key_ops\":[\"encrypt\"]}", true, false},
      {OF_16 ",\"key_ops\":[\"unwrapKey\"]}", false, true},
      {OF_16 ",\"key_ops\":[\"decrypt\"]}", false, true},
  };
  struct bulla_jwe_key *both = key_of(OF_16 "}");
  struct bulla_buffer token = test_room(bulla_jwe_len(both, 3));
  TEST_OK(bulla_jwe_encrypt(both, &token, test_text("abc")));
  for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
    struct bulla_jwe_key *key = key_of(ways[i].json);
    struct bulla_buffer out = test_room(token.size);
    struct bulla_buffer plaintext = test_room(token.size);
    enum bulla_status encrypted = bulla_jwe_encrypt(key, &out, test_text("abc"));
    enum bulla_status decrypted = bulla_jwe_decrypt(key, &plaintext, bulla_written(&token));
    cr_assert_eq(encrypted, ways[i].encrypts ? BULLA_OK : BULLA_INVALID_ARGUMENT, "%s", ways[i].json);
    cr_assert_eq(decrypted, ways[i].decrypts ? BULLA_OK : BULLA_INVALID_ARGUMENT, "%s", ways[i].json);
    cr_assert_eq(out.len > 0, ways[i].encrypts, "%s", ways[i].json);
    cr_assert_eq(plaintext.len > 0, ways[i].decrypts, "%s", ways[i].json);
    bulla_jwe_key_free(&key);
  }
  bulla_jwe_key_free(&both);
}

Test(jwe_from_jwk, a_public_key_only_encrypts) {
  static const struct {
    const char *pair;
    enum bulla_jwe_alg alg;
  } pairs[] = {
      {"p256", BULLA_JWE_ECDH_ES},
      {"x25519", BULLA_JWE_ECDH_ES_A256KW},
      {"x25519", BULLA_JWE_DRAFT_HPKE},
      {"rsa", BULLA_JWE_RSA_OAEP_256},
  };
  for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
    enum bulla_jwe_enc enc = pairs[i].alg == BULLA_JWE_DRAFT_HPKE ? 0 : BULLA_JWE_A128GCM;
    struct bulla_jwk *jwk = test_jwk(test_key_file(pairs[i].pair, ".jwk"));
    struct bulla_jwe_key *private_key = NULL;
    struct bulla_jwe_key *public_key = NULL;
    TEST_OK(bulla_jwe_key_from_jwk(&private_key, jwk, pairs[i].alg, enc));
    TEST_OK(bulla_jwe_key_from_jwk(&public_key, test_jwk(test_public(jwk)), pairs[i].alg, enc));
    struct bulla_buffer token = test_room(bulla_jwe_len(public_key, 3));
    struct bulla_buffer plaintext = test_room(token.size);
    TEST_OK(bulla_jwe_encrypt(public_key, &token, test_text("abc")));
    TEST_STATUS(bulla_jwe_decrypt(public_key, &plaintext, bulla_written(&token)), BULLA_INVALID_ARGUMENT);
    TEST_STATUS(bulla_jwe_decrypt_any(public_key, &plaintext, NULL, bulla_written(&token)), BULLA_INVALID_ARGUMENT);
    TEST_OK(bulla_jwe_decrypt(private_key, &plaintext, bulla_written(&token)));
    bulla_jwe_key_free(&private_key);
    bulla_jwe_key_free(&public_key);
  }
}
