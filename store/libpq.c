/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/libpq.h. */

#include "store/libpq.h"

#include <dlfcn.h>
#include <pthread.h>

#include "core/log.h"
#include "core/symbol.h"

struct bulla_pq bulla_pq;
static bool available;

static void load(void) {
  void *library = dlopen("libpq.so.5", RTLD_NOW | RTLD_LOCAL);
  if (library == NULL) {
    return;
  }
#define FIND(function)                                         \
  if (!bulla_symbol(&bulla_pq.function, library, #function)) { \
    return;                                                    \
  }
  BULLA_LIBPQ_FUNCTIONS(FIND)
  available = true;
}

enum bulla_status bulla_need_libpq(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, load);
  return available ? BULLA_OK
                   : bulla_explain(BULLA_UNSUPPORTED, "libpq.so.5 of PostgreSQL cannot be loaded: install libpq5");
}
