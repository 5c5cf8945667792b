/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What the blobs of all suites begin with (docs/FORMAT.md §2), for core/blob.c and core/boxed.c. */

#ifndef BULLA_CORE_BLOB_H
#define BULLA_CORE_BLOB_H

#include "core/key.h"

#define BULLA_BLOB_HEADER_LEN (2 + BULLA_KEY_ID_LEN) /* bytes: version, suite, key id */

/* bulla_blob_header fills the BULLA_BLOB_HEADER_LEN bytes of |header| from the BULLA_KEY_ID_LEN bytes of |key_id|. */
void bulla_blob_header(uint8_t *header, enum bulla_suite suite, const uint8_t *key_id);

/* bulla_blob_fits returns BULLA_TOO_LARGE if |plaintext| or |context| is longer than a blob can have, or
 * BULLA_BUFFER_TOO_SMALL if |blob| has no room for it. */
BULLA_NODISCARD enum bulla_status bulla_blob_fits(const struct bulla_buffer *blob, enum bulla_suite suite,
                                                  struct bulla_span plaintext, struct bulla_span context);

/* bulla_blob_seal is bulla_seal for what fits, under a |key| of this process whose seal was counted, with |fresh| mixed
 * into the nonce (core/nonce.h). On failure |blob| is undefined. */
BULLA_NODISCARD enum bulla_status bulla_blob_seal(struct bulla_buffer *blob, const struct bulla_key *key,
                                                  uint64_t fresh, struct bulla_span plaintext,
                                                  struct bulla_span context);

/* bulla_boxed_for fills the BULLA_KEY_ID_LEN bytes of |id|, the key id in blobs that are sealed to the BULLA_KEY_LEN
 * bytes of |public_key|. It commits to the key, so that no blob opens under two. Returns BULLA_NO_CRYPTO. */
BULLA_NODISCARD enum bulla_status bulla_boxed_for(uint8_t *id, const uint8_t *public_key);

#endif
