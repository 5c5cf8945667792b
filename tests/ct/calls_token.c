/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The constant-time check of token/. */

#include <string.h>

#include "tests/ct/ct.h"

static const int64_t now = 1700000000;

/* The id of an API key is public, its secret is not: 8 of the bytes that are drawn. */
static void generate(struct bulla_apikey **apikey, struct bulla_secret **string) {
  ct_rules.public_prefix = BULLA_APIKEY_ID_LEN / 2;
  CT_OK(bulla_apikey_generate(apikey, string));
  ct_rules.public_prefix = 0;
  CT_ARRIVED(bulla_secret_data(*string) + 24, 64);
  struct bulla_span root = bulla_secret_bytes(bulla_apikey_token_root(*apikey));
  CT_ARRIVED(root.data, root.len);
}

static void make_and_read_apikeys(void) {
  struct bulla_apikey *apikey BULLA_CLEANUP(bulla_apikey_free) = NULL;
  struct bulla_apikey *parsed BULLA_CLEANUP(bulla_apikey_free) = NULL;
  struct bulla_secret *string BULLA_CLEANUP(bulla_secret_free) = NULL;
  generate(&apikey, &string);
  CT_OK(bulla_apikey_parse(&parsed, bulla_secret_bytes(string)));
  /* A stored record has it. */
  ct_declassify(bulla_apikey_hash(apikey).data, BULLA_APIKEY_HASH_LEN);
  ct_declassify(bulla_apikey_hash(parsed).data, BULLA_APIKEY_HASH_LEN);
  CT_ASSERT(bulla_span_equal(bulla_apikey_hash(apikey), bulla_apikey_hash(parsed)));
  CT_ASSERT(bulla_span_equal(bulla_apikey_id(apikey), bulla_apikey_id(parsed)));
  /* A slip in the secret, and one in the checksum. */
  for (size_t at = 30; at < BULLA_APIKEY_LEN; at += 60) {
    struct bulla_apikey *refused = NULL;
    bulla_secret_data(string)[at] ^= 1;
    CT_ASSERT(bulla_apikey_parse(&refused, bulla_secret_bytes(string)) == BULLA_REFUSED);
    bulla_secret_data(string)[at] ^= 1;
  }
}

static void make_jwk(void) {
  struct bulla_apikey *apikey BULLA_CLEANUP(bulla_apikey_free) = NULL;
  struct bulla_secret *string BULLA_CLEANUP(bulla_secret_free) = NULL;
  struct bulla_secret *jwk BULLA_CLEANUP(bulla_secret_free) = NULL;
  generate(&apikey, &string);
  CT_OK(bulla_apikey_day_jwk(&jwk, bulla_apikey_token_root(apikey), bulla_apikey_id(apikey), now / 86400));
  CT_ARRIVED(bulla_secret_data(jwk), bulla_secret_bytes(jwk).len);
}

static enum bulla_status find(void *arg, struct bulla_span key_id, struct bulla_token_key *key) {
  const struct bulla_apikey *apikey = arg;
  CT_ASSERT(bulla_span_equal(key_id, bulla_apikey_id(apikey)));
  memcpy(key->org, "acme", 4);
  key->org_len = 4;
  return bulla_secret_copy(&key->root, bulla_secret_bytes(bulla_apikey_token_root(apikey)));
}

static void mint_verify_refresh(void) {
  struct bulla_apikey *apikey BULLA_CLEANUP(bulla_apikey_free) = NULL;
  struct bulla_secret *string BULLA_CLEANUP(bulla_secret_free) = NULL;
  struct bulla_minter *minter BULLA_CLEANUP(bulla_minter_free) = NULL;
  struct bulla_verifier *verifier BULLA_CLEANUP(bulla_verifier_free) = NULL;
  const struct bulla_verifier_options options = {.size = sizeof(struct bulla_verifier_options), .leeway = 0};
  const struct bulla_claims claims = {
      .size = sizeof(struct bulla_claims), .org = BULLA_LITERAL("acme"), .sub = BULLA_LITERAL("alice"), .iat = now};
  static uint8_t rooms[3][BULLA_PAYLOAD_SIZE];
  struct bulla_buffer token = bulla_buffer(rooms[0], BULLA_TOKEN_MAX);
  struct bulla_buffer payload = bulla_buffer(rooms[1], BULLA_PAYLOAD_SIZE);
  struct bulla_buffer younger = bulla_buffer(rooms[2], BULLA_TOKEN_MAX);
  struct bulla_claims verified = BULLA_CLAIMS_INIT;

  ct_rules.claims_are_public = true;
  generate(&apikey, &string);
  CT_OK(bulla_minter_new(&minter, apikey));
  CT_OK(bulla_verifier_new(&verifier, &options, find, apikey));
  CT_OK(bulla_token_mint(minter, &token, &claims));
  CT_OK(bulla_token_verify(verifier, &verified, &payload, bulla_written(&token), now));
  CT_OK(bulla_token_refresh(verifier, &younger, &payload, bulla_written(&token), now + 10));
  CT_OK(bulla_token_verify(verifier, &verified, &payload, bulla_written(&younger), now + 20));
  CT_OK(bulla_token_authenticate(verifier, &verified, &payload, bulla_written(&token)));
  const struct bulla_claims *const both[2] = {&claims, &claims};
  struct bulla_buffer tokens[2] = {token, younger};
  size_t failed;
  CT_OK(bulla_token_mint_many(minter, tokens, &failed, both, 2));
  CT_OK(bulla_token_verify(verifier, &verified, &payload, bulla_written(&tokens[1]), now));
  token = tokens[0];
  token.data[token.len - 1] = token.data[token.len - 1] == 'A' ? 'Q' : 'A';
  CT_ASSERT(bulla_token_verify(verifier, &verified, &payload, bulla_written(&token), now) == BULLA_REFUSED);
}

const struct ct_call ct_token_calls[] = {
    {"bulla_apikey_generate bulla_apikey_parse bulla_apikey_free bulla_apikey_hash bulla_apikey_token_root",
     "the secret's digits, the checksum", "the hash, which is stored; whether form and checksum are good",
     make_and_read_apikeys},
    {"bulla_apikey_day_jwk", "the token root", "nothing", make_jwk},
    {"bulla_minter_new bulla_minter_free bulla_token_mint bulla_token_mint_many bulla_verifier_new bulla_verifier_free "
     "bulla_token_verify bulla_token_authenticate bulla_token_refresh bulla_jwe_seal_composed bulla_jwe_open",
     "the token root", "the token; whether it was authentic; the claims of an authentic one", mint_verify_refresh},
    {0},
};
