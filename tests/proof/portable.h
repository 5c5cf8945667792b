/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Included before all else by Frama-C, which knows no intrinsics: the sources then choose what a processor without
 * vectors would run. It knows neither alignment nor atomic types; what is proved has one thread. */

#undef __x86_64__
#undef __SSE2__
#define _Alignas(alignment)
#define _Atomic
#define __FC_STDATOMIC
#define memory_order_relaxed 0
#define atomic_load_explicit(object, order) (*(object))
#define atomic_store_explicit(object, value, order) (*(object) = (value))

/* Eva takes Frama-C's specifications of these for what they do, and cannot evaluate them. */
#include <stdint.h>
#include <string.h>

static inline void *proof_memchr(const void *bytes, int c, size_t len) {
  const uint8_t *at = bytes;
  for (size_t i = 0; i < len; i++) {
    if (at[i] == (uint8_t)c) {
      return (void *)(at + i);
    }
  }
  return NULL;
}

static inline int proof_memcmp(const void *a, const void *b, size_t len) {
  const uint8_t *at_a = a;
  const uint8_t *at_b = b;
  for (size_t i = 0; i < len; i++) {
    if (at_a[i] != at_b[i]) {
      return at_a[i] < at_b[i] ? -1 : 1;
    }
  }
  return 0;
}

#define memchr proof_memchr
#define memcmp proof_memcmp
int sched_getcpu(void); /* of GNU, which the headers of the proof have not */
