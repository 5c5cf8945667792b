/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See cli/mask_form.h. Time and memory accesses depend on the values: whoever could measure them here sees the output
 * of the command, which has the values. */

#include "cli/mask_form.h"

/* The output in the course of being compared. */
struct cursor {
  struct bulla_reader left;
  bool ended; /* there was too little of it */
};

static bool is_break(uint8_t byte) {
  return byte == '\n' || byte == '\r';
}

static void skip_breaks(struct cursor *cursor) {
  uint8_t byte;
  while (cursor->left.left > 0 && is_break(*cursor->left.at)) {
    (void)bulla_take_byte(&cursor->left, &byte);
  }
}

/* next takes a byte, or returns -1 and notes that there is none. */
static int next(struct cursor *cursor) {
  uint8_t byte;
  cursor->ended = !bulla_take_byte(&cursor->left, &byte);
  return cursor->ended ? -1 : byte;
}

static int hex_digit(int byte) {
  int lower = byte | 0x20;
  return byte >= '0' && byte <= '9' ? byte - '0' : lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

static int base64_digit(int byte) {
  if (byte >= 'A' && byte <= 'Z') {
    return byte - 'A';
  }
  if (byte >= 'a' && byte <= 'z') {
    return byte - 'a' + 26;
  }
  if (byte >= '0' && byte <= '9') {
    return byte - '0' + 52;
  }
  return byte == '+' || byte == '-' ? 62 : byte == '/' || byte == '_' ? 63 : -1;
}

/* take_hex takes |num| digits and returns their number, or -1. */
static int take_hex(struct cursor *cursor, int num) {
  int number = 0;
  for (int i = 0; i < num; i++) {
    int digit = hex_digit(next(cursor));
    if (digit < 0) {
      return -1;
    }
    number = number << 4 | digit;
  }
  return number;
}

/* take_url takes one byte as it stands in a URL, or returns -1. */
static int take_url(struct cursor *cursor, uint8_t wanted) {
  int byte = next(cursor);
  return byte == '%' ? take_hex(cursor, 2) : byte == '+' && wanted == ' ' ? ' ' : byte;
}

/* take_low takes the second half of a character whose first half is |high|, and returns the character or -1. */
static int take_low(struct cursor *cursor, int high) {
  int backslash = next(cursor);
  int letter = next(cursor);
  if (backslash != '\\' || letter != 'u') {
    return -1;
  }
  int low = take_hex(cursor, 4);
  return low >= 0xDC00 && low < 0xE000 ? 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00) : -1;
}

/* take_escape takes what is behind a backslash in a JSON string, and returns the character or -1. */
static int take_escape(struct cursor *cursor) {
  static const char letters[] = "bfnrt\"\\/";
  static const char meant[] = "\b\f\n\r\t\"\\/";
  int byte = next(cursor);
  if (byte == 'u') {
    int unit = take_hex(cursor, 4);
    return unit >= 0xD800 && unit < 0xDC00 ? take_low(cursor, unit) : unit;
  }
  const char *found = byte > 0 ? strchr(letters, byte) : NULL;
  return found != NULL ? meant[found - letters] : -1;
}

static size_t put_utf8(uint8_t bytes[4], unsigned character) {
  if (character < 0x80) {
    bytes[0] = (uint8_t)character;
    return 1;
  }
  size_t len = character < 0x800 ? 2 : character < 0x10000 ? 3 : 4;
  for (size_t i = len - 1; i > 0; i--) {
    bytes[i] = (uint8_t)(0x80 | (character & 0x3F));
    character >>= 6;
  }
  bytes[0] = (uint8_t)(0xF00 >> len | character);
  return len;
}

/* count_late returns how many bytes |value| begins with that are not the first of a character. */
static size_t count_late(struct bulla_span value) {
  size_t num = 0;
  while (num < value.len && (value.data[num] & 0xC0) == 0x80) {
    num++;
  }
  return num;
}

/* match_character returns how many of the bytes of |value| from |at| on are those of |character| in UTF-8, or 0. A
 * piece of a long value may begin and end within a character. */
static size_t match_character(struct bulla_span value, size_t at, int character) {
  uint8_t bytes[4];
  size_t len = put_utf8(bytes, (unsigned)character);
  size_t late = at == 0 ? count_late(value) : 0;
  size_t skipped = late > 0 && late < len ? len - late : 0;
  size_t num = len - skipped < value.len - at ? len - skipped : value.len - at;
  return memcmp(value.data + at, bytes + skipped, num) == 0 ? num : 0;
}

/* take_json takes what stands for the bytes of |value| from |at| on in a JSON string, one or those of a character, and
 * returns how many, or 0. An escape below U+0100 may be a byte, as of a program that takes the value for Latin-1. */
static size_t take_json(struct cursor *cursor, struct bulla_span value, size_t at) {
  int byte = next(cursor);
  if (byte != '\\') {
    return byte == value.data[at] ? 1 : 0;
  }
  int character = take_escape(cursor);
  size_t num = character >= 0 ? match_character(value, at, character) : 0;
  return num == 0 && character == value.data[at] ? 1 : num;
}

/* digit_of returns the base64 digit |at| of the groups that |form| is in. |*known| are the bits of it that are the
 * value's. */
static int digit_of(const struct bulla_mask_form *form, size_t at, int *known) {
  size_t bit = 6 * at - 8 * (size_t)form->before;
  size_t byte = bit / 8;
  size_t left = 8 * form->value.len - bit;
  unsigned both = (unsigned)form->value.data[byte] << 8;
  both |= byte + 1 < form->value.len ? form->value.data[byte + 1] : 0;
  *known = left >= 6 ? 0x3F : 0x3F & (0x3F << (6 - left));
  return (int)(both >> (10 - bit % 8)) & *known;
}

/* The first digit that is all of the value's, and the one behind the last that is at least partly. */
static size_t first_digit(const struct bulla_mask_form *form) {
  return (8 * (size_t)form->before + 5) / 6;
}

static size_t end_digit(const struct bulla_mask_form *form) {
  return (8 * (form->before + form->value.len) + 5) / 6;
}

static bool match_base64(const struct bulla_mask_form *form, struct cursor *cursor) {
  for (size_t i = first_digit(form); i < end_digit(form); i++) {
    int known;
    int digit = digit_of(form, i, &known);
    if (i > first_digit(form)) {
      skip_breaks(cursor);
    }
    int found = base64_digit(next(cursor));
    if (found < 0 || (found & known) != digit) {
      return false;
    }
  }
  return true;
}

static bool match_hex(const struct bulla_mask_form *form, struct cursor *cursor) {
  for (size_t i = 0; i < 2 * form->value.len; i++) {
    if (i > 0) {
      skip_breaks(cursor);
    }
    int digit = form->value.data[i / 2] >> (i % 2 == 0 ? 4 : 0) & 0xF;
    if (hex_digit(next(cursor)) != digit) {
      return false;
    }
  }
  return true;
}

/* A terminal has CR LF for LF. So what is compared of a value with several lines is what stands in them. */
static bool match_lines(const struct bulla_mask_form *form, struct cursor *cursor) {
  bool begun = false;
  for (size_t i = 0; i < form->value.len; i++) {
    if (is_break(form->value.data[i])) {
      continue;
    }
    if (begun) {
      skip_breaks(cursor);
    }
    if (next(cursor) != form->value.data[i]) {
      return false;
    }
    begun = true;
  }
  return begun;
}

static bool match_raw(const struct bulla_mask_form *form, struct cursor *cursor) {
  struct bulla_span value = form->value;
  struct bulla_span found;
  if (form->has_lines) {
    return match_lines(form, cursor);
  }
  if (bulla_take(&cursor->left, &found, value.len)) {
    return bulla_span_equal(found, value);
  }
  cursor->ended = cursor->left.left == 0 || memcmp(cursor->left.at, value.data, cursor->left.left) == 0;
  return false;
}

static bool match_url(const struct bulla_mask_form *form, struct cursor *cursor) {
  for (size_t i = 0; i < form->value.len; i++) {
    if (take_url(cursor, form->value.data[i]) != form->value.data[i]) {
      return false;
    }
  }
  return true;
}

static bool match_json(const struct bulla_mask_form *form, struct cursor *cursor) {
  size_t num = 0;
  for (size_t i = 0; i < form->value.len; i += num) {
    num = take_json(cursor, form->value, i);
    if (num == 0) {
      return false;
    }
  }
  return true;
}

static bool match(const struct bulla_mask_form *form, struct cursor *cursor) {
  switch (form->kind) {
    case BULLA_MASK_RAW:
      return match_raw(form, cursor);
    case BULLA_MASK_HEX:
      return match_hex(form, cursor);
    case BULLA_MASK_BASE64:
      return match_base64(form, cursor);
    case BULLA_MASK_URL:
      return match_url(form, cursor);
    case BULLA_MASK_JSON:
      return match_json(form, cursor);
  }
  return false;
}

struct bulla_mask_match bulla_mask_form_match(const struct bulla_mask_form *form, struct bulla_span output) {
  struct cursor cursor = {.left = bulla_reader(output)};
  bool is_there = match(form, &cursor);
  struct bulla_mask_match found = {.len = is_there ? output.len - cursor.left.left : 0,
                                   .is_open = !is_there && cursor.ended};
  return found;
}

size_t bulla_mask_text_len(struct bulla_span value) {
  size_t num = 0;
  for (size_t i = 0; i < value.len; i++) {
    num += is_break(value.data[i]) ? 0 : 1;
  }
  return num;
}

struct bulla_span bulla_mask_without_end(struct bulla_span value) {
  while (value.len > 0 && is_break(value.data[value.len - 1])) {
    value.len--;
  }
  return value;
}

size_t bulla_mask_forms(struct bulla_mask_form forms[BULLA_MASK_FORMS_MAX], struct bulla_span value) {
  size_t num = 0;
  size_t text_len = bulla_mask_text_len(value);
  struct bulla_mask_form raw = {value, BULLA_MASK_RAW, 0, text_len < value.len, text_len};
  if (raw.least_len >= BULLA_MASK_LEAST) {
    forms[num++] = raw;
  }
  forms[num++] = (struct bulla_mask_form){value, BULLA_MASK_HEX, 0, false, 2 * value.len};
  for (uint8_t before = 0; before < 3; before++) {
    struct bulla_mask_form form = {value, BULLA_MASK_BASE64, before, false, 0};
    form.least_len = end_digit(&form) - first_digit(&form);
    forms[num++] = form;
  }
  forms[num++] = (struct bulla_mask_form){value, BULLA_MASK_URL, 0, false, value.len};
  forms[num++] = (struct bulla_mask_form){value, BULLA_MASK_JSON, 0, false, value.len};
  return num;
}
