/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Where a report goes: text, JSON or a page. What a report says is written once, as sections of rows, and each kind of
 * output prints them in its way. All that is in the cells came from outside. */

#ifndef BULLA_CLI_REPORT_OUT_H
#define BULLA_CLI_REPORT_OUT_H

#include "cli/out_file.h"
#include "cli/report_data.h"
#include "cli/rows.h"
#include "cli/when.h"

struct bulla_report_head {
  const char *title;
  const char *subtitle; /* may be empty; texts from outside are allowed */
  bool is_first;        /* in text it stands before all else, and not with the summary */
};

struct bulla_report_section {
  const char *name; /* the member of the JSON object */
  const char *title;
  const char *note;           /* how it was found, or NULL */
  const char *none;           /* what to say if it is empty, or NULL to leave it out */
  const char *const *columns; /* ended by NULL; at most BULLA_MAX_COLUMNS */
  bool is_complete;           /* all rows are printed, however many; otherwise only JSON has all of a long section */
  bool is_alarm;
};

/* A cell of a report: a time in microseconds since 1970-01-01 UTC, or none for 0 and the ends of what there is. */
static inline struct bulla_cell bulla_report_time(int64_t micros) {
  bool is_none = micros == 0 || micros == INT64_MIN || micros == INT64_MAX;
  return bulla_cell(is_none ? BULLA_CELL_NONE : BULLA_CELL_SECONDS, bulla_when_floor(micros, 1000000));
}

/* One value of the summary. */
struct bulla_report_fact {
  const char *name;  /* the member of the JSON object */
  const char *label; /* what it is called elsewhere */
  struct bulla_cell cell;
};

struct bulla_report_sink;

/* What a kind of output does. A function may be NULL. */
struct bulla_report_sink_type {
  enum bulla_status (*begin)(struct bulla_report_sink *sink, const struct bulla_report_head *head);
  enum bulla_status (*facts)(struct bulla_report_sink *sink, const struct bulla_report_fact *facts, size_t num);
  enum bulla_status (*plots)(struct bulla_report_sink *sink, const struct bulla_report *report);
  enum bulla_status (*open)(struct bulla_report_sink *sink, const struct bulla_report_section *section);
  enum bulla_status (*row)(struct bulla_report_sink *sink, const struct bulla_cell *cells);
  enum bulla_status (*close)(struct bulla_report_sink *sink);
  enum bulla_status (*end)(struct bulla_report_sink *sink);
};

#define BULLA_REPORT_HELD 65536

struct bulla_report_sink {
  const struct bulla_report_sink_type *type;
  struct bulla_cli *cli;
  const struct bulla_report_head *head;
  const struct bulla_report_section *section; /* the one that is open */
  int64_t num_rows;                           /* of it */
  size_t num_members;                         /* of the JSON object */
  struct bulla_rows rows;
  struct bulla_out_file *file; /* of a page, and what is not written to it yet */
  size_t num_held;
  enum bulla_status failed;
  uint8_t held[BULLA_REPORT_HELD];
};

/* All outputs of a report. */
struct bulla_report_out {
  struct bulla_report_sink *sinks[2];
  size_t num;
};

/* bulla_report_sink_new returns a sink for text or, with --json, JSON, on standard output; bulla_report_page_new one
 * for a page in |file|. Freed by bulla_report_sink_free. They return NULL without memory. */
struct bulla_report_sink *bulla_report_sink_new(struct bulla_cli *cli);
struct bulla_report_sink *bulla_report_page_new(struct bulla_cli *cli, struct bulla_out_file *file);

void bulla_report_sink_free(struct bulla_report_sink **sink);

/* These print to all outputs. */
BULLA_NODISCARD enum bulla_status bulla_report_out_begin(struct bulla_report_out *out,
                                                         const struct bulla_report_head *head);
BULLA_NODISCARD enum bulla_status bulla_report_out_facts(struct bulla_report_out *out,
                                                         const struct bulla_report_fact *facts, size_t num);
BULLA_NODISCARD enum bulla_status bulla_report_out_plots(struct bulla_report_out *out,
                                                         const struct bulla_report *report);
BULLA_NODISCARD enum bulla_status bulla_report_out_open(struct bulla_report_out *out,
                                                        const struct bulla_report_section *section);
BULLA_NODISCARD enum bulla_status bulla_report_out_row(struct bulla_report_out *out, const struct bulla_cell *cells);
BULLA_NODISCARD enum bulla_status bulla_report_out_close(struct bulla_report_out *out);
BULLA_NODISCARD enum bulla_status bulla_report_out_end(struct bulla_report_out *out);

#endif
