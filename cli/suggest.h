/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Suggestions for a word that is not a sub-command, or none of some words. */

#ifndef BULLA_CLI_SUGGEST_H
#define BULLA_CLI_SUGGEST_H

#include "cli/cli.h"

/* bulla_unknown_command is bulla_cli_usage for a |word| that is not a sub-command, or NULL if it is missing: it
 * names similar ones, and never the word. */
enum bulla_status bulla_unknown_command(struct bulla_cli *cli, const char *word);

#define BULLA_SUGGEST_MAX 160 /* bytes of names, and a NUL */

/* bulla_suggest puts those of |words|, which end with NULL, into |names| that are most like |word|, or nothing if none
 * is like it. */
void bulla_suggest(char names[BULLA_SUGGEST_MAX], const char *const *words, struct bulla_span word);

#endif
