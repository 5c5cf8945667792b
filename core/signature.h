/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Signatures by a seed, for those who sign once: see include/bulla/core.h for what they are. */

#ifndef BULLA_CORE_SIGNATURE_H
#define BULLA_CORE_SIGNATURE_H

#include <bulla/core.h>

#define BULLA_SIGNATURE_PUBLIC_LEN 32 /* bytes of a public key */
#define BULLA_SIGNATURE_SEED_LEN 32   /* bytes of a private key: RFC 8032 §5.1.5 calls it so, others the seed */

/* bulla_signature_public fills the BULLA_SIGNATURE_PUBLIC_LEN bytes of |public_key|, which belongs to |seed|. Returns
 * BULLA_INVALID_ARGUMENT unless |seed| has BULLA_SIGNATURE_SEED_LEN bytes, BULLA_FORKED, BULLA_NO_CRYPTO and the
 * statuses of bulla_slab_new. */
BULLA_NODISCARD enum bulla_status bulla_signature_public(uint8_t *public_key, const struct bulla_secret *seed);

/* bulla_signature_sign fills the BULLA_SIGNATURE_LEN bytes of |signature|: the one signature that |seed| makes of
 * |message|. Statuses as of bulla_signature_public. */
BULLA_NODISCARD enum bulla_status bulla_signature_sign(uint8_t *signature, const struct bulla_secret *seed,
                                                       struct bulla_span message);

/* bulla_signature_verify returns BULLA_REFUSED unless the BULLA_SIGNATURE_LEN bytes of |signature| are a signature of
 * |message| by the BULLA_SIGNATURE_PUBLIC_LEN bytes of |public_key|; one whose second half is not below the order of
 * the group is none (RFC 8032 §5.1.7). |public_key| is one that the caller trusts: whoever may choose it can choose one
 * under which one signature is good for many messages. */
BULLA_NODISCARD enum bulla_status bulla_signature_verify(const uint8_t *public_key, const uint8_t *signature,
                                                         struct bulla_span message);

#endif
