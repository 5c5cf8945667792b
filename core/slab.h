/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The arena of locked memory, see include/bulla/core.h. It holds everything secret that bulla keeps. Slots are
 * multiples of 64 bytes, aligned to 64, each between two canaries. The list of slots is outside the arena, so that an
 * overrun cannot reach it. */

#ifndef BULLA_CORE_SLAB_H
#define BULLA_CORE_SLAB_H

#include <bulla/core.h>

/* bulla_slab_new fills |*slot| with |len| zero bytes aligned to 64. Returns BULLA_ARENA_FULL, BULLA_LOCK_LIMIT,
 * BULLA_NO_MEMORY. */
BULLA_NODISCARD enum bulla_status bulla_slab_new(void **slot, size_t len);

/* bulla_slab_free wipes and frees the slot of |len| bytes at |*slot|, which this process must have created, and
 * sets it to NULL. It ends the process if a canary was overwritten. */
void bulla_slab_free(void **slot, size_t len);

/* Slots of one length for what lives no longer than a call. Some are kept between such calls, so that most of them take
 * no lock. What is kept counts as free, and is freed where the arena would be full otherwise. */
enum { BULLA_SPARE_LEN = 1536 };

struct bulla_borrowed {
  void *slot;
  struct bulla_spare *spare; /* where it is kept, or NULL */
};

/* bulla_slab_borrow is bulla_slab_new for BULLA_SPARE_LEN bytes that are soon given back. */
BULLA_NODISCARD enum bulla_status bulla_slab_borrow(struct bulla_borrowed *borrowed);

/* bulla_slab_give_back ends what bulla_slab_borrow began, as bulla_slab_free does. The caller wrote to the first |used|
 * bytes alone: the others are not wiped. */
void bulla_slab_give_back(struct bulla_borrowed *borrowed, size_t used);

/* bulla_fork_epoch returns a number, never 0, that differs in each forked child. A handle stores it when it is
 * created; if it no longer matches, what the handle points to does not exist. */
uint64_t bulla_fork_epoch(void);

/* Statistics for the tests. */
struct bulla_slab_usage {
  size_t arena_size; /* bytes */
  size_t used;       /* bytes in slots, canaries included; but for slots that are kept */
  bool locked;
  bool secret_memfd; /* memfd_secret(2) holds it */
};

struct bulla_slab_usage bulla_slab_usage(void);

#endif
