/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/columns.h. */

#include "store/columns.h"

#include "core/log.h"
#include "store/names.h"
#include "store/proof.h"
#include "store/role_open.h"
#include "store/self.h"
#include "store/vault_row.h"

/* Whether the row is the newest of its tenant is asked once for each state of the directory. */
static enum bulla_status check_tenant(const struct bulla_tenant **tenant, struct bulla_keyring *keyring,
                                      struct bulla_db *db, const struct bulla_tenant_row *row) {
  const struct bulla_tenant *known = bulla_keyring_find_tenant(keyring, row->id, row->statement, row->signature);
  if (known != NULL && known->checked == keyring->generation) {
    return bulla_check_tenant(tenant, keyring, row);
  }
  BULLA_TRY(bulla_vault_row_check_newest(keyring, db, BULLA_QUERY_TENANT_STATEMENT, row->id, row->statement));
  int64_t generation = keyring->generation; /* in which it is the newest: grants may be read in another */
  /* What is in the cache has the keys that it is to have; an actor comes by those of others by its grants. */
  BULLA_TRY(known != NULL || keyring->self == NULL ? bulla_check_tenant(tenant, keyring, row)
                                                   : bulla_role_open_tenant(tenant, keyring, db, row));
  (*tenant)->self->checked = generation;
  return BULLA_OK;
}

/* On a server each statement may see what was committed since the one before. So what an actor reads of a tenant by
 * several, which do not fit each other, is refused only if the directory is the one that the first of them came with.
 */
static enum bulla_status judge(enum bulla_status status, struct bulla_keyring *keyring, struct bulla_db *db) {
  if (status != BULLA_REFUSED || keyring->self == NULL) {
    return status;
  }
  BULLA_TRY(bulla_vault_row_learn(keyring, db));
  bool same = memcmp(keyring->beside, keyring->checked, sizeof(keyring->beside)) == 0;
  return same ? status : bulla_explain(BULLA_BUSY, "the directory was changed at this moment: try again");
}

enum bulla_status bulla_columns_tenant(const struct bulla_tenant **tenant, struct bulla_keyring *keyring,
                                       struct bulla_statement *statement) {
  struct bulla_tenant_row row = {.id = bulla_column_exact(statement, BULLA_ID_LEN)};
  row.has_name = !bulla_column_null(statement);
  if (row.has_name) {
    row.name = bulla_column_name(statement);
  }
  row.statement = bulla_column_blob(statement, BULLA_STATEMENT_MAX);
  row.signature = bulla_column_exact(statement, BULLA_SIGNATURE_LEN);
  if (bulla_column_null(statement)) {
    row.has_keys = !bulla_column_null(statement);
  } else {
    row.has_keys = true;
    row.label_key = bulla_column_blob(statement, BULLA_WRAPPED_MAX);
    row.detail_key = bulla_column_blob(statement, BULLA_WRAPPED_MAX);
  }
  /* Of the vault's statement, in the same state of the database. */
  struct bulla_span vault_signature = bulla_column_exact(statement, BULLA_SIGNATURE_LEN);
  *tenant = NULL;
  if (!bulla_columns_good(statement)) {
    return BULLA_REFUSED;
  }
  memcpy(keyring->beside, vault_signature.data, sizeof(keyring->beside));
  BULLA_TRY(bulla_self_look(keyring, statement->db, vault_signature));
  BULLA_TRY(judge(check_tenant(tenant, keyring, statement->db, &row), keyring, statement->db));
  return *tenant != NULL && (*tenant)->roles != 0 ? BULLA_OK : BULLA_DENIED;
}

enum bulla_status bulla_columns_secret(const struct bulla_tenant_secret **secret, struct bulla_keyring *keyring,
                                       const struct bulla_tenant *tenant, struct bulla_statement *statement) {
  struct bulla_secret_row row = {.id = bulla_column_exact(statement, BULLA_ID_LEN)};
  row.version = bulla_column_int(statement);
  row.wrapped = bulla_column_blob(statement, BULLA_WRAPPED_MAX);
  *secret = NULL;
  if (!bulla_columns_good(statement)) {
    return BULLA_REFUSED;
  }
  return keyring->self == NULL
             ? bulla_tenant_secret(secret, keyring, tenant, &row)
             : judge(bulla_role_open_secret(secret, keyring, statement->db, tenant, &row), keyring, statement->db);
}

/* Takes writer and signature: both are there or none. */
static bool take_posting(struct bulla_posting *posting, struct bulla_statement *statement) {
  *posting = (struct bulla_posting){.state = BULLA_POSTING_BAD};
  if (bulla_column_null(statement)) {
    return bulla_column_null(statement);
  }
  posting->writer = bulla_column_exact(statement, BULLA_ID_LEN);
  posting->signature = bulla_column_exact(statement, BULLA_SIGNATURE_LEN);
  return true;
}

/* Takes what a secret field is sealed under, and finds out whether it is good if an actor has put it. */
static enum bulla_status take_sealed(struct bulla_stored_field *field, struct bulla_keyring *keyring,
                                     struct bulla_statement *statement) {
  BULLA_TRY(bulla_columns_secret(&field->keys, keyring, field->owner, statement));
  if (!bulla_posting_is_one(&field->posting)) {
    return BULLA_OK;
  }
  const struct bulla_posted posted = bulla_field_posted(field);
  return bulla_posting_check(&field->posting, keyring, statement->db, &posted);
}

enum bulla_status bulla_columns_field(struct bulla_stored_field *field, struct bulla_keyring *keyring,
                                      struct bulla_statement *statement) {
  struct bulla_binding *binding = &field->binding;
  BULLA_TRY(bulla_columns_tenant(&field->owner, keyring, statement));
  binding->tenant_id = bulla_tenant_id(field->owner);
  binding->entry_id = bulla_column_exact(statement, BULLA_ID_LEN);
  struct bulla_span entry_proof = bulla_column_exact(statement, BULLA_PROOF_LEN);
  binding->field = bulla_column_name(statement);
  binding->revision = bulla_column_int(statement);
  field->secret = bulla_column_int(statement) != 0;
  field->value = bulla_column_blob(statement, BULLA_STORED_MAX);
  field->mask = bulla_column_blob(statement, BULLA_STORED_MAX);
  field->updated = bulla_column_int(statement);
  bool good = take_posting(&field->posting, statement) && bulla_columns_good(statement);
  if (!good || (bulla_posting_is_one(&field->posting) && !field->secret) || field->owner->said.removed ||
      !bulla_span_equal(field->owner->said.name, field->tenant)) {
    return BULLA_REFUSED;
  }
  BULLA_TRY(bulla_entry_name_check(keyring, field->owner, binding->entry_id, field->entry, entry_proof));
  return field->secret ? take_sealed(field, keyring, statement) : BULLA_OK;
}

void bulla_bind_secret(struct bulla_statement *statement, const struct bulla_tenant_secret *secret) {
  if (secret != NULL) {
    bulla_bind_blob(statement, bulla_span(secret->id, sizeof(secret->id)));
  } else {
    bulla_bind_null(statement);
  }
}

enum bulla_status bulla_count(int64_t *count, struct bulla_db *db, enum bulla_query query, struct bulla_span id) {
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) = bulla_statement(db, query);
  bulla_bind_blob(&statement, id);
  bool row;
  BULLA_TRY(bulla_step(&statement, &row));
  *count = row ? bulla_column_int(&statement) : 0;
  return bulla_columns_good(&statement) ? BULLA_OK : BULLA_REFUSED;
}
