/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The system calls of the process, which can be made to fail, and which tests/crash/trace.c takes down. The program's
 * own definitions come before libc's, for bulla and for SQLite alike: so this is below SQLite's file system, and also
 * sees what bulla does beside it, as to publish a new vault and to sync its folder. Nothing here knows what is in the
 * files. */

#ifndef BULLA_TESTS_CRASH_CALLS_H
#define BULLA_TESTS_CRASH_CALLS_H

#include <stdbool.h>
#include <stddef.h>

enum crash_call {
  CRASH_READ,
  CRASH_WRITE,
  CRASH_SYNC, /* of a file or a folder */
  CRASH_RESIZE,
  CRASH_OPEN,
  CRASH_LOCK,
  CRASH_MAP, /* also what SQLite shares with other processes */
  CRASH_REMOVE,
  CRASH_RENAME,
  CRASH_LOOK, /* stat(2) and its like */
  CRASH_ALLOCATE,
};

/* A way to fail. */
struct crash_fault {
  const char *name;
  enum crash_call call;
  int error; /* errno; 0 stands for half of the bytes */
};

extern const struct crash_fault crash_faults[];
extern const size_t crash_num_faults;

/* crash_arm makes the call number |nth| (from 0) of fault->call fail, and if |lasting| all after it. crash_disarm ends
 * that and says whether one failed. Meanwhile nobody really waits. */
void crash_arm(const struct crash_fault *fault, unsigned nth, bool lasting);
bool crash_disarm(void);

#endif
