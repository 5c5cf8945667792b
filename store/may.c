/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/may.h. */

#include "store/may.h"

#include <stdio.h>

#include "core/log.h"
#include "store/limited.h"
#include "store/names.h"

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

enum bulla_status bulla_may(const struct bulla_vault *vault, const struct bulla_tenant *tenant, unsigned roles) {
  char needed[ROLES_TEXT_MAX];
  if (vault->keyring.self == NULL || (tenant != NULL && (tenant->roles & roles) != 0)) {
    return BULLA_OK;
  }
  name_roles(needed, roles);
  return bulla_explain(BULLA_DENIED, "the actor needs the role %s for the tenant: a root can grant it", needed);
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
  BULLA_TRY(who != NULL ? bulla_who_check(who, false) : BULLA_OK);
  enum bulla_status status = bulla_may_tell(vault, who, op, place);
  return status == BULLA_DENIED ? bulla_explain(status, "only a root can do that") : status;
}
