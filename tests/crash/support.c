/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See tests/crash/support.h. */

#include "tests/crash/support.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct crash_counts *crash_counts;
bool crash_quiet;
static size_t num_files; /* counted */

void crash_die(const char *file, int line, const char *what) {
  (void)fprintf(stderr, "%s:%d: %s\n", file, line, what);
  abort();
}

void *crash_check_pointer(void *pointer) {
  CRASH_ASSERT(pointer != NULL);
  return pointer;
}

/* SplitMix64. */
uint64_t crash_next(struct crash_random *random) {
  uint64_t z = random->state += UINT64_C(0x9e3779b97f4a7c15);
  z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
  return z ^ (z >> 31);
}

size_t crash_below(struct crash_random *random, size_t bound) {
  return (size_t)(crash_next(random) % bound);
}

void crash_add(uint64_t *count) {
  __atomic_fetch_add(count, 1, __ATOMIC_RELAXED);
}

void crash_report(enum crash_verdict verdict, const char *format, ...) {
  static const char *const names[] = {"", "lost", "opened without a record", "forked chain"};
  uint64_t *const counts[] = {NULL, &crash_counts->lost, &crash_counts->unrecorded, &crash_counts->forked};
  char text[600];
  va_list arguments;
  if (verdict == CRASH_GOOD) {
    return;
  }
  va_start(arguments, format);
  (void)vsnprintf(text, sizeof(text), format, arguments);
  va_end(arguments);
  if (__atomic_fetch_add(counts[verdict], 1, __ATOMIC_RELAXED) < 10 && !crash_quiet) {
    (void)printf("# %s: %s\n", names[verdict], text);
    (void)fflush(stdout);
  }
}

char *crash_folder(void) {
  char *folder = crash_check_pointer(malloc(64));
  (void)snprintf(folder, 64, "/dev/shm/bulla-crash-XXXXXX");
  if (mkdtemp(folder) == NULL) {
    (void)snprintf(folder, 64, "/tmp/bulla-crash-XXXXXX");
    CRASH_ASSERT(mkdtemp(folder) != NULL);
  }
  return folder;
}

void crash_path(char path[CRASH_PATH_MAX], const char *folder, const char *name) {
  int len = snprintf(path, CRASH_PATH_MAX, "%s/%s", folder, name);
  CRASH_ASSERT(len > 0 && len < CRASH_PATH_MAX);
}

/* Calls |each| with the path of each file in |folder|. */
static void walk(const char *folder, void (*each)(const char *path, const char *name, const char *arg),
                 const char *arg) {
  DIR *names = opendir(folder);
  CRASH_ASSERT(names != NULL);
  for (const struct dirent *entry = readdir(names); entry != NULL; entry = readdir(names)) {
    if (entry->d_name[0] != '.') {
      char path[CRASH_PATH_MAX];
      crash_path(path, folder, entry->d_name);
      each(path, entry->d_name, arg);
    }
  }
  (void)closedir(names);
}

static void remove_one(const char *path, const char *name, const char *arg) {
  (void)name;
  (void)arg;
  (void)unlink(path);
}

void crash_empty_folder(const char *folder) {
  walk(folder, remove_one, NULL);
}

static void count_one(const char *path, const char *name, const char *arg) {
  (void)path;
  (void)name;
  (void)arg;
  num_files++;
}

size_t crash_count_files(const char *folder) {
  num_files = 0;
  walk(folder, count_one, NULL);
  return num_files;
}

void crash_remove_folder(char *folder) {
  crash_empty_folder(folder);
  (void)rmdir(folder);
  free(folder);
}

uint8_t *crash_read_file(const char *path, size_t *len) {
  struct stat seen;
  int file = open(path, O_RDONLY | O_CLOEXEC);
  CRASH_ASSERT(file >= 0 && fstat(file, &seen) == 0);
  *len = (size_t)seen.st_size;
  uint8_t *bytes = crash_check_pointer(malloc(*len + 1));
  CRASH_ASSERT(read(file, bytes, *len) == (ssize_t)*len);
  (void)close(file);
  return bytes;
}

void crash_write_file(const char *path, const uint8_t *bytes, size_t len) {
  int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  CRASH_ASSERT(file >= 0 && write(file, bytes, len) == (ssize_t)len);
  (void)close(file);
}

static void copy_one(const char *path, const char *name, const char *arg) {
  char to[CRASH_PATH_MAX];
  size_t len;
  if (strlen(name) > 4 && strcmp(name + strlen(name) - 4, "-shm") == 0) {
    return;
  }
  uint8_t *bytes = crash_read_file(path, &len);
  crash_path(to, arg, name);
  crash_write_file(to, bytes, len);
  free(bytes);
}

void crash_copy_folder(const char *to, const char *from) {
  crash_empty_folder(to);
  walk(from, copy_one, to);
}
