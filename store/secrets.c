/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The secrets of a vault and what is sealed beside each of them, for who looks after the vault. Masks are opened here,
 * values are not even read. See bulla_vault_secrets. */

#include "core/log.h"
#include "store/columns.h"
#include "store/may.h"
#include "store/page.h"
#include "store/tenant.h"
#include "store/versions.h"

/* Where the walk stands: in one version of one tenant after the other, which may have another name meanwhile. */
struct secret_walk {
  struct bulla_page page;
  struct bulla_secret_view views[BULLA_PAGE_ROWS];
  size_t num;
  struct bulla_secret *room; /* BULLA_TRAITS_LEN bytes, for one mask at a time */
  struct bulla_walked tenant;
  uint8_t tenant_id[BULLA_ID_LEN];
  int64_t version;
  int64_t number; /* of the last row of it */
  bool is_inside; /* a tenant */
  bool is_done;
  int64_t num_refused;
};

static void free_walk(struct secret_walk *walk) {
  bulla_secret_free(&walk->room);
  bulla_page_free(&walk->page);
}

/* Reads the field that |statement| is at, and opens its mask. Returns BULLA_REFUSED for what was tampered with, and for
 * what somebody without a key has added. */
static enum bulla_status open_secret(struct bulla_secret_view *view, struct secret_walk *walk,
                                     struct bulla_vault *vault, struct bulla_span tenant,
                                     struct bulla_statement *statement) {
  struct bulla_shown shown;
  struct bulla_stored_field field = {.tenant = tenant, .entry = bulla_column_name(statement)};
  BULLA_TRY(bulla_columns_field(&field, &vault->keyring, statement));
  if (!field.secret) {
    return BULLA_REFUSED;
  }
  BULLA_TRY(bulla_field_show(&shown, bulla_secret_data(walk->room), &vault->keyring, &field));
  *view = (struct bulla_secret_view){.tenant = field.tenant,
                                     .entry = field.entry,
                                     .field = field.binding.field,
                                     .revision = field.binding.revision,
                                     .updated = field.updated,
                                     .expires = shown.traits.expires,
                                     .is_canary = shown.traits.canary != 0};
  return BULLA_OK;
}

/* Takes the field that |statement| is at. One that is refused is counted: the others are told. */
static enum bulla_status read_secret(struct secret_walk *walk, struct bulla_vault *vault, struct bulla_span tenant,
                                     struct bulla_statement *statement) {
  struct bulla_secret_view *view = &walk->views[walk->num];
  int64_t number = bulla_column_int(statement);
  /* By a damaged index the same rows might come without end. */
  if (!bulla_columns_good(statement) || number <= walk->number) {
    return BULLA_REFUSED;
  }
  walk->number = number;
  enum bulla_status status = open_secret(view, walk, vault, tenant, statement);
  if (status == BULLA_REFUSED) {
    walk->num_refused++;
    return BULLA_OK;
  }
  BULLA_TRY(status);
  bulla_page_keep(&walk->page, &view->tenant);
  bulla_page_keep(&walk->page, &view->entry);
  bulla_page_keep(&walk->page, &view->field);
  walk->num++;
  return BULLA_OK;
}

/* Reads on in the version of |secret|. */
static enum bulla_status read_secrets(struct secret_walk *walk, struct bulla_vault *vault, struct bulla_span tenant,
                                      struct bulla_span secret) {
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(vault->db, BULLA_QUERY_WALK_SECRETS);
  bulla_bind_blob(&statement, secret);
  bulla_bind_int(&statement, walk->number);
  bulla_bind_int(&statement, BULLA_PAGE_ROWS);
  for (size_t i = 0; i < BULLA_PAGE_ROWS && bulla_page_has_room(&walk->page, walk->num); i++) {
    bool row;
    BULLA_TRY(bulla_step(&statement, &row));
    if (!row) {
      walk->version++;
      walk->number = INT64_MIN;
      return BULLA_OK;
    }
    BULLA_TRY(read_secret(walk, vault, tenant, &statement));
  }
  return BULLA_OK;
}

/* Finds the first version of |owner| from that of the walk on, and copies what is needed of it: the keyring keeps some
 * tenants only, and not for as long as rows are read. */
static bool find_version(struct secret_walk *walk, const struct bulla_tenant *owner, uint8_t id[BULLA_ID_LEN]) {
  const struct bulla_secret_entry *found = NULL;
  for (size_t i = 0; i < owner->said.num_secrets; i++) {
    const struct bulla_secret_entry *secret = &owner->said.secrets[i];
    if (secret->version >= walk->version && (found == NULL || secret->version < found->version)) {
      found = secret;
    }
  }
  if (found == NULL) {
    return false;
  }
  walk->number = found->version == walk->version ? walk->number : INT64_MIN;
  walk->version = found->version;
  memcpy(id, found->id.data, BULLA_ID_LEN);
  return true;
}

/* Enters the next tenant, or finds the one again that the walk is in. |*owner| is NULL behind the last. */
static enum bulla_status find_owner(const struct bulla_tenant **owner, struct secret_walk *walk,
                                    struct bulla_vault *vault, struct bulla_span only) {
  if (walk->is_inside) {
    return bulla_tenant_by_id(owner, vault, bulla_span(walk->tenant_id, sizeof(walk->tenant_id)));
  }
  BULLA_TRY(bulla_versions_next(owner, &walk->tenant, vault, only));
  walk->is_inside = *owner != NULL;
  walk->is_done = *owner == NULL;
  walk->version = 1;
  walk->number = INT64_MIN;
  if (*owner != NULL) {
    memcpy(walk->tenant_id, (*owner)->id, sizeof(walk->tenant_id));
  }
  return BULLA_OK;
}

/* Fills a page with secrets of one version of one tenant. */
static enum bulla_status read_page(struct secret_walk *walk, struct bulla_vault *vault, struct bulla_span only) {
  struct bulla_vault *locked BULLA_CLEANUP(bulla_vault_unlock) = NULL;
  const struct bulla_tenant *owner;
  uint8_t name[BULLA_NAME_MAX];
  uint8_t secret[BULLA_ID_LEN];
  walk->num = 0;
  BULLA_TRY(bulla_vault_lock(&locked, vault));
  struct bulla_db *transaction BULLA_CLEANUP(bulla_db_rollback) = NULL;
  BULLA_TRY(bulla_db_begin(&transaction, vault->db, BULLA_DB_READ));
  BULLA_TRY(bulla_page_begin(&walk->page));
  BULLA_TRY(find_owner(&owner, walk, vault, only));
  if (owner == NULL || owner->said.removed || !find_version(walk, owner, secret)) {
    walk->is_inside = false;
    return BULLA_OK;
  }
  size_t len = owner->said.name.len;
  memcpy(name, owner->said.name.data, len);
  return read_secrets(walk, vault, bulla_span(name, len), bulla_span(secret, sizeof(secret)));
}

enum bulla_status bulla_vault_secrets(struct bulla_vault *vault, struct bulla_span tenant, bulla_secret_fn each,
                                      void *arg) {
  if (tenant.len > 0) {
    BULLA_TRY(bulla_name_check(tenant));
  }
  BULLA_TRY(bulla_may_root(vault, NULL, BULLA_LITERAL("report"), &(struct bulla_place){.tenant = tenant}));
  struct secret_walk walk BULLA_CLEANUP(free_walk) = {.num = 0};
  BULLA_TRY(bulla_secret_new(&walk.room, BULLA_TRAITS_LEN));
  while (!walk.is_done) {
    /* What was read before a row that is refused is given out first. */
    enum bulla_status status = read_page(&walk, vault, tenant);
    for (size_t i = 0; i < walk.num; i++) {
      BULLA_TRY(each(arg, &walk.views[i]));
    }
    BULLA_TRY(status);
  }
  return walk.num_refused == 0
             ? BULLA_OK
             : bulla_explain(BULLA_REFUSED, "%lld secret%s as %s put: somebody has changed %s",
                             (long long)walk.num_refused, walk.num_refused == 1 ? " is not" : "s are not",
                             walk.num_refused == 1 ? "it was" : "they were", walk.num_refused == 1 ? "it" : "them");
}
