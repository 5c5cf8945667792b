/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Writing rows of tenants: each change is signed, moves the generation of the directory, and its digest goes into the
 * next record of the same transaction. Only the root can. */

#ifndef BULLA_STORE_ENROLL_H
#define BULLA_STORE_ENROLL_H

#include "store/change.h"
#include "store/tenant.h"

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

#endif
