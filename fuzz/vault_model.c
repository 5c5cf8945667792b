/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See fuzz/vault_model.h: what calls return and change. What is compared is in fuzz/vault_matches.c. */

#include "fuzz/vault_fields.h"
#include "fuzz/vault_versions.h"

const char *const fuzz_tenants[FUZZ_TENANTS] = {"Acme", "acme", "beta"};
const char *const fuzz_entries[FUZZ_ENTRIES] = {"db", "db2", "mail"};
const char *const fuzz_fields[FUZZ_FIELDS] = {"host", "password", "token"};
const char *const fuzz_apikey_ids[FUZZ_APIKEYS] = {"0123456789abcde0", "0123456789abcde1", "0123456789abcde2"};
const char *const fuzz_jtis[FUZZ_JTIS] = {"session-1", "session-2"};

static void add_record(struct fuzz_model *model, const char *op, const struct fuzz_call *call, const char *entry,
                       const char *field, const char *outcome) {
  FUZZ_ASSERT(model->num_records - model->num_old < FUZZ_RECORDS);
  const char *tenant = call != NULL ? fuzz_tenants[call->tenant] : "";
  int owner = call != NULL ? model->owners[call->tenant].id : 0;
  model->records[model->num_records++ - model->num_old] =
      (struct fuzz_record){op, tenant, entry, field, 0, outcome, owner, model->signs, false};
  model->signs = false;
}

static void add_numbered(struct fuzz_model *model, const char *op, const struct fuzz_call *call, const char *entry,
                         const char *field, int64_t number) {
  add_record(model, op, call, entry, field, "done");
  model->records[model->num_records - 1 - model->num_old].number = number;
}

/* Makes the tenant, if there is none. */
static void ensure_tenant(struct fuzz_model *model, const struct fuzz_call *call) {
  if (!model->tenants[call->tenant]) {
    model->signs = true;
    model->tenants[call->tenant] = true;
    model->owners[call->tenant] = (struct fuzz_owner){.id = ++model->num_owners, .active = 1};
  }
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
  bool secret = import || item->secret;
  uint8_t version = secret ? model->owners[call->tenant].active : 0;
  fuzz_field_put(field, (struct fuzz_value){item->fill, item->len, secret, version});
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

/* Seals anew what was used, in a transaction of its own, if it is |sealed| under a version that is decrypt-only. */
static void renew(struct fuzz_model *model, const struct fuzz_call *call, uint8_t *sealed, uint8_t tenant) {
  if (fuzz_versions_is_old(model, tenant, *sealed) && call->most != 1) {
    *sealed = model->owners[tenant].active;
    model->num_done++;
  }
}

static enum bulla_status use(struct fuzz_model *model, const struct fuzz_call *call) {
  uint8_t index = call->items[0].field;
  struct fuzz_field *field = &model->fields[call->tenant][call->entry][index];
  bool there = field->revision > 0;
  add_record(model, "use", call, fuzz_entries[call->entry], fuzz_fields[index], there ? "granted" : "not-found");
  renew(model, call, &field->now.version, call->tenant);
  return there ? BULLA_OK : BULLA_NOT_FOUND;
}

static enum bulla_status call_apikey(struct fuzz_model *model, const struct fuzz_call *call) {
  struct fuzz_apikey_state *apikey = &model->apikeys[call->apikey];
  const char *id = fuzz_apikey_ids[call->apikey];
  if (call->op == FUZZ_APIKEY_PUT) {
    if (apikey->there) {
      return BULLA_EXISTS;
    }
    ensure_tenant(model, call);
    *apikey = (struct fuzz_apikey_state){true, false, apikey->again, call->tenant, model->owners[call->tenant].active};
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
    renew(model, call, &apikey->version, apikey->tenant);
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

/* Deletes all that a tenant has, and its name. */
static void forget_tenant(struct fuzz_model *model, uint8_t tenant) {
  for (int i = 0; i < FUZZ_APIKEYS; i++) {
    struct fuzz_apikey_state *apikey = &model->apikeys[i];
    if (apikey->there && apikey->tenant == tenant) {
      *apikey = (struct fuzz_apikey_state){.again = true};
    }
  }
  forget_tokens(model, tenant);
  memset(model->entries[tenant], 0, sizeof(model->entries[0]));
  memset(model->fields[tenant], 0, sizeof(model->fields[0]));
  model->tenants[tenant] = false;
  model->owners[tenant] = (struct fuzz_owner){.id = 0};
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
  model->signs = true;
  add_record(model, "remove", call, "", "", "done");
  forget_tenant(model, call->tenant);
  return BULLA_OK;
}

static enum bulla_status shred(struct fuzz_model *model, const struct fuzz_call *call) {
  if (!model->tenants[call->tenant]) {
    return BULLA_NOT_FOUND;
  }
  for (size_t i = 0; i < model->num_records - model->num_old; i++) {
    struct fuzz_record *record = &model->records[i];
    record->is_erased = record->is_erased || record->owner == model->owners[call->tenant].id;
  }
  forget_tenant(model, call->tenant);
  model->signs = true;
  add_record(model, "shred", NULL, NULL, "", "done");
  return BULLA_OK;
}

static enum bulla_status rotate(struct fuzz_model *model, const struct fuzz_call *call) {
  struct fuzz_owner *owner = &model->owners[call->tenant];
  if (!model->tenants[call->tenant]) {
    return BULLA_NOT_FOUND;
  }
  owner->old |= UINT32_C(1) << owner->active++;
  model->signs = true;
  add_numbered(model, "rotate-tenant", call, "", "", owner->active);
  return BULLA_OK;
}

/* One transaction for all revisions of fields that a version has, and then one for the API keys. */
static enum bulla_status rewrap(struct fuzz_model *model, const struct fuzz_call *call) {
  if (!model->tenants[call->tenant]) {
    return BULLA_NOT_FOUND;
  }
  uint8_t most = call->most > 0 ? call->most : UINT8_MAX;
  model->num_done = 0;
  for (int i = 0; i < model->owners[call->tenant].active * 2 && model->num_done < most; i++) {
    uint8_t version = (uint8_t)(i / 2);
    if (fuzz_versions_is_old(model, call->tenant, version)) {
      int64_t num = i % 2 != 0 ? fuzz_versions_count(model, call->tenant, version, FUZZ_SEALED_APIKEYS, true)
                               : fuzz_versions_count(model, call->tenant, version, FUZZ_SEALED_FIELDS, true) +
                                     fuzz_versions_count(model, call->tenant, version, FUZZ_SEALED_PAST, true);
      if (num > 0) {
        add_numbered(model, "rewrap", call, "", "", num);
        model->num_done++;
      }
    }
  }
  model->num_done = model->num_done > 0 ? model->num_done : 1;
  return BULLA_OK;
}

static enum bulla_status destroy(struct fuzz_model *model, const struct fuzz_call *call) {
  struct fuzz_owner *owner = &model->owners[call->tenant];
  if (!model->tenants[call->tenant]) {
    return BULLA_NOT_FOUND;
  }
  for (uint8_t i = 1; i < owner->active; i++) {
    if (fuzz_versions_is_old(model, call->tenant, i) && fuzz_versions_num(model, call->tenant, i) == 0) {
      owner->old &= ~(UINT32_C(1) << i);
      model->signs = true;
      add_numbered(model, "destroy-version", call, "", "", i);
    }
  }
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
  model->owners[call->to] = model->owners[call->tenant];
  model->owners[call->tenant] = (struct fuzz_owner){.id = 0};
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
  fuzz_field_seal(&fields[from], model->owners[call->tenant].active);
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
  struct fuzz_value value = field->former[past - 1];
  value.version = value.secret ? model->owners[call->tenant].active : 0;
  fuzz_field_put(field, value);
  add_numbered(model, "restore", call, fuzz_entries[call->entry], fuzz_fields[index], revision);
  return BULLA_OK;
}

enum bulla_status fuzz_model_call(struct fuzz_model *model, size_t *failed, const struct fuzz_call *call) {
  struct fuzz_model before = *model;
  enum bulla_status status = BULLA_OK;
  model->num_done = 1;
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
    case FUZZ_ROTATE:
      status = rotate(model, call);
      break;
    case FUZZ_REWRAP:
      status = rewrap(model, call);
      break;
    case FUZZ_DESTROY:
      status = destroy(model, call);
      break;
    case FUZZ_SHRED:
      status = shred(model, call);
      break;
    case FUZZ_TOKEN_REVOKED:
    case FUZZ_VERIFY:
    case FUZZ_REOPEN:
    case FUZZ_SCRUB:
    case FUZZ_NUM_OPS:
      break;
  }
  /* All or nothing. */
  if (status != BULLA_OK) {
    *model = before;
    model->num_done = 1;
  }
  return status;
}

uint8_t *fuzz_model_value(size_t len, uint8_t fill) {
  uint8_t *value = fuzz_alloc(len);
  memset(value, fill, len);
  return value;
}
