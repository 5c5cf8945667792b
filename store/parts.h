/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The parts of statements (store/signed.h, store/signed_actor.h): what all of them are read and written with. */

#ifndef BULLA_STORE_PARTS_H
#define BULLA_STORE_PARTS_H

#include "core/cursor.h"

/* bulla_take_exact takes a part of exactly |len| bytes. */
static inline bool bulla_take_exact(struct bulla_reader *reader, struct bulla_span *part, size_t len) {
  return bulla_take_prefixed(reader, part) && part->len == len;
}

/* bulla_take_word takes a part that is |word|. */
static inline bool bulla_take_word(struct bulla_reader *reader, struct bulla_span word) {
  struct bulla_span part;
  return bulla_take_prefixed(reader, &part) && bulla_span_equal(part, word);
}

/* bulla_take_count takes a time, a version or a counter: at least 0, and less than INT64_MAX. */
static inline bool bulla_take_count(struct bulla_reader *reader, int64_t *number) {
  return bulla_take_number(reader, number) && *number >= 0 && *number < INT64_MAX;
}

/* bulla_parts_finish returns BULLA_TOO_LARGE if not all that was put into |writer| had room. */
BULLA_NODISCARD static inline enum bulla_status bulla_parts_finish(struct bulla_writer *writer) {
  return bulla_writer_finish(writer) == BULLA_OK ? BULLA_OK : BULLA_TOO_LARGE;
}

#endif
