/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Rotating the secret of a tenant: from then on new values are sealed under a new one, and the former one opens what
 * was sealed under it until that is sealed anew, by the next use (store/reseal.h) or by store/rewrap.c. One signed
 * statement and two rows, however much the tenant has. */

#include "store/columns.h"
#include "store/enroll.h"
#include "store/limited.h"
#include "store/may.h"
#include "store/names.h"

enum bulla_status bulla_vault_rotate_tenant(struct bulla_vault *vault, int64_t *version, const struct bulla_who *who,
                                            struct bulla_span tenant) {
  *version = 0;
  BULLA_TRY(bulla_who_check(who, false));
  BULLA_TRY(bulla_name_check(tenant));
  BULLA_TRY(bulla_may_root(vault, who, BULLA_LITERAL("rotate-tenant"), &(struct bulla_place){.tenant = tenant}));
  struct bulla_change change BULLA_CLEANUP(bulla_change_end) = {.vault = NULL};
  const struct bulla_place place = {.tenant = tenant};
  BULLA_TRY(bulla_limited_begin(&change, vault, who, BULLA_DB_WRITE, BULLA_LITERAL("rotate-tenant"), &place));
  const struct bulla_tenant *owner;
  int64_t next;
  char text[BULLA_DIGITS_MAX];
  BULLA_TRY(bulla_tenant_find(&owner, vault, tenant));
  BULLA_TRY(bulla_tenant_rotate(&next, &change, owner));
  BULLA_TRY(bulla_change_tell(&change, BULLA_LITERAL("rotate-tenant"), tenant, bulla_span(NULL, 0),
                              bulla_digits(text, next)));
  BULLA_TRY(bulla_change_commit(&change));
  *version = next;
  return BULLA_OK;
}
