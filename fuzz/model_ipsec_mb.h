/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* AES-GCM by Intel's ipsec-mb, which has nothing in common with the engines but the standard: one more to compare
 * with, where it was there to build with. */

#ifndef BULLA_FUZZ_MODEL_IPSEC_MB_H
#define BULLA_FUZZ_MODEL_IPSEC_MB_H

#include "core/cursor.h"

/* model_ipsec_mb_seal returns false, having done nothing, where there is no such library or it does not like the
 * processor. */
bool model_ipsec_mb_seal(uint8_t *ciphertext, uint8_t *tag, struct bulla_span key, struct bulla_span nonce,
                         struct bulla_span plaintext, struct bulla_span aad);

#endif
