/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What a process did to the files of one folder, as a list of events. Files that end in -shm are left out: nothing of
 * them outlives the machine. */

#ifndef BULLA_TESTS_CRASH_TRACE_H
#define BULLA_TESTS_CRASH_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define CRASH_NAME_MAX 80

enum crash_event_kind {
  CRASH_WROTE,
  CRASH_RESIZED,
  CRASH_SYNCED,
  CRASH_NAMED, /* the file got |name| */
  CRASH_RENAMED,
  CRASH_UNNAMED,
  CRASH_FOLDER_SYNCED,
  CRASH_BEGAN,  /* operation |number| */
  CRASH_OPENED, /* it handed out a plaintext */
  CRASH_DONE,   /* it returned */
};

struct crash_event {
  enum crash_event_kind kind;
  size_t file; /* files count from 0 in the order in which they were made or found */
  size_t at;
  size_t len; /* of |bytes|, or the new length */
  uint8_t *bytes;
  size_t number;
  char name[CRASH_NAME_MAX];
  char old_name[CRASH_NAME_MAX];
};

struct crash_trace {
  struct crash_event *events;
  size_t num;
  size_t room;
  size_t num_files;
  size_t num_found; /* events of what was there at the beginning, as if it were made and synced */
};

/* crash_trace_begin begins to take down what happens in |folder|; crash_trace_end ends it and returns the list, which
 * crash_trace_free frees. */
void crash_trace_begin(const char *folder);
struct crash_trace crash_trace_end(void);
void crash_trace_free(struct crash_trace *trace);

/* crash_mark adds an event of the operation |number|. */
void crash_mark(enum crash_event_kind kind, size_t number);

/* For tests/crash/calls.c, after each call. */
bool crash_is_traced(void);
void crash_saw_write(int file, const void *bytes, ssize_t len, off_t at);
void crash_saw_sync(int file, int result);
void crash_saw_resize(int file, off_t len, int result);
void crash_saw_open(const char *path, int flags, int file);
void crash_saw_unlink(const char *path, int result);
void crash_saw_rename(const char *from, const char *to, int result);
void crash_saw_link(const char *from, const char *to, int result);

#endif
