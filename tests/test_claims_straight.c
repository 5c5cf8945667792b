/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The straight way to claims, beside the general reader: what it takes, that reads the same; and what bulla writes, it
 * takes. fuzz/claims_straight.c asks the same of what nobody thought of. */

#include "core/json.h"
#include "tests/token_support.h"
#include "token/claims.h"

#define TIMES ",\"iat\":1699964800,\"exp\":1699968400"
#define LEAST "{\"org\":\"acme\",\"sub\":\"alice\"" TIMES "}"
#define WITH(members) "{\"org\":\"acme\",\"sub\":\"alice\"" TIMES members "}"
#define PERMS(list) WITH(",\"perms\":" list)
#define ATTRS(object) WITH(",\"attrs\":" object)
#define LONG_NAME "a name of more than sixteen bytes"

/* What bulla writes, and what is as simple. */
static const char *const straight[] = {
    LEAST,
    WITH(",\"nbf\":1699964810"),
    WITH(",\"jti\":\"7c1b\""),
    PERMS("[]"),
    PERMS("[\"\"]"),
    PERMS("[\"a\"]"),
    PERMS("[\"dashboards:read\",\"charts:read\"]"),
    ATTRS("{}"),
    ATTRS("{\"name\":\"\"}"),
    ATTRS("{\"region\":\"emea\",\"tier\":\"gold\"}"),
    ATTRS("{\"a\":[],\"b\":[\"x\"],\"c\":[\"x\",\"x\"]}"),
    ATTRS("{\"a\":true,\"b\":false,\"c\":0,\"d\":-1,\"e\":1.5e3,\"f\":9223372036854775807}"),
    ATTRS("{\"a\":1,\"b\":2,\"c\":3,\"d\":4,\"e\":5,\"f\":6,\"g\":7,\"h\":8,\"i\":9,\"j\":10,\"k\":11,\"l\":12,"
          "\"m\":13,\"n\":14,\"o\":15,\"p\":\"last\"}"),
    ATTRS("{\"org\":\"other\",\"iat\":1,\"perms\":[\"admin\"]}"),
    ATTRS("{\"1234567\":1,\"12345678\":2,\"123456789\":3,\"" LONG_NAME "\":4,\"" LONG_NAME "2\":5}"),
    "{\"org\":\"acme\",\"sub\":\"alice\",\"iss\":\"https://issuer.example\",\"aud\":\"dashboards\"" TIMES
    ",\"nbf\":1699964810,\"jti\":\"7c1b\",\"perms\":[\"dashboards:read\"],\"attrs\":{\"region\":\"emea\"}}",
    "{\"org\":\"acme\",\"sub\":\"alice\",\"jti\":\"7c1b\",\"perms\":[\"a\"],\"attrs\":{\"b\":\"c\"}" TIMES
    ",\"orig_iat\":1699964000}",
    "{\"org\":\"{[,:]}\",\"sub\":\",'}/\x7f \"" TIMES "}",
    "{\"org\":\"acme\",\"sub\":\"alice\",\"iat\":1000000000,\"exp\":9999999999}",
    /* What binds claims to each other is not its business. */
    "{\"org\":\"acme\"}",
    "{\"org\":\"acme\",\"sub\":\"alice\",\"iat\":1699964800}",
};

/* What it leaves to the general reader, good or bad. */
static const char *const others[] = {
    "",
    "{",
    "}",
    "{}",
    "[]",
    "{\"org\":\"",
    "{\"org\":\"\"" TIMES "}",
    "{\"sub\":\"alice\"" TIMES "}",
    "{,\"sub\":\"alice\"" TIMES "}",
    "{\"sub\":\"alice\",\"org\":\"acme\"" TIMES "}",
    "{\"org\":\"acme\",\"sub\":\"\"" TIMES "}",
    "{\"org\":\"acme\",\"sub\":\"alice\",\"jti\":\"\"" TIMES "}",
    "{\"org\":\"acme\",\"org\":\"acme\",\"sub\":\"alice\"" TIMES "}",
    "{\"org\":\"acme\",\"sub\":\"alice\",\"sub\":\"alice\"" TIMES "}",
    "{\"org\":\"acme\",\"sub\":\"alice\",\"aud\":\"a\",\"iss\":\"b\"" TIMES "}",
    "{\"org\":\"ac\\u006de\",\"sub\":\"alice\"" TIMES "}",
    "{\"org\":\"acme\",\"sub\":\"al\\\"ice\"" TIMES "}",
    "{\"org\":\"acme\",\"sub\":\"al\nice\"" TIMES "}",
    "{\"org\":\"acme\",\"sub\":\"al\xc3\xa4ice\"" TIMES "}",
    "{\"org\":\"acme\",\"sub\":\"al\xff"
    "ice\"" TIMES "}",
    "{\"org\":\"acme\",\"sub\":1" TIMES "}",
    "{ \"org\":\"acme\",\"sub\":\"alice\"" TIMES "}",
    "{\"org\":\"acme\" ,\"sub\":\"alice\"" TIMES "}",
    "{\"org\":\"acme\", \"sub\":\"alice\"" TIMES "}",
    "{\"org\": \"acme\",\"sub\":\"alice\"" TIMES "}",
    "{\"Org\":\"acme\",\"sub\":\"alice\"" TIMES "}",
    "{\"\\u006frg\":\"acme\",\"sub\":\"alice\"" TIMES "}",
    LEAST " ",
    LEAST "}",
    LEAST "{}",
    WITH(","),
    WITH(",\"name\":\"Alice\""),
    WITH(",\"iat\":1699964800"),
    WITH(",\"exp\":1699968400"),
    WITH(",\"nbf\":1699964810,\"nbf\":1699964810"),
    WITH(",\"orig_iat\":1699964000,\"orig_iat\":1699964000"),
    WITH(",\"perms\":[],\"perms\":[]"),
    WITH(",\"attrs\":{},\"attrs\":{}"),
    WITH(",\"attrs\":{},\"perms\":[]"),
    WITH(",\"perms\":[\"a\"],\"jti\":\"7c1b\""),
    /* Numbers. */
    "{\"org\":\"acme\",\"sub\":\"alice\",\"iat\":1,\"exp\":2}",
    "{\"org\":\"acme\",\"sub\":\"alice\",\"iat\":999999999,\"exp\":1000000000}",
    "{\"org\":\"acme\",\"sub\":\"alice\",\"iat\":9999999999,\"exp\":10000000000}",
    "{\"org\":\"acme\",\"sub\":\"alice\",\"iat\":0999999999,\"exp\":1000000000}",
    "{\"org\":\"acme\",\"sub\":\"alice\",\"iat\":-999999999,\"exp\":1000000000}",
    "{\"org\":\"acme\",\"sub\":\"alice\",\"iat\":+999999999,\"exp\":1000000000}",
    "{\"org\":\"acme\",\"sub\":\"alice\",\"iat\":1699964800.0,\"exp\":1699968400}",
    "{\"org\":\"acme\",\"sub\":\"alice\",\"iat\":1699964800e0,\"exp\":1699968400}",
    "{\"org\":\"acme\",\"sub\":\"alice\",\"iat\":16999648e2,\"exp\":1699968400}",
    "{\"org\":\"acme\",\"sub\":\"alice\",\"iat\":169996480:,\"exp\":1699968400}",
    "{\"org\":\"acme\",\"sub\":\"alice\",\"iat\":16999648/0,\"exp\":1699968400}",
    "{\"org\":\"acme\",\"sub\":\"alice\",\"iat\":\"169996480\",\"exp\":1699968400}",
    "{\"org\":\"acme\",\"sub\":\"alice\",\"iat\":99999999999999999999,\"exp\":1699968400}",
    "{\"org\":\"acme\",\"sub\":\"alice\",\"iat\":1699964800",
    "{\"org\":\"acme\",\"sub\":\"alice\",\"iat\":169996480",
    "{\"org\":\"acme\",\"sub\":\"alice\",\"iat\":",
    "{\"org\":\"acme\",\"sub\":\"alice\",\"iat\"",
    /* Permissions. */
    PERMS("{}"),
    PERMS("\"a\""),
    PERMS("[1]"),
    PERMS("[\"a\",1]"),
    PERMS("[\"a\",null]"),
    PERMS("[[\"a\"]]"),
    PERMS("[\"a\",]"),
    PERMS("[,\"a\"]"),
    PERMS("[\"a\"\"b\"]"),
    PERMS("[\"a\";\"b\"]"),
    PERMS("[\"a\" ]"),
    PERMS("[ ]"),
    PERMS("[\"a\"}"),
    PERMS("[\"a\""),
    PERMS("[\"a]"),
    PERMS("[\"a\",\"b\\n\"]"),
    PERMS("[\"\xe2\x82\xac\"]"),
    PERMS("[\"a\"],\"sub\":\"root\""),
    /* Attributes. */
    ATTRS("[]"),
    ATTRS("\"a\""),
    ATTRS("{\"a\"}"),
    ATTRS("{\"a\":}"),
    ATTRS("{\"a\":1,}"),
    ATTRS("{,\"a\":1}"),
    ATTRS("{\"a\":1 }"),
    ATTRS("{\"a\" :1}"),
    ATTRS("{\"a\";1}"),
    ATTRS("{\"a\":1;\"b\":2}"),
    ATTRS("{\"a\":1]"),
    ATTRS("{\"a\":1"),
    ATTRS("{\"\":1}"),
    ATTRS("{\"a\":1}"), /* so near the end, a word cannot be read */
    ATTRS("{1:1}"),
    ATTRS("{\"a\":null}"),
    ATTRS("{\"a\":tru}"),
    ATTRS("{\"a\":truer}"),
    ATTRS("{\"a\":fals"),
    ATTRS("{\"a\":01}"),
    ATTRS("{\"a\":-}"),
    ATTRS("{\"a\":1.}"),
    ATTRS("{\"a\":9223372036854775808}"),
    ATTRS("{\"a\":1e251}"),
    ATTRS("{\"a\":{}}"),
    ATTRS("{\"a\":[1,2]}"),
    ATTRS("{\"a\":[[]]}"),
    ATTRS("{\"a\":[\"x\",]}"),
    ATTRS("{\"a\":1,\"a\":2}"),
    ATTRS("{\"a\":1,\"b\":2,\"a\":3}"),
    ATTRS("{\"1234567\":1,\"1234567\":2}"),
    ATTRS("{\"12345678\":1,\"12345678\":2}"),
    ATTRS("{\"123456789\":1,\"123456789\":2}"),
    ATTRS("{\"" LONG_NAME "\":1,\"b\":2,\"" LONG_NAME "\":3}"),
    ATTRS("{\"a\":1,\"\\u0061\":2}"),
    ATTRS("{\"a\":1,\"b\":2,\"c\":3,\"d\":4,\"e\":5,\"f\":6,\"g\":7,\"h\":8,\"i\":9,\"j\":10,\"k\":11,\"l\":12,"
          "\"m\":13,\"n\":14,\"o\":15,\"p\":16,\"q\":17}"),
    ATTRS("{\"a\":\"x\"},\"perms\":[\"admin\"]"),
};

enum { NUM_STRAIGHT = sizeof(straight) / sizeof(*straight), NUM_OTHERS = sizeof(others) / sizeof(*others) };

/* Says whether |json| goes the straight way, after asking the general reader whether it may. */
static bool goes_straight(struct bulla_span json) {
  struct bulla_claims claims;
  struct bulla_claims wanted;
  memset(&claims, 0xa5, sizeof(claims));
  memset(&wanted, 0xa5, sizeof(wanted));
  struct bulla_buffer scratch = test_room(json.len);
  bool taken = bulla_claims_read_straight(&claims, json);
  bool good = bulla_claims_read_any(&wanted, &scratch, json);
  cr_assert(!taken || good, "it is refused: %.*s", (int)json.len, json.data);
  cr_assert(!taken || memcmp(&claims, &wanted, sizeof(claims)) == 0, "it reads otherwise: %.*s", (int)json.len,
            json.data);
  return taken;
}

static struct bulla_span written(const struct bulla_claims *claims) {
  struct bulla_buffer json = test_room(1000);
  TEST_OK(bulla_claims_write(&json, claims));
  return test_copy(bulla_written(&json));
}

Test(claims_straight, takes_what_is_plain_and_in_order) {
  for (size_t i = 0; i < NUM_STRAIGHT; i++) {
    cr_assert(goes_straight(test_guarded(test_text(straight[i]))), "%s", straight[i]);
  }
}

Test(claims_straight, leaves_the_rest_to_the_general_reader) {
  for (size_t i = 0; i < NUM_OTHERS; i++) {
    cr_assert_not(goes_straight(test_guarded(test_text(others[i]))), "%s", others[i]);
  }
}

Test(claims_straight, takes_what_bulla_writes) {
  struct bulla_claims claims = test_claims();
  cr_assert(goes_straight(written(&claims)));
  claims.iss = test_text("https://issuer.example");
  claims.aud = test_text("dashboards");
  claims.jti = test_text("7c1b");
  claims.nbf = TEST_NOW + 10;
  claims.perms = test_text("[\"dashboards:read\",\"charts:read\"]");
  claims.attrs = test_text("{\"region\":\"emea\",\"tier\":3}");
  struct bulla_span json = written(&claims);
  cr_assert(goes_straight(json));
  claims.orig_iat = TEST_NOW - 100;
  struct bulla_buffer refreshed = test_room(1000);
  TEST_OK(bulla_claims_refresh(&refreshed, &claims, json));
  cr_assert(goes_straight(bulla_written(&refreshed)));
}

Test(claims_straight, reads_every_changed_byte_as_the_general_reader_does) {
  static const char replacements[] = "\"\\{}[]:,. \n\t-+0123456789eEantf/\x01\x7f\x80\xc3\xff";
  for (size_t i = 0; i < NUM_STRAIGHT; i++) {
    struct bulla_span whole = test_text(straight[i]);
    uint8_t *changed = test_alloc(whole.len);
    for (size_t at = 0; at < whole.len; at++) {
      for (size_t j = 0; j < sizeof(replacements); j++) {
        memcpy(changed, whole.data, whole.len);
        changed[at] = (uint8_t)replacements[j];
        (void)goes_straight(bulla_span(changed, whole.len));
      }
    }
  }
}

Test(claims_straight, reads_what_is_cut_or_doubled_as_the_general_reader_does) {
  for (size_t i = 0; i < NUM_STRAIGHT; i++) {
    struct bulla_span whole = test_text(straight[i]);
    for (size_t at = 0; at < whole.len; at++) {
      (void)goes_straight(test_copy(bulla_span(whole.data, at)));
      for (size_t end = at + 1; end <= whole.len && end <= at + 24; end++) {
        struct bulla_span before = bulla_span(whole.data, end);
        struct bulla_span without = bulla_span(whole.data, at);
        (void)goes_straight(test_concat(before, bulla_span(whole.data + at, whole.len - at)));
        (void)goes_straight(test_concat(without, bulla_span(whole.data + end, whole.len - end)));
      }
    }
  }
}

Test(claims_straight, leaves_more_strings_than_it_counts_to_the_general_reader) {
  for (size_t num = 1; num < 200; num++) {
    struct bulla_buffer json = test_room(1000);
    struct bulla_writer out = bulla_writer(&json);
    bulla_put(&out, test_text("{\"org\":\"acme\",\"sub\":\"alice\"" TIMES ",\"perms\":[\"\""));
    for (size_t i = 1; i < num; i++) {
      bulla_put(&out, test_text(",\"\""));
    }
    bulla_put(&out, test_text("]}"));
    TEST_OK(bulla_writer_finish(&out));
    /* Twelve quotes are around it, and two are of each string. */
    cr_assert_eq(goes_straight(test_copy(bulla_written(&json))), 14 + 2 * num <= 256, "%zu permissions", num);
  }
}

Test(claims_straight, leaves_more_attributes_than_it_compares_to_the_general_reader) {
  for (size_t num = 1; num < 100; num++) {
    struct bulla_buffer json = test_room(2000);
    struct bulla_writer out = bulla_writer(&json);
    bulla_put(&out, test_text("{\"org\":\"acme\",\"sub\":\"alice\"" TIMES ",\"attrs\":{"));
    for (size_t i = 0; i < num; i++) {
      char member[20];
      snprintf(member, sizeof(member), "%s\"%zu\":12345", i > 0 ? "," : "", i);
      bulla_put(&out, test_text(member));
    }
    bulla_put(&out, test_text("}}"));
    TEST_OK(bulla_writer_finish(&out));
    cr_assert_eq(goes_straight(test_copy(bulla_written(&json))), num <= 16, "%zu attributes", num);
  }
}
