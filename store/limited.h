/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Changes that are limited, and the records of what limits refused. The first call that a bucket refuses has a record
 * of its own, as it was asked, with the outcome "limited". Of those that follow there is one record a minute at most,
 * by whichever process comes then: "limit-refused", with the kind as its entry and their number as its field. It names
 * the actor, tenant or origin whose bucket it is, and nothing else. */

#ifndef BULLA_STORE_LIMITED_H
#define BULLA_STORE_LIMITED_H

#include "store/change.h"

/* bulla_limited_begin is bulla_change_begin for a change |op| of the tenant and entry of |place|, which may be empty.
 * Returns BULLA_LIMITED, with what is to be recorded of it committed. */
BULLA_NODISCARD enum bulla_status bulla_limited_begin(struct bulla_change *change, struct bulla_vault *vault,
                                                      const struct bulla_who *who, enum bulla_db_intent intent,
                                                      struct bulla_span op, const struct bulla_place *place);

/* bulla_limited_tell appends the records that are due of what was refused in this transaction and before. |record| is
 * that of the call to which |claim| was refused; both are NULL if none was. */
BULLA_NODISCARD enum bulla_status bulla_limited_tell(struct bulla_change *change, const struct bulla_limit_claim *claim,
                                                     struct bulla_audit_record *record);

#endif
