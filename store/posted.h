/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Taking in all that an actor has put (store/posting.h), before it or its grant ends: sealed under the tenants' own
 * keys it stays good. There is no record here: the one of what ends has the number. */

#ifndef BULLA_STORE_POSTED_H
#define BULLA_STORE_POSTED_H

#include "store/vault.h"

#define BULLA_POSTED_REST_MAX 1000 /* values that bulla_posted_adopt_rest seals anew, at most */

/* bulla_posted_adopt_all seals anew all that the actor |actor_id| has put, under the tenants' keys, in short
 * transactions, and sets |*num| to how many. It ends when there is none left, or returns BULLA_BUSY if the actor is
 * faster. bulla_posted_adopt_rest seals what is left then, BULLA_POSTED_REST_MAX values at most, in the caller's
 * transaction; BULLA_BUSY if there are more. |tenant_id| restricts both to a tenant, unless it is empty. What is not
 * good already stays as it is. |progress| may be NULL. Both are for a root. */
BULLA_NODISCARD enum bulla_status bulla_posted_adopt_all(int64_t *num, struct bulla_vault *vault,
                                                         struct bulla_span actor_id, struct bulla_span tenant_id,
                                                         bulla_progress_fn progress, void *arg);
BULLA_NODISCARD enum bulla_status bulla_posted_adopt_rest(int64_t *num, struct bulla_vault *vault,
                                                          struct bulla_span actor_id, struct bulla_span tenant_id);

#endif
