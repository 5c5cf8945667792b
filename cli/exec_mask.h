/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* exec --mask: runs the command of a job beside this process, and hides the secret values of the job in its output. */

#ifndef BULLA_CLI_EXEC_MASK_H
#define BULLA_CLI_EXEC_MASK_H

#include "cli/exec_job.h"

/* bulla_exec_masked runs the command of |job|, whose values are open. Results as of bulla_relay_run. */
BULLA_NODISCARD enum bulla_status bulla_exec_masked(const struct bulla_exec_job *job, int *ended, int *error);

/* bulla_exec_mask_len is for bulla_exec_open. */
size_t bulla_exec_mask_len(size_t value_len);

#endif
