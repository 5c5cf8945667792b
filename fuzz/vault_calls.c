/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See fuzz/vault_calls.h. */

#include "fuzz/vault_calls.h"

#include "fuzz/vault_fields.h"
#include "fuzz/vault_versions.h"

static struct bulla_secret *import_key;
static struct bulla_secret *other_key;
static struct bulla_secret *roots[FUZZ_APIKEYS];

static struct bulla_secret *filled(uint8_t byte) {
  struct bulla_secret *secret = NULL;
  FUZZ_ASSERT(bulla_secret_new(&secret, BULLA_KEY_LEN) == BULLA_OK);
  memset(bulla_secret_data(secret), byte, BULLA_KEY_LEN);
  return secret;
}

void fuzz_calls_set_up(void) {
  import_key = filled(0x11);
  other_key = filled(0x22);
  for (size_t i = 0; i < FUZZ_APIKEYS; i++) {
    roots[i] = filled((uint8_t)i);
  }
}

/* What a callback of a use expects. */
struct expected {
  const struct fuzz_model *model;
  const struct fuzz_call *call;
  int num_calls;
};

static enum bulla_status take_value(void *arg, struct bulla_span value) {
  struct expected *expected = (struct expected *)arg;
  const struct fuzz_call *call = expected->call;
  const struct fuzz_field *field = &expected->model->fields[call->tenant][call->entry][call->items[0].field];
  uint8_t *wanted = fuzz_model_value(field->now.len, field->now.fill);
  FUZZ_ASSERT(field->revision > 0 && bulla_span_equal(value, bulla_span(wanted, field->now.len)));
  free(wanted);
  expected->num_calls++;
  return BULLA_OK;
}

static enum bulla_status take_root(void *arg, struct bulla_span tenant, struct bulla_span root) {
  struct expected *expected = (struct expected *)arg;
  uint8_t apikey = expected->call->apikey;
  FUZZ_ASSERT(bulla_span_equal(tenant, fuzz_text(fuzz_tenants[expected->model->apikeys[apikey].tenant])));
  FUZZ_ASSERT(bulla_span_equal(root, bulla_secret_bytes(roots[apikey])));
  expected->num_calls++;
  return BULLA_OK;
}

static enum bulla_status ignore_field(void *arg, const struct bulla_field_view *field) {
  (void)arg;
  (void)field;
  return BULLA_OK;
}

static enum bulla_status ignore_entry(void *arg, const struct bulla_entry_view *entry) {
  (void)arg;
  (void)entry;
  return BULLA_OK;
}

static enum bulla_status put(struct bulla_vault *vault, const struct fuzz_call *call) {
  struct bulla_field fields[FUZZ_ITEMS];
  uint8_t *values[FUZZ_ITEMS];
  for (size_t i = 0; i < call->num_items; i++) {
    const struct fuzz_item *item = &call->items[i];
    values[i] = fuzz_model_value(item->len, item->fill);
    fields[i] = (struct bulla_field){
        .name = fuzz_text(fuzz_fields[item->field]), .value = bulla_span(values[i], item->len), .secret = item->secret};
  }
  enum bulla_status status =
      bulla_vault_put(vault, &fuzz_who, AT(fuzz_text(fuzz_tenants[call->tenant]), fuzz_text(fuzz_entries[call->entry])),
                      fields, call->num_items);
  for (size_t i = 0; i < call->num_items; i++) {
    free(values[i]);
  }
  return status;
}

/* seal_triple returns what a foreign system would have kept of the value of |item|. The caller frees its bytes. */
static struct bulla_buffer seal_triple(const struct fuzz_item *item) {
  size_t len = bulla_triple_len(item->len);
  struct bulla_buffer triple = bulla_buffer(fuzz_alloc(len), len);
  uint8_t *value = fuzz_model_value(item->len, item->fill);
  FUZZ_ASSERT(bulla_triple_seal(item->forged ? other_key : import_key, &triple, bulla_span(value, item->len)) ==
              BULLA_OK);
  free(value);
  return triple;
}

/* take_triple is seal_triple for a buffer that is kept, since what is too large takes long to seal. */
static struct bulla_span take_triple(struct bulla_buffer *room, const struct fuzz_item *item) {
  static struct bulla_buffer too_large;
  *room = bulla_buffer(NULL, 0);
  if (item->len <= BULLA_VALUE_MAX) {
    *room = seal_triple(item);
    return bulla_written(room);
  }
  if (too_large.data == NULL) {
    too_large = seal_triple(item);
  }
  return bulla_written(&too_large);
}

static enum bulla_status import(struct bulla_vault *vault, size_t *failed, const struct fuzz_call *call) {
  struct bulla_import rows[FUZZ_ITEMS];
  struct bulla_buffer triples[FUZZ_ITEMS];
  for (size_t i = 0; i < call->num_items; i++) {
    const struct fuzz_item *item = &call->items[i];
    rows[i] = (struct bulla_import){.entry = fuzz_text(fuzz_entries[item->entry]),
                                    .field = fuzz_text(fuzz_fields[item->field]),
                                    .triple = take_triple(&triples[i], item)};
  }
  enum bulla_status status = bulla_vault_import(vault, failed, &fuzz_who, fuzz_text(fuzz_tenants[call->tenant]),
                                                import_key, NULL, rows, call->num_items);
  for (size_t i = 0; i < call->num_items; i++) {
    free(triples[i].data);
  }
  return status;
}

static enum bulla_status verify(struct bulla_vault *vault, const struct fuzz_model *model) {
  struct bulla_audit_verdict verdict = BULLA_AUDIT_VERDICT_INIT;
  enum bulla_status status = bulla_vault_audit_verify(vault, &verdict);
  FUZZ_ASSERT(verdict.bad_seq == 0);
  FUZZ_ASSERT(verdict.num_records == (status == BULLA_OK ? (int64_t)model->num_records : 0));
  return status;
}

static enum bulla_status revoke_apikey(struct bulla_vault *vault, const struct fuzz_model *model,
                                       const struct fuzz_call *call) {
  uint64_t before = bulla_vault_generation(vault);
  bool live = model->apikeys[call->apikey].there && !model->apikeys[call->apikey].revoked;
  enum bulla_status status = bulla_vault_apikey_revoke(vault, &fuzz_who, fuzz_text(fuzz_apikey_ids[call->apikey]));
  uint64_t after = bulla_vault_generation(vault);
  /* An odd one says that a look failed, and that nothing is to be trusted. */
  if (status == BULLA_OK && before % 2 == 0 && after % 2 == 0 && !model->apikeys[call->apikey].again) {
    FUZZ_ASSERT((after != before) == live);
  }
  return status;
}

/* Verifiers hear of the API keys that go. */
static enum bulla_status shred(struct bulla_vault *vault, const struct fuzz_model *model,
                               const struct fuzz_call *call) {
  uint64_t before = bulla_vault_generation(vault);
  bool tells = false;
  for (int i = 0; i < FUZZ_APIKEYS; i++) {
    const struct fuzz_apikey_state *apikey = &model->apikeys[i];
    tells = tells || (apikey->there && apikey->tenant == call->tenant && !apikey->revoked && !apikey->again);
  }
  enum bulla_status status = bulla_vault_shred(vault, &fuzz_who, fuzz_text(fuzz_tenants[call->tenant]));
  FUZZ_ASSERT(status != BULLA_OK || !tells || bulla_vault_generation(vault) != before);
  return status;
}

static enum bulla_status token_revoked(struct bulla_vault *vault, const struct fuzz_model *model,
                                       const struct fuzz_call *call) {
  bool revoked = true;
  enum bulla_status status = bulla_vault_token_revoked(vault, &revoked, fuzz_text(fuzz_tenants[call->tenant]),
                                                       fuzz_text(fuzz_jtis[call->jti]));
  FUZZ_ASSERT(revoked == (status == BULLA_OK && model->revoked[call->tenant][call->jti]) ||
              model->unsure[call->tenant][call->jti]);
  return status;
}

static enum bulla_status restore(struct bulla_vault *vault, const struct fuzz_model *model,
                                 const struct fuzz_call *call) {
  uint8_t index = call->items[0].field;
  int64_t revision = fuzz_field_former(&model->fields[call->tenant][call->entry][index], call);
  return bulla_vault_restore_field(vault, &fuzz_who,
                                   AT(fuzz_text(fuzz_tenants[call->tenant]), fuzz_text(fuzz_entries[call->entry]),
                                      fuzz_text(fuzz_fields[index]), revision));
}

static enum bulla_status rotate(struct bulla_vault *vault, const struct fuzz_model *model,
                                const struct fuzz_call *call) {
  int64_t version = 1;
  enum bulla_status status =
      bulla_vault_rotate_tenant(vault, &version, &fuzz_who, fuzz_text(fuzz_tenants[call->tenant]));
  FUZZ_ASSERT(version == (status == BULLA_OK ? model->owners[call->tenant].active + 1 : 0));
  return status;
}

static enum bulla_status rewrap(struct bulla_vault *vault, const struct fuzz_model *model,
                                const struct fuzz_call *call) {
  struct bulla_rewrap_report report = BULLA_REWRAP_REPORT_INIT;
  enum bulla_status status =
      bulla_vault_rewrap(vault, &report, &fuzz_who, fuzz_text(fuzz_tenants[call->tenant]), NULL, NULL);
  int64_t num = fuzz_versions_rows(model, call->tenant);
  FUZZ_ASSERT(report.num_refused == 0 && !report.is_stopped && report.num_done <= num);
  FUZZ_ASSERT(status != BULLA_OK || (report.num_done == num && report.num_total == num));
  return status;
}

static enum bulla_status destroy(struct bulla_vault *vault, const struct fuzz_model *model,
                                 const struct fuzz_call *call) {
  int64_t num = -1;
  enum bulla_status status =
      bulla_vault_destroy_versions(vault, &num, &fuzz_who, fuzz_text(fuzz_tenants[call->tenant]));
  FUZZ_ASSERT(num == (status == BULLA_OK ? fuzz_versions_unused(model, call->tenant) : 0));
  return status;
}

enum bulla_status fuzz_calls_make(struct bulla_vault *vault, size_t *failed, const struct fuzz_model *model,
                                  const struct fuzz_call *call) {
  struct expected expected = {.model = model, .call = call};
  struct bulla_span tenant = fuzz_text(fuzz_tenants[call->tenant]);
  struct bulla_span entry = fuzz_text(fuzz_entries[call->entry]);
  struct bulla_span id = fuzz_text(fuzz_apikey_ids[call->apikey]);
  uint8_t hash[32] = {0};
  enum bulla_status status = BULLA_OK;
  switch (call->op) {
    case FUZZ_PUT:
      return put(vault, call);
    case FUZZ_IMPORT:
      return import(vault, failed, call);
    case FUZZ_REMOVE:
      return bulla_vault_remove(vault, &fuzz_who, AT(tenant, entry));
    case FUZZ_USE:
      status = bulla_vault_use(vault, &fuzz_who, AT(tenant, entry, fuzz_text(fuzz_fields[call->items[0].field])),
                               take_value, &expected);
      FUZZ_ASSERT(expected.num_calls == (status == BULLA_OK ? 1 : 0));
      return status;
    case FUZZ_SHOW:
      return bulla_vault_show(vault, AT(tenant, entry), ignore_field, NULL);
    case FUZZ_LIST:
      return bulla_vault_list(vault, tenant, ignore_entry, NULL);
    case FUZZ_APIKEY_PUT:
      return bulla_vault_apikey_put(vault, &fuzz_who,
                                    &(const struct bulla_apikey_record){.tenant = tenant,
                                                                        .id = id,
                                                                        .name = BULLA_LITERAL("embed"),
                                                                        .hash = bulla_span(hash, sizeof(hash)),
                                                                        .root = roots[call->apikey]});
    case FUZZ_APIKEY_REVOKE:
      return revoke_apikey(vault, model, call);
    case FUZZ_APIKEY_USE:
      status = bulla_vault_apikey_use(vault, &fuzz_who, id, take_root, &expected);
      FUZZ_ASSERT(expected.num_calls == (status == BULLA_OK ? 1 : 0));
      return status;
    case FUZZ_TOKEN_REVOKE:
      return bulla_vault_token_revoke(vault, &fuzz_who, tenant, fuzz_text(fuzz_jtis[call->jti]),
                                      call->past ? 1 : INT64_C(1) << 40);
    case FUZZ_TOKEN_REVOKED:
      return token_revoked(vault, model, call);
    case FUZZ_VERIFY:
      return verify(vault, model);
    case FUZZ_REMOVE_TENANT:
      return bulla_vault_remove_tenant(vault, &fuzz_who, tenant);
    case FUZZ_RENAME_TENANT:
      return bulla_vault_rename_tenant(vault, &fuzz_who, tenant, fuzz_text(fuzz_tenants[call->to]));
    case FUZZ_RENAME_ENTRY:
      return bulla_vault_rename_entry(vault, &fuzz_who, AT(tenant, entry), fuzz_text(fuzz_entries[call->to]));
    case FUZZ_RENAME_FIELD:
      return bulla_vault_rename_field(vault, &fuzz_who, AT(tenant, entry, fuzz_text(fuzz_fields[call->items[0].field])),
                                      fuzz_text(fuzz_fields[call->to]));
    case FUZZ_RESTORE:
      return restore(vault, model, call);
    case FUZZ_ROTATE:
      return rotate(vault, model, call);
    case FUZZ_REWRAP:
      return rewrap(vault, model, call);
    case FUZZ_DESTROY:
      return destroy(vault, model, call);
    case FUZZ_SHRED:
      return shred(vault, model, call);
    case FUZZ_SCRUB:
      return bulla_vault_scrub(vault);
    case FUZZ_REOPEN:
    case FUZZ_NUM_OPS:
      break;
  }
  return BULLA_OK;
}
