/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* A kernel that refuses, and forks without a second process. The linker's --wrap ('own-kernel' in
 * fuzz/meson.build) leads here what bulla asks of the kernel and of the C library for its locked memory. */

#ifndef BULLA_FUZZ_KERNEL_H
#define BULLA_FUZZ_KERNEL_H

#include <bulla/core.h>

/* What is refused, a bit each. */
enum {
  FUZZ_NO_RESERVATION = 1 << 0, /* mmap of what becomes the arena and its guards */
  FUZZ_NO_SECRET_FILE = 1 << 1, /* memfd_secret(2) */
  FUZZ_NO_FILE_LEN = 1 << 2,    /* ftruncate of that */
  FUZZ_NO_SECRET_PAGES = 1 << 3,
  FUZZ_NO_FILE_LIMIT = 1 << 4,  /* getrlimit */
  FUZZ_LOW_FILE_LIMIT = 1 << 5, /* it allows no file at all */
  FUZZ_NO_PAGES = 1 << 6,       /* mmap of the arena without memfd_secret */
  FUZZ_NO_LOCK = 1 << 7,
  FUZZ_NO_DONTDUMP = 1 << 8,
  FUZZ_NO_DONTFORK = 1 << 9,
  FUZZ_NO_WIPEONFORK = 1 << 10,
  FUZZ_NO_PAGE = 1 << 11, /* mmap of anything else */
  FUZZ_NO_RANDOM = 1 << 12,
  FUZZ_NO_HEAP = 1 << 13, /* calloc */
  FUZZ_REFUSALS = (1 << 14) - 1,
  FUZZ_NO_SECRETMEM =
      FUZZ_NO_SECRET_FILE | FUZZ_NO_FILE_LEN | FUZZ_NO_SECRET_PAGES | FUZZ_NO_FILE_LIMIT | FUZZ_LOW_FILE_LIMIT,
};

/* The arena, as the kernel knows it. */
struct fuzz_arena {
  uint8_t *reserved; /* NULL if there is none */
  size_t reserved_len;
  bool secret; /* its pages are memfd_secret's */
  bool dontdump;
  bool dontfork;
};

extern struct fuzz_kernel {
  unsigned refused;
  struct fuzz_arena arena;
} fuzz_kernel;

/* fuzz_fork makes this process to bulla what a child of it would be after fork(2): the handlers for forks run,
 * pages of MADV_WIPEONFORK read as zero, those of MADV_DONTFORK are not there. */
void fuzz_fork(void);

/* fuzz_aborts says whether |function| ends the process by abort(3). If so, this is from then on another process,
 * as after fuzz_fork. */
bool fuzz_aborts(void (*function)(void *arg), void *arg);

#endif
