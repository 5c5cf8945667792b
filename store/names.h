/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Checks of names and of the caller's identity. */

#ifndef BULLA_STORE_NAMES_H
#define BULLA_STORE_NAMES_H

#include <bulla/store.h>

/* bulla_name_check returns BULLA_INVALID_NAME unless |name| follows the rule in bulla/store.h. */
BULLA_NODISCARD enum bulla_status bulla_name_check(struct bulla_span name);

/* bulla_place_check_entry returns BULLA_INVALID_NAME unless |place| names a tenant and an entry, BULLA_INVALID_ARGUMENT
 * if it also names a field or a reserved member is not 0. */
BULLA_NODISCARD enum bulla_status bulla_place_check_entry(const struct bulla_place *place);

/* bulla_place_check_field is the same for a place that names all three, bulla_place_check_revision for one that may
 * also have a revision, which the others refuse. */
BULLA_NODISCARD enum bulla_status bulla_place_check_field(const struct bulla_place *place);
BULLA_NODISCARD enum bulla_status bulla_place_check_revision(const struct bulla_place *place);

/* bulla_told_revision writes "FIELD#REVISION" into |told|, at least BULLA_NAME_MAX + 20 bytes, as a record tells of a
 * revision. No name has a #. */
struct bulla_span bulla_told_revision(uint8_t *told, const struct bulla_place *place);

/* bulla_reserved_check returns BULLA_INVALID_ARGUMENT unless all |num| of |reserved| are 0: a later version may give
 * them a meaning. */
BULLA_NODISCARD enum bulla_status bulla_reserved_check(const uint64_t *reserved, size_t num);
#define BULLA_CHECK_RESERVED(array) bulla_reserved_check((array), sizeof(array) / sizeof((array)[0]))

/* bulla_text_check returns BULLA_TOO_LARGE past |max_len| bytes, BULLA_INVALID_TEXT for anything but UTF-8
 * without NUL and noncharacters. */
BULLA_NODISCARD enum bulla_status bulla_text_check(struct bulla_span text, size_t max_len);

/* bulla_who_check returns BULLA_INVALID_ARGUMENT without an actor, or without a reason if |needs_reason|.
 * bulla_who_check_proven is for who has opened the vault as an actor, and need not say of whom it is on behalf. */
BULLA_NODISCARD enum bulla_status bulla_who_check(const struct bulla_who *who, bool needs_reason);
BULLA_NODISCARD enum bulla_status bulla_who_check_proven(const struct bulla_who *who, bool needs_reason);

#define BULLA_DIGITS_MAX 21 /* bytes of a number as text, with its end */

/* bulla_digits writes |number| to |text|, and returns its digits. */
struct bulla_span bulla_digits(char text[BULLA_DIGITS_MAX], int64_t number);

/* The position of a walk in the order of names. */
struct bulla_walked {
  uint8_t name[BULLA_NAME_MAX];
  size_t len; /* 0 before the first row */
};

/* bulla_walk_on returns whether |name| is after the previous row's, and remembers it. In a damaged or manipulated file,
 * pages that point at each other could give the same rows for ever. */
bool bulla_walk_on(struct bulla_walked *walked, struct bulla_span name);

/* bulla_walked_name returns the name of the last row, empty before the first; it is valid until the next row. */
static inline struct bulla_span bulla_walked_name(const struct bulla_walked *walked) {
  return bulla_span(walked->name, walked->len);
}

#endif
