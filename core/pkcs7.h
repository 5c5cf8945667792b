/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The padding of AES-CBC, RFC 5652 §6.3, which PKCS #7 brought. core/jwe_cbc_hmac.c uses it, of what is authentic. */

#ifndef BULLA_CORE_PKCS7_H
#define BULLA_CORE_PKCS7_H

#include <bulla/core.h>

/* bulla_pkcs7_len sets |*len| to how many bytes of |padded|, at least one block, are before the padding of 1 to 16
 * bytes. Returns false if it is none. The time depends on the length of |padded| alone. */
BULLA_NODISCARD bool bulla_pkcs7_len(size_t *len, struct bulla_span padded);

#endif
