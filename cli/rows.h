/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Rows of cells, printed as a table or JSON. */

#ifndef BULLA_CLI_ROWS_H
#define BULLA_CLI_ROWS_H

#include "cli/cli.h"

enum bulla_cell_type {
  BULLA_CELL_NONE,
  BULLA_CELL_TEXT,
  BULLA_CELL_NUMBER,
  BULLA_CELL_BOOL,
  BULLA_CELL_SECONDS,      /* since 1970-01-01 UTC, printed as RFC 3339 says */
  BULLA_CELL_MICROSECONDS, /* likewise */
};

struct bulla_cell {
  enum bulla_cell_type type;
  struct bulla_span text;
  int64_t number;
};

static inline struct bulla_cell bulla_cell(enum bulla_cell_type type, int64_t number) {
  struct bulla_cell cell = {.type = type, .number = number};
  return cell;
}

static inline struct bulla_cell bulla_cell_text(struct bulla_span text) {
  struct bulla_cell cell = {.type = BULLA_CELL_TEXT, .text = text};
  return cell;
}

static inline struct bulla_cell bulla_cell_number(int64_t number) {
  return bulla_cell(BULLA_CELL_NUMBER, number);
}

static inline struct bulla_cell bulla_cell_string(const char *text) {
  return bulla_cell_text(bulla_text(text));
}

/* bulla_cell_text_of returns what is printed of a cell that is no text, in |room| if need be; empty for none. */
struct bulla_span bulla_cell_text_of(char room[64], const struct bulla_cell *cell);

#define BULLA_MAX_COLUMNS 13

/* One long plain value must not push what is beside the others off the screen: for |max_width|. */
#define BULLA_SHOWN_WIDTH 40

/* Rows to print. A list is one JSON array or one aligned table, and is held until its end: if it fails part-way,
 * nothing is printed. Other rows are printed as they come, in JSON each as one object on a line. */
struct bulla_rows {
  struct bulla_cli *cli;
  const char *const *names; /* of the columns, in lower case, ended by NULL; the members of the JSON objects */
  bool list;
  size_t optional; /* the columns from this one on are not in a table if no row has anything in them; 0 for none */
  bool has_optional;
  size_t page; /* a list is printed after so many rows, for one that is too long to be held; 0 at its end only */
  size_t num_rows;
  size_t max_width; /* a cell wider than this does not widen its column; no limit at first */
  size_t widths[BULLA_MAX_COLUMNS];
  struct bulla_buffer held; /* not printed yet: cells of a table, each ended by a NUL, or JSON */
};

/* bulla_rows_begin starts |rows|. bulla_rows_free frees what they hold. */
void bulla_rows_begin(struct bulla_rows *rows, struct bulla_cli *cli, const char *const *names, bool list);

void bulla_rows_free(struct bulla_rows *rows);

/* bulla_rows_measure widens the columns for a row that will be added later, so that rows printed as they come are
 * aligned too. */
BULLA_NODISCARD enum bulla_status bulla_rows_measure(struct bulla_rows *rows, const struct bulla_cell *cells);

/* bulla_rows_add adds one row, with one cell per column. */
BULLA_NODISCARD enum bulla_status bulla_rows_add(struct bulla_rows *rows, const struct bulla_cell *cells);

/* bulla_rows_end prints what is left. */
BULLA_NODISCARD enum bulla_status bulla_rows_end(struct bulla_rows *rows);

/* bulla_rows_one prints one row, which is no list. */
BULLA_NODISCARD enum bulla_status bulla_rows_one(struct bulla_cli *cli, const char *const *names,
                                                 const struct bulla_cell *cells);

#endif
