/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The reader goes over a text by blocks: whatever it says must be the same wherever in them a thing stands. */

#include <stdio.h>
#include <string.h>

#include "core/json.h"
#include "tests/support.h"

enum { BLOCKS = 140 /* more than two of them */ };

/* Reads |text|, from a heap block of its exact size, and hands out its only member. */
static bool read_one(struct bulla_json_member *member, const char *text, size_t len) {
  size_t num_members = 0;
  struct bulla_span exact = test_copy(bulla_span(text, len));
  return bulla_json_read(member, &num_members, 1, exact) == BULLA_OK && num_members == 1;
}

Test(json_places, a_string_ends_at_its_quote) {
  char text[3 * BLOCKS];
  char letters[BLOCKS];
  memset(letters, 'x', sizeof(letters));
  for (size_t before = 0; before < BLOCKS; before++) {
    for (size_t len = 0; len < BLOCKS; len++) {
      memset(text, ' ', before);
      int text_len = snprintf(text + before, sizeof(text) - before, "{\"a\":\"%.*s\"}", (int)len, letters);
      struct bulla_json_member member;
      cr_assert(read_one(&member, text, before + (size_t)text_len), "%zu, %zu", before, len);
      cr_assert_eq(member.value.text.len, len, "%zu, %zu", before, len);
    }
  }
}

Test(json_places, what_may_not_stand_in_a_string_is_found) {
  static const char bad[] = {0x01, 0x1f, '\n', '\t', (char)0x80, (char)0xff};
  char text[3 * BLOCKS];
  for (size_t at = 0; at < BLOCKS; at++) {
    for (size_t i = 0; i < sizeof(bad); i++) {
      int len = snprintf(text, sizeof(text), "{\"a\":\"%0*d\"}", BLOCKS, 0);
      struct bulla_json_member member;
      cr_assert(read_one(&member, text, (size_t)len));
      text[6 + at] = bad[i];
      cr_assert_not(read_one(&member, text, (size_t)len), "%zu, %02x", at, (unsigned char)bad[i]);
      text[6 + at] = '"';
      cr_assert_not(read_one(&member, text, (size_t)len), "%zu, a quote", at);
    }
  }
}

Test(json_places, an_escape_is_found) {
  char text[3 * BLOCKS];
  for (size_t at = 0; at + 1 < BLOCKS; at++) {
    int len = snprintf(text, sizeof(text), "{\"a\":\"%0*d\"}", BLOCKS, 0);
    memcpy(text + 6 + at, "\\\"", 2);
    struct bulla_json_member member;
    cr_assert(read_one(&member, text, (size_t)len), "%zu", at);
    cr_assert(member.value.escaped, "%zu", at);
    cr_assert_eq(member.value.text.len, BLOCKS, "%zu", at);
  }
}

Test(json_places, a_number_ends_at_its_last_digit) {
  char text[2 * BLOCKS];
  for (size_t before = 0; before < BLOCKS; before++) {
    for (int digits = 1; digits <= 18; digits++) {
      memset(text, ' ', before);
      int len = snprintf(text + before, sizeof(text) - before, "{\"a\":%.*s}", digits, "987654321987654321");
      struct bulla_json_member member;
      cr_assert(read_one(&member, text, before + (size_t)len));
      cr_assert_eq(member.value.text.len, (size_t)digits, "%zu, %d", before, digits);
    }
  }
}

/* Two names of |len| letters that differ at |differs|, or nowhere if that is |len|. */
static bool reads_pair(size_t before, size_t len, size_t differs) {
  char name[32];
  char other[32];
  char text[2 * BLOCKS];
  memset(name, 'n', len);
  name[len] = '\0';
  memcpy(other, name, len + 1);
  if (differs < len) {
    other[differs] = 'm';
  }
  memset(text, ' ', before);
  int text_len = snprintf(text + before, sizeof(text) - before, "{\"%s\":1,\"%s\":2}", name, other);
  struct bulla_json_member members[2];
  size_t num_members = 0;
  struct bulla_span exact = test_copy(bulla_span(text, before + (size_t)text_len));
  return bulla_json_read(members, &num_members, 2, exact) == BULLA_OK;
}

Test(json_places, a_name_that_comes_twice_is_refused) {
  for (size_t before = 0; before < BLOCKS; before++) {
    for (size_t len = 0; len <= 20; len++) {
      cr_assert_not(reads_pair(before, len, len), "%zu, %zu", before, len);
      for (size_t differs = 0; differs < len; differs++) {
        cr_assert(reads_pair(before, len, differs), "%zu, %zu, %zu", before, len, differs);
      }
    }
  }
}

Test(json_places, an_escaped_name_is_the_same_name) {
  static const char *const texts[] = {
      "{\"org\":1,\"\\u006frg\":2}",         "{\"\\u006frg\":1,\"org\":2}",
      "{\"\\u006frg\":1,\"o\\u0072g\":2}",   "{\"orig_iat\":1,\"orig_ia\\u0074\":2}",
      "{\"orig_ia\":1,\"orig_i\\u0061\":2}", "{\"a\":{\"long enough name\":1,\"long enough \\u006eame\":2}}",
  };
  for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
    struct bulla_json_member members[2];
    size_t num_members;
    enum bulla_status status = bulla_json_read(members, &num_members, 2, test_text(texts[i]));
    cr_expect_eq(status, BULLA_INVALID_TEXT, "%s", texts[i]);
  }
}

Test(json_places, arrays_of_strings_are_told) {
  static const struct {
    const char *text;
    bool all_strings;
  } rows[] = {
      {"[]", true},
      {"[ ]", true},
      {"[\"\"]", true},
      {" [ \"a\" , \"b\\n\" ] ", true},
      {"[1]", false},
      {"[\"a\",1]", false},
      {"[null,\"a\"]", false},
      {"[[\"a\"]]", false},
      {"[\"a\",[]]", false},
      {"[{}]", false},
      {"{}", false},
      {"{\"a\":\"b\"}", false},
      {"[\"a\",{},\"b\"]", false},
  };
  for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
    struct bulla_json_value value;
    TEST_OK(bulla_json_read_inside(&value, 0, test_text(rows[i].text)));
    cr_expect_eq(value.all_strings, rows[i].all_strings, "%s", rows[i].text);
    struct bulla_json_member member;
    struct bulla_span start = test_concat(test_text("{\"a\":"), test_text(rows[i].text));
    struct bulla_span text = test_concat(start, test_text("}"));
    size_t num_members;
    TEST_OK(bulla_json_read(&member, &num_members, 1, text));
    cr_expect_eq(member.value.all_strings, rows[i].all_strings, "%s, as a member", rows[i].text);
    cr_expect(test_same(member.value.text, value.text), "%s", rows[i].text);
  }
}

Test(json_places, what_is_no_whole_object_or_array_does_not_stand_inside) {
  static const char *const texts[] = {"",  " ",   "1",   "\"a\"",      "null", "{",
                                      "[", "{}}", "[]]", "{},\"a\":1", "[1",   "[1,]"};
  for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
    struct bulla_json_value value;
    TEST_STATUS(bulla_json_read_inside(&value, 0, test_text(texts[i])), BULLA_INVALID_TEXT);
  }
}
