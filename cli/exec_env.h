/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What the options of `exec` ask for: --env, --file, --env-file, and --env-all with --prefix. */

#ifndef BULLA_CLI_EXEC_ENV_H
#define BULLA_CLI_EXEC_ENV_H

#include "cli/exec_job.h"

/* bulla_exec_take_options takes all options apart, before the vault is opened, and adds to |job| what they name. */
BULLA_NODISCARD enum bulla_status bulla_exec_take_options(struct bulla_exec_job *job);

/* bulla_exec_take_entries adds every field of the entries of --env-all, as they are in |vault|. */
BULLA_NODISCARD enum bulla_status bulla_exec_take_entries(struct bulla_exec_job *job, struct bulla_vault *vault);

#endif
