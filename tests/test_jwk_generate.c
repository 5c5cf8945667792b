/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* New JWKs: of each "alg" one that is for it, and options that do not fit each other. */

#include <bulla/jose.h>

#include "core/jwk.h"
#include "core/slab.h"
#include "tests/jwk_support.h"

TestSuite(jwk_generate, .init = test_listen);

static struct bulla_jwk *generated(const struct bulla_jwk_options *options) {
  struct bulla_jwk *jwk = NULL;
  enum bulla_status status = bulla_jwk_generate(&jwk, options);
  cr_assert_eq(status, BULLA_OK, "%s: %s, %s", bulla_jwe_alg_name(options->alg), bulla_status_text(status),
               test_told.text);
  test_keep(jwk);
  return jwk;
}

static struct bulla_jwk_options options_of(enum bulla_jwe_alg alg) {
  struct bulla_jwk_options options = BULLA_JWK_OPTIONS_INIT;
  options.alg = alg;
  return options;
}

/* A key for |alg| and |enc| must be one that JWE takes as it is. */
static void is_for(const struct bulla_jwk *jwk, enum bulla_jwe_alg alg, enum bulla_jwe_enc enc) {
  struct bulla_jwe_key *key = NULL;
  cr_assert_eq(jwk->alg, alg);
  TEST_SPAN(jwk->use, test_text("enc"), "use");
  TEST_OK(bulla_jwe_key_from_jwk(&key, jwk, 0, enc == 0 ? BULLA_JWE_A256GCM : 0));
  bulla_jwe_key_free(&key);
  /* Read again, it is the same. */
  TEST_SPAN(test_private(test_jwk(test_private(jwk))), test_private(jwk), "%s", bulla_jwe_alg_name(alg));
}

Test(jwk_generate, symmetric_keys_are_as_long_as_their_alg_or_enc_says) {
  static const size_t alg_lens[] = {0, 0, 16, 24, 32, 16, 24, 32};
  static const size_t enc_lens[] = {0, 16, 24, 32, 32, 48, 64};
  for (enum bulla_jwe_alg alg = BULLA_JWE_A128KW; alg <= BULLA_JWE_A256GCMKW; alg++) {
    struct bulla_jwk_options options = options_of(alg);
    struct bulla_jwk *jwk = generated(&options);
    cr_assert_eq(bulla_secret_bytes(jwk->secret).len, alg_lens[alg]);
    cr_assert_eq(bulla_jwk_kid(jwk).len, 0);
    is_for(jwk, alg, 0);
  }
  for (enum bulla_jwe_enc enc = BULLA_JWE_A128GCM; enc <= BULLA_JWE_A256CBC_HS512; enc++) {
    struct bulla_jwk_options options = options_of(BULLA_JWE_DIR);
    options.enc = enc;
    struct bulla_jwk *jwk = generated(&options);
    cr_assert_eq(bulla_secret_bytes(jwk->secret).len, enc_lens[enc]);
    cr_assert_eq(jwk->enc, enc);
    is_for(jwk, BULLA_JWE_DIR, enc);
  }
}

Test(jwk_generate, pairs_are_of_the_curve_and_named_by_their_thumbprint) {
  static const char *const curves[] = {NULL, "P-256", "P-384", "P-521", "X25519"};
  for (enum bulla_jwe_alg alg = BULLA_JWE_ECDH_ES; alg <= BULLA_JWE_ECDH_ES_A256KW; alg++) {
    for (size_t i = 0; i < sizeof(curves) / sizeof(curves[0]); i++) {
      struct bulla_jwk_options options = options_of(alg);
      options.curve = curves[i];
      struct bulla_jwk *jwk = generated(&options);
      struct test_members all = test_members(test_private(jwk));
      TEST_SPAN(all.members[1].value.text, test_text(curves[i] == NULL ? "X25519" : curves[i]), "crv");
      TEST_SPAN(bulla_jwk_kid(jwk), test_thumbprint(jwk), "kid");
      is_for(jwk, alg, 0);
    }
  }
}

Test(jwk_generate, a_key_for_hpke_is_of_x25519) {
  static const char *const curves[] = {NULL, "X25519"};
  for (size_t i = 0; i < 2; i++) {
    struct bulla_jwk_options options = options_of(BULLA_JWE_DRAFT_HPKE);
    options.curve = curves[i];
    struct bulla_jwk *jwk = generated(&options);
    struct bulla_jwe_key *key = NULL;
    cr_assert_eq(jwk->curve, BULLA_CURVE_X25519);
    TEST_OK(bulla_jwe_key_from_jwk(&key, jwk, 0, 0));
    bulla_jwe_key_free(&key);
  }
}

Test(jwk_generate, rsa_keys_are_of_the_bits_that_are_asked_for, .timeout = 60) {
  static const size_t bits[] = {2048, 2304, 0};
  for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++) {
    struct bulla_jwk_options options = options_of(i == 0 ? BULLA_JWE_RSA_OAEP : BULLA_JWE_RSA_OAEP_256);
    options.bits = bits[i];
    struct bulla_jwk *jwk = generated(&options);
    cr_assert_eq(8 * jwk->rsa.open.n.len, bits[i] == 0 ? 3072 : bits[i]);
    cr_assert_geq(jwk->rsa.open.n.data[0], 0x80);
    TEST_SPAN(bulla_jwk_kid(jwk), test_thumbprint(jwk), "kid");
    is_for(jwk, options.alg, 0);
  }
}

Test(jwk_generate, a_kid_is_taken_as_it_is) {
  struct bulla_jwk_options options = options_of(BULLA_JWE_A128KW);
  options.kid = test_filled('k', 256);
  TEST_SPAN(bulla_jwk_kid(generated(&options)), options.kid, "oct");
  options.alg = BULLA_JWE_ECDH_ES;
  TEST_SPAN(bulla_jwk_kid(generated(&options)), options.kid, "OKP");
}

Test(jwk_generate, no_two_keys_are_the_same) {
  for (enum bulla_jwe_alg alg = BULLA_JWE_A128KW; alg <= BULLA_JWE_ECDH_ES; alg++) {
    struct bulla_jwk_options options = options_of(alg);
    cr_assert_not(test_same(test_private(generated(&options)), test_private(generated(&options))));
  }
}

static void refuses(const struct bulla_jwk_options *options, enum bulla_status wanted, const char *what) {
  struct bulla_jwk *jwk = NULL;
  enum bulla_status status = bulla_jwk_generate(&jwk, options);
  cr_assert_eq(status, wanted, "%s: %s", what, bulla_status_text(status));
  cr_assert_null(jwk);
}

Test(jwk_generate, options_that_do_not_fit_each_other_are_refused) {
  static const struct {
    const char *what;
    enum bulla_jwe_alg alg;
    enum bulla_jwe_enc enc;
    const char *curve;
    size_t bits;
    const char *kid;
  } rows[] = {
      {"no alg", 0, 0, NULL, 0, ""},
      {"another alg", BULLA_JWE_DRAFT_HPKE + 1, 0, NULL, 0, ""},
      {"an enc for HPKE", BULLA_JWE_DRAFT_HPKE, BULLA_JWE_A128GCM, NULL, 0, ""},
      {"a curve that HPKE has not here", BULLA_JWE_DRAFT_HPKE, 0, "P-256", 0, ""},
      {"dir without enc", BULLA_JWE_DIR, 0, NULL, 0, ""},
      {"another enc", BULLA_JWE_DIR, 7, NULL, 0, ""},
      {"an enc that is not asked for", BULLA_JWE_A128KW, BULLA_JWE_A128GCM, NULL, 0, ""},
      {"a curve for none", BULLA_JWE_A128KW, 0, "P-256", 0, ""},
      {"a curve for RSA", BULLA_JWE_RSA_OAEP, 0, "P-256", 0, ""},
      {"another curve", BULLA_JWE_ECDH_ES, 0, "p-256", 0, ""},
      {"an empty curve", BULLA_JWE_ECDH_ES, 0, "", 0, ""},
      {"bits for a curve", BULLA_JWE_ECDH_ES, 0, NULL, 2048, ""},
      {"1024 bits", BULLA_JWE_RSA_OAEP, 0, NULL, 1024, ""},
      {"2047 bits", BULLA_JWE_RSA_OAEP, 0, NULL, 2047, ""},
      {"2049 bits", BULLA_JWE_RSA_OAEP, 0, NULL, 2049, ""},
      {"2176 bits", BULLA_JWE_RSA_OAEP, 0, NULL, 2176, ""},
      {"4352 bits", BULLA_JWE_RSA_OAEP, 0, NULL, 4352, ""},
      {"a kid that is not UTF-8", BULLA_JWE_A128KW, 0, NULL, 0, "\xff"},
  };
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    struct bulla_jwk_options options = BULLA_JWK_OPTIONS_INIT;
    options.alg = rows[i].alg;
    options.enc = rows[i].enc;
    options.curve = rows[i].curve;
    options.bits = rows[i].bits;
    options.kid = test_text(rows[i].kid);
    refuses(&options, BULLA_INVALID_ARGUMENT, rows[i].what);
  }
  struct bulla_jwk_options options = options_of(BULLA_JWE_A128KW);
  options.kid = test_filled('k', 257);
  refuses(&options, BULLA_INVALID_ARGUMENT, "a kid of 257 bytes");
  options.kid = test_filled(0, 1);
  refuses(&options, BULLA_INVALID_ARGUMENT, "a kid with a NUL");
  options = options_of(BULLA_JWE_A128KW);
  options.size = 0;
  refuses(&options, BULLA_INVALID_ARGUMENT, "no size");
  for (size_t i = 0; i < 4; i++) {
    options = options_of(BULLA_JWE_A128KW);
    options.reserved[i] = 1;
    refuses(&options, BULLA_INVALID_ARGUMENT, "reserved");
  }
}
