/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The places of bytes in a public text, found in one pass over it: the index of each, in order. Who reads the text goes
 * by them from one to the next, and need not wait for the end of one part to know where the next begins. */

#ifndef BULLA_CORE_PLACES_H
#define BULLA_CORE_PLACES_H

#include <bulla/core.h>

/* bulla_places_of fills |places| with the first |max| places of |byte| in |text|, and returns how many there are, or
 * |max| if there are more. */
size_t bulla_places_of(size_t *places, size_t max, struct bulla_span text, uint8_t byte);

/* How many places are looked for, and the room for them: more of it is written to than used. */
#define BULLA_PLACES_MAX 256
#define BULLA_PLACES_ROOM (BULLA_PLACES_MAX + 64 + 1)

/* bulla_places_special fills |places| with those of bytes that do not stand for themselves in a JSON string, or are not
 * ASCII: controls, quotes, backslashes. The place behind the last is the text's length. Returns how many there are, or
 * more than BULLA_PLACES_MAX if there are more, or the text has more than UINT16_MAX bytes. */
size_t bulla_places_special(uint16_t *places, struct bulla_span text);

/* The variants, which give the same; the last is always usable. */
struct bulla_places_variant {
  const char *name;
  bool (*is_usable)(void);
  size_t (*of)(size_t *places, size_t max, struct bulla_span text, uint8_t byte);
  size_t (*special)(uint16_t *places, struct bulla_span text);
};

/* bulla_places_variants returns all that are built in, the fastest first, and sets |*num_variants|. */
const struct bulla_places_variant *bulla_places_variants(size_t *num_variants);

#endif
