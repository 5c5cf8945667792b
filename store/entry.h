/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Entries: their ids by their names. */

#ifndef BULLA_STORE_ENTRY_H
#define BULLA_STORE_ENTRY_H

#include "store/vault.h"

/* bulla_entry_find fills the BULLA_ID_LEN bytes of |id|, and finds its |*owner|. Returns BULLA_NOT_FOUND,
 * BULLA_REFUSED if a name is not proven to be the row's. */
BULLA_NODISCARD enum bulla_status bulla_entry_find(const struct bulla_tenant **owner, uint8_t *id,
                                                   struct bulla_vault *vault, struct bulla_span tenant,
                                                   struct bulla_span name);

/* bulla_entry_find_unproven fills |id| with that of the row with those names, also if no proof says that it is the
 * entry's: only to remove it. */
BULLA_NODISCARD enum bulla_status bulla_entry_find_unproven(uint8_t *id, struct bulla_vault *vault,
                                                            struct bulla_span tenant, struct bulla_span name);

/* bulla_entry_ensure finds the entry |name| of |owner|, or creates it, inside the caller's transaction. */
BULLA_NODISCARD enum bulla_status bulla_entry_ensure(uint8_t *id, struct bulla_vault *vault,
                                                     const struct bulla_tenant *owner, struct bulla_span name);

/* bulla_entry_rename gives the entry |id| of |owner| another name. Returns BULLA_EXISTS. */
BULLA_NODISCARD enum bulla_status bulla_entry_rename(struct bulla_vault *vault, const struct bulla_tenant *owner,
                                                     struct bulla_span id, struct bulla_span name);

/* bulla_field_missing returns BULLA_NOT_FOUND for a field that was not found, and logs which part of its place is
 * missing; or another status if something is wrong with the names of its tenant and entry. */
BULLA_NODISCARD enum bulla_status bulla_field_missing(struct bulla_vault *vault, struct bulla_span tenant,
                                                      struct bulla_span entry);

#endif
