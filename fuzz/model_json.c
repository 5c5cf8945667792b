/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See fuzz/model_json.h. */

#include "fuzz/model_json.h"

#include "fuzz/fuzz.h"
#include "fuzz/scan.h"

enum { ARENA_SIZE = 8 << 20, ALIGNMENT = 16, MAX_REAL_LEN = 40, MAX_EXPONENT = 250 };

static _Alignas(ALIGNMENT) uint8_t arena[ARENA_SIZE];
static size_t arena_used;

static void *take_from_arena(size_t len) {
  void *taken = arena + arena_used;
  arena_used += (len + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  FUZZ_ASSERT(arena_used <= ARENA_SIZE);
  return taken;
}

static void leave_in_arena(void *taken) {
  (void)taken;
}

void model_json_begin(void) {
  arena_used = 0;
  json_set_alloc_funcs(take_from_arena, leave_in_arena);
}

json_t *model_json_load(struct bulla_span text) {
  /* The same seed in every process, so that what is slow is slow again. */
  json_object_seed(1);
  return json_loadb((const char *)text.data, text.len, JSON_REJECT_DUPLICATES, NULL);
}

struct bulla_span model_json_string(const json_t *string) {
  return bulla_span(json_string_value(string), json_string_length(string));
}

/* Finds U+FDD0 to U+FDEF, and U+nFFFE and U+nFFFF of every plane, in valid UTF-8. */
static bool has_noncharacter(struct bulla_span text) {
  uint32_t character = 0;
  for (size_t i = 0; i < text.len; i++) {
    uint8_t c = text.data[i];
    if ((c & 0xc0) == 0x80) {
      character = character << 6 | (c & 0x3fU);
    } else {
      character = c < 0x80 ? c : c < 0xe0 ? c & 0x1fU : c < 0xf0 ? c & 0x0fU : c & 0x07U;
    }
    bool is_last = i + 1 == text.len || (text.data[i + 1] & 0xc0) != 0x80;
    if (is_last && ((character >= 0xfdd0 && character <= 0xfdef) || (character & 0xfffe) == 0xfffe)) {
      return true;
    }
  }
  return false;
}

bool model_json_is_text(struct bulla_span text) {
  json_t *string = json_stringn(text.len > 0 ? (const char *)text.data : "", text.len);
  bool good = string != NULL && (text.len == 0 || memchr(text.data, 0, text.len) == NULL) && !has_noncharacter(text);
  json_decref(string);
  return good;
}

/* Says whether a tree keeps to the limits when |num_open| members stand open around it. The limits bound
 * the recursion. */
/* NOLINTNEXTLINE(misc-no-recursion) */
static bool is_within(json_t *tree, size_t depth, size_t num_open, const struct model_json_limits *limits) {
  if (json_is_string(tree)) {
    return !has_noncharacter(model_json_string(tree));
  }
  if ((json_is_object(tree) || json_is_array(tree)) && depth >= limits->max_depth) {
    return false;
  }
  const char *name;
  size_t name_len;
  json_t *value;
  /* jansson keeps the order of the members. */
  json_object_keylen_foreach(tree, name, name_len, value) {
    num_open++;
    if (num_open > limits->max_names || has_noncharacter(bulla_span(name, name_len)) ||
        !is_within(value, depth + 1, num_open, limits)) {
      return false;
    }
  }
  size_t i;
  json_array_foreach(tree, i, value) {
    if (!is_within(value, depth + 1, num_open, limits)) {
      return false;
    }
  }
  return true;
}

/* Says whether a number that is not written as an integer is within its bounds; integers are within those of
 * jansson's. */
static bool is_plain_number(struct bulla_span number) {
  char text[MAX_REAL_LEN + 1] = "";
  bool is_real = false;
  for (size_t i = 0; i < number.len; i++) {
    is_real = is_real || number.data[i] == '.' || (number.data[i] | 0x20) == 'e';
  }
  if (!is_real || number.len > MAX_REAL_LEN) {
    return !is_real;
  }
  memcpy(text, number.data, number.len);
  const char *exponent = strpbrk(text, "eE");
  long power = exponent != NULL ? strtol(exponent + 1, NULL, 10) : 0;
  return power >= -MAX_EXPONENT && power <= MAX_EXPONENT;
}

bool model_json_is_strict(json_t *tree, struct bulla_span text, struct model_json_limits limits) {
  /* jansson overlooks a NUL behind a number. */
  if (memchr(text.data, 0, text.len) != NULL || !(limits.bracket == '{' ? json_is_object(tree) : json_is_array(tree)) ||
      !is_within(tree, 0, 0, &limits)) {
    return false;
  }
  struct bulla_span number;
  size_t from = 0;
  while (scan_number(&number, bulla_span(text.data + from, text.len - from))) {
    from = (size_t)(number.data - text.data) + number.len;
    if (!is_plain_number(number)) {
      return false;
    }
  }
  return true;
}
