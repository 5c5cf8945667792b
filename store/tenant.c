/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/tenant.h. */

#include "store/tenant.h"

#include "core/log.h"
#include "store/columns.h"

static enum bulla_status read_one(const struct bulla_tenant **tenant, struct bulla_vault *vault,
                                  struct bulla_statement *statement) {
  bool row;
  *tenant = NULL;
  BULLA_TRY(bulla_step(statement, &row));
  return row ? bulla_columns_tenant(tenant, &vault->keyring, statement) : BULLA_NOT_FOUND;
}

enum bulla_status bulla_tenant_look(const struct bulla_tenant **tenant, struct bulla_vault *vault,
                                    struct bulla_span name) {
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(vault->db, BULLA_QUERY_FIND_TENANT);
  bulla_bind_text(&statement, name);
  BULLA_TRY(read_one(tenant, vault, &statement));
  /* A damaged index leads to rows that were not asked for. */
  bool same = !(*tenant)->said.removed && bulla_span_equal((*tenant)->said.name, name);
  return same ? BULLA_OK : BULLA_REFUSED;
}

enum bulla_status bulla_tenant_find(const struct bulla_tenant **tenant, struct bulla_vault *vault,
                                    struct bulla_span name) {
  enum bulla_status status = bulla_tenant_look(tenant, vault, name);
  return status == BULLA_NOT_FOUND ? bulla_explain(status, "there is no such tenant") : status;
}

enum bulla_status bulla_tenant_owner(const struct bulla_tenant **owner, struct bulla_vault *vault,
                                     struct bulla_span name) {
  *owner = NULL;
  if (name.len == 0) {
    return BULLA_OK;
  }
  enum bulla_status status = bulla_tenant_look(owner, vault, name);
  if (status == BULLA_NOT_FOUND || status == BULLA_REFUSED || status == BULLA_DENIED) {
    *owner = NULL;
    return BULLA_OK;
  }
  return status;
}

enum bulla_status bulla_tenant_by_id(const struct bulla_tenant **tenant, struct bulla_vault *vault,
                                     struct bulla_span id) {
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(vault->db, BULLA_QUERY_TENANT_BY_ID);
  bulla_bind_blob(&statement, id);
  BULLA_TRY(read_one(tenant, vault, &statement));
  return bulla_span_equal(bulla_tenant_id(*tenant), id) ? BULLA_OK : BULLA_REFUSED;
}

/* The statement has one that is active; the row is found by its id, whatever the database says of its state. */
static struct bulla_span active_id(const struct bulla_tenant *tenant) {
  struct bulla_span id = bulla_span(NULL, 0);
  for (size_t i = 0; i < tenant->said.num_secrets; i++) {
    id = tenant->said.secrets[i].state == BULLA_SECRET_ACTIVE ? tenant->said.secrets[i].id : id;
  }
  return id;
}

enum bulla_status bulla_tenant_secret_by_id(const struct bulla_tenant_secret **secret, struct bulla_vault *vault,
                                            const struct bulla_tenant *tenant, struct bulla_span id) {
  *secret = NULL;
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(vault->db, BULLA_QUERY_TENANT_SECRET);
  bulla_bind_blob(&statement, id);
  bulla_bind_blob(&statement, bulla_tenant_id(tenant));
  bool row;
  BULLA_TRY(bulla_step(&statement, &row));
  if (!row) {
    return BULLA_REFUSED;
  }
  BULLA_TRY(bulla_columns_secret(secret, &vault->keyring, tenant, &statement));
  return bulla_span_equal(bulla_span((*secret)->id, BULLA_ID_LEN), id) ? BULLA_OK : BULLA_REFUSED;
}

enum bulla_status bulla_tenant_active_secret(const struct bulla_tenant_secret **secret, struct bulla_vault *vault,
                                             const struct bulla_tenant *tenant) {
  return bulla_tenant_secret_by_id(secret, vault, tenant, active_id(tenant));
}

enum bulla_status bulla_tenant_check_no_live_apikey(struct bulla_vault *vault, const struct bulla_tenant *tenant) {
  int64_t count;
  BULLA_TRY(bulla_count(&count, vault->db, BULLA_QUERY_COUNT_LIVE_APIKEYS, bulla_tenant_id(tenant)));
  return count == 0 ? BULLA_OK
                    : bulla_explain(BULLA_IN_USE, "the tenant has %lld API key%s not revoked", (long long)count,
                                    count == 1 ? " that is" : "s that are");
}
