/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Removing fields, entries and tenants. A removal and its audit records are one transaction. */

#include "core/log.h"
#include "store/columns.h"
#include "store/enroll.h"
#include "store/entry.h"
#include "store/limited.h"
#include "store/may.h"
#include "store/names.h"
#include "store/put.h"

/* Runs |query|, whose one parameter is the id of an entry or a tenant. */
static enum bulla_status delete_by_id(struct bulla_vault *vault, enum bulla_query query, struct bulla_span id) {
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) = bulla_statement(vault->db, query);
  bulla_bind_blob(&statement, id);
  return bulla_finish(&statement);
}

static enum bulla_status tell(struct bulla_change *change, struct bulla_span tenant, struct bulla_span entry,
                              struct bulla_span field) {
  return bulla_change_tell(change, BULLA_LITERAL("remove"), tenant, entry, field);
}

/* Removes the entry and tells of it. */
static enum bulla_status remove_entry(struct bulla_change *change, struct bulla_span tenant, struct bulla_span entry,
                                      struct bulla_span entry_id) {
  BULLA_TRY(delete_by_id(change->vault, BULLA_QUERY_DELETE_FIELDS, entry_id));
  BULLA_TRY(delete_by_id(change->vault, BULLA_QUERY_DELETE_ENTRY, entry_id));
  return tell(change, tenant, entry, bulla_span(NULL, 0));
}

static enum bulla_status remove_field(struct bulla_vault *vault, struct bulla_span entry_id, struct bulla_span field) {
  int64_t num;
  BULLA_TRY(bulla_field_erase(&num, vault, entry_id, field));
  return num > 0 ? BULLA_OK : bulla_explain(BULLA_NOT_FOUND, "the entry has no such field");
}

static enum bulla_status remove_fields(struct bulla_change *change, struct bulla_span tenant, struct bulla_span entry,
                                       const struct bulla_span *fields, size_t num_fields) {
  const struct bulla_tenant *owner;
  uint8_t id[BULLA_ID_LEN];
  struct bulla_span entry_id = bulla_span(id, sizeof(id));
  BULLA_TRY(bulla_entry_find(&owner, id, change->vault, tenant, entry));
  for (size_t i = 0; i < num_fields; i++) {
    BULLA_TRY(remove_field(change->vault, entry_id, fields[i]));
    BULLA_TRY(tell(change, tenant, entry, fields[i]));
  }
  int64_t left;
  BULLA_TRY(bulla_count(&left, change->vault->db, BULLA_QUERY_COUNT_FIELDS, entry_id));
  return left == 0 ? remove_entry(change, tenant, entry, entry_id) : BULLA_OK;
}

static enum bulla_status check_no_entry(struct bulla_vault *vault, struct bulla_span tenant_id) {
  int64_t count;
  BULLA_TRY(bulla_count(&count, vault->db, BULLA_QUERY_COUNT_ENTRIES, tenant_id));
  return count == 0 ? BULLA_OK
                    : bulla_explain(BULLA_IN_USE, "the tenant has %lld %s", (long long)count,
                                    count == 1 ? "entry" : "entries");
}

static enum bulla_status remove_tenant(struct bulla_change *change, struct bulla_span tenant) {
  const struct bulla_tenant *owner;
  BULLA_TRY(bulla_tenant_find(&owner, change->vault, tenant));
  BULLA_TRY(check_no_entry(change->vault, bulla_tenant_id(owner)));
  BULLA_TRY(bulla_tenant_check_no_live_apikey(change->vault, owner));
  uint8_t id[BULLA_ID_LEN];
  memcpy(id, owner->id, sizeof(id));
  BULLA_TRY(bulla_tenant_remove(change, owner));
  /* By its name nothing is found any more. */
  BULLA_TRY(bulla_tenant_by_id(&owner, change->vault, bulla_span(id, sizeof(id))));
  struct bulla_audit_record record =
      bulla_audit_record(change->who, BULLA_LITERAL("remove"), tenant, bulla_span(NULL, 0));
  return bulla_change_append_for(change, &record, owner);
}

enum bulla_status bulla_vault_remove(struct bulla_vault *vault, const struct bulla_who *who,
                                     const struct bulla_place *place) {
  BULLA_TRY(bulla_who_check(who, false));
  BULLA_TRY(bulla_place_check_entry(place));
  BULLA_TRY(bulla_may_root(vault, who, BULLA_LITERAL("remove"), place));
  struct bulla_change change BULLA_CLEANUP(bulla_change_end) = {.vault = NULL};
  BULLA_TRY(bulla_limited_begin(&change, vault, who, BULLA_DB_WRITE, BULLA_LITERAL("remove"), place));
  uint8_t entry_id[BULLA_ID_LEN];
  /* Whoever can add rows, without any key, would otherwise spoil lists for good. Whoever can give an entry the name of
   * another can delete that one too. */
  BULLA_TRY(bulla_entry_find_unproven(entry_id, vault, place->tenant, place->entry));
  BULLA_TRY(remove_entry(&change, place->tenant, place->entry, bulla_span(entry_id, sizeof(entry_id))));
  return bulla_change_commit(&change);
}

enum bulla_status bulla_vault_remove_fields(struct bulla_vault *vault, const struct bulla_who *who,
                                            const struct bulla_place *place, const struct bulla_span *fields,
                                            size_t num_fields) {
  BULLA_TRY(bulla_who_check(who, false));
  BULLA_TRY(bulla_place_check_entry(place));
  if (num_fields == 0) {
    return bulla_explain(BULLA_INVALID_ARGUMENT, "there is no field to remove");
  }
  for (size_t i = 0; i < num_fields; i++) {
    BULLA_TRY(bulla_name_check(fields[i]));
  }
  BULLA_TRY(bulla_may_root(vault, who, BULLA_LITERAL("remove"), place));
  struct bulla_change change BULLA_CLEANUP(bulla_change_end) = {.vault = NULL};
  BULLA_TRY(bulla_limited_begin(&change, vault, who, BULLA_DB_WRITE, BULLA_LITERAL("remove"), place));
  BULLA_TRY(remove_fields(&change, place->tenant, place->entry, fields, num_fields));
  return bulla_change_commit(&change);
}

enum bulla_status bulla_vault_remove_tenant(struct bulla_vault *vault, const struct bulla_who *who,
                                            struct bulla_span tenant) {
  BULLA_TRY(bulla_who_check(who, false));
  BULLA_TRY(bulla_name_check(tenant));
  BULLA_TRY(bulla_may_root(vault, who, BULLA_LITERAL("remove"), &(struct bulla_place){.tenant = tenant}));
  struct bulla_change change BULLA_CLEANUP(bulla_change_end) = {.vault = NULL};
  const struct bulla_place place = {.tenant = tenant};
  BULLA_TRY(bulla_limited_begin(&change, vault, who, BULLA_DB_WRITE, BULLA_LITERAL("remove"), &place));
  BULLA_TRY(remove_tenant(&change, tenant));
  return bulla_change_commit(&change);
}
