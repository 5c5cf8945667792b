/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/names.h. */

#include "store/names.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/json.h"
#include "core/log.h"

static bool is_name_byte(uint8_t byte) {
  return (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte == '.' ||
         byte == '_' || byte == '@' || byte == '+' || byte == '-';
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

enum bulla_status bulla_reserved_check(const uint64_t *reserved, size_t num) {
  uint64_t any = 0;
  for (size_t i = 0; i < num; i++) {
    any |= reserved[i];
  }
  return any == 0 ? BULLA_OK : bulla_explain(BULLA_INVALID_ARGUMENT, "a reserved member of a structure is not 0");
}

static enum bulla_status check_names(const struct bulla_place *place) {
  if (place == NULL) {
    return BULLA_INVALID_ARGUMENT;
  }
  BULLA_TRY(BULLA_CHECK_RESERVED(place->reserved));
  BULLA_TRY(bulla_name_check(place->tenant));
  return bulla_name_check(place->entry);
}

static enum bulla_status check_no_revision(const struct bulla_place *place) {
  return place->revision == 0 ? BULLA_OK : bulla_explain(BULLA_INVALID_ARGUMENT, "the call takes no revision");
}

enum bulla_status bulla_place_check_entry(const struct bulla_place *place) {
  BULLA_TRY(check_names(place));
  BULLA_TRY(check_no_revision(place));
  return place->field.len == 0
             ? BULLA_OK
             : bulla_explain(BULLA_INVALID_ARGUMENT, "the call is about a whole entry and takes no field");
}

enum bulla_status bulla_place_check_field(const struct bulla_place *place) {
  BULLA_TRY(bulla_place_check_revision(place));
  return check_no_revision(place);
}

enum bulla_status bulla_place_check_revision(const struct bulla_place *place) {
  BULLA_TRY(check_names(place));
  BULLA_TRY(bulla_name_check(place->field));
  return place->revision >= 0 ? BULLA_OK : bulla_explain(BULLA_INVALID_ARGUMENT, "a revision is 1 or more");
}

struct bulla_span bulla_told_revision(uint8_t *told, const struct bulla_place *place) {
  char text[BULLA_NAME_MAX + 21];
  int len = snprintf(text, sizeof(text), "%.*s#%" PRId64, (int)place->field.len, (const char *)place->field.data,
                     place->revision);
  memcpy(told, text, (size_t)len);
  return bulla_span(told, (size_t)len);
}

enum bulla_status bulla_text_check(struct bulla_span text, size_t max_len) {
  if (text.len > max_len) {
    return bulla_explain(BULLA_TOO_LARGE, "there are %zu bytes, and at most %zu are allowed", text.len, max_len);
  }
  return bulla_json_valid_string(text)
             ? BULLA_OK
             : bulla_explain(BULLA_INVALID_TEXT, "it is not valid UTF-8, or has a NUL or a noncharacter");
}

static enum bulla_status check_text_of_who(struct bulla_span text, const char *what) {
  if (text.len > BULLA_WHO_MAX) {
    return bulla_explain(BULLA_TOO_LARGE, "the %s has %zu bytes, and at most %d are allowed", what, text.len,
                         BULLA_WHO_MAX);
  }
  return bulla_json_valid_string(text)
             ? BULLA_OK
             : bulla_explain(BULLA_INVALID_TEXT, "the %s is not valid UTF-8, or has a NUL or a noncharacter", what);
}

enum bulla_status bulla_who_check(const struct bulla_who *who, bool needs_reason) {
  if (who == NULL || who->actor.len == 0) {
    return bulla_explain(BULLA_INVALID_ARGUMENT, "no actor is given");
  }
  return bulla_who_check_proven(who, needs_reason);
}

enum bulla_status bulla_who_check_proven(const struct bulla_who *who, bool needs_reason) {
  if (who == NULL) {
    return bulla_explain(BULLA_INVALID_ARGUMENT, "nobody is said to ask");
  }
  if (needs_reason && who->reason.len == 0) {
    return bulla_explain(BULLA_INVALID_ARGUMENT, "no reason is given");
  }
  BULLA_TRY(BULLA_CHECK_RESERVED(who->reserved));
  BULLA_TRY(check_text_of_who(who->actor, "actor"));
  BULLA_TRY(check_text_of_who(who->origin, "origin"));
  return check_text_of_who(who->reason, "reason");
}

struct bulla_span bulla_digits(char text[BULLA_DIGITS_MAX], int64_t number) {
  int len = snprintf(text, BULLA_DIGITS_MAX, "%lld", (long long)number);
  return bulla_span((const uint8_t *)text, len > 0 ? (size_t)len : 0);
}

bool bulla_walk_on(struct bulla_walked *walked, struct bulla_span name) {
  if (name.len == 0 || name.len > sizeof(walked->name)) {
    return false;
  }
  size_t common = name.len < walked->len ? name.len : walked->len;
  int order = memcmp(name.data, walked->name, common);
  bool follows = order > 0 || (order == 0 && name.len > walked->len);
  memcpy(walked->name, name.data, name.len);
  walked->len = name.len;
  return follows;
}
