/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/vault_row.h. */

#include "store/vault_row.h"

#include "core/log.h"
#include "store/wrap.h"

static struct bulla_span copy(uint8_t *to, struct bulla_span from) {
  if (from.len > 0) {
    memcpy(to, from.data, from.len);
  }
  return bulla_span(to, from.len);
}

enum bulla_status bulla_vault_row_load(struct bulla_vault_row *row, struct bulla_db *db) {
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) = bulla_statement(db, BULLA_QUERY_LOAD_VAULT);
  bool is_there;
  row->said = (struct bulla_vault_statement){.generation = 0};
  BULLA_TRY(bulla_step(&statement, &is_there));
  if (!is_there) {
    return bulla_explain(BULLA_NOT_A_VAULT, "the vault's own row is missing");
  }
  row->statement = copy(row->bytes, bulla_column_blob(&statement, BULLA_STATEMENT_MAX));
  bulla_column_bytes(&statement, row->signature, sizeof(row->signature));
  row->signing_key = copy(row->wrapped[0], bulla_column_blob(&statement, BULLA_WRAPPED_MAX));
  row->audit_key = copy(row->wrapped[1], bulla_column_blob(&statement, BULLA_WRAPPED_MAX));
  row->detail_key = copy(row->wrapped[2], bulla_column_blob(&statement, BULLA_WRAPPED_MAX));
  bool good = bulla_columns_good(&statement) && bulla_vault_statement_read(&row->said, row->statement) == BULLA_OK;
  return good ? BULLA_OK : bulla_explain(BULLA_NOT_A_VAULT, "the vault's own row is malformed");
}

static enum bulla_status unwrap(struct bulla_secret **key, const struct bulla_keyring *keyring, enum bulla_wrapped what,
                                struct bulla_span wrapped) {
  struct bulla_context context;
  BULLA_TRY(bulla_context_wrapped(&context, keyring, what, bulla_span(NULL, 0), 0));
  return bulla_unwrap(key, keyring->vault_key, wrapped, &context);
}

static enum bulla_status open_keys(struct bulla_keyring *keyring, const struct bulla_vault_row *row) {
  struct bulla_secret *detail BULLA_CLEANUP(bulla_secret_free) = NULL;
  BULLA_TRY(unwrap(&keyring->signing_seed, keyring, BULLA_WRAPPED_SIGNING_KEY, row->signing_key));
  BULLA_TRY(unwrap(&keyring->audit_private, keyring, BULLA_WRAPPED_AUDIT_KEY, row->audit_key));
  BULLA_TRY(unwrap(&detail, keyring, BULLA_WRAPPED_DETAIL_KEY, row->detail_key));
  BULLA_TRY(bulla_key_new(&keyring->detail_key, BULLA_XAES_256_GCM, detail));
  BULLA_TRY(bulla_signature_public(keyring->signing_public, keyring->signing_seed));
  return bulla_box_public(keyring->audit_public, keyring->audit_private);
}

static struct bulla_span signature_of(const struct bulla_vault_row *row) {
  return bulla_span(row->signature, sizeof(row->signature));
}

enum bulla_status bulla_vault_row_open(struct bulla_keyring *keyring, const struct bulla_vault_row *row) {
  BULLA_TRY(open_keys(keyring, row));
  bool same = bulla_span_equal(row->said.uuid, bulla_keyring_uuid(keyring)) &&
              bulla_span_equal(row->said.signing_public, bulla_span(keyring->signing_public, BULLA_KEY_LEN)) &&
              bulla_span_equal(row->said.audit_public, bulla_span(keyring->audit_public, BULLA_KEY_LEN));
  BULLA_TRY(same ? bulla_check_signed(keyring, row->statement, signature_of(row)) : BULLA_REFUSED);
  keyring->generation = row->said.generation;
  return BULLA_OK;
}

enum bulla_status bulla_vault_row_now(struct bulla_vault_row *row, struct bulla_vault *vault) {
  BULLA_TRY(bulla_vault_row_load(row, vault->db));
  bool same = bulla_span_equal(row->said.uuid, bulla_keyring_uuid(&vault->keyring));
  BULLA_TRY(same ? bulla_check_signed(&vault->keyring, row->statement, signature_of(row)) : BULLA_REFUSED);
  return row->said.generation >= vault->keyring.generation
             ? BULLA_OK
             : bulla_explain(BULLA_AUDIT_BROKEN, "the directory is older than this process has seen it");
}

enum bulla_status bulla_vault_row_store(uint8_t *digest, struct bulla_vault *vault,
                                        struct bulla_vault_statement *said) {
  struct bulla_signed made;
  struct bulla_vault_statement again;
  said->generation++;
  BULLA_TRY(bulla_sign_vault(&made, &vault->keyring, said));
  /* What could not be read again would close the vault for good. */
  BULLA_TRY(bulla_vault_statement_read(&again, bulla_written(&made.statement)));
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(vault->db, BULLA_QUERY_UPDATE_VAULT);
  bulla_bind_blob(&statement, bulla_written(&made.statement));
  bulla_bind_blob(&statement, bulla_span(made.signature, sizeof(made.signature)));
  if (digest != NULL) {
    memcpy(digest, made.digest, sizeof(made.digest));
  }
  return bulla_finish(&statement);
}

enum bulla_status bulla_directory_advance(int64_t *generation, struct bulla_vault *vault) {
  struct bulla_vault_row row;
  BULLA_TRY(bulla_vault_row_now(&row, vault));
  BULLA_TRY(bulla_vault_row_store(NULL, vault, &row.said));
  *generation = row.said.generation;
  return BULLA_OK;
}
