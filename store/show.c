/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Showing an entry and listing entries, a page at a time. Nothing here opens the value of a secret. */

#include "core/log.h"
#include "store/columns.h"
#include "store/entry.h"
#include "store/field.h"
#include "store/may.h"
#include "store/names.h"
#include "store/page.h"
#include "store/proof.h"
#include "store/tenant.h"

/* How long the value can be. What a sealed one is padded to says no more than the database does. */
static size_t value_len(const struct bulla_stored_field *field) {
  struct bulla_blob parts;
  if (!field->secret) {
    return field->value.len;
  }
  size_t padded = bulla_blob_parse(&parts, field->value) == BULLA_OK ? parts.ciphertext.len : 0;
  size_t len = bulla_unpadded_max(padded);
  return len < BULLA_VALUE_MAX ? len : BULLA_VALUE_MAX;
}

/* Where a walk over the fields of an entry stands. */
struct field_walk {
  struct bulla_page page;
  struct bulla_field_view views[BULLA_PAGE_ROWS];
  size_t num;
  struct bulla_secret *masks; /* BULLA_TRAITS_LEN bytes for each of |views| */
  struct bulla_walked walked;
};

static void free_field_walk(struct field_walk *walk) {
  bulla_secret_free(&walk->masks);
  bulla_page_free(&walk->page);
}

/* Reads the field that |statement| is at; |field| has the names that were asked for. */
static enum bulla_status read_field(struct field_walk *walk, struct bulla_vault *vault,
                                    struct bulla_stored_field *field, struct bulla_statement *statement) {
  BULLA_TRY(bulla_columns_field(field, &vault->keyring, statement));
  if (!bulla_walk_on(&walk->walked, field->binding.field)) {
    return BULLA_REFUSED;
  }
  uint8_t *room = bulla_secret_data(walk->masks) + walk->num * BULLA_TRAITS_LEN;
  struct bulla_shown shown;
  struct bulla_field_view view = {
      .name = field->binding.field,
      .secret = field->secret,
      .value_len = value_len(field),
      .revision = field->binding.revision,
      .updated = field->updated,
  };
  BULLA_TRY(bulla_field_show(&shown, room, &vault->keyring, field));
  view.text = shown.text;
  view.expires = shown.traits.expires;
  bulla_page_keep(&walk->page, &view.name);
  if (!view.secret) {
    bulla_page_keep(&walk->page, &view.text);
  }
  walk->views[walk->num++] = view;
  return BULLA_OK;
}

static enum bulla_status read_fields(struct field_walk *walk, struct bulla_vault *vault, struct bulla_span tenant,
                                     struct bulla_span entry) {
  struct bulla_vault *locked BULLA_CLEANUP(bulla_vault_unlock) = NULL;
  walk->num = 0;
  BULLA_TRY(bulla_vault_lock(&locked, vault));
  const struct bulla_walked last = walk->walked;
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(vault->db, BULLA_QUERY_LIST_FIELDS);
  struct bulla_stored_field field = {.tenant = tenant, .entry = entry};
  BULLA_TRY(bulla_page_begin(&walk->page));
  bulla_bind_text(&statement, tenant);
  bulla_bind_text(&statement, entry);
  bulla_bind_text(&statement, bulla_walked_name(&last));
  bulla_bind_int(&statement, BULLA_PAGE_ROWS);
  while (bulla_page_has_room(&walk->page, walk->num)) {
    bool row;
    BULLA_TRY(bulla_step(&statement, &row));
    if (!row) {
      return walk->walked.len > 0 ? BULLA_OK : bulla_field_missing(vault, tenant, entry);
    }
    BULLA_TRY(read_field(walk, vault, &field, &statement));
  }
  return BULLA_OK;
}

enum bulla_status bulla_vault_show(struct bulla_vault *vault, const struct bulla_place *place, bulla_field_fn each,
                                   void *arg) {
  BULLA_TRY(bulla_place_check_entry(place));
  BULLA_TRY(
      bulla_may_on(vault, NULL, BULLA_MAY(BULLA_ROLE_SHOW) | BULLA_MAY(BULLA_ROLE_USE), BULLA_LITERAL("show"), place));
  struct field_walk walk BULLA_CLEANUP(free_field_walk) = {.num = 0};
  BULLA_TRY(bulla_secret_new(&walk.masks, BULLA_PAGE_ROWS * (size_t)BULLA_TRAITS_LEN));
  do {
    /* What was read before a row that is refused is given out first. */
    enum bulla_status status = read_fields(&walk, vault, place->tenant, place->entry);
    for (size_t i = 0; i < walk.num; i++) {
      BULLA_TRY(each(arg, &walk.views[i]));
    }
    BULLA_TRY(status);
  } while (walk.num > 0);
  return BULLA_OK;
}

/* Where a walk over entries stands: in one tenant after the other. */
struct entry_walk {
  struct bulla_page page;
  struct bulla_entry_view views[BULLA_PAGE_ROWS];
  size_t num;
  const struct bulla_tenant *owner; /* found anew for each page */
  bool has_passed;                  /* a tenant that is not for an actor to know, on this page */
  struct bulla_walked tenant;
  struct bulla_walked entry;
};

static void free_entry_walk(struct entry_walk *walk) {
  bulla_page_free(&walk->page);
}

/* Enters the tenant that |statement| is at: the one where the page before ended, or the next. One in which an actor may
 * see nothing is passed by: it has no owner. */
static enum bulla_status enter_tenant(struct entry_walk *walk, struct bulla_vault *vault,
                                      struct bulla_statement *statement) {
  const struct bulla_tenant *owner;
  enum bulla_status status = bulla_columns_tenant(&owner, &vault->keyring, statement);
  BULLA_TRY(status == BULLA_DENIED ? BULLA_OK : status);
  struct bulla_span name = owner->said.name;
  bool may = (owner->roles & (BULLA_MAY(BULLA_ROLE_SHOW) | BULLA_MAY(BULLA_ROLE_USE))) != 0;
  walk->owner = may ? owner : NULL;
  if (walk->num == 0 && bulla_span_equal(name, bulla_walked_name(&walk->tenant))) {
    return BULLA_OK;
  }
  walk->has_passed = walk->has_passed || !may;
  if (!bulla_walk_on(&walk->tenant, name)) {
    return BULLA_REFUSED;
  }
  walk->entry.len = 0;
  return BULLA_OK;
}

/* Somebody has written the row, or its name. */
static enum bulla_status refuse_entry(const struct bulla_entry_view *view) {
  char name[BULLA_LOG_NAME_MAX];
  return bulla_explain(BULLA_REFUSED, "nothing proves that an entry is called \"%s\": restore a backup, or remove it",
                       bulla_log_name(name, view->entry));
}

/* Reads the entry that |statement| is at. */
static enum bulla_status read_entry(struct entry_walk *walk, const struct bulla_vault *vault,
                                    struct bulla_statement *statement) {
  struct bulla_entry_view *view = &walk->views[walk->num];
  struct bulla_span entry_id = bulla_column_exact(statement, BULLA_ID_LEN);
  view->entry = bulla_column_name(statement);
  struct bulla_span proof = bulla_column_exact(statement, BULLA_PROOF_LEN);
  view->num_fields = bulla_column_int(statement);
  view->updated = bulla_column_null(statement) ? 0 : bulla_column_int(statement);
  if (!bulla_columns_good(statement)) {
    return BULLA_REFUSED;
  }
  enum bulla_status status = bulla_entry_name_check(&vault->keyring, walk->owner, entry_id, view->entry, proof);
  BULLA_TRY(status == BULLA_REFUSED ? refuse_entry(view) : status);
  if (!bulla_walk_on(&walk->entry, view->entry)) {
    return BULLA_REFUSED;
  }
  view->tenant = bulla_walked_name(&walk->tenant);
  bulla_page_keep(&walk->page, &view->tenant);
  bulla_page_keep(&walk->page, &view->entry);
  walk->num++;
  return BULLA_OK;
}

/* Reads what is left of the tenant that the walk is in, as far as the page has room. */
static enum bulla_status read_entries(struct entry_walk *walk, struct bulla_vault *vault) {
  const struct bulla_walked last = walk->entry;
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(vault->db, BULLA_QUERY_LIST_ENTRIES);
  bulla_bind_blob(&statement, bulla_tenant_id(walk->owner));
  bulla_bind_text(&statement, bulla_walked_name(&last));
  bulla_bind_int(&statement, BULLA_PAGE_ROWS);
  while (bulla_page_has_room(&walk->page, walk->num)) {
    bool row;
    BULLA_TRY(bulla_step(&statement, &row));
    if (!row) {
      return BULLA_OK;
    }
    BULLA_TRY(read_entry(walk, vault, &statement));
  }
  return BULLA_OK;
}

/* Fills a page with entries of one tenant. */
static enum bulla_status read_of_one(struct entry_walk *walk, struct bulla_vault *vault, struct bulla_span tenant) {
  enum bulla_status status = bulla_tenant_find(&walk->owner, vault, tenant);
  if (status == BULLA_NOT_FOUND && walk->tenant.len > 0) {
    return BULLA_OK; /* it was removed meanwhile */
  }
  BULLA_TRY(status);
  (void)bulla_walk_on(&walk->tenant, tenant);
  return read_entries(walk, vault);
}

/* Fills a page with entries of all tenants. */
static enum bulla_status read_of_all(struct entry_walk *walk, struct bulla_vault *vault) {
  const struct bulla_walked last = walk->tenant;
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(vault->db, BULLA_QUERY_LIST_TENANTS);
  bulla_bind_text(&statement, bulla_walked_name(&last));
  bulla_bind_int(&statement, BULLA_PAGE_ROWS + 1); /* the first may have no more entries */
  while (bulla_page_has_room(&walk->page, walk->num)) {
    bool row;
    BULLA_TRY(bulla_step(&statement, &row));
    if (!row) {
      return BULLA_OK;
    }
    BULLA_TRY(enter_tenant(walk, vault, &statement));
    BULLA_TRY(walk->owner != NULL ? read_entries(walk, vault) : BULLA_OK);
  }
  return BULLA_OK;
}

/* Fills a page with entries of |tenant|, or of all tenants if it is empty. */
static enum bulla_status read_page(struct entry_walk *walk, struct bulla_vault *vault, struct bulla_span tenant) {
  struct bulla_vault *locked BULLA_CLEANUP(bulla_vault_unlock) = NULL;
  walk->num = 0;
  walk->has_passed = false;
  BULLA_TRY(bulla_vault_lock(&locked, vault));
  struct bulla_db *transaction BULLA_CLEANUP(bulla_db_rollback) = NULL;
  BULLA_TRY(bulla_db_begin(&transaction, vault->db, BULLA_DB_READ));
  BULLA_TRY(bulla_page_begin(&walk->page));
  return tenant.len > 0 ? read_of_one(walk, vault, tenant) : read_of_all(walk, vault);
}

enum bulla_status bulla_vault_list(struct bulla_vault *vault, struct bulla_span tenant, bulla_entry_fn each,
                                   void *arg) {
  if (tenant.len > 0) {
    BULLA_TRY(bulla_name_check(tenant));
  }
  BULLA_TRY(bulla_may_on(vault, NULL, BULLA_MAY(BULLA_ROLE_SHOW) | BULLA_MAY(BULLA_ROLE_USE), BULLA_LITERAL("list"),
                         &(struct bulla_place){.tenant = tenant}));
  struct entry_walk walk BULLA_CLEANUP(free_entry_walk) = {.num = 0};
  do {
    enum bulla_status status = read_page(&walk, vault, tenant);
    for (size_t i = 0; i < walk.num; i++) {
      BULLA_TRY(each(arg, &walk.views[i]));
    }
    BULLA_TRY(status);
  } while (walk.num > 0 || walk.has_passed);
  return BULLA_OK;
}
