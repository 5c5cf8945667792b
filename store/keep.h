/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* How many former revisions of a field are kept: of an entry, and of the vault. */

#ifndef BULLA_STORE_KEEP_H
#define BULLA_STORE_KEEP_H

#include "store/change.h"

/* bulla_keep_check returns BULLA_INVALID_ARGUMENT for a number that nothing, or no vault, can keep. */
BULLA_NODISCARD enum bulla_status bulla_keep_check(int num, bool is_of_entry);

/* bulla_keep_in_entry sets the number of the entry of |place|, deletes what is too old by it, and tells of it. */
BULLA_NODISCARD enum bulla_status bulla_keep_in_entry(struct bulla_change *change, const struct bulla_place *place,
                                                      struct bulla_span entry_id, int num);

#endif
