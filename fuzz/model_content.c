/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See fuzz/model_content.h. */

#include "fuzz/model_content.h"

#include <nettle/cbc.h>
#include <nettle/hmac.h>
#include <nettle/nettle-meta.h>

#include "fuzz/fuzz.h"
#include "fuzz/model_crypto.h"

enum { BLOCK = 16 };

const struct model_enc model_encs[MODEL_NUM_ENCS] = {
    {"A128GCM", 16, 12, 16, BULLA_JWE_A128GCM, false},
    {"A192GCM", 24, 12, 16, BULLA_JWE_A192GCM, false},
    {"A256GCM", 32, 12, 16, BULLA_JWE_A256GCM, false},
    {"A128CBC-HS256", 32, 16, 16, BULLA_JWE_A128CBC_HS256, true},
    {"A192CBC-HS384", 48, 16, 24, BULLA_JWE_A192CBC_HS384, true},
    {"A256CBC-HS512", 64, 16, 32, BULLA_JWE_A256CBC_HS512, true},
};

void model_content_pad(const struct model_enc *enc, struct bulla_buffer *plaintext) {
  size_t padding = enc->is_cbc ? BLOCK - plaintext->len % BLOCK : 0;
  FUZZ_ASSERT(plaintext->size - plaintext->len >= padding);
  memset(plaintext->data + plaintext->len, (int)padding, padding);
  plaintext->len += padding;
}

/* §5.2.2.1 step 5: MAC_KEY is the first half of the key, and AL the bits of the additional data. */
void model_content_authenticate(const struct model_enc *enc, const uint8_t *cek, uint8_t *tag, struct bulla_span iv,
                                struct bulla_span ciphertext, struct bulla_span aad) {
  const struct nettle_hash *hash = enc->cek_len == 32   ? &nettle_sha256
                                   : enc->cek_len == 48 ? &nettle_sha384
                                                        : &nettle_sha512;
  union {
    struct sha256_ctx sha256;
    struct sha512_ctx sha512;
  } outer, inner, state;
  uint8_t al[8];
  for (size_t i = 0; i < sizeof(al); i++) {
    al[i] = (uint8_t)((uint64_t)aad.len * 8 >> (56 - 8 * i));
  }
  hmac_set_key(&outer, &inner, &state, hash, enc->cek_len / 2, cek);
  hmac_update(&state, hash, aad.len, aad.data);
  hmac_update(&state, hash, iv.len, iv.data);
  hmac_update(&state, hash, ciphertext.len, ciphertext.data);
  hmac_update(&state, hash, sizeof(al), al);
  hmac_digest(&outer, &inner, &state, hash, enc->tag_len, tag);
}

/* §5.2.2.1 step 4: ENC_KEY is the second half of the key. */
static const struct nettle_cipher *set_cbc_key(union nettle_block16 *room, bool encrypts, const struct model_enc *enc,
                                               const uint8_t *cek) {
  const struct nettle_cipher *cipher = enc->cek_len == 32   ? &nettle_aes128
                                       : enc->cek_len == 48 ? &nettle_aes192
                                                            : &nettle_aes256;
  (encrypts ? cipher->set_encrypt_key : cipher->set_decrypt_key)(room, cek + enc->cek_len / 2);
  return cipher;
}

void model_content_seal(const struct model_enc *enc, const uint8_t *cek, uint8_t *ciphertext, uint8_t *tag,
                        const uint8_t *iv, struct bulla_span padded, struct bulla_span aad) {
  union nettle_block16 room[sizeof(struct aes256_ctx) / BLOCK + 1];
  struct model_gcm gcm;
  uint8_t chain[BLOCK];
  if (!enc->is_cbc) {
    model_gcm_set_key(&gcm, bulla_span(cek, enc->cek_len));
    model_gcm_seal(&gcm, ciphertext, tag, bulla_span(iv, enc->iv_len), padded, aad);
    return;
  }
  FUZZ_ASSERT(padded.len % BLOCK == 0);
  memcpy(chain, iv, BLOCK);
  const struct nettle_cipher *cipher = set_cbc_key(room, true, enc, cek);
  cbc_encrypt(room, cipher->encrypt, BLOCK, chain, padded.len, ciphertext, padded.data);
  model_content_authenticate(enc, cek, tag, bulla_span(iv, BLOCK), bulla_span(ciphertext, padded.len), aad);
}

/* The length of what is padded well, or false. */
static bool unpad(struct bulla_buffer *plaintext) {
  if (plaintext->len == 0 || plaintext->len % BLOCK != 0) {
    return false;
  }
  uint8_t padding = plaintext->data[plaintext->len - 1];
  if (padding < 1 || padding > BLOCK) {
    return false;
  }
  for (size_t i = 1; i <= padding; i++) {
    if (plaintext->data[plaintext->len - i] != padding) {
      return false;
    }
  }
  plaintext->len -= padding;
  return true;
}

bool model_content_open(const struct model_enc *enc, const uint8_t *cek, struct bulla_buffer *plaintext,
                        struct bulla_span iv, struct bulla_span ciphertext, struct bulla_span tag,
                        struct bulla_span aad) {
  union nettle_block16 room[sizeof(struct aes256_ctx) / BLOCK + 1];
  struct model_gcm gcm;
  uint8_t chain[BLOCK];
  uint8_t wanted[MODEL_TAG_MAX];
  if (iv.len != enc->iv_len || tag.len != enc->tag_len) {
    return false;
  }
  FUZZ_ASSERT(plaintext->size >= ciphertext.len);
  plaintext->len = ciphertext.len;
  if (!enc->is_cbc) {
    model_gcm_set_key(&gcm, bulla_span(cek, enc->cek_len));
    return model_gcm_open(&gcm, plaintext->data, iv, ciphertext, tag, aad);
  }
  model_content_authenticate(enc, cek, wanted, iv, ciphertext, aad);
  if (memcmp(wanted, tag.data, enc->tag_len) != 0 || ciphertext.len % BLOCK != 0) {
    return false;
  }
  memcpy(chain, iv.data, BLOCK);
  const struct nettle_cipher *cipher = set_cbc_key(room, false, enc, cek);
  cbc_decrypt(room, cipher->decrypt, BLOCK, chain, ciphertext.len, plaintext->data, ciphertext.data);
  return unpad(plaintext);
}
