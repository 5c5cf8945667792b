/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Showing the revisions of fields, a page at a time: of each field the one that it has, then those before it. Nothing
 * here opens the value of a secret. */

#include "store/columns.h"
#include "store/entry.h"
#include "store/field.h"
#include "store/may.h"
#include "store/names.h"
#include "store/page.h"

/* Where a walk stands. */
struct walk {
  const struct bulla_place *place; /* without a field: all of the entry */
  struct bulla_page page;
  struct bulla_revision_view views[BULLA_PAGE_ROWS];
  size_t num;
  struct bulla_secret *masks; /* BULLA_TRAITS_LEN bytes for each of |views| */
  struct bulla_walked field;
  int64_t revision; /* the last that was read of the field; 0 if there are no more */
};

static void walk_free(struct walk *walk) {
  bulla_secret_free(&walk->masks);
  bulla_page_free(&walk->page);
}

/* Reads the revision that |statement| is at, which must be of the field that was asked for. */
static enum bulla_status read_revision(struct walk *walk, struct bulla_vault *vault, struct bulla_statement *statement,
                                       bool current) {
  struct bulla_stored_field field = {.tenant = walk->place->tenant, .entry = walk->place->entry};
  BULLA_TRY(bulla_columns_field(&field, &vault->keyring, statement));
  struct bulla_span wanted = current ? walk->place->field : bulla_walked_name(&walk->field);
  bool follows = current ? bulla_walk_on(&walk->field, field.binding.field) : field.binding.revision < walk->revision;
  if (!follows || field.binding.revision < 1 || (wanted.len > 0 && !bulla_span_equal(field.binding.field, wanted))) {
    return BULLA_REFUSED;
  }
  struct bulla_revision_view view = {
      .field = field.binding.field,
      .secret = field.secret,
      .current = current,
      .revision = field.binding.revision,
      .updated = field.updated,
  };
  struct bulla_shown shown;
  BULLA_TRY(
      bulla_field_show(&shown, bulla_secret_data(walk->masks) + walk->num * BULLA_TRAITS_LEN, &vault->keyring, &field));
  view.text = shown.text;
  view.expires = shown.traits.expires;
  bulla_page_keep(&walk->page, &view.field);
  if (!view.secret) {
    bulla_page_keep(&walk->page, &view.text);
  }
  walk->views[walk->num++] = view;
  walk->revision = view.revision;
  return BULLA_OK;
}

/* Reads the next field as it is; |*found| says whether there is one. */
static enum bulla_status read_field(struct walk *walk, struct bulla_vault *vault, bool *found) {
  const struct bulla_place *place = walk->place;
  bool is_one = place->field.len > 0;
  const struct bulla_walked last = walk->field;
  *found = false;
  if (is_one && last.len > 0) {
    return BULLA_OK;
  }
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(vault->db, is_one ? BULLA_QUERY_FIND_FIELD : BULLA_QUERY_LIST_FIELDS);
  bulla_bind_text(&statement, place->tenant);
  bulla_bind_text(&statement, place->entry);
  bulla_bind_text(&statement, is_one ? place->field : bulla_walked_name(&last));
  if (!is_one) {
    bulla_bind_int(&statement, 1);
  }
  BULLA_TRY(bulla_step(&statement, found));
  if (*found) {
    return read_revision(walk, vault, &statement, true);
  }
  return last.len > 0 ? BULLA_OK : bulla_field_missing(vault, place->tenant, place->entry);
}

/* Reads what came before, as far as the page has room. */
static enum bulla_status read_former(struct walk *walk, struct bulla_vault *vault) {
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(vault->db, BULLA_QUERY_LIST_REVISIONS);
  const struct bulla_walked field = walk->field;
  bulla_bind_text(&statement, walk->place->tenant);
  bulla_bind_text(&statement, walk->place->entry);
  bulla_bind_text(&statement, bulla_walked_name(&field));
  bulla_bind_int(&statement, walk->revision);
  bulla_bind_int(&statement, BULLA_PAGE_ROWS);
  while (bulla_page_has_room(&walk->page, walk->num)) {
    bool row;
    BULLA_TRY(bulla_step(&statement, &row));
    if (!row) {
      walk->revision = 0;
      return BULLA_OK;
    }
    BULLA_TRY(read_revision(walk, vault, &statement, false));
  }
  return BULLA_OK;
}

static enum bulla_status read_page(struct walk *walk, struct bulla_vault *vault) {
  struct bulla_vault *locked BULLA_CLEANUP(bulla_vault_unlock) = NULL;
  bool more = true;
  walk->num = 0;
  BULLA_TRY(bulla_vault_lock(&locked, vault));
  struct bulla_db *transaction BULLA_CLEANUP(bulla_db_rollback) = NULL;
  BULLA_TRY(bulla_db_begin(&transaction, vault->db, BULLA_DB_READ));
  BULLA_TRY(bulla_page_begin(&walk->page));
  while (more && bulla_page_has_room(&walk->page, walk->num)) {
    BULLA_TRY(walk->revision > 0 ? read_former(walk, vault) : read_field(walk, vault, &more));
  }
  return BULLA_OK;
}

enum bulla_status bulla_vault_history(struct bulla_vault *vault, const struct bulla_place *place,
                                      bulla_revision_fn each, void *arg) {
  if (place == NULL || place->field.len == 0) {
    BULLA_TRY(bulla_place_check_entry(place));
  } else {
    BULLA_TRY(bulla_place_check_field(place));
  }
  BULLA_TRY(bulla_may_on(vault, NULL, BULLA_MAY(BULLA_ROLE_SHOW) | BULLA_MAY(BULLA_ROLE_USE), BULLA_LITERAL("history"),
                         place));
  struct walk walk BULLA_CLEANUP(walk_free) = {.place = place};
  BULLA_TRY(bulla_secret_new(&walk.masks, BULLA_PAGE_ROWS * (size_t)BULLA_TRAITS_LEN));
  do {
    /* What was read before a row that is refused is given out first. */
    enum bulla_status status = read_page(&walk, vault);
    for (size_t i = 0; i < walk.num; i++) {
      BULLA_TRY(each(arg, &walk.views[i]));
    }
    BULLA_TRY(status);
  } while (walk.num > 0);
  return BULLA_OK;
}
