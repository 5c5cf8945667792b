/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Cleaning up: a handle or a secret declared with BULLA_CLEANUP is freed or wiped at every return. */

#ifndef BULLA_CORE_CLEANUP_H
#define BULLA_CORE_CLEANUP_H

#include <bulla/core.h>

/* BULLA_CLEANUP(f) calls f(&variable) when the variable goes out of scope. */
#define BULLA_CLEANUP(function) __attribute__((cleanup(function)))

/* BULLA_TRY returns from the function with the status of |call| unless it is BULLA_OK. It is the only
 * control-flow macro. */
#define BULLA_TRY(call)                    \
  do {                                     \
    enum bulla_status try_status = (call); \
    if (try_status != BULLA_OK) {          \
      return try_status;                   \
    }                                      \
  } while (0)

#endif
