/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/entry.h. */

#include "store/entry.h"

#include "core/crypto.h"
#include "core/log.h"
#include "store/columns.h"
#include "store/proof.h"
#include "store/tenant.h"

/* Reads the row, whatever its proof is worth; |statement| is at it. */
static enum bulla_status read_row(struct bulla_statement *statement, uint8_t *id, const struct bulla_tenant *owner,
                                  struct bulla_span name) {
  bool row;
  bulla_bind_blob(statement, bulla_tenant_id(owner));
  bulla_bind_text(statement, name);
  BULLA_TRY(bulla_step(statement, &row));
  if (!row) {
    return BULLA_NOT_FOUND;
  }
  bulla_column_bytes(statement, id, BULLA_ID_LEN);
  return bulla_columns_good(statement) ? BULLA_OK : BULLA_REFUSED;
}

/* An entry that is not there is no news here. */
static enum bulla_status look_for(uint8_t *id, struct bulla_vault *vault, const struct bulla_tenant *owner,
                                  struct bulla_span name) {
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(vault->db, BULLA_QUERY_FIND_ENTRY);
  BULLA_TRY(read_row(&statement, id, owner, name));
  struct bulla_span proof = bulla_column_exact(&statement, BULLA_PROOF_LEN);
  if (!bulla_columns_good(&statement)) {
    return BULLA_REFUSED;
  }
  return bulla_entry_name_check(&vault->keyring, owner, bulla_span(id, BULLA_ID_LEN), name, proof);
}

static enum bulla_status explain_missing(enum bulla_status status) {
  return status == BULLA_NOT_FOUND ? bulla_explain(status, "the tenant has no such entry") : status;
}

enum bulla_status bulla_entry_find(const struct bulla_tenant **owner, uint8_t *id, struct bulla_vault *vault,
                                   struct bulla_span tenant, struct bulla_span name) {
  BULLA_TRY(bulla_tenant_find(owner, vault, tenant));
  return explain_missing(look_for(id, vault, *owner, name));
}

enum bulla_status bulla_entry_find_unproven(uint8_t *id, struct bulla_vault *vault, struct bulla_span tenant,
                                            struct bulla_span name) {
  const struct bulla_tenant *owner;
  BULLA_TRY(bulla_tenant_find(&owner, vault, tenant));
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(vault->db, BULLA_QUERY_FIND_ENTRY);
  return explain_missing(read_row(&statement, id, owner, name));
}

static enum bulla_status insert(struct bulla_vault *vault, const uint8_t *id, const struct bulla_tenant *owner,
                                struct bulla_span name) {
  uint8_t proof[BULLA_PROOF_LEN];
  BULLA_TRY(bulla_entry_name_prove(proof, &vault->keyring, owner, bulla_span(id, BULLA_ID_LEN), name));
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(vault->db, BULLA_QUERY_INSERT_ENTRY);
  bulla_bind_blob(&statement, bulla_span(id, BULLA_ID_LEN));
  bulla_bind_blob(&statement, bulla_tenant_id(owner));
  bulla_bind_text(&statement, name);
  bulla_bind_blob(&statement, bulla_span(proof, sizeof(proof)));
  return bulla_finish(&statement);
}

enum bulla_status bulla_entry_ensure(uint8_t *id, struct bulla_vault *vault, const struct bulla_tenant *owner,
                                     struct bulla_span name) {
  enum bulla_status status = look_for(id, vault, owner, name);
  if (status != BULLA_NOT_FOUND) {
    return status;
  }
  BULLA_TRY(bulla_random(id, BULLA_ID_LEN));
  return insert(vault, id, owner, name);
}

enum bulla_status bulla_entry_rename(struct bulla_vault *vault, const struct bulla_tenant *owner, struct bulla_span id,
                                     struct bulla_span name) {
  uint8_t proof[BULLA_PROOF_LEN];
  BULLA_TRY(bulla_entry_name_prove(proof, &vault->keyring, owner, id, name));
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(vault->db, BULLA_QUERY_RENAME_ENTRY);
  bulla_bind_text(&statement, name);
  bulla_bind_blob(&statement, bulla_span(proof, sizeof(proof)));
  bulla_bind_blob(&statement, id);
  enum bulla_status status = bulla_finish(&statement);
  return status == BULLA_EXISTS ? bulla_explain(status, "the new name is taken") : status;
}

enum bulla_status bulla_field_missing(struct bulla_vault *vault, struct bulla_span tenant, struct bulla_span entry) {
  const struct bulla_tenant *owner;
  uint8_t entry_id[BULLA_ID_LEN];
  BULLA_TRY(bulla_entry_find(&owner, entry_id, vault, tenant, entry));
  return bulla_explain(BULLA_NOT_FOUND, "the entry has no such field");
}
