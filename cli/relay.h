/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Runs a command beside this process, and passes its output on without the values of a mask. If standard output is a
 * terminal, the command has one of its own, and what is typed goes there; otherwise it has pipes. */

#ifndef BULLA_CLI_RELAY_H
#define BULLA_CLI_RELAY_H

#include "cli/cli.h"
#include "cli/mask.h"

/* bulla_relay_run runs the operands of |cli| with |env| until the command has ended. |*ended| is how it did, as of
 * waitpid(2). If it could not be run, |*error| says why, and is 0 otherwise. Returns BULLA_IO or BULLA_DISK_FULL if the
 * output could not be passed on for another reason than that nobody reads it. */
BULLA_NODISCARD enum bulla_status bulla_relay_run(struct bulla_cli *cli, const struct bulla_mask *mask, char **env,
                                                  int *ended, int *error);

/* bulla_relay_len returns how much locked memory it takes. */
size_t bulla_relay_len(void);

#endif
