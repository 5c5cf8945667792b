/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The claims from the options of token mint. */

#ifndef BULLA_CLI_TOKEN_CLAIMS_H
#define BULLA_CLI_TOKEN_CLAIMS_H

#include <bulla/token.h>

#include "cli/cli.h"

struct bulla_minted_claims {
  struct bulla_claims claims;
  struct bulla_secret *file; /* the content of --claims */
  struct bulla_secret *room; /* for the composed JSON */
};

/* bulla_minted_claims_read fills |minted|, which must be zero, from the options of the run. Its spans are valid
 * until bulla_minted_claims_free. */
BULLA_NODISCARD enum bulla_status bulla_minted_claims_read(struct bulla_cli *cli, struct bulla_minted_claims *minted);

void bulla_minted_claims_free(struct bulla_minted_claims *minted);

#endif
