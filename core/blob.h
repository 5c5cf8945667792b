/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What the blobs of all suites begin with (docs/FORMAT.md §2), for core/blob.c and core/boxed.c. */

#ifndef BULLA_CORE_BLOB_H
#define BULLA_CORE_BLOB_H

#include "core/crypto.h"
#include "core/cursor.h"
#include "core/key.h"

/* bulla_blob_fits returns BULLA_TOO_LARGE if |plaintext| or |context| is longer than a blob can have, or
 * BULLA_BUFFER_TOO_SMALL if |blob| has no room for it. */
BULLA_NODISCARD enum bulla_status bulla_blob_fits(const struct bulla_buffer *blob, enum bulla_suite suite,
                                                  struct bulla_span plaintext, struct bulla_span context);

/* Where in a blob is what. */
struct bulla_blob_room {
  uint8_t *nonce;
  uint8_t *ciphertext;
  uint8_t *tag;
};

/* bulla_blob_begin gives the room for a nonce of |nonce_len| bytes and a ciphertext of |len| in |blob|, where both fit,
 * behind the header of |key|. */
static inline struct bulla_blob_room bulla_blob_begin(struct bulla_buffer *blob, const struct bulla_key *key,
                                                      size_t nonce_len, size_t len) {
  struct bulla_writer out = bulla_writer(blob);
  struct bulla_blob_room room;
  bulla_put(&out, bulla_span(key->header, BULLA_BLOB_HEADER_LEN));
  room.nonce = bulla_give(&out, nonce_len);
  room.ciphertext = bulla_give(&out, len);
  room.tag = bulla_give(&out, BULLA_TAG_LEN);
  return room;
}

/* bulla_blob_bound_to returns what a blob of |key| in |context| is bound to. */
static inline struct bulla_aad bulla_blob_bound_to(const struct bulla_key *key, struct bulla_span context) {
  return (struct bulla_aad){key->header, BULLA_BLOB_HEADER_LEN, context.data, context.len};
}

/* bulla_blob_seal is bulla_seal for what fits, under a |key| of this process whose seal was counted, with |fresh| mixed
 * into the nonce (core/nonce.h). On failure |blob| is undefined. */
BULLA_NODISCARD enum bulla_status bulla_blob_seal(struct bulla_buffer *blob, const struct bulla_key *key,
                                                  uint64_t fresh, struct bulla_span plaintext,
                                                  struct bulla_span context);

/* bulla_boxed_for fills the BULLA_KEY_ID_LEN bytes of |id|, the key id in blobs that are sealed to the BULLA_KEY_LEN
 * bytes of |public_key|. It commits to the key, so that no blob opens under two. Returns BULLA_NO_CRYPTO. */
BULLA_NODISCARD enum bulla_status bulla_boxed_for(uint8_t *id, const uint8_t *public_key);

#endif
