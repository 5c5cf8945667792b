/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See fuzz/vault_model.h. */

#include "fuzz/vault_fields.h"

const char *const fuzz_tenants[FUZZ_TENANTS] = {"Acme", "acme", "beta"};
const char *const fuzz_entries[FUZZ_ENTRIES] = {"db", "db2", "mail"};
const char *const fuzz_fields[FUZZ_FIELDS] = {"host", "password", "token"};
const char *const fuzz_apikey_ids[FUZZ_APIKEYS] = {"0123456789abcde0", "0123456789abcde1", "0123456789abcde2"};
const char *const fuzz_jtis[FUZZ_JTIS] = {"session-1", "session-2"};

static void add_record(struct fuzz_model *model, const char *op, const struct fuzz_call *call, const char *entry,
                       const char *field, const char *outcome) {
  FUZZ_ASSERT(model->num_records - model->num_old < FUZZ_RECORDS);
  const char *tenant = call != NULL ? fuzz_tenants[call->tenant] : "";
  bool owned = call != NULL && model->tenants[call->tenant];
  model->records[model->num_records++ - model->num_old] =
      (struct fuzz_record){op, tenant, entry, field, 0, outcome, owned, model->signs};
  model->signs = false;
}

/* Makes the tenant, if there is none. */
static void ensure_tenant(struct fuzz_model *model, const struct fuzz_call *call) {
  model->signs = model->signs || !model->tenants[call->tenant];
  model->tenants[call->tenant] = true;
}

void fuzz_model_empty(struct fuzz_model *model) {
  memset(model, 0, sizeof(*model));
  model->signs = true;
  add_record(model, "init", NULL, "", "", "done");
}

static enum bulla_status write_item(struct fuzz_model *model, const struct fuzz_call *call, const char *op,
                                    uint8_t entry, const struct fuzz_item *item) {
  struct fuzz_field *field = &model->fields[call->tenant][entry][item->field];
  bool import = call->op == FUZZ_IMPORT;
  if (!import && field->revision > 0 && field->now.secret && !item->secret) {
    return BULLA_STAYS_SECRET;
  }
  if (import && field->revision > 0) {
    return BULLA_EXISTS;
  }
  ensure_tenant(model, call);
  model->entries[call->tenant][entry] = true;
  fuzz_field_put(field, (struct fuzz_value){item->fill, item->len, import || item->secret});
  add_record(model, op, call, fuzz_entries[entry], fuzz_fields[item->field], "done");
  return BULLA_OK;
}

static enum bulla_status put(struct fuzz_model *model, const struct fuzz_call *call) {
  for (uint8_t i = 0; i < call->num_items; i++) {
    if (call->items[i].len > BULLA_VALUE_MAX) {
      return BULLA_TOO_LARGE;
    }
  }
  for (uint8_t i = 0; i < call->num_items; i++) {
    enum bulla_status status = write_item(model, call, "put", call->entry, &call->items[i]);
    if (status != BULLA_OK) {
      return status;
    }
  }
  return BULLA_OK;
}

static enum bulla_status import(struct fuzz_model *model, size_t *failed, const struct fuzz_call *call) {
  /* All rows are looked at before the first is opened. */
  for (uint8_t i = 0; i < call->num_items; i++) {
    if (call->items[i].len > BULLA_VALUE_MAX) {
      *failed = i;
      return BULLA_TOO_LARGE;
    }
  }
  ensure_tenant(model, call);
  for (uint8_t i = 0; i < call->num_items; i++) {
    const struct fuzz_item *item = &call->items[i];
    enum bulla_status status = item->forged ? BULLA_REFUSED : write_item(model, call, "import", item->entry, item);
    if (status != BULLA_OK) {
      *failed = i;
      return status;
    }
  }
  return BULLA_OK;
}

static enum bulla_status remove_entry(struct fuzz_model *model, const struct fuzz_call *call) {
  if (!model->entries[call->tenant][call->entry]) {
    return BULLA_NOT_FOUND;
  }
  model->entries[call->tenant][call->entry] = false;
  memset(model->fields[call->tenant][call->entry], 0, sizeof(model->fields[0][0]));
  add_record(model, "remove", call, fuzz_entries[call->entry], "", "done");
  return BULLA_OK;
}

static enum bulla_status use(struct fuzz_model *model, const struct fuzz_call *call) {
  uint8_t field = call->items[0].field;
  bool there = model->fields[call->tenant][call->entry][field].revision > 0;
  add_record(model, "use", call, fuzz_entries[call->entry], fuzz_fields[field], there ? "granted" : "not-found");
  return there ? BULLA_OK : BULLA_NOT_FOUND;
}

static enum bulla_status call_apikey(struct fuzz_model *model, const struct fuzz_call *call) {
  struct fuzz_apikey_state *apikey = &model->apikeys[call->apikey];
  const char *id = fuzz_apikey_ids[call->apikey];
  if (call->op == FUZZ_APIKEY_PUT) {
    if (apikey->there) {
      return BULLA_EXISTS;
    }
    *apikey = (struct fuzz_apikey_state){true, false, apikey->again, call->tenant};
    ensure_tenant(model, call);
    add_record(model, "apikey-create", call, id, "", "done");
    return BULLA_OK;
  }
  struct fuzz_call owned = *call;
  owned.tenant = apikey->tenant;
  if (!apikey->there || (apikey->revoked && call->op == FUZZ_APIKEY_USE)) {
    return BULLA_NOT_FOUND;
  }
  if (call->op == FUZZ_APIKEY_USE) {
    add_record(model, "apikey-use", &owned, id, "", "granted");
  } else if (!apikey->revoked) {
    apikey->revoked = true;
    add_record(model, "apikey-revoke", &owned, id, "", "done");
  }
  return BULLA_OK;
}

static enum bulla_status revoke_token(struct fuzz_model *model, const struct fuzz_call *call) {
  static const char *const digests[FUZZ_JTIS] = {
      "84097828fc31a8c8d29210df48901a85de7fd013f686b17be77d1be29cb7a98b",
      "5d9061408048c12d053925aed45333a142997f26a2cd1e0c4a87678c53a1e3ae"}; /* SHA-256 */
  if (!model->tenants[call->tenant]) {
    return BULLA_NOT_FOUND;
  }
  model->revoked[call->tenant][call->jti] = true;
  add_record(model, "token-revoke", call, digests[call->jti], "", "done");
  return BULLA_OK;
}

static bool has_live_apikey(const struct fuzz_model *model, uint8_t tenant) {
  bool live = false;
  for (int i = 0; i < FUZZ_APIKEYS; i++) {
    const struct fuzz_apikey_state *apikey = &model->apikeys[i];
    live = live || (apikey->there && !apikey->revoked && apikey->tenant == tenant);
  }
  return live;
}

/* Forgets what was revoked of the tenant, as the vault does. */
static void forget_tokens(struct fuzz_model *model, uint8_t tenant) {
  for (int i = 0; i < FUZZ_JTIS; i++) {
    model->unsure[tenant][i] = model->unsure[tenant][i] || model->revoked[tenant][i];
    model->revoked[tenant][i] = false;
  }
}

static enum bulla_status remove_tenant(struct fuzz_model *model, const struct fuzz_call *call) {
  if (!model->tenants[call->tenant]) {
    return BULLA_NOT_FOUND;
  }
  for (int i = 0; i < FUZZ_ENTRIES; i++) {
    if (model->entries[call->tenant][i]) {
      return BULLA_IN_USE;
    }
  }
  if (has_live_apikey(model, call->tenant)) {
    return BULLA_IN_USE;
  }
  for (int i = 0; i < FUZZ_APIKEYS; i++) {
    struct fuzz_apikey_state *apikey = &model->apikeys[i];
    if (apikey->there && apikey->tenant == call->tenant) {
      *apikey = (struct fuzz_apikey_state){.again = true};
    }
  }
  forget_tokens(model, call->tenant);
  model->signs = true;
  add_record(model, "remove", call, "", "", "done");
  model->tenants[call->tenant] = false;
  return BULLA_OK;
}

static enum bulla_status rename_tenant(struct fuzz_model *model, const struct fuzz_call *call) {
  struct fuzz_call after = *call;
  after.tenant = call->to;
  if (!model->tenants[call->tenant]) {
    return BULLA_NOT_FOUND;
  }
  if (call->to == call->tenant) {
    return BULLA_EXISTS;
  }
  if (has_live_apikey(model, call->tenant)) {
    return BULLA_IN_USE;
  }
  if (model->tenants[call->to]) {
    return BULLA_EXISTS;
  }
  add_record(model, "rename-from", call, "", "", "done");
  memcpy(model->entries[call->to], model->entries[call->tenant], sizeof(model->entries[0]));
  memcpy(model->fields[call->to], model->fields[call->tenant], sizeof(model->fields[0]));
  memset(model->entries[call->tenant], 0, sizeof(model->entries[0]));
  memset(model->fields[call->tenant], 0, sizeof(model->fields[0]));
  for (int i = 0; i < FUZZ_APIKEYS; i++) {
    struct fuzz_apikey_state *apikey = &model->apikeys[i];
    apikey->tenant = apikey->tenant == call->tenant ? call->to : apikey->tenant;
  }
  for (int i = 0; i < FUZZ_JTIS; i++) {
    model->unsure[call->to][i] = model->unsure[call->to][i] || model->revoked[call->tenant][i];
  }
  forget_tokens(model, call->tenant);
  model->tenants[call->tenant] = false;
  model->tenants[call->to] = true;
  model->signs = true;
  add_record(model, "rename-to", &after, "", "", "done");
  return BULLA_OK;
}

static enum bulla_status rename_entry(struct fuzz_model *model, const struct fuzz_call *call) {
  bool *entries = model->entries[call->tenant];
  if (!entries[call->entry]) {
    return BULLA_NOT_FOUND;
  }
  if (entries[call->to]) {
    return BULLA_EXISTS;
  }
  entries[call->entry] = false;
  entries[call->to] = true;
  memcpy(model->fields[call->tenant][call->to], model->fields[call->tenant][call->entry], sizeof(model->fields[0][0]));
  memset(model->fields[call->tenant][call->entry], 0, sizeof(model->fields[0][0]));
  add_record(model, "rename-from", call, fuzz_entries[call->entry], "", "done");
  add_record(model, "rename-to", call, fuzz_entries[call->to], "", "done");
  return BULLA_OK;
}

static enum bulla_status rename_field(struct fuzz_model *model, const struct fuzz_call *call) {
  struct fuzz_field *fields = model->fields[call->tenant][call->entry];
  uint8_t from = call->items[0].field;
  if (fields[from].revision == 0) {
    return BULLA_NOT_FOUND;
  }
  if (fields[call->to].revision > 0) {
    return BULLA_EXISTS;
  }
  fields[call->to] = fields[from];
  memset(&fields[from], 0, sizeof(fields[from]));
  add_record(model, "rename-from", call, fuzz_entries[call->entry], fuzz_fields[from], "done");
  add_record(model, "rename-to", call, fuzz_entries[call->entry], fuzz_fields[call->to], "done");
  return BULLA_OK;
}

static enum bulla_status restore(struct fuzz_model *model, const struct fuzz_call *call) {
  uint8_t index = call->items[0].field;
  struct fuzz_field *field = &model->fields[call->tenant][call->entry][index];
  int64_t revision = fuzz_field_former(field, call);
  if (field->revision == 0) {
    return BULLA_NOT_FOUND;
  }
  if (revision == field->revision) {
    return BULLA_EXISTS;
  }
  int64_t past = field->revision - revision;
  if (past > field->num_former) {
    return BULLA_NOT_FOUND;
  }
  fuzz_field_put(field, field->former[past - 1]);
  add_record(model, "restore", call, fuzz_entries[call->entry], fuzz_fields[index], "done");
  model->records[model->num_records - 1 - model->num_old].revision = revision;
  return BULLA_OK;
}

enum bulla_status fuzz_model_call(struct fuzz_model *model, size_t *failed, const struct fuzz_call *call) {
  struct fuzz_model before = *model;
  enum bulla_status status = BULLA_OK;
  *failed = call->num_items;
  switch (call->op) {
    case FUZZ_PUT:
      status = put(model, call);
      break;
    case FUZZ_IMPORT:
      status = import(model, failed, call);
      break;
    case FUZZ_REMOVE:
      status = remove_entry(model, call);
      break;
    case FUZZ_USE:
      return use(model, call);
    case FUZZ_SHOW:
      return model->entries[call->tenant][call->entry] ? BULLA_OK : BULLA_NOT_FOUND;
    case FUZZ_LIST:
      return model->tenants[call->tenant] ? BULLA_OK : BULLA_NOT_FOUND;
    case FUZZ_APIKEY_PUT:
    case FUZZ_APIKEY_REVOKE:
    case FUZZ_APIKEY_USE:
      status = call_apikey(model, call);
      break;
    case FUZZ_TOKEN_REVOKE:
      status = revoke_token(model, call);
      break;
    case FUZZ_REMOVE_TENANT:
      status = remove_tenant(model, call);
      break;
    case FUZZ_RENAME_TENANT:
      status = rename_tenant(model, call);
      break;
    case FUZZ_RENAME_ENTRY:
      status = rename_entry(model, call);
      break;
    case FUZZ_RENAME_FIELD:
      status = rename_field(model, call);
      break;
    case FUZZ_RESTORE:
      status = restore(model, call);
      break;
    case FUZZ_TOKEN_REVOKED:
    case FUZZ_VERIFY:
    case FUZZ_REOPEN:
    case FUZZ_NUM_OPS:
      break;
  }
  /* All or nothing. */
  if (status != BULLA_OK) {
    *model = before;
  }
  return status;
}

uint8_t *fuzz_model_value(size_t len, uint8_t fill) {
  uint8_t *value = fuzz_alloc(len);
  memset(value, fill, len);
  return value;
}

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

static enum bulla_status compare_record(void *arg, const struct bulla_audit_record *record) {
  struct walk *walk = (struct walk *)arg;
  if ((size_t)walk->next >= walk->model->num_records) {
    walk->same = false;
    return BULLA_OK;
  }
  const struct fuzz_record *wanted = &walk->model->records[(size_t)walk->next++ - walk->model->num_old];
  char field[40];
  int len = snprintf(field, sizeof(field), "%s", wanted->field);
  if (wanted->revision > 0) {
    (void)snprintf(field + len, sizeof(field) - (size_t)len, "#%lld", (long long)wanted->revision);
  }
  walk->same = walk->same && record->lane == 0 && record->tenant_id.len == (wanted->owned ? 16 : 0) &&
               record->statement.len == (wanted->signs ? 32 : 0);
  walk->same = walk->same && record->seq == walk->next && bulla_span_equal(record->op, fuzz_text(wanted->op)) &&
               bulla_span_equal(record->tenant, fuzz_text(wanted->tenant)) &&
               bulla_span_equal(record->entry, fuzz_text(wanted->entry)) &&
               bulla_span_equal(record->field, fuzz_text(field)) &&
               bulla_span_equal(record->outcome, fuzz_text(wanted->outcome)) &&
               bulla_span_equal(record->reason, walk->next == 1 ? bulla_span(NULL, 0) : fuzz_who.reason);
  return BULLA_OK;
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
  bool same = records_match(model, vault, first);
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
    case FUZZ_REMOVE_TENANT:
    case FUZZ_RENAME_TENANT:
      return same && entries_match(model, vault) && apikeys_match(model, vault) && tokens_match(model, vault);
    case FUZZ_RENAME_ENTRY:
    case FUZZ_RENAME_FIELD:
      return same && entries_match(model, vault);
    default:
      return same;
  }
}
