/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* A128KW, A192KW, A256KW: RFC 7518 §4.4, AES key wrap with a shared key. */

#include "core/cleanup.h"
#include "core/crypto_aes.h"
#include "core/jwe_algorithm.h"
#include "core/slab.h"

static void free_keep(struct bulla_jwe_keep **keep) {
  if (*keep != NULL) {
    void *slot = *keep;
    bulla_slab_free(&slot, sizeof(struct bulla_aes_pair));
    *keep = NULL;
  }
}

static enum bulla_status expand(struct bulla_jwe_keep **keep, const struct bulla_jwe_algorithm *alg,
                                const struct bulla_jwe_encryption *enc, const struct bulla_jwk *jwk) {
  (void)alg;
  (void)enc;
  void *slot = NULL;
  *keep = NULL;
  BULLA_TRY(bulla_slab_new(&slot, sizeof(struct bulla_aes_pair)));
  struct bulla_jwe_keep *made BULLA_CLEANUP(free_keep) = slot;
  BULLA_TRY(bulla_aes_pair_expand(slot, bulla_secret_bytes(jwk->secret)));
  *keep = made;
  made = NULL;
  return BULLA_OK;
}

static size_t encrypted_key_len(const struct bulla_jwe_keep *keep, size_t cek_len) {
  (void)keep;
  return cek_len + BULLA_WRAP_OVERHEAD;
}

static enum bulla_status wrap(const struct bulla_jwe_keep *keep, uint8_t *cek, size_t cek_len, uint8_t *encrypted_key,
                              struct bulla_json_writer *header, const struct bulla_jwe_parties *parties) {
  (void)header;
  (void)parties;
  return bulla_aes_wrap((const struct bulla_aes_pair *)(const void *)keep, encrypted_key, bulla_span(cek, cek_len));
}

static enum bulla_status unwrap(const struct bulla_jwe_keep *keep, uint8_t *cek, size_t cek_len,
                                struct bulla_span encrypted_key, const struct bulla_jose_header *header) {
  (void)cek_len; /* the caller has compared the length of |encrypted_key| */
  (void)header;
  return bulla_aes_unwrap((const struct bulla_aes_pair *)(const void *)keep, cek, encrypted_key);
}

const struct bulla_jwe_management bulla_jwe_aes_kw = {
    .expand = expand,
    .free = free_keep,
    .encrypted_key_len = encrypted_key_len,
    .wrap = wrap,
    .unwrap = unwrap,
};
