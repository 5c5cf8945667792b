/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The primitives of core/crypto_aes.h, from BoringSSL. */

#include <endian.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/crypto_aes.h"
#include "core/crypto_boringssl.h"
#include "core/mask.h"

_Static_assert(sizeof(AES_KEY) <= sizeof(struct bulla_aes_key), "an expanded key of AES has room");

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

enum { WRAP_UNIT = 8, WRAP_MIN_LEN = 2 * WRAP_UNIT, WRAP_ROUNDS = 6 };

/* The value that all begins with, RFC 3394 §2.2.3.1. */
static const uint8_t wrap_initial[WRAP_UNIT] = {0xa6, 0xa6, 0xa6, 0xa6, 0xa6, 0xa6, 0xa6, 0xa6};

/* A block as two units, in one register: BoringSSL's AES_wrap_key stores them one by one, and then AES must wait for
 * memory to load both at once. That costs it a sixth of its time. */
typedef uint64_t wrap_block __attribute__((vector_size(16)));
_Static_assert(sizeof(wrap_block) == BULLA_AES_BLOCK_LEN, "two units are a block");

static uint64_t load_unit(const uint8_t *at) {
  uint64_t unit;
  memcpy(&unit, at, sizeof(unit));
  return unit;
}

static void store_unit(uint8_t *at, uint64_t unit) {
  memcpy(at, &unit, sizeof(unit));
}

/* RFC 3394 §2.2.1, with its names, of |n| units. The first round reads the key, the others what they have made of it.
 * Never inlined, as unwrap: its frame is cleared when it has returned. */
__attribute__((noinline)) static void wrap(const AES_KEY *kek, uint8_t *wrapped, const uint8_t *key, size_t n) {
  uint8_t *r = wrapped + WRAP_UNIT;
  uint64_t a = load_unit(wrap_initial);
  uint64_t t = 0;
  for (size_t j = 0; j < WRAP_ROUNDS; j++) {
    const uint8_t *from = j == 0 ? key : r;
    for (size_t i = 0; i < n; i++) {
      wrap_block b = {a, load_unit(from + i * WRAP_UNIT)};
      bulla_boringssl.AES_encrypt((const uint8_t *)&b, (uint8_t *)&b, kek);
      a = b[0] ^ htobe64(++t);
      store_unit(r + i * WRAP_UNIT, b[1]);
    }
  }
  store_unit(wrapped, a);
}

/* §2.2.2. Returns the value that it ends with, which is the initial one if the key was wrapped with |kek|. */
__attribute__((noinline)) static uint64_t unwrap(const AES_KEY *kek, uint8_t *key, const uint8_t *wrapped, size_t n) {
  uint64_t a = load_unit(wrapped);
  uint64_t t = WRAP_ROUNDS * n;
  for (size_t j = 0; j < WRAP_ROUNDS; j++) {
    const uint8_t *from = j == 0 ? wrapped + WRAP_UNIT : key;
    for (size_t i = n; i > 0; i--) {
      wrap_block b = {a ^ htobe64(t--), load_unit(from + (i - 1) * WRAP_UNIT)};
      bulla_boringssl.AES_decrypt((const uint8_t *)&b, (uint8_t *)&b, kek);
      a = b[0];
      store_unit(key + (i - 1) * WRAP_UNIT, b[1]);
    }
  }
  return a;
}

enum bulla_status bulla_aes_wrap(const struct bulla_aes_pair *kek, uint8_t *wrapped, struct bulla_span key) {
  if (key.len < WRAP_MIN_LEN || key.len % WRAP_UNIT != 0) {
    return BULLA_INVALID_ARGUMENT;
  }
  wrap(const_schedule_of(&kek->forward), wrapped, key.data, key.len / WRAP_UNIT);
  bulla_scrub(BULLA_SCRUB_DEPTH);
  return BULLA_OK;
}

/* That the initial value was another is not secret. What is then in |key| is not the key, but is made with the KEK: it
 * is masked, in the time that it takes to leave a key as it is. Nor does a branch make the status. */
enum bulla_status bulla_aes_unwrap(const struct bulla_aes_pair *kek, uint8_t *key, struct bulla_span wrapped) {
  if (wrapped.len < BULLA_WRAP_OVERHEAD) {
    return BULLA_REFUSED;
  }
  size_t len = wrapped.len - BULLA_WRAP_OVERHEAD;
  if (len < WRAP_MIN_LEN || len % WRAP_UNIT != 0) {
    bulla_wipe(key, len);
    return BULLA_REFUSED;
  }
  uint64_t a = unwrap(const_schedule_of(&kek->inverse), key, wrapped.data, len / WRAP_UNIT);
  bool unwrapped = bulla_secret_equal(bulla_span(&a, sizeof(a)), bulla_span(wrap_initial, sizeof(wrap_initial)));
  uint64_t mask = (0 - (uint64_t)unwrapped) ^ bulla_unknown_zero();
  for (size_t i = 0; i < len; i += WRAP_UNIT) {
    store_unit(key + i, load_unit(key + i) & mask);
  }
  bulla_scrub(BULLA_SCRUB_DEPTH);
  return (enum bulla_status)(BULLA_REFUSED & ~mask);
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
