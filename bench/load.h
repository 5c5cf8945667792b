/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What the programs share that put something under load: threads of several processes do the same again and again, and
 * how often and how fast is counted. */

#ifndef BULLA_BENCH_LOAD_H
#define BULLA_BENCH_LOAD_H

#include <stdbool.h>

/* What is done. Functions that can fail return NULL for success, or a text that stays. |place| is where it is done. */
struct load_work {
  const char *(*make)(void *place);                   /* once, before all else */
  const char *(*open)(void **process, void *place);   /* in each process */
  const char *(*begin)(void **thread, void *process); /* in each thread */
  const char *(*use)(void *thread);
  const char *(*put)(void *thread); /* or NULL */
  void (*end)(void *thread);
  void (*close)(void *process);
  void (*remove)(void *place); /* once, after all else, if make succeeded */
};

/* load_main does |work| as the arguments of the program ask it to, and prints a row for each number of threads and
 * processes. Returns the exit status. */
int load_main(int argc, char **argv, const struct load_work *work, void *place);

/* load_commit_ms is how long a flush to the disk is to take, or -1: as long as it takes. */
long load_commit_ms(void);

#endif
