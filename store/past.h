/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Former revisions of fields. A row moves as it is, because what it has is bound to its revision already: nothing is
 * opened to put a field. What is read of it is what store/queries.c joins with the field: a row that is not of an
 * earlier revision than the field is nobody's past, whoever put it there. */

#ifndef BULLA_STORE_PAST_H
#define BULLA_STORE_PAST_H

#include "store/context.h"
#include "store/vault.h"

/* bulla_past_move keeps the field of |binding|, with that revision, as it is, before it is written over; and deletes
 * those before it, so that |num| stay. */
BULLA_NODISCARD enum bulla_status bulla_past_move(struct bulla_vault *vault, const struct bulla_binding *binding,
                                                  int64_t num);

/* bulla_past_forget deletes all former revisions of a field; |*num| is how many there were. */
BULLA_NODISCARD enum bulla_status bulla_past_forget(int64_t *num, struct bulla_vault *vault, struct bulla_span entry_id,
                                                    struct bulla_span field);

#endif
