/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* PEM of keys, RFC 7468: the strict form of §3, with lines of 64 digits, ended by LF or all by CRLF. Of what is between
 * the boundaries only the lengths of the lines decide a branch. */

#ifndef BULLA_CORE_PEM_H
#define BULLA_CORE_PEM_H

#include "core/der.h"

/* bulla_pem_read creates |*der| from |pem|, one block of a key, which says its |*form|; blocks of EC PARAMETERS before
 * it are left out, as is white space behind it. Returns BULLA_INVALID_TEXT, BULLA_UNSUPPORTED for another label and for
 * a key that is encrypted. */
BULLA_NODISCARD enum bulla_status bulla_pem_read(struct bulla_secret **der, enum bulla_der *form,
                                                 struct bulla_span pem);

/* bulla_pem_write creates |*pem|, which ends in a newline, from |der| of |form|. */
BULLA_NODISCARD enum bulla_status bulla_pem_write(struct bulla_secret **pem, enum bulla_der form,
                                                  struct bulla_span der);

#endif
