/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The options of a JWE as core/jwe_encrypt.c and core/jwe_len.c take them from a caller. The lengths are public:
 * bulla_jwe_len and bulla_jwe_len_for, which allocate and read nothing secret. */

#ifndef BULLA_CORE_JWE_LEN_H
#define BULLA_CORE_JWE_LEN_H

#include <bulla/jose.h>

/* bulla_jwe_take_options fills |taken| from |options|. Returns BULLA_INVALID_ARGUMENT, also if what is reserved is not
 * 0, and the statuses of bulla_sized_take. */
BULLA_NODISCARD enum bulla_status bulla_jwe_take_options(struct bulla_jwe_options *taken,
                                                         const struct bulla_jwe_options *options);

#endif
