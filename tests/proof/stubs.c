/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What the proved functions call and the proof leaves out: it writes what its contract says and may return what
 * its contract names. That the bytes are there is proved at each call. */

#include "tests/proof/proof.h"

#include "core/crypto.h"

void bulla_wipe(void *data, size_t len) {
  if (len > 0) {
    memset(data, 0, len);
  }
}

enum bulla_status bulla_nonce(uint8_t *nonce, size_t len) {
  write_any(nonce, len);
  return Frama_C_nondet(BULLA_OK, BULLA_NO_CRYPTO);
}

enum bulla_status bulla_aead_seal(const struct bulla_aead *aead, uint8_t *ciphertext, uint8_t *tag,
                                  struct bulla_span nonce, struct bulla_span plaintext,
                                  struct bulla_span additional_data) {
  (void)aead;
  read_all(nonce);
  read_all(plaintext);
  read_all(additional_data);
  write_any(ciphertext, plaintext.len);
  write_any(tag, BULLA_TAG_LEN);
  return Frama_C_nondet(BULLA_OK, BULLA_NO_CRYPTO);
}

enum bulla_status bulla_aead_open(const struct bulla_aead *aead, uint8_t *plaintext, struct bulla_span nonce,
                                  struct bulla_span ciphertext, struct bulla_span tag,
                                  struct bulla_span additional_data) {
  (void)aead;
  read_all(nonce);
  read_all(ciphertext);
  read_all(tag);
  read_all(additional_data);
  write_any(plaintext, ciphertext.len);
  return Frama_C_nondet(BULLA_OK, BULLA_REFUSED);
}
