/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Claims that must not be minted. */

#include "core/key.h"
#include "tests/json_rows.h"
#include "tests/token_support.h"
#include "token/claims.h"
#include "token/compose.h"

enum { DAY = 86400 };

TEST_TOKEN_SUITE(token_mint);

/* Asserts that |claims| are not minted, for the reason |wanted|. */
static void does_not_mint(const struct bulla_claims *claims, enum bulla_status wanted, const char *what, size_t row) {
  struct bulla_buffer token = test_room(BULLA_TOKEN_MAX);
  token.len = token.size;
  enum bulla_status status = bulla_token_mint(issuer->minter, &token, claims);
  cr_assert_eq(status, wanted, "%s %zu: %s", what, row, bulla_status_text(status));
  TEST_FAILED(token, "%s %zu left something in the buffer", what, row);
}

Test(token_mint, times_out_of_bounds_are_not_minted) {
  static const int64_t last = INT64_C(253402300799);
  const struct {
    int64_t iat, exp, nbf;
  } rows[] = {
      {-1, 100, 0},
      {INT64_MIN, 0, 0},
      {INT64_MIN, INT64_MAX, 0},
      {100, 100, 0},
      {100, 99, 0},
      {100, -1, 0},
      {100, INT64_MIN, 0},
      {0, DAY + 1, 0},
      {100, INT64_MAX, 0},
      {INT64_MAX, 0, 0},
      {INT64_MAX, INT64_MAX, 0},
      {100, 200, -1},
      {100, 200, INT64_MIN},
      {100, 200, 200},
      {100, 0, 100 + BULLA_TOKEN_LIFETIME},
      {100, 200, last + 1},
      {100, 200, INT64_MAX},
      {last, last + 1, 0},
      {last - DAY + 1, 0, 0},
      {TEST_NOW, TEST_NOW + DAY + 1, 0},
  };
  struct bulla_claims claims = test_claims();
  for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
    claims.iat = rows[i].iat;
    claims.exp = rows[i].exp;
    claims.nbf = rows[i].nbf;
    does_not_mint(&claims, BULLA_INVALID_ARGUMENT, "row", i);
  }
  claims.iat = TEST_NOW;
  claims.exp = TEST_NOW + DAY;
  claims.nbf = TEST_NOW + DAY - 1;
  TEST_VERIFY(verifier, test_minted(issuer, &claims), TEST_NOW, BULLA_NOT_YET_VALID, "the largest");
}

Test(token_mint, what_lacks_a_mandatory_claim_is_not_minted) {
  struct bulla_claims claims = test_claims();
  claims.org = bulla_span(NULL, 0);
  does_not_mint(&claims, BULLA_INVALID_ARGUMENT, "org", 0);
  claims = test_claims();
  claims.sub = bulla_span(NULL, 0);
  does_not_mint(&claims, BULLA_INVALID_ARGUMENT, "sub", 0);
  claims = test_claims();
  claims.org = test_filled('o', 128);
  TEST_VERIFY(verifier, test_minted(issuer, &claims), TEST_NOW, BULLA_CLAIM_REFUSED, "the longest org");
  claims.org = test_filled('o', 129);
  does_not_mint(&claims, BULLA_INVALID_ARGUMENT, "a longer org", 0);
}

Test(token_mint, text_that_is_no_utf8_is_not_minted_in_any_claim) {
  static const char *const strings[] = {
      "\xff", "\xc3", "\xc0\xaf", "\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xef\xbf\xbf", "\xe2\x82"};
  for (size_t i = 0; i < sizeof(strings) / sizeof(*strings); i++) {
    struct bulla_claims good = test_claims();
    struct bulla_span *texts[] = {&good.org, &good.sub, &good.iss, &good.aud, &good.jti};
    for (size_t which = 0; which < sizeof(texts) / sizeof(*texts); which++) {
      struct bulla_span before = *texts[which];
      *texts[which] = test_concat(test_text("a"), test_text(strings[i]));
      does_not_mint(&good, BULLA_INVALID_TEXT, strings[i], which);
      *texts[which] = before;
    }
    good.perms = test_concat(test_text("[\""), test_concat(test_text(strings[i]), test_text("\"]")));
    does_not_mint(&good, BULLA_INVALID_TEXT, "perms", i);
  }
  struct bulla_claims nul = test_claims();
  nul.sub = bulla_span("a\0b", 3);
  does_not_mint(&nul, BULLA_INVALID_TEXT, "NUL", 0);
}

Test(token_mint, perms_attrs_and_more_that_are_not_what_they_must_be_are_not_minted) {
  static const struct {
    const char *perms, *attrs, *more;
  } rows[] = {
      {"{}", "", ""},
      {"\"read\"", "", ""},
      {"null", "", ""},
      {"[1]", "", ""},
      {"[\"a\",null]", "", ""},
      {"[\"a\",[\"b\"]]", "", ""},
      {"[\"a\",]", "", ""},
      {"[\"a\"", "", ""},
      {"\"a\",\"b\"", "", ""},
      {" ", "", ""},
      {"", "[]", ""},
      {"", "\"a\"", ""},
      {"", "null", ""},
      {"", "{\"a\":1,\"a\":2}", ""},
      {"", "{\"a\":1", ""},
      {"", " ", ""},
      /* Text that would bring claims of its own with it. */
      {"[],\"attrs\":{}", "", ""},
      {"[\"a\"],\"x\":1", "", ""},
      {"[\"a\"],\"jti\":\"x\"", "", ""},
      {"", "{},\"perms\":[\"admin\"]", ""},
      {"", "{},\"x\":1", ""},
      {"", "{},\"nbf\":1", ""},
      {"", "{},\"iss\":\"x\"", ""},
      {"[],\"attrs\":{}", "{}", ""},
      {"[],\"x\":{\"a\":1", "{}}", ""},
      {"[],\"x\":[{\"a\":1", "{}}]", ""},
      /* Members of "more" that are known, there or not there. */
      {"", "", "{\"org\":\"acme\"}"},
      {"", "", "{\"sub\":\"alice\"}"},
      {"", "", "{\"iat\":1699964800}"},
      {"", "", "{\"exp\":1699968400}"},
      {"", "", "{\"e\\u0078p\":1699968400}"},
      {"", "", "{\"iss\":\"x\"}"},
      {"", "", "{\"aud\":\"x\"}"},
      {"", "", "{\"jti\":\"x\"}"},
      {"", "", "{\"j\\u0074i\":\"x\"}"},
      {"", "", "{\"nbf\":1}"},
      {"", "", "{\"perms\":[]}"},
      {"", "", "{\"perms\":[\"admin\"]}"},
      {"", "", "{\"attrs\":{}}"},
      {"[\"a\"]", "", "{\"perms\":[\"admin\"]}"},
      {"", "{}", "{\"attrs\":{}}"},
      {"", "", "{\"a\":1,\"a\":2}"},
      {"", "", "{\"a\":1,\"\\u0061\":2}"},
      {"", "", "{\"a\":{\"b\":1,\"b\":2}}"},
      {"", "", "[]"},
      {"", "", "{\"a\":\"\\ud800\"}"},
      {"", "", "{\"a\":9223372036854775808}"},
      {"", "", "{},\"a\":{}"},
  };
  for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
    struct bulla_claims claims = test_claims();
    claims.perms = test_text(rows[i].perms);
    claims.attrs = test_text(rows[i].attrs);
    claims.more = test_text(rows[i].more);
    does_not_mint(&claims, BULLA_INVALID_TEXT, "row", i);
  }
}

/* An object of |num| members with names of their own. */
static struct bulla_span object_of(size_t num, const char *prefix) {
  struct bulla_span text = test_text("{");
  for (size_t i = 0; i < num; i++) {
    char member[40];
    snprintf(member, sizeof(member), "%s\"%s%zu\":1", i == 0 ? "" : ",", prefix, i);
    text = test_concat(text, test_text(member));
  }
  return test_concat(text, test_text("}"));
}

/* Asserts that |claims| are minted, and then verify, or are BULLA_TOO_LARGE. */
static void mints_if(bool wanted, const struct bulla_claims *claims, const char *what, size_t num) {
  struct bulla_buffer token = test_room(BULLA_TOKEN_MAX);
  enum bulla_status status = bulla_token_mint(issuer->minter, &token, claims);
  cr_assert_eq(status, wanted ? BULLA_OK : BULLA_TOO_LARGE, "%s, %zu: %s", what, num, bulla_status_text(status));
  if (wanted) {
    TEST_VERIFY(verifier, bulla_written(&token), TEST_NOW, BULLA_OK, "%s, %zu", what, num);
  }
}

/* Asserts that |json|, of the claims of TEST_NOW, verifies if |wanted|. */
static void verifies_if(bool wanted, struct bulla_span own, const char *what, size_t num) {
  struct bulla_span start = test_text("{\"org\":\"acme\",\"sub\":\"alice\",\"iat\":1699964800,\"exp\":1699968400");
  struct bulla_span rest = bulla_span(own.data + 1, own.len - 1);
  struct bulla_span json = test_concat(test_concat(start, test_text(own.len > 2 ? "," : "")), rest);
  TEST_VERIFY(verifier, test_honest(issuer, json), TEST_NOW, wanted ? BULLA_OK : BULLA_REFUSED, "%s, %zu", what, num);
}

Test(token_mint, as_many_own_claims_are_minted_as_verify) {
  struct bulla_claims claims = test_claims();
  for (size_t num = 0; num <= 300; num += num < 50 || num > 70 ? 10 : 1) {
    claims.more = object_of(num, "x");
    mints_if(num <= 60, &claims, "own claims", num);
    verifies_if(num <= 60, claims.more, "own claims", num);
  }
  claims.iss = claims.aud = claims.jti = test_text("x");
  claims.nbf = 1;
  claims.perms = test_text("[]");
  claims.attrs = test_text("{}");
  for (size_t num = 50; num <= 60; num++) {
    claims.more = object_of(num, "x");
    mints_if(num <= 54, &claims, "own claims behind ten others", num);
  }
}

static struct bulla_span nested(size_t depth) {
  return json_nested(depth, "{\"n\":", "0", "}");
}

Test(token_mint, own_claims_may_be_nested_as_deep_and_as_wide_as_verify) {
  for (size_t depth = 28; depth <= 36; depth++) {
    struct bulla_claims claims = test_claims();
    claims.more = nested(depth);
    mints_if(depth <= 32, &claims, "levels of own claims", depth);
    verifies_if(depth <= 32, claims.more, "levels of own claims", depth);
    claims.more = bulla_span(NULL, 0);
    claims.attrs = nested(depth);
    mints_if(depth <= 31, &claims, "levels of attrs", depth);
  }
  for (size_t num = 185; num <= 260; num++) {
    struct bulla_claims claims = test_claims();
    claims.attrs = object_of(num, "x");
    mints_if(num <= 256 - 5, &claims, "attrs", num);
    struct bulla_span attrs = test_concat(test_concat(test_text("{\"attrs\":"), claims.attrs), test_text("}"));
    verifies_if(num <= 256 - 5, attrs, "attrs", num);
    claims.attrs = bulla_span(NULL, 0);
    claims.more = test_concat(test_concat(test_text("{\"a\":"), object_of(num, "x")), test_text("}"));
    mints_if(num <= 256 - 5, &claims, "members of an own claim", num);
    verifies_if(num <= 256 - 5, claims.more, "members of an own claim", num);
  }
}

Test(token_mint, the_log_is_told_which_claim_is_at_fault) {
  static const struct {
    const char *perms, *attrs, *more;
    enum bulla_status status;
    const char *told;
  } rows[] = {
      {"[1]", "", "", BULLA_INVALID_TEXT, "perms: not an array of strings"},
      {"", "[]", "", BULLA_INVALID_TEXT, "attrs: not an object"},
      {"", "", "{", BULLA_INVALID_TEXT, "own claims: not an object"},
      {"", "", "{\"s\\u0075b\":\"x\"}", BULLA_INVALID_TEXT, "\"sub\" is not one of them: it is set by itself"},
      {"", "", "{\"orig_iat\":1}", BULLA_INVALID_TEXT, "\"orig_iat\" is not one of them: it is set by itself"},
  };
  for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
    struct bulla_claims claims = test_claims();
    claims.perms = test_text(rows[i].perms);
    claims.attrs = test_text(rows[i].attrs);
    claims.more = test_text(rows[i].more);
    test_listen();
    does_not_mint(&claims, rows[i].status, "row", i);
    cr_expect(strstr(test_told.text, rows[i].told) != NULL, "row %zu: %s", i, test_told.text);
  }
  struct bulla_claims claims = test_claims();
  claims.more = object_of(61, "x");
  does_not_mint(&claims, BULLA_TOO_LARGE, "more", 61);
  cr_expect(strstr(test_told.text, "61 own claims and 4 others: a token has at most 64") != NULL, "%s", test_told.text);
  claims.more = nested(33);
  does_not_mint(&claims, BULLA_TOO_LARGE, "more", 33);
  cr_expect(strstr(test_told.text, "at most 32 levels with 256 names") != NULL, "%s", test_told.text);
  bulla_log_set(NULL, NULL);
}

Test(token_mint, a_key_of_a_day_that_is_used_up_mints_no_more) {
  struct bulla_day_cache *cache;
  struct bulla_day_key key = {0};
  TEST_OK(bulla_day_cache_new(&cache, 1));
  test_keep(cache);
  bulla_day_key_name(&key, bulla_apikey_id(issuer->apikey), TEST_NOW / DAY);
  TEST_OK(bulla_day_key_derive(&key, bulla_apikey_token_root(issuer->apikey)));
  struct bulla_day_pin pin = bulla_day_cache_insert(cache, 1, &key);
  const uint64_t one_left = BULLA_MAX_SEALS - 1;
  pin.seals->taken = one_left;
  for (size_t i = 0; i < 2; i++) {
    struct bulla_buffer token = test_room(BULLA_TOKEN_MAX);
    struct bulla_buffer claims;
    TEST_OK(bulla_compose_begin(&claims, &token, pin.key));
    struct bulla_claims minted = test_claims();
    enum bulla_status written = bulla_claims_write(&claims, &minted);
    TEST_STATUS(bulla_compose_end(&token, &pin, &claims, written), i == 0 ? BULLA_OK : BULLA_KEY_EXHAUSTED);
  }
}
