/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* A file system in memory for SQLite, as sqlite3_vfs_register takes one, that fails where it is told to. It is
 * made the default, so what bulla itself opens goes to it, by the code that every vault goes through. For one thread,
 * and connections that are idle while another works. */

#ifndef BULLA_FUZZ_MEMORY_VFS_H
#define BULLA_FUZZ_MEMORY_VFS_H

#include "core/cursor.h"

/* What fails. All but FUZZ_FAULT_NONE strike at the nth call of their kind. */
enum fuzz_fault {
  FUZZ_FAULT_NONE,
  FUZZ_FAULT_WRITE, /* one write, of which half is done */
  FUZZ_FAULT_FULL,  /* every write from then on: the disk is full */
  FUZZ_FAULT_SYNC,  /* one sync, which did nothing */
  FUZZ_FAULT_READ,  /* one read */
  FUZZ_FAULT_OPEN,  /* one opening, deletion, or look whether a file is there */
  FUZZ_FAULT_LOCK,  /* every lock from then on: somebody else has it and does not let go */
  FUZZ_FAULT_CRASH, /* the process ends in the middle of a change to a file: nothing works from then on */
  FUZZ_NUM_FAULTS,
};

/* fuzz_vfs_register makes this the default file system, once. */
void fuzz_vfs_register(void);

/* fuzz_vfs_never_loses_power saves the work of what is for fuzz_vfs_revive(true), which is then not to be called. */
void fuzz_vfs_never_loses_power(void);

/* fuzz_vfs_load makes |bytes| the file |name|, durably. */
void fuzz_vfs_load(const char *name, struct bulla_span bytes);

/* fuzz_vfs_put puts |bytes| at an offset of the file |name|, durably, in place of as many that are there. */
void fuzz_vfs_put(const char *name, size_t at, struct bulla_span bytes);

/* fuzz_vfs_clear removes every file; one that is open becomes empty, and so does the shared memory. A connection
 * that is idle has then forgotten what it has read, as SQLite sees another state there, and reads what is loaded.
 */
void fuzz_vfs_clear(void);

/* fuzz_vfs_bytes returns what is in the file whose name ends in |ending|, until it changes; empty if there is
 * none. */
struct bulla_span fuzz_vfs_bytes(const char *ending);

/* fuzz_vfs_arm has |fault| strike at the call number |countdown|, counted from 0. */
void fuzz_vfs_arm(enum fuzz_fault fault, unsigned countdown);

/* fuzz_vfs_disarm takes it back, and says whether it has struck. */
bool fuzz_vfs_disarm(void);

/* fuzz_vfs_dead says whether a FUZZ_FAULT_CRASH has struck. */
bool fuzz_vfs_dead(void);

/* fuzz_vfs_revive begins the next process: what was in shared memory is gone, and if |lost_power| what was not
 * synced. A connection that is still open and idle then reads everything anew, as a new one would. */
void fuzz_vfs_revive(bool lost_power);

#endif
