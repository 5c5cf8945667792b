/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Keys for sealed blobs: what the handle holds, for core/key.c, core/blob.c and core/ring.c. */

#ifndef BULLA_CORE_KEY_H
#define BULLA_CORE_KEY_H

#include "core/crypto.h"
#include "core/seal_count.h"
#include "core/xaes.h"

#define BULLA_BLOB_VERSION 0xb1
#define BULLA_BLOB_ID_AT 2 /* bytes: version, suite; then the key id */
#define BULLA_BLOB_HEADER_LEN (BULLA_BLOB_ID_AT + BULLA_KEY_ID_LEN)

struct bulla_key {
  enum bulla_suite suite;
  uint8_t header[BULLA_BLOB_HEADER_LEN]; /* of its blobs; read here it need not wait for a blob just written */
  uint64_t fork_epoch;           /* of the process that created it; in any other |aead| and |xaes| do not exist */
  struct bulla_aead *aead;       /* suite BULLA_AES_256_GCM */
  struct bulla_xaes *xaes;       /* suite BULLA_XAES_256_GCM */
  struct bulla_seal_count seals; /* suite BULLA_AES_256_GCM */
};

/* bulla_blob_header fills the BULLA_BLOB_HEADER_LEN bytes of |header| from the BULLA_KEY_ID_LEN bytes of |key_id|. */
void bulla_blob_header(uint8_t *header, enum bulla_suite suite, const uint8_t *key_id);

/* bulla_key_id_of fills the BULLA_KEY_ID_LEN bytes of |id| with the key id of the BULLA_KEY_LEN bytes of |material|,
 * whatever they are a key of: it commits to them, and tells nothing of them. Returns BULLA_NO_CRYPTO. */
BULLA_NODISCARD enum bulla_status bulla_key_id_of(uint8_t *id, struct bulla_span material);

#endif
