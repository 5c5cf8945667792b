/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* get: the value is audited first, stays in locked memory, and goes from there to standard output. */

#include "cli/history.h"
#include "cli/output.h"
#include "cli/session.h"

static enum bulla_status print_value(void *arg, struct bulla_span value) {
  return bulla_output_bytes((struct bulla_cli *)arg, value);
}

enum bulla_status bulla_run_get(struct bulla_cli *cli) {
  struct bulla_place place;
  int64_t revision;
  BULLA_TRY(bulla_session_field(cli, &place));
  BULLA_TRY(bulla_option_revision(cli, &revision));
  place.revision = revision;

  struct bulla_vault *vault BULLA_CLEANUP(bulla_vault_close) = NULL;
  struct bulla_session_who me;
  BULLA_TRY(bulla_session_vault(cli, &vault));
  bulla_session_identify(&me, cli, "");
  bulla_session_at(cli, &place);
  return bulla_vault_use(vault, &me.who, &place, print_value, cli);
}
