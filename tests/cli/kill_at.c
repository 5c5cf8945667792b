/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Preloaded into the command, for tests/cli/test_move.py: kill -9 before the call number KILL_AT of those that change a
 * file or say something to a server. Without a number all are counted, and the count is written to the file
 * KILL_COUNT. */

/* Both names of what takes an offset are defined here, and headers would make one of them. */
#undef _FILE_OFFSET_BITS

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static long num_calls;
static long kill_at;

__attribute__((constructor)) static void begin(void) {
  const char *text = getenv("KILL_AT");
  kill_at = text != NULL ? strtol(text, NULL, 10) : 0;
}

__attribute__((destructor)) static void end(void) {
  const char *path = getenv("KILL_COUNT");
  FILE *file = path != NULL ? fopen(path, "we") : NULL;
  if (file != NULL) {
    (void)fprintf(file, "%ld\n", num_calls);
    (void)fclose(file);
  }
}

static void count(void) {
  if (++num_calls == kill_at) {
    (void)kill(getpid(), SIGKILL);
  }
}

ssize_t pwrite(int fd, const void *buf, size_t n, off_t offset) {
  count();
  return syscall(SYS_pwrite64, fd, buf, n, offset);
}

ssize_t pwrite64(int fd, const void *buf, size_t n, off64_t offset) {
  count();
  return syscall(SYS_pwrite64, fd, buf, n, offset);
}

ssize_t write(int fd, const void *buf, size_t n) {
  count();
  return syscall(SYS_write, fd, buf, n);
}

ssize_t send(int fd, const void *buf, size_t n, int flags) {
  count();
  return syscall(SYS_sendto, fd, buf, n, flags, NULL, 0);
}

int fdatasync(int fildes) {
  count();
  return (int)syscall(SYS_fdatasync, fildes);
}

int fsync(int fd) {
  count();
  return (int)syscall(SYS_fsync, fd);
}

int ftruncate(int fd, off_t length) {
  count();
  return (int)syscall(SYS_ftruncate, fd, length);
}

int ftruncate64(int fd, off64_t length) {
  count();
  return (int)syscall(SYS_ftruncate, fd, length);
}

int unlink(const char *name) {
  count();
  return (int)syscall(SYS_unlink, name);
}

int link(const char *from, const char *to) {
  count();
  return (int)syscall(SYS_link, from, to);
}

int rename(const char *old, const char *new) {
  count();
  return (int)syscall(SYS_rename, old, new);
}
