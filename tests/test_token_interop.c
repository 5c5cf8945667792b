/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Tokens to and from cjose, which has OpenSSL under it and knows nothing of bulla: it is handed the day's key as
 * a JWK. */

#include <cjose/cjose.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/token_support.h"

#define CLAIMS "{\"org\":\"acme\",\"sub\":\"alice\",\"iat\":1699964800,\"exp\":1699968400}"

static struct test_registry registry;
static struct test_issuer *issuer;
static struct bulla_verifier *verifier;
static cjose_jwk_t *jwk;
static char kid[32];

static cjose_jwk_t *day_jwk(int64_t day) {
  struct bulla_secret *json = NULL;
  TEST_OK(bulla_apikey_day_jwk(&json, bulla_apikey_token_root(issuer->apikey), issuer->key_id, day));
  struct bulla_span text = bulla_secret_bytes(json);
  cjose_err error;
  cjose_jwk_t *made = cjose_jwk_import((const char *)text.data, text.len, &error);
  cr_assert_not_null(made, "cjose: %s", error.message);
  test_keep(made);
  bulla_secret_free(&json);
  return made;
}

static void set_up(void) {
  registry.issuers[0] = test_issuer();
  registry.num_issuers = 1;
  issuer = &registry.issuers[0];
  verifier = test_verifier(&registry);
  snprintf(kid, sizeof(kid), "%.16s.%d", (const char *)issuer->key_id.data, (int)TEST_DAY);
  jwk = day_jwk(TEST_DAY);
}

TestSuite(token_interop, .init = set_up);

/* What cjose decrypts of |token|, or an empty span. */
static struct bulla_span decrypted(struct bulla_span token, const cjose_jwk_t *key) {
  cjose_err error;
  cjose_jwe_t *jwe = cjose_jwe_import((const char *)token.data, token.len, &error);
  cr_assert_not_null(jwe, "cjose: %s", error.message);
  size_t len = 0;
  uint8_t *plaintext = cjose_jwe_decrypt(jwe, key, &len, &error);
  struct bulla_span copy = plaintext == NULL ? bulla_span(NULL, 0) : test_copy(bulla_span(plaintext, len));
  free(plaintext);
  cjose_jwe_release(jwe);
  return copy;
}

/* What cjose makes of |plaintext| and a header of |members|: names and values in turn, up to a NULL. */
static struct bulla_span encrypted(const char *const *members, struct bulla_span plaintext) {
  cjose_err error;
  cjose_header_t *header = cjose_header_new(&error);
  cr_assert_not_null(header);
  for (; *members != NULL; members += 2) {
    cr_assert(cjose_header_set(header, members[0], members[1], &error), "cjose: %s", error.message);
  }
  cjose_jwe_t *jwe = cjose_jwe_encrypt(jwk, header, plaintext.data, plaintext.len, &error);
  cr_assert_not_null(jwe, "cjose: %s", error.message);
  char *text = cjose_jwe_export(jwe, &error);
  cr_assert_not_null(text, "cjose: %s", error.message);
  struct bulla_span token = test_text(text);
  free(text);
  cjose_jwe_release(jwe);
  cjose_header_release(header);
  return token;
}

Test(token_interop, cjose_reads_what_was_minted_given_the_key_of_the_day) {
  for (size_t len = 1; len <= 40; len++) {
    struct bulla_claims claims = test_claims();
    claims.sub = test_filled('s', len);
    struct bulla_span token = test_minted(issuer, &claims);
    struct bulla_buffer payload = test_room(BULLA_PAYLOAD_SIZE);
    TEST_OK(bulla_token_verify(verifier, &claims, &payload, token, TEST_NOW));
    TEST_SPAN(decrypted(token, jwk), bulla_written(&payload), "%zu bytes of sub", len);
  }
}

Test(token_interop, cjose_reads_what_was_refreshed) {
  struct bulla_claims claims = test_claims();
  struct bulla_buffer fresh = test_room(BULLA_TOKEN_MAX);
  struct bulla_buffer payload = test_room(BULLA_PAYLOAD_SIZE);
  TEST_OK(bulla_token_refresh(verifier, &fresh, &payload, test_minted(issuer, &claims), TEST_NOW + 1));
  TEST_OK(bulla_token_verify(verifier, &claims, &payload, bulla_written(&fresh), TEST_NOW + 1));
  TEST_SPAN(decrypted(bulla_written(&fresh), jwk), bulla_written(&payload), "refreshed");
}

Test(token_interop, cjose_does_not_read_it_with_the_key_of_another_day) {
  cr_expect_eq(decrypted(test_token(issuer), day_jwk(TEST_DAY + 1)).len, 0);
}

Test(token_interop, what_cjose_encrypts_verifies_if_the_header_is_right) {
  const struct {
    const char *members[9];
    enum bulla_status wanted;
  } rows[] = {
      {{"alg", "dir", "enc", "A256GCM", "typ", "JWT", "kid", kid, NULL}, BULLA_OK},
      {{"kid", kid, "typ", "JWT", "enc", "A256GCM", "alg", "dir", NULL}, BULLA_OK},
      {{"alg", "dir", "enc", "A256GCM", "kid", kid, NULL}, BULLA_OK},
      {{"alg", "dir", "enc", "A256GCM", "typ", "JWT", NULL}, BULLA_REFUSED},
      {{"alg", "dir", "enc", "A256GCM", "typ", "JWS", "kid", kid, NULL}, BULLA_REFUSED},
      {{"alg", "dir", "enc", "A256GCM", "kid", kid, "zip", "DEF", NULL}, BULLA_REFUSED},
  };
  for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
    struct bulla_span token = encrypted(rows[i].members, test_text(CLAIMS));
    struct bulla_claims read = BULLA_CLAIMS_INIT;
    cr_expect_eq(test_verify(verifier, &read, token, TEST_NOW), rows[i].wanted, "row %zu", i);
    if (rows[i].wanted == BULLA_OK) {
      TEST_SPAN(read.sub, test_text("alice"), "row %zu", i);
    }
  }
}

Test(token_interop, claims_of_any_length_from_cjose_verify) {
  const char *const members[] = {"alg", "dir", "enc", "A256GCM", "typ", "JWT", "kid", kid, NULL};
  for (size_t num_spaces = 0; num_spaces < 40; num_spaces++) {
    struct bulla_span claims = test_concat(test_text(CLAIMS), test_filled(' ', num_spaces));
    TEST_VERIFY(verifier, encrypted(members, claims), TEST_NOW, BULLA_OK, "%zu spaces", num_spaces);
  }
}
