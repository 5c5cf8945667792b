/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* core/json.h: the reader, the look at one value, strings, the writer.
 *
 * Input: any bytes, taken for a JSON text, and if they do not look like one for the inside of a string. The byte
 * 0xff, which no text holds, and one more, n, may stand for n + 1 members, so that an input with many names is
 * small. To check one takes a hundred times as long, so they do in one input of 64, by the sum of its bytes.
 *
 * Oracle: jansson and the rules of fuzz/model_json.h. The reader accepts what they accept, at the top and as a
 * value inside; members, elements, numbers and strings are what jansson says, and a name looks like another when it
 * does to jansson; what the writer makes of them is, to jansson, the same text again. */

#include "core/json.h"

#include <ctype.h>
#include <strings.h>

#include "fuzz/fuzz.h"
#include "fuzz/model_json.h"
#include "fuzz/mutate.h"

enum { MARK = 0xff, MAX_MEMBERS = 256, EXPANDED_MAX = 4096 };

static const enum bulla_json_type types[] = {
    [JSON_OBJECT] = BULLA_JSON_OBJECT,  [JSON_ARRAY] = BULLA_JSON_ARRAY, [JSON_STRING] = BULLA_JSON_STRING,
    [JSON_INTEGER] = BULLA_JSON_NUMBER, [JSON_REAL] = BULLA_JSON_NUMBER, [JSON_TRUE] = BULLA_JSON_TRUE,
    [JSON_FALSE] = BULLA_JSON_FALSE,    [JSON_NULL] = BULLA_JSON_NULL,
};

/* check_shape compares what is said of a member, or of a value by itself, with the |wanted| one. */
static void check_shape(const struct bulla_json_value *value, json_t *wanted) {
  bool all_strings = true;
  size_t i;
  json_t *element;
  json_array_foreach(wanted, i, element) {
    all_strings = all_strings && json_is_string(element);
  }
  FUZZ_ASSERT(value->type == types[json_typeof(wanted)]);
  FUZZ_ASSERT(value->all_strings == (json_is_array(wanted) && all_strings));
}

static struct bulla_span trimmed(struct bulla_span text) {
  while (text.len > 0 && isspace(text.data[0])) {
    text = bulla_span(text.data + 1, text.len - 1);
  }
  while (text.len > 0 && isspace(text.data[text.len - 1])) {
    text.len--;
  }
  return text;
}

/* check_string compares a string with the |wanted| one and returns it unescaped, in the room of |bytes|. */
static struct bulla_span check_string(uint8_t *bytes, const struct bulla_json_value *string, struct bulla_span wanted) {
  struct bulla_buffer buffer = bulla_buffer(bytes, string->text.len);
  struct bulla_writer out = bulla_writer(&buffer);
  bulla_json_unescape(&out, string);
  FUZZ_ASSERT(bulla_writer_finish(&out) == BULLA_OK && bulla_span_equal(bulla_written(&buffer), wanted));
  FUZZ_ASSERT(bulla_json_equal(string, wanted));
  FUZZ_ASSERT(string->escaped == (memchr(string->text.data, '\\', string->text.len) != NULL));
  return bulla_written(&buffer);
}

static void check_number(const struct bulla_json_value *value, json_t *wanted) {
  int64_t number = 0;
  FUZZ_ASSERT(bulla_json_int64(&number, value) == json_is_integer(wanted));
  FUZZ_ASSERT(number == json_integer_value(wanted));
  if (json_is_real(wanted)) {
    char text[64] = "";
    FUZZ_ASSERT(value->text.len < sizeof(text));
    memcpy(text, value->text.data, value->text.len);
    char *end;
    double real = strtod(text, &end);
    FUZZ_ASSERT(*end == '\0' && json_real_value(wanted) == real);
  }
}

/* check_spelling compares what is said of |name|, which jansson unescapes to |key|, beside names that are known. */
static void check_spelling(const struct bulla_json_value *name, const char *key) {
  static const char *const known[] = {"a", "alg", "kid", "exp", "x5t#S256"};
  for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
    bool looks_like = strcasecmp(key, known[i]) == 0 && (name->escaped || strcmp(key, known[i]) != 0);
    FUZZ_ASSERT(bulla_json_is_misspelled(name, bulla_span(known[i], strlen(known[i]))) == looks_like);
  }
}

static void check_value(struct bulla_json_writer *out, const struct bulla_json_value *value, json_t *wanted);

/* The depth of a tree is bounded. NOLINTBEGIN(misc-no-recursion) */

/* check_members compares all members of an object, and writes it. */
static void check_members(struct bulla_json_writer *out, const struct bulla_json_member *members, json_t *wanted) {
  const char *key;
  size_t key_len;
  json_t *value;
  size_t i = 0;
  bulla_json_begin(out, '{');
  json_object_keylen_foreach(wanted, key, key_len, value) {
    uint8_t *room = fuzz_alloc(members[i].name.text.len);
    bulla_json_name(out, check_string(room, &members[i].name, bulla_span(key, key_len)));
    free(room);
    check_spelling(&members[i].name, key);
    check_shape(&members[i].value, value);
    check_value(out, &members[i].value, value);
    i++;
  }
  bulla_json_end(out, '}');
}

/* check_walk takes the members of |text| one by one. */
static void check_walk(struct bulla_span text, const struct bulla_json_member *members, size_t num_members) {
  struct bulla_json_member member;
  for (size_t i = 0; i < num_members; i++) {
    FUZZ_ASSERT(bulla_json_next_member(&text, &member));
    FUZZ_ASSERT(bulla_span_equal(member.name.text, members[i].name.text));
    FUZZ_ASSERT(member.value.type == members[i].value.type);
    FUZZ_ASSERT(bulla_span_equal(member.value.text, members[i].value.text));
  }
  FUZZ_ASSERT(!bulla_json_next_member(&text, &member));
}

/* check_object reads an object on its own. */
static void check_object(struct bulla_json_writer *out, struct bulla_span text, json_t *wanted) {
  size_t max = json_object_size(wanted);
  struct bulla_json_member *members = (struct bulla_json_member *)(void *)fuzz_alloc(max * sizeof(*members));
  size_t num_members = 0;
  FUZZ_ASSERT(bulla_json_read(members, &num_members, max, text) == BULLA_OK && num_members == max);
  check_walk(text, members, num_members);
  check_members(out, members, wanted);
  free(members);
}

static void check_array(struct bulla_json_writer *out, struct bulla_span rest, json_t *wanted) {
  struct bulla_json_value element;
  bulla_json_begin(out, '[');
  for (size_t i = 0; i < json_array_size(wanted); i++) {
    FUZZ_ASSERT(bulla_json_next(&rest, &element));
    check_value(out, &element, json_array_get(wanted, i));
  }
  FUZZ_ASSERT(!bulla_json_next(&rest, &element));
  bulla_json_end(out, ']');
}

/* check_value compares |value| with the |wanted| one, and writes it. */
static void check_value(struct bulla_json_writer *out, const struct bulla_json_value *value, json_t *wanted) {
  FUZZ_ASSERT(value->type == types[json_typeof(wanted)]);
  if (value->type == BULLA_JSON_OBJECT) {
    check_object(out, value->text, wanted);
  } else if (value->type == BULLA_JSON_ARRAY) {
    check_array(out, value->text, wanted);
  } else if (value->type == BULLA_JSON_STRING) {
    uint8_t *room = fuzz_alloc(value->text.len);
    bulla_json_string(out, check_string(room, value, model_json_string(wanted)));
    free(room);
  } else if (value->type == BULLA_JSON_NUMBER) {
    check_number(value, wanted);
    if (json_is_integer(wanted)) {
      bulla_json_int(out, json_integer_value(wanted));
    } else {
      bulla_json_text(out, value->text);
    }
  } else if (value->type == BULLA_JSON_NULL) {
    bulla_json_text(out, value->text);
  } else {
    bulla_json_bool(out, json_is_true(wanted));
  }
}

/* NOLINTEND(misc-no-recursion) */

/* check_accepted goes through the members of a text with its tree, and writes it once more. */
static void check_accepted(struct bulla_span text, const struct bulla_json_member *members, json_t *tree) {
  /* A character takes at most six to write. */
  size_t room = 6 * text.len;
  struct bulla_buffer again = bulla_buffer(fuzz_alloc(room), room);
  struct bulla_json_writer out = bulla_json_writer(&again);
  check_members(&out, members, tree);
  FUZZ_ASSERT(bulla_json_finish(&out) == BULLA_OK);
  json_t *tree_again = model_json_load(bulla_written(&again));
  FUZZ_ASSERT(json_equal(tree, tree_again));
  free(again.data);
}

static void check_text(struct bulla_span text) {
  static struct bulla_json_member members[BULLA_JSON_MAX_NAMES];
  struct bulla_json_value value;
  size_t num_members = 0;
  const size_t num_before = 8 * (text.len % 32);
  json_t *tree = model_json_load(text);
  bool accepted = bulla_json_read(members, &num_members, BULLA_JSON_MAX_NAMES, text) == BULLA_OK;
  const struct model_json_limits inside = {json_is_array(tree) ? '[' : '{', BULLA_JSON_MAX_DEPTH - 1,
                                           BULLA_JSON_MAX_NAMES - num_before - 1};
  bool is_inside = bulla_json_read_inside(&value, num_before, text) == BULLA_OK;
  FUZZ_ASSERT(is_inside == (tree != NULL && model_json_is_strict(tree, text, inside)));
  if (is_inside) {
    check_shape(&value, tree);
    FUZZ_ASSERT(value.text.len >= 2 && bulla_span_equal(value.text, trimmed(text)));
  }
  FUZZ_ASSERT(accepted == (tree != NULL && model_json_is_strict(tree, text, MODEL_JSON_TOP)));
  FUZZ_ASSERT(num_members == (accepted ? json_object_size(tree) : 0));
  const struct model_json_limits behind = {'{', BULLA_JSON_MAX_DEPTH, BULLA_JSON_MAX_NAMES - num_before};
  bool is_behind = bulla_json_read_behind(members, &num_members, BULLA_JSON_MAX_NAMES, num_before, text) == BULLA_OK;
  FUZZ_ASSERT(is_behind == (tree != NULL && model_json_is_strict(tree, text, behind)));
  accepted = bulla_json_read(members, &num_members, BULLA_JSON_MAX_NAMES, text) == BULLA_OK;
  if (accepted) {
    fuzz_num_passed++;
    check_walk(text, members, num_members);
    check_accepted(text, members, tree);
  }
}

/* check_as_string takes the bytes for the inside of a string, unescaped. */
static void check_as_string(struct bulla_span text) {
  size_t room = 6 * text.len + sizeof("[\"\"]");
  struct bulla_buffer json = bulla_buffer(fuzz_alloc(room), room);
  struct bulla_json_writer out = bulla_json_writer(&json);
  bool is_text = model_json_is_text(text);
  FUZZ_ASSERT(bulla_json_valid_string(text) == is_text);
  bulla_json_begin(&out, '[');
  bulla_json_string(&out, text);
  bulla_json_end(&out, ']');
  if (is_text) {
    FUZZ_ASSERT(bulla_json_finish(&out) == BULLA_OK);
    json_t *array = model_json_load(bulla_written(&json));
    FUZZ_ASSERT(bulla_span_equal(model_json_string(json_array_get(array, 0)), text));
  } else {
    FUZZ_ASSERT(bulla_json_finish(&out) == BULLA_INVALID_TEXT && fuzz_failed(&json));
  }
  free(json.data);
}

static void check(struct bulla_span text) {
  model_json_begin();
  check_text(text);
  if (text.len == 0 || (text.data[0] != '{' && text.data[0] != '[')) {
    check_as_string(text);
  }
}

/* many_members returns |num| members, of which no two have the same name. */
static struct bulla_span many_members(size_t num) {
  static char text[MAX_MEMBERS * sizeof(",\"ff\":1")];
  static size_t ends[MAX_MEMBERS];
  size_t end = 0;
  for (size_t i = 0; i < MAX_MEMBERS && ends[MAX_MEMBERS - 1] == 0; i++) {
    end += (size_t)snprintf(text + end, sizeof(text) - end, "%s\"%zx\":1", i > 0 ? "," : "", i);
    ends[i] = end;
  }
  return bulla_span(text, ends[num - 1]);
}

/* expand writes |input| to |text| with the members that are to be in it, or returns false if there is no room. */
static bool expand(struct bulla_buffer *text, struct bulla_span input) {
  struct bulla_writer out = bulla_writer(text);
  for (size_t i = 0; i < input.len; i++) {
    if (input.data[i] == MARK && i + 1 < input.len) {
      bulla_put(&out, many_members((size_t)input.data[++i] + 1));
    } else {
      bulla_put_byte(&out, input.data[i]);
    }
  }
  return bulla_writer_finish(&out) == BULLA_OK;
}

static bool is_expanded(struct bulla_span input) {
  unsigned sum = 0;
  bool has_mark = false;
  for (size_t i = 0; i < input.len; i++) {
    sum += input.data[i];
    has_mark = has_mark || input.data[i] == MARK;
  }
  return has_mark && sum % 64 == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static uint8_t room[EXPANDED_MAX];
  struct bulla_buffer expanded = bulla_buffer(room, sizeof(room));
  struct bulla_span input = bulla_span(data, size);
  if (!is_expanded(input) || !expand(&expanded, input)) {
    check(input);
    return 0;
  }
  uint8_t *text = fuzz_alloc(expanded.len);
  memcpy(text, expanded.data, expanded.len);
  check(bulla_span(text, expanded.len));
  free(text);
  return 0;
}

const struct fuzz_form fuzz_form = FUZZ_FORM_OF_JSON;
