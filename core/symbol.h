/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Functions of a library that is loaded when it is needed. */

#ifndef BULLA_CORE_SYMBOL_H
#define BULLA_CORE_SYMBOL_H

#include <dlfcn.h>
#include <stdbool.h>
#include <string.h>

/* bulla_symbol sets the pointer to a function at |function| to |name| of |library|: ISO C has no cast to one from what
 * dlsym(3) returns. Returns whether it is there. */
static inline bool bulla_symbol(void *function, void *library, const char *name) {
  void *symbol = dlsym(library, name);
  if (symbol != NULL) {
    memcpy(function, &symbol, sizeof(symbol));
  }
  return symbol != NULL;
}

#endif
