/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The arena of locked memory, see include/bulla/core.h. Everything secret that bulla keeps is in it. Slots are
 * whole multiples of 64 bytes, aligned to 64, each between two canaries; where they are is noted outside the
 * arena, so that an overrun cannot reach the notes. */

#ifndef BULLA_CORE_SLAB_H
#define BULLA_CORE_SLAB_H

#include <bulla/core.h>

/* bulla_slab_new fills |*slot| with |len| zero bytes aligned to 64. Returns BULLA_ARENA_FULL, BULLA_LOCK_LIMIT,
 * BULLA_NO_MEMORY. */
BULLA_NODISCARD enum bulla_status bulla_slab_new(void **slot, size_t len);

/* bulla_slab_free wipes and frees the slot of |len| bytes at |*slot|, which this process must have made, and
 * leaves NULL there; NULL inside is fine. It ends the process if a canary has been written over. */
void bulla_slab_free(void **slot, size_t len);

/* bulla_fork_epoch returns a number, never 0, that is another one in each forked child. A handle notes it
 * when it is made; where it no longer matches, what the handle points to does not exist. */
uint64_t bulla_fork_epoch(void);

/* The statistics that the tests look at. */
struct bulla_slab_usage {
  size_t arena_size; /* bytes */
  size_t used;       /* bytes in slots, canaries included */
  bool locked;
  bool secret_memfd; /* memfd_secret(2) holds it */
};

struct bulla_slab_usage bulla_slab_usage(void);

#endif
