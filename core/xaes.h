/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* XAES-256-GCM (C2SP, c2sp.org/XAES-256-GCM): each message has an AES-256-GCM key of its own, derived from a key and
 * the first half of a 24-byte nonce; the second half is the nonce to use with it. */

#ifndef BULLA_CORE_XAES_H
#define BULLA_CORE_XAES_H

#include "core/crypto.h"

#define BULLA_XAES_NONCE_LEN 24 /* bytes */

/* An expanded XAES-256-GCM key. It is secret and lives in the slab. */
struct bulla_xaes;

/* bulla_xaes_new expands |key| of 32 bytes. Statuses as of bulla_aead_new. */
BULLA_NODISCARD enum bulla_status bulla_xaes_new(struct bulla_xaes **xaes, struct bulla_span key);

/* bulla_xaes_free wipes and frees |*xaes|, which this process must have created, and sets it to NULL. */
void bulla_xaes_free(struct bulla_xaes **xaes);

/* bulla_xaes_seal is bulla_aead_seal_bound with the BULLA_XAES_NONCE_LEN bytes of |nonce|. The derived key lives in the
 * slab for the length of the call: statuses of bulla_slab_new are added. */
BULLA_NODISCARD enum bulla_status bulla_xaes_seal(const struct bulla_xaes *xaes, uint8_t *ciphertext, uint8_t *tag,
                                                  const uint8_t *nonce, struct bulla_span plaintext,
                                                  const struct bulla_aad *aad);

/* bulla_xaes_open is bulla_aead_open_bound in the same way. */
BULLA_NODISCARD enum bulla_status bulla_xaes_open(const struct bulla_xaes *xaes, uint8_t *plaintext,
                                                  const uint8_t *nonce, const uint8_t *tag,
                                                  struct bulla_span ciphertext, const struct bulla_aad *aad);

#endif
