/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Which key of a JWK Set is the reason that the set is refused: the library says only what is wrong. */

#ifndef BULLA_CLI_JWK_SET_FAULT_H
#define BULLA_CLI_JWK_SET_FAULT_H

#include <bulla/jose.h>

/* bulla_jwk_set_fault returns the number, from 1, of the first key in |json| that is none or has the "kid" of one
 * before it; 0 if it is not for one key that the set is refused. For errors alone: it parses all keys again. */
size_t bulla_jwk_set_fault(struct bulla_span json);

#endif
