/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Programs that are run for what they print: a secret, for store/provider.c, or an answer, for store/wrapper.c. */

#ifndef BULLA_STORE_PROGRAM_H
#define BULLA_STORE_PROGRAM_H

#include <bulla/store.h>

#define BULLA_PROGRAM_INPUT_MAX 4096 /* bytes: what the smallest pipe holds, so that giving them never waits */
#define BULLA_PROGRAM_NAME_MAX 128   /* bytes of what a log calls a program, with the NUL */

/* What is run, and what it may do. */
struct bulla_program {
  const char *command;     /* words separated by spaces; no shell and no quoting */
  struct bulla_span input; /* all of its standard input, at most BULLA_PROGRAM_INPUT_MAX bytes */
  size_t max_len;          /* bytes that it may print */
  int patience_ms;         /* by when it must have ended */
};

/* How a program ended: zero is well. */
struct bulla_program_end {
  int exit_status;
  int by_signal;
};

/* bulla_program_run runs |program| until it ends, sets |*end| to how, and |*output| to what it printed, whichever way
 * it ended. It gets the environment, standard error, |input| and no other descriptor. Whatever it started is killed
 * with it if it does not end well and in time; what it leaves running when it ends well is left alone. Returns
 * BULLA_SECRET_UNAVAILABLE if it cannot be run or is too slow, BULLA_TOO_LARGE, which is not logged, if it printed more
 * than |max_len| bytes, BULLA_INVALID_ARGUMENT for no word, more than 64, or too long an input. */
BULLA_NODISCARD enum bulla_status bulla_program_run(struct bulla_secret **output, struct bulla_program_end *end,
                                                    const struct bulla_program *program);

/* bulla_program_judge returns BULLA_SECRET_UNAVAILABLE, and logs why, unless |end| is well. */
BULLA_NODISCARD enum bulla_status bulla_program_judge(const char *command, const struct bulla_program_end *end);

/* bulla_program_name fills |name| with what a log calls the program of |command|: its first word, not the arguments,
 * and not what may be a key that was written in the place of a name. Returns |name|. */
const char *bulla_program_name(char name[BULLA_PROGRAM_NAME_MAX], const char *command);

/* bulla_program_read runs |command| with nothing on its standard input and returns what it prints as |*text|. It must
 * end well within |patience_ms|. Statuses as for bulla_secret_open. */
BULLA_NODISCARD enum bulla_status bulla_program_read(struct bulla_secret **text, const char *command, size_t max_len,
                                                     int patience_ms);

#endif
