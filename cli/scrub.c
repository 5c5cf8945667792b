/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See cli/scrub.h. */

#include "cli/scrub.h"

#include <stdio.h>

#include "cli/error.h"
#include "cli/session.h"

enum bulla_status bulla_scrub(struct bulla_cli *cli, struct bulla_vault *vault) {
  bulla_session_at_vault(cli);
  enum bulla_status status = bulla_vault_scrub(vault);
  if (status == BULLA_UNSUPPORTED) {
    (void)fputs(
        "bulla: what was deleted is in the server's files until the owner of the tables runs VACUUM FULL: see the page "
        "on PostgreSQL\n",
        stderr);
    return BULLA_OK;
  }
  return status == BULLA_BUSY
             ? bulla_cli_error(cli, status,
                               "it is done, but somebody reads an older state, so the -wal still has what was deleted: "
                               "end that reader and run bulla rewrap --destroy")
             : status;
}
