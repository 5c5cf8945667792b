/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Padding: what is sealed of a secret value, so that the length of the blob does not tell that of the value. The value
 * stands behind its length and before zeros (docs/FORMAT.md §7). */

#ifndef BULLA_STORE_PADDING_H
#define BULLA_STORE_PADDING_H

#include <bulla/store.h>

#define BULLA_PADDED_PREFIX 4  /* bytes of the length before a padded value */
#define BULLA_PADDED_MAX 66560 /* bytes of a padded value, at most: 65 buckets of 1024 */

/* bulla_pad creates |*padded|: |value| with its length, and zeros up to the end of its bucket unless |padding| is
 * BULLA_PADDING_NONE. Returns BULLA_TOO_LARGE. */
BULLA_NODISCARD enum bulla_status bulla_pad(struct bulla_secret **padded, struct bulla_span value, uint8_t padding);

/* bulla_unpadded_max returns how many bytes a value can have that is padded to |padded_len|. */
size_t bulla_unpadded_max(size_t padded_len);

/* bulla_unpadded_len returns whether |padded|, which must be authentic, is what bulla_pad makes, and sets |*len| to the
 * length of the value, which stands behind the first BULLA_PADDED_PREFIX bytes. Its time depends on the length of
 * |padded| alone. */
BULLA_NODISCARD bool bulla_unpadded_len(uint32_t *len, struct bulla_span padded);

#endif
