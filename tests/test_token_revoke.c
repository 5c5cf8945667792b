/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* A verifier that hears of revocations: of tokens, by their jti, and of keys, by their generation. */

#include <pthread.h>

#include "core/cleanup.h"
#include "core/slab.h"
#include "tests/token_support.h"

/* What the callbacks of this file know. |keys| is first: it is the argument of test_find_key. */
static struct {
  struct test_registry keys;
  enum bulla_status verdict; /* on every token with a jti */
  size_t num_asked;
  struct bulla_span org, jti; /* of the last */
  _Atomic uint64_t generation;
} world;

static struct test_issuer *issuer;

static enum bulla_status is_revoked(void *arg, struct bulla_span org, struct bulla_span jti) {
  cr_assert_eq(arg, &world);
  world.num_asked++;
  world.org = test_copy(org);
  world.jti = test_copy(jti);
  return world.verdict;
}

static uint64_t generation(void *arg) {
  cr_assert_eq(arg, &world);
  return world.generation;
}

static void set_up(void) {
  world.keys.issuers[0] = test_issuer();
  world.keys.issuers[1] = test_issuer();
  world.keys.num_issuers = 2;
  issuer = &world.keys.issuers[0];
}

TestSuite(token_revoke, .init = set_up);

#define NEW_VERIFIER(...) test_verifier_with(&world.keys, TEST_OPTIONS(__VA_ARGS__))

static enum bulla_status refresh(struct bulla_verifier *verifier, struct bulla_span token) {
  struct bulla_buffer fresh = test_room(BULLA_TOKEN_MAX);
  struct bulla_buffer payload = test_room(BULLA_PAYLOAD_SIZE);
  enum bulla_status status = bulla_token_refresh(verifier, &fresh, &payload, token, TEST_NOW);
  cr_assert(status == BULLA_OK || (test_failed(&fresh) && test_failed(&payload)));
  return status;
}

Test(token_revoke, a_good_token_with_a_jti_is_asked_about_and_no_other) {
  struct bulla_verifier *verifier = NEW_VERIFIER(.is_revoked = is_revoked);
  struct bulla_claims claims = test_claims();
  struct bulla_span without = test_minted(issuer, &claims);
  claims.jti = test_text("a \"jti\"");
  struct bulla_span with = test_minted(issuer, &claims);
  TEST_VERIFY(verifier, without, TEST_NOW, BULLA_OK, "without jti");
  TEST_VERIFY(verifier, with, claims.exp, BULLA_EXPIRED, "expired");
  TEST_VERIFY(verifier, test_flipped(with, 8 * (with.len - 30)), TEST_NOW, BULLA_REFUSED, "forged");
  cr_expect_eq(world.num_asked, 0);
  TEST_VERIFY(verifier, with, TEST_NOW, BULLA_OK, "with jti");
  cr_expect_eq(world.num_asked, 1);
  TEST_SPAN(world.org, test_text("acme"), "org");
  TEST_SPAN(world.jti, test_text("a \"jti\""), "jti");
}

Test(token_revoke, what_the_callback_says_is_the_verdict) {
  struct bulla_verifier *verifier = NEW_VERIFIER(.is_revoked = is_revoked);
  struct bulla_verifier *deaf = test_verifier(&world.keys);
  struct bulla_claims claims = test_claims();
  claims.jti = test_text("s-1");
  struct bulla_span token = test_minted(issuer, &claims);
  static const enum bulla_status verdicts[] = {BULLA_REVOKED, BULLA_BUSY, BULLA_NOT_FOUND, BULLA_IO, BULLA_OK};
  for (size_t i = 0; i < sizeof(verdicts) / sizeof(*verdicts); i++) {
    world.verdict = verdicts[i];
    TEST_VERIFY(verifier, token, TEST_NOW, verdicts[i], "verdict %zu", i);
    TEST_STATUS(refresh(verifier, token), verdicts[i]);
    TEST_VERIFY(deaf, token, TEST_NOW, BULLA_OK, "a verifier that does not ask");
  }
}

Test(token_revoke, a_refreshed_token_is_asked_about_by_the_same_jti) {
  struct bulla_verifier *verifier = NEW_VERIFIER(.is_revoked = is_revoked);
  struct bulla_claims claims = test_claims();
  claims.jti = test_text("s-1");
  struct bulla_buffer fresh = test_room(BULLA_TOKEN_MAX);
  struct bulla_buffer payload = test_room(BULLA_PAYLOAD_SIZE);
  TEST_OK(bulla_token_refresh(verifier, &fresh, &payload, test_minted(issuer, &claims), TEST_NOW + 1));
  world.verdict = BULLA_REVOKED;
  TEST_VERIFY(verifier, bulla_written(&fresh), TEST_NOW + 1, BULLA_REVOKED, "refreshed");
  TEST_SPAN(world.jti, test_text("s-1"), "jti");
}

Test(token_revoke, a_revocation_is_kept_until_no_verifier_accepts_the_session) {
  struct bulla_claims claims = {.size = sizeof(struct bulla_claims), .iat = 1000, .orig_iat = 1000, .exp = 1060};
  cr_expect_eq(bulla_claims_session_end(&claims), 1000 + 2592000 + 3600);
  claims.iat = 1000 + 2592000;
  claims.exp = claims.iat + 86400;
  cr_expect_eq(bulla_claims_session_end(&claims), claims.exp + 3600);
}

static enum bulla_status authenticate(struct bulla_verifier *verifier, struct bulla_claims *claims,
                                      struct bulla_span token) {
  struct bulla_buffer payload = test_room(token.len * 3 / 2);
  memset(claims, 0xa5, sizeof(*claims));
  claims->size = sizeof(*claims);
  enum bulla_status status = bulla_token_authenticate(verifier, claims, &payload, token);
  if (status != BULLA_OK) {
    TEST_FAILED(payload, "a refused token left something in the payload");
    cr_assert(test_zero((const uint8_t *)claims + sizeof(size_t), sizeof(*claims) - sizeof(size_t)),
              "a refused token left claims");
  }
  return status;
}

Test(token_revoke, what_is_authentic_is_told_whatever_its_times_audience_and_revocation) {
  struct bulla_verifier *verifier =
      NEW_VERIFIER(.is_revoked = is_revoked, .aud = test_text("dash"), .iss = test_text("issuer"));
  static const struct {
    int64_t iat, exp, nbf;
  } times[] = {
      {TEST_NOW, TEST_NOW + 60, 0},
      {TEST_NOW, TEST_NOW + 60, TEST_NOW + 59},
      {0, 1, 0},
      {TEST_NOW - 40 * INT64_C(86400), TEST_NOW - 39 * INT64_C(86400), 0},
      {TEST_NOW + 40 * INT64_C(86400), TEST_NOW + 41 * INT64_C(86400), 0},
      {INT64_C(253402300799) - 86400, INT64_C(253402300799), 0},
  };
  world.verdict = BULLA_REVOKED;
  for (size_t i = 0; i < sizeof(times) / sizeof(*times); i++) {
    struct bulla_claims claims = test_claims();
    struct bulla_claims read = BULLA_CLAIMS_INIT;
    claims.iat = times[i].iat;
    claims.exp = times[i].exp;
    claims.nbf = times[i].nbf;
    claims.jti = test_text("s-1");
    claims.aud = i % 2 == 0 ? test_text("other") : bulla_span(NULL, 0);
    struct bulla_span token = test_minted(issuer, &claims);
    TEST_OK(authenticate(verifier, &read, token));
    cr_expect(test_claims_same(&read, &claims) && read.orig_iat == claims.iat, "row %zu", i);
  }
  cr_expect_eq(world.num_asked, 0, "whether it is revoked was asked");
}

Test(token_revoke, what_is_not_authentic_or_of_another_tenant_is_not_taken_for_it) {
  struct bulla_verifier *verifier = test_verifier(&world.keys);
  struct bulla_claims claims = test_claims();
  struct bulla_claims read = BULLA_CLAIMS_INIT;
  struct bulla_span token = test_minted(issuer, &claims);
  for (size_t bit = 0; bit < 8 * token.len; bit += 5) {
    TEST_STATUS(authenticate(verifier, &read, test_flipped(token, bit)), BULLA_REFUSED);
  }
  TEST_STATUS(authenticate(verifier, &read, test_concat(token, test_filled('A', BULLA_TOKEN_MAX))), BULLA_REFUSED);
  TEST_STATUS(authenticate(verifier, &read, bulla_span(NULL, 0)), BULLA_REFUSED);
  claims.org = test_text("globex");
  TEST_STATUS(authenticate(verifier, &read, test_minted(issuer, &claims)), BULLA_CLAIM_REFUSED);
  struct bulla_span header = test_own_header(issuer->key_id, TEST_DAY - 1);
  struct bulla_span json = test_text("{\"org\":\"acme\",\"sub\":\"s\",\"iat\":1699964800,\"exp\":1699964900}");
  TEST_STATUS(
      authenticate(verifier, &read, test_seal_token(test_cek(test_root_of(issuer), TEST_DAY - 1), header, json)),
      BULLA_REFUSED);
  world.keys.status = BULLA_NOT_FOUND;
  struct bulla_verifier *strange = test_verifier(&world.keys);
  TEST_STATUS(authenticate(strange, &read, token), BULLA_REFUSED);
  world.keys.status = BULLA_BUSY;
  TEST_STATUS(authenticate(strange, &read, token), BULLA_BUSY);
  struct bulla_buffer small = test_room(token.len / 4);
  TEST_STATUS(bulla_token_authenticate(verifier, &read, &small, token), BULLA_BUFFER_TOO_SMALL);
}

static struct bulla_span shared_token;

static int authenticates_in_a_child(void *argument) {
  struct bulla_claims read = BULLA_CLAIMS_INIT;
  uint8_t room[BULLA_PAYLOAD_SIZE];
  struct bulla_buffer payload = bulla_buffer(room, sizeof(room));
  return bulla_token_authenticate(argument, &read, &payload, shared_token) == BULLA_FORKED ? 0 : 1;
}

Test(token_revoke, a_forked_child_authenticates_nothing) {
  struct bulla_verifier *verifier = test_verifier(&world.keys);
  shared_token = test_token(issuer);
  TEST_VERIFY(verifier, shared_token, TEST_NOW, BULLA_OK, "before");
  cr_expect_eq(test_in_child(authenticates_in_a_child, verifier), 0);
}

Test(token_revoke, without_is_live_keys_are_asked_for_anew_in_each_generation) {
  struct bulla_verifier *verifier = NEW_VERIFIER(.generation = generation);
  struct bulla_span token = test_token(issuer);
  struct bulla_span other = test_token(&world.keys.issuers[1]);
  static const uint64_t generations[] = {0, 2, 3, 2, UINT64_MAX, 0};
  size_t used = 0;
  for (size_t i = 0; i < sizeof(generations) / sizeof(*generations); i++) {
    world.generation = generations[i];
    for (size_t round = 0; round < 3; round++) {
      TEST_VERIFY(verifier, token, TEST_NOW, BULLA_OK, "generation %zu", i);
      TEST_VERIFY(verifier, other, TEST_NOW, BULLA_OK, "generation %zu", i);
    }
    cr_assert_eq(world.keys.num_calls, 2 * (i + 1), "generation %zu: %zu calls", i, (size_t)world.keys.num_calls);
    used = i == 0 ? bulla_slab_usage().used : used;
    cr_assert_eq(bulla_slab_usage().used, used, "generation %zu", i);
  }
}

Test(token_revoke, a_key_revoked_in_a_new_generation_is_refused_and_wiped) {
  struct bulla_verifier *verifier = NEW_VERIFIER(.generation = generation);
  struct bulla_verifier *deaf = test_verifier(&world.keys);
  struct bulla_span token = test_token(issuer);
  struct bulla_span other = test_token(&world.keys.issuers[1]);
  size_t empty = bulla_slab_usage().used;
  TEST_VERIFY(verifier, token, TEST_NOW, BULLA_OK, "before");
  TEST_VERIFY(verifier, other, TEST_NOW, BULLA_OK, "before");
  world.keys.status = BULLA_NOT_FOUND;
  TEST_VERIFY(verifier, token, TEST_NOW, BULLA_OK, "the same generation");
  world.generation = 2;
  TEST_VERIFY(verifier, token, TEST_NOW, BULLA_REFUSED, "the next one");
  TEST_STATUS(refresh(verifier, token), BULLA_REFUSED);
  cr_expect_eq(bulla_slab_usage().used, empty, "the keys are still there");
  world.keys.status = BULLA_OK;
  TEST_VERIFY(deaf, token, TEST_NOW, BULLA_OK, "a verifier that does not ask");
  world.generation = 4;
  world.keys.status = BULLA_NOT_FOUND;
  TEST_VERIFY(deaf, token, TEST_NOW, BULLA_OK, "a verifier that does not ask");
}

/* A callback that is slow: while it looks, the key is revoked. */
static enum bulla_status find_while_revoked(void *arg, struct bulla_span key_id, struct bulla_token_key *key) {
  enum bulla_status status = test_find_key(arg, key_id, key);
  world.generation += 2;
  world.keys.status = BULLA_NOT_FOUND;
  return status;
}

Test(token_revoke, a_key_that_was_fetched_as_it_was_revoked_is_not_kept) {
  struct bulla_verifier *verifier BULLA_CLEANUP(bulla_verifier_free) = NULL;
  struct bulla_verifier_options options = {.size = sizeof(struct bulla_verifier_options), .generation = generation};
  TEST_OK(bulla_verifier_new(&verifier, &options, find_while_revoked, &world));
  struct bulla_span token = test_token(issuer);
  TEST_VERIFY(verifier, token, TEST_NOW, BULLA_OK, "it was good as it was asked for");
  TEST_VERIFY(verifier, token, TEST_NOW, BULLA_REFUSED, "and then not");
}

static struct bulla_verifier *nested;
static struct bulla_span nested_token;
static uint64_t first_generation; /* the generation in which it begins */

/* A callback that is slower still: as it has found the key, it is revoked, and somebody else verifies. */
static enum bulla_status find_and_be_overtaken(void *arg, struct bulla_span key_id, struct bulla_token_key *key) {
  enum bulla_status status = test_find_key(arg, key_id, key);
  if (world.generation == first_generation) {
    world.generation = 2;
    TEST_VERIFY(nested, nested_token, TEST_NOW, BULLA_OK, "the other one's");
    world.keys.status = BULLA_NOT_FOUND;
  }
  return status;
}

/* Generations are only ever other ones: in a file that was made anew they begin with a smaller number. */
Test(token_revoke, a_key_that_is_put_back_after_all_were_wiped_is_not_used) {
  static const uint64_t generations[] = {0, 1, 8, UINT64_MAX};
  struct bulla_verifier_options options = {.size = sizeof(struct bulla_verifier_options), .generation = generation};
  struct bulla_span token = test_token(issuer);
  nested_token = test_token(&world.keys.issuers[1]);
  for (size_t i = 0; i < sizeof(generations) / sizeof(*generations); i++) {
    world.generation = first_generation = generations[i];
    world.keys.status = BULLA_OK;
    TEST_OK(bulla_verifier_new(&nested, &options, find_and_be_overtaken, &world));
    TEST_VERIFY(nested, token, TEST_NOW, BULLA_OK, "it was good as it was asked for");
    TEST_VERIFY(nested, nested_token, TEST_NOW, BULLA_OK, "of this generation");
    TEST_VERIFY(nested, token, TEST_NOW, BULLA_REFUSED, "of the one before, %zu", i);
    bulla_verifier_free(&nested);
  }
}

static _Atomic bool stop;
static struct bulla_verifier *shared;
static struct bulla_span shared_tokens[2];

/* Verifies for as long as it may. Returns how often that failed. */
static void *verify_on(void *argument) {
  uintptr_t num_failed = 0;
  static _Thread_local uint8_t room[BULLA_PAYLOAD_SIZE];
  for (size_t round = (uintptr_t)argument; !stop; round++) {
    struct bulla_buffer payload = bulla_buffer(room, sizeof(room));
    struct bulla_claims claims = BULLA_CLAIMS_INIT;
    num_failed += bulla_token_verify(shared, &claims, &payload, shared_tokens[round % 2], TEST_NOW) != BULLA_OK;
  }
  return (void *)num_failed;
}

Test(token_revoke, threads_verify_while_generations_pass, .timeout = 100) {
  size_t empty = bulla_slab_usage().used;
  shared = NEW_VERIFIER(.generation = generation);
  shared_tokens[0] = test_token(issuer);
  shared_tokens[1] = test_token(&world.keys.issuers[1]);
  empty = bulla_slab_usage().used;
  struct test_threads threads;
  test_start(&threads, 4, verify_on, NULL, 1);
  for (size_t i = 0; i < 20000; i++) {
    world.generation += 2;
    size_t before = world.keys.num_calls;
    for (size_t spin = 0; world.keys.num_calls == before && spin < 10000; spin++) {
    }
  }
  stop = true;
  test_join(&threads);
  bulla_verifier_free(&shared);
  cr_expect_eq(bulla_slab_usage().used, empty);
}
