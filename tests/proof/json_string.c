/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Strings and numbers of JSON, whether they have been checked or not. */

#include "tests/proof/proof.h"

#include "core/json_string.h"

enum { BOUND = 6, PAIR_BOUND = 3, NUMBER_BOUND = 20 };

static void valid_string(void) {
  uint8_t room[BOUND];
  size_t len = any_len(BOUND);
  //@ split len;
  ;
  (void)bulla_json_valid_string(any_bytes(room, BOUND, len));
}

static void escaped_string(void) {
  uint8_t room[PAIR_BOUND];
  uint8_t other_room[PAIR_BOUND];
  uint8_t out_room[PAIR_BOUND];
  size_t len = any_len(PAIR_BOUND);
  //@ split len;
  ;
  struct bulla_json_value string = {
      .type = BULLA_JSON_STRING, .escaped = true, .text = any_bytes(room, PAIR_BOUND, len)};
  struct bulla_buffer text = room_for(out_room, PAIR_BOUND, len);
  struct bulla_writer out = bulla_writer(&text);
  bulla_json_unescape(&out, &string);
  (void)bulla_json_equal(&string, any_bytes(other_room, PAIR_BOUND, PAIR_BOUND));
  (void)bulla_json_hash(&string);
}

static void number(void) {
  uint8_t room[NUMBER_BOUND];
  int64_t value;
  size_t len = any_len(NUMBER_BOUND);
  //@ split len;
  ;
  struct bulla_json_value text = {.type = BULLA_JSON_NUMBER, .text = any_bytes(room, NUMBER_BOUND, len)};
  (void)bulla_json_int64(&value, &text);
}

void prove(void) {
  valid_string();
  escaped_string();
  number();
}
