/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See fuzz/token_setup.h. */

#include "fuzz/token_setup.h"

#include "fuzz/fuzz.h"
#include "fuzz/mutate.h"

/* As many as fit the arena when each of them is full of keys. */
enum { NUM_VERIFIERS = 16, ARENA_SIZE = 4 << 20 };

struct bulla_apikey *token_apikey(void) {
  static struct bulla_apikey *apikey;
  if (apikey == NULL) {
    const struct bulla_memory_options memory = {
        .size = sizeof(struct bulla_memory_options), .arena_size = ARENA_SIZE, .allow_unlocked = true};
    FUZZ_ASSERT(bulla_memory_init(&memory) == BULLA_OK);
    char string[BULLA_APIKEY_LEN + 1];
    model_apikey_string(string);
    FUZZ_ASSERT(bulla_apikey_parse(&apikey, bulla_span(string, BULLA_APIKEY_LEN)) == BULLA_OK);
  }
  return apikey;
}

static enum bulla_status find(void *arg, struct bulla_span key_id, struct bulla_token_key *key) {
  (void)arg;
  FUZZ_ASSERT(key_id.len == BULLA_APIKEY_ID_LEN);
  if (!model_is_known(key_id)) {
    return BULLA_NOT_FOUND;
  }
  memcpy(key->org, MODEL_ORG.data, MODEL_ORG.len);
  key->org_len = MODEL_ORG.len;
  return bulla_secret_copy(&key->root, bulla_secret_bytes(bulla_apikey_token_root(token_apikey())));
}

static enum bulla_status is_revoked(void *arg, struct bulla_span org, struct bulla_span jti) {
  (void)arg;
  FUZZ_ASSERT(bulla_span_equal(org, MODEL_ORG) && jti.len > 0);
  return bulla_span_equal(jti, MODEL_REVOKED) ? BULLA_REVOKED : BULLA_OK;
}

struct bulla_verifier *token_verifier(const struct bulla_verifier_options **options, uint8_t choice) {
  static struct {
    struct bulla_verifier *verifier;
    struct bulla_verifier_options options;
  } all[NUM_VERIFIERS];
  static const int64_t leeways[] = {0, 1, 60, BULLA_TOKEN_LEEWAY_MAX};
  size_t i = choice % NUM_VERIFIERS;
  (void)token_apikey();
  if (all[i].verifier == NULL) {
    all[i].options = (struct bulla_verifier_options){
        .size = sizeof(struct bulla_verifier_options),
        .leeway = leeways[i % 4],
        .aud = bulla_span("dash", (i & 4) != 0 ? 4 : 0),
        .iss = bulla_span("https://issuer", (i & 8) != 0 ? 14 : 0),
        .is_revoked = (i & 1) != 0 ? is_revoked : NULL,
        .session = (i & 2) != 0 ? 7200 : 0,
    };
    FUZZ_ASSERT(bulla_verifier_new(&all[i].verifier, &all[i].options, find, NULL) == BULLA_OK);
  }
  *options = &all[i].options;
  return all[i].verifier;
}

int64_t token_clock(uint8_t choice) {
  const int64_t midnight = FUZZ_NOW / MODEL_DAY_SECONDS * MODEL_DAY_SECONDS;
  const int64_t clocks[] = {FUZZ_NOW, FUZZ_NOW, midnight, midnight - 1, FUZZ_NOW + 3599, -1, 0, model_time_max + 1};
  return clocks[choice % 8];
}

/* check_permissions asks for each permission, and for one that is not there. */
static void check_permissions(const struct bulla_claims *claims, json_t *perms) {
  struct bulla_span other = BULLA_LITERAL("permission that nobody has");
  bool has_other = false;
  size_t i;
  json_t *value;
  json_array_foreach(perms, i, value) {
    FUZZ_ASSERT(bulla_claims_permit(claims, model_json_string(value)));
    has_other = has_other || bulla_span_equal(model_json_string(value), other);
  }
  FUZZ_ASSERT(bulla_claims_permit(claims, other) == has_other);
}

void token_check_claims(const struct bulla_claims *claims, const struct model_claims *wanted) {
  FUZZ_ASSERT(bulla_span_equal(claims->org, wanted->org) && bulla_span_equal(claims->sub, wanted->sub));
  FUZZ_ASSERT(bulla_span_equal(claims->iss, wanted->iss) && bulla_span_equal(claims->aud, wanted->aud));
  FUZZ_ASSERT(bulla_span_equal(claims->jti, wanted->jti) && bulla_span_equal(claims->perms, wanted->perms));
  FUZZ_ASSERT(bulla_span_equal(claims->attrs, wanted->attrs) && claims->more.len == 0);
  FUZZ_ASSERT(claims->iat == wanted->iat && claims->exp == wanted->exp && claims->nbf == wanted->nbf);
  FUZZ_ASSERT(claims->orig_iat == wanted->orig_iat);
  int64_t last = wanted->orig_iat + BULLA_SESSION_MAX;
  FUZZ_ASSERT(bulla_claims_session_end(claims) == (wanted->exp > last ? wanted->exp : last) + BULLA_TOKEN_LEEWAY_MAX);
  check_permissions(claims, json_object_get(wanted->tree, "perms"));
}

void token_check_failed(const struct bulla_claims *claims, const struct bulla_buffer *payload) {
  static const struct bulla_claims none = BULLA_CLAIMS_INIT;
  FUZZ_ASSERT(fuzz_failed(payload));
  FUZZ_ASSERT(memcmp(claims, &none, sizeof(none)) == 0);
}
