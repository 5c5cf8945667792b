/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The table of sub-commands. */

#ifndef BULLA_CLI_COMMANDS_H
#define BULLA_CLI_COMMANDS_H

#include "cli/cli.h"

/* All sub-commands, ended by one without a name, and the options that every one takes. */
extern const struct bulla_command bulla_commands[];
extern const struct bulla_option bulla_global_options[];

#endif
