/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The primitives of core/crypto_aes.h, from BoringSSL. */

#include <string.h>

#include "core/cleanup.h"
#include "core/crypto_aes.h"
#include "core/crypto_boringssl.h"

static AES_KEY *schedule_of(struct bulla_aes_key *key) {
  return (AES_KEY *)(void *)key->schedule;
}

static const AES_KEY *const_schedule_of(const struct bulla_aes_key *key) {
  return (const AES_KEY *)(const void *)key->schedule;
}

enum bulla_status bulla_aes_pair_expand(struct bulla_aes_pair *pair, struct bulla_span key) {
  BULLA_TRY(bulla_boringssl_need());
  if (key.len != 16 && key.len != 24 && key.len != 32) {
    return BULLA_INVALID_ARGUMENT;
  }
  unsigned bits = (unsigned)key.len * 8;
  bool expanded = bulla_boringssl.AES_set_encrypt_key(key.data, bits, schedule_of(&pair->forward)) == 0 &&
                  bulla_boringssl.AES_set_decrypt_key(key.data, bits, schedule_of(&pair->inverse)) == 0;
  return bulla_boringssl_succeeded(expanded, BULLA_SCRUB_DEPTH);
}

enum { WRAP_UNIT = 8, WRAP_MIN_LEN = 2 * WRAP_UNIT };

enum bulla_status bulla_aes_wrap(const struct bulla_aes_pair *kek, uint8_t *wrapped, struct bulla_span key) {
  if (key.len < WRAP_MIN_LEN || key.len % WRAP_UNIT != 0) {
    return BULLA_INVALID_ARGUMENT;
  }
  int len = bulla_boringssl.AES_wrap_key(const_schedule_of(&kek->forward), NULL, wrapped, key.data, key.len);
  return bulla_boringssl_succeeded(len > 0 && (size_t)len == key.len + BULLA_WRAP_OVERHEAD, BULLA_SCRUB_DEPTH);
}

/* BoringSSL compares the initial value in constant time; that it was another is not secret. What it leaves in |key|
 * then is not the key, but is made with the KEK. */
enum bulla_status bulla_aes_unwrap(const struct bulla_aes_pair *kek, uint8_t *key, struct bulla_span wrapped) {
  if (wrapped.len < BULLA_WRAP_OVERHEAD) {
    return BULLA_REFUSED;
  }
  size_t len = wrapped.len - BULLA_WRAP_OVERHEAD;
  bool unwrapped = false;
  if (len >= WRAP_MIN_LEN && len % WRAP_UNIT == 0) {
    int num = bulla_boringssl.AES_unwrap_key(const_schedule_of(&kek->inverse), NULL, key, wrapped.data, wrapped.len);
    unwrapped = num > 0 && (size_t)num == len;
    bulla_scrub(BULLA_SCRUB_DEPTH);
  }
  if (!unwrapped) {
    bulla_wipe(key, len);
  }
  return unwrapped ? BULLA_OK : BULLA_REFUSED;
}

/* BoringSSL writes the last block of ciphertext, which is not secret, over the initial value. */
__attribute__((always_inline)) static inline void run_cbc(const struct bulla_aes_key *key, uint8_t *out,
                                                          const uint8_t *iv, struct bulla_span in, int direction) {
  uint8_t chained[BULLA_AES_BLOCK_LEN];
  memcpy(chained, iv, sizeof(chained));
  bulla_boringssl.AES_cbc_encrypt(in.data, out, in.len, const_schedule_of(key), chained, direction);
  bulla_scrub(BULLA_SCRUB_DEPTH);
}

void bulla_aes_cbc_encrypt(const struct bulla_aes_pair *key, uint8_t *out, const uint8_t *iv, struct bulla_span in) {
  run_cbc(&key->forward, out, iv, in, AES_ENCRYPT);
}

void bulla_aes_cbc_decrypt(const struct bulla_aes_pair *key, uint8_t *out, const uint8_t *iv, struct bulla_span in) {
  run_cbc(&key->inverse, out, iv, in, AES_DECRYPT);
}

/* The state of any of the hashes. */
union hash {
  SHA256_CTX sha256;
  SHA512_CTX sha512; /* of SHA-384 too */
};

_Static_assert(sizeof(union hash) <= sizeof(((struct bulla_hmac_key *)0)->inner), "the state of a hash has room");

static void start(union hash *hash, enum bulla_sha sha) {
  switch (sha) {
    case BULLA_SHA_256:
      (void)bulla_boringssl.SHA256_Init(&hash->sha256);
      break;
    case BULLA_SHA_384:
      (void)bulla_boringssl.SHA384_Init(&hash->sha512);
      break;
    case BULLA_SHA_512:
      (void)bulla_boringssl.SHA512_Init(&hash->sha512);
      break;
  }
}

static void add(union hash *hash, enum bulla_sha sha, const uint8_t *data, size_t len) {
  switch (sha) {
    case BULLA_SHA_256:
      (void)bulla_boringssl.SHA256_Update(&hash->sha256, data, len);
      break;
    case BULLA_SHA_384:
      (void)bulla_boringssl.SHA384_Update(&hash->sha512, data, len);
      break;
    case BULLA_SHA_512:
      (void)bulla_boringssl.SHA512_Update(&hash->sha512, data, len);
      break;
  }
}

static void finish(union hash *hash, enum bulla_sha sha, uint8_t *digest) {
  switch (sha) {
    case BULLA_SHA_256:
      (void)bulla_boringssl.SHA256_Final(digest, &hash->sha256);
      break;
    case BULLA_SHA_384:
      (void)bulla_boringssl.SHA384_Final(digest, &hash->sha512);
      break;
    case BULLA_SHA_512:
      (void)bulla_boringssl.SHA512_Final(digest, &hash->sha512);
      break;
  }
}

static size_t digest_len(enum bulla_sha sha) {
  return sha == BULLA_SHA_256   ? SHA256_DIGEST_LENGTH
         : sha == BULLA_SHA_384 ? SHA384_DIGEST_LENGTH
                                : SHA512_DIGEST_LENGTH;
}

/* Fills |state| with that of the hash behind the block of |key| and |pad|. Never inlined, as hash_parts: its frame is
 * cleared when it has returned. */
__attribute__((noinline)) static void hash_block(uint8_t *state, enum bulla_sha sha, struct bulla_span key,
                                                 uint8_t pad) {
  uint8_t block[SHA512_CBLOCK];
  union hash hash;
  memset(block, pad, sizeof(block));
  for (size_t i = 0; i < key.len; i++) {
    block[i] ^= key.data[i];
  }
  start(&hash, sha);
  add(&hash, sha, block, sha == BULLA_SHA_256 ? SHA256_CBLOCK : SHA512_CBLOCK);
  memcpy(state, &hash, sha == BULLA_SHA_256 ? sizeof(hash.sha256) : sizeof(hash.sha512));
}

enum bulla_status bulla_hmac_expand(struct bulla_hmac_key *hmac, enum bulla_sha sha, struct bulla_span key) {
  BULLA_TRY(bulla_boringssl_need());
  if (key.len > SHA256_CBLOCK || sha < BULLA_SHA_256 || sha > BULLA_SHA_512) {
    return BULLA_INVALID_ARGUMENT;
  }
  hmac->sha = sha;
  hash_block(hmac->inner, sha, key, 0x36);
  hash_block(hmac->outer, sha, key, 0x5c);
  bulla_scrub(BULLA_SCRUB_DEPTH);
  return BULLA_OK;
}

__attribute__((noinline)) static void hash_parts(const struct bulla_hmac_key *hmac, uint8_t *mac,
                                                 const struct bulla_span *parts, size_t num_parts) {
  union hash hash;
  size_t state_len = hmac->sha == BULLA_SHA_256 ? sizeof(hash.sha256) : sizeof(hash.sha512);
  memcpy(&hash, hmac->inner, state_len);
  for (size_t i = 0; i < num_parts; i++) {
    add(&hash, hmac->sha, parts[i].data, parts[i].len);
  }
  finish(&hash, hmac->sha, mac);
  memcpy(&hash, hmac->outer, state_len);
  add(&hash, hmac->sha, mac, digest_len(hmac->sha));
  finish(&hash, hmac->sha, mac);
}

void bulla_hmac_parts(const struct bulla_hmac_key *hmac, uint8_t *mac, const struct bulla_span *parts,
                      size_t num_parts) {
  hash_parts(hmac, mac, parts, num_parts);
  bulla_scrub(BULLA_SCRUB_DEPTH);
}
