/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What minting is given and verifying hands out beyond struct bulla_claims: built without quoting, read without a
 * parser. */

#include "tests/token_support.h"

TEST_TOKEN_SUITE(claims_get);

#define NAME(literal) BULLA_LITERAL(literal)

static struct bulla_span attrs(void) {
  static uint8_t room[400];
  const struct bulla_span groups[] = {NAME("a"), NAME("\"b\"")};
  struct bulla_builder builder;
  struct bulla_span json;
  bulla_build_object(&builder, room, sizeof(room));
  bulla_build_text(&builder, NAME("region"), NAME("eu \"west\"\n\x01"));
  bulla_build_int(&builder, NAME("limit"), -7);
  bulla_build_bool(&builder, NAME("beta"), true);
  bulla_build_texts(&builder, NAME("groups"), groups, 2);
  bulla_build_texts(&builder, NAME("none"), NULL, 0);
  bulla_build_text(&builder, NAME("a\"b"), NAME("quoted name"));
  bulla_build_text(&builder, NAME("empty"), NAME(""));
  TEST_OK(bulla_built(&builder, &json));
  return json;
}

/* Verified claims with everything in them. */
static struct bulla_claims verified(struct bulla_buffer *payload) {
  static uint8_t perms[100];
  static uint8_t more[100];
  struct bulla_claims claims = test_claims();
  struct bulla_builder builder;
  claims.attrs = attrs();
  bulla_build_array(&builder, perms, sizeof(perms));
  bulla_build_item(&builder, NAME("read"));
  bulla_build_item(&builder, NAME("wr\\ite"));
  TEST_OK(bulla_built(&builder, &claims.perms));
  bulla_build_object(&builder, more, sizeof(more));
  bulla_build_int(&builder, NAME("tier"), INT64_MAX);
  bulla_build_text(&builder, NAME("plan"), NAME("pro"));
  bulla_build_bool(&builder, NAME("trial"), false);
  TEST_OK(bulla_built(&builder, &claims.more));
  struct bulla_claims read = BULLA_CLAIMS_INIT;
  TEST_OK(bulla_token_verify(verifier, &read, payload, test_minted(issuer, &claims), TEST_NOW));
  return read;
}

Test(claims_get, what_was_built_comes_back) {
  struct bulla_buffer payload = test_room(BULLA_PAYLOAD_SIZE);
  struct bulla_claims claims = verified(&payload);
  struct bulla_buffer text = test_room(64);
  int64_t number;
  bool value;
  TEST_OK(bulla_claims_attr_text(&claims, &text, NAME("region")));
  TEST_SPAN(bulla_written(&text), NAME("eu \"west\"\n\x01"), "region");
  TEST_OK(bulla_claims_attr_text(&claims, &text, NAME("a\"b")));
  TEST_SPAN(bulla_written(&text), NAME("quoted name"), "a name with a quote");
  TEST_OK(bulla_claims_attr_text(&claims, &text, NAME("empty")));
  cr_expect_eq(text.len, 0);
  TEST_OK(bulla_claims_attr_int(&claims, &number, NAME("limit")));
  cr_expect_eq(number, -7);
  TEST_OK(bulla_claims_attr_bool(&claims, &value, NAME("beta")));
  cr_expect(value);
  TEST_OK(bulla_claims_own_int(&claims, &number, NAME("tier")));
  cr_expect_eq(number, INT64_MAX);
  TEST_OK(bulla_claims_own_text(&claims, &text, NAME("plan")));
  TEST_SPAN(bulla_written(&text), NAME("pro"), "plan");
  TEST_OK(bulla_claims_own_bool(&claims, &value, NAME("trial")));
  cr_expect(!value);
  cr_expect(bulla_claims_permit(&claims, NAME("wr\\ite")));
}

Test(claims_get, values_of_any_type_come_as_json) {
  static const struct {
    const char *name;
    const char *json;
  } rows[] = {
      {"groups", "[\"a\",\"\\\"b\\\"\"]"}, {"none", "[]"}, {"limit", "-7"}, {"beta", "true"}, {"empty", "\"\""}};
  struct bulla_buffer payload = test_room(BULLA_PAYLOAD_SIZE);
  struct bulla_claims claims = verified(&payload);
  struct bulla_span json;
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    TEST_OK(bulla_claims_attr_json(&claims, &json, test_text(rows[i].name)));
    TEST_SPAN(json, test_text(rows[i].json), "%s: %.*s", rows[i].name, (int)json.len, (const char *)json.data);
  }
  TEST_OK(bulla_claims_own_json(&claims, &json, NAME("plan")));
  TEST_SPAN(json, NAME("\"pro\""), "plan");
}

Test(claims_get, permissions_come_one_by_one) {
  struct bulla_buffer payload = test_room(BULLA_PAYLOAD_SIZE);
  struct bulla_claims claims = verified(&payload);
  struct bulla_buffer perm = test_room(6);
  size_t at = 0;
  TEST_OK(bulla_claims_next_perm(&claims, &at, &perm));
  TEST_SPAN(bulla_written(&perm), NAME("read"), "the first");
  TEST_OK(bulla_claims_next_perm(&claims, &at, &perm));
  TEST_SPAN(bulla_written(&perm), NAME("wr\\ite"), "the second");
  TEST_STATUS(bulla_claims_next_perm(&claims, &at, &perm), BULLA_NOT_FOUND);
  TEST_STATUS(bulla_claims_next_perm(&claims, &at, &perm), BULLA_NOT_FOUND);
  at = SIZE_MAX;
  TEST_STATUS(bulla_claims_next_perm(&claims, &at, &perm), BULLA_NOT_FOUND);
  perm.size = 3;
  at = 0;
  TEST_STATUS(bulla_claims_next_perm(&claims, &at, &perm), BULLA_BUFFER_TOO_SMALL);
  cr_expect_eq(at, 0, "what did not fit is not passed over");
  const struct bulla_claims none = BULLA_CLAIMS_INIT;
  TEST_STATUS(bulla_claims_next_perm(&none, &at, &perm), BULLA_NOT_FOUND);
}

Test(claims_get, what_is_not_there_or_of_another_type_is_told_apart) {
  struct bulla_buffer payload = test_room(BULLA_PAYLOAD_SIZE);
  struct bulla_claims claims = verified(&payload);
  struct bulla_buffer text = test_room(64);
  struct bulla_span json;
  int64_t number;
  bool value;
  TEST_STATUS(bulla_claims_attr_text(&claims, &text, NAME("regio")), BULLA_NOT_FOUND);
  TEST_FAILED(text, "a text that is not there");
  TEST_STATUS(bulla_claims_attr_text(&claims, &text, NAME("limit")), BULLA_CLAIM_REFUSED);
  TEST_FAILED(text, "a number");
  TEST_STATUS(bulla_claims_attr_int(&claims, &number, NAME("region")), BULLA_CLAIM_REFUSED);
  TEST_STATUS(bulla_claims_attr_bool(&claims, &value, NAME("limit")), BULLA_CLAIM_REFUSED);
  TEST_STATUS(bulla_claims_attr_json(&claims, &json, NAME("tier")), BULLA_NOT_FOUND);
  TEST_STATUS(bulla_claims_own_int(&claims, &number, NAME("limit")), BULLA_NOT_FOUND);
  text.size = 3;
  TEST_STATUS(bulla_claims_attr_text(&claims, &text, NAME("region")), BULLA_BUFFER_TOO_SMALL);
  /* Those that have a member of their own are none of the issuer's. */
  TEST_STATUS(bulla_claims_own_int(&claims, &number, NAME("exp")), BULLA_NOT_FOUND);
  TEST_STATUS(bulla_claims_own_json(&claims, &json, NAME("attrs")), BULLA_NOT_FOUND);
  const struct bulla_claims none = BULLA_CLAIMS_INIT;
  TEST_STATUS(bulla_claims_attr_json(&none, &json, NAME("region")), BULLA_NOT_FOUND);
  TEST_STATUS(bulla_claims_own_json(&none, &json, NAME("plan")), BULLA_NOT_FOUND);
}

/* Spaces, escapes and nesting as another library may set them. */
Test(claims_get, claims_of_any_form_are_read) {
  struct bulla_claims claims = BULLA_CLAIMS_INIT;
  struct bulla_buffer text = test_room(64);
  int64_t number;
  claims.json = claims.attrs = test_text(
      "{ \"x\" : { \"region\" : [ \"}\" , { } ] } , \"r\\u0065gion\" : \"\\u00e9\" ,\r\n\"n\":1.0,\"m\" :\t12 } ");
  TEST_OK(bulla_claims_attr_text(&claims, &text, NAME("region")));
  TEST_SPAN(bulla_written(&text), NAME("\xc3\xa9"), "region");
  TEST_OK(bulla_claims_own_int(&claims, &number, NAME("m")));
  cr_expect_eq(number, 12);
  TEST_STATUS(bulla_claims_own_int(&claims, &number, NAME("n")), BULLA_CLAIM_REFUSED);
}

Test(claims_get, a_builder_remembers_its_first_failure) {
  struct bulla_builder builder;
  struct bulla_span json;
  uint8_t room[64];
  bulla_build_object(&builder, room, sizeof(room));
  bulla_build_text(&builder, NAME("name"), NAME("no \xff UTF-8"));
  bulla_build_int(&builder, NAME("number"), 1);
  TEST_STATUS(bulla_built(&builder, &json), BULLA_INVALID_TEXT);
  cr_expect_eq(json.len, 0);
  cr_expect(test_zero(room, sizeof(room)));

  bulla_build_object(&builder, room, sizeof(room));
  bulla_build_item(&builder, NAME("without a name"));
  TEST_STATUS(bulla_built(&builder, &json), BULLA_INVALID_ARGUMENT);
  bulla_build_array(&builder, room, sizeof(room));
  bulla_build_int(&builder, NAME("with a name"), 1);
  TEST_STATUS(bulla_built(&builder, &json), BULLA_INVALID_ARGUMENT);
  bulla_build_array(&builder, room, sizeof(room));
  TEST_OK(bulla_built(&builder, &json));
  TEST_SPAN(json, NAME("[]"), "an empty array");
  TEST_STATUS(bulla_built(&builder, &json), BULLA_INVALID_ARGUMENT);
}

Test(claims_get, a_builder_needs_exactly_the_room_of_its_json) {
  for (size_t size = 0; size < 22; size++) {
    struct bulla_buffer room = test_room(size);
    struct bulla_builder builder;
    struct bulla_span json;
    bulla_build_object(&builder, room.data, size);
    bulla_build_text(&builder, NAME("k"), NAME("v\n"));
    bulla_build_bool(&builder, NAME("b"), true);
    TEST_STATUS(bulla_built(&builder, &json), size < 20 ? BULLA_BUFFER_TOO_SMALL : BULLA_OK);
    cr_expect_eq(json.len, size < 20 ? 0 : 20, "%zu", size);
  }
}

Test(claims_get, two_members_of_one_name_are_not_minted) {
  uint8_t room[64];
  struct bulla_builder builder;
  struct bulla_claims claims = test_claims();
  struct bulla_buffer token = test_room(BULLA_TOKEN_MAX);
  bulla_build_object(&builder, room, sizeof(room));
  bulla_build_int(&builder, NAME("a"), 1);
  bulla_build_int(&builder, NAME("a"), 2);
  TEST_OK(bulla_built(&builder, &claims.attrs));
  TEST_STATUS(bulla_token_mint(issuer->minter, &token, &claims), BULLA_INVALID_TEXT);
}
