/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Cleaning up: a handle or a secret declared with BULLA_CLEANUP is freed or wiped at every return. */

#ifndef BULLA_CORE_CLEANUP_H
#define BULLA_CORE_CLEANUP_H

#include <string.h>

#include <bulla/core.h>

/* BULLA_CLEANUP(f) calls f(&variable) when the variable goes out of scope. */
#define BULLA_CLEANUP(function) __attribute__((cleanup(function)))

/* BULLA_TRY returns from the function with the status of |call| unless it is BULLA_OK. The one control-flow
 * macro there is. */
#define BULLA_TRY(call)                    \
  do {                                     \
    enum bulla_status try_status = (call); \
    if (try_status != BULLA_OK) {          \
      return try_status;                   \
    }                                      \
  } while (0)

/* bulla_wipe_small is bulla_wipe of a few bytes, whose number the compiler knows: a store or two, no call. */
static inline void bulla_wipe_small(void *data, size_t len) {
  memset(data, 0, len);
  /* Somebody might read them: the stores stay. */
  __asm__ volatile("" : : "r"(data) : "memory");
}

#endif
