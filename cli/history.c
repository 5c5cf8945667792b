/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* history, keep, and restore with --revision: former revisions of fields. None of them shows a secret. */

#include "cli/history.h"

#include <stdio.h>
#include <string.h>

#include "cli/error.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/rows.h"
#include "cli/session.h"
#include "cli/word.h"

static enum bulla_status show_revision(void *arg, const struct bulla_revision_view *revision) {
  const struct bulla_cell cells[] = {
      bulla_cell_text(revision->field),
      bulla_cell_number(revision->revision),
      bulla_cell_text(revision->text),
      bulla_cell(BULLA_CELL_BOOL, revision->secret),
      bulla_cell(BULLA_CELL_BOOL, revision->current),
      bulla_cell(BULLA_CELL_SECONDS, revision->updated),
      bulla_cell(revision->expires > 0 ? BULLA_CELL_SECONDS : BULLA_CELL_NONE, revision->expires)};
  return bulla_rows_add((struct bulla_rows *)arg, cells);
}

enum bulla_status bulla_run_history(struct bulla_cli *cli) {
  static const char *const names[] = {"field", "revision", "value", "secret", "current", "updated", "expires", NULL};
  struct bulla_place place;
  struct bulla_vault *vault BULLA_CLEANUP(bulla_vault_close) = NULL;
  struct bulla_rows rows BULLA_CLEANUP(bulla_rows_free);
  bulla_rows_begin(&rows, cli, names, true);
  rows.max_width = BULLA_SHOWN_WIDTH;
  rows.optional = sizeof(names) / sizeof(names[0]) - 2;
  bool is_one = cli->num_operands > 1 || strchr(cli->operands[0], ':') != NULL;
  BULLA_TRY(is_one ? bulla_session_field(cli, &place) : bulla_session_entry(cli, &place, 0));
  BULLA_TRY(bulla_session_vault(cli, &vault));
  if (is_one) {
    bulla_session_at(cli, &place);
  } else {
    bulla_cli_at(cli, "%s", cli->operands[0]);
  }
  BULLA_TRY(bulla_vault_history(vault, &place, show_revision, &rows));
  return bulla_rows_end(&rows);
}

enum bulla_status bulla_option_revision(struct bulla_cli *cli, int64_t *revision) {
  *revision = 0;
  BULLA_TRY(bulla_option_number(cli, "revision", revision));
  return *revision > 0 || bulla_option_count(cli, "revision") == 0
             ? BULLA_OK
             : bulla_cli_usage(cli, "--revision takes a number from 1 on, as bulla history prints it");
}

enum bulla_status bulla_run_restore_field(struct bulla_cli *cli) {
  struct bulla_place place;
  int64_t revision;
  struct bulla_vault *vault BULLA_CLEANUP(bulla_vault_close) = NULL;
  struct bulla_session_who me;
  BULLA_TRY(bulla_session_field(cli, &place));
  BULLA_TRY(bulla_option_revision(cli, &revision));
  place.revision = revision;
  BULLA_TRY(bulla_session_vault(cli, &vault));
  bulla_session_identify(&me, cli, "");
  bulla_session_at(cli, &place);
  enum bulla_status status = bulla_vault_restore_field(vault, &me.who, &place);
  return status == BULLA_EXISTS
             ? bulla_cli_error(cli, status, "it is the revision that the field has: nothing was changed")
             : status;
}

enum bulla_status bulla_keep_number(struct bulla_cli *cli, int *num, const char *text) {
  int64_t value;
  const char *end = text;
  bool good = bulla_word_digits(&value, &end) && *end == '\0' && value <= BULLA_KEEP_MAX;
  *num = good ? (int)value : strcmp(text, "vault") == 0 ? BULLA_KEEP_AS_VAULT : 0;
  return good || *num == BULLA_KEEP_AS_VAULT
             ? BULLA_OK
             : bulla_cli_usage(cli, "the number to keep is 0 to %d, or, of an entry, vault: as many as the vault keeps",
                               BULLA_KEEP_MAX);
}

/* Prints how many are kept; of an entry without a number of its own, that of the vault. */
static enum bulla_status print_kept(struct bulla_cli *cli, struct bulla_vault *vault, const struct bulla_place *place) {
  static const char *const names[] = {"keep", "of", NULL};
  int num;
  BULLA_TRY(bulla_vault_kept(vault, &num, place));
  bool is_own = num != BULLA_KEEP_AS_VAULT;
  BULLA_TRY(is_own ? BULLA_OK : bulla_vault_kept(vault, &num, NULL));
  if (!cli->json) {
    (void)printf("%d%s\n", num, is_own ? "" : ", as the vault");
    return bulla_output_check(cli);
  }
  const struct bulla_cell cells[] = {bulla_cell_number(num),
                                     bulla_cell_string(is_own && place != NULL ? "entry" : "vault")};
  return bulla_rows_one(cli, names, cells);
}

enum bulla_status bulla_run_keep(struct bulla_cli *cli) {
  struct bulla_place place;
  struct bulla_vault *vault BULLA_CLEANUP(bulla_vault_close) = NULL;
  struct bulla_session_who me;
  bool is_entry = cli->num_operands > 0 && strchr(cli->operands[0], '/') != NULL;
  size_t at = is_entry ? 1 : 0;
  int num = 0;
  if (cli->num_operands > at + 1) {
    return bulla_cli_usage(cli, "it takes TENANT/ENTRY, then the number to keep");
  }
  BULLA_TRY(is_entry ? bulla_session_entry(cli, &place, 0) : BULLA_OK);
  bool is_set = cli->num_operands > at;
  BULLA_TRY(is_set ? bulla_keep_number(cli, &num, cli->operands[at]) : BULLA_OK);
  if (!is_entry && num == BULLA_KEEP_AS_VAULT) {
    return bulla_cli_usage(cli, "\"vault\" is for an entry: write TENANT/ENTRY before it");
  }
  BULLA_TRY(bulla_session_vault(cli, &vault));
  bulla_session_identify(&me, cli, "");
  if (is_entry) {
    bulla_cli_at(cli, "%s", cli->operands[0]);
  }
  return is_set ? bulla_vault_keep(vault, &me.who, is_entry ? &place : NULL, num)
                : print_kept(cli, vault, is_entry ? &place : NULL);
}
