/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The strict reader of JSON: one pass over the text with a stack of open brackets, no recursion, no memory but
 * the frame. Time is linear in the text: names that stand open at once are bounded, and a new one is compared
 * with its siblings by hash. */

#include "core/json_string.h"

enum { MAX_REAL_LEN = 40, MAX_EXPONENT = 250 };

struct name {
  struct bulla_json_value string;
  uint32_t hash; /* of the characters, FNV-1a: it only saves comparisons */
};

struct parser {
  struct bulla_reader in;
  size_t depth;
  uint8_t bracket[BULLA_JSON_MAX_DEPTH];     /* '{' or '[' */
  size_t first_name[BULLA_JSON_MAX_DEPTH];   /* in |names|, of the object at that depth */
  size_t num_names;
  struct name names[BULLA_JSON_MAX_NAMES];   /* of the objects that are open */
};

static void skip_space(struct bulla_reader *in) {
  while (in->left > 0 && (*in->at == ' ' || *in->at == '\n' || *in->at == '\r' || *in->at == '\t')) {
    in->at++;
    in->left--;
  }
}

static bool take_this(struct bulla_reader *in, char c) {
  if (in->left == 0 || *in->at != (uint8_t)c) {
    return false;
  }
  in->at++;
  in->left--;
  return true;
}

static bool take_word(struct bulla_reader *in, struct bulla_span word) {
  if (in->left < word.len || !bulla_span_equal(bulla_span(in->at, word.len), word)) {
    return false;
  }
  in->at += word.len;
  in->left -= word.len;
  return true;
}

/* A plain character: ASCII, not a control, a quote or a backslash. */
static bool is_plain(uint8_t c) {
  return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

static bool take_string(struct bulla_reader *in, struct bulla_json_value *value) {
  if (!take_this(in, '"')) {
    return false;
  }
  const uint8_t *start = in->at;
  value->type = BULLA_JSON_STRING;
  value->escaped = false;
  while (!take_this(in, '"')) {
    if (in->left > 0 && is_plain(*in->at)) {
      in->at++;
      in->left--;
      continue;
    }
    value->escaped = value->escaped || (in->left > 0 && *in->at == '\\');
    uint32_t character;
    if (!bulla_json_take_char(in, &character)) {
      return false;
    }
  }
  value->text = bulla_span(start, (size_t)(in->at - start) - 1);
  return true;
}

static size_t take_digits(struct bulla_reader *in) {
  size_t num = 0;
  while (num < in->left && in->at[num] >= '0' && in->at[num] <= '9') {
    num++;
  }
  in->at += num;
  in->left -= num;
  return num;
}

static bool parse_int64(int64_t *number, struct bulla_span text) {
  struct bulla_reader in = bulla_reader(text);
  bool negative = take_this(&in, '-');
  uint64_t limit = negative ? UINT64_C(1) << 63 : INT64_MAX;
  uint64_t magnitude = 0;
  uint8_t c;
  while (bulla_take_byte(&in, &c)) {
    if (c < '0' || c > '9') {
      return false;
    }
    uint64_t digit = (uint64_t)(c - '0');
    if (magnitude > (limit - digit) / 10) {
      return false;
    }
    magnitude = magnitude * 10 + digit;
  }
  *number = (int64_t)(negative ? 0 - magnitude : magnitude);
  return true;
}

/* RFC 8259 §6, within the bounds that core/json.h names. */
static bool take_number(struct bulla_reader *in, struct bulla_json_value *value) {
  const uint8_t *start = in->at;
  take_this(in, '-');
  bool leads_with_zero = in->left > 0 && *in->at == '0';
  size_t num_digits = take_digits(in);
  if (num_digits == 0 || (leads_with_zero && num_digits > 1)) {
    return false;
  }
  bool real = false;
  if (take_this(in, '.')) {
    real = true;
    if (take_digits(in) == 0) {
      return false;
    }
  }
  if (take_this(in, 'e') || take_this(in, 'E')) {
    real = true;
    if (!take_this(in, '-')) {
      take_this(in, '+');
    }
    const uint8_t *exponent = in->at;
    size_t len = take_digits(in);
    int64_t power;
    if (len == 0 || !parse_int64(&power, bulla_span(exponent, len)) || power > MAX_EXPONENT) {
      return false;
    }
  }
  value->type = BULLA_JSON_NUMBER;
  value->escaped = false;
  value->text = bulla_span(start, (size_t)(in->at - start));
  int64_t number;
  return real ? value->text.len <= MAX_REAL_LEN : parse_int64(&number, value->text);
}

static bool take_literal(struct bulla_reader *in, struct bulla_json_value *value) {
  const uint8_t *start = in->at;
  value->escaped = false;
  if (take_word(in, BULLA_LITERAL("true"))) {
    value->type = BULLA_JSON_TRUE;
  } else if (take_word(in, BULLA_LITERAL("false"))) {
    value->type = BULLA_JSON_FALSE;
  } else if (take_word(in, BULLA_LITERAL("null"))) {
    value->type = BULLA_JSON_NULL;
  } else {
    return false;
  }
  value->text = bulla_span(start, (size_t)(in->at - start));
  return true;
}

/* Takes a value that has no values inside. */
static bool take_scalar(struct bulla_reader *in, struct bulla_json_value *value) {
  if (in->left == 0) {
    return false;
  }
  switch (*in->at) {
    case '"':
      return take_string(in, value);
    case 't':
    case 'f':
    case 'n':
      return take_literal(in, value);
    default:
      return take_number(in, value);
  }
}

static uint32_t hash_name(const struct bulla_json_value *string) {
  uint32_t hash = 2166136261U;
  struct bulla_reader in = bulla_reader(string->text);
  uint32_t character;
  while (bulla_json_take_char(&in, &character)) {
    hash = (hash ^ character) * 16777619U;
  }
  return hash;
}

/* Takes a name and its colon, and notes it among those of its object, where it must be new. */
static bool take_name(struct parser *parser, struct bulla_json_value *name) {
  if (!take_string(&parser->in, name) || parser->num_names == BULLA_JSON_MAX_NAMES) {
    return false;
  }
  uint32_t hash = hash_name(name);
  for (size_t i = parser->first_name[parser->depth - 1]; i < parser->num_names; i++) {
    if (parser->names[i].hash == hash && bulla_json_same(&parser->names[i].string, name)) {
      return false;
    }
  }
  parser->names[parser->num_names].string = *name;
  parser->names[parser->num_names].hash = hash;
  parser->num_names++;
  skip_space(&parser->in);
  return take_this(&parser->in, ':');
}

/* Takes an opening bracket if there is one; |*opened| says so. False at too many levels. */
static bool open_bracket(struct parser *parser, bool *opened) {
  *opened = parser->in.left > 0 && (*parser->in.at == '{' || *parser->in.at == '[');
  if (!*opened) {
    return true;
  }
  if (parser->depth == BULLA_JSON_MAX_DEPTH) {
    return false;
  }
  bulla_take_byte(&parser->in, &parser->bracket[parser->depth]);
  parser->first_name[parser->depth] = parser->num_names;
  parser->depth++;
  skip_space(&parser->in);
  return true;
}

static bool in_object(const struct parser *parser) {
  return parser->bracket[parser->depth - 1] == '{';
}

static bool close_bracket(struct parser *parser) {
  if (!take_this(&parser->in, in_object(parser) ? '}' : ']')) {
    return false;
  }
  parser->depth--;
  parser->num_names = parser->first_name[parser->depth];
  return true;
}

/* What is being collected of the object at the top. */
struct collector {
  struct bulla_json_member *members;
  size_t num;
  size_t max;
  const uint8_t *value_start;
  struct bulla_json_member current;
};

static void collect(struct collector *collector, const uint8_t *value_end) {
  struct bulla_json_value *value = &collector->current.value;
  if (value->type == BULLA_JSON_OBJECT || value->type == BULLA_JSON_ARRAY) {
    value->text = bulla_span(collector->value_start, (size_t)(value_end - collector->value_start));
  }
  if (collector->num < collector->max) {
    collector->members[collector->num] = collector->current;
  }
  collector->num++;
}

/* Takes a value, or its opening bracket: then |*opened|, and the next thing is what stands inside. */
static bool take_value(struct parser *parser, struct collector *collector, bool *opened) {
  bool at_top = parser->depth == 1;
  if (at_top) {
    collector->value_start = parser->in.at;
  }
  if (!open_bracket(parser, opened)) {
    return false;
  }
  struct bulla_json_value value = {.type = BULLA_JSON_ARRAY};
  if (*opened) {
    value.type = in_object(parser) ? BULLA_JSON_OBJECT : BULLA_JSON_ARRAY;
  } else if (!take_scalar(&parser->in, &value)) {
    return false;
  }
  if (at_top) {
    collector->current.value = value;
  }
  return true;
}

/* Takes the rest of the object whose bracket is open, to its closing one. */
static bool take_object(struct parser *parser, struct collector *collector) {
  bool first = true; /* nothing stands yet inside the innermost bracket */
  while (parser->depth > 0) {
    skip_space(&parser->in);
    if (close_bracket(parser)) {
      first = false;
      if (parser->depth == 1) {
        collect(collector, parser->in.at);
      }
      continue;
    }
    if (!first && !take_this(&parser->in, ',')) {
      return false;
    }
    skip_space(&parser->in);
    if (in_object(parser)) {
      struct bulla_json_value name;
      if (!take_name(parser, &name)) {
        return false;
      }
      if (parser->depth == 1) {
        collector->current.name = name;
      }
      skip_space(&parser->in);
    }
    if (!take_value(parser, collector, &first)) {
      return false;
    }
    if (!first && parser->depth == 1) {
      collect(collector, parser->in.at);
    }
  }
  return true;
}

enum bulla_status bulla_json_read(struct bulla_json_member *members, size_t *num_members, size_t max_members,
                                  struct bulla_span text) {
  struct parser parser;
  parser.in = bulla_reader(text);
  parser.depth = 0;
  parser.num_names = 0;
  struct collector collector = {.members = members, .max = max_members};
  *num_members = 0;
  bool opened = false;
  skip_space(&parser.in);
  if (!open_bracket(&parser, &opened) || !opened || !in_object(&parser) || !take_object(&parser, &collector)) {
    return BULLA_INVALID_TEXT;
  }
  skip_space(&parser.in);
  if (parser.in.left > 0) {
    return BULLA_INVALID_TEXT;
  }
  *num_members = collector.num;
  return BULLA_OK;
}

bool bulla_json_int64(int64_t *number, const struct bulla_json_value *value) {
  return value->type == BULLA_JSON_NUMBER && parse_int64(number, value->text);
}

/* Skips a checked value with brackets, to behind its closing one. */
static bool skip_brackets(struct bulla_reader *in) {
  size_t depth = 0;
  struct bulla_json_value string;
  do {
    if (in->left == 0) {
      return false;
    }
    uint8_t c = *in->at;
    if (c == '"') {
      if (!take_string(in, &string)) {
        return false;
      }
      continue;
    }
    if (c == '[' || c == '{') {
      depth++;
    } else if (c == ']' || c == '}') {
      depth--;
    }
    in->at++;
    in->left--;
  } while (depth > 0);
  return true;
}

bool bulla_json_next(struct bulla_span *rest, struct bulla_json_value *element) {
  struct bulla_reader in = bulla_reader(*rest);
  if (!take_this(&in, '[') && !take_this(&in, ',')) {
    return false;
  }
  skip_space(&in);
  const uint8_t *start = in.at;
  if (in.left > 0 && (*in.at == '[' || *in.at == '{')) {
    element->type = *in.at == '[' ? BULLA_JSON_ARRAY : BULLA_JSON_OBJECT;
    element->escaped = false;
    if (!skip_brackets(&in)) {
      return false;
    }
    element->text = bulla_span(start, (size_t)(in.at - start));
  } else if (!take_scalar(&in, element)) {
    return false;
  }
  skip_space(&in);
  *rest = bulla_span(in.at, in.left);
  return true;
}
