/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Renaming tenants, entries and fields. What is sealed is bound to the ids of tenant and entry, so a new name of
 * those is a new statement or proof and nothing else. A field is bound to its name: it is opened and sealed again, with
 * its former revisions, one after the other, in this process and in locked memory, and nobody gets to see it. A rename
 * and its two audit records, of the old name and of the new one, are one transaction. */

#include "core/log.h"
#include "store/columns.h"
#include "store/enroll.h"
#include "store/entry.h"
#include "store/field.h"
#include "store/limited.h"
#include "store/may.h"
#include "store/names.h"
#include "store/put.h"

static enum bulla_status tell(struct bulla_change *change, struct bulla_span op, const struct bulla_place *names) {
  return bulla_change_tell(change, op, names->tenant, names->entry, names->field);
}

/* A name that is the old one is taken, once it is known that there is something of it. */
static enum bulla_status check_is_new(struct bulla_span name, struct bulla_span old_name) {
  return bulla_span_equal(name, old_name) ? bulla_explain(BULLA_EXISTS, "the new name is the old one") : BULLA_OK;
}

static enum bulla_status rename_tenant(bool *told, struct bulla_change *change, struct bulla_span tenant,
                                       struct bulla_span name) {
  const struct bulla_tenant *owner;
  BULLA_TRY(bulla_tenant_find(&owner, change->vault, tenant));
  BULLA_TRY(check_is_new(name, tenant));
  /* Its tokens say the old name. */
  BULLA_TRY(bulla_tenant_check_no_live_apikey(change->vault, owner));
  BULLA_TRY(bulla_watch_tell_again(told, change->vault->db, bulla_tenant_id(owner)));
  return bulla_tenant_rename(change, owner, name);
}

static enum bulla_status rename_entry(struct bulla_vault *vault, struct bulla_span tenant, struct bulla_span entry,
                                      struct bulla_span name) {
  uint8_t id[BULLA_ID_LEN];
  const struct bulla_tenant *owner;
  BULLA_TRY(bulla_entry_find(&owner, id, vault, tenant, entry));
  BULLA_TRY(check_is_new(name, entry));
  return bulla_entry_rename(vault, owner, bulla_span(id, sizeof(id)), name);
}

/* A field between its two names. */
struct moving {
  const struct bulla_tenant *owner;
  uint8_t entry_id[BULLA_ID_LEN];
  int64_t revision;
  struct bulla_field field; /* what it was: its value and traits */
  struct bulla_secret *value;
};

static void moving_free(struct moving *moving) {
  bulla_secret_free(&moving->value);
}

/* Takes the field that |names| names, or, if |before| is not 0, the last of its revisions before that one. */
static enum bulla_status take_out(struct moving *moving, struct bulla_vault *vault, const struct bulla_place *names,
                                  int64_t before) {
  struct bulla_stored_field field = {.tenant = names->tenant, .entry = names->entry};
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(vault->db, before == 0 ? BULLA_QUERY_FIND_FIELD : BULLA_QUERY_LIST_REVISIONS);
  bulla_bind_text(&statement, names->tenant);
  bulla_bind_text(&statement, names->entry);
  bulla_bind_text(&statement, names->field);
  if (before != 0) {
    bulla_bind_int(&statement, before);
    bulla_bind_int(&statement, 1);
  }
  bool row;
  BULLA_TRY(bulla_step(&statement, &row));
  if (!row) {
    return BULLA_NOT_FOUND;
  }
  BULLA_TRY(bulla_columns_field(&field, &vault->keyring, &statement));
  if (before != 0 && field.binding.revision >= before) {
    return BULLA_REFUSED;
  }
  field.binding.field = names->field;
  BULLA_TRY(bulla_field_open(&moving->value, &vault->keyring, &field));
  moving->owner = field.owner;
  memcpy(moving->entry_id, field.binding.entry_id.data, sizeof(moving->entry_id));
  moving->revision = field.binding.revision;
  moving->field = (struct bulla_field){.value = bulla_secret_bytes(moving->value), .secret = field.secret};
  return bulla_field_keep_traits(&moving->field, &vault->keyring, &field);
}

/* Writes it under its new name. */
static enum bulla_status put_back(struct bulla_vault *vault, const struct moving *moving, struct bulla_span old_name,
                                  struct bulla_span new_name) {
  const struct bulla_binding binding = {
      .tenant_id = bulla_tenant_id(moving->owner),
      .entry_id = bulla_span(moving->entry_id, sizeof(moving->entry_id)),
      .field = new_name,
      .revision = moving->revision,
  };
  const struct bulla_tenant_secret *keys;
  struct bulla_buffer value BULLA_CLEANUP(bulla_field_free) = {0};
  struct bulla_buffer mask BULLA_CLEANUP(bulla_field_free) = {0};
  BULLA_TRY(bulla_tenant_active_secret(&keys, vault, moving->owner));
  BULLA_TRY(bulla_field_seal(&value, &mask, &vault->keyring, moving->owner, keys, &binding, &moving->field));
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(vault->db, BULLA_QUERY_RENAME_REVISION);
  bulla_bind_text(&statement, new_name);
  bulla_bind_blob(&statement, bulla_written(&value));
  bulla_bind_blob(&statement, bulla_written(&mask));
  bulla_bind_secret(&statement, moving->field.secret ? keys : NULL);
  bulla_bind_blob(&statement, binding.entry_id);
  bulla_bind_text(&statement, old_name);
  bulla_bind_int(&statement, binding.revision);
  return bulla_finish(&statement);
}

/* Renames the last revision before |*before|, and sets that to it, or to 0 if there is none. */
static enum bulla_status rename_former(int64_t *before, struct bulla_vault *vault, const struct bulla_place *names,
                                       struct bulla_span name) {
  struct moving moving BULLA_CLEANUP(moving_free) = {.value = NULL};
  enum bulla_status status = take_out(&moving, vault, names, *before);
  if (status == BULLA_NOT_FOUND) {
    *before = 0;
    return BULLA_OK;
  }
  if (status == BULLA_REFUSED) {
    return bulla_explain(status, "a revision before %lld does not open: have the entry keep fewer", (long long)*before);
  }
  BULLA_TRY(status);
  *before = moving.revision;
  return put_back(vault, &moving, names->field, name);
}

static enum bulla_status check_is_free(struct bulla_vault *vault, const struct bulla_tenant *owner,
                                       struct bulla_span entry_id, struct bulla_span name) {
  struct bulla_field_now now;
  BULLA_TRY(bulla_field_now(&now, vault, owner, entry_id, name));
  return now.revision == 0 ? BULLA_OK : bulla_explain(BULLA_EXISTS, "the new name is taken");
}

static enum bulla_status rename_field(struct bulla_vault *vault, const struct bulla_place *names,
                                      struct bulla_span name) {
  const struct bulla_tenant *owner;
  uint8_t entry_id[BULLA_ID_LEN];
  struct moving moving BULLA_CLEANUP(moving_free) = {.value = NULL};
  BULLA_TRY(bulla_entry_find(&owner, entry_id, vault, names->tenant, names->entry));
  enum bulla_status status = take_out(&moving, vault, names, 0);
  BULLA_TRY(status == BULLA_NOT_FOUND ? bulla_explain(status, "the entry has no such field") : status);
  BULLA_TRY(check_is_new(name, names->field));
  BULLA_TRY(check_is_free(vault, moving.owner, bulla_span(entry_id, sizeof(entry_id)), name));
  BULLA_TRY(put_back(vault, &moving, names->field, name));
  for (int64_t before = moving.revision; before > 0;) {
    BULLA_TRY(rename_former(&before, vault, names, name));
  }
  return BULLA_OK;
}

/* All of renaming a tenant that needs the vault to itself. */
static enum bulla_status rename_tenant_locked(bool *told, struct bulla_vault *vault, const struct bulla_who *who,
                                              struct bulla_span tenant, struct bulla_span name) {
  const struct bulla_place before = {.tenant = tenant};
  const struct bulla_place after = {.tenant = name};
  struct bulla_change change BULLA_CLEANUP(bulla_change_end) = {.vault = NULL};
  BULLA_TRY(bulla_limited_begin(&change, vault, who, BULLA_DB_WRITE, BULLA_LITERAL("rename-from"), &before));
  BULLA_TRY(tell(&change, BULLA_LITERAL("rename-from"), &before));
  BULLA_TRY(rename_tenant(told, &change, tenant, name));
  BULLA_TRY(tell(&change, BULLA_LITERAL("rename-to"), &after));
  return bulla_change_commit(&change);
}

enum bulla_status bulla_vault_rename_tenant(struct bulla_vault *vault, const struct bulla_who *who,
                                            struct bulla_span tenant, struct bulla_span name) {
  bool told = false;
  BULLA_TRY(bulla_who_check(who, false));
  BULLA_TRY(bulla_name_check(tenant));
  BULLA_TRY(bulla_name_check(name));
  BULLA_TRY(bulla_may_root(vault, who, BULLA_LITERAL("rename-from"), &(struct bulla_place){.tenant = tenant}));
  BULLA_TRY(rename_tenant_locked(&told, vault, who, tenant, name));
  if (told) {
    bulla_watch_wait(&vault->watch);
  }
  return BULLA_OK;
}

enum bulla_status bulla_vault_rename_entry(struct bulla_vault *vault, const struct bulla_who *who,
                                           const struct bulla_place *place, struct bulla_span name) {
  BULLA_TRY(bulla_who_check(who, false));
  BULLA_TRY(bulla_place_check_entry(place));
  BULLA_TRY(bulla_name_check(name));
  BULLA_TRY(bulla_may_root(vault, who, BULLA_LITERAL("rename-from"), place));
  struct bulla_change change BULLA_CLEANUP(bulla_change_end) = {.vault = NULL};
  BULLA_TRY(bulla_limited_begin(&change, vault, who, BULLA_DB_WRITE, BULLA_LITERAL("rename-from"), place));
  BULLA_TRY(rename_entry(vault, place->tenant, place->entry, name));
  const struct bulla_place after = {.tenant = place->tenant, .entry = name};
  BULLA_TRY(tell(&change, BULLA_LITERAL("rename-from"), place));
  BULLA_TRY(tell(&change, BULLA_LITERAL("rename-to"), &after));
  return bulla_change_commit(&change);
}

enum bulla_status bulla_vault_rename_field(struct bulla_vault *vault, const struct bulla_who *who,
                                           const struct bulla_place *place, struct bulla_span name) {
  BULLA_TRY(bulla_who_check(who, false));
  BULLA_TRY(bulla_place_check_field(place));
  BULLA_TRY(bulla_name_check(name));
  BULLA_TRY(bulla_may_root(vault, who, BULLA_LITERAL("rename-from"), place));
  struct bulla_change change BULLA_CLEANUP(bulla_change_end) = {.vault = NULL};
  BULLA_TRY(bulla_limited_begin(&change, vault, who, BULLA_DB_WRITE, BULLA_LITERAL("rename-from"), place));
  BULLA_TRY(rename_field(vault, place, name));
  const struct bulla_place after = {.tenant = place->tenant, .entry = place->entry, .field = name};
  BULLA_TRY(tell(&change, BULLA_LITERAL("rename-from"), place));
  BULLA_TRY(tell(&change, BULLA_LITERAL("rename-to"), &after));
  return bulla_change_commit(&change);
}
