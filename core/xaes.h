/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* XAES-256-GCM (C2SP, c2sp.org/XAES-256-GCM): an AES-256-GCM key is derived from a key and half of a 24-byte nonce. */

#ifndef BULLA_CORE_XAES_H
#define BULLA_CORE_XAES_H

#include "core/crypto.h"

/* An expanded XAES-256-GCM key. It is secret and lives in the slab. */
struct bulla_xaes;

/* bulla_xaes_new expands |key| of 32 bytes. Statuses as of bulla_aead_new. */
BULLA_NODISCARD enum bulla_status bulla_xaes_new(struct bulla_xaes **xaes, struct bulla_span key);

/* bulla_xaes_free wipes and frees |*xaes|, which this process must have created, and sets it to NULL. */
void bulla_xaes_free(struct bulla_xaes **xaes);

/* bulla_xaes_derive creates |*aead|, the AES-256-GCM key for the first 12 of the 24 bytes of |nonce|; the last 12
 * are the nonce to use with it. Statuses as of bulla_aead_new. */
BULLA_NODISCARD enum bulla_status bulla_xaes_derive(const struct bulla_xaes *xaes, struct bulla_aead **aead,
                                                    struct bulla_span nonce);

#endif
