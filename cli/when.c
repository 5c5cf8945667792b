/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See cli/when.h. */

#include "cli/when.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { MICROS = 1000000, DAY = 86400 };

/* Takes the digits at |*at|, up to |max_digits|, or returns false without one. */
static bool take_digits(int64_t *number, const char **at, size_t max_digits) {
  size_t num = 0;
  *number = 0;
  for (; num < max_digits && **at >= '0' && **at <= '9'; num++) {
    *number = *number * 10 + (**at - '0');
    *at += 1;
  }
  return num > 0;
}

/* Takes |mark| and two digits up to |max|. */
static bool take_two(int *number, const char **at, char mark, int64_t max) {
  int64_t found;
  if (**at != mark) {
    return false;
  }
  *at += 1;
  const char *begin = *at;
  if (!take_digits(&found, at, 2) || *at != begin + 2 || found > max) {
    return false;
  }
  *number = (int)found;
  return true;
}

/* Takes the part of a second behind a point, of which microseconds count. */
static bool take_fraction(int64_t *micros, const char **at) {
  if (**at != '.') {
    return true;
  }
  *at += 1;
  const char *begin = *at;
  if (!take_digits(micros, at, 6)) {
    return false;
  }
  for (int64_t num = *at - begin; num < 6; num++) {
    *micros *= 10;
  }
  int64_t ignored;
  (void)take_digits(&ignored, at, 12);
  return true;
}

/* A time of day, or none: that is midnight. */
static bool read_time_of_day(struct tm *parts, int64_t *micros, const char *at) {
  if (*at == '\0') {
    return true;
  }
  char mark = 'T';
  if (*at == ' ' || *at == 't') {
    mark = *at;
  }
  if (!take_two(&parts->tm_hour, &at, mark, 23) || !take_two(&parts->tm_min, &at, ':', 59)) {
    return false;
  }
  if (*at == ':' && (!take_two(&parts->tm_sec, &at, ':', 59) || !take_fraction(micros, &at))) {
    return false;
  }
  at += *at == 'Z' || *at == 'z' ? 1 : 0;
  return *at == '\0';
}

static bool read_date(int64_t *micros, const char *text) {
  struct tm parts = {0};
  const char *at = text;
  int64_t year;
  int64_t fraction = 0;
  if (!take_digits(&year, &at, 4) || at != text + 4 || !take_two(&parts.tm_mon, &at, '-', 12) ||
      !take_two(&parts.tm_mday, &at, '-', 31) || !read_time_of_day(&parts, &fraction, at)) {
    return false;
  }
  parts.tm_year = (int)year - 1900;
  parts.tm_mon -= 1;
  struct tm same = parts;
  /* The 31st of a month of 30 days would be another day. */
  time_t seconds = timegm(&same);
  if (same.tm_mday != parts.tm_mday || same.tm_mon != parts.tm_mon) {
    return false;
  }
  *micros = (int64_t)seconds * MICROS + fraction;
  return true;
}

/* How many seconds the letter |unit| stands for, 0 if for none. */
static int64_t unit_seconds(char unit) {
  switch (unit) {
    case 's':
      return 1;
    case 'm':
      return 60;
    case 'h':
      return 3600;
    case 'd':
      return DAY;
    case 'w':
      return 7 * (int64_t)DAY;
    default:
      return 0;
  }
}

/* Seconds since 1970, or how many of a unit before |now|. */
static bool read_number(int64_t *micros, const char *text, int64_t now) {
  const char *at = text;
  int64_t number;
  if (!take_digits(&number, &at, 12)) {
    return false;
  }
  if (*at == '\0') {
    *micros = number * MICROS;
    return true;
  }
  int64_t unit = unit_seconds(*at);
  return at[1] == '\0' && unit > 0 && !__builtin_mul_overflow(number, unit * MICROS, &number) &&
         !__builtin_sub_overflow(now, number, micros);
}

bool bulla_when_read(int64_t *micros, const char *text, int64_t now) {
  int64_t midnight = bulla_when_floor(now, (int64_t)DAY * MICROS) * DAY * MICROS;
  if (strcmp(text, "now") == 0) {
    *micros = now;
    return true;
  }
  if (strcmp(text, "today") == 0 || strcmp(text, "yesterday") == 0) {
    *micros = midnight - (text[0] == 'y' ? (int64_t)DAY * MICROS : 0);
    return true;
  }
  return read_date(micros, text) || read_number(micros, text, now);
}

bool bulla_when_text(char room[BULLA_WHEN_TEXT_MAX], int64_t seconds, int64_t micros) {
  struct tm parts = {0};
  time_t when = (time_t)seconds;
  if (gmtime_r(&when, &parts) == NULL || parts.tm_year < -1900 || parts.tm_year > 9999 - 1900) {
    return false;
  }
  size_t len = (size_t)snprintf(room, BULLA_WHEN_TEXT_MAX, "%04d", parts.tm_year + 1900);
  len += strftime(room + len, BULLA_WHEN_TEXT_MAX - len, "-%m-%dT%H:%M:%S", &parts);
  if (micros >= 0) {
    len += (size_t)snprintf(room + len, BULLA_WHEN_TEXT_MAX - len, ".%06lld", (long long)micros);
  }
  (void)snprintf(room + len, BULLA_WHEN_TEXT_MAX - len, "Z");
  return true;
}
