/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The JWKs that bulla accepts, as include/bulla/jose.h and RFC 7518 §6 say it: on jansson, the curves of nettle, and
 * the numbers of GMP. Nothing here calls a function of bulla's. */

#ifndef BULLA_FUZZ_MODEL_JWK_H
#define BULLA_FUZZ_MODEL_JWK_H

#include <jansson.h>

#include "core/cursor.h"

enum model_jwk_verdict { MODEL_JWK_GOOD, MODEL_JWK_UNSUPPORTED, MODEL_JWK_BAD };

/* model_jwk judges a tree without duplicate members. That a name was written with escapes it cannot see. */
enum model_jwk_verdict model_jwk(json_t *jwk);

/* model_jwk_has_private says whether there is a private part in a good one. */
bool model_jwk_has_private(const json_t *jwk);

/* model_jwk_thumbprint fills the 32 bytes of RFC 7638 of a good one. */
void model_jwk_thumbprint(uint8_t *digest, const json_t *jwk);

#endif
