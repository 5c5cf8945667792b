/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/may.h. */

#include "store/may.h"

#include <stdio.h>

#include "core/log.h"
#include "store/limited.h"
#include "store/names.h"
#include "store/role_open.h"
#include "store/self.h"
#include "store/tenant.h"

enum { ROLES_TEXT_MAX = 64 };

/* Writes the names of |roles| to |text|, as "show or use". */
static void name_roles(char text[ROLES_TEXT_MAX], unsigned roles) {
  size_t len = 0;
  text[0] = '\0';
  for (unsigned i = 0; i < BULLA_NUM_ROLES && len < ROLES_TEXT_MAX; i++) {
    if ((roles & BULLA_MAY(i)) != 0) {
      struct bulla_span name = bulla_role_name((enum bulla_role)i);
      int added = snprintf(text + len, ROLES_TEXT_MAX - len, "%s%.*s", len > 0 ? " or " : "", (int)name.len,
                           (const char *)name.data);
      len += added > 0 ? (size_t)added : 0;
    }
  }
}

static enum bulla_status explain(unsigned roles) {
  char needed[ROLES_TEXT_MAX];
  name_roles(needed, roles);
  return bulla_explain(BULLA_DENIED, "the actor needs the role %s for that tenant: a root can grant it", needed);
}

enum bulla_status bulla_may(const struct bulla_vault *vault, const struct bulla_tenant *tenant, unsigned roles) {
  bool may = vault->keyring.self == NULL || (tenant != NULL && (tenant->roles & roles) != 0);
  return may ? BULLA_OK : explain(roles);
}

enum bulla_status bulla_may_who(const struct bulla_vault *vault, const struct bulla_who *who, bool needs_reason) {
  BULLA_TRY(bulla_vault_here(vault));
  return vault->keyring.self != NULL ? bulla_who_check_proven(who, needs_reason) : bulla_who_check(who, needs_reason);
}

/* Looks whether the actor still is. What comes by no tenant's row does not tell it. */
static enum bulla_status look_at_self(struct bulla_vault *vault) {
  struct bulla_vault *locked BULLA_CLEANUP(bulla_vault_unlock) = NULL;
  BULLA_TRY(bulla_vault_lock(&locked, vault));
  return bulla_self_look(&vault->keyring, vault->db, bulla_span(NULL, 0));
}

/* What of a place can be told: names that are none are left out. */
static struct bulla_span tell_name(struct bulla_span name) {
  return bulla_name_check(name) == BULLA_OK ? name : bulla_span(NULL, 0);
}

/* It is limited as a change is, and counts as a miss: so nobody floods the log with what he may not do. */
enum bulla_status bulla_may_tell(struct bulla_vault *vault, const struct bulla_who *who, struct bulla_span op,
                                 const struct bulla_place *place) {
  static const struct bulla_who nobody = {.reserved = {0}};
  struct bulla_change change BULLA_CLEANUP(bulla_change_end) = {.vault = NULL};
  const struct bulla_who *by = who != NULL ? who : &nobody;
  struct bulla_place at = {.revision = 0};
  if (place != NULL) {
    at.tenant = tell_name(place->tenant);
    at.entry = tell_name(place->entry);
    at.field = tell_name(place->field);
  }
  struct bulla_audit_record record = bulla_audit_record(by, op, at.tenant, at.entry);
  record.field = at.field;
  record.outcome = BULLA_OUTCOME_DENIED;
  BULLA_TRY(look_at_self(vault));
  BULLA_TRY(bulla_limited_begin(&change, vault, by, BULLA_DB_WRITE, op, &at));
  BULLA_TRY(bulla_limits_missed(&vault->limits, &record));
  BULLA_TRY(bulla_change_append(&change, &record));
  BULLA_TRY(bulla_change_commit(&change));
  return BULLA_DENIED;
}

enum bulla_status bulla_may_root(struct bulla_vault *vault, const struct bulla_who *who, struct bulla_span op,
                                 const struct bulla_place *place) {
  BULLA_TRY(bulla_vault_here(vault));
  if (vault->keyring.self == NULL) {
    return BULLA_OK;
  }
  BULLA_TRY(who != NULL ? bulla_who_check_proven(who, false) : BULLA_OK);
  enum bulla_status status = bulla_may_tell(vault, who, op, place);
  return status == BULLA_DENIED ? bulla_explain(status, "only a root can do that") : status;
}

static enum bulla_status look_once(struct bulla_vault *vault, unsigned roles, struct bulla_span tenant) {
  const struct bulla_tenant *found;
  enum bulla_status status = bulla_tenant_look(&found, vault, tenant);
  if (status == BULLA_NOT_FOUND) {
    return bulla_self_look(&vault->keyring, vault->db, bulla_span(NULL, 0));
  }
  return status == BULLA_OK && (found->roles & roles) == 0 ? BULLA_DENIED : status;
}

/* Looks whether the actor has one of |roles| on |tenant|. What was changed meanwhile is looked at in one state. */
static enum bulla_status look_on(struct bulla_vault *vault, unsigned roles, struct bulla_span tenant) {
  struct bulla_vault *locked BULLA_CLEANUP(bulla_vault_unlock) = NULL;
  struct bulla_db *transaction BULLA_CLEANUP(bulla_db_rollback) = NULL;
  BULLA_TRY(bulla_vault_lock(&locked, vault));
  enum bulla_status status = look_once(vault, roles, tenant);
  if (status == BULLA_BUSY) {
    BULLA_TRY(bulla_db_begin(&transaction, vault->db, BULLA_DB_READ));
    status = look_once(vault, roles, tenant);
  }
  return status;
}

enum bulla_status bulla_may_on(struct bulla_vault *vault, const struct bulla_who *who, unsigned roles,
                               struct bulla_span op, const struct bulla_place *place) {
  BULLA_TRY(bulla_vault_here(vault));
  if (vault->keyring.self == NULL) {
    return BULLA_OK;
  }
  if (place->tenant.len == 0) {
    return look_at_self(vault);
  }
  enum bulla_status status = look_on(vault, roles, place->tenant);
  status = status == BULLA_DENIED ? bulla_may_tell(vault, who, op, place) : status;
  return status == BULLA_DENIED ? explain(roles) : status;
}

/* Looks whether the actor is an auditor of all tenants at this moment. */
static enum bulla_status look_for_audit(struct bulla_vault *vault) {
  struct bulla_vault *locked BULLA_CLEANUP(bulla_vault_unlock) = NULL;
  BULLA_TRY(bulla_vault_lock(&locked, vault));
  BULLA_TRY(bulla_self_look(&vault->keyring, vault->db, bulla_span(NULL, 0)));
  return bulla_role_open_audit(&vault->keyring, vault->db);
}

enum bulla_status bulla_may_audit(struct bulla_vault *vault, struct bulla_span op, struct bulla_span tenant) {
  const struct bulla_place place = {.tenant = tenant};
  BULLA_TRY(bulla_vault_here(vault));
  if (vault->keyring.self == NULL) {
    return BULLA_OK;
  }
  enum bulla_status status = look_for_audit(vault);
  if (status != BULLA_DENIED) {
    return status;
  }
  if (tenant.len > 0) {
    return bulla_may_on(vault, NULL, BULLA_MAY(BULLA_ROLE_AUDIT), op, &place);
  }
  status = bulla_may_tell(vault, NULL, op, NULL);
  return status == BULLA_DENIED ? bulla_explain(status, "the actor needs the role audit for all tenants") : status;
}
