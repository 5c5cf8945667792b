/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What the targets of tokens share: the API key of fuzz/model_token.h, verifiers for all options, and what may be
 * expected of verified claims. */

#ifndef BULLA_FUZZ_TOKEN_SETUP_H
#define BULLA_FUZZ_TOKEN_SETUP_H

#include "fuzz/model_token.h"

/* token_apikey returns the API key; it is made at the first call. */
struct bulla_apikey *token_apikey(void);

/* token_verifier returns the verifier of |choice|, one of 16, and its options. */
struct bulla_verifier *token_verifier(const struct bulla_verifier_options **options, uint8_t choice);

/* token_clock returns one of 8 times: most are close to each other, some are out of bounds. */
int64_t token_clock(uint8_t choice);

/* token_check_claims compares verified claims with what the model read. */
void token_check_claims(const struct bulla_claims *claims, const struct model_claims *wanted);

/* token_check_failed asserts that nothing is left of claims that were not verified. */
void token_check_failed(const struct bulla_claims *claims, const struct bulla_buffer *payload);

#endif
