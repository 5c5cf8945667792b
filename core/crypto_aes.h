/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* AES key wrap, AES-CBC and HMAC over several parts, for core/jwe_*.c. No call allocates. Keys and states are the
 * caller's, in the slab. Each function clears the registers and what is below its frame. */

#ifndef BULLA_CORE_CRYPTO_AES_H
#define BULLA_CORE_CRYPTO_AES_H

#include "core/crypto.h"

#define BULLA_WRAP_OVERHEAD 8 /* bytes that a wrapped key is longer */

/* An AES key for one direction, as the library expands it. */
struct bulla_aes_key {
  _Alignas(16) uint8_t schedule[256];
};

/* A key of 16, 24 or 32 bytes, expanded to wrap and to unwrap, or to encrypt and decrypt. */
struct bulla_aes_pair {
  struct bulla_aes_key forward;
  struct bulla_aes_key inverse;
};

/* bulla_aes_pair_expand expands |key|. Returns BULLA_INVALID_ARGUMENT for another length. */
BULLA_NODISCARD enum bulla_status bulla_aes_pair_expand(struct bulla_aes_pair *pair, struct bulla_span key);

/* bulla_aes_wrap fills |wrapped|, BULLA_WRAP_OVERHEAD bytes longer than |key|, whose length is a multiple of 8 and at
 * least 16: RFC 3394 §2.2.1 with the initial value of §2.2.3.1. */
BULLA_NODISCARD enum bulla_status bulla_aes_wrap(const struct bulla_aes_pair *kek, uint8_t *wrapped,
                                                 struct bulla_span key);

/* bulla_aes_unwrap fills |key|, BULLA_WRAP_OVERHEAD bytes shorter than |wrapped|: §2.2.2. Returns BULLA_REFUSED, with
 * |key| zero, for another length and if the initial value is another. */
BULLA_NODISCARD enum bulla_status bulla_aes_unwrap(const struct bulla_aes_pair *kek, uint8_t *key,
                                                   struct bulla_span wrapped);

/* bulla_aes_cbc_encrypt and bulla_aes_cbc_decrypt work on whole blocks (SP 800-38A §6.2); |out| may be |in|. */
void bulla_aes_cbc_encrypt(const struct bulla_aes_pair *key, uint8_t *out, const uint8_t *iv, struct bulla_span in);
void bulla_aes_cbc_decrypt(const struct bulla_aes_pair *key, uint8_t *out, const uint8_t *iv, struct bulla_span in);

enum bulla_sha { BULLA_SHA_256 = 1, BULLA_SHA_384 = 2, BULLA_SHA_512 = 3 };

/* The key of an HMAC, RFC 2104 §4: the states of the hash behind its inner and outer block. */
struct bulla_hmac_key {
  enum bulla_sha sha;
  _Alignas(16) uint8_t inner[256];
  _Alignas(16) uint8_t outer[256];
};

/* bulla_hmac_expand expands |key|, of at most 64 bytes. Returns BULLA_INVALID_ARGUMENT, BULLA_NO_CRYPTO. */
BULLA_NODISCARD enum bulla_status bulla_hmac_expand(struct bulla_hmac_key *hmac, enum bulla_sha sha,
                                                    struct bulla_span key);

/* bulla_hmac_parts fills |mac|, 32, 48 or 64 bytes, with the HMAC of the |num_parts| |parts| one after another. */
void bulla_hmac_parts(const struct bulla_hmac_key *hmac, uint8_t *mac, const struct bulla_span *parts,
                      size_t num_parts);

#endif
