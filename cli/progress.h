/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* How far a long command has come, on standard error: a line that is written over on a terminal, with the rate and the
 * time that is left; elsewhere a line now and then. And how it is ended by Ctrl-C, between two steps. */

#ifndef BULLA_CLI_PROGRESS_H
#define BULLA_CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct bulla_progress {
  const char *what; /* is being done, and to what: "sealing anew", "values" */
  const char *units;
  int shift; /* a unit is so many powers of two of what is counted */
  bool is_terminal;
  bool is_shown;   /* something was written */
  int64_t started; /* in milliseconds of the monotonic clock, as |shown| */
  int64_t shown;
};

/* bulla_progress_begin begins, and from now on SIGINT and SIGTERM only have bulla_progress_goes_on return false; a
 * second one ends the process. */
void bulla_progress_begin(struct bulla_progress *progress, const char *what, const char *units);

/* bulla_progress_show shows |done| of |total|, if it is time for that. For bulla_progress_fn: |arg| is a struct
 * bulla_progress. */
void bulla_progress_show(void *arg, int64_t done, int64_t total);

/* bulla_progress_goes_on also returns whether to go on. For bulla_rewrap_fn. */
bool bulla_progress_goes_on(void *arg, int64_t done, int64_t total);

/* bulla_progress_line shows no more than that, at once and only on a terminal. For bulla_progress_fn; |arg| need have
 * no more than |what|, |units| and |shift|. */
void bulla_progress_line(void *arg, int64_t done, int64_t total);

/* bulla_progress_end clears the line. */
void bulla_progress_end(struct bulla_progress *progress);

#endif
