/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See tests/crash/calls.h. Each does by syscall(2) what libc's does. */

#include "tests/crash/calls.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "tests/crash/trace.h"

const struct crash_fault crash_faults[] = {
    {"read EIO", CRASH_READ, EIO},          {"read cut short", CRASH_READ, 0},
    {"write EIO", CRASH_WRITE, EIO},        {"write ENOSPC", CRASH_WRITE, ENOSPC},
    {"write cut short", CRASH_WRITE, 0},    {"sync EIO", CRASH_SYNC, EIO},
    {"resize EIO", CRASH_RESIZE, EIO},      {"resize ENOSPC", CRASH_RESIZE, ENOSPC},
    {"open EMFILE", CRASH_OPEN, EMFILE},    {"open EACCES", CRASH_OPEN, EACCES},
    {"lock EIO", CRASH_LOCK, EIO},          {"lock EAGAIN", CRASH_LOCK, EAGAIN},
    {"map ENOMEM", CRASH_MAP, ENOMEM},      {"remove EIO", CRASH_REMOVE, EIO},
    {"rename EIO", CRASH_RENAME, EIO},      {"stat EIO", CRASH_LOOK, EIO},
#ifdef CRASH_ALLOCATIONS
    {"allocation", CRASH_ALLOCATE, ENOMEM},
#endif
};
const size_t crash_num_faults = sizeof(crash_faults) / sizeof(crash_faults[0]);

static struct {
  const struct crash_fault *fault; /* NULL: nothing fails */
  unsigned countdown;
  bool lasting;
  bool struck;
} armed;

static bool is_timeless;
static int64_t slept_us;

void crash_arm(const struct crash_fault *fault, unsigned nth, bool lasting) {
  armed.countdown = nth;
  armed.lasting = lasting;
  armed.struck = false;
  armed.fault = fault;
  is_timeless = true;
}

bool crash_disarm(void) {
  armed.fault = NULL;
  is_timeless = false;
  return armed.struck;
}

static bool strikes(enum crash_call call) {
  if (armed.fault == NULL || armed.fault->call != call) {
    return false;
  }
  if (armed.countdown > 0) {
    armed.countdown--;
    return false;
  }
  errno = armed.fault->error;
  armed.struck = true;
  if (!armed.lasting) {
    armed.fault = NULL;
  }
  return true;
}

/* Returns how many of |len| bytes are transferred, at least one; or -1 with errno set. */
static ssize_t let_through(enum crash_call call, size_t len) {
  errno = 0;
  if (len == 0 || !strikes(call)) {
    return (ssize_t)len;
  }
  return errno != 0 ? -1 : (ssize_t)((len + 1) / 2);
}

static bool refused(enum crash_call call) {
  int before = errno;
  bool is = strikes(call);
  if (!is) {
    errno = before;
  }
  return is;
}

ssize_t pread64(int file, void *bytes, size_t len, off64_t at) {
  ssize_t part = let_through(CRASH_READ, len);
  return part < 0 ? -1 : syscall(SYS_pread64, file, bytes, part, at);
}

ssize_t read(int file, void *bytes, size_t len) {
  ssize_t part = let_through(CRASH_READ, len);
  return part < 0 ? -1 : syscall(SYS_read, file, bytes, part);
}

ssize_t pwrite64(int file, const void *bytes, size_t len, off64_t at) {
  ssize_t part = let_through(CRASH_WRITE, len);
  ssize_t written = part < 0 ? -1 : syscall(SYS_pwrite64, file, bytes, part, at);
  crash_saw_write(file, bytes, written, at);
  return written;
}

ssize_t write(int file, const void *bytes, size_t len) {
  ssize_t part = let_through(CRASH_WRITE, len);
  off64_t at = crash_is_traced() ? syscall(SYS_lseek, file, 0, SEEK_CUR) : 0;
  ssize_t written = part < 0 ? -1 : syscall(SYS_write, file, bytes, part);
  crash_saw_write(file, bytes, written, at);
  return written;
}

int fdatasync(int file) {
  if (refused(CRASH_SYNC)) {
    return -1;
  }
  int result = (int)syscall(SYS_fdatasync, file);
  crash_saw_sync(file, result);
  return result;
}

int fsync(int file) {
  return fdatasync(file);
}

int ftruncate64(int file, off64_t len) {
  if (refused(CRASH_RESIZE)) {
    return -1;
  }
  int result = (int)syscall(SYS_ftruncate, file, len);
  crash_saw_resize(file, len, result);
  return result;
}

int open64(const char *path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  mode_t mode = (flags & O_CREAT) != 0 ? va_arg(arguments, mode_t) : 0;
  va_end(arguments);
  if (refused(CRASH_OPEN)) {
    return -1;
  }
  int file = (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
  crash_saw_open(path, flags, file);
  return file;
}

int fcntl64(int file, int command, ...) {
  va_list arguments;
  va_start(arguments, command);
  void *argument = va_arg(arguments, void *); /* an int is passed in the same way */
  va_end(arguments);
  bool locks = command == F_SETLK || command == F_OFD_SETLK;
  if (locks && ((const struct flock *)argument)->l_type != F_UNLCK && refused(CRASH_LOCK)) {
    return -1;
  }
  return (int)syscall(SYS_fcntl, file, command, argument);
}

void *mmap64(void *address, size_t len, int rights, int flags, int file, off64_t at) {
  if (refused(CRASH_MAP)) {
    return MAP_FAILED;
  }
  return (void *)syscall(SYS_mmap, address, len, rights, flags, file, at);
}

int unlink(const char *path) {
  if (refused(CRASH_REMOVE)) {
    return -1;
  }
  int result = (int)syscall(SYS_unlink, path);
  crash_saw_unlink(path, result);
  return result;
}

int renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned flags) {
  if (refused(CRASH_RENAME)) {
    return -1;
  }
  int result = (int)syscall(SYS_renameat2, from_folder, from, to_folder, to, flags);
  crash_saw_rename(from, to, result);
  return result;
}

int link(const char *from, const char *to) {
  if (refused(CRASH_RENAME)) {
    return -1;
  }
  int result = (int)syscall(SYS_link, from, to);
  crash_saw_link(from, to, result);
  return result;
}

int fstat64(int file, struct stat64 *seen) {
  return refused(CRASH_LOOK) ? -1 : (int)syscall(SYS_fstat, file, seen);
}

int stat64(const char *path, struct stat64 *seen) {
  return refused(CRASH_LOOK) ? -1 : (int)syscall(SYS_newfstatat, AT_FDCWD, path, seen, 0);
}

int lstat64(const char *path, struct stat64 *seen) {
  return refused(CRASH_LOOK) ? -1 : (int)syscall(SYS_newfstatat, AT_FDCWD, path, seen, AT_SYMLINK_NOFOLLOW);
}

/* Who waits while something fails waits by a clock of his own, which others need not wait for. */
int usleep(useconds_t us) {
  if (is_timeless) {
    slept_us += us;
    return 0;
  }
  const struct timespec pause = {.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000};
  return (int)syscall(SYS_nanosleep, &pause, NULL);
}

int clock_gettime(clockid_t clock, struct timespec *now) {
  int result = (int)syscall(SYS_clock_gettime, clock, now);
  int64_t ns = now->tv_nsec + slept_us % 1000000 * 1000;
  now->tv_sec += slept_us / 1000000 + ns / 1000000000;
  now->tv_nsec = ns % 1000000000;
  return result;
}

#ifdef CRASH_ALLOCATIONS
/* NOLINTBEGIN(bugprone-reserved-identifier,cert-*): glibc's own, for who replaces malloc. */
void *__libc_malloc(size_t len);
void *__libc_calloc(size_t num, size_t len);
void *__libc_realloc(void *block, size_t len);
void *__libc_memalign(size_t alignment, size_t len);

/* Of bulla, of SQLite and of libc. BoringSSL is loaded with its own libc's: see fuzz/failing_crypto.c. */
void *malloc(size_t len) {
  return refused(CRASH_ALLOCATE) ? NULL : __libc_malloc(len);
}

void *calloc(size_t num, size_t len) {
  return refused(CRASH_ALLOCATE) ? NULL : __libc_calloc(num, len);
}

void *realloc(void *block, size_t len) {
  return refused(CRASH_ALLOCATE) ? NULL : __libc_realloc(block, len);
}

void *aligned_alloc(size_t alignment, size_t len) {
  return refused(CRASH_ALLOCATE) ? NULL : __libc_memalign(alignment, len);
}
/* NOLINTEND(bugprone-reserved-identifier,cert-*) */
#endif
