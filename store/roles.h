/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The keys of roles. A root computes them all:
 *
 *   ring key  of a role, R[role, ring]                   expands from the vault key; a grant for all tenants gives it
 *   role key  of a tenant and a role, Q[tenant, role]    expands from a ring key; a grant for one tenant gives it
 *   handouts  what the role gives for that tenant, each sealed under Q: the tenant's own keys, and keys of its secrets
 *
 * So neither a grant nor an actor is touched when a tenant is made or rotated. Ring and epoch of a tenant's role keys
 * are in its signed statement. Handouts are not signed: what comes out is compared with what the tenant's statement
 * commits to. After a grant has ended, what is made later is sealed under a role key that it did not give (renewing).
 * docs/FORMAT.md §7 is normative. */

#ifndef BULLA_STORE_ROLES_H
#define BULLA_STORE_ROLES_H

#include "store/db.h"
#include "store/directory.h"
#include "store/tenant_secret.h"
#include "store/vault_row.h"

/* bulla_ring_key creates R[role, ring] out of the vault key. The caller frees it. Returns BULLA_DENIED without one. */
BULLA_NODISCARD enum bulla_status bulla_ring_key(struct bulla_secret **key, const struct bulla_keyring *keyring,
                                                 enum bulla_role role, int64_t ring);

/* bulla_role_key creates Q[tenant, role] of |epoch| out of |ring_key|; |tenant_id| is empty for what belongs to the
 * vault. */
BULLA_NODISCARD enum bulla_status bulla_role_key(struct bulla_secret **key, const struct bulla_keyring *keyring,
                                                 const struct bulla_secret *ring_key, struct bulla_span tenant_id,
                                                 enum bulla_role role, int64_t epoch);

/* bulla_role_key_of creates Q[tenant, role] as the statement |said| has it, out of the vault key. */
BULLA_NODISCARD enum bulla_status bulla_role_key_of(struct bulla_secret **key, const struct bulla_keyring *keyring,
                                                    const struct bulla_tenant_statement *said, enum bulla_role role);

/* bulla_handout_open creates |*given| of the handout |what| of |tenant_id| and |role|, which |role_key| opens. |what|
 * is the id of a secret, or empty. Returns BULLA_NOT_FOUND if there is none, BULLA_REFUSED. */
BULLA_NODISCARD enum bulla_status bulla_handout_open(struct bulla_secret **given, const struct bulla_keyring *keyring,
                                                     struct bulla_db *db, const struct bulla_key *role_key,
                                                     struct bulla_span tenant_id, enum bulla_role role,
                                                     struct bulla_span what);

/* bulla_ring_down sets |*ring_key|, which is R[role, from], to R[role, to] by the handouts of the vault, where |to| is
 * not greater. Returns BULLA_REFUSED. */
BULLA_NODISCARD enum bulla_status bulla_ring_down(struct bulla_secret **ring_key, const struct bulla_keyring *keyring,
                                                  struct bulla_db *db, enum bulla_role role, int64_t from, int64_t to);

/* The rest is for a root, in the caller's transaction.
 *
 * bulla_roles_begin writes the vault's own handouts as the vault is made. */
BULLA_NODISCARD enum bulla_status bulla_roles_begin(const struct bulla_keyring *keyring, struct bulla_db *db,
                                                    const struct bulla_secret *detail);

/* bulla_roles_add_tenant writes the handouts that a tenant has for good, bulla_roles_add_secret those of a secret. */
BULLA_NODISCARD enum bulla_status bulla_roles_add_tenant(const struct bulla_keyring *keyring, struct bulla_db *db,
                                                         const struct bulla_tenant_statement *said,
                                                         const struct bulla_secret *label_key,
                                                         const struct bulla_secret *detail_key);
BULLA_NODISCARD enum bulla_status bulla_roles_add_secret(const struct bulla_keyring *keyring, struct bulla_db *db,
                                                         const struct bulla_tenant_statement *said,
                                                         const struct bulla_secret_keys *keys,
                                                         struct bulla_span secret_id);

/* bulla_roles_renew gives the tenant of |said| new role keys of |role|: |said| gets the ring |ring| and the next epoch,
 * and all handouts of the role are sealed anew. The caller signs |said| and gives the grants of that tenant new
 * boxes. */
BULLA_NODISCARD enum bulla_status bulla_roles_renew(const struct bulla_keyring *keyring, struct bulla_db *db,
                                                    struct bulla_tenant_statement *said, enum bulla_role role,
                                                    int64_t ring);

/* bulla_roles_next_ring makes the next ring key of |role|: row->said.rings gets its number. Whoever has it comes by the
 * former ones. The caller stores |row| signed, and gives the grants for all tenants new boxes. */
BULLA_NODISCARD enum bulla_status bulla_roles_next_ring(const struct bulla_keyring *keyring, struct bulla_db *db,
                                                        struct bulla_vault_row *row, enum bulla_role role);

#endif
