/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The help, written from the table of sub-commands. */

#ifndef BULLA_CLI_HELP_H
#define BULLA_CLI_HELP_H

#include "cli/cli.h"

/* bulla_help_print prints the help of the command in |cli|; without one, of the commands of its group; without that, of
 * all. */
void bulla_help_print(const struct bulla_cli *cli);

#endif
