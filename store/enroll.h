/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Writing rows of tenants: each change is signed, moves the generation of the directory, and its digest goes into the
 * next record of the same transaction. Only the root can. */

#ifndef BULLA_STORE_ENROLL_H
#define BULLA_STORE_ENROLL_H

#include "store/change.h"
#include "store/tenant.h"

/* bulla_tenant_rotate gives |tenant| a new active secret, of |*version|; the former one is decrypt-only. Roles of which
 * a grant for all tenants has ended get new keys before. Returns BULLA_TOO_LARGE if BULLA_SECRETS_MAX are not
 * destroyed. */
BULLA_NODISCARD enum bulla_status bulla_tenant_rotate(int64_t *version, struct bulla_change *change,
                                                      const struct bulla_tenant *tenant);

/* bulla_tenant_renew gives |tenant| new role keys of |role|, whose handouts are sealed anew, and the grants in force of
 * that tenant and role too: one that has ended gives nothing that is made from then on. */
BULLA_NODISCARD enum bulla_status bulla_tenant_renew(struct bulla_change *change, const struct bulla_tenant *tenant,
                                                     enum bulla_role role);

/* bulla_tenant_destroy destroys the secret of |tenant| with the number |index| in its statement, which must not be
 * active. The database returns BULLA_REFUSED or worse if something is still sealed under it. */
BULLA_NODISCARD enum bulla_status bulla_tenant_destroy(struct bulla_change *change, const struct bulla_tenant *tenant,
                                                       size_t index);

/* bulla_tenant_ensure is bulla_tenant_find, but creates a missing tenant and its first secret. */
BULLA_NODISCARD enum bulla_status bulla_tenant_ensure(const struct bulla_tenant **tenant, struct bulla_change *change,
                                                      struct bulla_span name);

/* bulla_tenant_create creates a tenant and its first secret. */
BULLA_NODISCARD enum bulla_status bulla_tenant_create(const struct bulla_tenant **tenant, struct bulla_change *change,
                                                      struct bulla_span name, int64_t created);

/* bulla_tenant_rename gives |tenant| another name. Returns BULLA_EXISTS. */
BULLA_NODISCARD enum bulla_status bulla_tenant_rename(struct bulla_change *change, const struct bulla_tenant *tenant,
                                                      struct bulla_span name);

/* bulla_tenant_remove destroys the secrets of |tenant| and takes its name away. The row stays, with the keys that its
 * records need. */
BULLA_NODISCARD enum bulla_status bulla_tenant_remove(struct bulla_change *change, const struct bulla_tenant *tenant);

/* bulla_tenant_shred destroys all keys of |tenant| and deletes all that it has. The row stays, without keys and name,
 * for the chain of the log. */
BULLA_NODISCARD enum bulla_status bulla_tenant_shred(struct bulla_change *change, const struct bulla_tenant *tenant);

#endif
