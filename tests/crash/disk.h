/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What a disk may hold after the power went at some point of a trace: all that was synced, and of the rest any part.
 * That rest is kept or lost by sectors of 512 bytes, in any order, some of them written by half; so are names in the
 * folder, lengths of files, and what a file has where it became longer. */

#ifndef BULLA_TESTS_CRASH_DISK_H
#define BULLA_TESTS_CRASH_DISK_H

#include "tests/crash/support.h"
#include "tests/crash/trace.h"

struct crash_disk;

/* crash_disk_new returns the disk before the first event of |trace|, which must outlive it. One that |lies| does
 * so from some operation on: it forgets also what was synced. */
struct crash_disk *crash_disk_new(const struct crash_trace *trace, bool lies);
void crash_disk_free(struct crash_disk *disk);

/* crash_disk_step goes on by one event and returns it, or NULL at the end. */
const struct crash_event *crash_disk_step(struct crash_disk *disk);

/* crash_disk_write empties |folder| and writes there what may be left. Returns a hash of it. */
uint64_t crash_disk_write(const struct crash_disk *disk, struct crash_random *random, const char *folder);

#endif
