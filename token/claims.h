/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Claims: between struct bulla_claims and the JSON inside a token. Both directions know the same rules of form;
 * what depends on the clock or on who asks is in token/verify.c. */

#ifndef BULLA_TOKEN_CLAIMS_H
#define BULLA_TOKEN_CLAIMS_H

#include <bulla/token.h>

#include "core/json.h"
#include "core/sized.h"

#define BULLA_CLAIMS_MAX 64 /* members that a token's JSON may have at its top */

/* What the claims of a caller have at least. */
#define BULLA_CLAIMS_MIN_SIZE BULLA_SIZE_TO(struct bulla_claims, json)

/* bulla_claims_find returns the place of |name|, a checked string, among the claims that have a meaning here, or
 * BULLA_CLAIMS_KNOWN if it has none. */
#define BULLA_CLAIMS_KNOWN 11
size_t bulla_claims_find(const struct bulla_json_value *name);

/* bulla_claims_name returns the name of a claim that bulla_claims_find has found, NUL-terminated. */
const char *bulla_claims_name(size_t place);

/* bulla_claims_is_time says whether |name|, a checked string, is one of the claims that are times. */
bool bulla_claims_is_time(const struct bulla_json_value *name);

/* bulla_claims_refresh fills |json| with the members of |old|, the JSON that |claims| were read from, as they
 * stand and in their order, but for its times; behind them "iat", "exp" and "orig_iat" of |claims|. Returns
 * BULLA_TOO_LARGE if those are more members than bulla_claims_read accepts, BULLA_BUFFER_TOO_SMALL. */
BULLA_NODISCARD enum bulla_status bulla_claims_refresh(struct bulla_buffer *json, const struct bulla_claims *claims,
                                                       struct bulla_span old);

/* bulla_claims_write fills |json| with what bulla_claims_read will accept and read as |claims|. Returns
 * BULLA_BUFFER_TOO_SMALL, BULLA_INVALID_TEXT, BULLA_TOO_LARGE for more members or names than that accepts. */
BULLA_NODISCARD enum bulla_status bulla_claims_write(struct bulla_buffer *json, const struct bulla_claims *claims);

/* bulla_claims_read fills |claims| with views of |json|, or of |scratch| where a string has escapes; |scratch|
 * needs no more bytes than |json| has. "org", "sub", "iat" and "exp" must be there, and every claim known here
 * must have its type and bounds; |orig_iat| is "iat" if the JSON does not say. Unknown claims are left alone.
 * Returns BULLA_INVALID_TEXT. */
BULLA_NODISCARD enum bulla_status bulla_claims_read(struct bulla_claims *claims, struct bulla_buffer *scratch,
                                                    struct bulla_span json);

#endif
