/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Claims sealed honestly, by whoever holds the key, which the verifier must read with the same care as a
 * stranger's. */

#include <stdio.h>

#include "core/jwe_compact.h"
#include "tests/json_rows.h"
#include "tests/token_support.h"

TEST_TOKEN_SUITE(token_payload);

#define ORG "\"org\":\"acme\""
#define SUB "\"sub\":\"alice\""
#define IAT "\"iat\":1699964800"
#define EXP "\"exp\":1699968400"
#define LEAST ORG "," SUB "," IAT "," EXP

static void judges(struct bulla_span claims, enum bulla_status wanted) {
  TEST_VERIFY(verifier, test_honest(issuer, claims), TEST_NOW, wanted, "%.*s", (int)claims.len, claims.data);
}

Test(token_payload, claims_are_believed_in_every_spelling) {
  static const char *const rows[] = {
      "{" LEAST "}",
      "{" EXP "," IAT "," SUB "," ORG "}",
      " {\n\t" ORG " , " SUB " ,\r" IAT "," EXP "\n} ",
      "{\"\\u006frg\":\"\\u0061cme\"," SUB "," IAT "," EXP "}",
      "{" LEAST ",\"x\":null,\"y\":[1,{\"z\":[]}],\"org2\":\"other\",\"Org\":\"other\"}",
      "{" LEAST ",\"attrs\":{\"org\":\"other\",\"exp\":1,\"exp2\":1}}",
      "{" LEAST ",\"nbf\":0}",
      "{" LEAST ",\"nbf\":1699964800}",
      "{" LEAST ",\"perms\":[]}",
      "{" LEAST ",\"perms\":[\"\",\"a\\\"b\"],\"attrs\":{}}",
      "{" LEAST ",\"x\":-9223372036854775808,\"y\":9223372036854775807,\"z\":1.5e10}",
      "{" ORG "," SUB "," IAT ",\"exp\":1699964801}",
      "{" ORG "," SUB "," IAT ",\"exp\":1700051200}",
  };
  for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
    judges(test_text(rows[i]), BULLA_OK);
  }
}

Test(token_payload, what_begins_after_its_end_is_good_at_no_time) {
  judges(test_text("{" LEAST ",\"nbf\":1699968400}"), BULLA_NOT_YET_VALID);
  judges(test_text("{" ORG "," SUB ",\"iat\":1699964700,\"exp\":1699964800,\"nbf\":1699964900}"), BULLA_EXPIRED);
}

Test(token_payload, what_is_no_json_or_no_object_is_refused) {
  for (size_t i = 0; i < NUM_BAD_TEXTS; i++) {
    judges(test_text(bad_text(i, LEAST)), BULLA_REFUSED);
  }
  judges(test_text("\"acme\""), BULLA_REFUSED);
  judges(test_text("[{" LEAST "}]"), BULLA_REFUSED);
  judges(test_text("{}"), BULLA_REFUSED);
  judges(test_text(LEAST), BULLA_REFUSED);
  judges(test_text("{" ORG "," SUB "," IAT EXP "}"), BULLA_REFUSED);
  judges(test_text("\xef\xbb\xbf{" LEAST "}"), BULLA_REFUSED);
  judges(test_concat(test_text("{" LEAST "}"), bulla_span("", 1)), BULLA_REFUSED);
}

Test(token_payload, a_claim_that_is_missing_or_of_another_type_is_refused) {
  static const char *const rows[] = {
      "{" SUB "," IAT "," EXP "}",
      "{" ORG "," IAT "," EXP "}",
      "{" ORG "," SUB "," EXP "}",
      "{" ORG "," SUB "," IAT "}",
      "{\"Org\":\"acme\"," SUB "," IAT "," EXP "}",
      "{\"org\":\"\"," SUB "," IAT "," EXP "}",
      "{\"org\":1," SUB "," IAT "," EXP "}",
      "{\"org\":null," SUB "," IAT "," EXP "}",
      "{\"org\":[\"acme\"]," SUB "," IAT "," EXP "}",
      "{\"org\":{\"acme\":1}," SUB "," IAT "," EXP "}",
      "{" ORG ",\"sub\":\"\"," IAT "," EXP "}",
      "{" ORG ",\"sub\":7," IAT "," EXP "}",
      "{" ORG ",\"sub\":true," IAT "," EXP "}",
      "{" LEAST ",\"iss\":\"\"}",
      "{" LEAST ",\"iss\":1}",
      "{" LEAST ",\"iss\":null}",
      "{" LEAST ",\"aud\":\"\"}",
      "{" LEAST ",\"aud\":[\"a\"]}",
      "{" LEAST ",\"aud\":{}}",
      "{" LEAST ",\"jti\":\"\"}",
      "{" LEAST ",\"jti\":1}",
      "{" LEAST ",\"nbf\":\"1\"}",
      "{" LEAST ",\"nbf\":null}",
      "{" LEAST ",\"nbf\":1.5}",
      "{" LEAST ",\"nbf\":-1}",
      "{" LEAST ",\"nbf\":253402300800}",
      "{" LEAST ",\"nbf\":[]}",
      "{" LEAST ",\"perms\":\"admin\"}",
      "{" LEAST ",\"perms\":{}}",
      "{" LEAST ",\"perms\":null}",
      "{" LEAST ",\"perms\":[1]}",
      "{" LEAST ",\"perms\":[\"a\",null]}",
      "{" LEAST ",\"perms\":[\"a\",[\"b\"]]}",
      "{" LEAST ",\"perms\":[{}]}",
      "{" LEAST ",\"attrs\":[]}",
      "{" LEAST ",\"attrs\":\"a\"}",
      "{" LEAST ",\"attrs\":null}",
      "{" LEAST ",\"attrs\":1}",
  };
  for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
    judges(test_text(rows[i]), BULLA_REFUSED);
  }
}

Test(token_payload, times_that_are_no_seconds_or_out_of_bounds_are_refused) {
  static const char *const times[][2] = {
      {"-1", "1699968400"},
      {"0", "3600"}, /* of another day than the header's */
      {"\"1699964800\"", "1699968400"},
      {"1699964800.0", "1699968400"},
      {"1.6999648e9", "1699968400"},
      {"01699964800", "1699968400"},
      {"+1699964800", "1699968400"},
      {"null", "1699968400"},
      {"true", "1699968400"},
      {"[1699964800]", "1699968400"},
      {"1699964800", "\"1699968400\""},
      {"1699964800", "1699968400.0"},
      {"1699964800", "16999684e2"},
      {"1699964800", "null"},
      {"1699964800", "0"},
      {"1699964800", "-1699968400"},
      {"1699964800", "1699964799"},
      {"1699964800", "1699964800"},
      {"1699964800", "1700051201"},
      {"1699964800", "253402300800"},
      {"1699964800", "9223372036854775807"},
      {"1699964800", "9223372036854775808"},
      {"1699964800", "-9223372036854775808"},
      {"1699964800", "-9223372036854775809"},
      {"1699964800", "18446744075409552016"}, /* 2^64 more than it should be */
      {"18446744075409516416", "1699968400"},
      {"1699964800", "99999999999999999999999999999999999999999999"},
      {"1699964800", "1e400"},
      {"-9223372036854775808", "9223372036854775807"},
  };
  for (size_t i = 0; i < sizeof(times) / sizeof(*times); i++) {
    char json[300];
    snprintf(json, sizeof(json), "{" ORG "," SUB ",\"iat\":%s,\"exp\":%s}", times[i][0], times[i][1]);
    judges(test_text(json), BULLA_REFUSED);
  }
  for (size_t i = 0; i < NUM_NUMBERS; i++) {
    char json[300];
    snprintf(json, sizeof(json), "{" LEAST ",\"x\":%s}", json_numbers[i].text);
    judges(test_text(json), json_numbers[i].good ? BULLA_OK : BULLA_REFUSED);
  }
}

Test(token_payload, a_claim_that_comes_twice_is_refused) {
  static const char *const rows[] = {
      "{" LEAST "," ORG "}",
      "{" LEAST "," SUB "}",
      "{" LEAST "," EXP "}",
      "{" LEAST ",\"exp\":1699968401}",
      "{" LEAST ",\"\\u006frg\":\"other\"}",
      "{\"\\u006frg\":\"other\"," LEAST "}",
      "{" LEAST ",\"x\":1,\"\\u0078\":1}",
      "{" LEAST ",\"perms\":[],\"perms\":[\"admin\"]}",
      "{" LEAST ",\"attrs\":{\"a\":1,\"a\":1}}",
      "{" LEAST ",\"x\":[{\"a\":{\"b\":1,\"b\":2}}]}",
  };
  for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
    judges(test_text(rows[i]), BULLA_REFUSED);
  }
}

Test(token_payload, text_that_is_no_utf8_or_no_character_is_refused_wherever_it_stands) {
  static const char *const places[][2] = {
      {",\"iss\":\"a", "}"},           {",\"x\":\"a", "}"},        {",\"a", ":1}"}, {",\"perms\":[\"a", "]}"},
      {",\"attrs\":{\"a\":\"a", "}}"}, {",\"attrs\":{\"a", ":1}}"}};
  for (size_t i = 0; i < NUM_STRINGS; i++) {
    for (size_t place = 0; place < sizeof(places) / sizeof(*places); place++) {
      char json[400];
      snprintf(json, sizeof(json), "{" LEAST "%s%s%s", places[place][0], json_strings[i].text + 1, places[place][1]);
      judges(test_text(json), json_strings[i].good ? BULLA_OK : BULLA_REFUSED);
    }
  }
  judges(test_concat(test_text("{" LEAST ",\"iss\":\"a"), test_concat(bulla_span("", 1), test_text("\"}"))),
         BULLA_REFUSED);
}

/* As the value of a claim that is not known. */
static struct bulla_span nested(const char *open, const char *close, size_t num) {
  struct bulla_span levels = json_nested(num, open, "0", close);
  return test_concat(test_text("{" LEAST ",\"x\":"), test_concat(levels, test_text("}")));
}

Test(token_payload, depth_is_bounded) {
  static const size_t depths[] = {1, 30, 31, 32, 33, 100, 1000};
  for (size_t i = 0; i < sizeof(depths) / sizeof(*depths); i++) {
    enum bulla_status wanted = depths[i] + 1 <= 32 ? BULLA_OK : BULLA_REFUSED;
    judges(nested("[", "]", depths[i]), wanted);
    if (depths[i] < 1000) {
      judges(nested("{\"a\":", "}", depths[i]), wanted);
      judges(nested("[{\"a\":", "}]", depths[i]), depths[i] <= 15 ? BULLA_OK : BULLA_REFUSED);
    }
  }
  judges(test_concat(test_text("{" LEAST ",\"x\":"), test_filled('[', 5000)), BULLA_REFUSED);
}

Test(token_payload, the_number_of_claims_is_bounded) {
  for (size_t num_more = 58; num_more <= 62; num_more++) {
    char json[1000] = "{" LEAST;
    for (size_t i = 0; i < num_more; i++) {
      snprintf(json + strlen(json), sizeof(json) - strlen(json), ",\"%zu\":0", i);
    }
    judges(test_concat(test_text(json), test_text("}")), num_more + 4 <= 64 ? BULLA_OK : BULLA_REFUSED);
  }
}

Test(token_payload, an_org_is_at_most_128_bytes_after_unescaping) {
  static const struct {
    const char *character;
    size_t len; /* of the character */
  } rows[] = {{"a", 1}, {"\\u0061", 1}, {"\\u00e4", 2}, {"\xc3\xa4", 2}};
  for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
    for (size_t num = 128 / rows[i].len; num <= 128 / rows[i].len + 1; num++) {
      struct bulla_span json = test_text("{\"org\":\"");
      for (size_t repeat = 0; repeat < num; repeat++) {
        json = test_concat(json, test_text(rows[i].character));
      }
      /* Of another tenant, if it can be read at all. */
      judges(test_concat(json, test_text("\"," SUB "," IAT "," EXP "}")),
             num * rows[i].len <= 128 ? BULLA_CLAIM_REFUSED : BULLA_REFUSED);
    }
  }
}

Test(token_payload, a_token_of_8192_bytes_verifies_and_a_longer_one_does_not) {
  struct bulla_span cek = test_cek(test_root_of(issuer), TEST_DAY);
  struct bulla_span header = test_own_header(issuer->key_id, TEST_DAY);
  struct bulla_span least = test_text("{" LEAST "}");
  size_t longest = 0;
  for (size_t num_spaces = 5900; num_spaces < 6000; num_spaces++) {
    struct bulla_span sealed = test_seal_token(cek, header, test_concat(least, test_filled(' ', num_spaces)));
    bool fits = sealed.len <= 8192;
    TEST_VERIFY(verifier, sealed, TEST_NOW, fits ? BULLA_OK : BULLA_REFUSED, "%zu bytes", sealed.len);
    struct bulla_token_outline outline = BULLA_TOKEN_OUTLINE_INIT;
    TEST_STATUS(bulla_token_inspect(&outline, sealed), fits ? BULLA_OK : BULLA_REFUSED);
    longest = fits && sealed.len > longest ? sealed.len : longest;
  }
  cr_expect_geq(longest, 8191);
  TEST_VERIFY(verifier, test_filled('A', 8193), TEST_NOW, BULLA_REFUSED, "8193 digits");
  TEST_VERIFY(verifier, test_filled('A', 8192), TEST_NOW, BULLA_REFUSED, "8192 digits");
}

Test(token_payload, is_opened_into_room_for_all_of_it_alone) {
  struct bulla_span header = test_text("e30");
  struct bulla_span plaintext = test_text("some claims");
  struct bulla_aead *aead = NULL;
  struct bulla_buffer token = test_room(200);
  struct bulla_jwe_parts parts;
  TEST_OK(bulla_aead_new(&aead, test_filled(7, BULLA_KEY_LEN)));
  memcpy(token.data + bulla_jwe_payload_offset(header.len), plaintext.data, plaintext.len);
  TEST_OK(bulla_jwe_seal_composed(aead, &token, header, plaintext.len, 0));
  TEST_OK(bulla_jwe_split(&parts, bulla_written(&token)));
  for (size_t size = 0; size <= plaintext.len + 1; size++) {
    struct bulla_buffer opened = test_room(size);
    bool fits = size >= plaintext.len;
    TEST_STATUS(bulla_jwe_open(aead, &opened, &parts), fits ? BULLA_OK : BULLA_BUFFER_TOO_SMALL);
    if (fits) {
      TEST_SPAN(bulla_written(&opened), plaintext, "%zu bytes", size);
    } else {
      TEST_FAILED(opened, "%zu bytes", size);
    }
  }
  bulla_aead_free(&aead);
}
