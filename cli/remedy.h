/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What somebody who uses the command can do about a failure, where the command itself says nothing that fits better.
 * The library's texts say what happened, to whatever program. */

#ifndef BULLA_CLI_REMEDY_H
#define BULLA_CLI_REMEDY_H

#include <bulla/core.h>

/* bulla_remedy returns what helps against |status|, without a period, or NULL where its text says all. */
const char *bulla_remedy(enum bulla_status status);

#endif
