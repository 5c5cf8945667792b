/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What signing, and opening a box, make on the way and must not leave behind. Hashes and points come from libgcrypt, so
 * that what is looked for does not come from the library that is looked at. */

#ifndef BULLA_TESTS_LINGERING_CURVE_H
#define BULLA_TESTS_LINGERING_CURVE_H

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

/* curve_box_open fills |box| from the first CURVE_LEN bytes of a box, and the private key that opens it. */
void curve_box_open(struct curve_box *box, const uint8_t *private_key, const uint8_t *encapsulated,
                    struct bulla_span info);

#endif
