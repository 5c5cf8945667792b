/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/due.h. */

#include "store/due.h"

#include "store/actors.h"
#include "store/whole.h"

static void add(struct bulla_due *due, const struct bulla_grant_statement *grant) {
  bool of_apikeys = grant->role == BULLA_ROLE_VERIFY;
  bool of_secrets = of_apikeys || grant->role == BULLA_ROLE_SHOW || grant->role == BULLA_ROLE_USE;
  if (of_secrets && grant->ended > due->secrets) {
    due->secrets = grant->ended;
  }
  if (of_apikeys && grant->ended > due->apikeys) {
    due->apikeys = grant->ended;
  }
}

/* Has |due| know of the grants for the tenant |tenant_id|, or of those for all if that is empty. */
static enum bulla_status add_grants(struct bulla_due *due, struct bulla_vault *vault, struct bulla_span tenant_id) {
  struct bulla_grant_row rows[BULLA_ACTOR_ROWS];
  size_t num = 0;
  do {
    const struct bulla_grant_row *after = num > 0 ? &rows[num - 1] : NULL;
    BULLA_TRY(bulla_grants_of_tenant(rows, &num, &vault->keyring, vault->db, tenant_id, after));
    for (size_t i = 0; i < num; i++) {
      add(due, &rows[i].said);
    }
  } while (num == BULLA_ACTOR_ROWS);
  return BULLA_OK;
}

enum bulla_status bulla_due_begin(struct bulla_due *due, struct bulla_vault *vault) {
  struct bulla_vault *locked BULLA_CLEANUP(bulla_vault_unlock) = NULL;
  struct bulla_db *state BULLA_CLEANUP(bulla_db_rollback) = NULL;
  *due = (struct bulla_due){.secrets = 0};
  BULLA_TRY(bulla_vault_lock(&locked, vault));
  BULLA_TRY(bulla_db_begin(&state, vault->db, BULLA_DB_READ));
  BULLA_TRY(bulla_check_whole(vault));
  return add_grants(due, vault, bulla_span(NULL, 0));
}

/* From when on API keys were certainly made after the role had ended: with the first secret that was. Nothing else says
 * what came first, and a secret that is older may hold keys of any time. */
static int64_t safe_since(const struct bulla_version_view *views, const struct bulla_tenant *tenant, int64_t ended) {
  int64_t since = INT64_MAX;
  for (size_t i = 0; i < tenant->said.num_secrets; i++) {
    if (tenant->said.secrets[i].generation > ended && views[i].created < since) {
      since = views[i].created;
    }
  }
  return since;
}

static enum bulla_status count_old(int64_t *num, struct bulla_db *db, struct bulla_span secret_id, int64_t since) {
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(db, BULLA_QUERY_COUNT_OLD_APIKEYS);
  bulla_bind_blob(&statement, secret_id);
  bulla_bind_int(&statement, since);
  bool row;
  BULLA_TRY(bulla_step(&statement, &row));
  *num = row ? bulla_column_int(&statement) : 0;
  return bulla_columns_good(&statement) ? BULLA_OK : BULLA_REFUSED;
}

enum bulla_status bulla_due_mark(struct bulla_version_view *views, struct bulla_vault *vault,
                                 const struct bulla_tenant *tenant, const struct bulla_due *of_all) {
  struct bulla_due due = *of_all;
  BULLA_TRY(add_grants(&due, vault, bulla_tenant_id(tenant)));
  int64_t since = safe_since(views, tenant, due.apikeys);
  for (size_t i = 0; i < tenant->said.num_secrets; i++) {
    const struct bulla_secret_entry *secret = &tenant->said.secrets[i];
    int64_t num_old = 0;
    views[i].is_due = secret->generation < due.secrets;
    if (due.apikeys > 0 && views[i].num_apikeys > 0) {
      BULLA_TRY(count_old(&num_old, vault->db, secret->id, since));
    }
    views[i].is_due_apikeys = num_old > 0;
  }
  return BULLA_OK;
}
