/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/versions.h. */

#include "store/versions.h"

#include "core/log.h"
#include "store/columns.h"
#include "store/due.h"
#include "store/may.h"
#include "store/tenant.h"

enum bulla_status bulla_version_count(struct bulla_version_rows *rows, struct bulla_vault *vault,
                                      const struct bulla_tenant *tenant, struct bulla_span id) {
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(vault->db, BULLA_QUERY_COUNT_SEALED);
  bulla_bind_blob(&statement, id);
  bulla_bind_blob(&statement, bulla_tenant_id(tenant));
  bool row;
  BULLA_TRY(bulla_step(&statement, &row));
  rows->created = bulla_column_int(&statement);
  rows->num_values = bulla_column_int(&statement);
  rows->num_apikeys = bulla_column_int(&statement);
  return row && bulla_columns_good(&statement)
             ? BULLA_OK
             : bulla_explain(BULLA_REFUSED, "a secret that the tenant is said to have is not there");
}

int64_t bulla_version_num_rows(const struct bulla_version_rows *rows) {
  return rows->num_values + rows->num_apikeys;
}

static enum bulla_status next_of_all(const struct bulla_tenant **owner, struct bulla_walked *walked,
                                     struct bulla_vault *vault) {
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(vault->db, BULLA_QUERY_WALK_TENANTS);
  bulla_bind_text(&statement, bulla_walked_name(walked));
  bulla_bind_int(&statement, 1);
  bool row;
  BULLA_TRY(bulla_step(&statement, &row));
  if (!row) {
    return BULLA_OK;
  }
  BULLA_TRY(bulla_columns_tenant(owner, &vault->keyring, &statement));
  return !(*owner)->said.removed && bulla_walk_on(walked, (*owner)->said.name) ? BULLA_OK : BULLA_REFUSED;
}

enum bulla_status bulla_versions_next(const struct bulla_tenant **owner, struct bulla_walked *walked,
                                      struct bulla_vault *vault, struct bulla_span only) {
  *owner = NULL;
  if (only.len == 0) {
    return next_of_all(owner, walked, vault);
  }
  if (walked->len > 0) {
    return BULLA_OK;
  }
  BULLA_TRY(bulla_tenant_find(owner, vault, only));
  return bulla_walk_on(walked, only) ? BULLA_OK : BULLA_REFUSED;
}

size_t bulla_version_find_old(const struct bulla_tenant *tenant, int64_t version) {
  size_t i = 0;
  while (i < tenant->said.num_secrets &&
         (tenant->said.secrets[i].state != BULLA_SECRET_DECRYPT_ONLY || tenant->said.secrets[i].version != version)) {
    i++;
  }
  return i;
}

static void take_old(struct bulla_old_versions *old, const struct bulla_tenant *owner) {
  old->num = 0;
  old->num_posted = 0;
  old->tenant = bulla_span(NULL, 0);
  if (owner == NULL) {
    return;
  }
  memcpy(old->name, owner->said.name.data, owner->said.name.len);
  old->tenant = bulla_span(old->name, owner->said.name.len);
  for (size_t i = 0; i < owner->said.num_secrets; i++) {
    if (owner->said.secrets[i].state == BULLA_SECRET_DECRYPT_ONLY) {
      old->versions[old->num++] = owner->said.secrets[i].version;
    }
  }
}

enum bulla_status bulla_versions_next_old(struct bulla_old_versions *old, int64_t *num_rows,
                                          struct bulla_walked *walked, struct bulla_vault *vault,
                                          struct bulla_span only) {
  struct bulla_vault *locked BULLA_CLEANUP(bulla_vault_unlock) = NULL;
  const struct bulla_tenant *owner;
  *num_rows = 0;
  struct bulla_db *state BULLA_CLEANUP(bulla_db_rollback) = NULL;
  BULLA_TRY(bulla_vault_lock(&locked, vault));
  /* One state of the tenant and of its secrets: another process may destroy one between two looks. */
  BULLA_TRY(bulla_db_begin(&state, vault->db, BULLA_DB_READ));
  BULLA_TRY(bulla_versions_next(&owner, walked, vault, only));
  take_old(old, owner);
  if (owner == NULL) {
    return BULLA_OK;
  }
  for (size_t i = 0; i < owner->said.num_secrets; i++) {
    if (owner->said.secrets[i].state == BULLA_SECRET_ACTIVE) {
      BULLA_TRY(bulla_count(&old->num_posted, vault->db, BULLA_QUERY_COUNT_POSTED_UNDER, owner->said.secrets[i].id));
    }
  }
  for (size_t i = 0; i < old->num; i++) {
    struct bulla_version_rows rows;
    BULLA_TRY(bulla_version_count(&rows, vault, owner,
                                  owner->said.secrets[bulla_version_find_old(owner, old->versions[i])].id));
    *num_rows += bulla_version_num_rows(&rows);
  }
  return BULLA_OK;
}

/* The versions of one tenant, copied. */
struct seen {
  char name[BULLA_NAME_MAX];
  size_t num;
  struct bulla_version_view views[BULLA_SECRETS_MAX];
};

static enum bulla_status look(struct seen *seen, struct bulla_walked *walked, struct bulla_vault *vault,
                              struct bulla_span only, const struct bulla_due *of_all) {
  struct bulla_vault *locked BULLA_CLEANUP(bulla_vault_unlock) = NULL;
  struct bulla_db *state BULLA_CLEANUP(bulla_db_rollback) = NULL;
  const struct bulla_tenant *owner;
  BULLA_TRY(bulla_vault_lock(&locked, vault));
  BULLA_TRY(bulla_db_begin(&state, vault->db, BULLA_DB_READ));
  BULLA_TRY(bulla_versions_next(&owner, walked, vault, only));
  seen->num = 0;
  if (owner == NULL) {
    return BULLA_OK;
  }
  memcpy(seen->name, owner->said.name.data, owner->said.name.len);
  for (size_t i = 0; i < owner->said.num_secrets; i++) {
    const struct bulla_secret_entry *secret = &owner->said.secrets[i];
    struct bulla_version_rows rows;
    int64_t num_now;
    BULLA_TRY(bulla_version_count(&rows, vault, owner, secret->id));
    BULLA_TRY(bulla_count(&num_now, vault->db, BULLA_QUERY_COUNT_SEALED_NOW, secret->id));
    seen->views[seen->num++] = (struct bulla_version_view){
        .tenant = bulla_span(seen->name, owner->said.name.len),
        .version = secret->version,
        .state = bulla_secret_state_name(secret->state),
        .created = rows.created,
        .num_fields = num_now,
        .num_past = rows.num_values - num_now,
        .num_apikeys = rows.num_apikeys,
    };
  }
  return bulla_due_mark(seen->views, vault, owner, of_all);
}

enum bulla_status bulla_vault_versions(struct bulla_vault *vault, struct bulla_span tenant, bulla_version_fn each,
                                       void *arg) {
  struct bulla_walked walked = {.len = 0};
  struct bulla_due of_all;
  struct seen seen;
  if (tenant.len > 0) {
    BULLA_TRY(bulla_name_check(tenant));
  }
  BULLA_TRY(bulla_may_root(vault, NULL, BULLA_LITERAL("status"), &(struct bulla_place){.tenant = tenant}));
  BULLA_TRY(bulla_due_begin(&of_all, vault));
  do {
    BULLA_TRY(look(&seen, &walked, vault, tenant, &of_all));
    for (size_t i = 0; i < seen.num; i++) {
      BULLA_TRY(each(arg, &seen.views[i]));
    }
  } while (seen.num > 0);
  return BULLA_OK;
}
