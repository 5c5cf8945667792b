/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The strict reader of JSON: one pass over the text with a stack of open brackets, no recursion, no memory but
 * the frame. Its time is linear in the text: the names that stand open at once are bounded, each is hashed at most
 * once, and only those of one hash are compared.
 *
 * What takes a piece of text gets where it begins and where the text ends, and returns where the piece ends, or
 * NULL if there is none. */

#include <endian.h>

#include "core/json_number.h"
#include "core/json_string.h"

/* A name in an object that is still open. */
struct name {
  uint64_t signature; /* the same for equal names */
  uint64_t hash;      /* of all of it, or 0 as long as nobody has asked */
  const uint8_t *text;
  uint32_t len;
  bool escaped;
};

struct level {
  bool is_object;
  struct name *first_name; /* of the object at this level */
  uint64_t filter;         /* a bit for each of its names: where a new name's is not set, no earlier one is the same */
};

struct parser {
  const uint8_t *start;
  const uint8_t *end;
  const uint8_t *block;   /* the part of the text that was last looked through for ends of strings */
  uint64_t stops;         /* in it, see bulla_json_stops */
  struct name *next_name; /* where the next one goes: before it are those that stand open */
  bool too_large;         /* it ended where a bound is */
  struct level levels[BULLA_JSON_MAX_DEPTH];
  struct name names[BULLA_JSON_MAX_NAMES];
};

/* What tokens and people seldom write is off the straight way of the code. */
#define RARE __attribute__((cold, noinline))

RARE static const uint8_t *skip_some_space(const uint8_t *at, const uint8_t *end) {
  while (at < end && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t')) {
    at++;
  }
  return at;
}

static inline const uint8_t *skip_space(const uint8_t *at, const uint8_t *end) {
  return at < end && *at <= ' ' ? skip_some_space(at, end) : at;
}

static inline bool is_next(const uint8_t *at, const uint8_t *end, uint8_t c) {
  return at < end && *at == c;
}

/* Takes |mark| and the space around it. */
static inline const uint8_t *take_mark(const uint8_t *at, const uint8_t *end, uint8_t mark) {
  at = skip_space(at, end);
  return is_next(at, end, mark) ? skip_space(at + 1, end) : NULL;
}

/* Takes the rest of a string, in which something is no plain ASCII. */
RARE static const uint8_t *take_unusual(const uint8_t *at, const uint8_t *end, bool *escaped) {
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

/* Looks on for the first byte from |at| on that is not plain in a string, a block at a time. */
__attribute__((noinline)) static const uint8_t *find_stop(struct parser *parser, const uint8_t *at) {
  if ((size_t)(at - parser->block) < BULLA_JSON_BLOCK) {
    at = parser->block + BULLA_JSON_BLOCK;
  }
  for (;;) {
    parser->block = at;
    parser->stops = bulla_json_stops(parser->start, at, parser->end);
    if (parser->stops != 0) {
      return at + __builtin_ctzll(parser->stops);
    }
    at += BULLA_JSON_BLOCK;
  }
}

/* The first byte from |at| on that is not plain in a string, or the end of the text. */
static inline const uint8_t *next_stop(struct parser *parser, const uint8_t *at) {
  size_t offset = (size_t)(at - parser->block);
  uint64_t ahead = offset < BULLA_JSON_BLOCK ? parser->stops >> offset : 0;
  return ahead != 0 ? at + __builtin_ctzll(ahead) : find_stop(parser, at);
}

/* Takes a string whose opening quote is at |at|. */
static inline const uint8_t *take_string(struct parser *parser, const uint8_t *at, struct bulla_json_value *value) {
  const uint8_t *start = at + 1;
  at = next_stop(parser, start);
  if (is_next(at, parser->end, '"')) {
    *value = (struct bulla_json_value){.type = BULLA_JSON_STRING, .text = bulla_span(start, (size_t)(at - start))};
    return at + 1;
  }
  bool escaped = false;
  at = take_unusual(at, parser->end, &escaped);
  if (at == NULL) {
    return NULL;
  }
  *value = (struct bulla_json_value){
      .type = BULLA_JSON_STRING, .escaped = escaped, .text = bulla_span(start, (size_t)(at - start))};
  return at + 1;
}

RARE static const uint8_t *take_literal(const uint8_t *at, const uint8_t *end, struct bulla_json_value *value) {
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
      *value = (struct bulla_json_value){.type = literals[i].type, .text = bulla_span(at, len)};
      return at + len;
    }
  }
  return NULL;
}

/* Takes a value that is neither a string nor has values inside. */
static inline const uint8_t *take_other(struct parser *parser, const uint8_t *at, struct bulla_json_value *value) {
  if (at == parser->end) {
    return NULL;
  }
  return *at < 'a' ? bulla_json_take_number(at, parser->end, value) : take_literal(at, parser->end, value);
}

static uint64_t signature(uint64_t start, size_t len) {
  return start ^ len * UINT64_C(0x9e3779b97f4a7c15);
}

/* The signature of a name with escapes, or so near the end of the text that eight bytes cannot be read: the opening
 * quote, the first seven bytes after unescaping, zeros if there are less, and the length. */
RARE static uint64_t signature_of_unusual(const struct bulla_json_value *name) {
  uint8_t first[8] = {0};
  size_t len = bulla_json_unescaped_start(first, name);
  uint64_t word;
  memcpy(&word, first, sizeof(word));
  return signature(le64toh(word) << 8 | '"', len);
}

static inline uint64_t signature_of(const struct bulla_json_value *name, const uint8_t *end) {
  const uint8_t *quote = name->text.data - 1;
  size_t len = name->text.len;
  uint64_t word;
  if (name->escaped || (size_t)(end - quote) < sizeof(word)) {
    return signature_of_unusual(name);
  }
  /* What was read past a short name is shifted out. */
  memcpy(&word, quote, sizeof(word));
  size_t past = len < 7 ? 8 * (7 - len) : 0;
  return signature(le64toh(word) << past >> past, len);
}

static struct bulla_json_value string_of(const struct name *name) {
  return (struct bulla_json_value){
      .type = BULLA_JSON_STRING, .escaped = name->escaped, .text = bulla_span(name->text, name->len)};
}

static uint64_t hash_of(struct name *name) {
  if (name->hash == 0) {
    struct bulla_json_value string = string_of(name);
    name->hash = bulla_json_hash(&string);
  }
  return name->hash;
}

static bool are_same(const struct name *a, const struct name *b) {
  struct bulla_json_value string_a = string_of(a);
  struct bulla_json_value string_b = string_of(b);
  return bulla_json_same(&string_a, &string_b);
}

/* Says whether |name| is one of the names of |level|. */
RARE static bool is_among(const struct parser *parser, const struct level *level, struct name *name) {
  for (struct name *earlier = level->first_name; earlier < parser->next_name; earlier++) {
    /* What is cheap to compare comes first. */
    if (earlier->signature == name->signature && hash_of(earlier) == hash_of(name) && are_same(earlier, name)) {
      return true;
    }
  }
  return false;
}

/* Notes |name|, unless its object at |level| has it already. */
__attribute__((always_inline)) static inline bool note_name(struct parser *parser, struct level *level,
                                                            const struct bulla_json_value *name) {
  uint64_t signature = signature_of(name, parser->end);
  uint64_t bit = UINT64_C(1) << (signature * UINT64_C(0x9e3779b97f4a7c15) >> 58);
  struct name *noted = parser->next_name;
  if (noted == parser->names + BULLA_JSON_MAX_NAMES || name->text.len > UINT32_MAX) {
    parser->too_large = true;
    return false;
  }
  *noted = (struct name){signature, 0, name->text.data, (uint32_t)name->text.len, name->escaped};
  if ((level->filter & bit) != 0 && is_among(parser, level, noted)) {
    return false;
  }
  level->filter |= bit;
  parser->next_name = noted + 1;
  return true;
}

/* Takes a name that begins at |at|, the colon behind it, and the space around that. */
__attribute__((always_inline)) static inline const uint8_t *take_name(struct parser *parser, struct level *level,
                                                                      const uint8_t *at,
                                                                      struct bulla_json_value *name) {
  if (!is_next(at, parser->end, '"')) {
    return NULL;
  }
  at = take_string(parser, at, name);
  return at != NULL && note_name(parser, level, name) ? take_mark(at, parser->end, ':') : NULL;
}

static inline bool is_bracket(const uint8_t *at, const uint8_t *end) {
  return is_next(at, end, '{') || is_next(at, end, '[');
}

/* Enters the object or array whose opening bracket is at |at|. */
static inline const uint8_t *enter(const struct parser *parser, struct level *level, const uint8_t *at) {
  *level = (struct level){.is_object = *at == '{', .first_name = parser->next_name};
  return skip_space(at + 1, parser->end);
}

/* Takes the object or array whose opening bracket is at |at|, inside the one at the top, with everything in it. */
static const uint8_t *take_nested(struct parser *parser, const uint8_t *at, struct bulla_json_value *value) {
  const uint8_t *const end = parser->end;
  const uint8_t *const start = at;
  struct level *const first = &parser->levels[1];
  struct level *const last = &parser->levels[BULLA_JSON_MAX_DEPTH - 1];
  struct level *level = first; /* the innermost that is open */
  struct bulla_json_value inner;
  bool all_strings = *at == '[';
  at = enter(parser, level, at);
  bool ended = is_next(at, end, level->is_object ? '}' : ']');
  for (;;) {
    if (!ended) {
      /* A member or an element begins here. */
      if (level->is_object) {
        at = take_name(parser, level, at, &inner);
        if (at == NULL) {
          return NULL;
        }
      }
      if (is_next(at, end, '"')) {
        at = take_string(parser, at, &inner);
      } else if (is_bracket(at, end)) {
        if (level == last) {
          parser->too_large = true;
          return NULL;
        }
        all_strings = false;
        level++;
        at = enter(parser, level, at);
        ended = is_next(at, end, level->is_object ? '}' : ']');
        continue;
      } else {
        at = take_other(parser, at, &inner);
        all_strings = false;
      }
      if (at == NULL) {
        return NULL;
      }
    }
    const uint8_t *next = take_mark(at, end, ',');
    if (next != NULL) {
      at = next;
      ended = false;
      continue;
    }
    at = skip_space(at, end);
    if (!is_next(at, end, level->is_object ? '}' : ']')) {
      return NULL;
    }
    at++;
    parser->next_name = level->first_name;
    if (level == first) {
      *value = (struct bulla_json_value){.type = first->is_object ? BULLA_JSON_OBJECT : BULLA_JSON_ARRAY,
                                         .all_strings = all_strings,
                                         .text = bulla_span(start, (size_t)(at - start))};
      return at;
    }
    level--;
    ended = true;
  }
}

/* What is collected of the object at the top. */
struct collector {
  struct bulla_json_member *members;
  size_t num;
  size_t max;
};

/* Takes the object at the top, whose opening brace is at |at|. */
static const uint8_t *take_top(struct parser *parser, const uint8_t *at, struct collector *collector) {
  const uint8_t *const end = parser->end;
  struct level *level = &parser->levels[0];
  struct bulla_json_member spare; /* for what is not collected */
  at = enter(parser, level, at);
  if (is_next(at, end, '}')) {
    return at + 1;
  }
  for (;;) {
    bool collected = collector->num < collector->max;
    /* cppcheck-suppress uninitvar; it is only written. */
    struct bulla_json_member *member = collected ? &collector->members[collector->num] : &spare;
    at = take_name(parser, level, at, &member->name);
    if (at == NULL) {
      return NULL;
    }
    if (is_next(at, end, '"')) {
      at = take_string(parser, at, &member->value);
    } else if (is_bracket(at, end)) {
      at = take_nested(parser, at, &member->value);
    } else {
      at = take_other(parser, at, &member->value);
    }
    if (at == NULL) {
      return NULL;
    }
    collector->num++;
    const uint8_t *next = take_mark(at, end, ',');
    if (next == NULL) {
      at = skip_space(at, end);
      return is_next(at, end, '}') ? at + 1 : NULL;
    }
    at = next;
  }
}

/* Makes |parser| one for |text| and returns where its first token begins. */
static const uint8_t *begin(struct parser *parser, struct bulla_span text) {
  parser->start = text.data;
  parser->end = text.data + text.len;
  parser->block = text.data;
  parser->stops = bulla_json_stops(text.data, text.data, parser->end);
  parser->next_name = parser->names;
  parser->too_large = false;
  return skip_space(text.data, parser->end);
}

static enum bulla_status failure(const struct parser *parser) {
  return parser->too_large ? BULLA_TOO_LARGE : BULLA_INVALID_TEXT;
}

/* Says whether nothing is left of the text from |at| on but space. */
static bool is_end(const struct parser *parser, const uint8_t *at) {
  return at != NULL && skip_space(at, parser->end) == parser->end;
}

enum bulla_status bulla_json_read(struct bulla_json_member *members, size_t *num_members, size_t max_members,
                                  struct bulla_span text) {
  return bulla_json_read_behind(members, num_members, max_members, 0, text);
}

enum bulla_status bulla_json_read_behind(struct bulla_json_member *members, size_t *num_members, size_t max_members,
                                         size_t num_before, struct bulla_span text) {
  struct parser parser;
  struct collector collector = {members, 0, max_members};
  *num_members = 0;
  if (text.len == 0 || num_before > BULLA_JSON_MAX_NAMES) {
    return BULLA_INVALID_TEXT;
  }
  const uint8_t *at = begin(&parser, text);
  parser.next_name += num_before;
  if (!is_next(at, parser.end, '{') || !is_end(&parser, take_top(&parser, at, &collector))) {
    return failure(&parser);
  }
  *num_members = collector.num;
  return BULLA_OK;
}

enum bulla_status bulla_json_read_inside(struct bulla_json_value *value, size_t num_before, struct bulla_span text) {
  struct parser parser;
  if (text.len == 0 || num_before >= BULLA_JSON_MAX_NAMES) {
    return BULLA_INVALID_TEXT;
  }
  const uint8_t *at = begin(&parser, text);
  parser.next_name += num_before + 1; /* and its own name */
  bool good = is_bracket(at, parser.end) && is_end(&parser, take_nested(&parser, at, value));
  return good ? BULLA_OK : failure(&parser);
}

/* Skips a checked value whose opening bracket is at |at|. */
static const uint8_t *skip_nested(struct parser *parser, const uint8_t *at) {
  size_t depth = 0;
  struct bulla_json_value string;
  while (at < parser->end) {
    if (*at == '"') {
      at = take_string(parser, at, &string);
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

/* Takes the checked value at |at|, which follows an opening bracket, a comma or a colon. */
static const uint8_t *take_checked(struct parser *parser, const uint8_t *at, struct bulla_json_value *value) {
  if (is_next(at, parser->end, '"')) {
    return take_string(parser, at, value);
  }
  if (!is_bracket(at, parser->end)) {
    return take_other(parser, at, value);
  }
  const uint8_t *behind = skip_nested(parser, at);
  *value = (struct bulla_json_value){.type = *at == '[' ? BULLA_JSON_ARRAY : BULLA_JSON_OBJECT,
                                     .text = bulla_span(at, behind == NULL ? 0 : (size_t)(behind - at))};
  return behind;
}

/* Begins to read what follows the |bracket| or the comma that |rest| begins with, behind space if it is a whole text.
 */
static const uint8_t *begin_next(struct parser *parser, const struct bulla_span *rest, char bracket) {
  if (rest->len == 0) {
    return NULL;
  }
  const uint8_t *end = rest->data + rest->len;
  const uint8_t *at = skip_space(rest->data, end);
  return is_next(at, end, (uint8_t)bracket) || is_next(at, end, ',')
             ? begin(parser, bulla_span(at + 1, (size_t)(end - at - 1)))
             : NULL;
}

/* Leaves in |rest| what stands behind |at|, or returns false if there is nothing that was taken. */
static bool leave_rest(struct bulla_span *rest, const struct parser *parser, const uint8_t *at) {
  if (at == NULL) {
    return false;
  }
  at = skip_space(at, parser->end);
  *rest = bulla_span(at, (size_t)(parser->end - at));
  return true;
}

bool bulla_json_next(struct bulla_span *rest, struct bulla_json_value *element) {
  struct parser parser;
  const uint8_t *at = begin_next(&parser, rest, '[');
  return at != NULL && leave_rest(rest, &parser, take_checked(&parser, at, element));
}

bool bulla_json_next_member(struct bulla_span *rest, struct bulla_json_member *member) {
  struct parser parser;
  const uint8_t *at = begin_next(&parser, rest, '{');
  if (at == NULL || !is_next(at, parser.end, '"')) {
    return false;
  }
  at = take_string(&parser, at, &member->name);
  at = at == NULL ? NULL : take_mark(at, parser.end, ':');
  return at != NULL && leave_rest(rest, &parser, take_checked(&parser, at, &member->value));
}
