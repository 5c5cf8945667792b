/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What the parts of the crash tests share. */

#ifndef BULLA_TESTS_CRASH_SUPPORT_H
#define BULLA_TESTS_CRASH_SUPPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define CRASH_PATH_MAX 256

/* CRASH_ASSERT ends the program if the harness itself does not hold together. */
#define CRASH_ASSERT(condition) ((condition) ? (void)0 : crash_die(__FILE__, __LINE__, #condition))
_Noreturn void crash_die(const char *file, int line, const char *what);
void *crash_check_pointer(void *pointer);

/* Numbers by a seed. crash_below returns one below |bound|. */
struct crash_random {
  uint64_t state;
};
uint64_t crash_next(struct crash_random *random);
size_t crash_below(struct crash_random *random, size_t bound);

/* What all processes of a run count together. */
struct crash_counts {
  uint64_t images;
  uint64_t kills;
  uint64_t faults;
  uint64_t allocations;
  uint64_t lost;       /* acknowledged and lost, or there and never asked for, or the vault does not open */
  uint64_t unrecorded; /* opened without a record */
  uint64_t forked;     /* the log does not verify */
  uint64_t over;       /* time is up */
};
extern struct crash_counts *crash_counts;
void crash_add(uint64_t *count);

enum crash_verdict { CRASH_GOOD, CRASH_LOST, CRASH_UNRECORDED, CRASH_FORKED };

extern bool crash_quiet; /* for what is to be found */

/* crash_report counts a verdict that is not good, and says what was found and how to see it again. */
void crash_report(enum crash_verdict verdict, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Files. crash_folder returns a new folder, which crash_remove_folder removes; crash_empty_folder removes what is in
 * it. */
char *crash_folder(void);
void crash_empty_folder(const char *folder);
size_t crash_count_files(const char *folder);
void crash_remove_folder(char *folder);
void crash_path(char path[CRASH_PATH_MAX], const char *folder, const char *name);
uint8_t *crash_read_file(const char *path, size_t *len);
void crash_write_file(const char *path, const uint8_t *bytes, size_t len);
/* crash_copy_folder makes |to| a copy of |from|, without what a restart of the machine leaves out. */
void crash_copy_folder(const char *to, const char *from);

#endif
