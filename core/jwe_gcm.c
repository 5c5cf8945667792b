/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* A128GCM, A192GCM, A256GCM: RFC 7518 §5.3. What is kept of a key is what core/aead.c keeps of it. */

#include "core/crypto.h"
#include "core/jwe_algorithm.h"

static struct bulla_aead *aead_of(struct bulla_jwe_content *content) {
  return (struct bulla_aead *)content;
}

static size_t sealed_len(size_t len) {
  return len;
}

static enum bulla_status expand(struct bulla_jwe_content **content, struct bulla_span cek) {
  struct bulla_aead *aead = NULL;
  enum bulla_status status = bulla_aead_new(&aead, cek);
  *content = (struct bulla_jwe_content *)aead;
  return status;
}

static void free_content(struct bulla_jwe_content **content) {
  struct bulla_aead *aead = aead_of(*content);
  bulla_aead_free(&aead);
  *content = NULL;
}

static enum bulla_status seal(const struct bulla_jwe_content *content, uint8_t *ciphertext, uint8_t *tag,
                              const uint8_t *iv, struct bulla_span plaintext, struct bulla_span additional_data) {
  return bulla_aead_seal((const struct bulla_aead *)content, ciphertext, tag, bulla_span(iv, BULLA_JWE_GCM_IV_LEN),
                         plaintext, additional_data);
}

static enum bulla_status open(const struct bulla_jwe_content *content, uint8_t *plaintext, size_t *len,
                              const uint8_t *iv, struct bulla_span ciphertext, const uint8_t *tag,
                              struct bulla_span additional_data) {
  *len = ciphertext.len;
  return bulla_aead_open((const struct bulla_aead *)content, plaintext, bulla_span(iv, BULLA_JWE_GCM_IV_LEN),
                         ciphertext, bulla_span(tag, BULLA_TAG_LEN), additional_data);
}

const struct bulla_jwe_cipher bulla_jwe_gcm = {
    .sealed_len = sealed_len,
    .expand = expand,
    .free = free_content,
    .seal = seal,
    .open = open,
};
