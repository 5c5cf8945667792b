/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Writing rows of grants, inside a change of a root. Each of these moves the directory (store/advance.h) by as many
 * generations as it signs statements. store/actors.h reads them. */

#ifndef BULLA_STORE_GRANTS_H
#define BULLA_STORE_GRANTS_H

#include "store/actors.h"
#include "store/change.h"

/* bulla_grant_insert makes a grant of |role| to |actor|, for the tenant |tenant_id|, or for all if that is empty: |key|
 * of |epoch| is sealed to the actor. The next record of |change| tells of it. Returns BULLA_EXISTS if the database has
 * one. */
BULLA_NODISCARD enum bulla_status bulla_grant_insert(struct bulla_change *change,
                                                     const struct bulla_actor_statement *actor,
                                                     struct bulla_span tenant_id, enum bulla_role role,
                                                     const struct bulla_secret *key, int64_t epoch);

/* bulla_grant_end ends |grant|, which is in force: its box is gone. The next record of |change| tells of it. The caller
 * renews the key that was in it. */
BULLA_NODISCARD enum bulla_status bulla_grant_end(struct bulla_change *change,
                                                  const struct bulla_grant_statement *grant);

/* bulla_grants_reseal gives all grants in force of |role| for the tenant |tenant_id|, or for all if that is empty, the
 * key |key| of |epoch| in place of what they have. */
BULLA_NODISCARD enum bulla_status bulla_grants_reseal(struct bulla_change *change, struct bulla_span tenant_id,
                                                      enum bulla_role role, const struct bulla_secret *key,
                                                      int64_t epoch);

#endif
