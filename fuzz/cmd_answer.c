/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* bulla_wrapper_read (docs/PROGRAMS.md): what a program that wraps keys answers.
 *
 * Input: one byte, whether a key or a wrapped key is asked for; then the answer.
 *
 * Oracle: a plain reader of lines, with nettle's base64url, says whether the answer has data, a refusal, or a fault,
 * and which. Data is written again as the very bytes that were read. A message is what was read, but for words that may
 * be keys. Only one of the three is ever given. */

#include "fuzz/fuzz.h"
#include "fuzz/model_crypto.h"
#include "store/wrapper_text.h"

enum { WORD_MAX = 40, NUM_LINES = 3 };

/* model_lines splits |text| into three lines, each of which ends with a line feed, or returns false. */
static bool model_lines(struct bulla_span lines[NUM_LINES], struct bulla_span text) {
  size_t num = 0;
  size_t start = 0;
  for (size_t i = 0; i < text.len; i++) {
    if (text.data[i] == '\n') {
      if (num == NUM_LINES) {
        return false;
      }
      lines[num++] = bulla_span(text.data + start, i - start);
      start = i + 1;
    }
  }
  return num == NUM_LINES && start == text.len;
}

/* model_data decodes |line| to |data|, which has room for it, or returns false. */
static bool model_data(uint8_t *data, size_t *len, struct bulla_span line, bool of_key) {
  return model_base64url_decode(data, len, line) && (of_key ? *len == 32 : *len >= 1 && *len <= 1024);
}

static bool model_printable(struct bulla_span line) {
  bool good = line.len >= 1 && line.len <= 200;
  for (size_t i = 0; good && i < line.len; i++) {
    good = strchr(" !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~",
                  line.data[i]) != NULL &&
           line.data[i] != 0;
  }
  return good;
}

/* check_message holds |message| against the |line| that it was read from, from their ends. */
static void check_message(const char *message, struct bulla_span line) {
  size_t len = strlen(message);
  FUZZ_ASSERT(len <= line.len);
  while (line.len > 0) {
    size_t word = 0;
    while (word < line.len && line.data[line.len - 1 - word] != ' ') {
      word++;
    }
    const char *shown = word > WORD_MAX ? "..." : (const char *)line.data + line.len - word;
    size_t shown_len = word > WORD_MAX ? 3 : word;
    FUZZ_ASSERT(len >= shown_len && memcmp(message + len - shown_len, shown, shown_len) == 0);
    len -= shown_len;
    line.len -= word;
    if (line.len > 0) {
      FUZZ_ASSERT(len > 0 && message[len - 1] == ' ');
      len--;
      line.len--;
    }
  }
  FUZZ_ASSERT(len == 0);
}

/* check_written writes |data| as an answer, which must be |text|. */
static void check_written(struct bulla_span data, struct bulla_span text) {
  size_t size = text.len + 8;
  struct bulla_buffer again = bulla_buffer(fuzz_alloc(size), size);
  uint8_t *digits = fuzz_alloc(data.len * 2 + 8);
  size_t num_digits = model_base64url_encode(digits, data);
  struct bulla_writer writer = bulla_writer(&again);
  bulla_put(&writer, BULLA_LITERAL("bulla-wrap-1 ok\n"));
  bulla_put(&writer, bulla_span(digits, num_digits));
  bulla_put(&writer, BULLA_LITERAL("\nend\n"));
  FUZZ_ASSERT(bulla_writer_finish(&writer) == BULLA_OK && bulla_span_equal(bulla_written(&again), text));
  free(digits);
  free(again.data);
}

static void check(struct bulla_span text, bool of_key) {
  const struct bulla_wrapper_limits limits = {of_key ? 32 : 1, of_key ? 32 : 1024};
  struct bulla_span lines[NUM_LINES] = {{NULL, 0}};
  uint8_t *data = fuzz_alloc(text.len + 8);
  size_t len = 0;
  bool formed = model_lines(lines, text) && bulla_span_equal(lines[2], BULLA_LITERAL("end"));
  bool is_data = formed && bulla_span_equal(lines[0], BULLA_LITERAL("bulla-wrap-1 ok")) &&
                 model_data(data, &len, lines[1], of_key);
  bool is_refusal =
      formed && bulla_span_equal(lines[0], BULLA_LITERAL("bulla-wrap-1 refused")) && model_printable(lines[1]);
  struct bulla_wrapper_answer answer;
  memset(&answer, FUZZ_FILL, sizeof(answer));
  enum bulla_status status = bulla_wrapper_read(&answer, text, &limits);
  FUZZ_ASSERT(status == (is_data ? BULLA_OK : is_refusal ? BULLA_REFUSED : BULLA_INVALID_TEXT));
  FUZZ_ASSERT((answer.data != NULL) == is_data);
  FUZZ_ASSERT((answer.message[0] != '\0') == is_refusal);
  FUZZ_ASSERT((answer.fault != NULL) == (!is_data && !is_refusal));
  if (is_data) {
    FUZZ_ASSERT(bulla_span_equal(bulla_secret_bytes(answer.data), bulla_span(data, len)));
    check_written(bulla_secret_bytes(answer.data), text);
  } else if (is_refusal) {
    check_message(answer.message, lines[1]);
  }
  bulla_secret_free(&answer.data);
  free(data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct bulla_reader in = bulla_reader(bulla_span(data, size));
  uint8_t of_key;
  (void)fuzz_take(&in, &of_key, 1);
  check(bulla_span(in.at, in.left), of_key % 2 == 0);
  return 0;
}
