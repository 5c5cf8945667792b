/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Opens the fields of a run of `exec`, all under one commit. */

#ifndef BULLA_CLI_EXEC_OPEN_H
#define BULLA_CLI_EXEC_OPEN_H

#include "cli/exec_job.h"

/* bulla_exec_open opens all that |job| names, and sets its environment. |more_len| returns how much locked memory
 * is needed afterwards for a value of that length, and for 0 how much besides all of them. The vault is closed, and its
 * keys are wiped, when it returns. */
BULLA_NODISCARD enum bulla_status bulla_exec_open(struct bulla_exec_job *job, size_t (*more_len)(size_t value_len));

#endif
