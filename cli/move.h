/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Copying all of a vault into another: export, import vault, and rotate --all. */

#ifndef BULLA_CLI_MOVE_H
#define BULLA_CLI_MOVE_H

#include "cli/cli.h"

/* bulla_move_to copies the vault into the one whose URL is the first operand and whose root key is that of
 * |root_option|, with its hyphens; it is made if there is none. */
BULLA_NODISCARD enum bulla_status bulla_move_to(struct bulla_cli *cli, const char *root_option);

#endif
