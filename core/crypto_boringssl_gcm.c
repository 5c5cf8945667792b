/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The engine from BoringSSL: AES-GCM with keys of each length, and XAES-256-GCM over it (C2SP): a CMAC-based derivation
 * whose subkey K1 depends on the key alone. */

#include <string.h>

#include "core/cleanup.h"
#include "core/crypto.h"
#include "core/crypto_boringssl.h"
#include "core/engine.h"

/* For AES-GCM EVP_AEAD_CTX holds the round keys inline and its cleanup neither frees nor wipes anything: the
 * slab does. */
struct context {
  EVP_AEAD_CTX gcm;
};

/* A key on its way lies behind it. */
_Static_assert(sizeof(struct context) + BULLA_KEY_LEN <= BULLA_ENGINE_CONTEXT_MAX, "a derived key has room");

struct xaes {
  AES_KEY aes;
  uint8_t k1[BULLA_AES_BLOCK_LEN];
};

static enum bulla_status status_of(bool success) {
  return success ? BULLA_OK : BULLA_NO_CRYPTO;
}

static bool is_usable(void) {
  return bulla_boringssl_need() == BULLA_OK;
}

static enum bulla_status expand(void *context, struct bulla_span key) {
  struct context *made = context;
  const EVP_AEAD *algorithm = key.len == 16   ? bulla_boringssl.EVP_aead_aes_128_gcm()
                              : key.len == 24 ? bulla_boringssl.EVP_aead_aes_192_gcm()
                                              : bulla_boringssl.EVP_aead_aes_256_gcm();
  return status_of(bulla_boringssl.EVP_AEAD_CTX_init(&made->gcm, algorithm, key.data, key.len, BULLA_TAG_LEN, NULL) ==
                   1);
}

static enum bulla_status expand_xaes(void *xaes_key, const uint8_t *key) {
  struct xaes *made = xaes_key;
  if (bulla_boringssl.AES_set_encrypt_key(key, 256, &made->aes) != 0) {
    return BULLA_NO_CRYPTO;
  }
  /* L = AES(0); K1 = L doubled in GF(2^128), without a branch on its top bit. */
  uint8_t *k1 = made->k1;
  bulla_boringssl.AES_encrypt(k1, k1, &made->aes);
  uint8_t top_bit = k1[0] >> 7;
  for (size_t i = 0; i + 1 < BULLA_AES_BLOCK_LEN; i++) {
    k1[i] = (uint8_t)(k1[i] << 1 | k1[i + 1] >> 7);
  }
  k1[BULLA_AES_BLOCK_LEN - 1] = (uint8_t)(k1[BULLA_AES_BLOCK_LEN - 1] << 1 ^ (0x87 & -top_bit));
  return BULLA_OK;
}

static void derive_key(uint8_t *derived, const struct xaes *xaes, const uint8_t *nonce) {
  uint8_t *half = derived;
  for (uint8_t counter = 1; counter <= 2; counter++, half += BULLA_AES_BLOCK_LEN) {
    const uint8_t prefix[4] = {0, counter, 'X', 0};
    memcpy(half, prefix, sizeof(prefix));
    memcpy(half + sizeof(prefix), nonce, BULLA_NONCE_LEN);
    for (size_t i = 0; i < BULLA_AES_BLOCK_LEN; i++) {
      half[i] ^= xaes->k1[i];
    }
    bulla_boringssl.AES_encrypt(half, half, &xaes->aes);
  }
}

static enum bulla_status derive(void *context, const void *xaes_key, const uint8_t *nonce, size_t len) {
  uint8_t *key = (uint8_t *)context + sizeof(struct context);
  (void)len;
  derive_key(key, xaes_key, nonce);
  enum bulla_status status = expand(context, bulla_span(key, BULLA_KEY_LEN));
  bulla_wipe(key, BULLA_KEY_LEN);
  return status;
}

static enum bulla_status seal(const void *context, uint8_t *ciphertext, uint8_t *tag, const uint8_t *nonce,
                              size_t nonce_len, const uint8_t *plaintext, size_t len, const struct bulla_aad *aad) {
  const struct context *made = context;
  struct bulla_joined joined BULLA_CLEANUP(bulla_unjoin);
  BULLA_TRY(bulla_join(&joined, aad));
  size_t tag_len = 0;
  int sealed =
      bulla_boringssl.EVP_AEAD_CTX_seal_scatter(&made->gcm, ciphertext, tag, &tag_len, BULLA_TAG_LEN, nonce, nonce_len,
                                                plaintext, len, NULL, 0, joined.bytes.data, joined.bytes.len);
  return status_of(sealed == 1 && tag_len == BULLA_TAG_LEN);
}

static enum bulla_status open(const void *context, uint8_t *plaintext, const uint8_t *tag, const uint8_t *nonce,
                              size_t nonce_len, const uint8_t *ciphertext, size_t len, const struct bulla_aad *aad) {
  const struct context *made = context;
  struct bulla_joined joined BULLA_CLEANUP(bulla_unjoin);
  BULLA_TRY(bulla_join(&joined, aad));
  int opened = bulla_boringssl.EVP_AEAD_CTX_open_gather(&made->gcm, plaintext, nonce, nonce_len, ciphertext, len, tag,
                                                        BULLA_TAG_LEN, joined.bytes.data, joined.bytes.len);
  return opened == 1 ? BULLA_OK : BULLA_REFUSED;
}

#define TEXT_OF(number) #number
#define API_TEXT(number) "API " TEXT_OF(number)

/* BoringSSL has no versions. This is what the headers of the build had. */
static const char *version(void) {
  return API_TEXT(BORINGSSL_API_VERSION);
}

const struct bulla_engine bulla_engine_boringssl = {
    .name = "boringssl",
    .context_len = sizeof(struct context),
    .xaes_len = sizeof(struct xaes),
    .scrub_depth = BULLA_SCRUB_DEPTH,
    .version = version,
    .is_usable = is_usable,
    .expand = expand,
    .expand_xaes = expand_xaes,
    .derive = derive,
    .seal = seal,
    .open = open,
};
