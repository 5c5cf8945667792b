/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The table of algorithms: from the numbers of include/bulla/jose.h, whose names and their look-up are there too, to
 * rows. core/jwe.c, which makes keys, uses it. */

#ifndef BULLA_CORE_JWE_TABLE_H
#define BULLA_CORE_JWE_TABLE_H

#include "core/jwe_algorithm.h"

/* bulla_jwe_algorithm and bulla_jwe_encryption return the row, or NULL for another number. */
const struct bulla_jwe_algorithm *bulla_jwe_algorithm(enum bulla_jwe_alg alg);
const struct bulla_jwe_encryption *bulla_jwe_encryption(enum bulla_jwe_enc enc);

#endif
