/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Destroying versions of tenants' secrets under which nothing is left. */

#include "store/enroll.h"
#include "store/may.h"
#include "store/tenant.h"
#include "store/versions.h"

/* Destroys the versions of a tenant under which nothing is left, all in one transaction. */
static enum bulla_status destroy_unused(struct bulla_change *change, int64_t *num,
                                        const struct bulla_old_versions *old) {
  struct bulla_vault *vault = change->vault;
  for (size_t i = 0; i < old->num; i++) {
    const struct bulla_tenant *owner;
    struct bulla_version_rows rows;
    char text[BULLA_DIGITS_MAX];
    enum bulla_status status = bulla_tenant_look(&owner, vault, old->tenant);
    if (status == BULLA_NOT_FOUND) {
      return BULLA_OK; /* it was renamed, removed or shredded meanwhile */
    }
    BULLA_TRY(status);
    size_t index = bulla_version_find_old(owner, old->versions[i]);
    if (index == owner->said.num_secrets) {
      continue;
    }
    BULLA_TRY(bulla_version_count(&rows, vault, owner, owner->said.secrets[index].id));
    if (bulla_version_num_rows(&rows) > 0) {
      continue;
    }
    BULLA_TRY(bulla_tenant_destroy(change, owner, index));
    BULLA_TRY(bulla_change_tell(change, BULLA_LITERAL("destroy-version"), old->tenant, bulla_span(NULL, 0),
                                bulla_digits(text, old->versions[i])));
    ++*num;
  }
  return *num > 0 ? bulla_change_commit(change) : BULLA_OK;
}

enum bulla_status bulla_vault_destroy_versions(struct bulla_vault *vault, int64_t *num_destroyed,
                                               const struct bulla_who *who, struct bulla_span tenant) {
  struct bulla_walked walked = {.len = 0};
  struct bulla_old_versions old;
  *num_destroyed = 0;
  BULLA_TRY(bulla_who_check(who, false));
  if (tenant.len > 0) {
    BULLA_TRY(bulla_name_check(tenant));
  }
  BULLA_TRY(bulla_may_root(vault, who, BULLA_LITERAL("destroy-version"), &(struct bulla_place){.tenant = tenant}));
  for (;;) {
    int64_t num = 0;
    BULLA_TRY(bulla_versions_next_old(&old, &num, &walked, vault, tenant));
    if (old.tenant.len == 0) {
      return BULLA_OK;
    }
    num = 0;
    if (old.num > 0) {
      struct bulla_change change BULLA_CLEANUP(bulla_change_end) = {.vault = NULL};
      BULLA_TRY(bulla_change_begin(&change, vault, who, BULLA_DB_WRITE));
      BULLA_TRY(destroy_unused(&change, &num, &old));
    }
    *num_destroyed += num;
  }
}
