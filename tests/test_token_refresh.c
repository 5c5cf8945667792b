/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Tokens that are refreshed: what the new one says, how long it lives, and who gets none. */

#include <stdio.h>

#include "core/slab.h"
#include "tests/token_support.h"

enum { DAY = 86400, HOUR = 3600, SESSION = BULLA_SESSION_DEFAULT };

TEST_TOKEN_SUITE(token_refresh);

/* Refreshes |*token|, which on success becomes the new one, and asserts that a failure leaves nothing. */
static enum bulla_status refresh(struct bulla_verifier *by, struct bulla_span *token, int64_t now) {
  struct bulla_buffer fresh = test_room(BULLA_TOKEN_MAX);
  struct bulla_buffer payload = test_room(token->len * 3 / 2);
  enum bulla_status status = bulla_token_refresh(by, &fresh, &payload, *token, now);
  if (status != BULLA_OK) {
    TEST_FAILED(fresh, "a token that was not refreshed left something in the new one");
    TEST_FAILED(payload, "a token that was not refreshed left something in the payload");
    return status;
  }
  *token = test_copy(bulla_written(&fresh));
  return BULLA_OK;
}

/* The claims of |token| as JSON. */
static struct bulla_span json_of(struct bulla_span token, int64_t now) {
  struct bulla_buffer payload = test_room(BULLA_PAYLOAD_SIZE);
  struct bulla_claims claims = BULLA_CLAIMS_INIT;
  TEST_OK(bulla_token_verify(verifier, &claims, &payload, token, now));
  return test_copy(bulla_written(&payload));
}

Test(token_refresh, all_claims_but_the_times_stay_as_they_stood) {
  struct bulla_span token = test_honest(
      issuer, test_text("{ \"x\\u0031\" : [1, {\"iat\":7}] ,\"iat\":1699964800,\"\\u006fr\\u0067\":\"ac\\u006de\","
                        "\"nbf\":1699964800,\"jti\":\"s-1\",\"sub\":\"a\\\"\\\\b\",\"perms\":[ \"read\" ],"
                        "\"attrs\":{\"a\":1.50},\"e\\u0078p\":1699965400,\"empty\":\"\",\"no\":null,\"aud\":\"d\","
                        "\"iss\":\"i\",\"yes\":true}"));
  TEST_OK(refresh(verifier, &token, TEST_NOW + 60));
  TEST_SPAN(json_of(token, TEST_NOW + 60),
            test_text("{\"x\\u0031\":[1, {\"iat\":7}],\"\\u006fr\\u0067\":\"ac\\u006de\",\"jti\":\"s-1\","
                      "\"sub\":\"a\\\"\\\\b\",\"perms\":[ \"read\" ],\"attrs\":{\"a\":1.50},\"empty\":\"\","
                      "\"no\":null,\"aud\":\"d\",\"iss\":\"i\",\"yes\":true,"
                      "\"iat\":1699964860,\"exp\":1699965460,\"orig_iat\":1699964800}"),
            "the first time");
  TEST_OK(refresh(verifier, &token, TEST_NOW + 90));
  struct bulla_claims claims = BULLA_CLAIMS_INIT;
  TEST_OK(test_verify(verifier, &claims, token, TEST_NOW + 90));
  cr_expect(claims.iat == TEST_NOW + 90 && claims.exp == TEST_NOW + 690 && claims.orig_iat == TEST_NOW);
  cr_expect_eq(claims.nbf, 0);
}

Test(token_refresh, what_was_minted_can_be_refreshed_and_has_the_header_of_its_day) {
  struct bulla_claims claims = test_claims();
  claims.exp = claims.iat + DAY;
  struct bulla_span token = test_minted(issuer, &claims);
  struct bulla_verifier *longer = TEST_VERIFIER(.session = INT64_C(3) * DAY);
  int64_t next = TEST_DAY_START + DAY + 5;
  size_t num_calls = registry.num_calls;
  TEST_OK(refresh(longer, &token, next));
  cr_expect_eq(registry.num_calls, num_calls + 1, "one opening for both days");
  struct bulla_span header = test_own_header(issuer->key_id, TEST_DAY + 1);
  TEST_SPAN(bulla_span(token.data, header.len), header, "header");
  TEST_OK(test_verify(verifier, &claims, token, next));
  cr_expect(claims.orig_iat == TEST_NOW && claims.iat == next && claims.exp == next + DAY);
}

Test(token_refresh, a_header_in_other_bytes_comes_back_as_minting_writes_it) {
  struct bulla_span token = test_seal_token(
      test_cek(test_root_of(issuer), TEST_DAY),
      test_header("{\"kid\":\"@.19675\",\"jku\":\"x\",\"enc\":\"A256GCM\",\"alg\":\"dir\"}", issuer->key_id),
      test_text("{\"org\":\"acme\",\"sub\":\"alice\",\"iat\":1699964800,\"exp\":1699968400}"));
  TEST_OK(refresh(verifier, &token, TEST_NOW));
  struct bulla_span header = test_own_header(issuer->key_id, TEST_DAY);
  TEST_SPAN(bulla_span(token.data, header.len), header, "header");
}

Test(token_refresh, no_token_lives_beyond_its_session) {
  static const struct {
    int64_t session;                              /* of the verifier */
    int64_t orig_iat, iat, lifetime, leeway, now; /* after TEST_NOW */
    enum bulla_status wanted;
    int64_t exp;
  } rows[] = {
      {0, -SESSION + HOUR, 0, HOUR, 0, 10, BULLA_OK, HOUR},
      {0, -SESSION + HOUR + 10, 0, HOUR, 0, 10, BULLA_OK, HOUR + 10},
      {0, -SESSION + HOUR + 11, 0, HOUR, 0, 10, BULLA_OK, HOUR + 10},
      {0, -SESSION + 11, 0, HOUR, 0, 10, BULLA_OK, 11},
      {0, -SESSION + 10, 0, HOUR, 0, 10, BULLA_EXPIRED, 0},
      {0, -SESSION - 5000, 0, HOUR, 0, 10, BULLA_EXPIRED, 0},
      {SESSION, -SESSION + 10, 0, HOUR, 0, 10, BULLA_EXPIRED, 0},
      {100, -50, 0, HOUR, 0, 49, BULLA_OK, 50},
      {100, -50, 0, HOUR, 0, 50, BULLA_EXPIRED, 0},
      {1, 0, 0, HOUR, 0, 0, BULLA_OK, 1},
      {1, 0, 0, HOUR, 0, 1, BULLA_EXPIRED, 0},
      {BULLA_SESSION_MAX, -BULLA_SESSION_MAX + 1, 0, HOUR, 0, 0, BULLA_OK, 1},
      {BULLA_SESSION_MAX, -BULLA_SESSION_MAX, 0, HOUR, 0, 0, BULLA_EXPIRED, 0},
      {0, -TEST_NOW, 0, HOUR, 0, 0, BULLA_EXPIRED, 0},
      /* A token that is no longer or not yet good, session or not. */
      {0, 0, 0, HOUR, 0, HOUR - 1, BULLA_OK, 2 * HOUR - 1},
      {0, 0, 0, HOUR, 0, HOUR, BULLA_EXPIRED, 0},
      {0, 0, 0, HOUR, 5, HOUR + 4, BULLA_OK, 2 * HOUR + 4},
      {0, 0, 0, HOUR, 5, HOUR + 5, BULLA_EXPIRED, 0},
      {0, 0, 0, HOUR, 0, -1, BULLA_NOT_YET_VALID, 0},
      /* A minter whose clock is ahead: the session does not begin after its token. */
      {0, 0, 0, HOUR, 5, -5, BULLA_OK, HOUR},
      {0, -SESSION, 0, HOUR, 5, -5, BULLA_EXPIRED, 0},
  };
  for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
    struct bulla_verifier *by = TEST_VERIFIER(.session = rows[i].session, .leeway = rows[i].leeway);
    char json[200];
    int64_t iat = TEST_NOW + rows[i].iat;
    snprintf(json, sizeof(json), "{\"orig_iat\":%ld,\"org\":\"acme\",\"sub\":\"a\",\"iat\":%ld,\"exp\":%ld}",
             (long)(TEST_NOW + rows[i].orig_iat), (long)iat, (long)(iat + rows[i].lifetime));
    struct bulla_span token = test_honest(issuer, test_text(json));
    int64_t now = TEST_NOW + rows[i].now;
    cr_assert_eq(refresh(by, &token, now), rows[i].wanted, "row %zu", i);
    if (rows[i].wanted == BULLA_OK) {
      struct bulla_claims claims = BULLA_CLAIMS_INIT;
      TEST_OK(test_verify(by, &claims, token, now));
      cr_expect_eq(claims.exp, TEST_NOW + rows[i].exp, "row %zu", i);
      cr_expect_eq(claims.iat, now > iat ? now : iat, "row %zu", i);
      cr_expect_eq(claims.orig_iat, TEST_NOW + rows[i].orig_iat, "row %zu", i);
    }
    bulla_verifier_free(&by);
  }
}

Test(token_refresh, a_session_of_many_tokens_ends_when_it_must) {
  struct bulla_claims claims = test_claims();
  struct bulla_span token = test_minted(issuer, &claims);
  int64_t now = TEST_NOW;
  size_t rounds = 0;
  while (refresh(verifier, &token, now) == BULLA_OK) {
    TEST_OK(test_verify(verifier, &claims, token, now));
    cr_assert(claims.exp <= TEST_NOW + SESSION && claims.orig_iat == TEST_NOW, "round %zu", rounds);
    now += HOUR - 1;
    rounds++;
  }
  cr_expect_eq(rounds, SESSION / (HOUR - 1) + 1);
  TEST_VERIFY(verifier, token, TEST_NOW + SESSION - 1, BULLA_OK, "the last second");
  TEST_VERIFY(verifier, token, TEST_NOW + SESSION, BULLA_EXPIRED, "the end");
  cr_expect_geq(bulla_claims_session_end(&claims), TEST_NOW + BULLA_SESSION_MAX + BULLA_TOKEN_LEEWAY_MAX);
}

Test(token_refresh, the_last_times_there_are_do_not_overflow) {
  const int64_t last = INT64_C(253402300799);
  char json[200];
  snprintf(json, sizeof(json), "{\"org\":\"acme\",\"sub\":\"a\",\"iat\":%ld,\"exp\":%ld}", (long)(last - 10),
           (long)last);
  struct bulla_span header = test_own_header(issuer->key_id, last / DAY);
  struct bulla_span first = test_seal_token(test_cek(test_root_of(issuer), last / DAY), header, test_text(json));
  struct bulla_span token = first;
  TEST_OK(refresh(verifier, &token, last - 1));
  struct bulla_claims claims = BULLA_CLAIMS_INIT;
  TEST_OK(test_verify(verifier, &claims, token, last - 1));
  cr_expect_eq(claims.exp, last);
  struct bulla_verifier *late = TEST_VERIFIER(.leeway = 5);
  TEST_STATUS(refresh(late, &first, last), BULLA_EXPIRED);
}

Test(token_refresh, what_does_not_verify_is_not_refreshed) {
  struct bulla_claims claims = test_claims();
  struct bulla_span good = test_minted(issuer, &claims);
  struct bulla_span flipped = test_flipped(good, 8 * (good.len / 2));
  struct bulla_span empty = bulla_span(NULL, 0);
  TEST_STATUS(refresh(verifier, &flipped, TEST_NOW), BULLA_REFUSED);
  TEST_STATUS(refresh(verifier, &empty, TEST_NOW), BULLA_REFUSED);
  TEST_STATUS(refresh(verifier, &good, -1), BULLA_INVALID_ARGUMENT);
  claims.org = test_text("other");
  struct bulla_span foreign = test_minted(issuer, &claims);
  TEST_STATUS(refresh(verifier, &foreign, TEST_NOW), BULLA_CLAIM_REFUSED);
  struct bulla_verifier *strict = TEST_VERIFIER(.aud = test_text("a"));
  TEST_STATUS(refresh(strict, &good, TEST_NOW), BULLA_CLAIM_REFUSED);
  struct bulla_span later =
      test_honest(issuer, test_text("{\"org\":\"acme\",\"sub\":\"a\",\"iat\":1699964800,\"exp\":1699968400,"
                                    "\"orig_iat\":1699964801}"));
  TEST_STATUS(refresh(verifier, &later, TEST_NOW), BULLA_REFUSED);
}

Test(token_refresh, a_new_token_needs_exactly_its_room) {
  struct bulla_span old = test_token(issuer);
  struct bulla_span whole = old;
  TEST_OK(refresh(verifier, &whole, TEST_NOW));
  for (size_t size = 0; size <= whole.len; size++) {
    struct bulla_buffer fresh = test_room(size);
    struct bulla_buffer payload = test_room(BULLA_PAYLOAD_SIZE);
    TEST_STATUS(bulla_token_refresh(verifier, &fresh, &payload, old, TEST_NOW),
                size == whole.len ? BULLA_OK : BULLA_BUFFER_TOO_SMALL);
    cr_assert(size == whole.len || (test_failed(&fresh) && test_failed(&payload)), "%zu bytes", size);
  }
  struct bulla_buffer fresh = test_room(BULLA_TOKEN_MAX);
  struct bulla_buffer payload = test_room(100);
  TEST_STATUS(bulla_token_refresh(verifier, &fresh, &payload, old, TEST_NOW), BULLA_BUFFER_TOO_SMALL);
  cr_expect(test_failed(&fresh) && test_failed(&payload));
}

/* Claims of |num_more| members beside org, sub, iat and exp, each of |len| letters. */
static struct bulla_span many(size_t num_more, size_t len) {
  struct bulla_span json = test_text("{\"org\":\"acme\",\"sub\":\"a\",\"iat\":1699964800,\"exp\":1699968400");
  for (size_t i = 0; i < num_more; i++) {
    char name[20];
    snprintf(name, sizeof(name), ",\"m%zu\":\"", i);
    json = test_concat(json, test_concat(test_text(name), test_concat(test_filled('x', len), test_text("\""))));
  }
  return test_concat(json, test_text("}"));
}

Test(token_refresh, what_would_not_be_read_again_is_too_large) {
  struct bulla_span fits = test_honest(issuer, many(59, 0));
  struct bulla_span full = test_honest(issuer, many(60, 0));
  TEST_VERIFY(verifier, full, TEST_NOW, BULLA_OK, "64 members");
  TEST_STATUS(refresh(verifier, &full, TEST_NOW), BULLA_TOO_LARGE);
  TEST_OK(refresh(verifier, &fits, TEST_NOW));
  TEST_OK(refresh(verifier, &fits, TEST_NOW));
  for (size_t len = 5900; len < 6100; len++) {
    struct bulla_span token = test_honest(issuer, many(1, len));
    struct bulla_claims claims = BULLA_CLAIMS_INIT;
    if (token.len > BULLA_TOKEN_MAX) {
      break;
    }
    enum bulla_status status = refresh(verifier, &token, TEST_NOW);
    cr_assert(status == BULLA_TOO_LARGE || test_verify(verifier, &claims, token, TEST_NOW) == BULLA_OK, "%zu", len);
  }
  struct bulla_span longest = test_honest(issuer, many(1, 5900));
  while (longest.len < BULLA_TOKEN_MAX - 4) {
    longest = test_honest(issuer, many(1, 5900 + (BULLA_TOKEN_MAX - longest.len) * 3 / 4));
  }
  TEST_STATUS(refresh(verifier, &longest, TEST_NOW), BULLA_TOO_LARGE);
}

Test(token_refresh, minting_leaves_room_to_refresh_and_has_no_say_in_the_session) {
  struct bulla_claims claims = test_claims();
  claims.iss = claims.aud = claims.jti = test_text("x");
  claims.nbf = 1;
  claims.perms = test_text("[]");
  claims.attrs = test_text("{}");
  claims.orig_iat = 7;
  char more[BULLA_TOKEN_MAX] = "{\"m0\":1";
  for (size_t i = 1; i < 53; i++) {
    snprintf(more + strlen(more), 20, ",\"m%zu\":1", i);
  }
  claims.more = test_concat(test_text(more), test_text("}"));
  struct bulla_span token = test_minted(issuer, &claims);
  struct bulla_claims read = BULLA_CLAIMS_INIT;
  TEST_OK(test_verify(verifier, &read, token, TEST_NOW));
  cr_expect_eq(read.orig_iat, TEST_NOW);
  TEST_OK(refresh(verifier, &token, TEST_NOW));
  TEST_OK(refresh(verifier, &token, TEST_NOW));
  static const char *const bad[] = {"{\"orig_iat\":1}", "{\"\\u006frig_iat\":1}", "{\"orig_iat\":null}"};
  for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
    claims.more = test_text(bad[i]);
    struct bulla_buffer room = test_room(BULLA_TOKEN_MAX);
    TEST_STATUS(bulla_token_mint(issuer->minter, &room, &claims), BULLA_INVALID_TEXT);
  }
  claims.more = test_text("{\"orig_iats\":1,\"orig_ia\":1}");
  test_minted(issuer, &claims);
}

Test(token_refresh, orig_iat_must_be_a_time_not_after_iat) {
  static const struct {
    const char *value;
    enum bulla_status wanted;
  } rows[] = {
      {"1699964800", BULLA_OK}, {"1699964801", BULLA_REFUSED},     {"0", BULLA_OK},         {"-1", BULLA_REFUSED},
      {"1.0", BULLA_REFUSED},   {"\"1699964800\"", BULLA_REFUSED}, {"null", BULLA_REFUSED},
  };
  for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
    char json[200];
    snprintf(json, sizeof(json),
             "{\"org\":\"acme\",\"sub\":\"a\",\"iat\":1699964800,\"exp\":1699968400,\"orig_iat\":%s}", rows[i].value);
    TEST_VERIFY(verifier, test_honest(issuer, test_text(json)), TEST_NOW, rows[i].wanted, "%s", rows[i].value);
  }
}

Test(token_refresh, sessions_out_of_bounds_make_no_verifier) {
  static const int64_t bad[] = {-1, BULLA_SESSION_MAX + 1, INT64_MIN, INT64_MAX};
  for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
    struct bulla_verifier *made = verifier;
    struct bulla_verifier_options options = {.size = sizeof(struct bulla_verifier_options), .session = bad[i]};
    TEST_STATUS(bulla_verifier_new(&made, &options, test_find_key, &registry), BULLA_INVALID_ARGUMENT);
    cr_expect_null(made, "session %zu", i);
  }
}

static struct bulla_span parents_token;

static int refreshes_nothing(void *argument) {
  (void)argument;
  struct bulla_buffer fresh = test_room(BULLA_TOKEN_MAX);
  struct bulla_buffer payload = test_room(BULLA_PAYLOAD_SIZE);
  return bulla_token_refresh(verifier, &fresh, &payload, parents_token, TEST_NOW) == BULLA_FORKED &&
                 test_failed(&fresh) && test_failed(&payload)
             ? 0
             : 1;
}

Test(token_refresh, a_forked_child_cannot_refresh_with_what_the_parent_made) {
  parents_token = test_token(issuer);
  struct bulla_span token = parents_token;
  TEST_OK(refresh(verifier, &token, TEST_NOW));
  cr_expect_eq(test_in_child(refreshes_nothing, NULL), 0);
}
