/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* JSON: a strict reader of I-JSON (RFC 8259, RFC 7493) that allocates nothing, and a writer.
 *
 * The reader checks the whole text in one pass and returns views of the members of the object that the text must
 * be. Stricter than RFC 8259: one object at the top; UTF-8 without a byte order mark;
 * no duplicate members at any level (compared after unescaping); no NUL, surrogate or noncharacter, escaped or
 * not; at most BULLA_JSON_MAX_DEPTH levels, and BULLA_JSON_MAX_NAMES members in open objects at once; integers
 * within int64; other numbers of at most 40 characters and exponents of at most 250. */

#ifndef BULLA_CORE_JSON_H
#define BULLA_CORE_JSON_H

#include "core/cursor.h"

#define BULLA_JSON_MAX_DEPTH 32
#define BULLA_JSON_MAX_NAMES 256

enum bulla_json_type {
  BULLA_JSON_NULL,
  BULLA_JSON_FALSE,
  BULLA_JSON_TRUE,
  BULLA_JSON_NUMBER,
  BULLA_JSON_STRING,
  BULLA_JSON_ARRAY,
  BULLA_JSON_OBJECT,
};

/* A checked value: a view of its text, without the quotes if it is a string. */
struct bulla_json_value {
  enum bulla_json_type type;
  bool escaped;     /* a string with escapes in it */
  bool all_strings; /* an array of strings only, or empty; not set for values nested deeper */
  struct bulla_span text;
};

struct bulla_json_member {
  struct bulla_json_value name; /* a string */
  struct bulla_json_value value;
};

/* bulla_json_read checks |text| and fills |members| with the first |max_members| members of its object;
 * |*num_members| is how many it has, which may be more. Returns BULLA_TOO_LARGE if it is strict JSON up to where
 * it has too many levels or members in open objects, else BULLA_INVALID_TEXT. */
BULLA_NODISCARD enum bulla_status bulla_json_read(struct bulla_json_member *members, size_t *num_members,
                                                  size_t max_members, struct bulla_span text);

/* bulla_json_read_behind is bulla_json_read for an object whose members will follow |num_before| others in the top
 * object. */
BULLA_NODISCARD enum bulla_status bulla_json_read_behind(struct bulla_json_member *members, size_t *num_members,
                                                         size_t max_members, size_t num_before, struct bulla_span text);

/* bulla_json_read_inside reads |text|, an object or an array, as the value of a member that follows
 * |num_before| others in the top object. Statuses as of bulla_json_read. */
BULLA_NODISCARD enum bulla_status bulla_json_read_inside(struct bulla_json_value *value, size_t num_before,
                                                         struct bulla_span text);

/* bulla_json_next takes the next element of a checked array, or returns false at its end. |rest| starts as the
 * array's text. */
bool bulla_json_next(struct bulla_span *rest, struct bulla_json_value *element);

/* bulla_json_next_member takes the next member of a checked object in the same way. Space may stand before it. */
bool bulla_json_next_member(struct bulla_span *rest, struct bulla_json_member *member);

/* bulla_json_equal returns whether a checked string equals |text| after unescaping. */
bool bulla_json_equal(const struct bulla_json_value *string, struct bulla_span text);

/* bulla_json_is_misspelled returns whether |name|, a checked string, is |wanted|, of at most 32 bytes, but for escapes
 * or the case of its letters. */
bool bulla_json_is_misspelled(const struct bulla_json_value *name, struct bulla_span wanted);

/* bulla_json_unescape writes a checked string to |writer|. */
void bulla_json_unescape(struct bulla_writer *writer, const struct bulla_json_value *string);

/* bulla_json_int64 reads a checked number that is an integer, or returns false. */
bool bulla_json_int64(int64_t *number, const struct bulla_json_value *value);

/* bulla_json_valid_string returns whether |text|, unescaped, is allowed in I-JSON: UTF-8, no NUL, no noncharacter. */
bool bulla_json_valid_string(struct bulla_span text);

/* A JSON writer. It writes the commas; the caller alternates names and values. It fails like a bulla_writer, and
 * also if a string is not bulla_json_valid_string. */
struct bulla_json_writer {
  struct bulla_writer bytes;
  bool comma;   /* a comma is due before the next name or value */
  bool invalid; /* a string was not valid */
};

struct bulla_json_writer bulla_json_writer(struct bulla_buffer *out);
void bulla_json_begin(struct bulla_json_writer *writer, char bracket); /* '{' or '[' */
void bulla_json_end(struct bulla_json_writer *writer, char bracket);   /* '}' or ']' */
void bulla_json_name(struct bulla_json_writer *writer, struct bulla_span name);
/* bulla_json_quoted_name writes a name that is already quoted and followed by its colon. */
static inline void bulla_json_quoted_name(struct bulla_json_writer *writer, struct bulla_span name) {
  size_t comma = writer->comma ? 1 : 0;
  uint8_t *room = bulla_give(&writer->bytes, comma + name.len);
  if (room != NULL) {
    room[0] = ',';
    memcpy(room + comma, name.data, name.len);
  }
  writer->comma = false;
}

void bulla_json_string(struct bulla_json_writer *writer, struct bulla_span text);
void bulla_json_int(struct bulla_json_writer *writer, int64_t number);
void bulla_json_bool(struct bulla_json_writer *writer, bool value);
/* bulla_json_text writes a value that is already JSON. */
void bulla_json_text(struct bulla_json_writer *writer, struct bulla_span json);
/* bulla_json_member writes a checked member unchanged. */
void bulla_json_member(struct bulla_json_writer *writer, const struct bulla_json_member *member);
/* bulla_json_finish returns BULLA_INVALID_TEXT, BULLA_BUFFER_TOO_SMALL or BULLA_OK. */
BULLA_NODISCARD enum bulla_status bulla_json_finish(struct bulla_json_writer *writer);

#endif
