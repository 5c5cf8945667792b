/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See cli/when.h. */

#include "cli/when.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/word.h"

enum { MICROS = 1000000, DAY = BULLA_SECONDS_PER_DAY };

/* Takes |len| digits that no other follows. */
static bool take_digits(int64_t *number, const char **at, size_t len) {
  const char *begin = *at;
  return bulla_word_digits(number, at) && *at == begin + len;
}

/* Takes |mark| and two digits up to |max|. */
static bool take_two(int64_t *number, const char **at, char mark, int64_t max) {
  bool marked = **at == mark;
  *at += marked ? 1 : 0;
  return marked && take_digits(number, at, 2) && *number <= max;
}

/* Takes the part of a second behind a point, of which microseconds count. */
static bool take_fraction(int64_t *micros, const char **at) {
  if (**at != '.') {
    return true;
  }
  *at += 1;
  const char *begin = *at;
  for (int64_t unit = MICROS / 10; **at >= '0' && **at <= '9'; unit /= 10) {
    *micros += (**at - '0') * unit;
    *at += 1;
  }
  return *at > begin && *at <= begin + 18;
}

/* A time of day, or none: that is midnight. */
static bool read_time_of_day(int64_t *micros, const char *at) {
  int64_t hour;
  int64_t minute;
  int64_t second = 0;
  int64_t fraction = 0;
  *micros = 0;
  if (*at == '\0') {
    return true;
  }
  char mark = 'T';
  if (*at == ' ' || *at == 't') {
    mark = *at;
  }
  if (!take_two(&hour, &at, mark, 23) || !take_two(&minute, &at, ':', 59)) {
    return false;
  }
  if (*at == ':' && (!take_two(&second, &at, ':', 59) || !take_fraction(&fraction, &at))) {
    return false;
  }
  *micros = ((hour * 60 + minute) * 60 + second) * MICROS + fraction;
  at += *at == 'Z' || *at == 'z' ? 1 : 0;
  return *at == '\0';
}

/* Takes YYYY-MM-DD, and sets |day|, counted since 1970. */
static bool take_date(int64_t *day, const char **at) {
  int64_t year;
  int64_t month;
  int64_t in_month;
  if (!take_digits(&year, at, 4) || !take_two(&month, at, '-', 12) || !take_two(&in_month, at, '-', 31)) {
    return false;
  }
  struct tm parts = {.tm_year = (int)year - 1900, .tm_mon = (int)month - 1, .tm_mday = (int)in_month};
  *day = bulla_when_floor((int64_t)timegm(&parts), DAY);
  /* The 31st of a month of 30 days would be another day. */
  return parts.tm_mday == in_month && parts.tm_mon == month - 1;
}

bool bulla_when_date(int64_t *day, const char *text) {
  return take_date(day, &text) && *text == '\0';
}

static bool read_time(int64_t *micros, const char *text) {
  int64_t day;
  int64_t in_day;
  if (!take_date(&day, &text) || !read_time_of_day(&in_day, text)) {
    return false;
  }
  *micros = day * DAY * MICROS + in_day;
  return true;
}

int64_t bulla_when_unit(char unit) {
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
  if (!bulla_word_digits(&number, &at) || at - text > 12) {
    return false;
  }
  if (*at == '\0') {
    *micros = number * MICROS;
    return true;
  }
  int64_t unit = bulla_when_unit(*at);
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
  return read_time(micros, text) || read_number(micros, text, now);
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
