/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Records of API keys: an id, a hash, and a root that is sealed like a field and used like one. */

#include "store/apikey.h"

#include <time.h>

#include "store/clock.h"
#include "store/columns.h"
#include "store/context.h"
#include "store/enroll.h"
#include "store/limited.h"
#include "store/may.h"
#include "store/names.h"
#include "store/opening.h"
#include "store/page.h"

static enum bulla_status check_id(struct bulla_span id) {
  return id.len == BULLA_RECORD_ID_LEN ? bulla_name_check(id) : BULLA_INVALID_ARGUMENT;
}

enum bulla_status bulla_apikey_store(struct bulla_vault *vault, const struct bulla_tenant *owner,
                                     const struct bulla_apikey_record *apikey, int64_t created) {
  const struct bulla_tenant_secret *keys;
  struct bulla_context context;
  uint8_t bytes[BULLA_WRAPPED_MAX];
  struct bulla_buffer sealed = bulla_buffer(bytes, sizeof(bytes));
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(vault->db, BULLA_QUERY_INSERT_APIKEY);
  bulla_bind_text(&statement, apikey->id);
  bulla_bind_blob(&statement, bulla_tenant_id(owner));
  bulla_bind_text(&statement, apikey->name);
  bulla_bind_int(&statement, created);
  bulla_bind_blob(&statement, apikey->hash);
  if (apikey->root != NULL) {
    BULLA_TRY(bulla_tenant_active_secret(&keys, vault, owner));
    BULLA_TRY(bulla_context_apikey(&context, &vault->keyring, bulla_tenant_id(owner), apikey->id));
    if (keys->apikey_key == NULL) {
      return BULLA_DENIED;
    }
    BULLA_TRY(bulla_seal(keys->apikey_key, &sealed, bulla_secret_bytes(apikey->root), bulla_context_span(&context)));
    bulla_bind_blob(&statement, bulla_written(&sealed));
    bulla_bind_secret(&statement, keys);
  } else {
    bulla_bind_null(&statement);
    bulla_bind_secret(&statement, NULL);
  }
  return bulla_finish(&statement);
}

static enum bulla_status check_record(const struct bulla_apikey_record *apikey) {
  BULLA_TRY(BULLA_CHECK_RESERVED(apikey->reserved));
  BULLA_TRY(bulla_name_check(apikey->tenant));
  BULLA_TRY(check_id(apikey->id));
  if (apikey->name.len > 0) {
    BULLA_TRY(bulla_name_check(apikey->name));
  }
  return apikey->hash.len == BULLA_RECORD_HASH_LEN && apikey->root != NULL &&
                 bulla_secret_bytes(apikey->root).len == BULLA_KEY_LEN
             ? BULLA_OK
             : BULLA_INVALID_ARGUMENT;
}

enum bulla_status bulla_vault_apikey_put(struct bulla_vault *vault, const struct bulla_who *who,
                                         const struct bulla_apikey_record *record) {
  BULLA_TRY(bulla_who_check(who, false));
  BULLA_TRY(check_record(record));
  struct bulla_change change BULLA_CLEANUP(bulla_change_end) = {.vault = NULL};
  const struct bulla_place place = {.tenant = record->tenant, .entry = record->id};
  BULLA_TRY(bulla_may_root(vault, who, BULLA_LITERAL("apikey-create"), &place));
  BULLA_TRY(bulla_limited_begin(&change, vault, who, BULLA_DB_WRITE, BULLA_LITERAL("apikey-create"), &place));
  const struct bulla_tenant *owner;
  BULLA_TRY(bulla_tenant_ensure(&owner, &change, record->tenant));
  BULLA_TRY(bulla_apikey_store(vault, owner, record, bulla_clock_s()));
  BULLA_TRY(
      bulla_change_tell(&change, BULLA_LITERAL("apikey-create"), record->tenant, record->id, bulla_span(NULL, 0)));
  return bulla_change_commit(&change);
}

/* Fills |view| from the row of |statement|, with spans in |page|. Returns BULLA_DENIED for one that is not for the
 * actor to know. */
static enum bulla_status read_view(struct bulla_apikey_view *view, struct bulla_page *page, struct bulla_vault *vault,
                                   struct bulla_statement *statement) {
  const struct bulla_tenant *owner;
  BULLA_TRY(bulla_columns_tenant(&owner, &vault->keyring, statement));
  if ((owner->roles & BULLA_MAY(BULLA_ROLE_VERIFY)) == 0) {
    return BULLA_DENIED;
  }
  view->tenant = owner->said.name;
  view->id = bulla_column_name(statement);
  view->name = bulla_column_text(statement, BULLA_NAME_MAX);
  view->created = bulla_column_int(statement);
  view->revoked = bulla_column_int(statement);
  bool named = view->name.len == 0 || bulla_name_check(view->name) == BULLA_OK;
  /* A tenant that was removed has no keys: whoever writes to the database has given it one. */
  bool good = bulla_columns_good(statement) && !owner->said.removed && named && view->id.len == BULLA_RECORD_ID_LEN;
  bulla_page_keep(page, &view->tenant);
  bulla_page_keep(page, &view->id);
  bulla_page_keep(page, &view->name);
  return good ? BULLA_OK : BULLA_REFUSED;
}

/* Where a walk over the records stands. */
struct walk {
  struct bulla_page page;
  struct bulla_apikey_view views[BULLA_PAGE_ROWS];
  size_t num;
  int64_t last;  /* number of the last row that was read */
  bool has_more; /* rows were read, of which some may not be for an actor to know */
};

static void free_walk(struct walk *walk) {
  bulla_page_free(&walk->page);
}

static enum bulla_status read_views(struct walk *walk, struct bulla_vault *vault, struct bulla_span tenant) {
  struct bulla_vault *locked BULLA_CLEANUP(bulla_vault_unlock) = NULL;
  walk->num = 0;
  walk->has_more = false;
  BULLA_TRY(bulla_vault_lock(&locked, vault));
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(vault->db, BULLA_QUERY_LIST_APIKEYS);
  BULLA_TRY(bulla_page_begin(&walk->page));
  bulla_bind_int(&statement, walk->last);
  bulla_bind_text(&statement, tenant);
  bulla_bind_int(&statement, BULLA_PAGE_ROWS);
  while (bulla_page_has_room(&walk->page, walk->num)) {
    bool row;
    BULLA_TRY(bulla_step(&statement, &row));
    if (!row) {
      return BULLA_OK;
    }
    /* Pages of a damaged file that point at each other can give the same rows without end. */
    int64_t number = bulla_column_int(&statement);
    if (number <= walk->last) {
      return BULLA_REFUSED;
    }
    enum bulla_status status = read_view(&walk->views[walk->num], &walk->page, vault, &statement);
    BULLA_TRY(status == BULLA_DENIED ? BULLA_OK : status);
    walk->last = number;
    walk->has_more = true;
    walk->num += status == BULLA_OK ? 1 : 0;
  }
  return BULLA_OK;
}

static enum bulla_status check_tenant(struct bulla_vault *vault, struct bulla_span tenant) {
  struct bulla_vault *locked BULLA_CLEANUP(bulla_vault_unlock) = NULL;
  const struct bulla_tenant *found;
  BULLA_TRY(bulla_vault_lock(&locked, vault));
  return bulla_tenant_find(&found, vault, tenant);
}

enum bulla_status bulla_vault_apikey_list(struct bulla_vault *vault, struct bulla_span tenant, bulla_apikey_fn each,
                                          void *arg) {
  if (tenant.len > 0) {
    BULLA_TRY(bulla_name_check(tenant));
  }
  BULLA_TRY(bulla_may_on(vault, NULL, BULLA_MAY(BULLA_ROLE_VERIFY), BULLA_LITERAL("apikey-list"),
                         &(struct bulla_place){.tenant = tenant}));
  struct walk walk BULLA_CLEANUP(free_walk) = {.last = INT64_MIN};
  bool found = false;
  do {
    /* What was read before a row that is refused is given out first. */
    enum bulla_status status = read_views(&walk, vault, tenant);
    for (size_t i = 0; i < walk.num; i++) {
      BULLA_TRY(each(arg, &walk.views[i]));
    }
    BULLA_TRY(status);
    found = found || walk.num > 0;
  } while (walk.has_more);
  return found || tenant.len == 0 ? BULLA_OK : check_tenant(vault, tenant);
}

/* What a row says of an API key. Nothing proves it. */
struct row_state {
  bool revoked;
  bool erased;                 /* it has no root any more */
  uint8_t owner[BULLA_ID_LEN]; /* zeros if it is not proven whose it is */
  bool is_denied;              /* its tenant is proven, and an actor may not verify its tokens */
};

/* Finds what is said of |id|, and its tenant's name, which is written to the BULLA_NAME_MAX bytes of |tenant|. A name
 * that is not proven is left out: the key can be revoked all the same, but not used; so is one that is not for the
 * actor to know. */
static enum bulla_status find(struct bulla_buffer *tenant, struct row_state *state, struct bulla_vault *vault,
                              struct bulla_span id) {
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(vault->db, BULLA_QUERY_FIND_APIKEY);
  bulla_bind_text(&statement, id);
  bool row;
  BULLA_TRY(bulla_step(&statement, &row));
  if (!row) {
    return BULLA_NOT_FOUND;
  }
  *state = (struct row_state){.revoked = bulla_column_int(&statement) != 0};
  state->erased = bulla_column_int(&statement) != 0;
  const struct bulla_tenant *owner;
  enum bulla_status status = bulla_columns_tenant(&owner, &vault->keyring, &statement);
  struct bulla_writer writer = bulla_writer(tenant);
  if (status != BULLA_REFUSED && status != BULLA_NOT_A_VAULT && status != BULLA_DENIED) {
    BULLA_TRY(status);
    bulla_put(&writer, owner->said.name);
    memcpy(state->owner, owner->id, sizeof(state->owner));
  }
  state->is_denied =
      status == BULLA_DENIED || (status == BULLA_OK && (owner->roles & BULLA_MAY(BULLA_ROLE_VERIFY)) == 0);
  return bulla_writer_finish(&writer);
}

static enum bulla_status is_told(bool *told, struct bulla_vault *vault, struct bulla_span id) {
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(vault->db, BULLA_QUERY_IS_REVOCATION_TOLD);
  bulla_bind_text(&statement, id);
  return bulla_step(&statement, told);
}

enum bulla_status bulla_apikey_erase(struct bulla_vault *vault, struct bulla_span tenant_id, struct bulla_span id,
                                     int64_t revoked) {
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(vault->db, BULLA_QUERY_ERASE_APIKEY);
  bulla_bind_int(&statement, revoked);
  bulla_bind_text(&statement, id);
  BULLA_TRY(bulla_finish(&statement));
  return bulla_watch_tell(vault->db, tenant_id, id, bulla_span(NULL, 0));
}

/* All of a revocation that needs the vault to itself. Whoever writes to the database can give a key another tenant, or
 * none: it is revoked all the same. */
static enum bulla_status revoke_locked(struct bulla_vault *vault, const struct bulla_who *who, struct bulla_span id) {
  struct bulla_change change BULLA_CLEANUP(bulla_change_end) = {.vault = NULL};
  BULLA_TRY(bulla_change_begin(&change, vault, who, BULLA_DB_WRITE_FIRST)); /* no limit keeps anybody from revoking */
  uint8_t bytes[BULLA_NAME_MAX];
  struct bulla_buffer tenant = bulla_buffer(bytes, sizeof(bytes));
  struct row_state state;
  BULLA_TRY(find(&tenant, &state, vault, id));
  if (state.revoked && state.erased) {
    /* Only if the others were told: whoever writes to the database can set a mark, which no process hears of. */
    bool told;
    BULLA_TRY(is_told(&told, vault, id));
    if (told) {
      return BULLA_OK;
    }
  }
  BULLA_TRY(bulla_apikey_erase(vault, bulla_span(state.owner, sizeof(state.owner)), id, bulla_clock_s()));
  BULLA_TRY(
      bulla_change_tell(&change, BULLA_LITERAL("apikey-revoke"), bulla_written(&tenant), id, bulla_span(NULL, 0)));
  return bulla_change_commit(&change);
}

enum bulla_status bulla_vault_apikey_revoke(struct bulla_vault *vault, const struct bulla_who *who,
                                            struct bulla_span id) {
  BULLA_TRY(bulla_who_check(who, false));
  BULLA_TRY(check_id(id));
  BULLA_TRY(bulla_may_root(vault, who, BULLA_LITERAL("apikey-revoke"), &(struct bulla_place){.entry = id}));
  enum bulla_status status = revoke_locked(vault, who, id);
  if (status == BULLA_DISK_FULL) {
    /* Undoing it has emptied the -wal, which may be room enough. */
    status = revoke_locked(vault, who, id);
  }
  BULLA_TRY(status);
  bulla_watch_wait(&vault->watch);
  return BULLA_OK;
}

static void find_root(struct bulla_statement *found, const struct bulla_use *use) {
  bulla_bind_text(found, use->record.entry);
}

/* It was there, and was revoked meanwhile. */
static enum bulla_status missing_root(struct bulla_vault *vault, const struct bulla_audit_record *record) {
  (void)vault;
  (void)record;
  return BULLA_NOT_FOUND;
}

static enum bulla_status check_root(struct bulla_use *use, struct bulla_vault *vault) {
  struct bulla_stored_field *root = &use->field;
  *root = (struct bulla_stored_field){.secret = true};
  BULLA_TRY(bulla_columns_tenant(&root->owner, &vault->keyring, &use->found));
  root->value = bulla_column_blob(&use->found, BULLA_WRAPPED_MAX);
  if (!bulla_columns_good(&use->found) || !bulla_span_equal(root->owner->said.name, use->record.tenant)) {
    return BULLA_REFUSED;
  }
  return bulla_columns_secret(&root->keys, &vault->keyring, root->owner, &use->found);
}

static enum bulla_status open_root(struct bulla_use *use, const struct bulla_keyring *keyring) {
  const struct bulla_stored_field *root = &use->field;
  struct bulla_context context;
  BULLA_TRY(bulla_context_apikey(&context, keyring, bulla_tenant_id(root->owner), use->record.entry));
  return bulla_open_secret(&use->opened, root->keys->apikey_key, root->value, bulla_context_span(&context));
}

const struct bulla_use_kind bulla_use_apikey = {
    BULLA_QUERY_OPEN_APIKEY,   find_root,        missing_root, check_root, open_root,
    .role = BULLA_ROLE_VERIFY, .is_apikey = true};

/* Writes the name of the tenant of |id| to |tenant|. Anybody can make up key ids, or name one that is not for this
 * actor: to ask for one that is no good costs a look and leaves no record. */
static enum bulla_status find_tenant(struct bulla_buffer *tenant, struct bulla_vault *vault, struct bulla_span id) {
  struct bulla_vault *locked BULLA_CLEANUP(bulla_vault_unlock) = NULL;
  struct bulla_db *transaction BULLA_CLEANUP(bulla_db_rollback) = NULL;
  BULLA_TRY(bulla_vault_lock(&locked, vault));
  struct row_state state;
  enum bulla_status status = find(tenant, &state, vault, id);
  if (status == BULLA_BUSY) {
    /* What was changed meanwhile is looked at in one state. */
    BULLA_TRY(bulla_db_begin(&transaction, vault->db, BULLA_DB_READ));
    status = find(tenant, &state, vault, id);
  }
  BULLA_TRY(status);
  if (state.revoked) {
    return BULLA_NOT_FOUND;
  }
  return state.is_denied ? bulla_may(vault, NULL, BULLA_MAY(BULLA_ROLE_VERIFY)) : BULLA_OK;
}

static enum bulla_status may_verify(struct bulla_vault *vault, struct bulla_span id) {
  const struct bulla_tenant *owner;
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(vault->db, BULLA_QUERY_FIND_APIKEY);
  bulla_bind_text(&statement, id);
  bool row;
  BULLA_TRY(bulla_step(&statement, &row));
  if (!row) {
    return BULLA_NOT_FOUND;
  }
  (void)bulla_column_int(&statement);
  (void)bulla_column_int(&statement);
  BULLA_TRY(bulla_columns_tenant(&owner, &vault->keyring, &statement));
  return bulla_may(vault, owner, BULLA_MAY(BULLA_ROLE_VERIFY));
}

enum bulla_status bulla_apikey_may_verify(struct bulla_vault *vault, struct bulla_span id) {
  struct bulla_vault *locked BULLA_CLEANUP(bulla_vault_unlock) = NULL;
  struct bulla_db *transaction BULLA_CLEANUP(bulla_db_rollback) = NULL;
  BULLA_TRY(bulla_vault_lock(&locked, vault));
  enum bulla_status status = may_verify(vault, id);
  if (status == BULLA_BUSY) {
    BULLA_TRY(bulla_db_begin(&transaction, vault->db, BULLA_DB_READ));
    status = may_verify(vault, id);
  }
  return status;
}

/* Opens the root for |record|, and has |use| use it. */
static enum bulla_status use_root(struct bulla_vault *vault, struct bulla_audit_record *record, bulla_apikey_use_fn use,
                                  void *arg) {
  BULLA_TRY(check_id(record->entry));
  uint8_t bytes[BULLA_NAME_MAX];
  struct bulla_buffer tenant = bulla_buffer(bytes, sizeof(bytes));
  BULLA_TRY(find_tenant(&tenant, vault, record->entry));
  record->tenant = bulla_written(&tenant);
  size_t failed;
  struct bulla_use opening BULLA_CLEANUP(bulla_use_end) = {.kind = &bulla_use_apikey, .record = *record};
  BULLA_TRY(bulla_use_all(&failed, vault, &opening, 1));
  return use(arg, record->tenant, bulla_secret_bytes(opening.opened));
}

enum bulla_status bulla_vault_apikey_use(struct bulla_vault *vault, const struct bulla_who *who, struct bulla_span id,
                                         bulla_apikey_use_fn use, void *arg) {
  BULLA_TRY(bulla_may_who(vault, who, true));
  struct bulla_audit_record record = bulla_audit_record(who, BULLA_LITERAL("apikey-use"), bulla_span(NULL, 0), id);
  return use_root(vault, &record, use, arg);
}

enum bulla_status bulla_vault_apikey_export(struct bulla_vault *vault, const struct bulla_who *who,
                                            struct bulla_span id, int64_t day, bulla_apikey_use_fn use, void *arg) {
  BULLA_TRY(bulla_who_check(who, true));
  BULLA_TRY(bulla_may_root(vault, who, BULLA_LITERAL("apikey-export"), &(struct bulla_place){.entry = id}));
  struct tm parts;
  char date[16];
  if (day < 0 || day > BULLA_DAY_LAST) {
    return BULLA_INVALID_ARGUMENT;
  }
  time_t when = (time_t)(day * BULLA_SECONDS_PER_DAY);
  if (gmtime_r(&when, &parts) == NULL) {
    return BULLA_INVALID_ARGUMENT;
  }
  struct bulla_audit_record record = bulla_audit_record(who, BULLA_LITERAL("apikey-export"), bulla_span(NULL, 0), id);
  record.field = bulla_span(date, strftime(date, sizeof(date), "%Y-%m-%d", &parts));
  return use_root(vault, &record, use, arg);
}
