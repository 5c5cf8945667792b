/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Putting entries. A change and its audit record are one transaction. */

#include "store/put.h"

#include "core/crypto.h"
#include "core/log.h"
#include "store/audit.h"
#include "store/field.h"
#include "store/names.h"
#include "store/proof.h"
#include "store/tenant.h"

/* bulla_entry_find, but an entry that is not there is no news. */
static enum bulla_status look_for_entry(uint8_t *id, struct bulla_vault *vault, struct bulla_span tenant_id,
                                        struct bulla_span name) {
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(vault->db, BULLA_QUERY_FIND_ENTRY);
  bulla_bind_blob(&statement, tenant_id);
  bulla_bind_text(&statement, name);
  bool row;
  BULLA_TRY(bulla_step(&statement, &row));
  if (!row) {
    return BULLA_NOT_FOUND;
  }
  bulla_column_bytes(&statement, id, BULLA_ID_LEN);
  struct bulla_span proof = bulla_column_exact(&statement, BULLA_PROOF_LEN);
  if (!bulla_columns_good(&statement)) {
    return BULLA_REFUSED;
  }
  return bulla_name_check_proof(&vault->keyring, tenant_id, bulla_span(id, BULLA_ID_LEN), name, proof);
}

enum bulla_status bulla_entry_find(uint8_t *id, struct bulla_vault *vault, struct bulla_span tenant_id,
                                   struct bulla_span name) {
  enum bulla_status status = look_for_entry(id, vault, tenant_id, name);
  return status == BULLA_NOT_FOUND ? bulla_explain(status, "the tenant has no such entry") : status;
}

enum bulla_status bulla_field_missing(struct bulla_vault *vault, struct bulla_span tenant, struct bulla_span entry) {
  uint8_t tenant_id[BULLA_ID_LEN];
  uint8_t entry_id[BULLA_ID_LEN];
  BULLA_TRY(bulla_tenant_find(tenant_id, vault, tenant));
  BULLA_TRY(bulla_entry_find(entry_id, vault, bulla_span(tenant_id, sizeof(tenant_id)), entry));
  return bulla_explain(BULLA_NOT_FOUND, "the entry has no such field");
}

static enum bulla_status ensure_entry(uint8_t *id, struct bulla_vault *vault, struct bulla_span tenant_id,
                                      struct bulla_span name) {
  enum bulla_status status = look_for_entry(id, vault, tenant_id, name);
  if (status != BULLA_NOT_FOUND) {
    return status;
  }
  uint8_t proof[BULLA_PROOF_LEN];
  BULLA_TRY(bulla_random(id, BULLA_ID_LEN));
  BULLA_TRY(bulla_name_prove(proof, &vault->keyring, tenant_id, bulla_span(id, BULLA_ID_LEN), name));
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(vault->db, BULLA_QUERY_INSERT_ENTRY);
  bulla_bind_blob(&statement, bulla_span(id, BULLA_ID_LEN));
  bulla_bind_blob(&statement, tenant_id);
  bulla_bind_text(&statement, name);
  bulla_bind_blob(&statement, bulla_span(proof, sizeof(proof)));
  return bulla_finish(&statement);
}

/* |*revision| is that of the stored field, or 0. What |field| is to be must fit what is stored. */
static enum bulla_status find_revision(int64_t *revision, struct bulla_vault *vault, struct bulla_span entry_id,
                                       const struct bulla_field *field) {
  *revision = 0;
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(vault->db, BULLA_QUERY_FIELD_REVISION);
  bulla_bind_blob(&statement, entry_id);
  bulla_bind_text(&statement, field->name);
  bool row;
  BULLA_TRY(bulla_step(&statement, &row));
  if (row) {
    *revision = bulla_column_int(&statement);
    if (bulla_column_int(&statement) != 0 && !field->secret) {
      return bulla_explain(BULLA_STAYS_SECRET, "the field is secret");
    }
    return *revision > 0 && *revision < INT64_MAX ? BULLA_OK : BULLA_REFUSED;
  }
  return BULLA_OK;
}

static enum bulla_status write_field(const struct bulla_putter *putter, const struct bulla_binding *binding,
                                     const struct bulla_field *field) {
  struct bulla_buffer value BULLA_CLEANUP(bulla_field_free) = {0};
  struct bulla_buffer mask BULLA_CLEANUP(bulla_field_free) = {0};
  BULLA_TRY(bulla_field_seal(&value, &mask, &putter->vault->keyring, putter->key, binding, field));
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(putter->vault->db, BULLA_QUERY_PUT_FIELD);
  bulla_bind_blob(&statement, binding->entry_id);
  bulla_bind_text(&statement, binding->field);
  bulla_bind_int(&statement, binding->revision);
  bulla_bind_int(&statement, field->secret ? 1 : 0);
  bulla_bind_blob(&statement, bulla_written(&value));
  bulla_bind_blob(&statement, bulla_written(&mask));
  bulla_bind_blob(&statement, bulla_key_id(putter->key));
  bulla_bind_int(&statement, bulla_clock_s());
  return bulla_finish(&statement);
}

enum bulla_status bulla_putter_begin(struct bulla_putter *putter, struct bulla_vault *vault,
                                     const struct bulla_who *who, struct bulla_span op, struct bulla_span tenant) {
  *putter = (struct bulla_putter){.vault = vault, .who = who, .op = op, .tenant = tenant};
  BULLA_TRY(bulla_tenant_ensure(putter->tenant_id, vault, tenant));
  return bulla_tenant_active_key(&putter->key, vault, bulla_span(putter->tenant_id, BULLA_ID_LEN));
}

enum bulla_status bulla_put_field(const struct bulla_putter *putter, struct bulla_span entry,
                                  const struct bulla_field *field, bool must_be_new) {
  uint8_t entry_id[BULLA_ID_LEN];
  struct bulla_span tenant_id = bulla_span(putter->tenant_id, BULLA_ID_LEN);
  BULLA_TRY(ensure_entry(entry_id, putter->vault, tenant_id, entry));
  struct bulla_binding binding = {
      .tenant_id = tenant_id,
      .entry_id = bulla_span(entry_id, sizeof(entry_id)),
      .field = field->name,
  };
  BULLA_TRY(find_revision(&binding.revision, putter->vault, binding.entry_id, field));
  if (must_be_new && binding.revision > 0) {
    return bulla_explain(BULLA_EXISTS, "the entry has a field of this name");
  }
  binding.revision++;
  BULLA_TRY(write_field(putter, &binding, field));
  struct bulla_audit_record record = bulla_audit_record(putter->who, putter->op, putter->tenant, entry);
  record.field = field->name;
  return bulla_audit_append(putter->vault, &record);
}

enum bulla_status bulla_value_check(size_t len) {
  return len <= BULLA_VALUE_MAX ? BULLA_OK
                                : bulla_explain(BULLA_TOO_LARGE, "a value has at most %d bytes", BULLA_VALUE_MAX);
}

static enum bulla_status check_field(const struct bulla_field *field) {
  BULLA_TRY(bulla_name_check(field->name));
  if (field->secret) {
    return bulla_value_check(field->value.len);
  }
  return bulla_text_check(field->value, BULLA_VALUE_MAX);
}

enum bulla_status bulla_vault_put(struct bulla_vault *vault, const struct bulla_who *who, struct bulla_span tenant,
                                  struct bulla_span entry, const struct bulla_field *fields, size_t num_fields) {
  BULLA_TRY(bulla_who_check(who, false));
  BULLA_TRY(bulla_name_check(tenant));
  BULLA_TRY(bulla_name_check(entry));
  if (num_fields == 0) {
    return BULLA_INVALID_ARGUMENT;
  }
  for (size_t i = 0; i < num_fields; i++) {
    BULLA_TRY(check_field(&fields[i]));
  }
  struct bulla_vault *locked BULLA_CLEANUP(bulla_vault_unlock) = NULL;
  BULLA_TRY(bulla_vault_lock(&locked, vault));
  struct bulla_db *transaction BULLA_CLEANUP(bulla_db_rollback) = NULL;
  BULLA_TRY(bulla_db_begin(&transaction, vault->db, BULLA_DB_WRITE));
  struct bulla_putter putter;
  BULLA_TRY(bulla_putter_begin(&putter, vault, who, BULLA_LITERAL("put"), tenant));
  for (size_t i = 0; i < num_fields; i++) {
    BULLA_TRY(bulla_put_field(&putter, entry, &fields[i], false));
  }
  return bulla_audit_commit(vault, &transaction);
}
