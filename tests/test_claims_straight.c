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

/* With attributes that the straight way takes. */
static struct bulla_claims all_claims(void) {
  struct bulla_claims claims = test_all_claims();
  claims.attrs = test_text("{\"region\":\"emea\",\"tier\":3}");
  return claims;
}

Test(claims_straight, takes_what_bulla_writes) {
  struct bulla_claims claims = test_claims();
  cr_assert(goes_straight(written(&claims)));
  claims = all_claims();
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

/* Says whether |claims| are written the straight way in |size| bytes, which then must be as the general writer's. */
static bool written_straight(const struct bulla_claims *claims, size_t size) {
  struct bulla_buffer room = test_room(size + 1);
  struct bulla_buffer json = bulla_buffer(room.data, size);
  struct bulla_buffer wanted = test_room(size);
  bool taken = bulla_claims_write_straight(&json, claims);
  enum bulla_status status = bulla_claims_write_any(&wanted, claims);
  cr_assert_eq(room.data[size], 0xa5, "it is written behind %zu bytes", size);
  cr_assert(!taken || status == BULLA_OK, "%s", bulla_status_text(status));
  if (taken) {
    TEST_SPAN(bulla_written(&json), bulla_written(&wanted), "%.*s, not %.*s", (int)json.len, json.data, (int)wanted.len,
              wanted.data);
  }
  free(room.data);
  free(wanted.data);
  return taken;
}

Test(claims_straight, writing_takes_what_is_plain_and_fits) {
  struct bulla_claims all = all_claims();
  struct bulla_claims least = test_claims();
  struct bulla_claims longer = all_claims();
  longer.sub = test_filled('x', 500);
  longer.iss = test_filled('y', 500);
  for (size_t size = 0; size < 1500; size++) {
    (void)written_straight(&all, size);
    (void)written_straight(&least, size);
    (void)written_straight(&longer, size);
  }
  cr_assert(written_straight(&all, 700) && written_straight(&least, 700) && written_straight(&longer, 1500));
}

Test(claims_straight, writing_takes_plain_strings_of_every_length_alone) {
  static const char specials[] = "\"\\\n\x1f\x80\xc3";
  for (size_t len = 1; len <= 70; len++) {
    struct bulla_claims claims = all_claims();
    struct bulla_span *strings[] = {&claims.org, &claims.sub, &claims.iss, &claims.aud, &claims.jti};
    for (size_t i = 0; i < 5; i++) {
      struct bulla_span before = *strings[i];
      uint8_t *text = test_alloc(len);
      memset(text, 'x', len);
      *strings[i] = bulla_span(text, len);
      cr_assert(written_straight(&claims, 1000), "%zu bytes", len);
      for (size_t at = 0; at < len; at++) {
        text[at] = (uint8_t)specials[at % (sizeof(specials) - 1)];
        cr_assert_not(written_straight(&claims, 1000), "byte %zu of %zu", at, len);
        text[at] = 'x';
      }
      *strings[i] = before;
    }
  }
}

Test(claims_straight, writing_takes_times_of_ten_digits_alone) {
  static const int64_t good[] = {1000000000, 1000000001, 1699964800, 9999999998, 9999999999};
  static const int64_t bad[] = {INT64_MIN, -1000000000, -1, 1, 999999999, 10000000000, 253402300799, INT64_MAX};
  for (size_t i = 0; i < 3; i++) {
    struct bulla_claims claims = all_claims();
    int64_t *time = i == 0 ? &claims.iat : i == 1 ? &claims.exp : &claims.nbf;
    for (size_t j = 0; j < sizeof(good) / sizeof(*good); j++) {
      *time = good[j];
      cr_assert(written_straight(&claims, 1000), "%lld", (long long)good[j]);
    }
    for (size_t j = 0; j < sizeof(bad) / sizeof(*bad); j++) {
      *time = bad[j];
      cr_assert_not(written_straight(&claims, 1000), "%lld", (long long)bad[j]);
    }
    *time = 0;
    cr_assert_eq(written_straight(&claims, 1000), time == &claims.nbf);
  }
}

Test(claims_straight, writing_takes_plain_lists_and_objects_at_their_places_alone) {
  for (size_t i = 0; i < NUM_STRAIGHT + NUM_OTHERS; i++) {
    const char *text = i < NUM_STRAIGHT ? straight[i] : others[i - NUM_STRAIGHT];
    const char *perms = strstr(text, "\"perms\":");
    const char *attrs = strstr(text, "\"attrs\":");
    struct bulla_span values[2] = {perms == NULL ? bulla_span(NULL, 0) : test_text(perms + 8),
                                   attrs == NULL ? bulla_span(NULL, 0) : test_text(attrs + 8)};
    for (size_t value = 0; value < 2; value++) {
      for (size_t len = 1; len <= values[value].len; len++) {
        struct bulla_json_value read;
        struct bulla_claims claims = test_claims();
        claims.perms = test_guarded(bulla_span(values[value].data, len));
        bool list = written_straight(&claims, 1000);
        claims.attrs = claims.perms;
        claims.perms = bulla_span(NULL, 0);
        bool object = written_straight(&claims, 1000);
        bool good = bulla_json_read_inside(&read, 0, claims.attrs) == BULLA_OK && read.text.len == len;
        cr_assert(!list || (good && read.all_strings), "%.*s", (int)len, claims.attrs.data);
        cr_assert(!object || (good && read.type == BULLA_JSON_OBJECT), "%.*s", (int)len, claims.attrs.data);
        cr_assert(!good || list || object || i >= NUM_STRAIGHT || len < 16, "%.*s", (int)len, claims.attrs.data);
      }
    }
  }
}

Test(claims_straight, writing_leaves_own_claims_and_missing_ones_to_the_general_writer) {
  struct bulla_claims claims = all_claims();
  claims.more = test_text("{}");
  cr_assert_not(written_straight(&claims, 1000));
  claims = all_claims();
  claims.org = bulla_span(NULL, 0);
  cr_assert_not(written_straight(&claims, 1000));
}
