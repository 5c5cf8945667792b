/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What callers may call things, and who they may say they are. */

#ifndef BULLA_STORE_NAMES_H
#define BULLA_STORE_NAMES_H

#include <bulla/store.h>

/* bulla_name_check returns BULLA_INVALID_NAME for what is no name by the rule of bulla/store.h. */
BULLA_NODISCARD enum bulla_status bulla_name_check(struct bulla_span name);

/* bulla_text_check returns BULLA_TOO_LARGE past |max_len| bytes, BULLA_INVALID_TEXT for what is no UTF-8, or has
 * a NUL or a noncharacter. */
BULLA_NODISCARD enum bulla_status bulla_text_check(struct bulla_span text, size_t max_len);

/* bulla_who_check returns BULLA_INVALID_ARGUMENT without an actor, or without a reason if one |needs_reason|. */
BULLA_NODISCARD enum bulla_status bulla_who_check(const struct bulla_who *who, bool needs_reason);

/* Where a walk in the order of names stands. */
struct bulla_walked {
  uint8_t name[BULLA_NAME_MAX];
  size_t len; /* 0 before the first row */
};

/* bulla_walk_on says whether the row of |name| comes after the one before, and remembers it. In a file that is damaged
 * or tampered with, pages that point at each other can give the same rows without end. */
bool bulla_walk_on(struct bulla_walked *walked, struct bulla_span name);

/* bulla_walked_name returns the name of the last row, empty before the first, until the next. */
static inline struct bulla_span bulla_walked_name(const struct bulla_walked *walked) {
  return bulla_span(walked->name, walked->len);
}

#endif
