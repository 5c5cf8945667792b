/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The calls of bulla/token.h. */

#include <bulla/token.h>

#include "tests/lingering/child.h"

static const int64_t now = DAY * INT64_C(86400) + 1000;

static void apikeys(void) {
  struct bulla_apikey *apikey = NULL;
  struct bulla_apikey *parsed = NULL;
  struct bulla_secret *string = NULL;
  struct bulla_secret *jwk = NULL;
  CHECK_OK("bulla_apikey_generate", bulla_apikey_generate(&apikey, &string));
  struct bulla_span bytes = bulla_secret_bytes(string);
  tell(SECRET_TEXT, "digits of the secret", bulla_span(bytes.data + 24, 64));
  tell(SECRET_ROOT, "token root", bulla_secret_bytes(bulla_apikey_token_root(apikey)));
  CHECK_OK("bulla_apikey_parse", bulla_apikey_parse(&parsed, bytes));
  CHECK_OK("bulla_apikey_day_jwk",
           bulla_apikey_day_jwk(&jwk, bulla_apikey_token_root(apikey), bulla_apikey_id(apikey), DAY));
  bulla_secret_data(string)[40] ^= 1;
  bulla_apikey_free(&parsed);
  CHECK_STATUS("bulla_apikey_parse of a slip", bulla_apikey_parse(&parsed, bytes), BULLA_REFUSED);
  bulla_secret_free(&jwk);
  bulla_secret_free(&string);
  CHECK(CHECK_FREED, "bulla_apikey_free", bulla_apikey_free(&apikey));
}

static enum bulla_status find(void *arg, struct bulla_span key_id, struct bulla_token_key *key) {
  const struct bulla_apikey *apikey = arg;
  (void)key_id;
  memcpy(key->org, "acme", 4);
  key->org_len = 4;
  return bulla_secret_copy(&key->root, bulla_secret_bytes(bulla_apikey_token_root(apikey)));
}

static void tokens(void) {
  struct bulla_apikey *apikey = NULL;
  struct bulla_secret *string = NULL;
  struct bulla_secret *payload_room = NULL;
  struct bulla_minter *minter = NULL;
  struct bulla_verifier *verifier = NULL;
  const struct bulla_verifier_options options = {.size = sizeof(struct bulla_verifier_options), .leeway = 0};
  static uint8_t rooms[2][BULLA_TOKEN_MAX];
  struct bulla_buffer token = bulla_buffer(rooms[0], BULLA_TOKEN_MAX);
  struct bulla_buffer younger = bulla_buffer(rooms[1], BULLA_TOKEN_MAX);
  struct bulla_claims read = BULLA_CLAIMS_INIT;
  ASSERT(bulla_apikey_generate(&apikey, &string) == BULLA_OK);
  tell(SECRET_ROOT, "token root", bulla_secret_bytes(bulla_apikey_token_root(apikey)));
  bulla_secret_free(&string);
  struct bulla_secret *subject = new_text("subject", 40);
  ASSERT(bulla_secret_new(&payload_room, BULLA_PAYLOAD_SIZE) == BULLA_OK);
  struct bulla_buffer payload = room_in(payload_room);
  const struct bulla_claims claims = {.size = sizeof(struct bulla_claims),
                                      .org = BULLA_LITERAL("acme"),
                                      .sub = bulla_secret_bytes(subject),
                                      .iat = now,
                                      .nbf = now};

  CHECK_OK("bulla_minter_new", bulla_minter_new(&minter, apikey));
  CHECK_OK("bulla_token_mint", bulla_token_mint(minter, &token, &claims));
  CHECK_OK("bulla_token_mint, the day's key known", bulla_token_mint(minter, &token, &claims));
  const struct bulla_claims *const both[2] = {&claims, &claims};
  struct bulla_buffer tokens[2] = {token, younger};
  size_t failed;
  CHECK_OK("bulla_token_mint_many", bulla_token_mint_many(minter, tokens, &failed, both, 2));
  token = tokens[0];
  ASSERT(bulla_verifier_new(&verifier, &options, find, apikey) == BULLA_OK);
  CHECK_OK("bulla_token_verify", bulla_token_verify(verifier, &read, &payload, bulla_written(&token), now));
  CHECK_OK("bulla_token_verify, the key known",
           bulla_token_verify(verifier, &read, &payload, bulla_written(&token), now));
  CHECK_OK("bulla_token_refresh", bulla_token_refresh(verifier, &younger, &payload, bulla_written(&token), now + 10));
  CHECK_STATUS("bulla_token_verify of an expired one",
               bulla_token_verify(verifier, &read, &payload, bulla_written(&token), now + 9999), BULLA_EXPIRED);
  CHECK_OK("bulla_token_authenticate of an expired one",
           bulla_token_authenticate(verifier, &read, &payload, bulla_written(&token)));
  struct bulla_claims yesterday = claims;
  yesterday.iat = yesterday.nbf = now - 3000;
  ASSERT(bulla_token_mint(minter, &younger, &yesterday) == BULLA_OK);
  CHECK_OK("bulla_token_verify of yesterday's, the root known",
           bulla_token_verify(verifier, &read, &payload, bulla_written(&younger), now));
  rooms[0][token.len - 40] = rooms[0][token.len - 40] == 'A' ? 'B' : 'A';
  CHECK_STATUS("bulla_token_verify of a forged one",
               bulla_token_verify(verifier, &read, &payload, bulla_written(&token), now), BULLA_REFUSED);
  bulla_secret_free(&payload_room);
  bulla_secret_free(&subject);
  bulla_verifier_free(&verifier);
  bulla_minter_free(&minter);
  CHECK(CHECK_FREED, "bulla_minter_free, bulla_verifier_free", bulla_apikey_free(&apikey));
}

const struct scenario token_scenarios[] = {{"apikeys", apikeys}, {"tokens", tokens}, {0}};
