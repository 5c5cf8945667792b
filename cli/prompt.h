/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Secrets that are typed in. */

#ifndef BULLA_CLI_PROMPT_H
#define BULLA_CLI_PROMPT_H

#include "cli/cli.h"

/* bulla_prompt asks for |*secret| at the terminal, without echo, as one line without its newline. Returns BULLA_IO if
 * there is no terminal, BULLA_TOO_LARGE past |max_len| bytes or what a terminal's line holds. The line may be empty. */
BULLA_NODISCARD enum bulla_status bulla_prompt(struct bulla_cli *cli, struct bulla_secret **secret, const char *prompt,
                                               size_t max_len);

#endif
