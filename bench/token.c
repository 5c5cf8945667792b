/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Minting and verifying a token, by the bytes of its claims. */

#include <bulla/token.h>
#include <stdlib.h>
#include <string.h>

#include "bench/support.h"

static const int64_t now = 1700000000;

struct minting {
  struct bulla_apikey *apikey;
  struct bulla_minter *minter;
  struct bulla_verifier *verifier;
  struct bulla_claims claims;
  char jti[256];
  struct bulla_buffer token;
  struct bulla_buffer payload;
  uint8_t token_bytes[BULLA_TOKEN_MAX];
  uint8_t payload_bytes[BULLA_PAYLOAD_SIZE];
};

static enum bulla_status find(void *arg, struct bulla_span key_id, struct bulla_token_key *key) {
  const struct minting *minting = arg;
  (void)key_id;
  memcpy(key->org, minting->claims.org.data, minting->claims.org.len);
  key->org_len = minting->claims.org.len;
  return bulla_secret_copy(&key->root, bulla_secret_bytes(bulla_apikey_token_root(minting->apikey)));
}

static void tear_down(void *state) {
  struct minting *minting = state;
  bulla_verifier_free(&minting->verifier);
  bulla_minter_free(&minting->minter);
  bulla_apikey_free(&minting->apikey);
  free(minting);
}

static const char *run_mint(void *state) {
  struct minting *minting = state;
  return bench_result(bulla_token_mint(minting->minter, &minting->token, &minting->claims));
}

static const char *run_verify(void *state) {
  struct minting *minting = state;
  struct bulla_claims claims;
  return bench_result(
      bulla_token_verify(minting->verifier, &claims, &minting->payload, bulla_written(&minting->token), now + 1));
}

static enum bulla_status make_keys(struct minting *minting) {
  struct bulla_verifier_options options = {.leeway = 0};
  struct bulla_secret *string = NULL;
  enum bulla_status status = bulla_apikey_generate(&minting->apikey, &string);
  bulla_secret_free(&string);
  if (status == BULLA_OK) {
    status = bulla_minter_new(&minting->minter, minting->apikey);
  }
  if (status == BULLA_OK) {
    status = bulla_verifier_new(&minting->verifier, &options, find, minting);
  }
  return status;
}

/* fit_claims lengthens "jti" until the claims have |size| bytes, and leaves a token for run_verify. */
static const char *fit_claims(struct minting *minting, size_t size) {
  memset(minting->jti, 'j', sizeof minting->jti);
  minting->claims = (struct bulla_claims){
      .org = bench_text("acme"),
      .sub = bench_text("alice@acme.example"),
      .jti = bulla_span(minting->jti, 1),
      .iat = now,
      .exp = now + BULLA_TOKEN_LIFETIME,
      .perms = bench_text("[\"dashboards:read\",\"charts:read\"]"),
      .attrs = bench_text("{\"region\":\"emea\",\"tier\":\"gold\"}"),
  };
  const char *error = NULL;
  for (int round = 0; round < 2 && error == NULL; round++) {
    error = run_mint(minting);
    if (error == NULL) {
      error = run_verify(minting);
    }
    if (error == NULL && round == 0) {
      minting->claims.jti.len += size - minting->payload.len;
    }
  }
  if (error == NULL && minting->payload.len != size) {
    error = "the claims do not have that many bytes";
  }
  return error;
}

static const char *set_up(void **state, const struct bench *bench) {
  struct minting *minting = calloc(1, sizeof *minting);
  if (minting == NULL) {
    return "no memory";
  }
  minting->token = bulla_buffer(minting->token_bytes, sizeof minting->token_bytes);
  minting->payload = bulla_buffer(minting->payload_bytes, sizeof minting->payload_bytes);
  const char *error = bench_result(make_keys(minting));
  if (error == NULL) {
    error = fit_claims(minting, bench->size);
  }
  if (error != NULL) {
    tear_down(minting);
    return error;
  }
  *state = minting;
  return NULL;
}

struct bench_table bench_token(void) {
  static const struct bench benches[] = {
      {"token/mint", 233, 0, set_up, run_mint, tear_down},
      {"token/verify", 233, 0, set_up, run_verify, tear_down},
  };
  struct bench_table table = {benches, sizeof benches / sizeof *benches};
  return table;
}
