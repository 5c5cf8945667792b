/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Strings of JSON, see core/json_string.h. */

#include "core/json_string.h"

/* RFC 7493 §2.1 forbids surrogates and noncharacters; NUL is forbidden here, because too much of what gets
 * these strings ends them there. */
static bool is_allowed(uint32_t character) {
  bool surrogate = character >= 0xd800 && character <= 0xdfff;
  bool noncharacter = (character & 0xfffe) == 0xfffe || (character >= 0xfdd0 && character <= 0xfdef);
  return character != 0 && character <= 0x10ffff && !surrogate && !noncharacter;
}

/* Takes one UTF-8 sequence (RFC 3629 §4): the shortest form only. */
static bool take_utf8(struct bulla_reader *reader, uint32_t *character) {
  static const uint32_t smallest[] = {0, 0x80, 0x800, 0x10000};
  uint8_t lead;
  if (!bulla_take_byte(reader, &lead)) {
    return false;
  }
  size_t num_more = lead < 0x80 ? 0 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
  struct bulla_span more;
  if ((lead >= 0x80 && lead < 0xc0) || lead > 0xf4 || !bulla_take(reader, &more, num_more)) {
    return false;
  }
  uint32_t bits = num_more == 0 ? lead : lead & (0x3fU >> num_more);
  for (size_t i = 0; i < num_more; i++) {
    if ((more.data[i] & 0xc0) != 0x80) {
      return false;
    }
    bits = bits << 6 | (more.data[i] & 0x3f);
  }
  *character = bits;
  return bits >= smallest[num_more] && is_allowed(bits);
}

static bool take_hex4(struct bulla_reader *reader, uint32_t *unit) {
  struct bulla_span text;
  if (!bulla_take(reader, &text, 4)) {
    return false;
  }
  uint32_t bits = 0;
  for (size_t i = 0; i < 4; i++) {
    uint8_t c = text.data[i];
    uint32_t value;
    if (c >= '0' && c <= '9') {
      value = (uint32_t)(c - '0');
    } else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f') {
      value = (uint32_t)((c | 0x20) - 'a' + 10);
    } else {
      return false;
    }
    bits = bits << 4 | value;
  }
  *unit = bits;
  return true;
}

/* Takes what follows "\u": one unit, or the two of a surrogate pair (RFC 8259 §7). */
static bool take_unicode_escape(struct bulla_reader *reader, uint32_t *character) {
  uint32_t unit;
  if (!take_hex4(reader, &unit)) {
    return false;
  }
  if (unit >= 0xd800 && unit <= 0xdbff) {
    uint32_t low;
    struct bulla_span mark;
    if (!bulla_take(reader, &mark, 2) || !bulla_span_equal(mark, BULLA_LITERAL("\\u")) || !take_hex4(reader, &low) ||
        low < 0xdc00 || low > 0xdfff) {
      return false;
    }
    unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
  }
  *character = unit;
  return is_allowed(unit);
}

static bool take_escape(struct bulla_reader *reader, uint32_t *character) {
  uint8_t c;
  if (!bulla_take_byte(reader, &c)) {
    return false;
  }
  switch (c) {
    case '"':
    case '\\':
    case '/':
      *character = c;
      return true;
    case 'b':
      *character = '\b';
      return true;
    case 'f':
      *character = '\f';
      return true;
    case 'n':
      *character = '\n';
      return true;
    case 'r':
      *character = '\r';
      return true;
    case 't':
      *character = '\t';
      return true;
    case 'u':
      return take_unicode_escape(reader, character);
    default:
      return false;
  }
}

uint64_t bulla_json_stops(const uint8_t *start, const uint8_t *at, const uint8_t *end) {
  size_t left = (size_t)(end - at);
  size_t num = left < BULLA_JSON_BLOCK ? left : BULLA_JSON_BLOCK;
  uint64_t stops = num < BULLA_JSON_BLOCK ? UINT64_MAX << num : 0;
  size_t i = 0;
#ifdef __SSE2__
  for (; num - i >= 16; i += 16) {
    stops |= (uint64_t)bulla_json_special(at + i) << i;
  }
  if (num > i && end - start >= 16) {
    /* The last 16 bytes of the text: those before |at + i| have been seen. */
    return stops | (uint64_t)bulla_json_special(end - 16) >> (16 - (num - i)) << i;
  }
#endif
  for (; i < num; i++) {
    stops |= (uint64_t)(bulla_json_plain_len(at + i, 1) == 0) << i;
  }
  return stops;
}

bool bulla_json_take_char(struct bulla_reader *reader, uint32_t *character) {
  if (reader->left == 0 || *reader->at < 0x20 || *reader->at == '"') {
    return false;
  }
  if (*reader->at == '\\') {
    uint8_t backslash;
    return bulla_take_byte(reader, &backslash) && take_escape(reader, character);
  }
  return take_utf8(reader, character);
}

bool bulla_json_same(const struct bulla_json_value *a, const struct bulla_json_value *b) {
  if (!a->escaped && !b->escaped) {
    return bulla_span_equal(a->text, b->text);
  }
  struct bulla_reader in_a = bulla_reader(a->text);
  struct bulla_reader in_b = bulla_reader(b->text);
  while (in_a.left > 0 && in_b.left > 0) {
    uint32_t of_a;
    uint32_t of_b;
    if (!bulla_json_take_char(&in_a, &of_a) || !bulla_json_take_char(&in_b, &of_b) || of_a != of_b) {
      return false;
    }
  }
  return in_a.left == 0 && in_b.left == 0;
}

uint64_t bulla_json_hash(const struct bulla_json_value *string) {
  struct bulla_reader in = bulla_reader(string->text);
  uint64_t hash = 1;
  uint32_t character;
  while (bulla_json_take_char(&in, &character)) {
    hash = (hash ^ character) * UINT64_C(0x9e3779b97f4a7c15);
    hash ^= hash >> 32;
  }
  return hash | 1;
}

static void put_utf8(struct bulla_writer *writer, uint32_t character) {
  if (character < 0x80) {
    bulla_put_byte(writer, (uint8_t)character);
    return;
  }
  unsigned num_more = character < 0x800 ? 1 : character < 0x10000 ? 2 : 3;
  unsigned marker = 0xff00U >> (num_more + 1) & 0xff;
  bulla_put_byte(writer, (uint8_t)(marker | character >> (6 * num_more)));
  for (unsigned i = num_more; i > 0; i--) {
    bulla_put_byte(writer, (uint8_t)(0x80 | (character >> (6 * (i - 1)) & 0x3f)));
  }
}

void bulla_json_unescape(struct bulla_writer *writer, const struct bulla_json_value *string) {
  if (!string->escaped) {
    bulla_put(writer, string->text);
    return;
  }
  struct bulla_reader in = bulla_reader(string->text);
  uint32_t character;
  while (bulla_json_take_char(&in, &character)) {
    put_utf8(writer, character);
  }
}

size_t bulla_json_unescaped_start(uint8_t *first, const struct bulla_json_value *string) {
  struct bulla_reader in = bulla_reader(string->text);
  size_t len = 0;
  uint32_t character;
  while (bulla_json_take_char(&in, &character)) {
    uint8_t room[4];
    struct bulla_buffer utf8 = bulla_buffer(room, sizeof(room));
    struct bulla_writer out = bulla_writer(&utf8);
    put_utf8(&out, character);
    for (size_t i = 0; i < utf8.len; i++, len++) {
      if (len < 8) {
        first[len] = room[i];
      }
    }
  }
  return len;
}

/* Compares without unescaping to memory: the escaped side gives its characters, the plain side its UTF-8. */
bool bulla_json_equal(const struct bulla_json_value *string, struct bulla_span text) {
  if (string->type != BULLA_JSON_STRING) {
    return false;
  }
  if (!string->escaped) {
    return bulla_span_equal(string->text, text);
  }
  struct bulla_reader escaped = bulla_reader(string->text);
  struct bulla_reader plain = bulla_reader(text);
  while (escaped.left > 0 && plain.left > 0) {
    uint32_t a;
    uint32_t b;
    if (!bulla_json_take_char(&escaped, &a) || !take_utf8(&plain, &b) || a != b) {
      return false;
    }
  }
  return escaped.left == 0 && plain.left == 0;
}

bool bulla_json_valid_string(struct bulla_span text) {
  struct bulla_reader in = bulla_reader(text);
  uint32_t character;
  while (in.left > 0) {
    struct bulla_span plain;
    if (!bulla_take(&in, &plain, bulla_json_plain_len(in.at, in.left)) ||
        (in.left > 0 && !take_utf8(&in, &character))) {
      return false;
    }
  }
  return true;
}
