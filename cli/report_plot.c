/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The plots, as SVG in the page. Sizes are in the units of the picture, which is scaled to the page. */

#include "cli/report_plot.h"

#include <string.h>

#include "cli/report_markup.h"
#include "cli/when.h"

enum {
  LINE_WIDTH = 1080,
  LINE_HEIGHT = 230,
  LINE_LEFT = 56,
  LINE_TOP = 14,
  LINE_BOTTOM = 196, /* where the bars stand */
  LINE_SLOTS = 24,   /* at least: a few bars are not as wide as the page */
  BARS_WIDTH = 540,
  BARS_LEFT = 190, /* where the bars begin, behind the names */
  BARS_RIGHT = 480,
  BARS_ROW = 26,
  BARS_MAX = 12,
  NAME_COLUMNS = 26,
};

/* The least number with one digit that is not 0, 7 or 9 and else zeros that is not less than |number|. */
static int64_t round_up(int64_t number) {
  static const int64_t steps[] = {1, 2, 3, 4, 5, 6, 8};
  for (int64_t power = 1; power < INT64_MAX / 100; power *= 10) {
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
      if (steps[i] * power >= number) {
        return steps[i] * power;
      }
    }
  }
  return number;
}

static void put_key(struct bulla_report_sink *sink, const char *kind, const char *label) {
  bulla_html_format(sink,
                    "<span class=\"key\"><svg viewBox=\"0 0 10 10\"><rect class=\"%s\" width=\"10\" height=\"10\" "
                    "rx=\"2\"/></svg>%s</span>",
                    kind, label);
}

static void put_keys(struct bulla_report_sink *sink) {
  put_key(sink, "opened", "opened");
  put_key(sink, "changed", "changed");
  put_key(sink, "refused", "not found, failed or refused");
}

/* The beginning of the bar |number|, as a date, and the time of day if bars are shorter than a day. */
static void put_time(struct bulla_report_sink *sink, const struct bulla_report_line *line, size_t number) {
  char text[BULLA_WHEN_TEXT_MAX];
  int64_t seconds = bulla_when_floor((line->first + (int64_t)number) * line->width, 1000000);
  if (!bulla_when_text(text, seconds, -1)) {
    bulla_html_format(sink, "%lld", (long long)seconds);
  } else if (line->width >= 24 * BULLA_REPORT_HOUR) {
    bulla_html_format(sink, "%.10s", text);
  } else {
    bulla_html_format(sink, "%.10s %.5s", text, text + 11);
  }
}

static int64_t total(const struct bulla_report_bar *bar) {
  return bar->opened + bar->changed + bar->refused;
}

static int64_t highest(const struct bulla_report_line *line) {
  int64_t most = 1;
  for (size_t i = 0; i < line->num; i++) {
    most = total(&line->bars[i]) > most ? total(&line->bars[i]) : most;
  }
  return round_up(most);
}

static void put_grid(struct bulla_report_sink *sink, int64_t most) {
  for (int part = 0; part <= 2; part++) {
    int y = LINE_BOTTOM - (LINE_BOTTOM - LINE_TOP) * part / 2;
    if (part == 1 && most % 2 != 0) {
      continue;
    }
    bulla_html_format(sink, "<line class=\"grid\" x1=\"%d\" x2=\"%d\" y1=\"%d\" y2=\"%d\"/>", LINE_LEFT, LINE_WIDTH, y,
                      y);
    bulla_html_format(sink, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%lld</text>\n", LINE_LEFT - 8, y + 4,
                      (long long)(most * part / 2));
  }
}

/* Puts one part of a bar upon |*y|, and moves it up. What is there can be seen, however little it is. */
static void put_part(struct bulla_report_sink *sink, const char *kind, double x, double width, double *y,
                     int64_t number, int64_t most) {
  if (number <= 0) {
    return;
  }
  double height = (double)number * (LINE_BOTTOM - LINE_TOP) / (double)most;
  height = height < 2 ? 2 : height;
  *y -= height;
  bulla_html_format(sink, "<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>", kind, x, *y,
                    width, height);
}

static void put_bar(struct bulla_report_sink *sink, const struct bulla_report_line *line, size_t number, double slot,
                    int64_t most) {
  const struct bulla_report_bar *bar = &line->bars[number];
  double x = LINE_LEFT + slot * (double)number;
  double width = slot > 3 ? slot - 2 : slot;
  double y = LINE_BOTTOM;
  if (total(bar) == 0) {
    return;
  }
  bulla_html_put(sink, "<g><title>");
  put_time(sink, line, number);
  bulla_html_format(sink, ": %lld opened, %lld changed, %lld refused</title>", (long long)bar->opened,
                    (long long)bar->changed, (long long)bar->refused);
  put_part(sink, "opened", x, width, &y, bar->opened, most);
  put_part(sink, "changed", x, width, &y, bar->changed, most);
  put_part(sink, "refused", x, width, &y, bar->refused, most);
  bulla_html_put(sink, "</g>\n");
}

static void put_axis(struct bulla_report_sink *sink, const struct bulla_report_line *line, double slot, size_t slots) {
  static const char *const anchors[] = {"start", "middle", "end"};
  for (size_t i = 0; i < 3; i++) {
    size_t number = (slots - 1) * i / 2;
    double x = LINE_LEFT + slot * ((double)number + (i == 0 ? 0 : i == 1 ? 0.5 : 1));
    bulla_html_format(sink, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"%s\">", x, LINE_BOTTOM + 20, anchors[i]);
    put_time(sink, line, number);
    bulla_html_put(sink, "</text>");
  }
}

static void put_line(struct bulla_report_sink *sink, const struct bulla_report_line *line) {
  int64_t minutes = line->width / 60000000;
  size_t slots = line->num > LINE_SLOTS ? line->num : LINE_SLOTS;
  double slot = (double)(LINE_WIDTH - LINE_LEFT) / (double)slots;
  int64_t most = highest(line);
  bulla_html_format(sink,
                    "<figure id=\"time-line\">\n<figcaption>Records by time, UTC; a bar is %lld %s</figcaption>\n",
                    (long long)(minutes < 60     ? minutes
                                : minutes < 1440 ? minutes / 60
                                                 : minutes / 1440),
                    minutes < 60     ? "min"
                    : minutes < 1440 ? "h"
                                     : "d");
  put_keys(sink);
  bulla_html_format(sink, "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"Records by time\">\n", LINE_WIDTH + 10,
                    LINE_HEIGHT);
  put_grid(sink, most);
  for (size_t i = 0; i < line->num; i++) {
    put_bar(sink, line, i, slot, most);
  }
  put_axis(sink, line, slot, slots);
  bulla_html_put(sink, "</svg>\n</figure>\n");
}

/* One of the bars by name. */
struct named {
  struct bulla_span before; /* and a slash, unless it is empty */
  struct bulla_span name;
  const struct bulla_report_counts *counts;
};

static int64_t weight(const struct named *named) {
  return bulla_report_opened(named->counts) + named->counts->changes + bulla_report_refused(named->counts);
}

/* Keeps |one| among the BARS_MAX greatest. */
static void keep_greatest(struct named *all, size_t *num, const struct named *one) {
  size_t at = *num;
  while (at > 0 && weight(&all[at - 1]) < weight(one)) {
    at--;
  }
  if (weight(one) == 0 || at == BARS_MAX) {
    return;
  }
  *num += *num < BARS_MAX ? 1 : 0;
  memmove(&all[at + 1], &all[at], (*num - 1 - at) * sizeof(*all));
  all[at] = *one;
}

static void put_label(struct bulla_report_sink *sink, const struct named *named, size_t max) {
  uint8_t room[2 * BULLA_WHO_MAX + 1];
  struct bulla_buffer label = bulla_buffer(room, sizeof(room));
  struct bulla_writer writer = bulla_writer(&label);
  bulla_put(&writer, named->before);
  bulla_put(&writer, named->before.len > 0 ? BULLA_LITERAL("/") : named->before);
  bulla_put(&writer, named->name);
  bulla_html_short(sink, bulla_written(&label), max);
}

static double put_length(struct bulla_report_sink *sink, const char *kind, double x, int y, int64_t number,
                         int64_t most) {
  if (number <= 0) {
    return x;
  }
  double width = (double)number * (BARS_RIGHT - BARS_LEFT) / (double)most;
  width = width < 2 ? 2 : width;
  bulla_html_format(sink, "<rect class=\"%s\" x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\"/>", kind, x, y, width,
                    BARS_ROW - 8);
  return x + width;
}

static void put_named(struct bulla_report_sink *sink, const struct named *named, int row, int64_t most) {
  int y = row * BARS_ROW;
  double x = BARS_LEFT;
  bulla_html_put(sink, "<g><title>");
  put_label(sink, named, SIZE_MAX);
  bulla_html_format(sink, ": %lld opened, %lld changed, %lld refused</title>",
                    (long long)bulla_report_opened(named->counts), (long long)named->counts->changes,
                    (long long)bulla_report_refused(named->counts));
  bulla_html_format(sink, "<text class=\"name\" x=\"%d\" y=\"%d\" text-anchor=\"end\">", BARS_LEFT - 8, y + 14);
  put_label(sink, named, NAME_COLUMNS);
  bulla_html_put(sink, "</text>");
  x = put_length(sink, "opened", x, y, bulla_report_opened(named->counts), most);
  x = put_length(sink, "changed", x, y, named->counts->changes, most);
  x = put_length(sink, "refused", x, y, bulla_report_refused(named->counts), most);
  bulla_html_format(sink, "<text x=\"%.1f\" y=\"%d\">%lld</text></g>\n", x + 6, y + 14, (long long)weight(named));
}

static void put_bars(struct bulla_report_sink *sink, const char *id, const char *title, const struct named *all,
                     size_t num) {
  if (num == 0) {
    return;
  }
  bulla_html_format(sink, "<figure id=\"%s\">\n<figcaption>%s</figcaption>\n", id, title);
  put_keys(sink);
  bulla_html_format(sink, "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\">\n", BARS_WIDTH,
                    (int)num * BARS_ROW + 4, title);
  for (size_t i = 0; i < num; i++) {
    put_named(sink, &all[i], (int)i, weight(&all[0]));
  }
  bulla_html_put(sink, "</svg>\n</figure>\n");
}

void bulla_plot_all(struct bulla_report_sink *sink, const struct bulla_report *report) {
  struct named actors[BARS_MAX + 1];
  struct named entries[BARS_MAX + 1];
  size_t num_actors = 0;
  size_t num_entries = 0;
  for (size_t i = 0; i < report->actors.num; i++) {
    const struct bulla_report_actor *actor = report->actors.items[i];
    const struct named named = {.name = actor->item.key, .counts = &actor->in_span.counts};
    keep_greatest(actors, &num_actors, &named);
  }
  for (size_t i = 0; i < report->entries.num; i++) {
    const struct bulla_report_entry *entry = report->entries.items[i];
    const struct named named = {.before = entry->tenant, .name = entry->entry, .counts = &entry->in_span.counts};
    keep_greatest(entries, &num_entries, &named);
  }
  if (report->line.num > 0) {
    put_line(sink, &report->line);
  }
  bulla_html_put(sink, "<div class=\"pair\">\n");
  put_bars(sink, "by-actor", "By actor", actors, num_actors);
  put_bars(sink, "by-entry", "By entry or API key", entries, num_entries);
  bulla_html_put(sink, "</div>\n");
}
