/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

#include "core/json.h"
#include "tests/support.h"

static void write_sample(struct bulla_json_writer *writer) {
  bulla_json_begin(writer, '{');
  bulla_json_name(writer, test_text("s"));
  bulla_json_string(writer, test_text("x\ty\"\\/\x01\x1f\x7f\xc3\xa9"));
  bulla_json_name(writer, test_text("l"));
  bulla_json_begin(writer, '[');
  bulla_json_int(writer, 1);
  bulla_json_begin(writer, '[');
  bulla_json_end(writer, ']');
  bulla_json_begin(writer, '{');
  bulla_json_end(writer, '}');
  bulla_json_bool(writer, true);
  bulla_json_bool(writer, false);
  bulla_json_text(writer, test_text("null"));
  bulla_json_end(writer, ']');
  bulla_json_name(writer, test_text("\n"));
  bulla_json_text(writer, test_text("{\"k\":[1.5]}"));
  bulla_json_name(writer, bulla_span(NULL, 0));
  bulla_json_string(writer, bulla_span(NULL, 0));
  bulla_json_end(writer, '}');
}

static const char sample[] =
    "{\"s\":\"x\\ty\\\"\\\\/"
    "\\u0001\\u001f\x7f\xc3\xa9\",\"l\":[1,[],{},true,false,null],\"\\n\":{\"k\":[1.5]},\"\":\"\"}";

Test(json_write, sets_commas_colons_and_escapes) {
  struct bulla_buffer out = test_room(200);
  struct bulla_json_writer writer = bulla_json_writer(&out);
  write_sample(&writer);
  TEST_OK(bulla_json_finish(&writer));
  TEST_SPAN(bulla_written(&out), test_text(sample), "%.*s", (int)out.len, (const char *)out.data);
}

Test(json_write, needs_its_room_and_not_a_byte_more) {
  size_t needed = sizeof(sample) - 1;
  for (size_t size = 0; size <= needed; size++) {
    struct bulla_buffer out = test_room(size);
    struct bulla_json_writer writer = bulla_json_writer(&out);
    write_sample(&writer);
    TEST_STATUS(bulla_json_finish(&writer), size < needed ? BULLA_BUFFER_TOO_SMALL : BULLA_OK);
    if (size < needed) {
      TEST_FAILED(out, "size %zu", size);
    }
  }
}

Test(json_write, every_ascii_character_comes_back_from_the_reader) {
  for (unsigned character = 1; character < 0x80; character++) {
    struct bulla_span text = test_filled((uint8_t)character, 3);
    struct bulla_buffer out = test_room(100);
    struct bulla_json_writer writer = bulla_json_writer(&out);
    bulla_json_begin(&writer, '{');
    bulla_json_name(&writer, text);
    bulla_json_string(&writer, text);
    bulla_json_end(&writer, '}');
    TEST_OK(bulla_json_finish(&writer));
    struct bulla_json_member member;
    size_t num_members;
    TEST_OK(bulla_json_read(&member, &num_members, 1, bulla_written(&out)));
    cr_assert(bulla_json_equal(&member.name, text), "character %02x as a name", character);
    cr_assert(bulla_json_equal(&member.value, text), "character %02x as a value", character);
  }
}

Test(json_write, refuses_strings_that_i_json_forbids) {
  const struct bulla_span strings[] = {
      test_filled(0, 1),         test_text("a\x80"),           test_text("\xc3"),
      test_text("\xc0\x80"),     test_text("\xed\xa0\x80"),    test_text("\xff"),
      test_text("\xef\xbf\xbf"), test_text("\xef\xb7\x90"),    test_text("\xf4\x90\x80\x80"),
      test_text("\xe2\x82"),     test_text("\xf0\x9f\xbf\xbe")};
  for (size_t i = 0; i < sizeof(strings) / sizeof(*strings); i++) {
    for (int as_name = 0; as_name < 2; as_name++) {
      struct bulla_buffer out = test_room(100);
      struct bulla_json_writer writer = bulla_json_writer(&out);
      bulla_json_begin(&writer, '{');
      bulla_json_name(&writer, as_name == 1 ? strings[i] : test_text("n"));
      bulla_json_string(&writer, as_name == 1 ? test_text("v") : strings[i]);
      bulla_json_name(&writer, test_text("valid"));
      bulla_json_string(&writer, test_text("valid"));
      bulla_json_end(&writer, '}');
      cr_expect_not(bulla_json_valid_string(strings[i]), "row %zu", i);
      TEST_STATUS(bulla_json_finish(&writer), BULLA_INVALID_TEXT);
      TEST_FAILED(out, "row %zu", i);
    }
  }
}

Test(json_write, integers_come_back_from_the_reader) {
  static const int64_t numbers[] = {
      0, 1, -1, 9, 10, -10, 99, 100, 1234567890123, INT32_MIN, INT64_MAX, INT64_MAX - 1, INT64_MIN, INT64_MIN + 1};
  for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
    struct bulla_buffer out = test_room(40);
    struct bulla_json_writer writer = bulla_json_writer(&out);
    bulla_json_begin(&writer, '{');
    bulla_json_name(&writer, test_text("n"));
    bulla_json_int(&writer, numbers[i]);
    bulla_json_end(&writer, '}');
    TEST_OK(bulla_json_finish(&writer));
    struct bulla_json_member member;
    size_t num_members;
    int64_t number = 77;
    TEST_OK(bulla_json_read(&member, &num_members, 1, bulla_written(&out)));
    cr_assert(bulla_json_int64(&number, &member.value));
    cr_expect_eq(number, numbers[i], "row %zu: %.*s", i, (int)out.len, (const char *)out.data);
  }
}
