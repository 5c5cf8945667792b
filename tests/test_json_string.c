/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Strings of JSON: which may stand there, and what they mean. */

#include <stdio.h>

#include "core/json.h"
#include "tests/json_rows.h"

static bool valid(struct bulla_span text) {
  struct bulla_json_member member;
  size_t num_members;
  return bulla_json_read(&member, &num_members, 1, text) == BULLA_OK;
}

static struct bulla_span object_of(const char *before, const char *string, const char *behind) {
  return test_concat(test_concat(test_text(before), test_text(string)), test_text(behind));
}

static struct bulla_json_value value_of(const char *value) {
  struct bulla_json_member member;
  size_t num_members;
  TEST_OK(bulla_json_read(&member, &num_members, 1, object_of("{\"a\":", value, "}")));
  cr_assert_eq(num_members, 1);
  return member.value;
}

Test(json_string, strings_are_i_json) {
  for (size_t i = 0; i < NUM_STRINGS; i++) {
    const char *string = json_strings[i].text;
    cr_expect_eq(valid(object_of("{\"a\":", string, "}")), json_strings[i].good, "as a value: row %zu, %s", i, string);
    cr_expect_eq(valid(object_of("{", string, ":1}")), json_strings[i].good, "as a name: row %zu, %s", i, string);
  }
}

/* RFC 3629 §4: the length of the sequence that |bytes| begins with, or 0. */
static size_t sequence_len(struct bulla_span bytes) {
  static const struct {
    uint8_t first_lead, last_lead, first_second, last_second;
    size_t len;
  } rows[] = {{0x00, 0x7f, 0x00, 0xff, 1}, {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
              {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
              {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4}};
  for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
    if (bytes.data[0] < rows[i].first_lead || bytes.data[0] > rows[i].last_lead || rows[i].len > bytes.len) {
      continue;
    }
    bool good = rows[i].len == 1 || (bytes.data[1] >= rows[i].first_second && bytes.data[1] <= rows[i].last_second);
    for (size_t at = 2; at < rows[i].len; at++) {
      good = good && (bytes.data[at] & 0xc0) == 0x80;
    }
    return good ? rows[i].len : 0;
  }
  return 0;
}

static bool is_utf8(struct bulla_span bytes) {
  while (bytes.len > 0) {
    size_t len = sequence_len(bytes);
    if (len == 0) {
      return false;
    }
    bytes = bulla_span(bytes.data + len, bytes.len - len);
  }
  return true;
}

Test(json_string, every_lead_and_second_byte_is_judged_as_rfc_3629_does) {
  static const uint8_t thirds[] = {0x41, 0x7f, 0x80, 0x90, 0xad, 0xbd, 0xc0, 0xff};
  enum { NUM_THIRDS = sizeof(thirds) };
  for (unsigned lead = 1; lead < 256; lead++) {
    for (unsigned second = 1; second < 256; second++) {
      for (size_t i = 0; i < NUM_THIRDS * NUM_THIRDS; i++) {
        const uint8_t bytes[] = {(uint8_t)lead, (uint8_t)second, thirds[i / NUM_THIRDS], thirds[i % NUM_THIRDS]};
        bool noncharacter = lead == 0xef && second == 0xb7 && bytes[2] >= 0x90 && bytes[2] <= 0xaf;
        for (size_t len = 2; len <= 4; len++) {
          struct bulla_span span = bulla_span(bytes, len);
          cr_assert_eq(bulla_json_valid_string(span), is_utf8(span) && !noncharacter, "%zu bytes: %02x %02x %02x %02x",
                       len, lead, second, bytes[2], bytes[3]);
        }
      }
    }
  }
}

/* Every scalar value, raw and escaped, against the rule itself. */
Test(json_string, every_character_is_judged_by_its_number) {
  for (uint32_t character = 0; character <= 0x10ffff; character++) {
    bool surrogate = character >= 0xd800 && character <= 0xdfff;
    bool noncharacter = (character >= 0xfdd0 && character <= 0xfdef) || (character & 0xffff) >= 0xfffe;
    bool good = character != 0 && !surrogate && !noncharacter;
    char escaped[16];
    if (character < 0x10000) {
      snprintf(escaped, sizeof(escaped), "\\u%04x", (unsigned)character);
    } else {
      unsigned offset = (unsigned)character - 0x10000;
      snprintf(escaped, sizeof(escaped), "\\u%04X\\u%04x", 0xd800 + (offset >> 10), 0xdc00 + (offset & 0x3ff));
    }
    char text[32];
    int len = snprintf(text, sizeof(text), "{\"a\":\"%s\"}", escaped);
    cr_assert_eq(valid(bulla_span(text, (size_t)len)), good, "U+%04X escaped", (unsigned)character);

    uint8_t utf8[4];
    size_t utf8_len = character < 0x80 ? 1 : character < 0x800 ? 2 : character < 0x10000 ? 3 : 4;
    static const uint8_t leads[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = 0; i < utf8_len; i++) {
      uint32_t bits = character >> (6 * (utf8_len - 1 - i));
      utf8[i] = (uint8_t)(i == 0 ? leads[utf8_len] | bits : 0x80 | (bits & 0x3f));
    }
    cr_assert_eq(bulla_json_valid_string(bulla_span(utf8, utf8_len)), good, "U+%04X raw", (unsigned)character);
    if (good) {
      struct bulla_json_value string = {
          .type = BULLA_JSON_STRING, .escaped = true, .text = bulla_span(escaped, strlen(escaped))};
      struct bulla_buffer out = bulla_buffer(text, 4);
      struct bulla_writer writer = bulla_writer(&out);
      bulla_json_unescape(&writer, &string);
      cr_assert_eq(bulla_writer_finish(&writer), BULLA_OK, "U+%04X", (unsigned)character);
      cr_assert(test_same(bulla_written(&out), bulla_span(utf8, utf8_len)), "U+%04X unescaped", (unsigned)character);
      cr_assert(bulla_json_equal(&string, bulla_span(utf8, utf8_len)), "U+%04X equal", (unsigned)character);
    }
  }
}

Test(json_string, strings_are_compared_after_unescaping) {
  static const struct {
    const char *string;
    const char *text;
    bool equal;
  } rows[] = {
      {"\"\"", "", true},
      {"\"abc\"", "abc", true},
      {"\"abc\"", "abd", false},
      {"\"abc\"", "ab", false},
      {"\"ab\"", "abc", false},
      {"\"\\u0061bc\"", "abc", true},
      {"\"ab\\u0063\"", "ab", false},
      {"\"ab\\u0063\"", "abcd", false},
      {"\"\\u0061\"", "\\u0061", false},
      {"\"\\n\\t\\\"\"", "\n\t\"", true},
      {"\"\\u00e9\"", "\xc3\xa9", true},
      {"\"\\ud83d\\ude00\"", "\xf0\x9f\x98\x80", true},
      {"\"\\ud83d\\ude00\"", "\xed\xa0\xbd\xed\xb8\x80", false},
      {"\"\\u0061\"", "\xc1\xa1", false},
      {"7", "7", false},
      {"null", "null", false},
      {"[]", "[]", false},
  };
  for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
    struct bulla_json_value value = value_of(rows[i].string);
    cr_expect_eq(bulla_json_equal(&value, test_text(rows[i].text)), rows[i].equal, "%s and %s", rows[i].string,
                 rows[i].text);
  }
}

Test(json_string, unescape_writes_the_characters) {
  struct bulla_json_value value =
      value_of("\"a\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\u00e9\\u20ac\\ud83d\\ude00\xc3\xa9z\"");
  struct bulla_buffer out = test_room(100);
  struct bulla_writer writer = bulla_writer(&out);
  bulla_json_unescape(&writer, &value);
  TEST_OK(bulla_writer_finish(&writer));
  TEST_SPAN(bulla_written(&out), test_text("a\"\\/\b\f\n\r\tA\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\xc3\xa9z"), "all");
  for (size_t size = 0; size < out.len; size++) {
    struct bulla_buffer too_small = test_room(size);
    writer = bulla_writer(&too_small);
    bulla_json_unescape(&writer, &value);
    TEST_STATUS(bulla_writer_finish(&writer), BULLA_BUFFER_TOO_SMALL);
  }
}
