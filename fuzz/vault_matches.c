/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See fuzz/vault_model.h: whether a vault holds what its model does. */

#include "fuzz/vault_fields.h"
#include "fuzz/vault_versions.h"

/* A walk through the vault, beside the model. */
struct walk {
  const struct fuzz_model *model;
  int next;
  bool same;
};

static enum bulla_status compare_entry(void *arg, const struct bulla_entry_view *view) {
  struct walk *walk = (struct walk *)arg;
  const bool *entries = &walk->model->entries[0][0];
  while (walk->next < FUZZ_TENANTS * FUZZ_ENTRIES && !entries[walk->next]) {
    walk->next++;
  }
  if (walk->next == FUZZ_TENANTS * FUZZ_ENTRIES) {
    walk->same = false;
    return BULLA_OK;
  }
  int tenant = walk->next / FUZZ_ENTRIES;
  int entry = walk->next % FUZZ_ENTRIES;
  int64_t num_fields = 0;
  for (int i = 0; i < FUZZ_FIELDS; i++) {
    num_fields += walk->model->fields[tenant][entry][i].revision > 0 ? 1 : 0;
  }
  walk->same = walk->same && bulla_span_equal(view->tenant, fuzz_text(fuzz_tenants[tenant])) &&
               bulla_span_equal(view->entry, fuzz_text(fuzz_entries[entry])) && view->num_fields == num_fields;
  walk->next++;
  return BULLA_OK;
}

static enum bulla_status compare_apikey(void *arg, const struct bulla_apikey_view *view) {
  struct walk *walk = (struct walk *)arg;
  for (int i = 0; i < FUZZ_APIKEYS; i++) {
    const struct fuzz_apikey_state *apikey = &walk->model->apikeys[i];
    if (apikey->there && bulla_span_equal(view->id, fuzz_text(fuzz_apikey_ids[i])) &&
        bulla_span_equal(view->tenant, fuzz_text(fuzz_tenants[apikey->tenant])) &&
        (view->revoked != 0) == apikey->revoked) {
      walk->next--;
      return BULLA_OK;
    }
  }
  walk->same = false;
  return BULLA_OK;
}

/* Whether a record says what is sealed in it, or nothing of it if it is erased. */
static bool is_told(const struct fuzz_record *wanted, const struct bulla_audit_record *record, bool is_first) {
  char field[40];
  int len = snprintf(field, sizeof(field), "%s", wanted->field);
  if (wanted->number > 0) {
    (void)snprintf(field + len, sizeof(field) - (size_t)len, "%s%lld", len > 0 ? "#" : "", (long long)wanted->number);
  }
  if (record->is_erased || wanted->is_erased) {
    return record->is_erased && wanted->is_erased && record->tenant.len == 0 && record->actor.len == 0 &&
           record->reason.len == 0 && record->entry.len == 0 && record->field.len == 0;
  }
  /* No entry: a tenant's id, which is random. */
  bool is_entry =
      wanted->entry != NULL ? bulla_span_equal(record->entry, fuzz_text(wanted->entry)) : record->entry.len == 32;
  return is_entry && bulla_span_equal(record->tenant, fuzz_text(wanted->tenant)) &&
         bulla_span_equal(record->field, fuzz_text(field)) &&
         bulla_span_equal(record->reason, is_first ? bulla_span(NULL, 0) : fuzz_who.reason);
}

static enum bulla_status compare_record(void *arg, const struct bulla_audit_record *record) {
  struct walk *walk = (struct walk *)arg;
  if ((size_t)walk->next >= walk->model->num_records) {
    walk->same = false;
    return BULLA_OK;
  }
  const struct fuzz_record *wanted = &walk->model->records[(size_t)walk->next++ - walk->model->num_old];
  walk->same = walk->same && record->lane == 0 && record->tenant_id.len == (wanted->owner != 0 ? 16 : 0) &&
               record->statement.len == (wanted->signs && !wanted->is_erased ? 32 : 0);
  walk->same = walk->same && record->seq == walk->next && bulla_span_equal(record->op, fuzz_text(wanted->op)) &&
               bulla_span_equal(record->outcome, fuzz_text(wanted->outcome)) &&
               is_told(wanted, record, walk->next == 1);
  return BULLA_OK;
}

/* One that has one version, and always had, has all under it. */
static bool versions_match(const struct fuzz_model *model, struct bulla_vault *vault, uint8_t tenant) {
  return model->owners[tenant].active <= 1 || fuzz_versions_match(model, vault, tenant);
}

static bool entries_match(const struct fuzz_model *model, struct bulla_vault *vault) {
  struct walk walk = {.model = model, .same = true};
  const bool *entries = &model->entries[0][0];
  FUZZ_ASSERT(bulla_vault_list(vault, bulla_span(NULL, 0), compare_entry, &walk) == BULLA_OK);
  for (; walk.next < FUZZ_TENANTS * FUZZ_ENTRIES; walk.next++) {
    walk.same = walk.same && !entries[walk.next];
  }
  for (int i = 0; walk.same && i < FUZZ_TENANTS * FUZZ_ENTRIES; i++) {
    walk.same = !entries[i] || fuzz_fields_match(model, vault, i / FUZZ_ENTRIES, i % FUZZ_ENTRIES);
  }
  for (uint8_t i = 0; walk.same && i < FUZZ_TENANTS; i++) {
    walk.same = versions_match(model, vault, i);
  }
  return walk.same;
}

static bool apikeys_match(const struct fuzz_model *model, struct bulla_vault *vault) {
  struct walk walk = {.model = model, .same = true};
  for (int i = 0; i < FUZZ_APIKEYS; i++) {
    walk.next += model->apikeys[i].there ? 1 : 0;
  }
  FUZZ_ASSERT(bulla_vault_apikey_list(vault, bulla_span(NULL, 0), compare_apikey, &walk) == BULLA_OK);
  return walk.same && walk.next == 0;
}

static bool tokens_match(const struct fuzz_model *model, struct bulla_vault *vault) {
  for (int i = 0; i < FUZZ_TENANTS; i++) {
    for (int j = 0; j < FUZZ_JTIS; j++) {
      bool revoked = false;
      enum bulla_status status =
          bulla_vault_token_revoked(vault, &revoked, fuzz_text(fuzz_tenants[i]), fuzz_text(fuzz_jtis[j]));
      FUZZ_ASSERT(status == BULLA_OK);
      if (revoked != model->revoked[i][j] && !model->unsure[i][j]) {
        return false;
      }
    }
  }
  return true;
}

static bool records_match(const struct fuzz_model *model, struct bulla_vault *vault, size_t first) {
  struct walk walk = {.model = model, .next = (int)first, .same = true};
  FUZZ_ASSERT(bulla_vault_audit_log(vault, (int64_t)first + 1, bulla_span(NULL, 0), compare_record, &walk) == BULLA_OK);
  return walk.same && (size_t)walk.next == model->num_records;
}

bool fuzz_model_matches(const struct fuzz_model *model, struct bulla_vault *vault, size_t first) {
  return records_match(model, vault, first) && entries_match(model, vault) && apikeys_match(model, vault) &&
         tokens_match(model, vault);
}

bool fuzz_model_matches_call(const struct fuzz_model *model, struct bulla_vault *vault, size_t first,
                             const struct fuzz_call *call) {
  /* What shredding erases was there before. */
  bool same = records_match(model, vault, call->op == FUZZ_SHRED ? model->num_old : first);
  switch (call->op) {
    case FUZZ_PUT:
    case FUZZ_RESTORE:
    case FUZZ_REMOVE:
      return same && fuzz_fields_match(model, vault, call->tenant, call->entry);
    case FUZZ_IMPORT:
      for (uint8_t i = 0; i < call->num_items; i++) {
        same = same && fuzz_fields_match(model, vault, call->tenant, call->items[i].entry);
      }
      return same;
    case FUZZ_APIKEY_PUT:
    case FUZZ_APIKEY_REVOKE:
      return same && apikeys_match(model, vault);
    case FUZZ_TOKEN_REVOKE:
      return same && tokens_match(model, vault);
    case FUZZ_USE:
      return same && versions_match(model, vault, call->tenant);
    case FUZZ_APIKEY_USE:
      return same && versions_match(model, vault, model->apikeys[call->apikey].tenant);
    case FUZZ_REMOVE_TENANT:
    case FUZZ_RENAME_TENANT:
    case FUZZ_SHRED:
      return same && entries_match(model, vault) && apikeys_match(model, vault) && tokens_match(model, vault);
    case FUZZ_RENAME_ENTRY:
    case FUZZ_RENAME_FIELD:
    case FUZZ_ROTATE:
    case FUZZ_REWRAP:
    case FUZZ_DESTROY:
      return same && entries_match(model, vault);
    default:
      return same;
  }
}
