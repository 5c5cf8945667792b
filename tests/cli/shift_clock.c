/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Preloaded into a process, the time of day of another machine: CLOCK_SHIFT seconds later than here. */

#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t clock_id, struct timespec *tp) {
  const char *shift = getenv("CLOCK_SHIFT");
  long result = syscall(SYS_clock_gettime, clock_id, tp);
  if (result == 0 && clock_id == CLOCK_REALTIME && shift != NULL) {
    tp->tv_sec += strtol(shift, NULL, 10);
  }
  return (int)result;
}

time_t time(time_t *timer) {
  struct timespec now;
  (void)clock_gettime(CLOCK_REALTIME, &now);
  if (timer != NULL) {
    *timer = now.tv_sec;
  }
  return now.tv_sec;
}
