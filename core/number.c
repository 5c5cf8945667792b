/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See core/number.h. */

#include "core/number.h"

#include "core/mask.h"

size_t bulla_number_zeroes(struct bulla_span number) {
  size_t num = 0;
  uint32_t before = bulla_mask(~UINT32_C(0)); /* all ones as long as nothing else was seen */
  for (size_t i = 0; i + 1 < number.len; i++) {
    before &= bulla_mask(0 - (((uint32_t)number.data[i] - 1) >> 31));
    num += before & 1;
  }
  return num;
}
