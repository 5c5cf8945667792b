/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/columns.h. */

#include "store/columns.h"

#include "store/names.h"
#include "store/proof.h"

struct bulla_span bulla_column_name(struct bulla_statement *statement) {
  struct bulla_span name = bulla_column_text(statement, BULLA_NAME_MAX);
  if (bulla_name_check(name) != BULLA_OK) {
    statement->bad = true;
    return bulla_span(NULL, 0);
  }
  return name;
}

enum bulla_status bulla_columns_found(uint8_t *id, struct bulla_span *proof, struct bulla_statement *statement) {
  bool row;
  BULLA_TRY(bulla_step(statement, &row));
  if (!row) {
    return BULLA_NOT_FOUND;
  }
  bulla_column_bytes(statement, id, BULLA_ID_LEN);
  *proof = bulla_column_exact(statement, BULLA_PROOF_LEN);
  return bulla_columns_good(statement) ? BULLA_OK : BULLA_REFUSED;
}

enum bulla_status bulla_columns_tenant(struct bulla_span *id, struct bulla_span *name,
                                       const struct bulla_keyring *keyring, struct bulla_statement *statement) {
  *id = bulla_column_exact(statement, BULLA_ID_LEN);
  *name = bulla_column_name(statement);
  struct bulla_span proof = bulla_column_exact(statement, BULLA_PROOF_LEN);
  if (!bulla_columns_good(statement)) {
    return BULLA_REFUSED;
  }
  return bulla_name_check_proof(keyring, *id, bulla_span(NULL, 0), *name, proof);
}

struct bulla_wrapped_key bulla_columns_wrapped_key(struct bulla_statement *statement, struct bulla_span tenant_id) {
  struct bulla_wrapped_key wrapped = {.tenant_id = tenant_id};
  wrapped.key_id = bulla_column_exact(statement, BULLA_KEY_ID_LEN);
  wrapped.version = bulla_column_int(statement);
  wrapped.wrapped = bulla_column_blob(statement, BULLA_WRAPPED_MAX);
  return wrapped;
}

enum bulla_status bulla_columns_field_row(struct bulla_stored_field *field, struct bulla_wrapped_key *wrapped,
                                          const struct bulla_keyring *keyring, struct bulla_statement *statement) {
  struct bulla_binding *binding = &field->binding;
  binding->tenant_id = bulla_column_exact(statement, BULLA_ID_LEN);
  struct bulla_span tenant_proof = bulla_column_exact(statement, BULLA_PROOF_LEN);
  binding->entry_id = bulla_column_exact(statement, BULLA_ID_LEN);
  struct bulla_span entry_proof = bulla_column_exact(statement, BULLA_PROOF_LEN);
  binding->field = bulla_column_name(statement);
  binding->revision = bulla_column_int(statement);
  field->secret = bulla_column_int(statement) != 0;
  field->value = bulla_column_blob(statement, BULLA_STORED_MAX);
  field->mask = bulla_column_blob(statement, BULLA_STORED_MAX);
  field->updated = bulla_column_int(statement);
  *wrapped = bulla_columns_wrapped_key(statement, binding->tenant_id);
  if (!bulla_columns_good(statement)) {
    return BULLA_REFUSED;
  }
  BULLA_TRY(bulla_name_check_proof(keyring, binding->tenant_id, bulla_span(NULL, 0), field->tenant, tenant_proof));
  return bulla_name_check_proof(keyring, binding->tenant_id, binding->entry_id, field->entry, entry_proof);
}

enum bulla_status bulla_columns_field(struct bulla_stored_field *field, struct bulla_keyring *keyring,
                                      struct bulla_statement *statement) {
  struct bulla_wrapped_key wrapped;
  BULLA_TRY(bulla_columns_field_row(field, &wrapped, keyring, statement));
  return bulla_tenant_key(&field->key, keyring, &wrapped);
}

enum bulla_status bulla_count(int64_t *count, struct bulla_db *db, enum bulla_query query, struct bulla_span id) {
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) = bulla_statement(db, query);
  bulla_bind_blob(&statement, id);
  bool row;
  BULLA_TRY(bulla_step(&statement, &row));
  *count = row ? bulla_column_int(&statement) : 0;
  return bulla_columns_good(&statement) ? BULLA_OK : BULLA_REFUSED;
}
