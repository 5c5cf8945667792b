/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Columns that several queries return (store/queries.h), checked and authenticated. */

#ifndef BULLA_STORE_COLUMNS_H
#define BULLA_STORE_COLUMNS_H

#include "store/column_name.h"
#include "store/db.h"
#include "store/directory.h"
#include "store/field.h"
#include "store/tenant_secret.h"

/* bulla_columns_tenant takes a tenant: id, name, statement, signature, label key, detail key. Returns BULLA_REFUSED for
 * a row that was not signed so; BULLA_DENIED, with |*tenant| set, if an actor has no role for it, and the statuses of
 * bulla_self_look. */
BULLA_NODISCARD enum bulla_status bulla_columns_tenant(const struct bulla_tenant **tenant,
                                                       struct bulla_keyring *keyring,
                                                       struct bulla_statement *statement);

/* bulla_columns_secret takes a secret of |tenant|: id, version, wrapped. Returns BULLA_REFUSED for one that is
 * destroyed, missing or another's. */
BULLA_NODISCARD enum bulla_status bulla_columns_secret(const struct bulla_tenant_secret **secret,
                                                       struct bulla_keyring *keyring, const struct bulla_tenant *tenant,
                                                       struct bulla_statement *statement);

/* bulla_columns_field takes a field. |field| has the names that were asked for; the rest is filled and valid until
 * the statement's next step. Returns BULLA_REFUSED for a row that bulla did not write, or whose names are not proven.
 * What an actor has put is looked at, but only refused by who opens it: others may have to tell of it. */
BULLA_NODISCARD enum bulla_status bulla_columns_field(struct bulla_stored_field *field, struct bulla_keyring *keyring,
                                                      struct bulla_statement *statement);

/* bulla_bind_secret binds the id of |secret|, or NULL without one. */
void bulla_bind_secret(struct bulla_statement *statement, const struct bulla_tenant_secret *secret);

/* bulla_count sets |*count| to what |query| counts, whose one parameter is an id. */
BULLA_NODISCARD enum bulla_status bulla_count(int64_t *count, struct bulla_db *db, enum bulla_query query,
                                              struct bulla_span id);

#endif
