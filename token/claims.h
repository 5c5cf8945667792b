/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Claims: between struct bulla_claims and the JSON inside a token. Both directions have the same rules of form;
 * checks that depend on the clock or the verifier are in token/verify.c. */

#ifndef BULLA_TOKEN_CLAIMS_H
#define BULLA_TOKEN_CLAIMS_H

#include <bulla/token.h>

#include "core/json.h"
#include "core/sized.h"

#define BULLA_CLAIMS_MAX 64 /* members of a token's top JSON object */

/* The minimum size of a caller's claims. */
#define BULLA_CLAIMS_MIN_SIZE BULLA_SIZE_TO(struct bulla_claims, json)

/* bulla_claims_find returns the index of |name|, a checked string, among the known claims, or BULLA_CLAIMS_KNOWN if
 * it is not one. */
#define BULLA_CLAIMS_KNOWN 11
size_t bulla_claims_find(const struct bulla_json_value *name);

/* bulla_claims_name returns the name of a known claim, NUL-terminated. */
const char *bulla_claims_name(size_t place);

/* bulla_claims_is_time returns whether |name|, a checked string, is a claim that is a time. */
bool bulla_claims_is_time(const struct bulla_json_value *name);

/* bulla_claims_refresh fills |json| with the members of |old|, the JSON that |claims| were read from, unchanged and in
 * order, except its times; then "iat", "exp" and "orig_iat" of |claims|. Returns BULLA_TOO_LARGE for more members than
 * bulla_claims_read accepts, BULLA_BUFFER_TOO_SMALL. */
BULLA_NODISCARD enum bulla_status bulla_claims_refresh(struct bulla_buffer *json, const struct bulla_claims *claims,
                                                       struct bulla_span old);

/* bulla_claims_write fills |json| so that bulla_claims_read accepts it and reads |claims|. Returns
 * BULLA_BUFFER_TOO_SMALL, BULLA_INVALID_TEXT, BULLA_TOO_LARGE for more members or names than that accepts. */
BULLA_NODISCARD enum bulla_status bulla_claims_write(struct bulla_buffer *json, const struct bulla_claims *claims);

/* bulla_claims_read fills |claims| with views of |json|, or of |scratch| where a string has escapes; |scratch|
 * needs no more bytes than |json| has. "org", "sub", "iat" and "exp" must be present, and known claims must have
 * the right type and range; |orig_iat| is "iat" if it is absent. Unknown claims are ignored.
 * Returns BULLA_INVALID_TEXT. */
BULLA_NODISCARD enum bulla_status bulla_claims_read(struct bulla_claims *claims, struct bulla_buffer *scratch,
                                                    struct bulla_span json);

/* The two ways of bulla_claims_read to members of |claims|, before the rules that bind them to each other; times that
 * are absent are -1, but "nbf" 0. bulla_claims_read_any is for all JSON. bulla_claims_read_straight takes only what
 * bulla writes for plain claims, as bulla_claims_read_any does, and needs no scratch. Where they return false |claims|
 * is undefined. */
BULLA_NODISCARD bool bulla_claims_read_any(struct bulla_claims *claims, struct bulla_buffer *scratch,
                                           struct bulla_span json);
BULLA_NODISCARD bool bulla_claims_read_straight(struct bulla_claims *claims, struct bulla_span json);

/* The two ways of bulla_claims_write in the same manner. Where bulla_claims_write_straight returns false, |json| is
 * undefined. */
BULLA_NODISCARD enum bulla_status bulla_claims_write_any(struct bulla_buffer *json, const struct bulla_claims *claims);
BULLA_NODISCARD bool bulla_claims_write_straight(struct bulla_buffer *json, const struct bulla_claims *claims);

/* bulla_claims_is_plain returns whether |json|, which is not empty, is what bulla_claims_read_straight takes for the
 * value of "perms", if it begins with a bracket, or else of "attrs". */
bool bulla_claims_is_plain(struct bulla_span json);

#endif
