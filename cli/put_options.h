/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The options of put that say how fields are kept. */

#ifndef BULLA_CLI_PUT_OPTIONS_H
#define BULLA_CLI_PUT_OPTIONS_H

#include <bulla/store.h>

#include "cli/cli.h"

/* bulla_put_options_apply sets in each of |fields| what --mask, --padding, --expires, --canary, --new and --if-revision
 * say; the first four are for the secret ones. Returns BULLA_INVALID_ARGUMENT. */
BULLA_NODISCARD enum bulla_status bulla_put_options_apply(struct bulla_cli *cli, struct bulla_field *fields,
                                                          size_t num_fields);

#endif
