/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Claims from JSON, see token/claims.h. */

#include "token/claims.h"

#include "core/json_string.h"
#include "token/day_key.h"

/* What is known of a claim while its JSON is being gone through. */
struct reading {
  struct bulla_claims claims;
  struct bulla_writer scratch;
};

static bool read_string(struct reading *reading, struct bulla_span *text, const struct bulla_json_value *value) {
  if (value->type != BULLA_JSON_STRING || value->text.len == 0) {
    return false;
  }
  *text = value->text;
  if (value->escaped) {
    const struct bulla_buffer *scratch = reading->scratch.out;
    size_t start = scratch->len;
    bulla_json_unescape(&reading->scratch, value);
    *text = bulla_span(scratch->data + start, scratch->len - start);
  }
  return !reading->scratch.overflow;
}

static bool read_time(int64_t *time, const struct bulla_json_value *value) {
  return bulla_json_int64(time, value) && *time >= 0 && *time <= BULLA_TIME_MAX;
}

static bool read_permissions(struct bulla_span *perms, const struct bulla_json_value *value) {
  struct bulla_span rest = value->text;
  struct bulla_json_value element;
  if (value->type != BULLA_JSON_ARRAY) {
    return false;
  }
  while (bulla_json_next(&rest, &element)) {
    if (element.type != BULLA_JSON_STRING) {
      return false;
    }
  }
  *perms = value->text;
  return true;
}

static bool read_object(struct bulla_span *object, const struct bulla_json_value *value) {
  *object = value->text;
  return value->type == BULLA_JSON_OBJECT;
}

enum kind { STRING, TIME, PERMISSIONS, OBJECT };

/* The claims that are known. */
enum { LONGEST = 8 /* bytes of a name */ };

static const struct {
  const char *name;
  size_t len;
  enum kind kind;
  size_t at; /* in struct bulla_claims */
} known[BULLA_CLAIMS_KNOWN] = {
    {"org", 3, STRING, offsetof(struct bulla_claims, org)},
    {"sub", 3, STRING, offsetof(struct bulla_claims, sub)},
    {"iss", 3, STRING, offsetof(struct bulla_claims, iss)},
    {"aud", 3, STRING, offsetof(struct bulla_claims, aud)},
    {"jti", 3, STRING, offsetof(struct bulla_claims, jti)},
    {"iat", 3, TIME, offsetof(struct bulla_claims, iat)},
    {"exp", 3, TIME, offsetof(struct bulla_claims, exp)},
    {"nbf", 3, TIME, offsetof(struct bulla_claims, nbf)},
    {"orig_iat", 8, TIME, offsetof(struct bulla_claims, orig_iat)},
    {"perms", 5, PERMISSIONS, offsetof(struct bulla_claims, perms)},
    {"attrs", 5, OBJECT, offsetof(struct bulla_claims, attrs)},
};

/* Where each name's place among the known ones is found, plus one: no two of them have the same slot, or the
 * compiler would complain of one that is set twice. */
#define SLOT(first, second, len) (((unsigned)(first) + 3 * (unsigned)(second) + (unsigned)(len)) % 32)
static const uint8_t slots[32] = {
    [SLOT('o', 'r', 3)] = 1, [SLOT('s', 'u', 3)] = 2, [SLOT('i', 's', 3)] = 3, [SLOT('a', 'u', 3)] = 4,
    [SLOT('j', 't', 3)] = 5, [SLOT('i', 'a', 3)] = 6, [SLOT('e', 'x', 3)] = 7, [SLOT('n', 'b', 3)] = 8,
    [SLOT('o', 'r', 8)] = 9, [SLOT('p', 'e', 5)] = 10, [SLOT('a', 't', 5)] = 11,
};

size_t bulla_claims_find(const struct bulla_json_value *name) {
  uint8_t unescaped[LONGEST] = {0};
  const uint8_t *text = name->text.data;
  size_t len = name->text.len;
  if (name->escaped) {
    text = unescaped;
    len = bulla_json_unescaped_start(unescaped, name);
  }
  if (len < 3 || len > LONGEST) {
    return BULLA_CLAIMS_KNOWN;
  }
  size_t place = slots[SLOT(text[0], text[1], len)];
  bool found = place > 0 && known[place - 1].len == len && memcmp(known[place - 1].name, text, len) == 0;
  return found ? place - 1 : BULLA_CLAIMS_KNOWN;
}

bool bulla_claims_is_time(const struct bulla_json_value *name) {
  size_t i = bulla_claims_find(name);
  return i < BULLA_CLAIMS_KNOWN && known[i].kind == TIME;
}

static bool read_claim(struct reading *reading, const struct bulla_json_member *member) {
  size_t i = bulla_claims_find(&member->name);
  if (i == BULLA_CLAIMS_KNOWN) {
    return true;
  }
  void *claim = (uint8_t *)&reading->claims + known[i].at;
  switch (known[i].kind) {
    case STRING:
      return read_string(reading, claim, &member->value);
    case TIME:
      return read_time(claim, &member->value);
    case PERMISSIONS:
      return read_permissions(claim, &member->value);
    case OBJECT:
      return read_object(claim, &member->value);
  }
  return false;
}

/* The rules that need no clock. */
static bool are_consistent(const struct bulla_claims *claims) {
  return claims->org.len > 0 && claims->org.len <= BULLA_TOKEN_ORG_MAX && claims->sub.len > 0 &&
         claims->iat >= 0 && claims->exp > claims->iat && claims->exp - claims->iat <= BULLA_TOKEN_LIFETIME_MAX &&
         claims->orig_iat <= claims->iat;
}

enum bulla_status bulla_claims_read(struct bulla_claims *claims, struct bulla_buffer *scratch,
                                    struct bulla_span json) {
  *claims = (struct bulla_claims){0};
  struct bulla_json_member members[BULLA_CLAIMS_MAX];
  size_t num_members = 0;
  if (bulla_json_read(members, &num_members, BULLA_CLAIMS_MAX, json) != BULLA_OK ||
      num_members > BULLA_CLAIMS_MAX) {
    return BULLA_INVALID_TEXT;
  }
  struct reading reading = {.claims = {.iat = -1, .exp = -1, .orig_iat = -1}, .scratch = bulla_writer(scratch)};
  for (size_t i = 0; i < num_members; i++) {
    if (!read_claim(&reading, &members[i])) {
      return BULLA_INVALID_TEXT;
    }
  }
  if (reading.claims.orig_iat < 0) {
    reading.claims.orig_iat = reading.claims.iat;
  }
  if (!are_consistent(&reading.claims)) {
    return BULLA_INVALID_TEXT;
  }
  *claims = reading.claims;
  return BULLA_OK;
}

bool bulla_claims_permit(const struct bulla_claims *claims, struct bulla_span permission) {
  struct bulla_span rest = claims->perms;
  struct bulla_json_value element;
  while (bulla_json_next(&rest, &element)) {
    if (bulla_json_equal(&element, permission)) {
      return true;
    }
  }
  return false;
}
