/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Former revisions of fields on the command line. */

#ifndef BULLA_CLI_HISTORY_H
#define BULLA_CLI_HISTORY_H

#include <bulla/store.h>

#include "cli/cli.h"

/* bulla_option_revision takes --revision: 1 or more, or 0 if it was not given. */
BULLA_NODISCARD enum bulla_status bulla_option_revision(struct bulla_cli *cli, int64_t *revision);

/* bulla_keep_number takes how many former revisions to keep: a number, or BULLA_KEEP_AS_VAULT for "vault". */
BULLA_NODISCARD enum bulla_status bulla_keep_number(struct bulla_cli *cli, int *num, const char *text);

/* bulla_run_restore_field runs restore with --revision. */
BULLA_NODISCARD enum bulla_status bulla_run_restore_field(struct bulla_cli *cli);

#endif
