/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Values that an actor has put: sealed to the public keys of the tenant's secret, so that the actor cannot read them
 * back, and signed by the actor. They are good while the actor and its grant are in force, and whoever opens one for
 * the first time seals it anew under the tenant's own keys. docs/FORMAT.md §7 is normative. */

#ifndef BULLA_STORE_POSTED_H
#define BULLA_STORE_POSTED_H

#include "store/field.h"
#include "store/vault.h"

/* What makes a stored field a posted one. Both spans are empty for any other. */
struct bulla_posting {
  struct bulla_span writer;    /* id of the actor */
  struct bulla_span signature; /* BULLA_SIGNATURE_LEN bytes */
};

/* bulla_posted_adopt_all seals anew all that the actor |actor_id| has put, under the tenants' keys, in short
 * transactions, and sets |*num| to how many. It ends when there is none left, or returns BULLA_BUSY if the actor is
 * faster. bulla_posted_adopt_rest seals what is left then, 1000 values at most, in the caller's transaction.
 * |tenant_id| restricts both to a tenant, unless it is empty. */
BULLA_NODISCARD enum bulla_status bulla_posted_adopt_all(int64_t *num, struct bulla_vault *vault,
                                                         struct bulla_span actor_id, struct bulla_span tenant_id,
                                                         bulla_progress_fn progress, void *arg);
BULLA_NODISCARD enum bulla_status bulla_posted_adopt_rest(int64_t *num, struct bulla_vault *vault,
                                                          struct bulla_span actor_id, struct bulla_span tenant_id);

#endif
