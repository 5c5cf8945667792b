/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The lines of docs/PROGRAMS.md, without programs. */

#include "store/wrapper_text.h"
#include "tests/support.h"

static const struct bulla_wrapper_limits of_key = {BULLA_KEY_LEN, BULLA_KEY_LEN};
static const struct bulla_wrapper_limits of_wrapped = {1, BULLA_WRAPPER_DATA_MAX};

static enum bulla_status status_of(struct bulla_span text, const struct bulla_wrapper_limits *limits) {
  struct bulla_wrapper_answer answer;
  enum bulla_status status = bulla_wrapper_read(&answer, test_guarded(text), limits);
  cr_expect_eq(answer.data != NULL, status == BULLA_OK);
  cr_expect_eq(answer.message[0] != '\0', status == BULLA_REFUSED);
  cr_expect_eq(answer.fault != NULL, status == BULLA_INVALID_TEXT);
  bulla_secret_free(&answer.data);
  return status;
}

/* An answer of |line| between the others. */
static struct bulla_span answer_of(const char *first, struct bulla_span line) {
  struct bulla_span lines = test_concat(test_concat(test_text(first), BULLA_LITERAL("\n")), line);
  return test_concat(lines, BULLA_LITERAL("\nend\n"));
}

static struct bulla_span ok(struct bulla_span data) {
  return answer_of("bulla-wrap-1 ok", test_base64url(data));
}

Test(wrapper_text, an_answer_is_read_as_it_was_meant) {
  struct bulla_wrapper_answer answer;
  struct bulla_span data = test_filled(0xc7, BULLA_KEY_LEN);
  TEST_OK(bulla_wrapper_read(&answer, ok(data), &of_key));
  TEST_SPAN(bulla_secret_bytes(answer.data), data, "the key");
  bulla_secret_free(&answer.data);
  TEST_STATUS(bulla_wrapper_read(&answer, answer_of("bulla-wrap-1 refused", test_text("it is locked")), &of_key),
              BULLA_REFUSED);
  cr_expect_str_eq(answer.message, "it is locked");
}

Test(wrapper_text, no_answer_may_be_longer_or_shorter) {
  const struct bulla_span answers[] = {ok(test_filled(0xc7, BULLA_KEY_LEN)),
                                       answer_of("bulla-wrap-1 refused", test_text("no"))};
  for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
    cr_assert_neq(status_of(answers[i], &of_key), BULLA_INVALID_TEXT);
    for (size_t len = 0; len < answers[i].len; len++) {
      cr_expect_eq(status_of(bulla_span(answers[i].data, len), &of_key), BULLA_INVALID_TEXT, "%zu", len);
    }
    for (unsigned byte = 0; byte < 256; byte++) {
      struct bulla_span more = test_filled((uint8_t)byte, 1);
      cr_expect_eq(status_of(test_concat(answers[i], more), &of_key), BULLA_INVALID_TEXT, "%u behind", byte);
      cr_expect_eq(status_of(test_concat(more, answers[i]), &of_key), BULLA_INVALID_TEXT, "%u in front", byte);
    }
  }
}

Test(wrapper_text, data_has_exact_lengths) {
  for (size_t len = 0; len <= BULLA_WRAPPER_DATA_MAX + 4; len++) {
    struct bulla_span text = ok(test_filled(0xff, len));
    cr_expect_eq(status_of(text, &of_key), len == BULLA_KEY_LEN ? BULLA_OK : BULLA_INVALID_TEXT, "%zu", len);
    cr_expect_eq(status_of(text, &of_wrapped),
                 len >= 1 && len <= BULLA_WRAPPER_DATA_MAX ? BULLA_OK : BULLA_INVALID_TEXT, "%zu", len);
    cr_expect(len != BULLA_WRAPPER_DATA_MAX || text.len == BULLA_WRAPPER_ANSWER_MAX);
  }
}

Test(wrapper_text, a_message_is_printable_and_has_no_long_word) {
  static const struct {
    size_t len; /* of its only word */
    bool good;
    bool shown;
  } rows[] = {{0, false, false}, {1, true, true},    {40, true, true},
              {41, true, false}, {200, true, false}, {201, false, false}};
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    struct bulla_wrapper_answer answer;
    struct bulla_span word = test_filled('w', rows[i].len);
    enum bulla_status status = bulla_wrapper_read(&answer, answer_of("bulla-wrap-1 refused", word), &of_key);
    cr_expect_eq(status, rows[i].good ? BULLA_REFUSED : BULLA_INVALID_TEXT, "%zu", rows[i].len);
    cr_expect_eq(rows[i].good && test_same(test_text(answer.message), word), rows[i].shown, "%zu", rows[i].len);
    cr_expect_eq(strcmp(answer.message, "...") == 0, rows[i].good && !rows[i].shown, "%zu", rows[i].len);
  }
  for (unsigned byte = 0; byte < 256; byte++) {
    bool good = byte >= ' ' && byte <= '~';
    cr_expect_eq(status_of(answer_of("bulla-wrap-1 refused", test_filled((uint8_t)byte, 1)), &of_key),
                 good ? BULLA_REFUSED : BULLA_INVALID_TEXT, "%u", byte);
  }
  /* Spaces stay as they are, and none is behind the last word. */
  struct bulla_wrapper_answer answer;
  struct bulla_span text = test_concat(test_text("  a "), test_filled('w', 50));
  text = test_concat(text, test_text(" b  "));
  TEST_STATUS(bulla_wrapper_read(&answer, answer_of("bulla-wrap-1 refused", text), &of_key), BULLA_REFUSED);
  cr_expect_str_eq(answer.message, "  a ... b  ");
}

Test(wrapper_text, a_request_has_three_lines) {
  struct bulla_secret *text = NULL;
  struct bulla_span id = test_hex("0a4f1c9be27d46538f6b2d1e97c05a34");
  TEST_OK(bulla_wrapper_request(&text, BULLA_WRAPPER_UNWRAP, id, test_text("\xff\xfe~")));
  TEST_SPAN(bulla_secret_bytes(text), BULLA_LITERAL("bulla-wrap-1 unwrap\n0a4f1c9be27d46538f6b2d1e97c05a34\n__5-\n"),
            "unwrap");
  bulla_secret_free(&text);
  TEST_OK(bulla_wrapper_request(&text, BULLA_WRAPPER_WRAP, id, test_text("z")));
  TEST_SPAN(bulla_secret_bytes(text), BULLA_LITERAL("bulla-wrap-1 wrap\n0a4f1c9be27d46538f6b2d1e97c05a34\neg\n"),
            "wrap");
  bulla_secret_free(&text);
}
