/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Key pairs of RFC 7518, in BoringSSL: elliptic curves and RSA-OAEP. Keys come and go as bytes. Private ones lie in the
 * slab. BoringSSL takes X25519 from there; of the other curves and of RSA it makes copies of its own for each
 * operation, on its heap, which it clears before the operation ends. core/jwk_*.c and core/jwe_*.c use this. */

#ifndef BULLA_CORE_CRYPTO_KEYS_H
#define BULLA_CORE_CRYPTO_KEYS_H

#include <bulla/core.h>

enum bulla_curve {
  BULLA_CURVE_P256 = 1, /* SP 800-186 §3.2.1 */
  BULLA_CURVE_P384 = 2,
  BULLA_CURVE_P521 = 3,
  BULLA_CURVE_X25519 = 4, /* RFC 7748 §5 */
};

#define BULLA_CURVE_MAX_LEN 66                        /* bytes of a private key, a coordinate or a shared secret */
#define BULLA_POINT_MAX_LEN (2 * BULLA_CURVE_MAX_LEN) /* bytes of a public key */

/* bulla_curve_len returns the bytes of a private key, a coordinate and a shared secret: 32, 48, 66, 32. */
size_t bulla_curve_len(enum bulla_curve curve);

/* bulla_point_len returns the bytes of a public key: x and y, of X25519 u alone. */
size_t bulla_point_len(enum bulla_curve curve);

/* bulla_curve_check returns BULLA_REFUSED unless |point| is a public key: on the curve and not at infinity, of X25519
 * not of small order. */
BULLA_NODISCARD enum bulla_status bulla_curve_check(enum bulla_curve curve, const uint8_t *point);

/* bulla_curve_public fills |point| with the public key of |private_key|, most significant byte first but for X25519.
 * Returns BULLA_REFUSED if it is 0 or not less than the order. */
BULLA_NODISCARD enum bulla_status bulla_curve_public(enum bulla_curve curve, uint8_t *point,
                                                     const uint8_t *private_key);

/* bulla_curve_generate fills |private_key|, in the slab, and |point|. */
BULLA_NODISCARD enum bulla_status bulla_curve_generate(enum bulla_curve curve, uint8_t *private_key, uint8_t *point);

/* bulla_curve_agree fills the bulla_curve_len bytes of |shared|, in the slab, with the x coordinate (SP 800-56A
 * §5.7.1.2; RFC 7748 §6.1). Returns BULLA_REFUSED for a |point| that bulla_curve_check refuses; |shared| is then zero.
 */
BULLA_NODISCARD enum bulla_status bulla_curve_agree(enum bulla_curve curve, uint8_t *shared, const uint8_t *private_key,
                                                    const uint8_t *point);

#define BULLA_RSA_MIN_LEN 256 /* bytes of a modulus */
#define BULLA_RSA_MAX_LEN 512

/* An RSA key, RFC 8017 §3: numbers, most significant byte first, without zeroes before them. */
struct bulla_rsa_public {
  struct bulla_span n;
  struct bulla_span e;
};

struct bulla_rsa_private {
  struct bulla_rsa_public open;
  struct bulla_span d;
  struct bulla_span p;
  struct bulla_span q;
  struct bulla_span dp;
  struct bulla_span dq;
  struct bulla_span qi;
};

/* bulla_rsa_check_public returns BULLA_REFUSED unless |n| is odd and has 2048 to 4096 bits, and |e| is odd, at least 3
 * and at most 33 bits long. */
BULLA_NODISCARD enum bulla_status bulla_rsa_check_public(const struct bulla_rsa_public *key);

/* bulla_rsa_check returns BULLA_REFUSED also unless the private numbers go with each other and with the public ones. */
BULLA_NODISCARD enum bulla_status bulla_rsa_check(const struct bulla_rsa_private *key);

/* A public key that encrypts, as BoringSSL has it; it is not secret. */
struct bulla_rsa_encrypter;
BULLA_NODISCARD enum bulla_status bulla_rsa_encrypter_new(struct bulla_rsa_encrypter **encrypter,
                                                          const struct bulla_rsa_public *key);
void bulla_rsa_encrypter_free(struct bulla_rsa_encrypter **encrypter);

/* The hash of RSAES-OAEP and of its MGF1, RFC 8017 §7.1; the label is empty. */
enum bulla_oaep { BULLA_OAEP_SHA1 = 1, BULLA_OAEP_SHA256 = 2 };

/* bulla_rsa_encrypt fills |encrypted|, as long as n, with |plaintext|, of at most 64 bytes: RFC 8017 §7.1.1. */
BULLA_NODISCARD enum bulla_status bulla_rsa_encrypt(const struct bulla_rsa_encrypter *encrypter, uint8_t *encrypted,
                                                    enum bulla_oaep oaep, struct bulla_span plaintext);

/* bulla_rsa_decrypt fills |plaintext|, of |len| bytes, in the slab: RFC 8017 §7.1.2. Returns BULLA_REFUSED if
 * |encrypted| is not as long as n, does not open, or opens to another length; |plaintext| is then zero. */
BULLA_NODISCARD enum bulla_status bulla_rsa_decrypt(const struct bulla_rsa_private *key, uint8_t *plaintext, size_t len,
                                                    enum bulla_oaep oaep, struct bulla_span encrypted);

/* bulla_rsa_generate makes a key of |bits|, a multiple of 128, with e = 65537: SP 800-56B §6.2. |*numbers|, which the
 * caller frees, holds n, d, p, q, dp, dq, qi one after another, d as long as n, the others half of that; |key| points
 * into it. Returns BULLA_INVALID_ARGUMENT for other lengths than of 2048 to 4096 bits. */
BULLA_NODISCARD enum bulla_status bulla_rsa_generate(struct bulla_secret **numbers, struct bulla_rsa_private *key,
                                                     size_t bits);

#endif
