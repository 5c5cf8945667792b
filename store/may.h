/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What a caller may do: the first line of every public function of the store asks here. It is the first of two walls;
 * the second is that an actor has no keys for what it may not do. */

#ifndef BULLA_STORE_MAY_H
#define BULLA_STORE_MAY_H

#include "store/vault.h"

#define BULLA_MAY(role) (1U << (role))

/* bulla_may_who is bulla_who_check of store/names.h for what an actor may do too: whoever opened the vault as one needs
 * no who->actor. */
BULLA_NODISCARD enum bulla_status bulla_may_who(const struct bulla_vault *vault, const struct bulla_who *who,
                                                bool needs_reason);

/* bulla_may_root returns BULLA_DENIED unless the vault was opened with a root. Of a refused try of |op| on the tenant
 * and entry of |place|, each of which may be empty, there is a record, with the outcome "denied". */
BULLA_NODISCARD enum bulla_status bulla_may_root(struct bulla_vault *vault, const struct bulla_who *who,
                                                 struct bulla_span op, const struct bulla_place *place);

/* bulla_may_on returns BULLA_DENIED unless the vault was opened with a root or by an actor that has one of |roles|,
 * bits of BULLA_MAY, on the tenant of |place|. Where that is empty, or there is none of that name, it is for the caller
 * to say so. Of a refused try there is a record as of bulla_may_root. |who| may be NULL. Each of these functions
 * returns BULLA_REVOKED if the actor was revoked, also where nothing else would tell it. */
BULLA_NODISCARD enum bulla_status bulla_may_on(struct bulla_vault *vault, const struct bulla_who *who, unsigned roles,
                                               struct bulla_span op, const struct bulla_place *place);

/* bulla_may_audit returns BULLA_DENIED unless the vault was opened with a root or by an auditor of all tenants, whose
 * keyring has the audit key and the vault's detail key from then on; or, if |tenant| is not empty, by one of that
 * tenant. Of a refused try there is a record. */
BULLA_NODISCARD enum bulla_status bulla_may_audit(struct bulla_vault *vault, struct bulla_span op,
                                                  struct bulla_span tenant);

/* bulla_may returns BULLA_DENIED unless the vault was opened with a root or by an actor that has one of |roles|, bits
 * of BULLA_MAY, on |tenant|, which is NULL where it has none. It writes no record. */
BULLA_NODISCARD enum bulla_status bulla_may(const struct bulla_vault *vault, const struct bulla_tenant *tenant,
                                            unsigned roles);

/* bulla_may_tell records that |op| was denied. Returns BULLA_DENIED, or why that could not be recorded. */
BULLA_NODISCARD enum bulla_status bulla_may_tell(struct bulla_vault *vault, const struct bulla_who *who,
                                                 struct bulla_span op, const struct bulla_place *place);

#endif
