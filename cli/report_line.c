/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See cli/report_line.h. */

#include "cli/report_line.h"

#include <string.h>

#include "cli/when.h"

#define MINUTE INT64_C(60000000)

/* How many times wider the bars after those of |width| are: 1, 5, 15 minutes, 1, 3, 6, 12 hours, a day, two, four… */
static int64_t next_factor(int64_t width) {
  static const int64_t factors[][2] = {{MINUTE, 5}, {5 * MINUTE, 3}, {15 * MINUTE, 4}, {60 * MINUTE, 3}};
  for (size_t i = 0; i < sizeof(factors) / sizeof(factors[0]); i++) {
    if (factors[i][0] == width) {
      return factors[i][1];
    }
  }
  return 2;
}

static void add_bar(struct bulla_report_bar *bar, const struct bulla_report_bar *other) {
  bar->opened += other->opened;
  bar->changed += other->changed;
  bar->refused += other->refused;
}

/* Makes the bars wider: each new one is the sum of some old ones. */
static void widen(struct bulla_report_line *line) {
  struct bulla_report_bar bars[BULLA_REPORT_BARS];
  int64_t factor = next_factor(line->width);
  int64_t first = bulla_when_floor(line->first, factor);
  size_t num = 0;
  memset(bars, 0, sizeof(bars));
  for (size_t i = 0; i < line->num; i++) {
    num = (size_t)(bulla_when_floor(line->first + (int64_t)i, factor) - first);
    add_bar(&bars[num], &line->bars[i]);
  }
  memcpy(line->bars, bars, sizeof(bars));
  line->first = first;
  line->width *= factor;
  line->num = line->num > 0 ? num + 1 : 0;
}

/* Has the line begin |num| bars earlier, if there is room for them. */
static bool begin_earlier(struct bulla_report_line *line, int64_t num) {
  if (num > BULLA_REPORT_BARS - (int64_t)line->num) {
    return false;
  }
  memmove(line->bars + num, line->bars, line->num * sizeof(line->bars[0]));
  memset(line->bars, 0, (size_t)num * sizeof(line->bars[0]));
  line->first -= num;
  line->num += (size_t)num;
  return true;
}

/* Makes the line such that |time| is in it, and returns its bar. */
static struct bulla_report_bar *find_bar(struct bulla_report_line *line, int64_t time) {
  if (line->width == 0) {
    line->width = MINUTE;
    line->first = bulla_when_floor(time, MINUTE);
  }
  for (;;) {
    int64_t at = bulla_when_floor(time, line->width) - line->first;
    if (at >= 0 && at < BULLA_REPORT_BARS) {
      line->num = (size_t)at >= line->num ? (size_t)at + 1 : line->num;
      return &line->bars[at];
    }
    if (at >= 0 || !begin_earlier(line, -at)) {
      widen(line);
    }
  }
}

void bulla_report_line_add(struct bulla_report_line *line, int64_t time, const struct bulla_report_counts *counts) {
  time = time > line->most ? line->most : time;
  struct bulla_report_bar *bar = find_bar(line, time < line->least ? line->least : time);
  bar->opened += counts->granted;
  bar->changed += counts->changes;
  bar->refused += bulla_report_refused(counts);
  /* What failed was granted before, as a rule in the same bar. */
  bar->opened -= bar->opened >= counts->failed ? counts->failed : 0;
}
