/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Starts the command of `exec --mask`, with ends of pipes or of a terminal as its standard streams. */

#ifndef BULLA_CLI_COMMAND_START_H
#define BULLA_CLI_COMMAND_START_H

#include <signal.h>
#include <sys/types.h>

#include "cli/cli.h"

/* The command's ends of its standard streams. */
struct bulla_command_ends {
  const char *terminal; /* the path of a terminal that its output goes to, or NULL */
  bool has_input;       /* what it reads is typed there; otherwise it has our standard input */
  int output;           /* a pipe, or -1 for the terminal */
  int errors;           /* likewise, or -1 for where the output goes */
};

#define BULLA_COMMAND_ENDS_NONE \
  { .output = -1, .errors = -1 }

/* bulla_command_ends_open makes the pipes: of the output, unless it goes to the terminal, and of errors, unless they go
 * where the output does. |from| are our ends, which do not block, or -1. */
BULLA_NODISCARD enum bulla_status bulla_command_ends_open(struct bulla_cli *cli, struct bulla_command_ends *ends,
                                                          int from[2]);

void bulla_command_ends_close(struct bulla_command_ends *ends);

/* bulla_command_start starts |argv| with |env|, and returns 0, or an error of execve(2). The signals are those that
 * this process was given, |signals_held| among them. With a terminal it leads a session of its own, which that
 * controls. */
int bulla_command_start(pid_t *command, char **argv, char **env, const struct bulla_command_ends *ends,
                        const sigset_t *signals_held);

#endif
