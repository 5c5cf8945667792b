/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Claims: between struct bulla_claims and the JSON inside a token. Both directions know the same rules of form;
 * what depends on the clock or on who asks is in token/verify.c. */

#ifndef BULLA_TOKEN_CLAIMS_H
#define BULLA_TOKEN_CLAIMS_H

#include <bulla/token.h>

#include "core/cursor.h"

/* bulla_claims_write fills |json|. Returns BULLA_BUFFER_TOO_SMALL, BULLA_INVALID_TEXT. */
BULLA_CHECKED enum bulla_status bulla_claims_write(struct bulla_buffer *json, const struct bulla_claims *claims);

/* bulla_claims_read fills |claims| with views of |json|, or of |scratch| where a string has escapes; |scratch|
 * needs no more bytes than |json| has. "org", "sub", "iat" and "exp" must be there, and every claim known here
 * must have its type and bounds. Unknown claims are left alone. Returns BULLA_INVALID_TEXT. */
BULLA_CHECKED enum bulla_status bulla_claims_read(struct bulla_claims *claims, struct bulla_buffer *scratch,
                                                  struct bulla_span json);

#endif
