/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See core/jwk_members.h. */

#include "core/jwk_members.h"

#include "core/cleanup.h"

#define TEXT(text) \
  { (const uint8_t *)(text), sizeof(text) - 1 }

/* RFC 7517 §4 and §5, RFC 7518 §6, RFC 8037 §2. */
static const struct bulla_span registered[BULLA_JWK_NAMES] = {
    TEXT("kty"), TEXT("crv"), TEXT("kid"), TEXT("use"), TEXT("key_ops"), TEXT("alg"), TEXT("k"),        TEXT("x"),
    TEXT("y"),   TEXT("d"),   TEXT("n"),   TEXT("e"),   TEXT("p"),       TEXT("q"),   TEXT("dp"),       TEXT("dq"),
    TEXT("qi"),  TEXT("oth"), TEXT("x5u"), TEXT("x5c"), TEXT("x5t"),     TEXT("ext"), TEXT("x5t#S256"),
};

_Static_assert(BULLA_JWK_MAX_MEMBERS >= 2 * BULLA_JWK_NAMES, "there is room for members that are not known");

/* Notes |member| if its name is registered, or returns false if that is misspelled. */
static bool note(struct bulla_jwk_members *members, const struct bulla_json_member *member) {
  for (size_t i = 0; i < BULLA_JWK_NAMES; i++) {
    if (!member->name.escaped && bulla_span_equal(member->name.text, registered[i])) {
      members->values[i] = member->value;
      return true;
    }
  }
  for (size_t i = 0; i < BULLA_JWK_NAMES; i++) {
    if (bulla_json_is_misspelled(&member->name, registered[i])) {
      return false;
    }
  }
  return true;
}

enum bulla_status bulla_jwk_read_members(struct bulla_jwk_members *members, const char **why, struct bulla_span json) {
  struct bulla_json_member all[BULLA_JWK_MAX_MEMBERS];
  size_t num;
  memset(members, 0, sizeof(*members));
  *why = "not strict JSON";
  BULLA_TRY(bulla_json_read(all, &num, BULLA_JWK_MAX_MEMBERS, json));
  if (num > BULLA_JWK_MAX_MEMBERS) {
    *why = "too many members";
    return BULLA_TOO_LARGE;
  }
  for (size_t i = 0; i < num; i++) {
    if (!note(members, &all[i])) {
      *why = "a registered name in another case or with escapes";
      return BULLA_INVALID_TEXT;
    }
  }
  return BULLA_OK;
}

const struct bulla_json_value *bulla_jwk_member(const struct bulla_jwk_members *members, struct bulla_span name) {
  size_t i = 0;
  while (i + 1 < BULLA_JWK_NAMES && !bulla_span_equal(registered[i], name)) {
    i++;
  }
  return &members->values[i];
}

bool bulla_jwk_has(const struct bulla_jwk_members *members, struct bulla_span name) {
  return bulla_jwk_member(members, name)->text.data != NULL;
}
