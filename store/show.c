/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Showing an entry and listing entries. Nothing here opens the value of a secret. */

#include "store/field.h"
#include "store/names.h"
#include "store/proof.h"
#include "store/put.h"
#include "store/tenant.h"

/* Shows the field that |statement| is at; |field| has the names that were asked for. */
static enum bulla_status show_field(struct bulla_vault *vault, struct bulla_stored_field *field,
                                    struct bulla_walked *walked, struct bulla_statement *statement,
                                    struct bulla_secret *room, bulla_field_fn each, void *arg) {
  BULLA_TRY(bulla_field_columns(field, vault, statement));
  if (!bulla_walk_on(walked, field->place.field, bulla_span(NULL, 0))) {
    return BULLA_REFUSED;
  }
  struct bulla_buffer mask = bulla_buffer(bulla_secret_data(room), BULLA_MASK_MAX);
  struct bulla_field_view view = {
      .name = field->place.field,
      .secret = field->secret,
      .revision = field->place.revision,
      .updated = field->updated,
  };
  BULLA_TRY(bulla_field_show(&view.text, &mask, vault, field));
  return each(arg, &view);
}

enum bulla_status bulla_vault_show(struct bulla_vault *vault, struct bulla_span tenant, struct bulla_span entry,
                                   bulla_field_fn each, void *arg) {
  static const char text[] = BULLA_SELECT_FIELDS "WHERE t.name = $1 AND e.name = $2 ORDER BY f.name";
  BULLA_TRY(bulla_name_check(tenant));
  BULLA_TRY(bulla_name_check(entry));
  struct bulla_vault *locked BULLA_CLEANUP(bulla_vault_unlock) = NULL;
  BULLA_TRY(bulla_vault_lock(&locked, vault));
  struct bulla_secret *room BULLA_CLEANUP(bulla_secret_free) = NULL;
  BULLA_TRY(bulla_secret_new(&room, BULLA_MASK_MAX));
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) = {0};
  BULLA_TRY(bulla_statement_begin(&statement, &vault->sql, text));
  bulla_bind_text(&statement, tenant);
  bulla_bind_text(&statement, entry);
  struct bulla_stored_field field = {.tenant = tenant, .entry = entry};
  struct bulla_walked walked = {.len = 0};
  for (bool found = false;; found = true) {
    bool row;
    BULLA_TRY(bulla_step(&statement, &row));
    if (!row) {
      return found ? BULLA_OK : bulla_field_missing(vault, tenant, entry);
    }
    BULLA_TRY(show_field(vault, &field, &walked, &statement, room, each, arg));
  }
}

/* CROSS JOIN has SQLite walk the indexes of names in this order, so that nothing needs sorting. */
#define SELECT_ENTRIES(condition)                              \
  "SELECT " BULLA_TENANT_COLUMNS                               \
  ", e.id, e.name, e.name_proof, "                             \
  "(SELECT count(*) FROM field f WHERE f.entry = e.id), "      \
  "(SELECT max(f.updated) FROM field f WHERE f.entry = e.id) " \
  "FROM tenant t CROSS JOIN entry e ON e.tenant = t.id WHERE " condition " ORDER BY t.name, e.name"

/* Fills |view| from the row of |statement|, until its next step. */
static enum bulla_status read_entry(struct bulla_entry_view *view, const struct bulla_vault *vault,
                                    struct bulla_statement *statement) {
  struct bulla_span tenant_id;
  BULLA_TRY(bulla_columns_tenant(&tenant_id, &view->tenant, vault, statement));
  struct bulla_span entry_id = bulla_column_exact(statement, BULLA_ID_LEN);
  view->entry = bulla_column_name(statement);
  struct bulla_span entry_proof = bulla_column_exact(statement, BULLA_PROOF_LEN);
  view->num_fields = bulla_column_int(statement);
  view->updated = bulla_column_null(statement) ? 0 : bulla_column_int(statement);
  if (!bulla_columns_good(statement)) {
    return BULLA_REFUSED;
  }
  return bulla_name_check_proof(vault, tenant_id, entry_id, view->entry, entry_proof);
}

enum bulla_status bulla_vault_list(struct bulla_vault *vault, struct bulla_span tenant, bulla_entry_fn each,
                                   void *arg) {
  static const char of_all[] = SELECT_ENTRIES("t.name <> $1");
  static const char of_one[] = SELECT_ENTRIES("t.name = $1");
  bool all = tenant.len == 0;
  if (!all) {
    BULLA_TRY(bulla_name_check(tenant));
  }
  struct bulla_vault *locked BULLA_CLEANUP(bulla_vault_unlock) = NULL;
  BULLA_TRY(bulla_vault_lock(&locked, vault));
  struct bulla_sql *transaction BULLA_CLEANUP(bulla_sql_rollback) = NULL;
  BULLA_TRY(bulla_sql_read(&transaction, &vault->sql));
  if (!all) {
    uint8_t tenant_id[BULLA_ID_LEN];
    BULLA_TRY(bulla_tenant_find(tenant_id, vault, tenant));
  }
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) = {0};
  BULLA_TRY(bulla_statement_begin(&statement, &vault->sql, all ? of_all : of_one));
  bulla_bind_text(&statement, tenant);
  struct bulla_walked walked = {.len = 0};
  for (;;) {
    bool row;
    BULLA_TRY(bulla_step(&statement, &row));
    if (!row) {
      return BULLA_OK;
    }
    struct bulla_entry_view view;
    BULLA_TRY(read_entry(&view, vault, &statement));
    if (!bulla_walk_on(&walked, view.tenant, view.entry)) {
      return BULLA_REFUSED;
    }
    BULLA_TRY(each(arg, &view));
  }
}
