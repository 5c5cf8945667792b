/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Expanded keys of AES-GCM, for core/aead.c and who seals many messages in a row. */

#ifndef BULLA_CORE_AEAD_H
#define BULLA_CORE_AEAD_H

#include "core/engine.h"

/* In the slab: which engine a key is for, and what that engine keeps of it. */
struct bulla_aead {
  const struct bulla_engine *engine;
  _Alignas(64) uint8_t context[];
};

/* bulla_aead_seal_on is bulla_aead_seal_bound, with a |nonce| of |nonce_len| bytes, without clearing what the engine
 * leaves: the function that calls it does so before it returns, with bulla_scrub(aead->engine->scrub_depth). It is
 * always inlined, so that the frame of the engine is right below the caller's. */
__attribute__((always_inline)) static inline enum bulla_status bulla_aead_seal_on(
    const struct bulla_aead *aead, uint8_t *ciphertext, uint8_t *tag, const uint8_t *nonce, size_t nonce_len,
    struct bulla_span plaintext, const struct bulla_aad *aad) {
  return aead->engine->seal(aead->context, ciphertext, tag, nonce, nonce_len, plaintext.data, plaintext.len, aad);
}

#endif
