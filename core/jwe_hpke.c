/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Integrated encryption with HPKE, as draft-ietf-jose-hpke-encrypt has it: RFC 9180 §6.1 in mode_base encrypts the
 * content itself. There is no "enc", and neither an IV nor a tag: the encrypted key is the encapsulated one, and the
 * tag ends the ciphertext. The draft is not final, and has no number for X25519 with AES-256-GCM: the name says so. */

#include <stdlib.h>

#include "core/cleanup.h"
#include "core/crypto.h"
#include "core/jwe_algorithm.h"

static const struct bulla_span no_info;

struct keep {
  struct bulla_hpke_key *private_key; /* in the slab, or NULL */
  uint8_t point[BULLA_X25519_LEN];
};

static void free_keys(struct keep **keep) {
  struct keep *keys = *keep;
  if (keys != NULL) {
    bulla_hpke_key_free(&keys->private_key);
    free(keys);
    *keep = NULL;
  }
}

static void free_keep(struct bulla_jwe_keep **keep) {
  struct keep *keys = (struct keep *)(void *)*keep;
  free_keys(&keys);
  *keep = NULL;
}

static enum bulla_status expand_keys(struct bulla_jwe_keep **keep, const struct bulla_jwe_algorithm *alg,
                                     const struct bulla_jwe_encryption *enc, const struct bulla_jwk *jwk) {
  (void)alg;
  (void)enc;
  *keep = NULL;
  if (jwk->curve != BULLA_CURVE_X25519) {
    return BULLA_INVALID_ARGUMENT;
  }
  struct keep *keys BULLA_CLEANUP(free_keys) = calloc(1, sizeof(*keys));
  if (keys == NULL) {
    return BULLA_NO_MEMORY;
  }
  memcpy(keys->point, jwk->point.data, sizeof(keys->point));
  if (jwk->secret != NULL) {
    BULLA_TRY(bulla_hpke_key_new(&keys->private_key, bulla_secret_bytes(jwk->secret).data));
  }
  *keep = (struct bulla_jwe_keep *)(void *)keys;
  keys = NULL;
  return BULLA_OK;
}

static size_t encapsulated_len(const struct bulla_jwe_keep *keep, size_t cek_len) {
  (void)keep;
  (void)cek_len;
  return BULLA_X25519_LEN;
}

const struct bulla_jwe_management bulla_jwe_hpke = {
    .is_direct = true,
    .expand = expand_keys,
    .free = free_keep,
    .encrypted_key_len = encapsulated_len,
};

static const struct bulla_jwe_integrated *integrated_of(const struct bulla_jwe_content *content) {
  return (const struct bulla_jwe_integrated *)(const void *)content;
}

static size_t sealed_len(size_t len) {
  return len + BULLA_TAG_LEN;
}

/* NOLINTNEXTLINE(readability-non-const-parameter): the table's type. */
static enum bulla_status seal(const struct bulla_jwe_content *content, uint8_t *ciphertext, uint8_t *tag,
                              const uint8_t *iv, struct bulla_span plaintext, struct bulla_span additional_data) {
  const struct bulla_jwe_integrated *integrated = integrated_of(content);
  const struct keep *keys = (const struct keep *)(const void *)integrated->keep;
  (void)tag;
  (void)iv;
  return bulla_hpke_seal(integrated->encrypted_key, ciphertext, keys->point, plaintext, no_info, additional_data);
}

static enum bulla_status open(const struct bulla_jwe_content *content, uint8_t *plaintext, size_t *len,
                              const uint8_t *iv, struct bulla_span ciphertext, const uint8_t *tag,
                              struct bulla_span additional_data) {
  const struct bulla_jwe_integrated *integrated = integrated_of(content);
  const struct keep *keys = (const struct keep *)(const void *)integrated->keep;
  (void)tag;
  (void)iv;
  *len = 0;
  BULLA_TRY(bulla_hpke_open_with(plaintext, keys->private_key, integrated->encrypted_key, ciphertext, no_info,
                                 additional_data));
  *len = ciphertext.len - BULLA_TAG_LEN;
  bulla_wipe(plaintext + *len, BULLA_TAG_LEN);
  return BULLA_OK;
}

/* What its keys encrypt does not go through a content encryption key: nothing is expanded. */
static const struct bulla_jwe_cipher hpke_content = {.sealed_len = sealed_len, .seal = seal, .open = open};

const struct bulla_jwe_encryption bulla_jwe_hpke_content = {.name = {(const uint8_t *)"", 0}, .cipher = &hpke_content};
