/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* A root that is to be added to a vault: root add and rotate. */

#ifndef BULLA_CLI_ROOT_COMMANDS_H
#define BULLA_CLI_ROOT_COMMANDS_H

#include <bulla/store.h>

#include "cli/cli.h"

/* bulla_root_to_add opens |*root|, which is to be added: what the provider |given| gives, with --create a new key in
 * the file of file:PATH, or a recipient's public half. */
BULLA_NODISCARD enum bulla_status bulla_root_to_add(struct bulla_cli *cli, struct bulla_root **root, const char *given);

#endif
