/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Prompts for secrets. */

#ifndef BULLA_CLI_PROMPT_H
#define BULLA_CLI_PROMPT_H

#include "cli/cli.h"

/* bulla_prompt reads |*secret| from the terminal, without echo, as one line without its newline. The line may be empty.
 * Returns BULLA_IO without a terminal, BULLA_TOO_LARGE past |max_len| bytes or the length of a terminal's line. */
BULLA_NODISCARD enum bulla_status bulla_prompt(struct bulla_cli *cli, struct bulla_secret **secret, const char *prompt,
                                               size_t max_len);

/* bulla_prompt_twice is bulla_prompt for something new: it is asked for again, and both must be the same. After three
 * pairs that differ it returns BULLA_INVALID_ARGUMENT. An empty line is not asked for again. */
BULLA_NODISCARD enum bulla_status bulla_prompt_twice(struct bulla_cli *cli, struct bulla_secret **secret,
                                                     const char *prompt, size_t max_len);

#endif
