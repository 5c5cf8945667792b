/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What the tests of tokens share, see token_support.h. */

#include "tests/token_support.h"

#include <inttypes.h>
#include <stdio.h>

#include "core/base64url.h"
#include "core/crypto.h"
#include "core/jwe_compact.h"

struct test_issuer test_issuer(void) {
  struct test_issuer issuer = {0};
  struct bulla_secret *string = NULL;
  TEST_OK(bulla_apikey_generate(&issuer.apikey, &string));
  TEST_OK(bulla_minter_new(&issuer.minter, issuer.apikey));
  test_keep(issuer.apikey);
  test_keep(issuer.minter);
  bulla_secret_free(&string);
  issuer.key_id = bulla_apikey_id(issuer.apikey);
  return issuer;
}

enum bulla_status test_find_key(void *arg, struct bulla_span key_id, struct bulla_token_key *key) {
  struct test_registry *registry = arg;
  registry->num_calls++;
  if (registry->status != BULLA_OK) {
    return registry->status;
  }
  for (size_t i = 0; i < registry->num_issuers; i++) {
    const struct test_issuer *issuer = &registry->issuers[i];
    if (test_same(issuer->key_id, key_id)) {
      memcpy(key->org, "acme", 4);
      key->org_len = 4;
      return bulla_secret_copy(&key->root, test_root_of(issuer));
    }
  }
  return BULLA_NOT_FOUND;
}

struct bulla_verifier *test_verifier(struct test_registry *registry) {
  return test_verifier_with(
      registry, (struct bulla_verifier_options){.size = sizeof(struct bulla_verifier_options), .leeway = 0});
}

struct bulla_verifier *test_verifier_with(struct test_registry *registry, struct bulla_verifier_options options) {
  struct bulla_verifier *verifier = NULL;
  TEST_OK(bulla_verifier_new(&verifier, &options, test_find_key, registry));
  test_keep(verifier);
  return verifier;
}

struct bulla_claims test_claims(void) {
  struct bulla_claims claims = {.size = sizeof(struct bulla_claims),
                                .org = test_text("acme"),
                                .sub = test_text("alice"),
                                .iat = TEST_NOW,
                                .exp = TEST_NOW + 3600};
  return claims;
}

struct bulla_claims test_all_claims(void) {
  struct bulla_claims claims = test_claims();
  claims.iss = test_text("https://issuer.example");
  claims.aud = test_text("dashboards");
  claims.jti = test_text("7c1b");
  claims.nbf = TEST_NOW + 10;
  claims.perms = test_text("[\"dashboards:read\",\"charts:read\"]");
  claims.attrs = test_text("{\"region\":\"emea\",\"tiers\":[1,2]}");
  return claims;
}

struct bulla_span test_minted(const struct test_issuer *issuer, const struct bulla_claims *claims) {
  struct bulla_buffer token = test_room(BULLA_TOKEN_MAX);
  TEST_OK(bulla_token_mint(issuer->minter, &token, claims));
  return test_copy(bulla_written(&token));
}

struct bulla_span test_token(const struct test_issuer *issuer) {
  const struct bulla_claims claims = test_claims();
  return test_minted(issuer, &claims);
}

struct bulla_span test_root_of(const struct test_issuer *issuer) {
  return bulla_secret_bytes(bulla_apikey_token_root(issuer->apikey));
}

struct bulla_span test_cek(struct bulla_span root, int64_t day) {
  const uint8_t number[] = {(uint8_t)(day >> 24), (uint8_t)(day >> 16), (uint8_t)(day >> 8), (uint8_t)day};
  uint8_t *cek = test_alloc(BULLA_KEY_LEN);
  TEST_OK(bulla_hkdf_expand(cek, BULLA_KEY_LEN, root, test_concat(test_text("bulla/v1/token"), bulla_span(number, 4))));
  return bulla_span(cek, BULLA_KEY_LEN);
}

struct bulla_span test_header(const char *json, struct bulla_span key_id) {
  struct bulla_span text = bulla_span(NULL, 0);
  for (const char *at = json; *at != '\0'; at++) {
    text = test_concat(text, *at == '@' ? key_id : bulla_span(at, 1));
  }
  struct bulla_buffer digits = test_room(bulla_base64url_encoded_len(text.len));
  bulla_base64url_encode(digits.data, text);
  return bulla_span(digits.data, digits.size);
}

struct bulla_span test_own_header(struct bulla_span key_id, int64_t day) {
  char json[128];
  snprintf(json, sizeof(json), "{\"alg\":\"dir\",\"enc\":\"A256GCM\",\"typ\":\"JWT\",\"kid\":\"@.%" PRId64 "\"}", day);
  return test_header(json, key_id);
}

struct bulla_span test_seal_token(struct bulla_span cek, struct bulla_span header, struct bulla_span claims) {
  struct bulla_aead *aead = NULL;
  struct bulla_buffer token = test_room(bulla_jwe_compact_len(header.len, claims.len));
  TEST_OK(bulla_aead_new(&aead, cek));
  if (claims.len > 0) {
    memcpy(token.data + bulla_jwe_payload_offset(header.len), claims.data, claims.len);
  }
  TEST_OK(bulla_jwe_seal_composed(aead, &token, header, claims.len, 0));
  bulla_aead_free(&aead);
  return bulla_written(&token);
}

struct bulla_span test_honest(const struct test_issuer *issuer, struct bulla_span claims) {
  return test_seal_token(test_cek(test_root_of(issuer), TEST_DAY), test_own_header(issuer->key_id, TEST_DAY), claims);
}

enum bulla_status test_verify(struct bulla_verifier *verifier, struct bulla_claims *claims, struct bulla_span token,
                              int64_t now) {
  struct bulla_buffer payload = test_room(token.len * 3 / 2);
  payload.len = payload.size;
  memset(claims, 0xa5, sizeof(*claims));
  claims->size = sizeof(*claims);
  enum bulla_status status = bulla_token_verify(verifier, claims, &payload, token, now);
  if (status != BULLA_OK) {
    TEST_FAILED(payload, "a refused token left something in the payload");
    const struct bulla_claims none = BULLA_CLAIMS_INIT;
    cr_assert(memcmp(claims, &none, sizeof(none)) == 0, "a refused token left claims");
  }
  return status;
}

bool test_claims_same(const struct bulla_claims *a, const struct bulla_claims *b) {
  return test_same(a->org, b->org) && test_same(a->sub, b->sub) && test_same(a->iss, b->iss) &&
         test_same(a->aud, b->aud) && test_same(a->jti, b->jti) && test_same(a->perms, b->perms) &&
         test_same(a->attrs, b->attrs) && a->iat == b->iat && a->exp == b->exp && a->nbf == b->nbf;
}
