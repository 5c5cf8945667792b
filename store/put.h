/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Writing fields, for put and import. */

#ifndef BULLA_STORE_PUT_H
#define BULLA_STORE_PUT_H

#include "store/vault.h"

/* Who writes, for whom, under which key. */
struct bulla_putter {
  struct bulla_vault *vault;
  const struct bulla_who *who;
  struct bulla_span op; /* put or import */
  struct bulla_span tenant;
  uint8_t tenant_id[BULLA_ID_LEN];
  struct bulla_key *key;
};

/* bulla_putter_begin finds the key that |tenant| seals with, within the caller's transaction, and makes the tenant
 * if it is not there. What the arguments point to must outlive |putter|. */
BULLA_NODISCARD enum bulla_status bulla_putter_begin(struct bulla_putter *putter, struct bulla_vault *vault,
                                                     const struct bulla_who *who, struct bulla_span op,
                                                     struct bulla_span tenant);

/* bulla_put_field writes |field| of |entry| and its audit record, within the caller's transaction, and makes the
 * entry if it is not there. If it |must_be_new|, a field that is there is BULLA_EXISTS. */
BULLA_NODISCARD enum bulla_status bulla_put_field(const struct bulla_putter *putter, struct bulla_span entry,
                                                  const struct bulla_field *field, bool must_be_new);

/* bulla_entry_find fills the BULLA_ID_LEN bytes of |id|. Returns BULLA_NOT_FOUND, BULLA_REFUSED if the name is not
 * proven to be the row's. */
BULLA_NODISCARD enum bulla_status bulla_entry_find(uint8_t *id, struct bulla_vault *vault, struct bulla_span tenant_id,
                                                   struct bulla_span name);

/* bulla_field_missing returns BULLA_NOT_FOUND for a field that was not found, and tells the log which part of its
 * place is not there; or what else is wrong with the names of its tenant and entry. */
BULLA_NODISCARD enum bulla_status bulla_field_missing(struct bulla_vault *vault, struct bulla_span tenant,
                                                      struct bulla_span entry);

/* bulla_value_check returns BULLA_TOO_LARGE for a value of more than BULLA_VALUE_MAX bytes. */
BULLA_NODISCARD enum bulla_status bulla_value_check(size_t len);

#endif
