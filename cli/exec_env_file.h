/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The files of `exec --env-file`: a line is NAME=VALUE, where the value bulla://TENANT/ENTRY/FIELD stands for a field,
 * and every other one for itself. Such a file can be checked in: it holds no secret. */

#ifndef BULLA_CLI_EXEC_ENV_FILE_H
#define BULLA_CLI_EXEC_ENV_FILE_H

#include "cli/exec_job.h"

/* bulla_exec_take_file adds to |job| what is in |text|, of the --env-file of that |number|. |text| must live as long as
 * |job|. Returns BULLA_INVALID_TEXT for what it does not understand, with the number of the line. */
BULLA_NODISCARD enum bulla_status bulla_exec_take_file(struct bulla_exec_job *job, struct bulla_span text,
                                                       size_t number);

#endif
