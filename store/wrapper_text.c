/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/wrapper_text.h. A program that goes wrong may print a key where anything else belongs, so that all of an
 * answer is compared as secrets are until its first line is seen to be a refusal's. */

#include "store/wrapper_text.h"

#include "core/cleanup.h"
#include "core/hex.h"

#define PROTOCOL "bulla-wrap-1 "
#define OK_LINE BULLA_LITERAL(PROTOCOL "ok\n")
#define REFUSED_LINE BULLA_LITERAL(PROTOCOL "refused\n")
#define LAST_LINE BULLA_LITERAL("\nend\n")

/* A word of a message that is longer may be a key: 32 bytes have 43 digits of base64url. */
enum { WORD_MAX = 40 };

static const struct bulla_span operations[] = {
    [BULLA_WRAPPER_WRAP] = {(const uint8_t *)PROTOCOL "wrap\n", sizeof(PROTOCOL "wrap\n") - 1},
    [BULLA_WRAPPER_UNWRAP] = {(const uint8_t *)PROTOCOL "unwrap\n", sizeof(PROTOCOL "unwrap\n") - 1},
};

enum bulla_status bulla_wrapper_request(struct bulla_secret **text, enum bulla_wrapper_operation operation,
                                        struct bulla_span id, struct bulla_span data) {
  *text = NULL;
  if (id.len != BULLA_WRAPPER_ID_LEN || data.len > BULLA_WRAPPER_DATA_MAX) {
    return BULLA_INVALID_ARGUMENT;
  }
  uint8_t digits[2 * BULLA_WRAPPER_ID_LEN];
  size_t data_len = bulla_base64url_encoded_len(data.len);
  size_t len = operations[operation].len + sizeof(digits) + 1 + data_len + 1;
  struct bulla_secret *made BULLA_CLEANUP(bulla_secret_free) = NULL;
  BULLA_TRY(bulla_secret_new(&made, len));
  struct bulla_buffer buffer = bulla_buffer(bulla_secret_data(made), len);
  struct bulla_writer writer = bulla_writer(&buffer);
  bulla_hex_encode(digits, id);
  bulla_put(&writer, operations[operation]);
  bulla_put(&writer, bulla_span(digits, sizeof(digits)));
  bulla_put_byte(&writer, '\n');
  uint8_t *room = bulla_give(&writer, data_len);
  if (room != NULL) {
    bulla_base64url_encode_secret(room, data);
  }
  bulla_put_byte(&writer, '\n');
  BULLA_TRY(bulla_writer_finish(&writer));
  *text = made;
  made = NULL;
  return BULLA_OK;
}

/* Takes |line| off the beginning of |text|. */
static bool take_first(struct bulla_span *text, struct bulla_span line) {
  if (text->len < line.len || !bulla_secret_equal(bulla_span(text->data, line.len), line)) {
    return false;
  }
  *text = bulla_span(text->data + line.len, text->len - line.len);
  return true;
}

/* Takes |line| off the end of |text|. */
static bool take_last(struct bulla_span *text, struct bulla_span line) {
  size_t len = text->len - line.len;
  if (text->len < line.len || !bulla_secret_equal(bulla_span(text->data + len, line.len), line)) {
    return false;
  }
  text->len = len;
  return true;
}

static enum bulla_status fail(struct bulla_wrapper_answer *answer, const char *fault) {
  answer->fault = fault;
  return BULLA_INVALID_TEXT;
}

static enum bulla_status read_data(struct bulla_wrapper_answer *answer, struct bulla_span digits,
                                   const struct bulla_wrapper_limits *limits) {
  size_t len = bulla_base64url_decoded_len(digits.len);
  if (len < limits->least || len > limits->most) {
    return fail(answer, "line 2 of its answer has too many bytes, or too few");
  }
  struct bulla_secret *data BULLA_CLEANUP(bulla_secret_free) = NULL;
  BULLA_TRY(bulla_secret_new(&data, len));
  if (!bulla_base64url_decode_secret(bulla_secret_data(data), digits)) {
    return fail(answer, "line 2 of its answer is not base64url without padding");
  }
  answer->data = data;
  data = NULL;
  return BULLA_OK;
}

/* Copies |text| but for the words that may be keys. */
static void show(char *message, struct bulla_span text) {
  size_t len = 0;
  for (size_t at = 0; at < text.len;) {
    size_t end = at;
    while (end < text.len && text.data[end] != ' ') {
      end++;
    }
    struct bulla_span word = end - at > WORD_MAX ? BULLA_LITERAL("...") : bulla_span(text.data + at, end - at);
    memcpy(message + len, word.data, word.len);
    len += word.len;
    if (end < text.len) {
      message[len++] = ' ';
    }
    at = end + 1;
  }
  message[len] = '\0';
}

static enum bulla_status read_refusal(struct bulla_wrapper_answer *answer, struct bulla_span message) {
  bool good = message.len >= 1 && message.len <= BULLA_WRAPPER_MESSAGE_MAX;
  for (size_t i = 0; good && i < message.len; i++) {
    good = message.data[i] >= ' ' && message.data[i] <= '~';
  }
  if (!good) {
    return fail(answer, "line 2 of its refusal is not a message of 1 to 200 printable characters of ASCII");
  }
  show(answer->message, message);
  return BULLA_REFUSED;
}

enum bulla_status bulla_wrapper_read(struct bulla_wrapper_answer *answer, struct bulla_span text,
                                     const struct bulla_wrapper_limits *limits) {
  struct bulla_span rest = text;
  memset(answer, 0, sizeof(*answer));
  if (text.len == 0) {
    return fail(answer, "it answers nothing");
  }
  bool is_data = take_first(&rest, OK_LINE);
  if (!is_data && !take_first(&rest, REFUSED_LINE)) {
    return fail(answer, "line 1 of its answer is neither 'bulla-wrap-1 ok' nor 'bulla-wrap-1 refused'");
  }
  if (!take_last(&rest, LAST_LINE)) {
    return fail(answer, "line 3 of its answer is not 'end', or is not the last");
  }
  return is_data ? read_data(answer, rest, limits) : read_refusal(answer, rest);
}
