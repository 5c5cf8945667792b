/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Masks, all ones or zero, that choose between secrets. A compiler that sees that there are only two of them may
 * make a branch of the choice. */

#ifndef BULLA_CORE_MASK_H
#define BULLA_CORE_MASK_H

#include <stdint.h>

/* bulla_mask returns |mask|, of which the compiler then knows nothing. */
static inline uint32_t bulla_mask(uint32_t mask) {
  static const volatile uint32_t zero = 0;
  return mask ^ zero;
}

#endif
