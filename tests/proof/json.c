/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The reader of JSON: any text; each member that it hands out; each value taken for an array, a string, a number. */

#include "tests/proof/proof.h"

#include "core/json.h"

enum { BOUND = 5, MAX_MEMBERS = 2 };

void prove(void) {
  uint8_t room[BOUND];
  struct bulla_json_member members[MAX_MEMBERS];
  size_t num_members;
  size_t len = any_len(BOUND);
  //@ split len;
  ;
  struct bulla_span text = any_bytes(room, BOUND, len);
  if (bulla_json_read(members, &num_members, MAX_MEMBERS, text) == BULLA_OK) {
    for (size_t i = 0; i < MAX_MEMBERS && i < num_members; i++) {
      read_all(members[i].name.text);
      read_all(members[i].value.text);
    }
  }
}
