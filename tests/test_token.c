/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Tokens minted and verified, and how authentic claims are judged. Forgeries are in test_token_forgery.c. */

#include "core/cleanup.h"
#include "tests/token_support.h"

enum { DAY = 86400 };

TEST_TOKEN_SUITE(token);

Test(token, verifying_undoes_minting_with_every_claim_there_is) {
  struct bulla_claims claims = test_claims();
  claims.iss = test_text("https://issuer.example");
  claims.aud = test_text("dashboards");
  claims.jti = test_text("7c1b");
  claims.nbf = TEST_NOW - 10;
  claims.perms = test_text("[\"dashboards:read\"]");
  claims.attrs = test_text("{\"region\":\"emea\"}");
  claims.more = test_text("{\"name\":\"Alice\",\"depth\":{\"org\":\"other\"}}");
  struct bulla_span token = test_minted(issuer, &claims);
  struct bulla_claims read = BULLA_CLAIMS_INIT;
  TEST_STATUS(test_verify(verifier, &read, token, TEST_NOW), BULLA_OK);
  cr_expect(test_claims_same(&read, &claims));
  cr_expect_eq(read.more.len, 0);
  cr_expect(bulla_claims_permit(&read, test_text("dashboards:read")));
  cr_expect_not(bulla_claims_permit(&read, test_text("dashboards:write")));

  struct bulla_buffer payload = test_room(BULLA_PAYLOAD_SIZE);
  TEST_OK(bulla_token_verify(verifier, &read, &payload, token, TEST_NOW));
  TEST_SPAN(bulla_written(&payload),
            test_text("{\"org\":\"acme\",\"sub\":\"alice\",\"iss\":\"https://issuer.example\",\"aud\":\"dashboards\","
                      "\"iat\":1699964800,\"exp\":1699968400,\"nbf\":1699964790,\"jti\":\"7c1b\","
                      "\"perms\":[\"dashboards:read\"],\"attrs\":{\"region\":\"emea\"},\"name\":\"Alice\","
                      "\"depth\":{\"org\":\"other\"}}"),
            "payload");
}

Test(token, strings_come_back_whatever_characters_they_have) {
  static const char *const strings[] = {"\"",          "\\",
                                        "a\nb\tc\x01", "\xc3\xa4\xe2\x82\xac\xf0\x9f\x94\x91",
                                        "\\u0041",     "\",\"perms\":[\"admin\"],\"x\":\""};
  for (size_t i = 0; i < sizeof(strings) / sizeof(*strings); i++) {
    struct bulla_claims claims = test_claims();
    claims.sub = claims.iss = claims.aud = claims.jti = test_text(strings[i]);
    struct bulla_claims read = BULLA_CLAIMS_INIT;
    TEST_OK(test_verify(verifier, &read, test_minted(issuer, &claims), TEST_NOW));
    cr_assert(test_claims_same(&read, &claims), "string %zu", i);
  }
}

Test(token, its_claims_are_under_the_day_key_and_the_header_as_documented) {
  struct bulla_span token = test_token(issuer);
  struct bulla_span header = test_own_header(issuer->key_id, TEST_DAY);
  TEST_SPAN(bulla_span(token.data, header.len), header, "header");
  struct bulla_span again =
      test_honest(issuer, test_text("{\"org\":\"acme\",\"sub\":\"alice\",\"iat\":1699964800,\"exp\":1699968400}"));
  cr_expect_eq(again.len, token.len);
  TEST_VERIFY(verifier, again, TEST_NOW, BULLA_OK, "put together by hand");
}

Test(token, two_of_the_same_claims_have_different_nonces) {
  struct bulla_span a = test_token(issuer);
  struct bulla_span b = test_token(issuer);
  size_t iv = test_own_header(issuer->key_id, TEST_DAY).len + 2;
  cr_assert_eq(a.len, b.len);
  cr_expect_not(test_same(bulla_span(a.data + iv, 16), bulla_span(b.data + iv, 16)));
  cr_expect_not(test_same(bulla_span(a.data + iv + 17, 20), bulla_span(b.data + iv + 17, 20)));
}

Test(token, it_lives_an_hour_if_its_claims_do_not_say) {
  struct bulla_claims claims = test_claims();
  claims.exp = 0;
  struct bulla_claims read = BULLA_CLAIMS_INIT;
  TEST_OK(test_verify(verifier, &read, test_minted(issuer, &claims), TEST_NOW));
  cr_expect_eq(read.exp - read.iat, 3600);
}

Test(token, the_clock_decides_to_the_second) {
  static const struct {
    int64_t iat, lifetime, nbf, leeway, now; /* all but |lifetime| and |leeway| from TEST_DAY_START on */
    enum bulla_status wanted;
  } rows[] = {
      /* "exp" == now is expired. */
      {100, 60, 0, 0, 159, BULLA_OK},
      {100, 60, 0, 0, 160, BULLA_EXPIRED},
      {100, 60, 0, 0, 161, BULLA_EXPIRED},
      {100, 1, 0, 0, 100, BULLA_OK},
      {100, 1, 0, 0, 101, BULLA_EXPIRED},
      {100, 60, 0, 5, 164, BULLA_OK},
      {100, 60, 0, 5, 165, BULLA_EXPIRED},
      /* "iat" in the future. */
      {100, 60, 0, 0, 100, BULLA_OK},
      {100, 60, 0, 0, 99, BULLA_NOT_YET_VALID},
      {100, 60, 0, 5, 95, BULLA_OK},
      {100, 60, 0, 5, 94, BULLA_NOT_YET_VALID},
      /* "nbf". */
      {100, 60, 130, 0, 129, BULLA_NOT_YET_VALID},
      {100, 60, 130, 0, 130, BULLA_OK},
      {100, 60, 130, 5, 125, BULLA_OK},
      {100, 60, 130, 5, 124, BULLA_NOT_YET_VALID},
      {100, 60, 90, 0, 100, BULLA_OK},
      /* A day at most. */
      {0, DAY, 0, 0, DAY - 1, BULLA_OK},
      {0, DAY, 0, 0, DAY, BULLA_EXPIRED},
      {DAY - 1, DAY, 0, 0, 2 * DAY - 2, BULLA_OK},
      {DAY - 1, DAY, 0, 0, 2 * DAY - 1, BULLA_EXPIRED},
      {DAY - 1, DAY, 0, 3600, 2 * DAY + 3598, BULLA_OK},
      {DAY - 1, DAY, 0, 3600, 2 * DAY + 3599, BULLA_EXPIRED},
      /* Clocks that differ around midnight. */
      {0, 60, 0, 0, -1, BULLA_REFUSED},
      {0, 60, 0, 1, -1, BULLA_OK},
      {10, 60, 0, 20, -10, BULLA_OK},
      {10, 60, 0, 20, -20, BULLA_NOT_YET_VALID},
      {10, 60, 0, 20, -21, BULLA_REFUSED},
  };
  for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
    struct bulla_verifier *strict = TEST_VERIFIER(.leeway = rows[i].leeway);
    struct bulla_claims claims = test_claims();
    claims.iat = TEST_DAY_START + rows[i].iat;
    claims.exp = claims.iat + rows[i].lifetime;
    claims.nbf = rows[i].nbf == 0 ? 0 : TEST_DAY_START + rows[i].nbf;
    struct bulla_span token = test_minted(issuer, &claims);
    for (size_t round = 0; round < 2; round++) {
      TEST_VERIFY(strict, token, TEST_DAY_START + rows[i].now, rows[i].wanted, "row %zu, round %zu", i, round);
    }
    bulla_verifier_free(&strict);
  }
}

Test(token, one_of_the_first_second_and_one_of_the_last_verify) {
  static const int64_t times[] = {0, 1, DAY, INT64_C(253402300799) - DAY};
  for (size_t i = 0; i < sizeof(times) / sizeof(*times); i++) {
    struct bulla_claims claims = test_claims();
    claims.iat = times[i];
    claims.exp = claims.iat + DAY;
    struct bulla_claims read = BULLA_CLAIMS_INIT;
    struct bulla_span token = test_minted(issuer, &claims);
    TEST_OK(test_verify(verifier, &read, token, times[i]));
    TEST_OK(test_verify(verifier, &read, token, times[i] + DAY - 1));
    cr_expect(test_claims_same(&read, &claims), "row %zu", i);
  }
}

Test(token, a_clock_out_of_bounds_is_an_error_of_the_caller) {
  struct bulla_span token = test_token(issuer);
  static const int64_t clocks[] = {INT64_MIN, -1, INT64_C(253402300800), INT64_MAX};
  for (size_t i = 0; i < sizeof(clocks) / sizeof(*clocks); i++) {
    TEST_VERIFY(verifier, token, clocks[i], BULLA_INVALID_ARGUMENT, "clock %zu", i);
  }
  TEST_VERIFY(verifier, token, 0, BULLA_REFUSED, "the first second");
  TEST_VERIFY(verifier, token, INT64_C(253402300799), BULLA_REFUSED, "the last second");
  cr_expect_eq(registry.num_calls, 0);
}

Test(token, another_tenant_audience_or_issuer_is_refused_by_name) {
  static const struct {
    const char *org, *aud, *iss;       /* in the token */
    const char *wants_aud, *wants_iss; /* of the verifier */
    enum bulla_status wanted;
  } rows[] = {
      {"acme", "", "", "", "", BULLA_OK},
      {"acme", "a", "i", "", "", BULLA_OK},
      {"acme", "a", "i", "a", "i", BULLA_OK},
      {"acme", "a", "i", "b", "", BULLA_CLAIM_REFUSED},
      {"acme", "a", "i", "", "j", BULLA_CLAIM_REFUSED},
      {"acme", "a", "i", "i", "a", BULLA_CLAIM_REFUSED},
      {"acme", "", "i", "a", "i", BULLA_CLAIM_REFUSED},
      {"acme", "a", "", "a", "i", BULLA_CLAIM_REFUSED},
      {"acme", "ab", "", "a", "", BULLA_CLAIM_REFUSED},
      {"acme", "a", "", "ab", "", BULLA_CLAIM_REFUSED},
      {"acme", "A", "", "a", "", BULLA_CLAIM_REFUSED},
      {"other", "", "", "", "", BULLA_CLAIM_REFUSED},
      {"acm", "", "", "", "", BULLA_CLAIM_REFUSED},
      {"acmes", "", "", "", "", BULLA_CLAIM_REFUSED},
      {"Acme", "", "", "", "", BULLA_CLAIM_REFUSED},
  };
  for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
    struct bulla_claims claims = test_claims();
    claims.org = test_text(rows[i].org);
    claims.aud = test_text(rows[i].aud);
    claims.iss = test_text(rows[i].iss);
    char aud[3] = {0};
    char iss[3] = {0};
    memcpy(aud, rows[i].wants_aud, strlen(rows[i].wants_aud));
    memcpy(iss, rows[i].wants_iss, strlen(rows[i].wants_iss));
    struct bulla_verifier_options options = {.size = sizeof(struct bulla_verifier_options),
                                             .aud = bulla_span(aud, strlen(aud)),
                                             .iss = bulla_span(iss, strlen(iss))};
    struct bulla_verifier *strict = test_verifier_with(&registry, options);
    memset(aud, 'x', sizeof(aud)); /* the verifier keeps no pointer to them */
    memset(iss, 'x', sizeof(iss));
    TEST_VERIFY(strict, test_minted(issuer, &claims), TEST_NOW, rows[i].wanted, "row %zu", i);
    bulla_verifier_free(&strict);
  }
}

Test(token, options_out_of_bounds_make_no_verifier) {
  struct bulla_span text = test_filled('a', 257);
  const struct bulla_verifier_options bad[] = {TEST_OPTIONS(.leeway = -1),        TEST_OPTIONS(.leeway = 3601),
                                               TEST_OPTIONS(.leeway = INT64_MIN), TEST_OPTIONS(.leeway = INT64_MAX),
                                               TEST_OPTIONS(.aud = text),         TEST_OPTIONS(.iss = text)};
  for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
    struct bulla_verifier *made = verifier;
    TEST_STATUS(bulla_verifier_new(&made, &bad[i], test_find_key, &registry), BULLA_INVALID_ARGUMENT);
    cr_expect_null(made, "options %zu", i);
  }
  text.len = 256;
  struct bulla_verifier *most = TEST_VERIFIER(.leeway = 3600, .aud = text, .iss = text);
  struct bulla_claims claims = test_claims();
  claims.aud = claims.iss = text;
  TEST_VERIFY(most, test_minted(issuer, &claims), TEST_NOW, BULLA_OK, "the longest expectations");
}

Test(token, what_the_callback_says_is_handed_on_and_not_remembered) {
  struct bulla_span token = test_token(issuer);
  static const struct {
    enum bulla_status said, wanted;
  } rows[] = {
      {BULLA_IO, BULLA_IO},           {BULLA_NOT_FOUND, BULLA_REFUSED},
      {BULLA_REVOKED, BULLA_REVOKED}, {BULLA_NO_MEMORY, BULLA_NO_MEMORY},
      {BULLA_BUSY, BULLA_BUSY},       {BULLA_OK, BULLA_OK},
  };
  for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
    registry.status = rows[i].said;
    TEST_VERIFY(verifier, token, TEST_NOW, rows[i].wanted, "%s", bulla_status_text(rows[i].said));
    cr_assert_eq(registry.num_calls, i + 1);
  }
  registry.status = BULLA_IO;
  TEST_VERIFY(verifier, token, TEST_NOW, BULLA_OK, "a key that is known already");
  cr_expect_eq(registry.num_calls, sizeof(rows) / sizeof(*rows));
}

Test(token, a_callback_with_a_root_of_another_length_verifies_nothing) {
  struct bulla_span token = test_token(issuer);
  struct bulla_secret *shortened = test_secret(test_root_of(issuer));
  bulla_secret_truncate(shortened, 31);
  struct bulla_secret *root = (struct bulla_secret *)(uintptr_t)bulla_apikey_token_root(issuer->apikey);
  bulla_secret_truncate(root, 31);
  TEST_VERIFY(verifier, token, TEST_NOW, BULLA_INVALID_ARGUMENT, "31 bytes");
  bulla_secret_truncate(root, 0);
  TEST_VERIFY(verifier, token, TEST_NOW, BULLA_INVALID_ARGUMENT, "no bytes");
}

static enum bulla_status find_part(void *arg, struct bulla_span key_id, struct bulla_token_key *key) {
  const struct bulla_token_key *missing = arg;
  cr_assert(key->root == NULL && key->org_len == 0, "the key does not come zeroed");
  enum bulla_status status = test_find_key(&registry, key_id, key);
  if (missing->root != NULL) {
    bulla_secret_free(&key->root);
  }
  key->org_len = missing->org_len;
  return status;
}

Test(token, a_callback_without_a_root_or_a_tenant_verifies_nothing) {
  struct bulla_span token = test_token(issuer);
  struct bulla_secret *some = test_secret(test_text("some"));
  const struct {
    struct bulla_token_key missing;
    enum bulla_status wanted;
  } rows[] = {
      {{.root = NULL, .org_len = 4}, BULLA_OK},
      {{.root = some, .org_len = 4}, BULLA_INVALID_ARGUMENT},
      {{.root = NULL, .org_len = 0}, BULLA_INVALID_ARGUMENT},
      {{.root = NULL, .org_len = BULLA_TOKEN_ORG_MAX}, BULLA_CLAIM_REFUSED},
      {{.root = NULL, .org_len = BULLA_TOKEN_ORG_MAX + 1}, BULLA_INVALID_ARGUMENT},
      {{.root = NULL, .org_len = SIZE_MAX}, BULLA_INVALID_ARGUMENT},
  };
  for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
    struct bulla_verifier_options options = {.size = sizeof(struct bulla_verifier_options), .leeway = 0};
    struct bulla_verifier *fresh BULLA_CLEANUP(bulla_verifier_free) = NULL;
    TEST_OK(bulla_verifier_new(&fresh, &options, find_part, (void *)(uintptr_t)&rows[i].missing));
    TEST_VERIFY(fresh, token, TEST_NOW, rows[i].wanted, "row %zu", i);
  }
}

Test(token, inspecting_says_what_the_header_says_and_needs_no_key) {
  struct bulla_claims claims = test_claims();
  for (size_t len = 1; len < 20; len++) {
    claims.sub = test_filled('s', len);
    struct bulla_span token = test_minted(issuer, &claims);
    struct bulla_token_outline outline = BULLA_TOKEN_OUTLINE_INIT;
    TEST_OK(bulla_token_inspect(&outline, token));
    TEST_SPAN(bulla_span(outline.key_id, BULLA_APIKEY_ID_LEN), issuer->key_id, "key id");
    cr_expect_eq(outline.day, TEST_DAY);
    struct bulla_buffer payload = test_room(BULLA_PAYLOAD_SIZE);
    TEST_OK(bulla_token_verify(verifier, &claims, &payload, token, TEST_NOW));
    cr_expect_eq(outline.ciphertext_len, payload.len);
    claims = test_claims();
  }
}

static struct bulla_span parents_token;

static int finds_no_key(void *argument) {
  (void)argument;
  struct bulla_claims claims = test_claims();
  struct bulla_buffer room = test_room(BULLA_PAYLOAD_SIZE);
  if (bulla_token_mint(issuer->minter, &room, &claims) != BULLA_FORKED || !test_failed(&room)) {
    return 1;
  }
  room = test_room(BULLA_PAYLOAD_SIZE);
  if (bulla_token_verify(verifier, &claims, &room, parents_token, TEST_NOW) != BULLA_FORKED || !test_failed(&room) ||
      !test_zero((const uint8_t *)&claims + sizeof(size_t), sizeof(claims) - sizeof(size_t))) {
    return 2;
  }
  struct bulla_token_outline outline = BULLA_TOKEN_OUTLINE_INIT;
  if (bulla_token_inspect(&outline, parents_token) != BULLA_OK) {
    return 3;
  }
  bulla_minter_free(&issuer->minter);
  bulla_verifier_free(&verifier);
  return issuer->minter == NULL && verifier == NULL ? 0 : 4;
}

Test(token, a_forked_child_can_neither_mint_nor_verify_with_what_the_parent_made) {
  parents_token = test_token(issuer);
  TEST_VERIFY(verifier, parents_token, TEST_NOW, BULLA_OK, "before");
  cr_expect_eq(test_in_child(finds_no_key, NULL), 0);
  TEST_VERIFY(verifier, parents_token, TEST_NOW, BULLA_OK, "after");
  test_token(issuer);
}

static int makes_keys_of_its_own(void *argument) {
  (void)argument;
  struct test_registry own = {.num_issuers = 1};
  struct bulla_verifier_options options = {.size = sizeof(struct bulla_verifier_options), .leeway = 0};
  struct bulla_verifier *own_verifier = NULL;
  struct bulla_secret *string = NULL;
  if (bulla_apikey_generate(&own.issuers[0].apikey, &string) != BULLA_OK ||
      bulla_minter_new(&own.issuers[0].minter, own.issuers[0].apikey) != BULLA_OK ||
      bulla_verifier_new(&own_verifier, &options, test_find_key, &own) != BULLA_OK) {
    return 1;
  }
  test_keep(own.issuers[0].apikey);
  test_keep(own.issuers[0].minter);
  test_keep(own_verifier);
  bulla_secret_free(&string);
  own.issuers[0].key_id = bulla_apikey_id(own.issuers[0].apikey);
  struct bulla_claims claims = test_claims();
  struct bulla_buffer token = test_room(BULLA_TOKEN_MAX);
  struct bulla_buffer payload = test_room(BULLA_PAYLOAD_SIZE);
  if (bulla_token_mint(own.issuers[0].minter, &token, &claims) != BULLA_OK) {
    return 2;
  }
  return bulla_token_verify(own_verifier, &claims, &payload, bulla_written(&token), TEST_NOW) == BULLA_OK ? 0 : 3;
}

Test(token, a_forked_child_can_mint_and_verify_with_what_it_made_itself) {
  cr_expect_eq(test_in_child(makes_keys_of_its_own, NULL), 0);
}

Test(token, freeing_nothing_is_fine) {
  struct bulla_minter *no_minter = NULL;
  struct bulla_verifier *no_verifier = NULL;
  struct bulla_apikey *no_apikey = NULL;
  bulla_minter_free(&no_minter);
  bulla_verifier_free(&no_verifier);
  bulla_apikey_free(&no_apikey);
  cr_expect(no_minter == NULL && no_verifier == NULL && no_apikey == NULL);
}
