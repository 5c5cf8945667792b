/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* C2SP XAES-256-GCM: a CMAC-based derivation whose subkey K1 depends on the key alone. */

#include "core/xaes.h"

#include <string.h>

#include "core/cleanup.h"
#include "core/scrub.h"
#include "core/slab.h"

struct bulla_xaes {
  struct bulla_aes_key aes;
  uint8_t k1[BULLA_AES_BLOCK_LEN];
};

enum bulla_status bulla_xaes_new(struct bulla_xaes **xaes, struct bulla_span key) {
  *xaes = NULL;
  void *slot = NULL;
  BULLA_TRY(bulla_slab_new(&slot, sizeof(struct bulla_xaes)));
  struct bulla_xaes *made = slot;
  enum bulla_status status = bulla_aes_expand(&made->aes, key);
  if (status != BULLA_OK) {
    bulla_xaes_free(&made);
    return status;
  }
  /* L = AES(0); K1 = L doubled in GF(2^128), without a branch on its top bit. */
  uint8_t *k1 = made->k1;
  bulla_aes_block(&made->aes, k1);
  uint8_t top_bit = k1[0] >> 7;
  for (size_t i = 0; i + 1 < BULLA_AES_BLOCK_LEN; i++) {
    k1[i] = (uint8_t)(k1[i] << 1 | k1[i + 1] >> 7);
  }
  k1[BULLA_AES_BLOCK_LEN - 1] = (uint8_t)(k1[BULLA_AES_BLOCK_LEN - 1] << 1 ^ (0x87 & -top_bit));
  bulla_scrub(BULLA_AES_SCRUB_DEPTH);
  *xaes = made;
  return BULLA_OK;
}

void bulla_xaes_free(struct bulla_xaes **xaes) {
  void *slot = *xaes;
  bulla_slab_free(&slot, sizeof(struct bulla_xaes));
  *xaes = NULL;
}

enum bulla_status bulla_xaes_derive(const struct bulla_xaes *xaes, struct bulla_aead **aead, struct bulla_span nonce) {
  *aead = NULL;
  if (nonce.len != 24) {
    return BULLA_INVALID_ARGUMENT;
  }
  void *derived = NULL;
  BULLA_TRY(bulla_slab_new(&derived, BULLA_KEY_LEN));
  uint8_t *half = derived;
  for (uint8_t counter = 1; counter <= 2; counter++, half += BULLA_AES_BLOCK_LEN) {
    const uint8_t prefix[4] = {0, counter, 'X', 0};
    memcpy(half, prefix, sizeof(prefix));
    memcpy(half + sizeof(prefix), nonce.data, 12);
    for (size_t i = 0; i < BULLA_AES_BLOCK_LEN; i++) {
      half[i] ^= xaes->k1[i];
    }
    bulla_aes_block(&xaes->aes, half);
  }
  bulla_scrub(BULLA_AES_SCRUB_DEPTH);
  enum bulla_status status = bulla_aead_new(aead, bulla_span(derived, BULLA_KEY_LEN));
  bulla_slab_free(&derived, BULLA_KEY_LEN);
  return status;
}
