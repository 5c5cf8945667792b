/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See tests/crash/trace.h. */

#include "tests/crash/trace.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/crash/support.h"

enum { MAX_FILES = 64 };

static struct {
  bool on;
  char folder[CRASH_PATH_MAX];
  dev_t device;
  ino_t folder_inode;
  ino_t inodes[MAX_FILES];
  struct crash_trace trace;
} now;

bool crash_is_traced(void) {
  return now.on;
}

static struct crash_event *add(enum crash_event_kind kind) {
  struct crash_trace *trace = &now.trace;
  if (trace->num == trace->room) {
    trace->room = trace->room * 2 + 256;
    trace->events = crash_check_pointer(realloc(trace->events, trace->room * sizeof(*trace->events)));
  }
  struct crash_event *event = &trace->events[trace->num++];
  memset(event, 0, sizeof(*event));
  event->kind = kind;
  return event;
}

/* Sets |*file| to the file that is open as |descriptor|, or returns false. An inode may be that of an earlier file,
 * which is gone. */
static bool find_file(size_t *file, int descriptor) {
  struct stat seen;
  if (!now.on || fstat(descriptor, &seen) != 0 || seen.st_dev != now.device) {
    return false;
  }
  for (*file = now.trace.num_files; *file > 0 && now.inodes[*file - 1] != seen.st_ino; --*file) {
  }
  return (*file)-- > 0;
}

/* Returns the name in the folder that |path| is, or NULL. */
static const char *name_of(const char *path) {
  size_t len = strlen(now.folder);
  if (!now.on || strncmp(path, now.folder, len) != 0 || path[len] != '/') {
    return NULL;
  }
  size_t path_len = strlen(path);
  return strcmp(path + path_len - 4, "-shm") == 0 ? NULL : path + len + 1;
}

static void set_name(char copy[CRASH_NAME_MAX], const char *name) {
  int len = snprintf(copy, CRASH_NAME_MAX, "%s", name);
  CRASH_ASSERT(len > 0 && len < CRASH_NAME_MAX);
}

static size_t add_file(const char *name, ino_t inode) {
  CRASH_ASSERT(now.trace.num_files < MAX_FILES);
  size_t file = now.trace.num_files++;
  now.inodes[file] = inode;
  struct crash_event *event = add(CRASH_NAMED);
  event->file = file;
  set_name(event->name, name);
  return file;
}

static void add_write(size_t file, const void *bytes, size_t len, size_t at) {
  struct crash_event *event = add(CRASH_WROTE);
  event->file = file;
  event->at = at;
  event->len = len;
  event->bytes = crash_check_pointer(malloc(len + 1));
  memcpy(event->bytes, bytes, len);
}

void crash_saw_write(int descriptor, const void *bytes, ssize_t len, off_t at) {
  size_t file;
  if (len > 0 && find_file(&file, descriptor)) {
    add_write(file, bytes, (size_t)len, (size_t)at);
  }
}

void crash_saw_sync(int descriptor, int result) {
  size_t file;
  struct stat seen;
  if (!now.on || result != 0) {
    return;
  }
  if (find_file(&file, descriptor)) {
    add(CRASH_SYNCED)->file = file;
  } else if (fstat(descriptor, &seen) == 0 && seen.st_dev == now.device && seen.st_ino == now.folder_inode) {
    add(CRASH_FOLDER_SYNCED);
  }
}

void crash_saw_resize(int descriptor, off_t len, int result) {
  size_t file;
  if (result == 0 && find_file(&file, descriptor)) {
    struct crash_event *event = add(CRASH_RESIZED);
    event->file = file;
    event->len = (size_t)len;
  }
}

void crash_saw_open(const char *path, int flags, int descriptor) {
  struct stat seen;
  size_t file;
  const char *name = name_of(path);
  if (name == NULL || descriptor < 0 || (flags & O_CREAT) == 0 || fstat(descriptor, &seen) != 0) {
    return;
  }
  /* One that was there has a name that was not removed since. */
  bool known = find_file(&file, descriptor);
  for (size_t i = now.trace.num; known && i > 0; i--) {
    const struct crash_event *event = &now.trace.events[i - 1];
    if (event->kind == CRASH_UNNAMED && strcmp(event->name, name) == 0) {
      known = false;
    } else if ((event->kind == CRASH_NAMED || event->kind == CRASH_RENAMED) && strcmp(event->name, name) == 0) {
      break;
    }
  }
  if (!known) {
    add_file(name, seen.st_ino);
  }
}

void crash_saw_unlink(const char *path, int result) {
  const char *name = name_of(path);
  if (name != NULL && result == 0) {
    set_name(add(CRASH_UNNAMED)->name, name);
  }
}

void crash_saw_rename(const char *from, const char *to, int result) {
  const char *name = name_of(to);
  const char *old_name = name_of(from);
  if (name != NULL && old_name != NULL && result == 0) {
    struct crash_event *event = add(CRASH_RENAMED);
    set_name(event->name, name);
    set_name(event->old_name, old_name);
  }
}

/* The only call that makes a link names the file anew and then removes the old name. */
void crash_saw_link(const char *from, const char *to, int result) {
  crash_saw_rename(from, to, result);
}

void crash_mark(enum crash_event_kind kind, size_t number) {
  if (now.on) {
    add(kind)->number = number;
  }
}

static void find(const char *name) {
  char path[CRASH_PATH_MAX];
  size_t len = 0;
  crash_path(path, now.folder, name);
  uint8_t *bytes = crash_read_file(path, &len);
  struct stat seen;
  CRASH_ASSERT(stat(path, &seen) == 0);
  size_t file = add_file(name, seen.st_ino);
  add_write(file, bytes, len, 0);
  add(CRASH_SYNCED)->file = file;
  free(bytes);
}

void crash_trace_begin(const char *folder) {
  struct stat seen;
  CRASH_ASSERT(stat(folder, &seen) == 0);
  memset(&now, 0, sizeof(now));
  (void)snprintf(now.folder, sizeof(now.folder), "%s", folder);
  now.device = seen.st_dev;
  now.folder_inode = seen.st_ino;
  DIR *names = opendir(folder);
  CRASH_ASSERT(names != NULL);
  for (const struct dirent *entry = readdir(names); entry != NULL; entry = readdir(names)) {
    if (entry->d_name[0] != '.') {
      find(entry->d_name);
    }
  }
  (void)closedir(names);
  add(CRASH_FOLDER_SYNCED);
  now.trace.num_found = now.trace.num;
  now.on = true;
}

struct crash_trace crash_trace_end(void) {
  now.on = false;
  return now.trace;
}

void crash_trace_free(struct crash_trace *trace) {
  for (size_t i = 0; i < trace->num; i++) {
    free(trace->events[i].bytes);
  }
  free(trace->events);
  memset(trace, 0, sizeof(*trace));
}
