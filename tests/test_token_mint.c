/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Claims that must not be minted. */

#include "core/key.h"
#include "tests/token_support.h"
#include "token/claims.h"
#include "token/compose.h"

enum { DAY = 86400 };

TEST_TOKEN_SUITE(token_mint);

/* Asserts that |claims| are not minted, for the reason |wanted|. */
static void does_not_mint(const struct bulla_claims *claims, enum bulla_status wanted, const char *what,
                          size_t row) {
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
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
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
  for (size_t i = 0; i < sizeof strings / sizeof *strings; i++) {
    struct bulla_claims good = test_claims();
    struct bulla_span *texts[] = {&good.org, &good.sub, &good.iss, &good.aud, &good.jti};
    for (size_t which = 0; which < sizeof texts / sizeof *texts; which++) {
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
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct bulla_claims claims = test_claims();
    claims.perms = test_text(rows[i].perms);
    claims.attrs = test_text(rows[i].attrs);
    claims.more = test_text(rows[i].more);
    does_not_mint(&claims, BULLA_INVALID_TEXT, "row", i);
  }
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
