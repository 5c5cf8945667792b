/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Counts what a thread asks of the heap: these functions take the place of libc's in this program and in the
 * libraries that are linked with it. BoringSSL, which is loaded in a scope of its own, goes past them;
 * bench/instructions.py counts its calls too. */

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "bench/shim.h"

/* libc's own, by the names that it keeps for those who replace the others. */
extern void *libc_malloc(size_t size) __asm__("__libc_malloc");
extern void *libc_calloc(size_t num, size_t size) __asm__("__libc_calloc");
extern void *libc_realloc(void *old, size_t size) __asm__("__libc_realloc");
extern void *libc_memalign(size_t alignment, size_t size) __asm__("__libc_memalign");

void *memalign(size_t alignment, size_t size); /* <malloc.h> declares what this file is to define */

static _Thread_local size_t num_requests;

size_t bench_allocations(void) {
  return num_requests;
}

void *malloc(size_t size) {
  num_requests++;
  return libc_malloc(size);
}

void *calloc(size_t nmemb, size_t size) {
  num_requests++;
  return libc_calloc(nmemb, size);
}

void *realloc(void *ptr, size_t size) {
  num_requests++;
  return libc_realloc(ptr, size);
}

void *reallocarray(void *ptr, size_t nmemb, size_t size) {
  num_requests++;
  if (size != 0 && nmemb > SIZE_MAX / size) {
    errno = ENOMEM;
    return NULL;
  }
  return libc_realloc(ptr, nmemb * size);
}

void *memalign(size_t alignment, size_t size) {
  num_requests++;
  return libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
  return memalign(alignment, size);
}

int posix_memalign(void **memptr, size_t alignment, size_t size) {
  *memptr = memalign(alignment, size);
  return *memptr == NULL ? ENOMEM : 0;
}
