/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* HPKE (RFC 9180) in mode_base with DHKEM(X25519, HKDF-SHA256), HKDF-SHA256 and AES-256-GCM, by nettle. */

#ifndef BULLA_FUZZ_MODEL_HPKE_H
#define BULLA_FUZZ_MODEL_HPKE_H

#include "fuzz/model_crypto.h"

/* model_hpke_schedule makes key and nonce of the one message, §4.1 and §5.1, or returns false if the shared point is
 * zero. The sender's |private_key| is the ephemeral one, and |point| the |public_key| of the recipient; the recipient's
 * is its own, and |point| what is |encapsulated|. */
bool model_hpke_schedule(struct model_gcm *gcm, uint8_t nonce[12], const uint8_t *private_key, const uint8_t *point,
                         const uint8_t *encapsulated, const uint8_t *public_key, struct bulla_span info);

#endif
