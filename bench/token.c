/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Minting, verifying, refreshing a token, by the bytes of its claims. Verifying asks the clock, as a server does.
 * Threads share the minter and the verifier. A revocable token is verified against a vault in which others of its
 * tenant are revoked: the same one again and again, or each of many in turn. A foreign token is one that another
 * library could have made: header and claims are in another order. */

#include <bulla/jose.h>
#include <bulla/token.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/support.h"
#include "bench/vault.h"

enum { ALONE, REVOCABLE, FOREIGN };
enum { NUM_TOKENS = BENCH_BATCH, TOKEN_ROOM = 640, NUM_REVOKED = 10, DAY_SECONDS = 86400 };

struct minting {
  bool owns_keys;
  struct bulla_apikey *apikey;
  struct bulla_minter *minter;
  struct bulla_verifier *verifier;
  struct bulla_claims claims;
  struct bulla_buffer token;
  struct bulla_buffer refreshed;
  struct bulla_buffer payload;
  uint8_t token_bytes[BULLA_TOKEN_MAX];
  uint8_t refreshed_bytes[BULLA_TOKEN_MAX];
  uint8_t payload_bytes[BULLA_PAYLOAD_SIZE];
  char attrs[BULLA_TOKEN_MAX];
  struct bench_vault house; /* of revocable tokens */
  struct bulla_buffer tokens[NUM_TOKENS];
  uint8_t many_bytes[NUM_TOKENS][TOKEN_ROOM];
  size_t next;
};

static enum bulla_status find(void *arg, struct bulla_span key_id, struct bulla_token_key *key) {
  const struct minting *minting = arg;
  (void)key_id;
  memcpy(key->org, minting->claims.org.data, minting->claims.org.len);
  key->org_len = minting->claims.org.len;
  return bulla_secret_copy(&key->root, bulla_secret_bytes(bulla_apikey_token_root(minting->apikey)));
}

static uint64_t generation(void *arg) {
  const struct minting *minting = arg;
  return bulla_vault_generation(minting->house.vault);
}

static enum bulla_status is_live(void *arg, struct bulla_span key_id) {
  const struct minting *minting = arg;
  return bulla_vault_apikey_live(minting->house.vault, key_id);
}

static enum bulla_status is_revoked(void *arg, struct bulla_span org, struct bulla_span jti) {
  const struct minting *minting = arg;
  bool revoked;
  enum bulla_status status = bulla_vault_token_revoked(minting->house.vault, &revoked, org, jti);
  return status == BULLA_OK && revoked ? BULLA_REVOKED : status;
}

static void tear_down(void *state) {
  struct minting *minting = state;
  if (minting->owns_keys) {
    if (minting->house.vault != NULL) {
      bench_vault_remove(&minting->house);
    }
    bulla_verifier_free(&minting->verifier);
    bulla_minter_free(&minting->minter);
    bulla_apikey_free(&minting->apikey);
  }
  free(minting);
}

static const char *run_mint(void *state) {
  struct minting *minting = state;
  return bench_result(bulla_token_mint(minting->minter, &minting->token, &minting->claims));
}

static const char *run_verify(void *state) {
  struct minting *minting = state;
  struct bulla_claims claims = BULLA_CLAIMS_INIT;
  return bench_result(
      bulla_token_verify(minting->verifier, &claims, &minting->payload, bulla_written(&minting->token), time(NULL)));
}

static const char *run_verify_each(void *state) {
  struct minting *minting = state;
  struct bulla_claims claims = BULLA_CLAIMS_INIT;
  const struct bulla_buffer *token = &minting->tokens[minting->next++ % NUM_TOKENS];
  return bench_result(
      bulla_token_verify(minting->verifier, &claims, &minting->payload, bulla_written(token), time(NULL)));
}

static const char *run_mint_many(void *state) {
  struct minting *minting = state;
  const struct bulla_claims *claims[NUM_TOKENS];
  size_t failed;
  for (size_t i = 0; i < NUM_TOKENS; i++) {
    claims[i] = &minting->claims;
  }
  return bench_result(bulla_token_mint_many(minting->minter, minting->tokens, &failed, claims, NUM_TOKENS));
}

#ifdef BENCH_HAVE_REFRESH
static const char *run_refresh(void *state) {
  struct minting *minting = state;
  return bench_result(bulla_token_refresh(minting->verifier, &minting->refreshed, &minting->payload,
                                          bulla_written(&minting->token), time(NULL)));
}
#endif

/* make_house has a vault with some revoked tokens of the tenant, so that each verification has something to compare. */
static const char *make_house(struct minting *minting) {
  const struct bulla_who asking = {
      .actor = bench_text("bench"), .origin = bench_text("localhost"), .reason = bench_text("to measure it")};
  const char *error = bench_vault_make(&minting->house, NULL);
  for (char i = 0; error == NULL && i < NUM_REVOKED; i++) {
    const char jti[] = {'r', 'e', 'v', 'o', 'k', 'e', 'd', (char)('0' + i), '\0'};
    error = bench_result(
        bulla_vault_token_revoke(minting->house.vault, &asking, bench_text(BENCH_ORG), bench_text(jti), INT64_MAX));
  }
  return error;
}

static const char *make_keys(struct minting *minting, bool revocable) {
  struct bulla_verifier_options options = {.size = sizeof(struct bulla_verifier_options), .leeway = 0};
  if (revocable) {
    const char *error = make_house(minting);
    if (error != NULL) {
      return error;
    }
    options.generation = generation;
    options.is_live = is_live;
    options.is_revoked = is_revoked;
  }
  struct bulla_secret *string = NULL;
  minting->owns_keys = true;
  enum bulla_status status = bulla_apikey_generate(&minting->apikey, &string);
  bulla_secret_free(&string);
  if (status == BULLA_OK) {
    status = bulla_minter_new(&minting->minter, minting->apikey);
  }
  if (status == BULLA_OK) {
    status = bulla_verifier_new(&minting->verifier, &options, find, minting);
  }
  return bench_result(status);
}

/* fill_attrs writes the attributes of BENCH_ATTRS, and one more that brings the claims to |size| bytes. */
static struct bulla_span fill_attrs(struct minting *minting, size_t size) {
  static const char start[] = ",\"note\":\"";
  static const char end[] = "\"}";
  size_t len = strlen(BENCH_ATTRS);
  memcpy(minting->attrs, BENCH_ATTRS, len);
  if (size > BENCH_CLAIMS_LEN) {
    size_t more = size - BENCH_CLAIMS_LEN;
    char *at = minting->attrs + len - 1; /* over the closing brace, which comes again */
    memset(at, 'x', more);
    memcpy(at, start, sizeof(start) - 1);
    len += more;
    memcpy(minting->attrs + len - (sizeof(end) - 1), end, sizeof(end) - 1);
  }
  return bulla_span(minting->attrs, len);
}

/* try_once leaves a token for run_verify, and says whether its claims are of |size| bytes, and of those that the
 * peers' are of where they have the same size. */
static const char *try_once(struct minting *minting, size_t size) {
  char json[BENCH_CLAIMS_LEN + 1];
  const char *error = run_mint(minting);
  if (error == NULL) {
    error = run_verify(minting);
  }
  if (error != NULL) {
    return error;
  }
  if (size != BENCH_CLAIMS_LEN) {
    return minting->payload.len == size ? NULL : "the claims have another size";
  }
  const uint8_t *dot = memchr(minting->token.data, '.', minting->token.len);
  bool same = bench_claims_json(json, minting->claims.iat) && minting->payload.len == BENCH_CLAIMS_LEN &&
              memcmp(json, minting->payload.data, BENCH_CLAIMS_LEN) == 0 && dot != NULL &&
              dot - minting->token.data == BENCH_HEADER_LEN;
  return same ? NULL : "the token is not of the bytes that the peers' are of";
}

/* mint_each makes the tokens that are verified in turn, each with another "jti" of the same length. */
static const char *mint_each(struct minting *minting) {
  char jti[] = BENCH_JTI;
  struct bulla_claims claims = minting->claims;
  const char *error = NULL;
  for (size_t i = 0; error == NULL && i < NUM_TOKENS; i++) {
    jti[0] = (char)('A' + i % 8);
    jti[1] = (char)('A' + i / 8);
    claims.jti = bench_text(jti);
    minting->tokens[i] = bulla_buffer(minting->many_bytes[i], TOKEN_ROOM);
    error = bench_result(bulla_token_mint(minting->minter, &minting->tokens[i], &claims));
  }
  return error;
}

/* mint_foreign leaves a token of the same claims for run_verify, with the key that other libraries get for a day. */
static const char *mint_foreign(struct minting *minting) {
  const int64_t now = minting->claims.iat;
  char json[BENCH_CLAIMS_LEN + 1];
  int len = snprintf(json, sizeof(json),
                     "{\"attrs\":" BENCH_ATTRS ",\"perms\":" BENCH_PERMS ",\"jti\":\"" BENCH_JTI
                     "\",\"exp\":%lld,\"iat\":%lld,\"aud\":\"" BENCH_AUD "\",\"iss\":\"" BENCH_ISS
                     "\",\"sub\":\"" BENCH_SUB "\",\"org\":\"" BENCH_ORG "\"}",
                     (long long)now + BULLA_TOKEN_LIFETIME, (long long)now);
  if (len != BENCH_CLAIMS_LEN) {
    return "the foreign claims have another size";
  }
  struct bulla_secret *text = NULL;
  struct bulla_jwk *jwk = NULL;
  struct bulla_jwe_key *key = NULL;
  struct bulla_jwe_options options = BULLA_JWE_OPTIONS_INIT;
  options.header = bench_text("{\"typ\":\"JWT\"}");
  enum bulla_status status = bulla_apikey_day_jwk(&text, bulla_apikey_token_root(minting->apikey),
                                                  bulla_apikey_id(minting->apikey), now / DAY_SECONDS);
  if (status == BULLA_OK) {
    status = bulla_jwk_parse(&jwk, bulla_secret_bytes(text));
  }
  if (status == BULLA_OK) {
    status = bulla_jwe_key_from_jwk(&key, jwk, BULLA_JWE_DIR, BULLA_JWE_A256GCM);
  }
  if (status == BULLA_OK) {
    status = bulla_jwe_encrypt_for(&key, 1, &minting->token, bench_text(json), &options);
  }
  bulla_jwe_key_free(&key);
  bulla_jwk_free(&jwk);
  bulla_secret_free(&text);
  return status == BULLA_OK ? run_verify(minting) : bench_result(status);
}

static const char *set_up(void **state, const struct bench *bench, void *first) {
  struct minting *minting = calloc(1, sizeof(*minting));
  if (minting == NULL) {
    return "no memory";
  }
  minting->token = bulla_buffer(minting->token_bytes, sizeof(minting->token_bytes));
  minting->refreshed = bulla_buffer(minting->refreshed_bytes, sizeof(minting->refreshed_bytes));
  minting->payload = bulla_buffer(minting->payload_bytes, sizeof(minting->payload_bytes));
  const int64_t now = time(NULL);
  minting->claims = (struct bulla_claims){
      .size = sizeof(struct bulla_claims),
      .org = bench_text(BENCH_ORG),
      .sub = bench_text(BENCH_SUB),
      .iss = bench_text(BENCH_ISS),
      .aud = bench_text(BENCH_AUD),
      .jti = bench_text(BENCH_JTI),
      .iat = now,
      .exp = now + BULLA_TOKEN_LIFETIME,
      .perms = bench_text(BENCH_PERMS),
      .attrs = fill_attrs(minting, bench->size),
  };
  const char *error = NULL;
  if (first != NULL) {
    minting->minter = ((struct minting *)first)->minter;
    minting->verifier = ((struct minting *)first)->verifier;
  } else {
    error = make_keys(minting, bench->variant == REVOCABLE);
  }
  if (error == NULL) {
    error = try_once(minting, bench->size);
  }
  if (error == NULL && bench->size == BENCH_CLAIMS_LEN) {
    error = mint_each(minting);
  }
  if (error == NULL && bench->variant == FOREIGN) {
    error = mint_foreign(minting);
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
      {"token/mint", BENCH_CLAIMS_LEN, 0, true, false, set_up, run_mint, tear_down},
      {"token/verify", BENCH_CLAIMS_LEN, 0, true, false, set_up, run_verify, tear_down},
      {"token/verify_revocable", BENCH_CLAIMS_LEN, REVOCABLE, true, false, set_up, run_verify, tear_down},
      {"token/verify_foreign", BENCH_CLAIMS_LEN, FOREIGN, false, false, set_up, run_verify, tear_down},
      {"token/verify_each", BENCH_CLAIMS_LEN, ALONE, false, false, set_up, run_verify_each, tear_down},
      {"token/verify_revocable_each", BENCH_CLAIMS_LEN, REVOCABLE, false, false, set_up, run_verify_each, tear_down},
      {"token/mint", 1024, 0, false, false, set_up, run_mint, tear_down},
      {"token/verify", 1024, 0, false, false, set_up, run_verify, tear_down},
      {"token/mint", 4096, 0, false, false, set_up, run_mint, tear_down},
      {"token/verify", 4096, 0, false, false, set_up, run_verify, tear_down},
      {"token/mint_many", BENCH_CLAIMS_LEN, 0, false, false, set_up, run_mint_many, tear_down, NULL, NUM_TOKENS},
#ifdef BENCH_HAVE_REFRESH
      {"token/refresh", BENCH_CLAIMS_LEN, 0, false, false, set_up, run_refresh, tear_down},
#endif
  };
  return BENCH_TABLE(benches);
}
