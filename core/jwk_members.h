/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The members of a JWK that RFC 7517 and RFC 7518 register, as core/jwk_*.c find them. */

#ifndef BULLA_CORE_JWK_MEMBERS_H
#define BULLA_CORE_JWK_MEMBERS_H

#include "core/json.h"

#define BULLA_JWK_NAMES 23
#define BULLA_JWK_MAX_MEMBERS 64 /* of one JWK, unknown ones among them */

/* Absent ones are BULLA_JSON_NULL with an empty text. */
struct bulla_jwk_members {
  struct bulla_json_value values[BULLA_JWK_NAMES];
};

/* bulla_jwk_read_members reads the object |json|. Returns BULLA_TOO_LARGE, or BULLA_INVALID_TEXT if it is not strict
 * JSON or has a registered name with escapes or in another case; |*why| then says what is wrong, a constant. */
BULLA_NODISCARD enum bulla_status bulla_jwk_read_members(struct bulla_jwk_members *members, const char **why,
                                                         struct bulla_span json);

/* bulla_jwk_member returns the value of |name|, a registered one. */
const struct bulla_json_value *bulla_jwk_member(const struct bulla_jwk_members *members, struct bulla_span name);

/* bulla_jwk_has returns whether |name| is there, whatever its value. */
bool bulla_jwk_has(const struct bulla_jwk_members *members, struct bulla_span name);

#endif
