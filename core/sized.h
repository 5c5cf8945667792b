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

/* bulla_sized_take fills the |size| bytes of |ours| from the caller's structure |theirs|. Members that the caller does
 * not know are 0. Returns BULLA_INVALID_ARGUMENT if |theirs| is shorter than |min_size|, BULLA_UNSUPPORTED if a member
 * that the library does not know is not 0. */
BULLA_NODISCARD enum bulla_status bulla_sized_take(void *ours, size_t size, const void *theirs, size_t min_size);

/* bulla_sized_check returns BULLA_INVALID_ARGUMENT if |theirs|, a structure to fill, is shorter than |min_size|, as an
 * uninitialised one may be. */
BULLA_NODISCARD enum bulla_status bulla_sized_check(const void *theirs, size_t min_size);

/* bulla_sized_give fills |theirs|, which was checked, from the |size| bytes of |ours|, except for its size. Members
 * that the library does not know become 0. */
void bulla_sized_give(void *theirs, const void *ours, size_t size);

/* bulla_sized_clear zeroes |theirs|, which was checked, except for its size. */
void bulla_sized_clear(void *theirs);

#endif
