/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What the blobs of all suites begin with (docs/FORMAT.md §2), for core/blob.c and core/boxed.c. */

#ifndef BULLA_CORE_BLOB_H
#define BULLA_CORE_BLOB_H

#include <bulla/core.h>

#define BULLA_BLOB_HEADER_LEN (2 + BULLA_KEY_ID_LEN) /* bytes: version, suite, key id */

/* bulla_blob_header fills the BULLA_BLOB_HEADER_LEN bytes of |header| from the BULLA_KEY_ID_LEN bytes of |key_id|. */
void bulla_blob_header(uint8_t *header, enum bulla_suite suite, const uint8_t *key_id);

/* bulla_boxed_for fills the BULLA_KEY_ID_LEN bytes of |id|, the key id in blobs that are sealed to the BULLA_KEY_LEN
 * bytes of |public_key|. It commits to the key, so that no blob opens under two. Returns BULLA_NO_CRYPTO. */
BULLA_NODISCARD enum bulla_status bulla_boxed_for(uint8_t *id, const uint8_t *public_key);

#endif
