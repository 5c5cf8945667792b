/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* rotate, rewrap, shred: new keys in the place of old ones, and old ones destroyed. */

#include <stdio.h>
#include <stdlib.h>

#include "cli/error.h"
#include "cli/move.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/root_commands.h"
#include "cli/rows.h"
#include "cli/scrub.h"
#include "cli/session.h"

static enum bulla_status rotate_tenant(struct bulla_cli *cli) {
  static const char *const names[] = {"tenant", "version", NULL};
  struct bulla_vault *vault BULLA_CLEANUP(bulla_vault_close) = NULL;
  struct bulla_session_who me;
  struct bulla_span tenant = bulla_option_span(cli, "tenant");
  int64_t version;
  BULLA_TRY(bulla_session_vault(cli, &vault));
  bulla_session_identify(&me, cli, "");
  bulla_session_at_tenant(cli, tenant, "--tenant");
  enum bulla_status status = bulla_vault_rotate_tenant(vault, &version, &me.who, tenant);
  if (status == BULLA_TOO_LARGE) {
    return bulla_cli_error(cli, status, "it has 32 versions: run bulla rewrap --destroy first");
  }
  BULLA_TRY(status);
  if (cli->json) {
    const struct bulla_cell cells[] = {bulla_cell_text(tenant), bulla_cell_number(version)};
    return bulla_rows_one(cli, names, cells);
  }
  char after[128];
  (void)snprintf(after, sizeof(after), " seals under version %lld now; bulla rewrap seals the rest anew\n",
                 (long long)version);
  return bulla_output_text(cli, "", bulla_option_value(cli, "tenant"), after);
}

/* The provider of the new root: --new-root, or --root where BULLA_ROOT gives the one that opens the vault. */
static enum bulla_status find_new_root(struct bulla_cli *cli, const char **given) {
  *given = bulla_option_value(cli, "new-root");
  if (*given != NULL) {
    return BULLA_OK;
  }
  *given = bulla_option_value(cli, "root");
  const char *current = getenv("BULLA_ROOT");
  if (*given == NULL) {
    return bulla_cli_usage(cli, "say what to rotate: --tenant T, --root NEW or --new-root NEW, or --all");
  }
  if (current == NULL || current[0] == '\0') {
    return bulla_cli_usage(cli,
                           "--root names the new root here, and BULLA_ROOT must name the one that opens the vault; or "
                           "give --root OLD --new-root NEW");
  }
  cli->other_provider = current;
  return BULLA_OK;
}

static enum bulla_status report_root(struct bulla_cli *cli, const char *given) {
  static const char *const names[] = {"root", "root_created", NULL};
  const struct bulla_cell cells[] = {bulla_cell_string(given),
                                     bulla_cell(BULLA_CELL_BOOL, bulla_option_count(cli, "create") > 0 ? 1 : 0)};
  return cli->json ? bulla_rows_one(cli, names, cells)
                   : bulla_output_text(cli, "the new root opens the vault, and the former one no more; ", "",
                                       "copies made before still open with the former one\n"
                                       "name the new one wherever BULLA_ROOT or --root name the former one\n");
}

static enum bulla_status rotate_root(struct bulla_cli *cli) {
  struct bulla_vault *vault BULLA_CLEANUP(bulla_vault_close) = NULL;
  struct bulla_root *root BULLA_CLEANUP(bulla_root_free) = NULL;
  struct bulla_session_who me;
  const char *given;
  BULLA_TRY(find_new_root(cli, &given));
  BULLA_TRY(bulla_session_root_vault(cli, &vault));
  BULLA_TRY(bulla_root_to_add(cli, &root, given));
  bulla_session_identify(&me, cli, "");
  bulla_cli_at(cli, "new root");
  enum bulla_status status = bulla_vault_root_rotate(vault, &me.who, root, bulla_option_span(cli, "name"));
  if (status != BULLA_OK && bulla_option_count(cli, "create") > 0) {
    cli->note = "the new key file stays, and opens nothing";
  }
  if (status == BULLA_EXISTS) {
    return bulla_cli_error(cli, status, "this root, or one of this name, is there already: remove the other one");
  }
  BULLA_TRY(status);
  BULLA_TRY(bulla_scrub(cli, vault));
  return report_root(cli, given);
}

/* After a breach every key is a new one only in a new vault: whoever had the keys of this one can make rows, records
 * and statements of it that no check tells from its own. */
static enum bulla_status rotate_all(struct bulla_cli *cli) {
  if (cli->num_operands != 1 || bulla_option_count(cli, "new-root") == 0) {
    return bulla_cli_usage(cli, "--all takes TARGET_URL, the new vault, and --new-root PROVIDER, its root key");
  }
  BULLA_TRY(bulla_move_to(cli, "--new-root"));
  if (!cli->json) {
    printf(
        "every key of the new vault is a new one. What is left to do:\n"
        "- have all programs open the new vault, and pin its id and fingerprint: bulla info\n"
        "- add its other roots, a recipient among them: bulla root add\n"
        "- make its actors anew, with new keys, and grant them what they need: bulla actor create, bulla grant\n"
        "- say anew what it keeps of former values, and its limits: bulla keep, bulla limit set\n"
        "- replace the live API keys: whoever had the keys of the former vault can forge their tokens\n"
        "- change the values at their origin: they may have been read. bulla audit report --breach root says which\n"
        "- keep the former vault, with its log and anchors, as evidence; then destroy its roots and its copies\n");
  }
  return BULLA_OK;
}

enum bulla_status bulla_run_rotate(struct bulla_cli *cli) {
  bool tenant = bulla_option_count(cli, "tenant") > 0;
  bool all = bulla_option_count(cli, "all") > 0;
  if (tenant && (all || bulla_option_count(cli, "new-root") > 0)) {
    return bulla_cli_usage(cli, "--tenant, --new-root and --all are different rotations: give one of them");
  }
  if (!all && cli->num_operands > 0) {
    return bulla_cli_usage(cli, "TARGET_URL belongs to --all; new keys for a tenant: --tenant T");
  }
  return tenant ? rotate_tenant(cli) : all ? rotate_all(cli) : rotate_root(cli);
}

static enum bulla_status report(struct bulla_cli *cli, const struct bulla_rewrap_report *made, int64_t num_destroyed) {
  static const char *const names[] = {"total", "done", "refused", "destroyed", "stopped", NULL};
  const struct bulla_cell cells[] = {bulla_cell_number(made->num_total), bulla_cell_number(made->num_done),
                                     bulla_cell_number(made->num_refused), bulla_cell_number(num_destroyed),
                                     bulla_cell(BULLA_CELL_BOOL, made->is_stopped ? 1 : 0)};
  if (cli->json) {
    return bulla_rows_one(cli, names, cells);
  }
  printf("%lld of %lld value%s sealed anew", (long long)made->num_done, (long long)made->num_total,
         made->num_total == 1 ? "" : "s");
  if (num_destroyed > 0 || bulla_option_count(cli, "destroy") > 0) {
    printf(", %lld version%s destroyed", (long long)num_destroyed, num_destroyed == 1 ? "" : "s");
  }
  printf("%s\n", made->is_stopped ? "; stopped: run it again to go on" : "");
  return BULLA_OK;
}

static enum bulla_status destroy(struct bulla_cli *cli, struct bulla_vault *vault, int64_t *num,
                                 const struct bulla_session_who *me) {
  BULLA_TRY(bulla_vault_destroy_versions(vault, num, &me->who, bulla_option_span(cli, "tenant")));
  return bulla_scrub(cli, vault);
}

enum bulla_status bulla_run_rewrap(struct bulla_cli *cli) {
  struct bulla_vault *vault BULLA_CLEANUP(bulla_vault_close) = NULL;
  struct bulla_rewrap_report made = BULLA_REWRAP_REPORT_INIT;
  struct bulla_session_who me;
  struct bulla_progress progress;
  struct bulla_span tenant = bulla_option_span(cli, "tenant");
  int64_t num_destroyed = 0;
  BULLA_TRY(bulla_session_vault(cli, &vault));
  bulla_session_identify(&me, cli, "");
  bulla_session_at_tenant(cli, tenant, "--tenant");
  bulla_progress_begin(&progress, "sealing anew", "values");
  enum bulla_status status = bulla_vault_rewrap(vault, &made, &me.who, tenant, bulla_progress_goes_on, &progress);
  bulla_progress_end(&progress);
  if (status == BULLA_OK && !made.is_stopped && bulla_option_count(cli, "destroy") > 0) {
    status = destroy(cli, vault, &num_destroyed, &me);
  }
  if (status == BULLA_REFUSED) {
    BULLA_TRY(report(cli, &made, num_destroyed));
    return bulla_cli_error(cli, status,
                           "%s: remove them and put them anew, then run this again; their version is not destroyed "
                           "before that",
                           cli->detail);
  }
  BULLA_TRY(status);
  BULLA_TRY(report(cli, &made, num_destroyed));
  if (made.is_stopped) {
    cli->exit_status = 130;
    return bulla_cli_error(cli, BULLA_BUSY, "ended by a signal: run it again to go on");
  }
  return BULLA_OK;
}

enum bulla_status bulla_run_shred(struct bulla_cli *cli) {
  struct bulla_vault *vault BULLA_CLEANUP(bulla_vault_close) = NULL;
  struct bulla_session_who me;
  struct bulla_span tenant = bulla_text(cli->operands[0]);
  bulla_session_at_tenant(cli, tenant, "TENANT");
  BULLA_TRY(bulla_session_vault(cli, &vault));
  bulla_session_at_tenant(cli, tenant, "TENANT");
  if (bulla_option_count(cli, "yes") == 0) {
    return bulla_cli_usage(cli, "shredding cannot be undone: give --yes to do it");
  }
  bulla_session_identify(&me, cli, "");
  enum bulla_status status = bulla_vault_shred(vault, &me.who, tenant);
  if (status == BULLA_NOT_FOUND) {
    /* It may have been shredded by somebody who was interrupted then. */
    BULLA_TRY(bulla_scrub(cli, vault));
    bulla_session_at_tenant(cli, tenant, "TENANT");
    return status;
  }
  BULLA_TRY(status);
  return bulla_scrub(cli, vault);
}
