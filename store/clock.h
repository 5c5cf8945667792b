/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The time of day, for records and dates. */

#ifndef BULLA_STORE_CLOCK_H
#define BULLA_STORE_CLOCK_H

#include <stdint.h>
#include <time.h>

/* bulla_clock_us returns the time of day in microseconds since 1970-01-01 UTC. */
static inline int64_t bulla_clock_us(void) {
  struct timespec now;
  (void)clock_gettime(CLOCK_REALTIME, &now);
  return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* bulla_clock_s returns it in seconds. */
static inline int64_t bulla_clock_s(void) {
  return bulla_clock_us() / 1000000;
}

#endif
