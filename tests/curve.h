/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Signatures and boxes by the book: what is made on the way. Hashes and points come from libgcrypt, not from the
 * library that is looked at; a failure ends the program. */

#ifndef BULLA_TESTS_CURVE_H
#define BULLA_TESTS_CURVE_H

#include <bulla/core.h>

enum { CURVE_LEN = 32, CURVE_HASH_LEN = 64 };

/* curve_expand fills |expanded| with what Ed25519 makes of the CURVE_LEN bytes of |seed|: the scalar, then the prefix
 * (RFC 8032 §5.1.5). */
void curve_expand(uint8_t expanded[CURVE_HASH_LEN], const uint8_t *seed);

/* curve_nonce fills |nonce| with r of the signature of |message|, and |reduced| with r modulo the order of the group,
 * each of which gives the key away (§5.1.6). */
void curve_nonce(uint8_t nonce[CURVE_HASH_LEN], uint8_t reduced[CURVE_LEN], const uint8_t *seed,
                 struct bulla_span message);

/* RFC 9180 §4.1 and §5.1, by their names there. */
struct curve_box {
  uint8_t dh[CURVE_LEN];
  uint8_t eae_prk[CURVE_LEN];
  uint8_t shared_secret[CURVE_LEN];
  uint8_t secret[CURVE_LEN];
  uint8_t key[CURVE_LEN];
  uint8_t base_nonce[12];
  uint8_t exporter_secret[CURVE_LEN];
};

/* curve_multiply fills the CURVE_LEN bytes of |product|: X25519 of |private_key| and |point|, or the base point if that
 * is NULL (RFC 7748 §5). */
void curve_multiply(uint8_t *product, const uint8_t *private_key, const uint8_t *point);

/* curve_box_from fills |box| from |dh|, the public keys of both sides, of CURVE_LEN bytes each, and |info|. */
void curve_box_from(struct curve_box *box, const uint8_t *dh, const uint8_t *encapsulated, const uint8_t *public_key,
                    struct bulla_span info);

#endif
