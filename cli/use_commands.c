/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* get: the value is audited first, stays in locked memory, and goes from there to standard output. */

#include "cli/error.h"
#include "cli/output.h"
#include "cli/session.h"
#include "cli/word.h"

static enum bulla_status print_value(void *arg, struct bulla_span value) {
  return bulla_output_bytes((struct bulla_cli *)arg, value);
}

/* take_place takes TENANT/ENTRY FIELD, or TENANT/ENTRY:FIELD as `exec` has it. */
static enum bulla_status take_place(struct bulla_cli *cli, struct bulla_place *place) {
  struct bulla_span entry = bulla_text(cli->operands[0]);
  struct bulla_span field;
  bool joined = bulla_word_split(&entry, &field, cli->operands[0], ':');
  if (joined == (cli->num_operands == 2)) {
    return bulla_cli_usage(cli, "it takes either TENANT/ENTRY FIELD or TENANT/ENTRY:FIELD");
  }
  BULLA_TRY(bulla_session_place(cli, place, entry, 0));
  place->field = joined ? field : bulla_text(cli->operands[1]);
  if (!bulla_word_is_name(place->field)) {
    bulla_cli_at(cli, joined ? "argument 1" : "argument 2");
    return BULLA_INVALID_NAME;
  }
  return BULLA_OK;
}

enum bulla_status bulla_run_get(struct bulla_cli *cli) {
  struct bulla_place place;
  BULLA_TRY(take_place(cli, &place));

  struct bulla_vault *vault BULLA_CLEANUP(bulla_vault_close) = NULL;
  struct bulla_session_who me;
  BULLA_TRY(bulla_session_vault(cli, &vault));
  bulla_session_identify(&me, cli, "");
  bulla_session_at(cli, &place);
  return bulla_vault_use(vault, &me.who, &place, print_value, cli);
}
