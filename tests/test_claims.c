/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Claims to JSON and back, without a token around them. What the reader must refuse is in test_token_forgery.c,
 * where it comes in sealed. */

#include "tests/json_rows.h"
#include "tests/token_support.h"
#include "token/claims.h"

static struct bulla_span written(const struct bulla_claims *claims) {
  struct bulla_buffer json = test_room(1000);
  TEST_OK(bulla_claims_write(&json, claims));
  return test_copy(bulla_written(&json));
}

/* Reads |json| with exactly as much scratch as it has bytes. */
static bool is_empty(const struct bulla_claims *claims) {
  const struct bulla_claims none = BULLA_CLAIMS_INIT;
  return memcmp(claims, &none, sizeof(none)) == 0;
}

static struct bulla_claims read_claims(struct bulla_span json) {
  struct bulla_claims claims = BULLA_CLAIMS_INIT;
  struct bulla_buffer scratch = test_room(json.len);
  enum bulla_status status = bulla_claims_read(&claims, &scratch, json);
  cr_assert_eq(status, BULLA_OK, "%.*s: %s", (int)json.len, json.data, bulla_status_text(status));
  return claims;
}

Test(claims, are_written_as_documented) {
  struct bulla_claims least = test_claims();
  TEST_SPAN(written(&least), test_text("{\"org\":\"acme\",\"sub\":\"alice\",\"iat\":1699964800,\"exp\":1699968400}"),
            "the least");
  struct bulla_claims all = test_all_claims();
  all.more = test_text("{\"name\":\"Alice\"}");
  TEST_SPAN(written(&all),
            test_text("{\"org\":\"acme\",\"sub\":\"alice\",\"iss\":\"https://issuer.example\",\"aud\":\"dashboards\","
                      "\"iat\":1699964800,\"exp\":1699968400,\"nbf\":1699964810,\"jti\":\"7c1b\","
                      "\"perms\":[\"dashboards:read\",\"charts:read\"],"
                      "\"attrs\":{\"region\":\"emea\",\"tiers\":[1,2]},\"name\":\"Alice\"}"),
            "all");
}

Test(claims, reading_undoes_writing) {
  struct bulla_claims all = test_all_claims();
  struct bulla_claims least = test_claims();
  struct bulla_claims read = read_claims(written(&all));
  cr_expect(test_claims_same(&read, &all));
  cr_expect_eq(read.more.len, 0);
  read = read_claims(written(&least));
  cr_expect(test_claims_same(&read, &least));
}

Test(claims, strings_survive_whatever_characters_they_have) {
  static const char *const strings[] = {
      "\"",
      "\\",
      "\\\"\\\\",
      "/",
      "a\nb\rc\td\be\f",
      "\x01\x02\x1f\x7f",
      "\\u0041",
      "\xc3\xa4\xc3\xb6\xc3\xbc",
      "\xe2\x82\xac",
      "\xf0\x9f\x94\x91",
      "\xf4\x8f\xbf\xbd",
      "\",\"perms\":[\"admin\"],\"x\":\"",
      "}",
  };
  for (size_t i = 0; i < sizeof(strings) / sizeof(*strings); i++) {
    struct bulla_claims claims = test_claims();
    claims.org = claims.sub = claims.iss = claims.aud = claims.jti = test_text(strings[i]);
    struct bulla_claims read = read_claims(written(&claims));
    cr_assert(test_claims_same(&read, &claims), "string %zu", i);
  }
}

Test(claims, strings_are_read_in_every_spelling) {
  static const struct {
    const char *spelling;
    const char *text;
  } rows[] = {
      {"alice", "alice"},
      {"\\u0061lice", "alice"},
      {"\\\"\\\\\\/\\b\\f\\n\\r\\t", "\"\\/\b\f\n\r\t"},
      {"\\u00e4\\u20AC", "\xc3\xa4\xe2\x82\xac"},
      {"\\ud83d\\udd11", "\xf0\x9f\x94\x91"},
      {"\\uD83D\\uDD11 key", "\xf0\x9f\x94\x91 key"},
      {"\xf0\x9f\x94\x91", "\xf0\x9f\x94\x91"},
  };
  for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
    struct bulla_span json = test_concat(test_text("{\"org\":\"acme\",\"iat\":1,\"exp\":2,\"sub\":\""),
                                         test_concat(test_text(rows[i].spelling), test_text("\"}")));
    TEST_SPAN(read_claims(json).sub, test_text(rows[i].text), "%s", rows[i].spelling);
  }
}

Test(claims, views_are_of_the_json_or_where_there_are_escapes_of_the_scratch) {
  struct bulla_span json =
      test_text("{\"org\":\"ac\\u006de\",\"sub\":\"al\\u0069ce\",\"iss\":\"plain\",\"iat\":1,\"exp\":2}");
  struct bulla_buffer scratch = test_room(json.len);
  struct bulla_claims claims = BULLA_CLAIMS_INIT;
  TEST_OK(bulla_claims_read(&claims, &scratch, json));
  TEST_SPAN(claims.org, test_text("acme"), "org");
  TEST_SPAN(claims.sub, test_text("alice"), "sub");
  cr_expect(claims.org.data >= scratch.data && claims.org.data < scratch.data + scratch.size);
  cr_expect(claims.sub.data >= claims.org.data + claims.org.len && claims.sub.data < scratch.data + scratch.size);
  cr_expect(claims.iss.data > json.data && claims.iss.data < json.data + json.len);
}

Test(claims, writing_refuses_text_that_is_no_utf8) {
  static const char *const strings[] = {"\xff", "\xc3", "\xc0\xaf", "\xed\xa0\x80", "\xef\xbf\xbf"};
  for (size_t i = 0; i < sizeof(strings) / sizeof(*strings); i++) {
    struct bulla_claims claims = test_claims();
    claims.jti = test_text(strings[i]);
    struct bulla_buffer json = test_room(1000);
    TEST_STATUS(bulla_claims_write(&json, &claims), BULLA_INVALID_TEXT);
    TEST_FAILED(json, "string %zu", i);
  }
}

Test(claims, writing_needs_exactly_the_bytes_that_it_writes) {
  struct bulla_claims claims = test_all_claims();
  claims.more = test_text("{ \"name\" : \"Alice\" }");
  struct bulla_span whole = written(&claims);
  for (size_t size = 0; size <= whole.len; size++) {
    struct bulla_buffer json = test_room(size);
    TEST_STATUS(bulla_claims_write(&json, &claims), size == whole.len ? BULLA_OK : BULLA_BUFFER_TOO_SMALL);
    if (size == whole.len) {
      TEST_SPAN(bulla_written(&json), whole, "exactly");
    } else {
      TEST_FAILED(json, "%zu bytes", size);
    }
  }
}

Test(claims, members_of_more_are_added_as_they_stand) {
  static const struct {
    const char *more;
    const char *added;
  } rows[] = {
      {"", ""},
      {"{}", ""},
      {" { } ", ""},
      {"{\"a\":1}", ",\"a\":1"},
      {"\n\t {\"a\":1}\r\n", ",\"a\":1"},
      {"{ \"a\" : [1, {}] , \"b\":\"}\" }", ", \"a\" : [1, {}] , \"b\":\"}\" "},
      {"{\"a\":{\"org\":\"other\"}}", ",\"a\":{\"org\":\"other\"}"},
  };
  for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
    struct bulla_claims claims = test_claims();
    struct bulla_span without = written(&claims);
    claims.more = test_text(rows[i].more);
    struct bulla_span expected =
        test_concat(bulla_span(without.data, without.len - 1), test_concat(test_text(rows[i].added), test_text("}")));
    TEST_SPAN(written(&claims), expected, "%s", rows[i].more);
  }
}

static void refuses_more(const char *more) {
  struct bulla_claims claims = test_claims();
  claims.more = test_text(more);
  struct bulla_buffer json = test_room(1000);
  TEST_STATUS(bulla_claims_write(&json, &claims), BULLA_INVALID_TEXT);
  TEST_FAILED(json, "%s", more);
}

Test(claims, more_that_is_no_object_is_refused) {
  for (size_t i = 0; i < NUM_BAD_TEXTS; i++) {
    if (*bad_texts[i] != '\0') {
      refuses_more(bad_texts[i]);
    }
  }
  for (size_t i = 0; i < NUM_STRINGS; i++) {
    char more[100];
    snprintf(more, sizeof(more), "{\"a\":%s}", json_strings[i].text);
    if (!json_strings[i].good) {
      refuses_more(more);
    }
  }
  refuses_more("{\"a\":01}");
  refuses_more("{\"a\":1}}");
  refuses_more("\"{}\"");
}

Test(claims, reading_refuses_scratch_that_is_too_small) {
  struct bulla_span json = test_text("{\"org\":\"ac\\u006de\",\"sub\":\"al\\u0069ce\",\"iat\":1,\"exp\":2}");
  for (size_t size = 0; size <= 9; size++) {
    struct bulla_buffer scratch = test_room(size);
    struct bulla_claims claims = BULLA_CLAIMS_INIT;
    memset(&claims, 0xa5, sizeof(claims));
    TEST_STATUS(bulla_claims_read(&claims, &scratch, json), size < 9 ? BULLA_INVALID_TEXT : BULLA_OK);
    cr_assert(size == 9 || is_empty(&claims), "%zu bytes", size);
  }
}

Test(claims, reading_leaves_none_when_it_fails) {
  static const char *const rows[] = {
      "",
      "[]",
      "{\"org\":\"acme\",\"sub\":\"alice\",\"iat\":1,\"exp\":2",
      "{\"org\":\"acme\",\"sub\":\"alice\",\"iat\":1,\"exp\":1}",
      "{\"org\":\"acme\",\"sub\":\"alice\",\"iat\":1,\"exp\":2,\"jti\":1}",
      "{\"org\":\"acme\",\"sub\":\"alice\",\"exp\":2}",
  };
  for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
    struct bulla_span json = test_text(rows[i]);
    struct bulla_buffer scratch = test_room(json.len);
    struct bulla_claims claims = BULLA_CLAIMS_INIT;
    memset(&claims, 0xa5, sizeof(claims));
    TEST_STATUS(bulla_claims_read(&claims, &scratch, json), BULLA_INVALID_TEXT);
    cr_assert(is_empty(&claims), "%s", rows[i]);
  }
}

Test(claims, permit_what_perms_name_and_nothing_else) {
  static const struct {
    const char *perms;
    const char *permission;
    bool permitted;
  } rows[] = {
      {"[\"read\",\"write\"]", "read", true},
      {"[\"read\",\"write\"]", "write", true},
      {"[\"read\",\"write\"]", "Read", false},
      {"[\"read\",\"write\"]", "rea", false},
      {"[\"read\",\"write\"]", "reads", false},
      {"[\"read\",\"write\"]", "", false},
      {"[\"read\",\"write\"]", "read\",\"write", false},
      {"[ \"a\" ,\n\"b\" ]", "b", true},
      {"[\"a\\\"b\"]", "a\"b", true},
      {"[\"a\\\"b\",\"c\"]", "c", true},
      {"[\"a,b\"]", "b", false},
      {"[\"a]\",\"b\"]", "b", true},
      {"[\"\\u0072ead\"]", "read", true},
      {"[\"\\u00e4\"]", "\xc3\xa4", true},
      {"[\"\\u00e4\"]", "\xc3", false},
      {"[\"\\u00e4\"]", "\\u00e4", false},
      {"[\"\"]", "", true},
      {"[]", "", false},
      {"[]", "read", false},
      {"", "read", false},
      {"", "", false},
  };
  for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
    struct bulla_claims claims = {.size = sizeof(struct bulla_claims), .perms = test_text(rows[i].perms)};
    cr_expect_eq(bulla_claims_permit(&claims, test_text(rows[i].permission)), rows[i].permitted, "row %zu: %s", i,
                 rows[i].perms);
  }
  struct bulla_claims none = {.size = sizeof(struct bulla_claims), .perms = bulla_span(NULL, 0)};
  cr_expect_not(bulla_claims_permit(&none, test_text("read")));
}
