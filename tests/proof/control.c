/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What must raise an alarm: a reader that takes one byte more than there is. */

#include "tests/proof/proof.h"

enum { BOUND = 4 };

void prove(void) {
  uint8_t room[BOUND];
  size_t len = any_len(BOUND);
  //@ split len;
  ;
  struct bulla_span bytes = any_bytes(room, BOUND, len);
  uint8_t sum = 0;
  for (size_t i = 0; i <= bytes.len; i++) {
    sum ^= bytes.data[i];
  }
  (void)sum;
}
