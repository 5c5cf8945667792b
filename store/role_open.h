/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What an actor comes by, where a root unwraps: its grants give it the keys of roles, these open the handouts of a
 * tenant, and what is in them is used if the tenant's signed statement commits to it. */

#ifndef BULLA_STORE_ROLE_OPEN_H
#define BULLA_STORE_ROLE_OPEN_H

#include "store/roles.h"

/* bulla_role_open_tenant is bulla_check_tenant for the actor keyring->self: reads its grants, and opens what they give
 * of the tenant. The row was seen to be the newest. Without any role |*tenant| is set all the same, and has no keys.
 * Returns BULLA_REFUSED also for grants that are older than the tenant's statement, or handouts that give something
 * else than it commits to. */
BULLA_NODISCARD enum bulla_status bulla_role_open_tenant(const struct bulla_tenant **tenant,
                                                         struct bulla_keyring *keyring, struct bulla_db *db,
                                                         const struct bulla_tenant_row *row);

/* bulla_role_open_secret is bulla_tenant_secret for the actor keyring->self: those keys of the secret that its roles
 * give are there, and the public ones, which are said. */
BULLA_NODISCARD enum bulla_status bulla_role_open_secret(const struct bulla_tenant_secret **secret,
                                                         struct bulla_keyring *keyring, struct bulla_db *db,
                                                         const struct bulla_tenant *tenant,
                                                         const struct bulla_secret_row *row);

/* bulla_role_open_audit has |keyring| come by the audit key and the vault's detail key, if the actor keyring->self has
 * the role of an auditor of all tenants. Returns BULLA_DENIED if not: what it came by before is wiped as the vault
 * is let go of, or by a later call where keyring->auditors use it. For a root it does nothing. */
BULLA_NODISCARD enum bulla_status bulla_role_open_audit(struct bulla_keyring *keyring, struct bulla_db *db);

#endif
