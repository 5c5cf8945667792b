/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Boxes: what is sealed to a public key, which only the private key opens. HPKE (RFC 9180) in mode_base, with
 * DHKEM(X25519, HKDF-SHA256), HKDF-SHA256 and AES-256-GCM, one message per context and no additional data (§6.1).
 * Nothing says who sealed a box: anybody can who has the public key. This is what stands in a vault, where the place
 * says which key opens it; others get a blob, which names the key (bulla_boxed_seal).
 *
 *   encapsulated key 32 | ciphertext | tag 16
 */

#ifndef BULLA_CORE_BOX_H
#define BULLA_CORE_BOX_H

#include <bulla/core.h>

#define BULLA_BOX_PUBLIC_LEN 32  /* bytes of a public key */
#define BULLA_BOX_PRIVATE_LEN 32 /* bytes of a private key: any are one (RFC 7748 §5) */
#define BULLA_BOX_OVERHEAD 48    /* bytes that a box is longer than its plaintext */

/* bulla_box_public fills the BULLA_BOX_PUBLIC_LEN bytes of |public_key|, which belongs to |private_key|. Returns
 * BULLA_INVALID_ARGUMENT unless |private_key| has BULLA_BOX_PRIVATE_LEN bytes, BULLA_FORKED, BULLA_NO_CRYPTO. */
BULLA_NODISCARD enum bulla_status bulla_box_public(uint8_t *public_key, const struct bulla_secret *private_key);

/* bulla_box_seal seals |plaintext| to the BULLA_BOX_PUBLIC_LEN bytes of |public_key| with a fresh key. |info| is bound
 * to the box but not stored: opening needs the same. |sealed| needs the length of |plaintext| and BULLA_BOX_OVERHEAD.
 * Returns BULLA_REFUSED for a public key of small order, with which everybody could open the box (§7.1.4),
 * BULLA_BUFFER_TOO_SMALL, BULLA_TOO_LARGE past 2^36 - 32 bytes, BULLA_NO_CRYPTO and the statuses of bulla_slab_new. */
BULLA_NODISCARD enum bulla_status bulla_box_seal(struct bulla_buffer *sealed, const uint8_t *public_key,
                                                 struct bulla_span plaintext, struct bulla_span info);

/* bulla_box_open creates |*opened|, the plaintext of |sealed|, which the caller frees; NULL on failure. Returns
 * BULLA_REFUSED whatever is wrong with |sealed|, |private_key| or |info|, BULLA_INVALID_ARGUMENT unless |private_key|
 * has BULLA_BOX_PRIVATE_LEN bytes, BULLA_FORKED, BULLA_NO_CRYPTO and the statuses of bulla_slab_new. */
BULLA_NODISCARD enum bulla_status bulla_box_open(struct bulla_secret **opened, const struct bulla_secret *private_key,
                                                 struct bulla_span sealed, struct bulla_span info);

#endif
