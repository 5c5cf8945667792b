/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The time of day, for records and dates. */

#ifndef BULLA_STORE_CLOCK_H
#define BULLA_STORE_CLOCK_H

#include <stdint.h>
#include <time.h>

#define BULLA_CLOCK_MAX INT64_C(253402300799) /* seconds: the last one of the year 9999 */

/* bulla_clock_us returns the time of day in microseconds since 1970-01-01 UTC. A clock before the first second,
 * or after the year 9999, counts as the nearest: what is signed with a time must have one that can be read. */
static inline int64_t bulla_clock_us(void) {
  struct timespec now;
  (void)clock_gettime(CLOCK_REALTIME, &now);
  if (now.tv_sec < 1 || now.tv_sec > BULLA_CLOCK_MAX) {
    return (now.tv_sec < 1 ? 1 : BULLA_CLOCK_MAX) * 1000000;
  }
  return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* bulla_clock_monotonic_ms returns milliseconds of a clock that nobody sets, for deadlines. */
static inline int64_t bulla_clock_monotonic_ms(void) {
  struct timespec now;
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* bulla_clock_s returns it in seconds. */
static inline int64_t bulla_clock_s(void) {
  return bulla_clock_us() / 1000000;
}

#endif
