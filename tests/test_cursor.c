/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

#include "core/cursor.h"
#include "tests/support.h"

Test(cursor, take_gives_what_is_there_and_no_byte_more) {
  struct bulla_span bytes = test_text("abcdef");
  for (size_t first = 0; first <= bytes.len; first++) {
    for (size_t second = 0; second <= bytes.len + 1; second++) {
      struct bulla_reader reader = bulla_reader(bytes);
      struct bulla_span span = {NULL, 99};
      cr_assert(bulla_take(&reader, &span, first));
      TEST_SPAN(span, bulla_span(bytes.data, first), "%zu", first);
      struct bulla_span rest = {NULL, 99};
      bool fits = second <= bytes.len - first;
      cr_assert_eq(bulla_take(&reader, &rest, second), fits, "%zu then %zu", first, second);
      if (fits) {
        TEST_SPAN(rest, bulla_span(bytes.data + first, second), "%zu then %zu", first, second);
      } else {
        cr_assert(rest.data == NULL && rest.len == 99, "a failed take changed its output");
      }
      cr_assert_eq(reader.left, bytes.len - first - (fits ? second : 0));
    }
  }
}

Test(cursor, take_refuses_the_largest_length) {
  struct bulla_reader reader = bulla_reader(test_text("abc"));
  struct bulla_span span;
  cr_expect_not(bulla_take(&reader, &span, SIZE_MAX));
  cr_expect_eq(reader.left, 3);
}

Test(cursor, an_empty_reader_gives_only_nothing) {
  struct bulla_reader reader = bulla_reader(bulla_span(NULL, 0));
  struct bulla_span span = {NULL, 99};
  uint8_t byte = 7;
  cr_expect_not(bulla_take_byte(&reader, &byte));
  cr_expect_eq(byte, 7);
  cr_expect_not(bulla_take_until(&reader, &span, 0));
  cr_expect(bulla_take(&reader, &span, 0));
  cr_expect_eq(span.len, 0);
}

Test(cursor, take_byte_walks_to_the_end) {
  struct bulla_reader reader = bulla_reader(test_text("xyz"));
  for (uint8_t wanted = 'x'; wanted <= 'z'; wanted++) {
    uint8_t byte = 0;
    cr_assert(bulla_take_byte(&reader, &byte));
    cr_assert_eq(byte, wanted);
  }
  uint8_t byte;
  cr_expect_not(bulla_take_byte(&reader, &byte));
}

Test(cursor, take_until_splits_at_the_first_mark_and_swallows_it) {
  struct bulla_reader reader = bulla_reader(test_text(".ab..c"));
  static const char *const parts[] = {"", "ab", ""};
  for (size_t i = 0; i < 3; i++) {
    struct bulla_span part;
    cr_assert(bulla_take_until(&reader, &part, '.'));
    TEST_SPAN(part, test_text(parts[i]), "part %zu", i);
  }
  struct bulla_span part = {NULL, 99};
  cr_expect_not(bulla_take_until(&reader, &part, '.'));
  cr_expect(part.data == NULL && part.len == 99);
  cr_expect_eq(reader.left, 1, "the reader moved though there was no mark");
}

Test(cursor, span_equal_tells_length_and_content_apart) {
  cr_expect(bulla_span_equal(bulla_span(NULL, 0), test_text("")));
  cr_expect(bulla_span_equal(test_text("abc"), test_text("abc")));
  cr_expect_not(bulla_span_equal(test_text("abc"), test_text("abd")));
  cr_expect_not(bulla_span_equal(test_text("abc"), test_text("ab")));
  cr_expect_not(bulla_span_equal(test_text("ab"), test_text("abc")));
}

Test(cursor, the_writer_puts_numbers_most_significant_byte_first) {
  struct bulla_buffer out = test_room(20);
  struct bulla_writer writer = bulla_writer(&out);
  bulla_put_byte(&writer, 0xb1);
  bulla_put_be(&writer, 0x0102030405060708, 8);
  bulla_put_be(&writer, 0xaabbccdd, 2);
  bulla_put_prefixed(&writer, test_text("xyz"));
  bulla_put_prefixed(&writer, bulla_span(NULL, 0));
  cr_assert_eq(bulla_writer_finish(&writer), BULLA_BUFFER_TOO_SMALL, "22 bytes do not fit 20");
  out = test_room(22);
  writer = bulla_writer(&out);
  bulla_put_byte(&writer, 0xb1);
  bulla_put_be(&writer, 0x0102030405060708, 8);
  bulla_put_be(&writer, 0xaabbccdd, 2);
  bulla_put_prefixed(&writer, test_text("xyz"));
  bulla_put_prefixed(&writer, bulla_span(NULL, 0));
  TEST_OK(bulla_writer_finish(&writer));
  TEST_SPAN(bulla_written(&out), test_hex("b1 0102030405060708 ccdd 00000003 78797a 00000000"), "layout");
}

Test(cursor, the_writer_empties_its_buffer_first) {
  struct bulla_buffer out = test_room(4);
  out.len = 4;
  struct bulla_writer writer = bulla_writer(&out);
  bulla_put_byte(&writer, 'a');
  TEST_OK(bulla_writer_finish(&writer));
  TEST_SPAN(bulla_written(&out), test_text("a"), "not emptied");
}

Test(cursor, a_writer_that_overflowed_writes_nothing_more_and_leaves_zeroes) {
  for (size_t size = 0; size < 6; size++) {
    struct bulla_buffer out = test_room(size);
    struct bulla_writer writer = bulla_writer(&out);
    bulla_put(&writer, test_text("abc"));
    bulla_put(&writer, test_text("defg"));
    bulla_put(&writer, test_text("h"));
    cr_assert_eq(out.len, size < 3 ? 0 : 3, "size %zu: it went on after the overflow", size);
    TEST_STATUS(bulla_writer_finish(&writer), BULLA_BUFFER_TOO_SMALL);
    TEST_FAILED(out, "size %zu", size);
  }
}

Test(cursor, give_hands_out_room_up_to_the_last_byte) {
  struct bulla_buffer out = test_room(8);
  struct bulla_writer writer = bulla_writer(&out);
  cr_assert_eq(bulla_give(&writer, 5), out.data);
  cr_assert_eq(bulla_give(&writer, 3), out.data + 5);
  cr_assert_eq(out.len, 8);
  cr_assert_null(bulla_give(&writer, 1));
  cr_assert_null(bulla_give(&writer, SIZE_MAX));
  cr_assert(writer.overflow);
}

Test(cursor, fail_wipes_the_whole_room_and_returns_the_status) {
  struct bulla_buffer out = test_room(64);
  out.len = 10;
  TEST_STATUS(bulla_fail(&out, BULLA_REFUSED), BULLA_REFUSED);
  TEST_FAILED(out, "fail");
  struct bulla_buffer none = {NULL, 0, 0};
  TEST_STATUS(bulla_fail(&none, BULLA_IO), BULLA_IO);
}

Test(cursor, give_does_not_wrap_around) {
  struct bulla_buffer out = test_room(8);
  struct bulla_writer writer = bulla_writer(&out);
  cr_assert_not_null(bulla_give(&writer, 5));
  cr_assert_null(bulla_give(&writer, SIZE_MAX - 4));
  cr_assert_eq(out.len, 5);
}

/* The room is said to be endless, so that only the rule can refuse; no byte past 32 bits of them is there. */
Test(cursor, put_prefixed_refuses_a_length_that_four_bytes_cannot_say) {
  struct bulla_buffer out = test_room(16);
  out.size = SIZE_MAX;
  struct bulla_writer writer = bulla_writer(&out);
  volatile size_t len = (size_t)UINT32_MAX + 1; /* unknown to a compiler that would warn of it */
  bulla_put_prefixed(&writer, bulla_span("x", len));
  cr_expect(writer.overflow);
  cr_expect_eq(out.len, 0);
}
