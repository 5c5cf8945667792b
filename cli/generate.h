/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Making up a secret. Nobody sees it but who may open it later. */

#ifndef BULLA_CLI_GENERATE_H
#define BULLA_CLI_GENERATE_H

#include "cli/cli.h"

/* How a secret is made up. */
struct bulla_policy {
  const char *alphabet;
  size_t len; /* characters */
};

/* bulla_policy_read fills |policy| from "NAME" or "NAME:LENGTH". Returns BULLA_INVALID_ARGUMENT, also for a length of
 * less than 80 random bits. */
BULLA_NODISCARD enum bulla_status bulla_policy_read(struct bulla_cli *cli, struct bulla_policy *policy,
                                                    struct bulla_span text);

/* bulla_generate creates |*secret|: each character is any of the alphabet with the same probability. */
BULLA_NODISCARD enum bulla_status bulla_generate(struct bulla_secret **secret, const struct bulla_policy *policy);

#endif
