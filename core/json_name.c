/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Names that look like others: some readers take "Alg" for "alg", so that two of them understand two things. */

#include "core/json.h"

enum { MAX_NAME_LEN = 32 };

static uint8_t lower(uint8_t c) {
  return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

static bool is_same_but_for_case(struct bulla_span a, struct bulla_span b) {
  if (a.len != b.len) {
    return false;
  }
  for (size_t i = 0; i < a.len; i++) {
    if (lower(a.data[i]) != lower(b.data[i])) {
      return false;
    }
  }
  return true;
}

bool bulla_json_is_misspelled(const struct bulla_json_value *name, struct bulla_span wanted) {
  if (!name->escaped) {
    return is_same_but_for_case(name->text, wanted) && !bulla_span_equal(name->text, wanted);
  }
  uint8_t room[MAX_NAME_LEN];
  struct bulla_buffer plain = bulla_buffer(room, sizeof(room));
  struct bulla_writer out = bulla_writer(&plain);
  bulla_json_unescape(&out, name);
  return bulla_writer_finish(&out) == BULLA_OK && is_same_but_for_case(bulla_written(&plain), wanted);
}
