/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The reader of JSON: any short text; and longer ones in whose shape, a member or two, a few bytes are any. What
 * it hands out is read, and an array is walked. */

#include "tests/proof/proof.h"

#include "core/json.h"

enum { BOUND = 5, SHAPE_MAX = 80, MAX_MEMBERS = 1 };

static void read_text(struct bulla_span text) {
  struct bulla_json_member members[MAX_MEMBERS];
  size_t num_members;
  if (bulla_json_read(members, &num_members, MAX_MEMBERS, text) == BULLA_OK && num_members > 0) {
    read_all(members[0].name.text);
    read_all(members[0].value.text);
    if (members[0].value.type == BULLA_JSON_ARRAY) {
      struct bulla_span rest = members[0].value.text;
      struct bulla_json_value element;
      while (bulla_json_next(&rest, &element)) {
        read_all(element.text);
      }
    }
  }
}

static void any_text(void) {
  uint8_t room[BOUND];
  size_t len = any_len(BOUND);
  //@ split len;
  ;
  read_text(any_bytes(room, BOUND, len));
}

/* Each "@" of |shape| is any byte. */
static void shaped_text(const char *shape) {
  uint8_t room[SHAPE_MAX];
  size_t len = strlen(shape);
  uint8_t *text = room + (SHAPE_MAX - len);
  for (size_t i = 0; i < len; i++) {
    text[i] = shape[i] == '@' ? Frama_C_unsigned_char_interval(0, 255) : (uint8_t)shape[i];
  }
  read_text(bulla_span(text, len));
}

void prove(void) {
  any_text();
  shaped_text("{\"@@\":@@}");
  shaped_text("{\"a\":@,\"@\":1}");
  shaped_text("{\"a\":[@,@]}");
  shaped_text("{\"\\u@@@@\":1}");
  shaped_text("{\"a\":1@@}");
  shaped_text("{\"a\":{\"@\":@}}");
  shaped_text("{\"aaaaaaaa@\":1,\"aaaaaaaa@\":1}");
  shaped_text("{\"\\n@\":1,\"\\u000a@\":1}");
  /* The free bytes are on both sides of the end of a block. */
  shaped_text("{\"a\":\"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb@@@\"}");
}
