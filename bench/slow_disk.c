/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Preloaded into a database server, a disk of a known speed: a flush takes BENCH_COMMIT_MS milliseconds, and does
 * nothing. */

#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static int flush(void) {
  const char *text = getenv("BENCH_COMMIT_MS");
  long milliseconds = text != NULL ? strtol(text, NULL, 10) : 1;
  struct timespec pause = {milliseconds / 1000, milliseconds % 1000 * 1000000};
  while (nanosleep(&pause, &pause) != 0 && errno == EINTR) { /* a flush is not interrupted */
  }
  return 0;
}

int fdatasync(int fildes) {
  (void)fildes;
  return flush();
}

int fsync(int fd) {
  (void)fd;
  return flush();
}
