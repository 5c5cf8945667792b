/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Tenants: reading their rows. store/enroll.h writes them. */

#ifndef BULLA_STORE_TENANT_H
#define BULLA_STORE_TENANT_H

#include "store/tenant_secret.h"
#include "store/vault.h"

/* bulla_tenant_look finds the tenant |name|. Returns BULLA_NOT_FOUND, BULLA_REFUSED for a row that was not signed so.
 * bulla_tenant_find is the same, and logs that it was not found. */
BULLA_NODISCARD enum bulla_status bulla_tenant_look(const struct bulla_tenant **tenant, struct bulla_vault *vault,
                                                    struct bulla_span name);
BULLA_NODISCARD enum bulla_status bulla_tenant_find(const struct bulla_tenant **tenant, struct bulla_vault *vault,
                                                    struct bulla_span name);

/* bulla_tenant_owner sets |*owner| to the tenant |name| for whom a record is sealed, or to NULL if there is none that
 * was signed so, or an actor has no role for it. */
BULLA_NODISCARD enum bulla_status bulla_tenant_owner(const struct bulla_tenant **owner, struct bulla_vault *vault,
                                                     struct bulla_span name);

/* bulla_tenant_by_id finds a tenant, also one that was removed. */
BULLA_NODISCARD enum bulla_status bulla_tenant_by_id(const struct bulla_tenant **tenant, struct bulla_vault *vault,
                                                     struct bulla_span id);

/* bulla_tenant_secret_by_id sets |*secret| to that of |tenant| with |id|. Returns BULLA_REFUSED if it has none that
 * opens values. */
BULLA_NODISCARD enum bulla_status bulla_tenant_secret_by_id(const struct bulla_tenant_secret **secret,
                                                            struct bulla_vault *vault,
                                                            const struct bulla_tenant *tenant, struct bulla_span id);

/* bulla_tenant_active_secret sets |*secret| to what seals the tenant's new values. */
BULLA_NODISCARD enum bulla_status bulla_tenant_active_secret(const struct bulla_tenant_secret **secret,
                                                             struct bulla_vault *vault,
                                                             const struct bulla_tenant *tenant);

/* bulla_tenant_check_no_live_apikey returns BULLA_IN_USE if the tenant has an API key that is not revoked. */
BULLA_NODISCARD enum bulla_status bulla_tenant_check_no_live_apikey(struct bulla_vault *vault,
                                                                    const struct bulla_tenant *tenant);

#endif
