/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* A report as text, or as one JSON object, on standard output. See cli/report_out.h. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/output.h"
#include "cli/report_out.h"

enum {
  TEXT_ROWS = 40,  /* of a section in text that is not complete */
  ROWS_HELD = 1000 /* before they are printed: the columns of text are aligned so far */
};

static enum bulla_status print_head(struct bulla_report_sink *sink) {
  BULLA_TRY(bulla_output_text(sink->cli, sink->num_members > 0 ? "\n" : "", sink->head->title, "\n"));
  sink->num_members++;
  return sink->head->subtitle[0] == '\0' ? BULLA_OK : bulla_output_text(sink->cli, "", sink->head->subtitle, "\n");
}

static enum bulla_status begin_text(struct bulla_report_sink *sink, const struct bulla_report_head *head) {
  return head->is_first ? print_head(sink) : BULLA_OK;
}

static enum bulla_status print_facts(struct bulla_report_sink *sink, const struct bulla_report_fact *facts,
                                     size_t num) {
  if (!sink->head->is_first) {
    BULLA_TRY(print_head(sink));
  }
  for (size_t i = 0; i < num; i++) {
    char room[64];
    const struct bulla_cell *cell = &facts[i].cell;
    struct bulla_span text = cell->type == BULLA_CELL_TEXT ? cell->text : bulla_cell_text_of(room, cell);
    if (facts[i].cell.type != BULLA_CELL_NONE) {
      printf("  %-34s %.*s\n", facts[i].label, (int)text.len, (const char *)text.data);
    }
  }
  return bulla_output_check(sink->cli);
}

static enum bulla_status open_text(struct bulla_report_sink *sink, const struct bulla_report_section *section) {
  bulla_rows_begin(&sink->rows, sink->cli, section->columns, true);
  sink->rows.page = ROWS_HELD;
  return BULLA_OK;
}

static void print_title(struct bulla_report_sink *sink) {
  const struct bulla_report_section *section = sink->section;
  printf("%s%s\n", sink->num_members > 0 ? "\n" : "", section->title);
  if (section->note != NULL) {
    printf("(%s)\n", section->note);
  }
}

static enum bulla_status print_row(struct bulla_report_sink *sink, const struct bulla_cell *cells) {
  if (sink->num_rows == 0) {
    print_title(sink);
  }
  if (!sink->section->is_complete && sink->num_rows >= TEXT_ROWS) {
    return BULLA_OK;
  }
  return bulla_rows_add(&sink->rows, cells);
}

static enum bulla_status close_text(struct bulla_report_sink *sink) {
  enum bulla_status status = bulla_rows_end(&sink->rows);
  bulla_rows_free(&sink->rows);
  if (sink->num_rows == 0 && sink->section->none != NULL) {
    printf("%s%s\n", sink->num_members > 0 ? "\n" : "", sink->section->none);
  }
  if (!sink->section->is_complete && sink->num_rows > TEXT_ROWS) {
    printf("and %lld more: --json prints all\n", (long long)(sink->num_rows - TEXT_ROWS));
  }
  sink->num_members++;
  BULLA_TRY(status);
  return bulla_output_check(sink->cli);
}

static const struct bulla_report_sink_type text_type = {begin_text, print_facts, NULL, open_text,
                                                        print_row,  close_text,  NULL};

static enum bulla_status begin_json(struct bulla_report_sink *sink, const struct bulla_report_head *head) {
  (void)head;
  (void)putchar('{');
  return bulla_output_check(sink->cli);
}

static void print_member(struct bulla_report_sink *sink, const char *name) {
  printf("%s\"%s\": ", sink->num_members > 0 ? "," : "", name);
  sink->num_members++;
}

static enum bulla_status json_facts(struct bulla_report_sink *sink, const struct bulla_report_fact *facts, size_t num) {
  const char *names[32];
  struct bulla_cell cells[32];
  for (size_t i = 0; i < num && i < 31; i++) {
    names[i] = facts[i].name;
    cells[i] = facts[i].cell;
    names[i + 1] = NULL;
  }
  print_member(sink, "summary");
  return bulla_rows_one(sink->cli, names, cells);
}

static enum bulla_status open_json(struct bulla_report_sink *sink, const struct bulla_report_section *section) {
  print_member(sink, section->name);
  return open_text(sink, section);
}

static enum bulla_status json_row(struct bulla_report_sink *sink, const struct bulla_cell *cells) {
  return bulla_rows_add(&sink->rows, cells);
}

static enum bulla_status close_json(struct bulla_report_sink *sink) {
  enum bulla_status status = bulla_rows_end(&sink->rows);
  bulla_rows_free(&sink->rows);
  return status;
}

static enum bulla_status end_json(struct bulla_report_sink *sink) {
  (void)fputs("}\n", stdout);
  return bulla_output_check(sink->cli);
}

static const struct bulla_report_sink_type json_type = {begin_json, json_facts, NULL,    open_json,
                                                        json_row,   close_json, end_json};

struct bulla_report_sink *bulla_report_sink_new(struct bulla_cli *cli) {
  struct bulla_report_sink *sink = calloc(1, sizeof(*sink));
  if (sink != NULL) {
    sink->type = cli->json ? &json_type : &text_type;
    sink->cli = cli;
  }
  return sink;
}
