/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Joining two parts of additional data, for libraries that take them as one. */

#ifndef BULLA_CORE_JOIN_H
#define BULLA_CORE_JOIN_H

#include "core/crypto.h"

/* Both parts in a row. Most are short. Declare it with BULLA_CLEANUP(bulla_unjoin). */
struct bulla_joined {
  uint8_t on_stack[512];
  uint8_t *on_heap;
  struct bulla_span bytes;
};

/* bulla_join joins |parts| in |joined|, which borrows them. Returns BULLA_TOO_LARGE if the length overflows,
 * BULLA_NO_MEMORY; bulla_unjoin may be called whatever it returns. */
BULLA_NODISCARD enum bulla_status bulla_join(struct bulla_joined *joined, const struct bulla_aad *parts);

/* bulla_unjoin frees what |joined| has on the heap. */
void bulla_unjoin(struct bulla_joined *joined);

#endif
