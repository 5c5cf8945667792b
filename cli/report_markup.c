/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See cli/report_markup.h. */

#include "cli/report_markup.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/text.h"

/* A failure to write is told at the end. */
static void put(struct bulla_report_sink *sink, struct bulla_span bytes) {
  while (bytes.len > 0 && sink->failed == BULLA_OK) {
    size_t room = sizeof(sink->held) - sink->num_held;
    size_t len = bytes.len < room ? bytes.len : room;
    memcpy(sink->held + sink->num_held, bytes.data, len);
    sink->num_held += len;
    bytes = bulla_span(bytes.data + len, bytes.len - len);
    if (sink->num_held == sizeof(sink->held)) {
      sink->failed = bulla_out_file_write(sink->file, bulla_span(sink->held, sink->num_held));
      sink->num_held = 0;
    }
  }
}

void bulla_html_put(struct bulla_report_sink *sink, const char *html) {
  put(sink, bulla_text(html));
}

void bulla_html_format(struct bulla_report_sink *sink, const char *format, ...) {
  char room[512];
  va_list values;
  va_start(values, format);
  int len = vsnprintf(room, sizeof(room), format, values);
  va_end(values);
  put(sink, bulla_span(room, len > 0 && (size_t)len < sizeof(room) ? (size_t)len : 0));
}

static void put_escaped(struct bulla_report_sink *sink, struct bulla_span text) {
  static const char marks[] = "&<>\"'";
  static const char *const entities[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"};
  for (size_t i = 0; i < text.len; i++) {
    const char *mark = memchr(marks, text.data[i], sizeof(marks) - 1);
    put(sink, mark != NULL ? bulla_text(entities[mark - marks]) : bulla_span(text.data + i, 1));
  }
}

void bulla_html_short(struct bulla_report_sink *sink, struct bulla_span text, size_t max) {
  uint8_t room[BULLA_TEXT_GROWTH * 1024];
  struct bulla_buffer cell = bulla_buffer(room, sizeof(room));
  struct bulla_writer writer = bulla_writer(&cell);
  text.len = text.len < 1024 ? text.len : 1024;
  bulla_text_put_cell(&writer, text);
  struct bulla_span shown = bulla_written(&cell);
  if (bulla_text_width(shown) <= max) {
    put_escaped(sink, shown);
    return;
  }
  while (shown.len > 0 && bulla_text_width(shown) >= max) {
    /* Not within a character. */
    do {
      shown.len--;
    } while (shown.len > 0 && (shown.data[shown.len] & 0xC0) == 0x80);
  }
  put_escaped(sink, shown);
  bulla_html_put(sink, "…");
}

void bulla_html_text(struct bulla_report_sink *sink, struct bulla_span text) {
  bulla_html_short(sink, text, SIZE_MAX);
}
