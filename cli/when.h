/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Points in time, in UTC: as they are written on the command line, and as they are printed. */

#ifndef BULLA_CLI_WHEN_H
#define BULLA_CLI_WHEN_H

#include <bulla/core.h>

#define BULLA_WHEN_FORMS "YYYY-MM-DD, YYYY-MM-DDTHH:MM:SS, seconds since 1970, or how long ago: 90s 30m 2h 7d 4w"

#define BULLA_WHEN_TEXT_MAX 64

/* bulla_when_read sets |micros| to the time that |text| names, in microseconds since 1970-01-01 UTC, or returns false:
 * a date, with or without a time of day as in RFC 3339, "today", "yesterday" and "now", digits alone for seconds since
 * 1970, or a number and s, m, h, d or w for that long before |now|. */
bool bulla_when_read(int64_t *micros, const char *text, int64_t now);

/* bulla_when_date sets |day|, counted since 1970-01-01, to YYYY-MM-DD, or returns false if there is no such day. */
bool bulla_when_date(int64_t *day, const char *text);

/* bulla_when_unit returns how many seconds the letter |unit|, s, m, h, d or w, stands for; 0 for any other. */
int64_t bulla_when_unit(char unit);

/* bulla_when_text fills |room| with |seconds| since 1970 as RFC 3339 has it and, unless it is negative, |micros|; or
 * returns false for a year before 0 or after 9999, which it cannot say. */
bool bulla_when_text(char room[BULLA_WHEN_TEXT_MAX], int64_t seconds, int64_t micros);

/* bulla_when_floor returns |number| / |by|, rounded downwards also before 1970. */
static inline int64_t bulla_when_floor(int64_t number, int64_t by) {
  int64_t whole = number / by;
  return number % by < 0 ? whole - 1 : whole;
}

#endif
