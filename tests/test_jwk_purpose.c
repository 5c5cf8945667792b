/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* "use", "key_ops" and "alg" of a JWK, RFC 7517 §4.2 to §4.4: what is read, what a key may be used for, and that a key
 * that is written is for no more than before. */

#include <bulla/jose.h>

#include "core/jwk.h"
#include "tests/jwk_support.h"

#define K ",\"k\":\"AAECAwQFBgcICQoLDA0ODw\"}"

enum { E = BULLA_KEY_ENCRYPTS, D = BULLA_KEY_DECRYPTS, BOTH = E | D };

TestSuite(jwk_purpose, .init = test_listen);

/* The 16 bytes of a symmetric key with |about|, which begins with a comma or is empty. */
static struct bulla_span oct_with(const char *about) {
  return test_text(test_printf("{\"kty\":\"oct\"%s%s", about, K));
}

static struct bulla_span pair_with(const char *pair, const char *about) {
  struct bulla_span json = test_key_file(pair, ".jwk");
  return test_concat(bulla_span(json.data, json.len - 1), test_text(test_printf("%s}", about)));
}

/* Purposes of "oct", of a pair that agrees, of its public half alone, and of one that does not agree. */
static const struct {
  const char *about;
  unsigned of_oct, of_p256, of_public, of_rsa;
} read_rows[] = {
    {"", BOTH, BOTH, BOTH, BOTH},
    {",\"use\":\"enc\"", BOTH, BOTH, BOTH, BOTH},
    {",\"use\":\"\\u0065nc\"", BOTH, BOTH, BOTH, BOTH},
    {",\"key_ops\":[\"encrypt\"]", E, E, E, E},
    {",\"key_ops\":[\"decrypt\"]", D, D, E, D},
    {",\"key_ops\":[\"wrapKey\"]", E, E, E, E},
    {",\"key_ops\":[\"unwrapKey\"]", D, D, E, D},
    {",\"key_ops\":[\"encrypt\",\"decrypt\"]", BOTH, BOTH, E, BOTH},
    {",\"key_ops\":[\"unwrap\\u004bey\",\"wrapKey\"]", BOTH, BOTH, E, BOTH},
    {",\"key_ops\":[\"deriveKey\"]", 0, BOTH, BOTH, 0},
    {",\"key_ops\":[\"deriveBits\"]", 0, BOTH, BOTH, 0},
    {",\"key_ops\":[\"deriveKey\",\"deriveBits\"]", 0, BOTH, BOTH, 0},
    {",\"key_ops\":[\"sign\",\"verify\"]", 0, 0, 0, 0},
    {",\"key_ops\":[\"sign\",\"encrypt\"]", E, E, E, E},
    {",\"key_ops\":[]", 0, 0, E, 0},
    {",\"use\":\"enc\",\"key_ops\":[\"decrypt\",\"unwrapKey\"]", D, D, E, D},
    {",\"use\":\"sig\",\"key_ops\":[\"sign\"]", 0, 0, 0, 0},
};

static void has(struct bulla_span json, unsigned wanted, const char *about) {
  struct bulla_jwk *jwk = test_jwk(json);
  cr_assert_eq(jwk->purposes, wanted, "%s: %u, not %u", about, jwk->purposes, wanted);
  if (bulla_jwk_has_private(jwk)) {
    cr_assert_eq(test_jwk(test_private(jwk))->purposes, wanted, "%s, written again", about);
  }
}

Test(jwk_purpose, use_and_key_ops_say_what_a_key_may_be_used_for) {
  for (size_t i = 0; i < sizeof(read_rows) / sizeof(read_rows[0]); i++) {
    const char *about = read_rows[i].about;
    has(oct_with(about), read_rows[i].of_oct, about);
    has(pair_with("p256", about), read_rows[i].of_p256, about);
    has(pair_with("x25519", about), read_rows[i].of_p256, about);
    has(pair_with("rsa", about), read_rows[i].of_rsa, about);
    has(test_public(test_jwk(pair_with("p256", about))), read_rows[i].of_public, about);
  }
}

Test(jwk_purpose, a_public_half_is_for_the_other_side_of_what_the_private_one_is_for) {
  static const char *const rows[][2] = {
      {"[\"sign\"]", "[\"verify\"]"},
      {"[\"decrypt\",\"unwrapKey\"]", "[\"encrypt\",\"wrapKey\"]"},
      {"[\"encrypt\",\"decrypt\"]", "[\"encrypt\"]"},
      {"[\"deriveKey\",\"deriveBits\"]", "[\"deriveKey\",\"deriveBits\"]"},
      {"[]", "[]"},
  };
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    struct bulla_span json = test_public(test_jwk(pair_with("p384", test_printf(",\"key_ops\":%s", rows[i][0]))));
    struct test_members all = test_members(json);
    TEST_SPAN(all.members[2].name.text, test_text("key_ops"), "%s", rows[i][0]);
    TEST_SPAN(all.members[2].value.text, test_text(rows[i][1]), "%s", rows[i][0]);
  }
}

static const struct {
  const char *about;
  enum bulla_status status;
} refused_rows[] = {
    {",\"use\":\"ENC\"", BULLA_UNSUPPORTED},
    {",\"use\":\"\"", BULLA_UNSUPPORTED},
    {",\"use\":\"tls\"", BULLA_UNSUPPORTED},
    {",\"use\":null", BULLA_INVALID_TEXT},
    {",\"use\":[\"enc\"]", BULLA_INVALID_TEXT},
    {",\"Use\":\"sig\"", BULLA_INVALID_TEXT},
    {",\"use\":\"enc\",\"use\":\"enc\"", BULLA_INVALID_TEXT},
    {",\"key_ops\":\"encrypt\"", BULLA_INVALID_TEXT},
    {",\"key_ops\":{}", BULLA_INVALID_TEXT},
    {",\"key_ops\":null", BULLA_INVALID_TEXT},
    {",\"key_ops\":[\"encrypt\",7]", BULLA_INVALID_TEXT},
    {",\"key_ops\":[[\"encrypt\"]]", BULLA_INVALID_TEXT},
    {",\"key_ops\":[\"encrypt\",\"encrypt\"]", BULLA_INVALID_TEXT},
    {",\"key_ops\":[\"encrypt\",\"decrypt\",\"\\u0065ncrypt\"]", BULLA_INVALID_TEXT},
    {",\"key_ops\":[\"Encrypt\"]", BULLA_UNSUPPORTED},
    {",\"key_ops\":[\"\"]", BULLA_UNSUPPORTED},
    {",\"key_ops\":[\"encrypt\",\"attest\"]", BULLA_UNSUPPORTED},
    {",\"Key_ops\":[]", BULLA_INVALID_TEXT},
    {",\"use\":\"sig\",\"key_ops\":[\"encrypt\"]", BULLA_REFUSED},
    {",\"use\":\"sig\",\"key_ops\":[\"sign\",\"deriveBits\"]", BULLA_REFUSED},
    {",\"use\":\"enc\",\"key_ops\":[\"sign\"]", BULLA_REFUSED},
    {",\"use\":\"enc\",\"key_ops\":[\"decrypt\",\"verify\"]", BULLA_REFUSED},
    {",\"alg\":7", BULLA_INVALID_TEXT},
    {",\"alg\":null", BULLA_INVALID_TEXT},
    {",\"Alg\":\"A128KW\"", BULLA_INVALID_TEXT},
    {",\"al\\u0067\":\"A128KW\"", BULLA_INVALID_TEXT},
};

Test(jwk_purpose, what_is_malformed_or_contradicts_is_refused) {
  for (size_t i = 0; i < sizeof(refused_rows) / sizeof(refused_rows[0]); i++) {
    test_refused(oct_with(refused_rows[i].about), refused_rows[i].status, refused_rows[i].about);
    test_refused(pair_with("p256", refused_rows[i].about), refused_rows[i].status, refused_rows[i].about);
  }
}

Test(jwk_purpose, use_is_written_again) {
  static const char *const uses[] = {"enc", "sig"};
  for (size_t i = 0; i < 2; i++) {
    struct bulla_jwk *jwk = test_jwk(pair_with("x25519", test_printf(",\"use\":\"%s\"", uses[i])));
    TEST_SPAN(jwk->use, test_text(uses[i]), "%s", uses[i]);
    TEST_SPAN(test_jwk(test_public(jwk))->use, test_text(uses[i]), "%s", uses[i]);
  }
}

static const struct {
  const char *name;
  enum bulla_jwe_alg alg;
  enum bulla_jwe_enc enc;
} alg_rows[] = {
    {"dir", BULLA_JWE_DIR, 0},
    {"A128GCM", BULLA_JWE_DIR, BULLA_JWE_A128GCM},
    {"A256CBC-HS512", BULLA_JWE_DIR, BULLA_JWE_A256CBC_HS512},
    {"A128KW", BULLA_JWE_A128KW, 0},
    {"\\u00411\\u00328KW", BULLA_JWE_A128KW, 0},
    {"ECDH-ES+A256KW", BULLA_JWE_ECDH_ES_A256KW, 0},
    {"RSA-OAEP-256", BULLA_JWE_RSA_OAEP_256, 0},
    {"a128kw", 0, 0},
    {"A128GCM ", 0, 0},
    {"RSA1_5", 0, 0},
    {"HS256", 0, 0},
    {"none", 0, 0},
    {"", 0, 0},
};

Test(jwk_purpose, alg_is_kept_known_or_not) {
  for (size_t i = 0; i < sizeof(alg_rows) / sizeof(alg_rows[0]); i++) {
    struct bulla_jwk *jwk = test_jwk(oct_with(test_printf(",\"alg\":\"%s\"", alg_rows[i].name)));
    /* Written and read, it says the same. */
    for (int again = 0; again < 2; again++) {
      cr_assert_eq(jwk->alg, alg_rows[i].alg, "%s", alg_rows[i].name);
      cr_assert_eq(jwk->enc, alg_rows[i].enc, "%s", alg_rows[i].name);
      cr_assert_eq(jwk->other_alg, alg_rows[i].alg == 0, "%s", alg_rows[i].name);
      jwk = test_jwk(test_private(jwk));
    }
  }
  cr_assert_not(test_jwk(oct_with(""))->other_alg);
}

Test(jwk_purpose, alg_has_at_most_256_bytes) {
  test_jwk(oct_with(test_printf(",\"alg\":\"%0256d\"", 1)));
  test_refused(oct_with(test_printf(",\"alg\":\"%0257d\"", 1)), BULLA_TOO_LARGE, "257 bytes");
}
