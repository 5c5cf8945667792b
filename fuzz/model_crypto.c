/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See fuzz/model_crypto.h. */

#include "fuzz/model_crypto.h"

#include <nettle/base64.h>
#include <nettle/hkdf.h>
#include <nettle/hmac.h>
#include <nettle/memops.h>

#include "fuzz/fuzz.h"

static void aes128(const void *cipher, size_t len, uint8_t *out, const uint8_t *in) {
  aes128_encrypt(cipher, len, out, in);
}

static void aes192(const void *cipher, size_t len, uint8_t *out, const uint8_t *in) {
  aes192_encrypt(cipher, len, out, in);
}

static void aes256(const void *cipher, size_t len, uint8_t *out, const uint8_t *in) {
  aes256_encrypt(cipher, len, out, in);
}

void model_gcm_set_key(struct model_gcm *gcm, struct bulla_span key) {
  if (key.len == AES128_KEY_SIZE) {
    aes128_set_encrypt_key(&gcm->cipher.aes128, key.data);
    gcm->encrypt = aes128;
  } else if (key.len == AES192_KEY_SIZE) {
    aes192_set_encrypt_key(&gcm->cipher.aes192, key.data);
    gcm->encrypt = aes192;
  } else {
    FUZZ_ASSERT(key.len == AES256_KEY_SIZE);
    aes256_set_encrypt_key(&gcm->cipher.aes256, key.data);
    gcm->encrypt = aes256;
  }
  gcm_set_key(&gcm->hash_key, &gcm->cipher, gcm->encrypt);
}

void model_gcm_seal(const struct model_gcm *gcm, uint8_t *ciphertext, uint8_t *tag, struct bulla_span nonce,
                    struct bulla_span plaintext, struct bulla_span aad) {
  struct gcm_ctx state;
  gcm_set_iv(&state, &gcm->hash_key, nonce.len, nonce.data);
  gcm_update(&state, &gcm->hash_key, aad.len, aad.data);
  gcm_encrypt(&state, &gcm->hash_key, &gcm->cipher, gcm->encrypt, plaintext.len, ciphertext, plaintext.data);
  gcm_digest(&state, &gcm->hash_key, &gcm->cipher, gcm->encrypt, BULLA_TAG_LEN, tag);
}

bool model_gcm_open(const struct model_gcm *gcm, uint8_t *plaintext, struct bulla_span nonce,
                    struct bulla_span ciphertext, struct bulla_span tag, struct bulla_span aad) {
  struct gcm_ctx state;
  uint8_t wanted[BULLA_TAG_LEN];
  gcm_set_iv(&state, &gcm->hash_key, nonce.len, nonce.data);
  gcm_update(&state, &gcm->hash_key, aad.len, aad.data);
  gcm_decrypt(&state, &gcm->hash_key, &gcm->cipher, gcm->encrypt, ciphertext.len, plaintext, ciphertext.data);
  gcm_digest(&state, &gcm->hash_key, &gcm->cipher, gcm->encrypt, BULLA_TAG_LEN, wanted);
  return tag.len == BULLA_TAG_LEN && memcmp(tag.data, wanted, BULLA_TAG_LEN) == 0;
}

void model_xaes_derive(struct model_gcm *gcm, struct bulla_span key, struct bulla_span nonce) {
  enum { BLOCK = 16, SHORT_NONCE = 12 };
  struct aes256_ctx cipher;
  uint8_t subkey[BLOCK] = {0};
  uint8_t derived[2 * BLOCK];
  aes256_set_encrypt_key(&cipher, key.data);
  aes256_encrypt(&cipher, BLOCK, subkey, subkey);
  uint8_t top = subkey[0] >> 7;
  for (size_t i = 0; i < BLOCK; i++) {
    uint8_t next = i + 1 < BLOCK ? subkey[i + 1] >> 7 : 0;
    subkey[i] = (uint8_t)(subkey[i] << 1 | next);
  }
  subkey[BLOCK - 1] ^= top != 0 ? 0x87 : 0;
  for (uint8_t half = 0; half < 2; half++) {
    uint8_t *block = derived + (size_t)half * BLOCK;
    const uint8_t start[] = {0, (uint8_t)(half + 1), 0x58, 0};
    memcpy(block, start, sizeof(start));
    memcpy(block + sizeof(start), nonce.data, SHORT_NONCE);
    memxor(block, subkey, BLOCK);
  }
  aes256_encrypt(&cipher, sizeof(derived), derived, derived);
  model_gcm_set_key(gcm, bulla_span(derived, sizeof(derived)));
}

void model_expand(uint8_t *out, size_t len, struct bulla_span key, struct bulla_span info) {
  struct hmac_sha256_ctx hmac;
  hmac_sha256_set_key(&hmac, key.len, key.data);
  hkdf_expand(&hmac, (nettle_hash_update_func *)(void (*)(void))hmac_sha256_update,
              (nettle_hash_digest_func *)(void (*)(void))hmac_sha256_digest, SHA256_DIGEST_SIZE, info.len, info.data,
              len, out);
}

void model_sha256(uint8_t *digest, struct bulla_span message) {
  struct sha256_ctx hash;
  sha256_init(&hash);
  sha256_update(&hash, message.len, message.data);
  sha256_digest(&hash, SHA256_DIGEST_SIZE, digest);
}

size_t model_base64url_encode(uint8_t *text, struct bulla_span bytes) {
  struct base64_encode_ctx context;
  base64url_encode_init(&context);
  size_t len = base64_encode_update(&context, (char *)text, bytes.len, bytes.data);
  len += base64_encode_final(&context, (char *)text + len);
  while (len > 0 && text[len - 1] == '=') {
    len--;
  }
  return len;
}

/* nettle skips white space and ends at padding: the strict form has neither. */
static bool is_digit(uint8_t c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

bool model_base64url_decode(uint8_t *bytes, size_t *len, struct bulla_span text) {
  for (size_t i = 0; i < text.len; i++) {
    if (!is_digit(text.data[i])) {
      return false;
    }
  }
  struct base64_decode_ctx context;
  uint8_t rest[4];
  size_t rest_len = sizeof(rest);
  *len = text.len;
  base64url_decode_init(&context);
  if (!base64_decode_update(&context, len, bytes, text.len, (const char *)text.data) || text.len % 4 == 1) {
    return false;
  }
  /* Padding makes nettle look at the final bits. */
  return text.len % 4 == 0 ||
         (base64_decode_update(&context, &rest_len, rest, 4 - text.len % 4, "==") && base64_decode_final(&context));
}
