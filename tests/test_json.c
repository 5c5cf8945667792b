/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The reader; the writer is in test_json_write.c. */

#include <stdio.h>

#include "core/json.h"
#include "tests/json_rows.h"

enum { MAX_MEMBERS = 8 };

static bool valid(struct bulla_span text) {
  struct bulla_json_member members[MAX_MEMBERS];
  size_t num_members = 99;
  enum bulla_status status = bulla_json_read(members, &num_members, MAX_MEMBERS, text);
  cr_assert(status == BULLA_OK || status == BULLA_INVALID_TEXT || status == BULLA_TOO_LARGE);
  cr_assert(status == BULLA_OK || num_members == 0, "a failed read gave members");
  return status == BULLA_OK;
}

/* |value| as the value of a member. */
static bool valid_value(struct bulla_span value) {
  return valid(test_concat(test_concat(test_text("{\"a\":"), value), test_text("}")));
}

static struct bulla_json_value value_of(const char *value) {
  struct bulla_span text = test_concat(test_concat(test_text("{\"a\":"), test_text(value)), test_text("}"));
  struct bulla_json_member member;
  size_t num_members;
  TEST_OK(bulla_json_read(&member, &num_members, 1, text));
  cr_assert_eq(num_members, 1);
  return member.value;
}

Test(json, valid_texts_are_read) {
  static const char *const texts[] = {
      "{}",
      " \t\r\n{ \t\r\n} \t\r\n",
      "{\"\":\"\"}",
      "{\"a\":null,\"b\":true,\"c\":false,\"d\":0,\"e\":\"\",\"f\":[],\"g\":{}}",
      "{\"a\":[1,[2,[3,{\"b\":[4]}]],{}]}",
      "{ \"a\" : [ 1 , 2 ] , \"b\" : { \"c\" : 3 } }",
      /* The same name in different objects is not twice the same. */
      "{\"a\":{\"a\":{\"a\":1}},\"b\":{\"a\":1}}",
      "{\"a\":[{\"x\":1},{\"x\":1}]}",
      "{\"a\":1,\"A\":1,\"aa\":1,\"\":1,\"\\u0061\\u0061\\u0061\":1}",
      "{\"\x7f\":\"\x7f\"}",
  };
  for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
    cr_expect(valid(test_text(texts[i])), "%s", texts[i]);
  }
}

Test(json, invalid_texts_are_refused) {
  for (size_t i = 0; i < NUM_BAD_TEXTS; i++) {
    cr_expect_not(valid(test_text(bad_texts[i])), "%s", bad_texts[i]);
  }
  cr_expect_not(valid(bulla_span("{\0}", 3)));
  cr_expect_not(valid(bulla_span("{}\0", 3)));
  cr_expect_not(valid(bulla_span(NULL, 0)));
}

Test(json, nothing_behind_the_text_is_read) {
  static const char *const texts[] = {
      "{}", "{\"\":1}", "{\"a\":1}", "{\"abcdef\":[]}", "{\"abcdefgh\":0}", "{\"a\":\"0123456789abcdef\"}",
  };
  for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
    struct bulla_span text = test_guarded(test_text(texts[i]));
    cr_expect(valid(text), "%s", texts[i]);
    for (size_t len = 0; len < text.len; len++) {
      cr_expect_not(valid(test_guarded(bulla_span(text.data, len))), "%.*s", (int)len, texts[i]);
    }
  }
}

Test(json, every_prefix_of_a_valid_text_is_refused) {
  struct bulla_span text =
      test_text("{\"a\":[1,-2.5e+3,\"\\u00e9\\ud83d\\ude00\xf0\x9f\x98\x80\",{\"b\":null}],\"c\":true,\"d\":{}}");
  cr_assert(valid(text));
  for (size_t len = 0; len < text.len; len++) {
    cr_expect_not(valid(test_copy(bulla_span(text.data, len))), "%zu bytes", len);
  }
}

Test(json, numbers_are_read_within_their_bounds) {
  for (size_t i = 0; i < NUM_NUMBERS; i++) {
    cr_assert_eq(valid_value(test_text(json_numbers[i].text)), json_numbers[i].good, "%s", json_numbers[i].text);
    if (json_numbers[i].good) {
      struct bulla_json_value value = value_of(json_numbers[i].text);
      int64_t number = 0;
      cr_expect_eq(value.type, BULLA_JSON_NUMBER);
      TEST_SPAN(value.text, test_text(json_numbers[i].text), "%s", json_numbers[i].text);
      cr_expect_eq(bulla_json_int64(&number, &value), json_numbers[i].integer, "%s", json_numbers[i].text);
      cr_expect(!json_numbers[i].integer || number == json_numbers[i].value, "%s", json_numbers[i].text);
    }
  }
}

Test(json, nothing_but_a_digit_is_one_near_the_end_of_the_text_or_far_from_it) {
  static const size_t spaces[] = {0, 13, 14, 15, 64};
  for (size_t i = 0; i < sizeof(spaces) / sizeof(*spaces); i++) {
    for (unsigned byte = 0; byte < 256; byte++) {
      const uint8_t number[] = {'1', (uint8_t)byte, '2'};
      struct bulla_span value = test_concat(bulla_span(number, sizeof(number)), test_filled(' ', spaces[i]));
      bool good = (byte >= '0' && byte <= '9') || byte == '.' || byte == 'e' || byte == 'E';
      cr_expect_eq(valid_value(value), good, "%#x, %zu spaces", byte, spaces[i]);
    }
  }
}

Test(json, int64_is_of_numbers_alone) {
  static const char *const values[] = {"\"7\"", "null", "true", "[7]", "{\"a\":7}"};
  for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
    struct bulla_json_value value = value_of(values[i]);
    int64_t number;
    cr_expect_not(bulla_json_int64(&number, &value), "%s", values[i]);
  }
}

/* |depth| levels, the object at the top among them. */
static struct bulla_span nested(size_t depth, const char *open, const char *innermost, const char *close) {
  struct bulla_span inside = json_nested(depth - 1, open, innermost, close);
  return test_concat(test_text("{\"a\":"), test_concat(inside, test_text("}")));
}

Test(json, levels_are_bounded) {
  for (size_t depth = 1; depth <= 40; depth++) {
    cr_expect_eq(valid(nested(depth, "[", "1", "]")), depth <= BULLA_JSON_MAX_DEPTH, "%zu levels", depth);
    cr_expect_eq(valid(nested(depth, "{\"a\":", "1", "}")), depth <= BULLA_JSON_MAX_DEPTH, "%zu levels", depth);
  }
  cr_expect_not(valid(nested(1000, "[", "1", "]")));
  cr_expect_not(valid(nested(1000, "{\"a\":", "1", "}")));
  cr_expect_not(valid(test_filled('{', 100000)));
  cr_expect_not(valid(test_concat(test_text("{\"a\":"), test_filled('[', 100000))));
  /* Levels that are closed again do not count. */
  struct bulla_span text = test_text("{\"a\":[0");
  for (size_t i = 0; i < 100; i++) {
    text = test_concat(text, test_text(",[[{}]]"));
  }
  cr_expect(valid(test_concat(text, test_text("]}"))));
}

/* An object of |num| different members, with an escape in each name if |escaped|. */
static struct bulla_span with_members(size_t num, bool escaped) {
  struct bulla_span text = test_text("{");
  for (size_t i = 0; i < num; i++) {
    char member[32];
    snprintf(member, sizeof(member), "%s\"%s%04x\":1", i == 0 ? "" : ",", escaped ? "\\u" : "", (unsigned)(0x4000 + i));
    text = test_concat(text, test_text(member));
  }
  return test_concat(text, test_text("}"));
}

Test(json, names_that_stand_open_are_bounded) {
  for (size_t num = 250; num <= 260; num++) {
    cr_expect_eq(valid(with_members(num, false)), num <= BULLA_JSON_MAX_NAMES, "%zu names", num);
    cr_expect_eq(valid(with_members(num, true)), num <= BULLA_JSON_MAX_NAMES, "%zu names", num);
  }
  /* Names of objects that are closed again do not count. */
  struct bulla_span object = with_members(255, false);
  struct bulla_span list = object;
  for (size_t i = 0; i < 5; i++) {
    list = test_concat(test_concat(list, test_text(",")), object);
  }
  cr_expect(valid_value(test_concat(test_concat(test_text("["), list), test_text("]"))));
  cr_expect_not(valid_value(with_members(256, false)), "256 and the one outside");
}

Test(json, the_last_of_many_names_is_compared_with_all) {
  struct bulla_span text = with_members(200, false);
  for (unsigned i = 0; i < 200; i++) {
    char member[32];
    snprintf(member, sizeof(member), ",\"%x\":2}", 0x4000 + i);
    cr_expect_not(valid(test_concat(bulla_span(text.data, text.len - 1), test_text(member))), "%s", member);
  }
}

/* Pairs that FNV-1a, by which the reader tells most names apart, gives the same hash; in the last pair one name is
 * the beginning of the other. */
Test(json, names_of_the_same_hash_are_not_the_same_name) {
  static const char *const texts[] = {
      "{\"costarring\":1,\"liquid\":2}",
      "{\"declinate\":1,\"\\u006dacallums\":2}",
      "{\"e\":1,\"e\\u012e\\uc0ea\":2}",
      "{\"e\\u012e\\uc0ea\":1,\"e\":2}",
  };
  for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
    cr_expect(valid(test_text(texts[i])), "%s", texts[i]);
  }
}

Test(json, members_are_views_of_the_text) {
  struct bulla_span text = test_text(
      " { \"s\" : \"x\\ty\" , \"n\":-12 ,\"t\":true,\"f\":false,\"z\":null,\"l\": [ 1 , [ ] , \"]\" ] "
      ",\"o\" :{ \"i\" : { } } , \"\":\"\" } ");
  static const struct {
    const char *name;
    const char *value;
    enum bulla_json_type type;
    bool escaped;
  } wanted[] = {
      {"s", "x\\ty", BULLA_JSON_STRING, true},
      {"n", "-12", BULLA_JSON_NUMBER, false},
      {"t", "true", BULLA_JSON_TRUE, false},
      {"f", "false", BULLA_JSON_FALSE, false},
      {"z", "null", BULLA_JSON_NULL, false},
      {"l", "[ 1 , [ ] , \"]\" ]", BULLA_JSON_ARRAY, false},
      {"o", "{ \"i\" : { } }", BULLA_JSON_OBJECT, false},
      {"", "", BULLA_JSON_STRING, false},
  };
  struct bulla_json_member members[MAX_MEMBERS];
  size_t num_members;
  TEST_OK(bulla_json_read(members, &num_members, MAX_MEMBERS, text));
  cr_assert_eq(num_members, MAX_MEMBERS);
  for (size_t i = 0; i < MAX_MEMBERS; i++) {
    cr_expect_eq(members[i].name.type, BULLA_JSON_STRING);
    TEST_SPAN(members[i].name.text, test_text(wanted[i].name), "name %zu", i);
    TEST_SPAN(members[i].value.text, test_text(wanted[i].value), "value %zu", i);
    cr_expect_eq(members[i].value.type, wanted[i].type, "member %zu", i);
    cr_expect_eq(members[i].value.escaped, wanted[i].escaped, "member %zu", i);
    cr_expect(members[i].value.text.data > text.data && members[i].value.text.data < text.data + text.len);
  }
}

Test(json, members_past_the_room_are_counted_and_checked) {
  for (size_t room = 0; room <= 4; room++) {
    struct bulla_json_member *members = (struct bulla_json_member *)test_alloc(room * sizeof(struct bulla_json_member));
    size_t num_members;
    TEST_OK(bulla_json_read(members, &num_members, room, test_text("{\"a\":1,\"b\":[2],\"c\":{\"x\":3}}")));
    cr_expect_eq(num_members, 3, "room for %zu", room);
    cr_expect_eq(bulla_json_read(members, &num_members, room, test_text("{\"a\":1,\"b\":2,\"c\":x}")),
                 BULLA_INVALID_TEXT);
    cr_expect_eq(bulla_json_read(members, &num_members, room, test_text("{\"a\":1,\"b\":2,\"c\":3,\"c\":4}")),
                 BULLA_INVALID_TEXT);
  }
}

Test(json, arrays_are_walked_element_by_element) {
  struct bulla_json_value array = value_of("[ 1,\"a]\\\"[\" ,[\"]\",[ ]],{\"}]\":[\"{[\\\"\"]} , null,true ]");
  static const struct {
    const char *text;
    enum bulla_json_type type;
  } wanted[] = {{"1", BULLA_JSON_NUMBER},          {"a]\\\"[", BULLA_JSON_STRING},
                {"[\"]\",[ ]]", BULLA_JSON_ARRAY}, {"{\"}]\":[\"{[\\\"\"]}", BULLA_JSON_OBJECT},
                {"null", BULLA_JSON_NULL},         {"true", BULLA_JSON_TRUE}};
  struct bulla_span rest = array.text;
  struct bulla_json_value element;
  for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++) {
    cr_assert(bulla_json_next(&rest, &element), "element %zu", i);
    TEST_SPAN(element.text, test_text(wanted[i].text), "element %zu", i);
    cr_expect_eq(element.type, wanted[i].type, "element %zu", i);
    cr_expect_eq(element.escaped, i == 1, "element %zu", i);
  }
  cr_expect_not(bulla_json_next(&rest, &element));
  cr_expect_not(bulla_json_next(&rest, &element), "the end stays the end");
}

Test(json, an_empty_array_has_no_elements) {
  static const char *const arrays[] = {"[]", "[ ]", "[\t\r\n ]"};
  for (size_t i = 0; i < sizeof(arrays) / sizeof(*arrays); i++) {
    struct bulla_span rest = value_of(arrays[i]).text;
    struct bulla_json_value element;
    cr_expect_not(bulla_json_next(&rest, &element), "%s", arrays[i]);
  }
}
