/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See cli/text.h. The ranges are of Unicode 15. */

#include "cli/text.h"

struct range {
  uint32_t first;
  uint32_t last;
};

/* Controls, and what has no shape of its own: separators of lines, marks of direction, characters of no width or
 * that are not to be shown (Default_Ignorable_Code_Point), and the blanks among letters and symbols. */
static const struct range unseen[] = {
    {0x0000, 0x001F}, {0x007F, 0x009F},   {0x00AD, 0x00AD},   {0x034F, 0x034F},   {0x061C, 0x061C},   {0x115F, 0x1160},
    {0x17B4, 0x17B5}, {0x180B, 0x180F},   {0x200B, 0x200F},   {0x2028, 0x202E},   {0x2060, 0x206F},   {0x2800, 0x2800},
    {0x3164, 0x3164}, {0xFDD0, 0xFDEF},   {0xFE00, 0xFE0F},   {0xFEFF, 0xFEFF},   {0xFFA0, 0xFFA0},   {0xFFF0, 0xFFFB},
    {0xFFFE, 0xFFFF}, {0x1BCA0, 0x1BCA3}, {0x1D159, 0x1D159}, {0x1D173, 0x1D17A}, {0xE0000, 0xE0FFF},
};

static const struct range spaces[] = {
    {0x00A0, 0x00A0}, {0x1680, 0x1680}, {0x2000, 0x200A}, {0x202F, 0x202F}, {0x205F, 0x205F}, {0x3000, 0x3000},
};

/* Marks that stand above or below the character before them, in the scripts in which they are most common. */
static const struct range combining[] = {
    {0x0300, 0x036F}, {0x0483, 0x0489}, {0x0591, 0x05BD}, {0x05BF, 0x05BF}, {0x05C1, 0x05C2}, {0x05C4, 0x05C5},
    {0x0610, 0x061A}, {0x064B, 0x065F}, {0x0670, 0x0670}, {0x06D6, 0x06DC}, {0x06DF, 0x06E4}, {0x06E7, 0x06E8},
    {0x06EA, 0x06ED}, {0x093A, 0x093A}, {0x093C, 0x093C}, {0x0941, 0x0948}, {0x094D, 0x094D}, {0x0E31, 0x0E31},
    {0x0E34, 0x0E3A}, {0x0E47, 0x0E4E}, {0x1AB0, 0x1AFF}, {0x1DC0, 0x1DFF}, {0x20D0, 0x20FF}, {0x302A, 0x302D},
    {0x3099, 0x309A}, {0xFE20, 0xFE2F},
};

static const struct range wide[] = {
    {0x1100, 0x115E},   {0x231A, 0x231B},   {0x2E80, 0x303E},   {0x3041, 0x33FF},   {0x3400, 0x4DBF},
    {0x4E00, 0xA4CF},   {0xA960, 0xA97C},   {0xAC00, 0xD7A3},   {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},
    {0xFF01, 0xFF60},   {0xFFE0, 0xFFE6},   {0x16FE0, 0x18AFF}, {0x1B000, 0x1B2FF}, {0x1F300, 0x1F64F},
    {0x1F680, 0x1F6FF}, {0x1F900, 0x1F9FF}, {0x20000, 0x3FFFD},
};

#define IS_IN(ranges, c) is_in((ranges), sizeof(ranges) / sizeof((ranges)[0]), (c))

/* The ranges ascend, and most characters come before most of them. */
static bool is_in(const struct range *ranges, size_t num, uint32_t c) {
  for (size_t i = 0; i < num && c >= ranges[i].first; i++) {
    if (c <= ranges[i].last) {
      return true;
    }
  }
  return false;
}

/* One character, or one byte that is no part of any. */
struct character {
  struct bulla_span bytes;
  uint32_t code;
  bool valid;
};

/* take_char takes a character of UTF-8 (RFC 3629), or the next byte if none begins there. */
static bool take_char(struct bulla_reader *reader, struct character *c) {
  static const uint32_t smallest[] = {0, 0x80, 0x800, 0x10000};
  if (reader->left == 0) {
    return false;
  }
  uint8_t first = *reader->at;
  size_t more = first < 0x80 ? 0 : first >= 0xF0 && first < 0xF8 ? 3 : first >= 0xE0 && first < 0xF0 ? 2 : 1;
  bool valid = first < 0x80 || (first >= 0xC0 && first < 0xF8 && reader->left > more);
  uint32_t code = more == 0 ? first : first & (0x3FU >> more);
  for (size_t i = 1; valid && i <= more; i++) {
    valid = (reader->at[i] & 0xC0) == 0x80;
    code = code << 6 | (reader->at[i] & 0x3FU);
  }
  valid = valid && code >= smallest[more] && code <= 0x10FFFF && (code < 0xD800 || code > 0xDFFF);
  c->valid = valid;
  c->code = code;
  return bulla_take(reader, &c->bytes, valid ? more + 1 : 1);
}

static const char hex[] = "0123456789abcdef";

static void put_bytes(struct bulla_writer *writer, struct bulla_span bytes) {
  for (size_t i = 0; i < bytes.len; i++) {
    bulla_put(writer, BULLA_LITERAL("\\x"));
    bulla_put_byte(writer, (uint8_t)hex[bytes.data[i] >> 4]);
    bulla_put_byte(writer, (uint8_t)hex[bytes.data[i] & 15]);
  }
}

void bulla_text_put_cell(struct bulla_writer *writer, struct bulla_span text) {
  struct bulla_reader reader = bulla_reader(text);
  struct character c;
  bool after_space = true;
  while (take_char(&reader, &c)) {
    /* Two spaces part columns, and a hyphen alone stands for nothing. */
    bool edge = c.code == ' ' && (after_space || reader.left == 0);
    bool nothing = c.code == '-' && text.len == 1;
    after_space = c.code == ' ';
    if (!c.valid || edge || nothing || IS_IN(unseen, c.code) || IS_IN(spaces, c.code)) {
      put_bytes(writer, c.bytes);
    } else if (c.code == '\\') {
      bulla_put(writer, BULLA_LITERAL("\\\\"));
    } else {
      bulla_put(writer, c.bytes);
    }
  }
}

static void put_utf16(struct bulla_writer *writer, uint32_t unit) {
  bulla_put(writer, BULLA_LITERAL("\\u"));
  for (int shift = 12; shift >= 0; shift -= 4) {
    bulla_put_byte(writer, (uint8_t)hex[unit >> shift & 15]);
  }
}

static void put_json_escape(struct bulla_writer *writer, uint32_t code) {
  if (code > 0xFFFF) {
    put_utf16(writer, 0xD800 + ((code - 0x10000) >> 10));
    code = 0xDC00 + ((code - 0x10000) & 0x3FF);
  }
  put_utf16(writer, code);
}

void bulla_text_put_json(struct bulla_writer *writer, struct bulla_span json) {
  struct bulla_reader reader = bulla_reader(json);
  struct character c;
  bool in_string = false;
  bool escaped = false;
  while (take_char(&reader, &c)) {
    if (!in_string && (c.code == ' ' || c.code == '\t' || c.code == '\n' || c.code == '\r')) {
      continue;
    }
    in_string = in_string != (c.code == '"' && !escaped);
    escaped = in_string && c.code == '\\' && !escaped;
    if (IS_IN(unseen, c.code)) {
      put_json_escape(writer, c.code);
    } else {
      bulla_put(writer, c.bytes);
    }
  }
}

void bulla_text_put_plain(struct bulla_writer *writer, struct bulla_span text) {
  struct bulla_reader reader = bulla_reader(text);
  struct character c;
  while (take_char(&reader, &c)) {
    bulla_put(writer, c.valid && !IS_IN(unseen, c.code) ? c.bytes : BULLA_LITERAL("?"));
  }
}

size_t bulla_text_width(struct bulla_span text) {
  struct bulla_reader reader = bulla_reader(text);
  struct character c;
  size_t width = 0;
  while (take_char(&reader, &c)) {
    width += IS_IN(combining, c.code) ? 0 : IS_IN(wide, c.code) ? 2 : 1;
  }
  return width;
}
