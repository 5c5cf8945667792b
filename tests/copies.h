/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Copies of the whole process, as of a virtual machine that is copied while it runs. */

#ifndef BULLA_TESTS_COPIES_H
#define BULLA_TESTS_COPIES_H

#ifdef __x86_64__
#include <cpuid.h>
#endif
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support.h"

/* test_let_children_be_copies has each fork copy the memory that it would wipe or leave out, as a virtual machine's
 * copy does. */
static inline void test_let_children_be_copies(void) {
  FILE *file = fopen("/proc/self/smaps", "r");
  char line[512];
  void *start = NULL;
  void *end = NULL;
  size_t num = 0;
  cr_assert_not_null(file);
  while (fgets(line, sizeof(line), file) != NULL) {
    void *from;
    void *to;
    if (sscanf(line, "%p-%p ", &from, &to) == 2) {
      start = from;
      end = to;
    }
    if (strncmp(line, "VmFlags:", 8) == 0 && strstr(line, " wf") != NULL) {
      cr_assert_eq(madvise(start, (size_t)((char *)end - (char *)start), MADV_KEEPONFORK), 0);
      num++;
    }
    if (strncmp(line, "VmFlags:", 8) == 0 && strstr(line, " dc") != NULL) {
      cr_assert_eq(madvise(start, (size_t)((char *)end - (char *)start), MADV_DOFORK), 0);
    }
  }
  fclose(file);
  cr_assert_gt(num, 0, "no memory is wiped on fork");
}

/* test_mixed_word returns what was mixed into |nonce|, which was |drawn|. */
static inline uint64_t test_mixed_word(const uint8_t *nonce, const uint8_t *drawn) {
  uint64_t word;
  uint64_t before;
  memcpy(&word, nonce, sizeof(word));
  memcpy(&before, drawn, sizeof(before));
  return word ^ before;
}

/* test_has_rdrand says whether the processor has random words to mix into nonces. */
static inline bool test_has_rdrand(void) {
#ifdef __x86_64__
  unsigned a;
  unsigned b;
  unsigned c = 0;
  unsigned d;
  return __get_cpuid(1, &a, &b, &c, &d) == 1 && (c & bit_RDRND) != 0;
#else
  return false;
#endif
}

#endif
