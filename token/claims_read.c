/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Claims from JSON, see token/claims.h. */

#include "token/claims.h"

#include "core/json_string.h"
#include "token/day_key.h"

static bool read_string(struct bulla_span *text, struct bulla_writer *scratch, const struct bulla_json_value *value) {
  if (value->type != BULLA_JSON_STRING || value->text.len == 0) {
    return false;
  }
  *text = value->text;
  if (value->escaped) {
    const struct bulla_buffer *room = scratch->out;
    size_t start = room->len;
    bulla_json_unescape(scratch, value);
    *text = bulla_span(room->data + start, room->len - start);
  }
  return !scratch->overflow;
}

static bool read_time(int64_t *time, const struct bulla_json_value *value) {
  return bulla_json_int64(time, value) && *time >= 0 && *time <= BULLA_TIME_MAX;
}

static bool read_permissions(struct bulla_span *perms, const struct bulla_json_value *value) {
  *perms = value->text;
  return value->type == BULLA_JSON_ARRAY && value->all_strings;
}

static bool read_object(struct bulla_span *object, const struct bulla_json_value *value) {
  *object = value->text;
  return value->type == BULLA_JSON_OBJECT;
}

enum kind { STRING, TIME, PERMISSIONS, OBJECT };

/* The claims that are known. */
enum { LONGEST = 8 /* bytes of a name */ };

static const struct {
  char name[LONGEST + 1];
  uint8_t len;
  uint8_t kind;
  uint16_t at; /* in struct bulla_claims */
} known[BULLA_CLAIMS_KNOWN] = {
#define CLAIM(name, kind) \
  { #name, sizeof(#name) - 1, kind, offsetof(struct bulla_claims, name) }
    CLAIM(org, STRING),    CLAIM(sub, STRING),        CLAIM(iss, STRING),   CLAIM(aud, STRING),
    CLAIM(jti, STRING),    CLAIM(iat, TIME),          CLAIM(exp, TIME),     CLAIM(nbf, TIME),
    CLAIM(orig_iat, TIME), CLAIM(perms, PERMISSIONS), CLAIM(attrs, OBJECT),
#undef CLAIM
};

/* Where each name's place among the known ones is found, plus one: no two of them have the same slot, or the
 * compiler would complain of one that is set twice. */
#define SLOT(first, second, len) (((unsigned)(first) + 3 * (unsigned)(second) + (unsigned)(len)) % 32)
static const uint8_t slots[32] = {
    [SLOT('o', 'r', 3)] = 1, [SLOT('s', 'u', 3)] = 2,  [SLOT('i', 's', 3)] = 3,  [SLOT('a', 'u', 3)] = 4,
    [SLOT('j', 't', 3)] = 5, [SLOT('i', 'a', 3)] = 6,  [SLOT('e', 'x', 3)] = 7,  [SLOT('n', 'b', 3)] = 8,
    [SLOT('o', 'r', 8)] = 9, [SLOT('p', 'e', 5)] = 10, [SLOT('a', 't', 5)] = 11,
};

/* Says whether |text| is |name|; both have |len| bytes, of which the compiler knows the number each time. */
static inline bool is_same(const char *name, const uint8_t *text, size_t len) {
  return len == 3   ? memcmp(name, text, 3) == 0
         : len == 5 ? memcmp(name, text, 5) == 0
                    : len == LONGEST && memcmp(name, text, LONGEST) == 0;
}

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
  bool found = place > 0 && known[place - 1].len == len && is_same(known[place - 1].name, text, len);
  return found ? place - 1 : BULLA_CLAIMS_KNOWN;
}

const char *bulla_claims_name(size_t place) {
  return known[place].name;
}

bool bulla_claims_is_time(const struct bulla_json_value *name) {
  size_t i = bulla_claims_find(name);
  return i < BULLA_CLAIMS_KNOWN && known[i].kind == TIME;
}

static bool read_claim(struct bulla_claims *claims, struct bulla_writer *scratch,
                       const struct bulla_json_member *member) {
  size_t i = bulla_claims_find(&member->name);
  if (i == BULLA_CLAIMS_KNOWN) {
    return true;
  }
  void *claim = (uint8_t *)claims + known[i].at;
  switch ((enum kind)known[i].kind) {
    case STRING:
      return read_string(claim, scratch, &member->value);
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
  return claims->org.len > 0 && claims->org.len <= BULLA_TOKEN_ORG_MAX && claims->sub.len > 0 && claims->iat >= 0 &&
         claims->exp > claims->iat && claims->exp - claims->iat <= BULLA_TOKEN_LIFETIME_MAX &&
         claims->orig_iat <= claims->iat;
}

__attribute__((noinline)) bool bulla_claims_read_any(struct bulla_claims *claims, struct bulla_buffer *scratch,
                                                     struct bulla_span json) {
  struct bulla_json_member members[BULLA_CLAIMS_MAX];
  size_t num_members = 0;
  if (bulla_json_read(members, &num_members, BULLA_CLAIMS_MAX, json) != BULLA_OK || num_members > BULLA_CLAIMS_MAX) {
    return false;
  }
  *claims = (struct bulla_claims){.size = sizeof(*claims), .iat = -1, .exp = -1, .orig_iat = -1};
  struct bulla_writer unescaped = bulla_writer(scratch);
  for (size_t i = 0; i < num_members; i++) {
    if (!read_claim(claims, &unescaped, &members[i])) {
      return false;
    }
  }
  return true;
}

enum bulla_status bulla_claims_read(struct bulla_claims *claims, struct bulla_buffer *scratch, struct bulla_span json) {
  bool good = bulla_claims_read_straight(claims, json) || bulla_claims_read_any(claims, scratch, json);
  if (good && claims->orig_iat < 0) {
    claims->orig_iat = claims->iat;
  }
  if (!good || !are_consistent(claims)) {
    *claims = (struct bulla_claims)BULLA_CLAIMS_INIT;
    return BULLA_INVALID_TEXT;
  }
  return BULLA_OK;
}
