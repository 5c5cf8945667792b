/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The writer of JSON, see core/json.h. */

#include "core/json_string.h"

struct bulla_json_writer bulla_json_writer(struct bulla_buffer *out) {
  struct bulla_json_writer writer = {.bytes = bulla_writer(out)};
  return writer;
}

static void put_char(struct bulla_json_writer *writer, char c) {
  bulla_put_byte(&writer->bytes, (uint8_t)c);
}

static void before_value(struct bulla_json_writer *writer) {
  if (writer->comma) {
    put_char(writer, ',');
  }
  writer->comma = true;
}

void bulla_json_begin(struct bulla_json_writer *writer, char bracket) {
  before_value(writer);
  put_char(writer, bracket);
  writer->comma = false;
}

void bulla_json_end(struct bulla_json_writer *writer, char bracket) {
  put_char(writer, bracket);
  writer->comma = true;
}

static void put_escaped(struct bulla_json_writer *writer, uint8_t c) {
  static const char hex[] = "0123456789abcdef";
  put_char(writer, '\\');
  switch (c) {
    case '"':
    case '\\':
      put_char(writer, (char)c);
      break;
    case '\n':
      put_char(writer, 'n');
      break;
    case '\r':
      put_char(writer, 'r');
      break;
    case '\t':
      put_char(writer, 't');
      break;
    default:
      bulla_put(&writer->bytes, BULLA_LITERAL("u00"));
      put_char(writer, hex[c >> 4]);
      put_char(writer, hex[c & 15]);
  }
}

/* Writes what does not stand for itself: escaped, or as it is if it is UTF-8. */
static void put_special(struct bulla_json_writer *writer, struct bulla_span text) {
  writer->invalid = writer->invalid || !bulla_json_valid_string(text);
  for (size_t i = 0; i < text.len; i++) {
    uint8_t c = text.data[i];
    if (c < 0x20 || c == '"' || c == '\\') {
      put_escaped(writer, c);
    } else {
      put_char(writer, (char)c);
    }
  }
}

static void put_quoted(struct bulla_json_writer *writer, struct bulla_span text) {
  size_t plain = bulla_json_plain_len(text.data, text.len);
  if (plain == text.len && plain <= SIZE_MAX - 2) {
    uint8_t *room = bulla_give(&writer->bytes, plain + 2);
    if (room != NULL) {
      room[0] = '"';
      if (plain > 0) {
        memcpy(room + 1, text.data, plain);
      }
      room[plain + 1] = '"';
    }
    return;
  }
  put_char(writer, '"');
  bulla_put(&writer->bytes, bulla_span(text.data, plain));
  put_special(writer, bulla_span(text.data + plain, text.len - plain));
  put_char(writer, '"');
}

void bulla_json_name(struct bulla_json_writer *writer, struct bulla_span name) {
  before_value(writer);
  put_quoted(writer, name);
  put_char(writer, ':');
  writer->comma = false;
}

void bulla_json_string(struct bulla_json_writer *writer, struct bulla_span text) {
  before_value(writer);
  put_quoted(writer, text);
}

void bulla_json_int(struct bulla_json_writer *writer, int64_t number) {
  before_value(writer);
  static const char pairs[] =
      "00010203040506070809101112131415161718192021222324252627282930313233343536373839"
      "40414243444546474849505152535455565758596061626364656667686970717273747576777879"
      "8081828384858687888990919293949596979899";
  uint8_t digits[20];
  size_t at = sizeof(digits);
  uint64_t magnitude = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
  for (; magnitude >= 10; magnitude /= 100) {
    const char *pair = pairs + 2 * (magnitude % 100);
    digits[--at] = (uint8_t)pair[1];
    digits[--at] = (uint8_t)pair[0];
  }
  if (magnitude > 0 || at == sizeof(digits)) {
    digits[--at] = (uint8_t)('0' + magnitude);
  }
  if (number < 0) {
    digits[--at] = '-';
  }
  bulla_put(&writer->bytes, bulla_span(digits + at, sizeof(digits) - at));
}

void bulla_json_bool(struct bulla_json_writer *writer, bool value) {
  bulla_json_text(writer, value ? BULLA_LITERAL("true") : BULLA_LITERAL("false"));
}

void bulla_json_text(struct bulla_json_writer *writer, struct bulla_span json) {
  before_value(writer);
  bulla_put(&writer->bytes, json);
}

static void put_checked(struct bulla_json_writer *writer, const struct bulla_json_value *value) {
  struct bulla_span quote = bulla_span("\"", value->type == BULLA_JSON_STRING ? 1 : 0);
  bulla_put(&writer->bytes, quote);
  bulla_put(&writer->bytes, value->text);
  bulla_put(&writer->bytes, quote);
}

void bulla_json_member(struct bulla_json_writer *writer, const struct bulla_json_member *member) {
  before_value(writer);
  put_checked(writer, &member->name);
  put_char(writer, ':');
  put_checked(writer, &member->value);
}

enum bulla_status bulla_json_finish(struct bulla_json_writer *writer) {
  if (writer->invalid) {
    return bulla_fail(writer->bytes.out, BULLA_INVALID_TEXT);
  }
  return bulla_writer_finish(&writer->bytes);
}
