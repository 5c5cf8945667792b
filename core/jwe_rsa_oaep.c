/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* RSA-OAEP and RSA-OAEP-256: RFC 7518 §4.3. */

#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/jwe_algorithm.h"

struct keep {
  enum bulla_oaep oaep;
  struct bulla_rsa_encrypter *encrypter;
  size_t len;                   /* bytes of the modulus */
  struct bulla_secret *secret;  /* the private numbers, or NULL */
  struct bulla_rsa_private key; /* into |secret| and |open| */
  uint8_t open[BULLA_RSA_MAX_LEN + 8];
};

static void free_keys(struct keep **keep) {
  struct keep *keys = *keep;
  if (keys != NULL) {
    bulla_rsa_encrypter_free(&keys->encrypter);
    bulla_secret_free(&keys->secret);
    free(keys);
    *keep = NULL;
  }
}

static void free_keep(struct bulla_jwe_keep **keep) {
  struct keep *keys = (struct keep *)(void *)*keep;
  free_keys(&keys);
  *keep = NULL;
}

/* Returns where |part| of |from| lies in its copy |to|. */
static struct bulla_span moved(struct bulla_span part, struct bulla_span from, struct bulla_span to) {
  return bulla_span(to.data + (part.data - from.data), part.len);
}

static enum bulla_status copy_private(struct keep *keys, const struct bulla_jwk *jwk) {
  const struct bulla_rsa_private *old = &jwk->rsa;
  struct bulla_span from = bulla_secret_bytes(jwk->secret);
  BULLA_TRY(bulla_secret_copy(&keys->secret, from));
  struct bulla_span to = bulla_secret_bytes(keys->secret);
  struct bulla_rsa_public open = keys->key.open;
  keys->key = (struct bulla_rsa_private){open,
                                         moved(old->d, from, to),
                                         moved(old->p, from, to),
                                         moved(old->q, from, to),
                                         moved(old->dp, from, to),
                                         moved(old->dq, from, to),
                                         moved(old->qi, from, to)};
  return BULLA_OK;
}

static enum bulla_status expand(struct bulla_jwe_keep **keep, enum bulla_oaep oaep, const struct bulla_jwk *jwk) {
  const struct bulla_rsa_public *open = &jwk->rsa.open;
  *keep = NULL;
  struct keep *keys BULLA_CLEANUP(free_keys) = calloc(1, sizeof(*keys));
  if (keys == NULL) {
    return BULLA_NO_MEMORY;
  }
  if (open->n.len + open->e.len > sizeof(keys->open)) {
    return BULLA_INVALID_ARGUMENT;
  }
  keys->oaep = oaep;
  keys->len = open->n.len;
  memcpy(keys->open, open->n.data, open->n.len);
  memcpy(keys->open + open->n.len, open->e.data, open->e.len);
  keys->key.open.n = bulla_span(keys->open, open->n.len);
  keys->key.open.e = bulla_span(keys->open + open->n.len, open->e.len);
  BULLA_TRY(bulla_rsa_encrypter_new(&keys->encrypter, &keys->key.open));
  if (jwk->secret != NULL) {
    BULLA_TRY(copy_private(keys, jwk));
  }
  *keep = (struct bulla_jwe_keep *)(void *)keys;
  keys = NULL;
  return BULLA_OK;
}

static enum bulla_status expand_sha1(struct bulla_jwe_keep **keep, const struct bulla_jwe_algorithm *alg,
                                     const struct bulla_jwe_encryption *enc, const struct bulla_jwk *jwk) {
  (void)alg;
  (void)enc;
  return expand(keep, BULLA_OAEP_SHA1, jwk);
}

static enum bulla_status expand_sha256(struct bulla_jwe_keep **keep, const struct bulla_jwe_algorithm *alg,
                                       const struct bulla_jwe_encryption *enc, const struct bulla_jwk *jwk) {
  (void)alg;
  (void)enc;
  return expand(keep, BULLA_OAEP_SHA256, jwk);
}

static size_t encrypted_key_len(const struct bulla_jwe_keep *keep, size_t cek_len) {
  (void)cek_len;
  return ((const struct keep *)(const void *)keep)->len;
}

static enum bulla_status wrap(const struct bulla_jwe_keep *keep, uint8_t *cek, size_t cek_len, uint8_t *encrypted_key,
                              struct bulla_json_writer *header, const struct bulla_jwe_parties *parties) {
  const struct keep *keys = (const struct keep *)(const void *)keep;
  (void)header;
  (void)parties;
  return bulla_rsa_encrypt(keys->encrypter, encrypted_key, keys->oaep, bulla_span(cek, cek_len));
}

static enum bulla_status unwrap(const struct bulla_jwe_keep *keep, uint8_t *cek, size_t cek_len,
                                struct bulla_span encrypted_key, const struct bulla_jose_header *header) {
  const struct keep *keys = (const struct keep *)(const void *)keep;
  (void)header;
  return bulla_rsa_decrypt(&keys->key, cek, cek_len, keys->oaep, encrypted_key);
}

const struct bulla_jwe_management bulla_jwe_rsa_oaep = {
    .expand = expand_sha1,
    .free = free_keep,
    .encrypted_key_len = encrypted_key_len,
    .wrap = wrap,
    .unwrap = unwrap,
};

const struct bulla_jwe_management bulla_jwe_rsa_oaep_256 = {
    .expand = expand_sha256,
    .free = free_keep,
    .encrypted_key_len = encrypted_key_len,
    .wrap = wrap,
    .unwrap = unwrap,
};
