/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What the compiler must not know of secrets. One that sees that a mask is all ones or zero may make a branch of the
 * choice between the two, and one that sees that bits are only added may leave a loop at the first. */

#ifndef BULLA_CORE_MASK_H
#define BULLA_CORE_MASK_H

#include <stdint.h>

/* bulla_unknown_zero returns zero, of which the compiler knows nothing: nor does it of what is then combined with it.
 * Inline assembly would do the same, but MemorySanitizer does not follow secrets through that. */
static inline uint64_t bulla_unknown_zero(void) {
  static const volatile uint64_t zero = 0;
  return zero;
}

/* bulla_mask returns |mask|, hidden. */
static inline uint32_t bulla_mask(uint32_t mask) {
  return mask ^ (uint32_t)bulla_unknown_zero();
}

#endif
