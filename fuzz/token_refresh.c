/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* bulla_token_refresh.
 *
 * Input: two bytes, the clock and what the verifier insists on; then the claims of the old token, which a holder
 * of the key encrypts.
 *
 * Oracle: fuzz/model_token.h says whether the old token is good, and what the times of the new one must be. nettle
 * opens the new one under its day's key and header; its claims are, to jansson, the old ones but for the times;
 * and it verifies. On failure nothing is left in the outputs. */

#include "fuzz/fuzz.h"
#include "fuzz/mutate.h"
#include "fuzz/token_setup.h"

enum { NUM_CHOICES = 2, MAX_INPUT = 8192, MAX_MEMBERS = 64, DEFAULT_SESSION = 43200 };

static int64_t min(int64_t a, int64_t b) {
  return a < b ? a : b;
}

/* renew sets the times of the new token, or returns false if the session is at its end. */
static bool renew(struct model_claims *claims, const struct bulla_verifier_options *options, int64_t now) {
  int64_t session = options->session == 0 ? DEFAULT_SESSION : options->session;
  int64_t lifetime = claims->exp - claims->iat;
  claims->iat = now > claims->iat ? now : claims->iat;
  claims->exp = min(min(claims->iat + lifetime, claims->orig_iat + session), model_time_max);
  claims->nbf = 0;
  return claims->exp > claims->iat;
}

/* renewed_tree makes |claims->tree| what the new token must say and returns its size. */
static size_t renewed_tree(const struct model_claims *claims) {
  json_t *tree = claims->tree;
  (void)json_object_del(tree, "nbf");
  FUZZ_ASSERT(json_object_set_new(tree, "iat", json_integer(claims->iat)) == 0 &&
              json_object_set_new(tree, "exp", json_integer(claims->exp)) == 0 &&
              json_object_set_new(tree, "orig_iat", json_integer(claims->orig_iat)) == 0);
  return json_object_size(tree);
}

static void check_renewed(struct bulla_verifier *verifier, struct bulla_span token, struct model_claims *wanted,
                          int64_t now) {
  static struct model_token split;
  static uint8_t room[MODEL_TOKEN_MAX];
  char header[MODEL_HEADER_SIZE];
  struct bulla_buffer plaintext = bulla_buffer(room, sizeof(room));
  struct bulla_buffer payload = bulla_buffer(fuzz_alloc(token.len * 3 / 2), token.len * 3 / 2);
  struct bulla_claims claims = BULLA_CLAIMS_INIT;
  int64_t day = wanted->iat / MODEL_DAY_SECONDS;
  FUZZ_ASSERT(model_token_split(&split, token) && bulla_span_equal(split.header, model_day_header(header, day)));
  FUZZ_ASSERT(model_token_open(&plaintext, model_day_key(day), &split));
  struct model_claims read;
  FUZZ_ASSERT(model_claims_read(&read, bulla_written(&plaintext)) && json_equal(read.tree, wanted->tree));
  FUZZ_ASSERT(bulla_token_verify(verifier, &claims, &payload, token, now) == BULLA_OK);
  token_check_claims(&claims, &read);
  free(payload.data);
}

/* predict returns the status that refreshing claims encrypted under |day|'s key must have but for the length of
 * the new token. */
static enum bulla_status predict(struct model_claims *claims, struct bulla_span json, size_t token_len,
                                 const struct bulla_verifier_options *options, int64_t day, int64_t now) {
  if (now < 0 || now > model_time_max) {
    return BULLA_INVALID_ARGUMENT;
  }
  if (token_len > BULLA_TOKEN_MAX || !model_day_is_in_window(options, day, now) || !model_claims_read(claims, json)) {
    return BULLA_REFUSED;
  }
  enum bulla_status status = model_judge(claims, options, day, now);
  if (status != BULLA_OK) {
    return status;
  }
  if (!renew(claims, options, now)) {
    return BULLA_EXPIRED;
  }
  return renewed_tree(claims) > MAX_MEMBERS ? BULLA_TOO_LARGE : BULLA_OK;
}

static void check_refresh(uint8_t clock, uint8_t choice, struct bulla_span json) {
  static uint8_t old_room[2 * MODEL_TOKEN_MAX];
  char header[MODEL_HEADER_SIZE];
  struct model_claims wanted = {0};
  const struct bulla_verifier_options *options;
  struct bulla_verifier *verifier = token_verifier(&options, choice);
  int64_t now = token_clock(clock);
  int64_t day = model_claims_read(&wanted, json) ? wanted.iat / MODEL_DAY_SECONDS : FUZZ_NOW / MODEL_DAY_SECONDS;
  struct bulla_span old = bulla_span(
      old_room, model_token_seal(old_room, sizeof(old_room), model_day_key(day), model_day_header(header, day), json));
  enum bulla_status wanted_status = predict(&wanted, json, old.len, options, day, now);

  struct bulla_buffer token = bulla_buffer(fuzz_alloc(old.len + 96), old.len + 96);
  struct bulla_buffer payload = bulla_buffer(fuzz_alloc(old.len * 3 / 2), old.len * 3 / 2);
  enum bulla_status status = bulla_token_refresh(verifier, &token, &payload, old, now);
  if (status == BULLA_OK) {
    fuzz_num_passed++;
    FUZZ_ASSERT(wanted_status == BULLA_OK && bulla_span_equal(bulla_written(&payload), json));
    check_renewed(verifier, bulla_written(&token), &wanted, now);
  } else {
    /* "orig_iat" is what a token can grow by. */
    bool grown = status == BULLA_TOO_LARGE && wanted_status == BULLA_OK && old.len + 64 > BULLA_TOKEN_MAX;
    FUZZ_ASSERT(status == wanted_status || grown);
    FUZZ_ASSERT(fuzz_failed(&payload) && fuzz_failed(&token));
  }
  free(payload.data);
  free(token.data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  uint8_t choices[NUM_CHOICES];
  struct bulla_reader in = bulla_reader(bulla_span(data, size));
  (void)fuzz_take(&in, choices, NUM_CHOICES);
  if (size <= MAX_INPUT) {
    model_json_begin();
    check_refresh(choices[0], choices[1], bulla_span(in.at, in.left));
  }
  return 0;
}

const struct fuzz_form fuzz_form = {NUM_CHOICES, fuzz_open_plain, fuzz_seal_plain, {false, true}, {NULL, 0}};
