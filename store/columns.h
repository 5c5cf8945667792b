/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Columns that several queries return (store/queries.h), checked and authenticated. */

#ifndef BULLA_STORE_COLUMNS_H
#define BULLA_STORE_COLUMNS_H

#include "store/field.h"
#include "store/db.h"
#include "store/wrapped_key.h"

/* bulla_column_name is bulla_column_text for a name: anything but a name makes the row bad. */
struct bulla_span bulla_column_name(struct bulla_statement *statement);

/* bulla_columns_found steps to the row of a name that is looked for: copies its id, of BULLA_ID_LEN bytes, and sets
 * |*proof|, valid until the next step, which the caller checks. Returns BULLA_NOT_FOUND if there is no row. */
BULLA_NODISCARD enum bulla_status bulla_columns_found(uint8_t *id, struct bulla_span *proof,
                                                      struct bulla_statement *statement);

/* bulla_columns_tenant takes a tenant. Returns BULLA_REFUSED if the name is not proven to be the row's. */
BULLA_NODISCARD enum bulla_status bulla_columns_tenant(struct bulla_span *id, struct bulla_span *name,
                                                       const struct bulla_keyring *keyring,
                                                       struct bulla_statement *statement);

/* bulla_columns_wrapped_key takes a key of the tenant |tenant_id|. A destroyed or missing key makes the row bad. */
struct bulla_wrapped_key bulla_columns_wrapped_key(struct bulla_statement *statement, struct bulla_span tenant_id);

/* bulla_columns_field_row takes a field, but for its key, of which it fills |wrapped|. bulla_columns_field, only for
 * who has the vault, takes all of a field. |field| has the names that were asked for; the rest is filled and valid
 * until the statement's next step. Returns BULLA_REFUSED for a row that bulla did not write, or whose names are not
 * proven.
 */
BULLA_NODISCARD enum bulla_status bulla_columns_field_row(struct bulla_stored_field *field,
                                                          struct bulla_wrapped_key *wrapped,
                                                          const struct bulla_keyring *keyring,
                                                          struct bulla_statement *statement);
BULLA_NODISCARD enum bulla_status bulla_columns_field(struct bulla_stored_field *field, struct bulla_keyring *keyring,
                                                      struct bulla_statement *statement);

/* bulla_count sets |*count| to what |query| counts, whose one parameter is an id. */
BULLA_NODISCARD enum bulla_status bulla_count(int64_t *count, struct bulla_db *db, enum bulla_query query,
                                              struct bulla_span id);

#endif
