/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What a user of the command can do about a failure, unless the command has a more specific text. The library's texts
 * only say what happened. */

#ifndef BULLA_CLI_REMEDY_H
#define BULLA_CLI_REMEDY_H

#include <bulla/core.h>

/* bulla_remedy returns the advice for |status|, without a period, or NULL if its text is enough. */
const char *bulla_remedy(enum bulla_status status);

#endif
