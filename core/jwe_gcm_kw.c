/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* A128GCMKW, A192GCMKW, A256GCMKW: RFC 7518 §4.7, AES-GCM with a shared key, whose IV and tag are in the header. */

#include "core/cleanup.h"
#include "core/crypto.h"
#include "core/jwe_algorithm.h"

enum { IV_DIGITS = 16, TAG_DIGITS = 22 };
_Static_assert(BULLA_CEK_MAX_LEN <= BULLA_WRAPPED_MAX_LEN, "a key that is wrapped is a content encryption key");

static const struct bulla_span no_additional_data;

static void free_keep(struct bulla_jwe_keep **keep) {
  struct bulla_aead *aead = (struct bulla_aead *)*keep;
  bulla_aead_free(&aead);
  *keep = NULL;
}

static enum bulla_status expand(struct bulla_jwe_keep **keep, const struct bulla_jwe_algorithm *alg,
                                const struct bulla_jwe_encryption *enc, const struct bulla_jwk *jwk) {
  (void)alg;
  (void)enc;
  struct bulla_aead *aead = NULL;
  enum bulla_status status = bulla_aead_new(&aead, bulla_secret_bytes(jwk->secret));
  *keep = (struct bulla_jwe_keep *)aead;
  return status;
}

static size_t encrypted_key_len(const struct bulla_jwe_keep *keep, size_t cek_len) {
  (void)keep;
  return cek_len;
}

static size_t added_len(const struct bulla_jwe_keep *keep) {
  (void)keep;
  return sizeof(",\"iv\":\"\",\"tag\":\"\"") - 1 + IV_DIGITS + TAG_DIGITS;
}

static enum bulla_status wrap(const struct bulla_jwe_keep *keep, uint8_t *cek, size_t cek_len, uint8_t *encrypted_key,
                              struct bulla_json_writer *header, const struct bulla_jwe_parties *parties) {
  uint8_t iv[BULLA_JWE_GCM_IV_LEN];
  uint8_t tag[BULLA_TAG_LEN];
  (void)parties;
  BULLA_TRY(bulla_nonce(iv, sizeof(iv)));
  BULLA_TRY(bulla_aead_seal((const struct bulla_aead *)keep, encrypted_key, tag, bulla_span(iv, sizeof(iv)),
                            bulla_span(cek, cek_len), no_additional_data));
  bulla_jose_put_digits(header, BULLA_LITERAL("iv"), bulla_span(iv, sizeof(iv)));
  bulla_jose_put_digits(header, BULLA_LITERAL("tag"), bulla_span(tag, sizeof(tag)));
  return BULLA_OK;
}

/* §4.7.1.1, §4.7.1.2: the lengths are those of AES-GCM here, whatever the header says. */
static enum bulla_status unwrap(const struct bulla_jwe_keep *keep, uint8_t *cek, size_t cek_len,
                                struct bulla_span encrypted_key, const struct bulla_jose_header *header) {
  uint8_t iv[BULLA_JWE_GCM_IV_LEN];
  uint8_t tag[BULLA_TAG_LEN];
  (void)cek_len; /* the caller has compared the length of |encrypted_key| */
  if (!bulla_jose_take_digits(iv, sizeof(iv), header->iv.text) ||
      !bulla_jose_take_digits(tag, sizeof(tag), header->tag.text)) {
    return BULLA_REFUSED;
  }
  return bulla_aead_unwrap((const struct bulla_aead *)keep, cek, iv, tag, encrypted_key);
}

const struct bulla_jwe_management bulla_jwe_gcm_kw = {
    .adds_header = true,
    .expand = expand,
    .free = free_keep,
    .encrypted_key_len = encrypted_key_len,
    .added_len = added_len,
    .wrap = wrap,
    .unwrap = unwrap,
};
