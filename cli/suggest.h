/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What to say of a word that is no sub-command. */

#ifndef BULLA_CLI_SUGGEST_H
#define BULLA_CLI_SUGGEST_H

#include "cli/cli.h"

/* bulla_unknown_command is bulla_cli_usage for a |word| that is no sub-command, or NULL for one that is missing: it
 * names those that are like it, and never the word. */
enum bulla_status bulla_unknown_command(struct bulla_cli *cli, const char *word);

#endif
