/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The straight way to the claims of most tokens: those that bulla wrote (token/claims_write.c), whose members stand in
 * a known order, without space and escapes.
 *
 * It refuses nothing: whatever is not as expected, good or bad, is left to the general reader. So all that it has to
 * get right is to take no text that the other refuses, and to take each as the other does. That it is strict JSON
 * follows from the form:
 *   - strings have no special bytes (core/places.h), so there is no UTF-8 to check and nothing to unescape;
 *   - each claim is asked for at one place, and a time at a second one only if it was not at the first: none is there
 *     twice. Names inside "attrs" are told apart by a word of each, and there may be MAX_NAMES;
 *   - nothing is nested deeper than a list in "attrs";
 *   - a time has ten digits: it is after 2001 and before 2287, and has no leading zero, fraction or exponent. */

#include <endian.h>

#include "core/digits.h"
#include "core/json_number.h"
#include "core/places.h"
#include "token/claims.h"

enum { MAX_NAMES = 16, WORD = 8 };

/* All is inlined, so that nothing of a cursor is in memory. */
#define INLINE __attribute__((always_inline)) static inline

/* It goes from one special byte to the next: |next| is the first that is not before |at|. */
struct cursor {
  const uint8_t *at;
  size_t next;
  const uint8_t *start;
  const uint8_t *end;
  const uint16_t *places; /* of the special bytes */
};

INLINE bool begin(struct cursor *in, uint16_t *places, struct bulla_span text) {
  *in = (struct cursor){text.data, 0, text.data, text.data + text.len, places};
  return bulla_places_special(places, text) <= BULLA_PLACES_MAX;
}

/* Takes a byte that is not special. */
INLINE bool take_byte(struct cursor *in, uint8_t c) {
  bool found = in->at < in->end && *in->at == c;
  in->at += found ? 1 : 0;
  return found;
}

INLINE bool take_quote(struct cursor *in) {
  bool found = take_byte(in, '"');
  in->next += found ? 1 : 0;
  return found;
}

/* Says whether the eight bytes at |at| begin with the first |len| of the eight of |expected|. */
INLINE bool starts_with(const uint8_t *at, const char *expected, size_t len) {
  uint64_t word;
  uint64_t wanted;
  memcpy(&word, at, WORD);
  memcpy(&wanted, expected, WORD);
  return le64toh(word ^ wanted) << (8 * (WORD - len)) == 0;
}

/* Takes the |len| bytes of |expected|, 7 to 16, of which |num_quotes| are special. Eight bytes are there: behind a name
 * there is a value. The literal of seven has a NUL as the eighth. */
INLINE bool take(struct cursor *in, const char *expected, size_t len, size_t num_quotes) {
  size_t left = (size_t)(in->end - in->at);
  bool found = left >= WORD && left >= len && starts_with(in->at, expected, len < WORD ? len : WORD) &&
               (len <= WORD || starts_with(in->at + len - WORD, expected + len - WORD, WORD));
  in->at += found ? len : 0;
  in->next += found ? num_quotes : 0;
  return found;
}

/* Takes the rest of a string, and its closing quote. Behind the last special byte, that is where the text ends. */
INLINE bool take_string(struct cursor *in, struct bulla_span *text) {
  *text = bulla_span(in->at, (size_t)(in->start + in->places[in->next] - in->at));
  in->at += text->len;
  return take_quote(in);
}

/* Takes the elements of a list of strings, and its closing bracket. */
INLINE bool take_strings(struct cursor *in) {
  struct bulla_span text;
  if (take_byte(in, ']')) {
    return true;
  }
  do {
    if (!take_quote(in) || !take_string(in, &text)) {
      return false;
    }
  } while (take_byte(in, ','));
  return take_byte(in, ']');
}

INLINE bool take_bool(struct cursor *in) {
  size_t left = (size_t)(in->end - in->at);
  size_t len = left >= 4 && memcmp(in->at, "true", 4) == 0 ? 4 : left >= 5 && memcmp(in->at, "false", 5) == 0 ? 5 : 0;
  in->at += len;
  return len > 0;
}

/* Takes the value of an attribute: a string, a list of strings, a truth value, a number. */
INLINE bool take_attribute(struct cursor *in) {
  struct bulla_span text;
  struct bulla_json_value value;
  if (take_quote(in)) {
    return take_string(in, &text);
  }
  if (take_byte(in, '[')) {
    return take_strings(in);
  }
  const uint8_t *behind = take_bool(in) ? in->at : bulla_json_take_number(in->at, in->end, &value);
  in->at = behind != NULL ? behind : in->at;
  return behind != NULL;
}

/* Takes a name inside "attrs" and its colon, unless it may be one of the |num| that |names| has words of. Equal names
 * have equal words: all of a short name, the first eight bytes of a long one and the last eight. */
INLINE bool take_name(struct cursor *in, uint64_t *names, size_t num) {
  struct bulla_span name;
  uint64_t first;
  uint64_t last;
  if (num == MAX_NAMES || !take_quote(in) || !take_string(in, &name) || name.len == 0 || in->end - name.data < WORD) {
    return false;
  }
  memcpy(&first, name.data, WORD);
  memcpy(&last, name.len < WORD ? name.data : name.data + name.len - WORD, WORD);
  first = le64toh(first);
  names[num] = name.len < WORD ? first << (8 * (WORD - name.len)) : first ^ le64toh(last) << 1;
  for (size_t i = 0; i < num; i++) {
    if (names[i] == names[num]) {
      return false;
    }
  }
  return take_byte(in, ':');
}

/* Takes the members of "attrs", and its closing brace. */
INLINE bool take_attributes(struct cursor *in) {
  uint64_t names[MAX_NAMES];
  size_t num = 0;
  if (take_byte(in, '}')) {
    return true;
  }
  do {
    if (!take_name(in, names, num++) || !take_attribute(in)) {
      return false;
    }
  } while (take_byte(in, ','));
  return take_byte(in, '}');
}

/* What follows takes a claim behind its name, or nothing, if another name is next. First a string that is not empty. */
INLINE bool string(struct cursor *in, struct bulla_span *text, const char *name, size_t name_len) {
  *text = bulla_span(NULL, 0);
  return !take(in, name, name_len, 3) || (take_string(in, text) && text->len > 0);
}

/* A time, which |*time| is if it is not negative. What stands behind the digits is for the caller to look at. */
INLINE bool time(struct cursor *in, int64_t *time, const char *name, size_t name_len) {
  uint64_t number = 0;
  if (!take(in, name, name_len, 2)) {
    return true;
  }
  bool found =
      *time < 0 && in->end - in->at >= BULLA_TEN_DIGITS && *in->at != '0' && bulla_take_ten_digits(&number, in->at);
  in->at += found ? BULLA_TEN_DIGITS : 0;
  *time = (int64_t)number;
  return found;
}

/* A list or an object; |name| ends with its opening bracket, and |take_inside| takes what is left. */
INLINE bool nested(struct cursor *in, struct bulla_span *json, bool (*take_inside)(struct cursor *), const char *name,
                   size_t name_len) {
  *json = bulla_span(NULL, 0);
  if (!take(in, name, name_len, 2)) {
    return true;
  }
  const uint8_t *start = in->at - 1;
  bool found = take_inside(in);
  *json = bulla_span(start, (size_t)(in->at - start));
  return found;
}

#define NAME(text) (text), sizeof(text) - 1

bool bulla_claims_read_straight(struct bulla_claims *claims, struct bulla_span json) {
  uint16_t places[BULLA_PLACES_ROOM];
  struct cursor in;
  claims->size = sizeof(*claims);
  claims->iat = claims->exp = claims->nbf = claims->orig_iat = -1;
  claims->more = bulla_span(NULL, 0);
  claims->json = bulla_span(NULL, 0);
  bool good = begin(&in, places, json) && string(&in, &claims->org, NAME("{\"org\":\"")) &&
              string(&in, &claims->sub, NAME(",\"sub\":\"")) && string(&in, &claims->iss, NAME(",\"iss\":\"")) &&
              string(&in, &claims->aud, NAME(",\"aud\":\"")) && time(&in, &claims->iat, NAME(",\"iat\":")) &&
              time(&in, &claims->exp, NAME(",\"exp\":")) && time(&in, &claims->nbf, NAME(",\"nbf\":")) &&
              string(&in, &claims->jti, NAME(",\"jti\":\"")) &&
              nested(&in, &claims->perms, take_strings, NAME(",\"perms\":[")) &&
              nested(&in, &claims->attrs, take_attributes, NAME(",\"attrs\":{")) &&
              /* The times of a token that was refreshed stand at its end. */
              time(&in, &claims->iat, NAME(",\"iat\":")) && time(&in, &claims->exp, NAME(",\"exp\":")) &&
              time(&in, &claims->orig_iat, NAME(",\"orig_iat\":"));
  claims->nbf = claims->nbf < 0 ? 0 : claims->nbf;
  return good && take_byte(&in, '}') && in.at == in.end && claims->org.len > 0;
}

bool bulla_claims_is_plain(struct bulla_span json) {
  uint16_t places[BULLA_PLACES_ROOM];
  struct cursor in;
  bool good = begin(&in, places, json) &&
              (take_byte(&in, '[') ? take_strings(&in) : take_byte(&in, '{') && take_attributes(&in));
  return good && in.at == in.end;
}
