/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* A pseudo-terminal for a command, in place of the terminal of this process, which hands on what is typed as it is. */

#ifndef BULLA_CLI_TERMINAL_H
#define BULLA_CLI_TERMINAL_H

#include <termios.h>

#include "cli/cli.h"

struct bulla_terminal {
  int master;           /* this process's end, which does not block, or -1 */
  char slave[64];       /* the path of the command's end */
  bool has_input;       /* standard input is a terminal, */
  bool is_raw;          /* which passes on every byte, and no signal, now */
  bool is_ours;         /* the modes below were found in the foreground */
  struct termios modes; /* of it, as they are to be set back */
};

/* bulla_terminal_open makes one with the modes and the size of the terminal at standard output. bulla_terminal_close
 * sets the outer terminal back and closes this end, also after a failure. */
BULLA_NODISCARD enum bulla_status bulla_terminal_open(struct bulla_cli *cli, struct bulla_terminal *terminal);

void bulla_terminal_close(struct bulla_terminal *terminal);

/* bulla_terminal_take has the outer terminal pass on every byte, if this process is in its foreground, and gives the
 * command the size of it. bulla_terminal_leave sets it back. */
void bulla_terminal_take(struct bulla_terminal *terminal);

void bulla_terminal_leave(struct bulla_terminal *terminal);

/* bulla_terminal_resize gives the command the size of the outer terminal. */
void bulla_terminal_resize(const struct bulla_terminal *terminal);

#endif
