/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* actor create, list, revoke. An actor has a name for good, so what an operand names is never another one than before.
 */

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/due.h"
#include "cli/error.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/rows.h"
#include "cli/session.h"
#include "cli/word.h"

/* at_actor notes that the run works on the actor of the operand, which may be its key: that is not repeated. */
static enum bulla_status at_actor(struct bulla_cli *cli) {
  struct bulla_span name = bulla_text(cli->operands[0]);
  bool is_name = bulla_word_is_name(name);
  bulla_cli_at(cli, "%s%s", is_name ? "actor " : "NAME", is_name ? cli->operands[0] : "");
  return is_name ? BULLA_OK : BULLA_INVALID_NAME;
}

enum bulla_status bulla_run_actor_create(struct bulla_cli *cli) {
  struct bulla_secret *key BULLA_CLEANUP(bulla_secret_free) = NULL;
  struct bulla_vault *vault BULLA_CLEANUP(bulla_vault_close) = NULL;
  struct bulla_session_who me;
  struct bulla_span name = bulla_text(cli->operands[0]);
  BULLA_TRY(at_actor(cli));
  BULLA_TRY(bulla_session_vault(cli, &vault));
  bulla_session_identify(&me, cli, "");
  (void)at_actor(cli);
  enum bulla_status status = bulla_vault_actor_create(vault, &key, &me.who, name);
  if (status == BULLA_EXISTS) {
    return bulla_cli_error(cli, status, "an actor has or had this name, which nobody gets again: choose another");
  }
  if (status == BULLA_TOO_LARGE) {
    return bulla_cli_error(cli, status, "a vault has at most %d actors, with those that were revoked",
                           BULLA_ACTORS_MAX);
  }
  BULLA_TRY(status);
  status = bulla_output_line(cli, bulla_secret_bytes(key));
  if (status != BULLA_OK) {
    /* Nobody has this key now, or only a part of it. If that fails too, the first failure is still the one to tell. */
    enum bulla_status revoked = bulla_vault_actor_revoke(vault, NULL, &me.who, name, true, NULL, NULL);
    cli->note = revoked == BULLA_OK ? "the actor was revoked: make one of another name" : NULL;
    return status;
  }
  if (isatty(STDERR_FILENO) == 1) {
    (void)fprintf(stderr, "actor %s: keep its key now, it is not shown again\n", cli->operands[0]);
  }
  return BULLA_OK;
}

static enum bulla_status list_actor(void *arg, const struct bulla_actor_view *actor) {
  const struct bulla_cell cells[] = {bulla_cell_text(actor->name),
                                     bulla_cell_string(actor->is_revoked ? "revoked" : "active"),
                                     bulla_cell_number(actor->number), bulla_cell(BULLA_CELL_SECONDS, actor->created)};
  return bulla_rows_add((struct bulla_rows *)arg, cells);
}

enum bulla_status bulla_run_actor_list(struct bulla_cli *cli) {
  static const char *const names[] = {"name", "state", "number", "created", NULL};
  struct bulla_vault *vault BULLA_CLEANUP(bulla_vault_close) = NULL;
  struct bulla_rows rows BULLA_CLEANUP(bulla_rows_free);
  bulla_rows_begin(&rows, cli, names, true);
  BULLA_TRY(bulla_session_vault(cli, &vault));
  BULLA_TRY(bulla_vault_actor_list(vault, list_actor, &rows));
  return bulla_rows_end(&rows);
}

/* explain returns |status| of revoking, in words of its own. */
static enum bulla_status explain(struct bulla_cli *cli, enum bulla_status status) {
  switch (status) {
    case BULLA_NOT_FOUND:
      return bulla_cli_error(cli, status, "no actor has this name: bulla actor list shows them");
    case BULLA_REVOKED:
      return bulla_cli_error(cli, status, "it was revoked already; --now rotates what it knew");
    case BULLA_BUSY:
      return bulla_cli_error(cli, status, "it goes on to put values: stop it and try again, or give --distrust");
    default:
      return status;
  }
}

/* revoke_actor revokes the actor; one that was revoked already is no failure if there is more to do. */
static enum bulla_status revoke_actor(struct bulla_cli *cli, struct bulla_vault *vault, int64_t *num_adopted,
                                      const struct bulla_who *who) {
  struct bulla_progress progress = {.what = "sealing anew what it has put", .units = "values"};
  bool distrust = bulla_option_count(cli, "distrust") > 0;
  enum bulla_status status = bulla_vault_actor_revoke(vault, num_adopted, who, bulla_text(cli->operands[0]), distrust,
                                                      bulla_progress_line, &progress);
  bulla_progress_end(&progress);
  if (status == BULLA_REVOKED && bulla_option_count(cli, "now") > 0) {
    *num_adopted = 0;
    return BULLA_OK;
  }
  return explain(cli, status);
}

static enum bulla_status tell(struct bulla_cli *cli, const struct bulla_due *due, int64_t num_adopted) {
  static const char *const names[] = {"actor",           "adopted",     "rotated",    "due",
                                      "former_versions", "due_apikeys", "generation", NULL};
  if (cli->json) {
    const struct bulla_cell cells[] = {bulla_cell_string(cli->operands[0]), bulla_cell_number(num_adopted),
                                       bulla_cell_number(due->num_rotated), bulla_cell_number(due->num_active),
                                       bulla_cell_number(due->num_former),  bulla_cell_number(due->num_apikeys),
                                       bulla_cell_number(due->generation)};
    return bulla_rows_one(cli, names, cells);
  }
  printf("%s is revoked: its key opens this vault no more", cli->operands[0]);
  if (bulla_option_count(cli, "distrust") > 0) {
    printf("; what it has put and nobody has used is refused until it is put again\n");
  } else {
    printf("; of what it has put %lld value%s sealed anew\n", (long long)num_adopted,
           num_adopted == 1 ? " was" : "s were");
  }
  bulla_due_print(due);
  printf(
      "what this cannot undo: what it has read, and copies of the vault from before, in which its key still opens "
      "what\n"
      "its roles gave it. Change at their origin the values that it could open: bulla audit report --breach actor:%s\n",
      cli->operands[0]);
  return BULLA_OK;
}

enum bulla_status bulla_run_actor_revoke(struct bulla_cli *cli) {
  struct bulla_vault *vault BULLA_CLEANUP(bulla_vault_close) = NULL;
  struct bulla_due due BULLA_CLEANUP(bulla_due_free) = {.num_active = 0};
  struct bulla_session_who me;
  int64_t num_adopted = 0;
  BULLA_TRY(at_actor(cli));
  BULLA_TRY(bulla_session_vault(cli, &vault));
  bulla_session_identify(&me, cli, "");
  (void)at_actor(cli);
  BULLA_TRY(revoke_actor(cli, vault, &num_adopted, &me.who));
  cli->note = "the actor is revoked";
  BULLA_TRY(bulla_due_take(&due, vault));
  enum bulla_status status =
      bulla_option_count(cli, "now") > 0 ? bulla_due_rotate(cli, &due, vault, &me.who) : BULLA_OK;
  BULLA_TRY(tell(cli, &due, num_adopted));
  cli->note = status == BULLA_OK ? NULL : cli->note;
  return status;
}
