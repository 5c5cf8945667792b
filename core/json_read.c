/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The strict reader of JSON: one pass over the text with a stack of open brackets, no recursion, no memory but
 * the frame. Its time is linear in the text: the names that stand open at once are bounded, and a new one is
 * compared with its siblings by a signature first.
 *
 * What takes a piece of text gets where it begins and where the text ends, and returns where the piece ends, or
 * NULL if there is none. */

#include "core/json_string.h"

enum { MAX_REAL_LEN = 40, MAX_EXPONENT = 250, SURE_DIGITS = 18 /* any so many fit an int64 */ };

/* A name in an object that is still open. */
struct name {
  uint64_t signature; /* the same for equal names */
  const uint8_t *text;
  uint32_t len;
  bool escaped;
};

struct level {
  bool is_object;
  size_t first_name; /* below, of the object at this level */
  uint64_t filter;   /* a bit for each of its names: where a new name's is not set, no earlier one is the same */
};

struct parser {
  const uint8_t *end;
  size_t max_depth;
  size_t max_names;
  struct level levels[BULLA_JSON_MAX_DEPTH];
  struct name names[BULLA_JSON_MAX_NAMES];
};

static const uint8_t *skip_space(const uint8_t *at, const uint8_t *end) {
  while (at < end && *at <= ' ' && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t')) {
    at++;
  }
  return at;
}

static const uint8_t *skip_digits(const uint8_t *at, const uint8_t *end) {
  while (at < end && (uint8_t)(*at - '0') < 10) {
    at++;
  }
  return at;
}

static bool is_next(const uint8_t *at, const uint8_t *end, uint8_t c) {
  return at < end && *at == c;
}

/* Takes the rest of a string, in which something is no plain ASCII. */
static const uint8_t *take_unusual(const uint8_t *at, const uint8_t *end, bool *escaped) {
  while (!is_next(at, end, '"')) {
    size_t plain = bulla_json_plain_len(at, (size_t)(end - at));
    if (plain > 0) {
      at += plain;
      continue;
    }
    *escaped = *escaped || is_next(at, end, '\\');
    struct bulla_reader in = bulla_reader(bulla_span(at, (size_t)(end - at)));
    uint32_t character;
    if (!bulla_json_take_char(&in, &character)) {
      return NULL;
    }
    at = in.at;
  }
  return at;
}

/* Takes a string whose opening quote is at |at|. */
static inline const uint8_t *take_string(const uint8_t *at, const uint8_t *end, struct bulla_json_value *value) {
  const uint8_t *start = at + 1;
  bool escaped = false;
  at = start + bulla_json_plain_len(start, (size_t)(end - start));
  if (!is_next(at, end, '"')) {
    at = take_unusual(at, end, &escaped);
    if (at == NULL) {
      return NULL;
    }
  }
  value->type = BULLA_JSON_STRING;
  value->escaped = escaped;
  value->text = bulla_span(start, (size_t)(at - start));
  return at + 1;
}

static bool parse_int64(int64_t *number, struct bulla_span text) {
  bool negative = text.len > 0 && text.data[0] == '-';
  uint64_t limit = negative ? UINT64_C(1) << 63 : INT64_MAX;
  uint64_t magnitude = 0;
  for (size_t i = negative ? 1 : 0; i < text.len; i++) {
    uint64_t digit = (uint8_t)(text.data[i] - '0');
    if (digit > 9 || (i >= SURE_DIGITS && magnitude > (limit - digit) / 10)) {
      return false;
    }
    magnitude = magnitude * 10 + digit;
  }
  *number = (int64_t)(negative ? 0 - magnitude : magnitude);
  return true;
}

/* Takes a fraction and an exponent, if they are there. */
static const uint8_t *take_real(const uint8_t *at, const uint8_t *end) {
  if (is_next(at, end, '.')) {
    const uint8_t *digits = at + 1;
    at = skip_digits(digits, end);
    if (at == digits) {
      return NULL;
    }
  }
  if (is_next(at, end, 'e') || is_next(at, end, 'E')) {
    at++;
    if (is_next(at, end, '-') || is_next(at, end, '+')) {
      at++;
    }
    const uint8_t *digits = at;
    at = skip_digits(digits, end);
    int64_t power;
    if (at == digits || !parse_int64(&power, bulla_span(digits, (size_t)(at - digits))) || power > MAX_EXPONENT) {
      return NULL;
    }
  }
  return at;
}

/* Takes a number: RFC 8259 §6, within the bounds that core/json.h names. */
static const uint8_t *take_number(const uint8_t *at, const uint8_t *end, struct bulla_json_value *value) {
  const uint8_t *start = at;
  const uint8_t *digits = is_next(at, end, '-') ? at + 1 : at;
  const uint8_t *integer_end = skip_digits(digits, end);
  size_t num_digits = (size_t)(integer_end - digits);
  if (num_digits == 0 || (num_digits > 1 && *digits == '0')) {
    return NULL;
  }
  at = integer_end;
  if (at < end && (*at == '.' || (*at | 0x20) == 'e')) {
    at = take_real(at, end);
    if (at == NULL) {
      return NULL;
    }
  }
  value->type = BULLA_JSON_NUMBER;
  value->escaped = false;
  value->text = bulla_span(start, (size_t)(at - start));
  int64_t number;
  bool in_bounds = at != integer_end ? value->text.len <= MAX_REAL_LEN
                                     : num_digits <= SURE_DIGITS || parse_int64(&number, value->text);
  return in_bounds ? at : NULL;
}

static const uint8_t *take_literal(const uint8_t *at, const uint8_t *end, struct bulla_json_value *value) {
  static const struct {
    enum bulla_json_type type;
    struct bulla_span word;
  } literals[] = {
      {BULLA_JSON_TRUE, {(const uint8_t *)"true", 4}},
      {BULLA_JSON_FALSE, {(const uint8_t *)"false", 5}},
      {BULLA_JSON_NULL, {(const uint8_t *)"null", 4}},
  };
  for (size_t i = 0; i < sizeof(literals) / sizeof(literals[0]); i++) {
    size_t len = literals[i].word.len;
    if ((size_t)(end - at) >= len && bulla_span_equal(bulla_span(at, len), literals[i].word)) {
      *value = (struct bulla_json_value){literals[i].type, false, bulla_span(at, len)};
      return at + len;
    }
  }
  return NULL;
}

/* Takes a value that has no values inside. */
static inline const uint8_t *take_scalar(const uint8_t *at, const uint8_t *end, struct bulla_json_value *value) {
  if (at == end) {
    return NULL;
  }
  if (*at == '"') {
    return take_string(at, end, value);
  }
  return *at < 'a' ? take_number(at, end, value) : take_literal(at, end, value);
}

/* The first eight bytes of a name after unescaping, and its length, in one number. */
static inline uint64_t signature_of(const struct bulla_json_value *name, const uint8_t *end) {
  uint64_t word = 0;
  size_t len = name->text.len;
  if (name->escaped) {
    uint8_t first[sizeof(word)] = {0};
    len = bulla_json_unescaped_start(first, name);
    memcpy(&word, first, sizeof(word));
  } else if ((size_t)(end - name->text.data) < sizeof(word)) {
    memcpy(&word, name->text.data, len);
  } else {
    /* Reads past a short name, but not past the text, and shifts out what it read too much. */
    uint64_t wide;
    memcpy(&wide, name->text.data, sizeof(wide));
    word = len >= sizeof(wide) ? wide : len == 0 ? 0 : wide & (UINT64_MAX >> (64 - 8 * len));
  }
  return word ^ len * UINT64_C(0x9e3779b97f4a7c15);
}

static bool is_same(const struct name *earlier, const struct bulla_json_value *name) {
  struct bulla_json_value string = {BULLA_JSON_STRING, earlier->escaped, bulla_span(earlier->text, earlier->len)};
  return bulla_json_same(&string, name);
}

static bool is_among(const struct parser *parser, size_t first, size_t num_names, uint64_t signature,
                     const struct bulla_json_value *name) {
  for (size_t i = first; i < num_names; i++) {
    if (parser->names[i].signature == signature && is_same(&parser->names[i], name)) {
      return true;
    }
  }
  return false;
}

/* Notes |name| as the name number |num_names|, unless its object at |level| has it already. */
static inline bool note_name(struct parser *parser, struct level *level, size_t num_names,
                             const struct bulla_json_value *name) {
  if (num_names == parser->max_names || name->text.len > UINT32_MAX) {
    return false;
  }
  uint64_t signature = signature_of(name, parser->end);
  uint64_t bit = UINT64_C(1) << (signature * UINT64_C(0x9e3779b97f4a7c15) >> 58);
  if ((level->filter & bit) != 0 && is_among(parser, level->first_name, num_names, signature, name)) {
    return false;
  }
  level->filter |= bit;
  parser->names[num_names] =
      (struct name){signature, name->text.data, (uint32_t)name->text.len, name->escaped};
  return true;
}

/* What is collected of the object at the top. */
struct collector {
  struct bulla_json_member *members;
  size_t num;
  size_t max;
  struct bulla_json_member spare; /* for what is not collected */
};

/* Where the next member of the object at the top goes. */
static inline struct bulla_json_member *next_member(struct collector *collector) {
  return collector->num < collector->max ? &collector->members[collector->num] : &collector->spare;
}

/* Takes a name that begins at |at| and the colon behind it. */
static inline const uint8_t *take_name(struct parser *parser, struct level *level, size_t num_names,
                                       const uint8_t *at, struct bulla_json_value *name) {
  const uint8_t *const end = parser->end;
  if (!is_next(at, end, '"')) {
    return NULL;
  }
  at = take_string(at, end, name);
  if (at == NULL || !note_name(parser, level, num_names, name)) {
    return NULL;
  }
  at = skip_space(at, end);
  return is_next(at, end, ':') ? skip_space(at + 1, end) : NULL;
}

/* Takes the object or array whose opening bracket is at |at|, with everything inside. */
static const uint8_t *take_nested(struct parser *parser, const uint8_t *at, struct collector *collector) {
  const uint8_t *const end = parser->end;
  struct level *level = parser->levels; /* the innermost that is open */
  struct level *const top = level;
  struct level *const last = level + parser->max_depth - 1;
  struct bulla_json_member inner; /* whatever stands deeper than the top */
  struct bulla_json_member *member = next_member(collector);
  size_t num_names = 0;
  *level = (struct level){*at == '{', num_names, 0};
  at = skip_space(at + 1, end);
  bool ended = is_next(at, end, level->is_object ? '}' : ']');
  for (;;) {
    if (!ended) {
      /* A member or an element begins here. */
      /* cppcheck-suppress uninitvar; it is only written. */
      struct bulla_json_member *into = level == top ? member : &inner;
      if (level->is_object) {
        at = take_name(parser, level, num_names, at, &into->name);
        if (at == NULL) {
          return NULL;
        }
        num_names++;
      }
      if (is_next(at, end, '{') || is_next(at, end, '[')) {
        if (level == last) {
          return NULL;
        }
        bool is_object = *at == '{';
        into->value = (struct bulla_json_value){is_object ? BULLA_JSON_OBJECT : BULLA_JSON_ARRAY, false,
                                                bulla_span(at, 0)};
        level++;
        *level = (struct level){is_object, num_names, 0};
        at = skip_space(at + 1, end);
        ended = is_next(at, end, is_object ? '}' : ']');
        continue;
      }
      at = take_scalar(at, end, &into->value);
      if (at == NULL) {
        return NULL;
      }
      if (level == top) {
        collector->num++;
        member = next_member(collector);
      }
      at = skip_space(at, end);
    }
    if (is_next(at, end, ',')) {
      at = skip_space(at + 1, end);
      ended = false;
      continue;
    }
    if (!is_next(at, end, level->is_object ? '}' : ']')) {
      return NULL;
    }
    at++;
    num_names = level->first_name;
    if (level == top) {
      return at;
    }
    level--;
    if (level == top) {
      member->value.text.len = (size_t)(at - member->value.text.data);
      collector->num++;
      member = next_member(collector);
    }
    at = skip_space(at, end);
    ended = true;
  }
}

/* Says whether the whole text is space, one object or array as |bracket| says, space. */
static bool take_text(struct parser *parser, struct collector *collector, uint8_t bracket, struct bulla_span text) {
  if (text.len == 0) {
    return false;
  }
  parser->end = text.data + text.len;
  const uint8_t *at = skip_space(text.data, parser->end);
  if (!is_next(at, parser->end, bracket)) {
    return false;
  }
  at = take_nested(parser, at, collector);
  return at != NULL && skip_space(at, parser->end) == parser->end;
}

enum bulla_status bulla_json_read(struct bulla_json_member *members, size_t *num_members, size_t max_members,
                                  struct bulla_span text) {
  struct parser parser;
  parser.max_depth = BULLA_JSON_MAX_DEPTH;
  parser.max_names = BULLA_JSON_MAX_NAMES;
  struct collector collector;
  collector.members = members;
  collector.num = 0;
  collector.max = max_members;
  bool good = take_text(&parser, &collector, '{', text);
  *num_members = good ? collector.num : 0;
  return good ? BULLA_OK : BULLA_INVALID_TEXT;
}

bool bulla_json_valid_inside(struct bulla_span text, char bracket) {
  struct parser parser;
  parser.max_depth = BULLA_JSON_MAX_DEPTH - 1;
  parser.max_names = BULLA_JSON_MAX_NAMES - BULLA_JSON_MAX_OUTER;
  struct collector collector;
  collector.num = 0;
  collector.max = 0;
  return take_text(&parser, &collector, (uint8_t)bracket, text);
}

bool bulla_json_int64(int64_t *number, const struct bulla_json_value *value) {
  return value->type == BULLA_JSON_NUMBER && parse_int64(number, value->text);
}

/* Skips a checked value whose opening bracket is at |at|. */
static const uint8_t *skip_nested(const uint8_t *at, const uint8_t *end) {
  size_t depth = 0;
  struct bulla_json_value string;
  while (at < end) {
    if (*at == '"') {
      at = take_string(at, end, &string);
      if (at == NULL) {
        return NULL;
      }
      continue;
    }
    if (*at == '[' || *at == '{') {
      depth++;
    } else if (*at == ']' || *at == '}') {
      depth--;
    }
    at++;
    if (depth == 0) {
      return at;
    }
  }
  return NULL;
}

bool bulla_json_next(struct bulla_span *rest, struct bulla_json_value *element) {
  if (rest->len == 0 || (rest->data[0] != '[' && rest->data[0] != ',')) {
    return false;
  }
  const uint8_t *end = rest->data + rest->len;
  const uint8_t *start = skip_space(rest->data + 1, end);
  const uint8_t *at;
  if (is_next(start, end, '[') || is_next(start, end, '{')) {
    at = skip_nested(start, end);
    element->type = *start == '[' ? BULLA_JSON_ARRAY : BULLA_JSON_OBJECT;
    element->escaped = false;
    element->text = bulla_span(start, at == NULL ? 0 : (size_t)(at - start));
  } else {
    at = take_scalar(start, end, element);
  }
  if (at == NULL) {
    return false;
  }
  at = skip_space(at, end);
  *rest = bulla_span(at, (size_t)(end - at));
  return true;
}
