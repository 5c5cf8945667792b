/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* grant, grant list and grant rm. All tenants are an option and no word: a shell would make names of files of it. */

#include <stdio.h>

#include "cli/due.h"
#include "cli/error.h"
#include "cli/options.h"
#include "cli/rows.h"
#include "cli/session.h"
#include "cli/suggest.h"
#include "cli/word.h"

/* In the order of enum bulla_role. */
static const char *const roles[] = {"put", "show", "use", "verify", "audit", NULL};
_Static_assert(sizeof(roles) / sizeof(roles[0]) == BULLA_NUM_ROLES + 1, "a word for each role");

/* What the operands say. */
struct grant {
  struct bulla_span name;
  enum bulla_role role;
  struct bulla_span tenant; /* empty for all */
};

static enum bulla_status take_role(struct bulla_cli *cli, enum bulla_role *role) {
  char names[BULLA_SUGGEST_MAX];
  struct bulla_span word = bulla_text(cli->operands[1]);
  int index = bulla_word_index(roles, word);
  if (index >= 0) {
    *role = (enum bulla_role)index;
    return BULLA_OK;
  }
  bulla_suggest(names, roles, word);
  return names[0] != '\0' ? bulla_cli_usage(cli, "ROLE is put, show, use, verify or audit: did you mean %s?", names)
                          : bulla_cli_usage(cli, "ROLE is put, show, use, verify or audit");
}

/* take_grant reads NAME ROLE TENANT, or --all-tenants in the place of the last. */
static enum bulla_status take_grant(struct bulla_cli *cli, struct grant *grant) {
  bool all = bulla_option_count(cli, "all-tenants") > 0;
  bool one = cli->num_operands > 2;
  *grant = (struct grant){.name = bulla_text(cli->operands[0]),
                          .tenant = one ? bulla_text(cli->operands[2]) : bulla_span(NULL, 0)};
  BULLA_TRY(take_role(cli, &grant->role));
  if (all == one) {
    return bulla_cli_usage(cli, "give either TENANT or --all-tenants");
  }
  if (!bulla_word_is_name(grant->name)) {
    bulla_cli_at(cli, "NAME");
    return BULLA_INVALID_NAME;
  }
  if (one && !bulla_word_is_name(grant->tenant)) {
    bulla_cli_at(cli, "TENANT");
    return bulla_cli_error(cli, BULLA_INVALID_NAME, "%s: all tenants are --all-tenants",
                           bulla_status_text(BULLA_INVALID_NAME));
  }
  return BULLA_OK;
}

/* at_grant notes that the run works on |grant|, all of which are names. */
static void at_grant(struct bulla_cli *cli, const struct grant *grant) {
  bulla_cli_at(cli, "grant %s of %.*s on %s%.*s", roles[grant->role], (int)grant->name.len,
               (const char *)grant->name.data, grant->tenant.len > 0 ? "" : "all tenants", (int)grant->tenant.len,
               (const char *)grant->tenant.data);
}

enum bulla_status bulla_run_grant(struct bulla_cli *cli) {
  struct bulla_vault *vault BULLA_CLEANUP(bulla_vault_close) = NULL;
  struct bulla_session_who me;
  struct grant grant;
  BULLA_TRY(take_grant(cli, &grant));
  BULLA_TRY(bulla_session_vault(cli, &vault));
  bulla_session_identify(&me, cli, "");
  at_grant(cli, &grant);
  enum bulla_status status = bulla_vault_grant(vault, &me.who, grant.name, grant.role, grant.tenant);
  switch (status) {
    case BULLA_EXISTS:
      return bulla_cli_error(cli, status, "the actor has that grant already");
    case BULLA_NOT_FOUND:
      return bulla_cli_error(cli, status,
                             "there is no such actor or tenant: see bulla actor list and bulla list; a tenant is there "
                             "once something was put");
    case BULLA_REVOKED:
      return bulla_cli_error(cli, status, "the actor was revoked, for good: make another, with a name of its own");
    default:
      return status;
  }
}

enum bulla_status bulla_run_grant_rm(struct bulla_cli *cli) {
  static const char *const names[] = {"due", "former_versions", "due_apikeys", "generation", NULL};
  struct bulla_vault *vault BULLA_CLEANUP(bulla_vault_close) = NULL;
  struct bulla_due due BULLA_CLEANUP(bulla_due_free) = {.num_active = 0};
  struct bulla_session_who me;
  struct grant grant;
  BULLA_TRY(take_grant(cli, &grant));
  BULLA_TRY(bulla_session_vault(cli, &vault));
  bulla_session_identify(&me, cli, "");
  at_grant(cli, &grant);
  enum bulla_status status = bulla_vault_grant_end(vault, &me.who, grant.name, grant.role, grant.tenant);
  if (status == BULLA_NOT_FOUND) {
    return bulla_cli_error(cli, status, "there is nothing to end: bulla grant list shows what is granted");
  }
  BULLA_TRY(status);
  cli->note = "the grant has ended";
  BULLA_TRY(bulla_due_take(&due, vault));
  cli->note = NULL;
  if (!cli->json) {
    bulla_due_print(&due);
    return BULLA_OK;
  }
  const struct bulla_cell cells[] = {bulla_cell_number(due.num_active), bulla_cell_number(due.num_former),
                                     bulla_cell_number(due.num_apikeys), bulla_cell_number(due.generation)};
  return bulla_rows_one(cli, names, cells);
}

static const char *state_of(const struct bulla_grant_view *grant) {
  return grant->has_ended ? "ended" : grant->is_removed ? "tenant removed" : "in force";
}

static enum bulla_status list_grant(void *arg, const struct bulla_grant_view *grant) {
  struct bulla_rows *rows = (struct bulla_rows *)arg;
  const struct bulla_cell actor = bulla_cell_text(grant->actor);
  const struct bulla_cell role = bulla_cell_text(bulla_role_name(grant->role));
  const struct bulla_cell created = bulla_cell(BULLA_CELL_SECONDS, grant->created);
  if (grant->has_ended && bulla_option_count(rows->cli, "ended") == 0) {
    return BULLA_OK;
  }
  if (rows->cli->json) {
    const struct bulla_cell cells[] = {actor,
                                       role,
                                       bulla_cell_text(grant->tenant),
                                       bulla_cell(BULLA_CELL_BOOL, grant->is_for_all ? 1 : 0),
                                       bulla_cell(BULLA_CELL_BOOL, grant->has_ended ? 1 : 0),
                                       bulla_cell(BULLA_CELL_BOOL, grant->is_removed ? 1 : 0),
                                       created};
    return bulla_rows_add(rows, cells);
  }
  /* No tenant has that name. */
  const struct bulla_cell cells[] = {actor, role,
                                     grant->is_for_all ? bulla_cell_string("*") : bulla_cell_text(grant->tenant),
                                     bulla_cell_string(state_of(grant)), created};
  return bulla_rows_add(rows, cells);
}

enum bulla_status bulla_run_grant_list(struct bulla_cli *cli) {
  static const char *const names[] = {"actor", "role", "tenant", "state", "created", NULL};
  static const char *const json_names[] = {"actor", "role",           "tenant",  "all_tenants",
                                           "ended", "tenant_removed", "created", NULL};
  struct bulla_vault *vault BULLA_CLEANUP(bulla_vault_close) = NULL;
  struct bulla_rows rows BULLA_CLEANUP(bulla_rows_free);
  struct bulla_span name = cli->num_operands > 0 ? bulla_text(cli->operands[0]) : bulla_span(NULL, 0);
  bulla_rows_begin(&rows, cli, cli->json ? json_names : names, true);
  if (name.len > 0 && !bulla_word_is_name(name)) {
    bulla_cli_at(cli, "NAME");
    return BULLA_INVALID_NAME;
  }
  BULLA_TRY(bulla_session_vault(cli, &vault));
  enum bulla_status status = bulla_vault_grant_list(vault, name, list_grant, &rows);
  if (status == BULLA_NOT_FOUND) {
    return bulla_cli_error(cli, status, "no actor has this name: bulla actor list shows them");
  }
  BULLA_TRY(status);
  return bulla_rows_end(&rows);
}
