/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The primitives, and AES-GCM (core/aead.c) and nonces (core/nonce.c) over them. core/crypto_*.c alone include the
 * headers of BoringSSL; all others include this. */

#ifndef BULLA_CORE_CRYPTO_H
#define BULLA_CORE_CRYPTO_H

#include <bulla/core.h>

#include "core/aad.h"

/* An expanded AES-GCM key. It is secret: it lives in the slab, made by bulla_aead_new. */
struct bulla_aead;

/* bulla_aead_new expands |key| of 16, 24 or 32 bytes into a slot of the slab. Returns BULLA_INVALID_ARGUMENT
 * for another length, BULLA_NO_CRYPTO, and the statuses of bulla_slab_new. */
BULLA_NODISCARD enum bulla_status bulla_aead_new(struct bulla_aead **aead, struct bulla_span key);

/* bulla_aead_free wipes and frees |*aead|, which this process must have created, and sets it to NULL. */
void bulla_aead_free(struct bulla_aead **aead);

/* Bytes of plaintext at most: 2^39 - 256 bits (NIST SP 800-38D §5.2.1.1). */
#define BULLA_AES_GCM_MAX ((UINT64_C(1) << 36) - 32)

/* bulla_aead_seal writes the encrypted |plaintext| to |ciphertext|, of the same length, and BULLA_TAG_LEN bytes to
 * |tag|. |nonce| has at least 1 byte (NIST SP 800-38D §7.1), else BULLA_INVALID_ARGUMENT; 12 bytes are fastest. Returns
 * BULLA_TOO_LARGE for more than BULLA_AES_GCM_MAX bytes. */
BULLA_NODISCARD enum bulla_status bulla_aead_seal(const struct bulla_aead *aead, uint8_t *ciphertext, uint8_t *tag,
                                                  struct bulla_span nonce, struct bulla_span plaintext,
                                                  struct bulla_span additional_data);

/* bulla_aead_open writes the decrypted |ciphertext| to |plaintext|, of the same length, or zeroes it and returns
 * BULLA_REFUSED (§7.2). A |tag| of another length than BULLA_TAG_LEN is refused, and so are more than BULLA_AES_GCM_MAX
 * bytes, for which |plaintext| stays as it is. Returns BULLA_NO_MEMORY. */
BULLA_NODISCARD enum bulla_status bulla_aead_open(const struct bulla_aead *aead, uint8_t *plaintext,
                                                  struct bulla_span nonce, struct bulla_span ciphertext,
                                                  struct bulla_span tag, struct bulla_span additional_data);

#define BULLA_AES_BLOCK_LEN 16
#define BULLA_NONCE_LEN 12 /* bytes, of AES-GCM in all that bulla makes */

/* bulla_aead_seal_bound is bulla_aead_seal with the BULLA_NONCE_LEN bytes of |nonce| and additional data in two
 * parts, for who has them in two places. |plaintext| has at most BULLA_AES_GCM_MAX bytes. */
BULLA_NODISCARD enum bulla_status bulla_aead_seal_bound(const struct bulla_aead *aead, uint8_t *ciphertext,
                                                        uint8_t *tag, const uint8_t *nonce, struct bulla_span plaintext,
                                                        const struct bulla_aad *aad);

/* bulla_aead_open_bound is bulla_aead_open, with the BULLA_TAG_LEN bytes of |tag|, in the same way: |ciphertext| has at
 * most BULLA_AES_GCM_MAX bytes. */
BULLA_NODISCARD enum bulla_status bulla_aead_open_bound(const struct bulla_aead *aead, uint8_t *plaintext,
                                                        const uint8_t *nonce, const uint8_t *tag,
                                                        struct bulla_span ciphertext, const struct bulla_aad *aad);

#define BULLA_WRAPPED_MAX_LEN 64 /* bytes of a key that is wrapped by AES-GCM */

/* bulla_aead_unwrap is bulla_aead_open for a key that is |wrapped|, at most BULLA_WRAPPED_MAX_LEN bytes, with a nonce
 * and a tag as of bulla_aead_open_bound and no additional data. No branch tells whether it opened, since RFC 7516 §11.5
 * wants what follows to be the same: it seals, twice, which takes one way whatever is sealed. */
BULLA_NODISCARD enum bulla_status bulla_aead_unwrap(const struct bulla_aead *aead, uint8_t *key, const uint8_t *nonce,
                                                    const uint8_t *tag, struct bulla_span wrapped);

#define BULLA_SHA256_LEN 32 /* bytes of a digest, and of a MAC with it */

/* bulla_hkdf_extract fills the BULLA_SHA256_LEN bytes of |prk|: RFC 5869 §2.2 with SHA-256. */
BULLA_NODISCARD enum bulla_status bulla_hkdf_extract(uint8_t *prk, struct bulla_span salt, struct bulla_span secret);

/* bulla_hkdf_expand fills |out|, at most 8160 bytes: RFC 5869 §2.3 with SHA-256. */
BULLA_NODISCARD enum bulla_status bulla_hkdf_expand(uint8_t *out, size_t out_len, struct bulla_span prk,
                                                    struct bulla_span info);

/* bulla_hmac fills the BULLA_SHA256_LEN bytes of |mac| with HMAC-SHA256 (RFC 2104). */
BULLA_NODISCARD enum bulla_status bulla_hmac(uint8_t *mac, struct bulla_span key, struct bulla_span message);

/* bulla_sha256 fills the BULLA_SHA256_LEN bytes of |digest|. */
BULLA_NODISCARD enum bulla_status bulla_sha256(uint8_t *digest, struct bulla_span message);

/* bulla_scrypt fills |out|: RFC 7914. |n| is a power of two; it needs 128 * |n| * |r| bytes of memory. */
BULLA_NODISCARD enum bulla_status bulla_scrypt(uint8_t *out, size_t out_len, struct bulla_span passphrase,
                                               struct bulla_span salt, uint64_t n, uint64_t r, uint64_t p);

/* A private key of Ed25519 as BoringSSL signs with it: the seed, then the public key. It is secret: keep it in the
 * slab. */
#define BULLA_ED25519_KEY_LEN 64

/* bulla_ed25519_expand fills the BULLA_ED25519_KEY_LEN bytes of |key| and the 32 bytes of |public_key| from the 32
 * bytes of |seed|: RFC 8032 §5.1.5. */
BULLA_NODISCARD enum bulla_status bulla_ed25519_expand(uint8_t *key, uint8_t *public_key, const uint8_t *seed);

/* bulla_ed25519_sign fills the 64 bytes of |signature|: RFC 8032 §5.1.6. */
BULLA_NODISCARD enum bulla_status bulla_ed25519_sign(uint8_t *signature, const uint8_t *key, struct bulla_span message);

/* bulla_ed25519_verify returns BULLA_REFUSED unless the 64 bytes of |signature| are one of |message| by the 32 bytes of
 * |public_key|: RFC 8032 §5.1.7, without the cofactor. All inputs are public. */
BULLA_NODISCARD enum bulla_status bulla_ed25519_verify(const uint8_t *public_key, const uint8_t *signature,
                                                       struct bulla_span message);

#define BULLA_X25519_LEN 32 /* bytes of a key of X25519, public or private, and of an encapsulated one */

/* bulla_x25519_public fills the BULLA_X25519_LEN bytes of |public_key|: RFC 7748 §6.1. */
BULLA_NODISCARD enum bulla_status bulla_x25519_public(uint8_t *public_key, const uint8_t *private_key);

/* bulla_hpke_seal encrypts one message to |public_key|: RFC 9180 §6.1 in mode_base, with DHKEM(X25519, HKDF-SHA256),
 * HKDF-SHA256 and AES-256-GCM. It writes BULLA_X25519_LEN bytes to |encapsulated|, and those of |plaintext| and
 * BULLA_TAG_LEN more to |ciphertext|. The key of the message lives in the slab. Returns BULLA_REFUSED for a public key
 * of small order (§7.1.4), and the statuses of bulla_slab_new; the outputs are then undefined. */
BULLA_NODISCARD enum bulla_status bulla_hpke_seal(uint8_t *encapsulated, uint8_t *ciphertext, const uint8_t *public_key,
                                                  struct bulla_span plaintext, struct bulla_span info,
                                                  struct bulla_span additional_data);

/* bulla_hpke_open writes the decrypted |ciphertext|, BULLA_TAG_LEN bytes less, to |plaintext|, or zeroes it. Returns
 * BULLA_REFUSED if anything is wrong with the inputs, and the statuses of bulla_slab_new. */
BULLA_NODISCARD enum bulla_status bulla_hpke_open(uint8_t *plaintext, const uint8_t *private_key,
                                                  const uint8_t *encapsulated, struct bulla_span ciphertext,
                                                  struct bulla_span info, struct bulla_span additional_data);

/* A private key as BoringSSL opens with it, for who opens often: expanding it takes as long as a third of opening. It
 * is secret and lives in the slab. */
struct bulla_hpke_key;

/* bulla_hpke_key_new expands the BULLA_X25519_LEN bytes of |private_key|. Returns BULLA_NO_CRYPTO and the statuses of
 * bulla_slab_new. */
BULLA_NODISCARD enum bulla_status bulla_hpke_key_new(struct bulla_hpke_key **key, const uint8_t *private_key);

/* bulla_hpke_key_free wipes and frees |*key|, which this process must have created, and sets it to NULL. */
void bulla_hpke_key_free(struct bulla_hpke_key **key);

/* bulla_hpke_open_with is bulla_hpke_open with an expanded key. */
BULLA_NODISCARD enum bulla_status bulla_hpke_open_with(uint8_t *plaintext, const struct bulla_hpke_key *key,
                                                       const uint8_t *encapsulated, struct bulla_span ciphertext,
                                                       struct bulla_span info, struct bulla_span additional_data);

/* bulla_random fills |out| from the random generator. */
BULLA_NODISCARD enum bulla_status bulla_random(uint8_t *out, size_t len);

/* bulla_nonce fills |nonce|, 8 to 64 bytes, with random bytes: as bulla_random, but several times faster, for bytes
 * that become public when used. */
BULLA_NODISCARD enum bulla_status bulla_nonce(uint8_t *nonce, size_t len);

#endif
