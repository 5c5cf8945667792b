/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* restore: a field with --revision, else a vault. */

#include "cli/error.h"
#include "cli/history.h"
#include "cli/options.h"

enum bulla_status bulla_run_restore(struct bulla_cli *cli) {
  if (bulla_option_count(cli, "revision") > 0) {
    if (bulla_option_count(cli, "anchor") > 0) {
      return bulla_cli_usage(cli, "--anchor is for a backup: with --revision a field is restored");
    }
    return bulla_run_restore_field(cli);
  }
  return cli->num_operands == 1 ? bulla_run_restore_backup(cli) : bulla_cli_usage(cli, "--revision N is missing");
}
