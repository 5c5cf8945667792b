/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The cryptography of docs/FORMAT.md put together a second time, from nettle: what a target compares with, and
 * what a mutator opens and seals with. Nothing here calls a function of bulla's. */

#ifndef BULLA_FUZZ_MODEL_CRYPTO_H
#define BULLA_FUZZ_MODEL_CRYPTO_H

#include <nettle/gcm.h>

#include "core/cursor.h"

/* The key of every target. All may know it, and it never changes: what a fuzzer finds can be found again. */
#define MODEL_KEY BULLA_LITERAL("fuzz targets share this open key")

struct model_gcm {
  union {
    struct aes128_ctx aes128;
    struct aes192_ctx aes192;
    struct aes256_ctx aes256;
  } cipher;
  nettle_cipher_func *encrypt;
  struct gcm_key hash_key;
};

/* model_gcm_set_key expands |key| of 16, 24 or 32 bytes. */
void model_gcm_set_key(struct model_gcm *gcm, struct bulla_span key);

/* model_gcm_seal and model_gcm_open are AES-GCM with a nonce of any length and a tag of 16 bytes. */
void model_gcm_seal(const struct model_gcm *gcm, uint8_t *ciphertext, uint8_t *tag, struct bulla_span nonce,
                    struct bulla_span plaintext, struct bulla_span aad);
bool model_gcm_open(const struct model_gcm *gcm, uint8_t *plaintext, struct bulla_span nonce,
                    struct bulla_span ciphertext, struct bulla_span tag, struct bulla_span aad);

/* model_xaes_derive makes the key of XAES-256-GCM for the first 12 bytes of |nonce| from |key|. */
void model_xaes_derive(struct model_gcm *gcm, struct bulla_span key, struct bulla_span nonce);

/* model_expand is HKDF-Expand with SHA-256 of a |key| of 32 bytes. */
void model_expand(uint8_t *out, size_t len, struct bulla_span key, struct bulla_span info);

void model_sha256(uint8_t *digest, struct bulla_span message);

/* model_base64url_encode writes the digits of |bytes| without padding and returns their number. There must be room
 * for three characters more. */
size_t model_base64url_encode(uint8_t *text, struct bulla_span bytes);

/* model_base64url_decode writes to |bytes|, which has room for |text.len|, and sets |*len|, or returns false. */
bool model_base64url_decode(uint8_t *bytes, size_t *len, struct bulla_span text);

#endif
