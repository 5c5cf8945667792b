/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Hiding values from the optimiser. A compiler that sees that a mask is all ones or zero may turn the selection into
 * a branch, and one that sees that bits are only added may leave a loop early. */

#ifndef BULLA_CORE_MASK_H
#define BULLA_CORE_MASK_H

#include <stdint.h>

/* bulla_unknown_zero returns zero, which the compiler cannot know, nor anything combined with it. Inline assembly
 * would do the same, but MemorySanitizer does not track secrets through that. */
static inline uint64_t bulla_unknown_zero(void) {
  static const volatile uint64_t zero = 0;
  return zero;
}

/* bulla_mask returns |mask|, hidden. */
static inline uint32_t bulla_mask(uint32_t mask) {
  return mask ^ (uint32_t)bulla_unknown_zero();
}

#endif
