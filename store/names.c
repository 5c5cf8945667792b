/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/names.h. */

#include "store/names.h"

#include "core/json.h"

static bool is_name_byte(uint8_t byte) {
  return (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') ||
         byte == '.' || byte == '_' || byte == '@' || byte == '+' || byte == '-';
}

enum bulla_status bulla_name_check(struct bulla_span name) {
  if (name.len < 1 || name.len > BULLA_NAME_MAX || name.data[0] == '.' || name.data[0] == '-') {
    return BULLA_INVALID_NAME;
  }
  for (size_t i = 0; i < name.len; i++) {
    if (!is_name_byte(name.data[i])) {
      return BULLA_INVALID_NAME;
    }
  }
  return BULLA_OK;
}

enum bulla_status bulla_text_check(struct bulla_span text, size_t max_len) {
  if (text.len > max_len) {
    return BULLA_TOO_LARGE;
  }
  return bulla_json_valid_string(text) ? BULLA_OK : BULLA_INVALID_TEXT;
}

enum bulla_status bulla_who_check(const struct bulla_who *who, bool needs_reason) {
  if (who == NULL || who->actor.len == 0 || (needs_reason && who->reason.len == 0)) {
    return BULLA_INVALID_ARGUMENT;
  }
  BULLA_TRY(bulla_text_check(who->actor, BULLA_WHO_MAX));
  BULLA_TRY(bulla_text_check(who->origin, BULLA_WHO_MAX));
  return bulla_text_check(who->reason, BULLA_WHO_MAX);
}

bool bulla_walk_on(struct bulla_walked *walked, struct bulla_span name) {
  if (name.len == 0 || name.len > sizeof walked->name) {
    return false;
  }
  size_t common = name.len < walked->len ? name.len : walked->len;
  int order = memcmp(name.data, walked->name, common);
  bool follows = order > 0 || (order == 0 && name.len > walked->len);
  memcpy(walked->name, name.data, name.len);
  walked->len = name.len;
  return follows;
}

struct bulla_span bulla_column_name(struct bulla_statement *statement) {
  struct bulla_span name = bulla_column_text(statement, BULLA_NAME_MAX);
  if (bulla_name_check(name) != BULLA_OK) {
    statement->bad = true;
    return bulla_span(NULL, 0);
  }
  return name;
}
