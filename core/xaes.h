/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* XAES-256-GCM (C2SP, c2sp.org/XAES-256-GCM): from a key and half of a nonce of 24 bytes to a key of AES-256-GCM. */

#ifndef BULLA_CORE_XAES_H
#define BULLA_CORE_XAES_H

#include "core/crypto.h"

/* A key of XAES-256-GCM, expanded. It is secret and lives in the slab. */
struct bulla_xaes;

/* bulla_xaes_new expands |key| of 32 bytes. Statuses as of bulla_aead_new. */
BULLA_NODISCARD enum bulla_status bulla_xaes_new(struct bulla_xaes **xaes, struct bulla_span key);

/* bulla_xaes_free wipes and frees |*xaes|, which this process must have made; NULL inside is fine. */
void bulla_xaes_free(struct bulla_xaes **xaes);

/* bulla_xaes_derive makes |*aead|, the AES-256-GCM key for |nonce| of 24 bytes, of which it uses the first 12;
 * the last 12 are the nonce to use it with. Statuses as of bulla_aead_new. */
BULLA_NODISCARD enum bulla_status bulla_xaes_derive(const struct bulla_xaes *xaes, struct bulla_aead **aead,
                                                    struct bulla_span nonce);

#endif
