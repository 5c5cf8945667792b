/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Ending a grant, inside a change of a root. */

#ifndef BULLA_STORE_GRANT_H
#define BULLA_STORE_GRANT_H

#include "store/grants.h"

/* bulla_grant_close ends |grant|, which is in force, and renews the keys that it gave: those of its tenant and role,
 * or, if it is for all, the ring key of the role, and those of each tenant when that is rotated. The next record of
 * |change| tells of the grant. */
BULLA_NODISCARD enum bulla_status bulla_grant_close(struct bulla_change *change,
                                                    const struct bulla_grant_statement *grant);

/* bulla_grant_tell_end tells of the end of |grant|, which the actor |name| had. The record is the tenant's, by the name
 * that it has, or had last. */
BULLA_NODISCARD enum bulla_status bulla_grant_tell_end(struct bulla_change *change, struct bulla_span name,
                                                       const struct bulla_grant_statement *grant);

#endif
