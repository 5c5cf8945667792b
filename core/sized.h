/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Structures of the API that can grow: their first member is their size, as the caller was compiled. A caller older
 * than the library has a shorter one, a newer caller a longer one. */

#ifndef BULLA_CORE_SIZED_H
#define BULLA_CORE_SIZED_H

#include <stddef.h>

#include <bulla/core.h>

/* BULLA_SIZE_TO is the size of |type| up to and including |member|: the minimum for a caller. */
#define BULLA_SIZE_TO(type, member) (offsetof(type, member) + sizeof(((type *)NULL)->member))

/* bulla_sized_take fills the |size| bytes of |ours| from the structure |theirs| that a call was given. Members that the
 * caller does not know are 0. Returns BULLA_INVALID_ARGUMENT for a size that no version has, BULLA_UNSUPPORTED if a
 * member that the library does not know is not 0. */
BULLA_NODISCARD enum bulla_status bulla_sized_take(void *ours, size_t size, const void *theirs, size_t min_size);

/* bulla_sized_read sets |*their_size| to the size of |theirs|, which a call is to fill and the library knows |size|
 * bytes of. It is read once: another thread, or a callback, may write there. Returns BULLA_INVALID_ARGUMENT for a size
 * that no version has, as a structure that was not initialised may have: less than |min_size|, no multiple of 8, or far
 * more than |size|. */
BULLA_NODISCARD enum bulla_status bulla_sized_read(size_t *their_size, const void *theirs, size_t min_size,
                                                   size_t size);

/* bulla_sized_give fills |theirs|, of |their_size| bytes, from the |size| bytes of |ours|, but for its size. Members
 * that the library does not know become 0. */
void bulla_sized_give(void *theirs, size_t their_size, const void *ours, size_t size);

/* bulla_sized_is_zero returns whether the |len| bytes of |reserved| are 0, as what has no meaning yet must be. */
bool bulla_sized_is_zero(const void *reserved, size_t len);

/* bulla_sized_clear zeroes |theirs|, of |their_size| bytes, but for its size. */
void bulla_sized_clear(void *theirs, size_t their_size);

#endif
