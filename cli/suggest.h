/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Suggestions for a word that is not a sub-command. */

#ifndef BULLA_CLI_SUGGEST_H
#define BULLA_CLI_SUGGEST_H

#include "cli/cli.h"

/* bulla_unknown_command is bulla_cli_usage for a |word| that is not a sub-command, or NULL if it is missing: it
 * names similar ones, and never the word. */
enum bulla_status bulla_unknown_command(struct bulla_cli *cli, const char *word);

#endif
