/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What is deleted is to be gone from the vault's files, too: keys that were destroyed, roots that were removed. */

#ifndef BULLA_CLI_SCRUB_H
#define BULLA_CLI_SCRUB_H

#include <bulla/store.h>

#include "cli/cli.h"

/* bulla_scrub removes from the files what was deleted in |vault|, and says on standard error who must do that on a
 * server. */
BULLA_NODISCARD enum bulla_status bulla_scrub(struct bulla_cli *cli, struct bulla_vault *vault);

#endif
