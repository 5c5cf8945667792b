/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Additional data, which a blob has in two places; and joining it for libraries that take it in one. */

#ifndef BULLA_CORE_AAD_H
#define BULLA_CORE_AAD_H

#include <bulla/core.h>

/* Additional data in two parts, which count as one string: |head|, then |tail|. Each may be empty. */
struct bulla_aad {
  const uint8_t *head;
  size_t head_len;
  const uint8_t *tail;
  size_t tail_len;
};

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
