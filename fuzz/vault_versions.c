/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See fuzz/vault_versions.h. */

#include "fuzz/vault_versions.h"

bool fuzz_versions_is_old(const struct fuzz_model *model, uint8_t tenant, uint8_t version) {
  return (model->owners[tenant].old >> version & 1) != 0;
}

/* Whether it is under |version|. If |renews|, it is under the |active| one afterwards. */
static int64_t count_one(uint8_t *sealed, uint8_t version, uint8_t active, bool renews) {
  if (*sealed != version) {
    return 0;
  }
  *sealed = renews ? active : *sealed;
  return 1;
}

static int64_t count_field(struct fuzz_field *field, uint8_t version, uint8_t active, bool is_past, bool renews) {
  int64_t num = 0;
  if (field->revision > 0 && !is_past) {
    num += count_one(&field->now.version, version, active, renews);
  }
  for (int i = 0; is_past && i < field->num_former; i++) {
    num += count_one(&field->former[i].version, version, active, renews);
  }
  return num;
}

int64_t fuzz_versions_count(struct fuzz_model *model, uint8_t tenant, uint8_t version, enum fuzz_sealed kind,
                            bool renews) {
  struct fuzz_field *fields = &model->fields[tenant][0][0];
  uint8_t active = model->owners[tenant].active;
  int64_t num = 0;
  for (int i = 0; kind != FUZZ_SEALED_APIKEYS && i < FUZZ_ENTRIES * FUZZ_FIELDS; i++) {
    num += count_field(&fields[i], version, active, kind == FUZZ_SEALED_PAST, renews);
  }
  for (int i = 0; kind == FUZZ_SEALED_APIKEYS && i < FUZZ_APIKEYS; i++) {
    struct fuzz_apikey_state *apikey = &model->apikeys[i];
    if (apikey->there && apikey->tenant == tenant && !apikey->revoked) {
      num += count_one(&apikey->version, version, active, renews);
    }
  }
  return num;
}

int64_t fuzz_versions_num(const struct fuzz_model *model, uint8_t tenant, uint8_t version) {
  struct fuzz_model counted = *model;
  int64_t num = 0;
  for (int i = 0; i < FUZZ_NUM_SEALED; i++) {
    num += fuzz_versions_count(&counted, tenant, version, (enum fuzz_sealed)i, false);
  }
  return num;
}

int64_t fuzz_versions_rows(const struct fuzz_model *model, uint8_t tenant) {
  int64_t num = 0;
  for (uint8_t i = 1; i < model->owners[tenant].active; i++) {
    num += fuzz_versions_is_old(model, tenant, i) ? fuzz_versions_num(model, tenant, i) : 0;
  }
  return num;
}

int64_t fuzz_versions_unused(const struct fuzz_model *model, uint8_t tenant) {
  int64_t num = 0;
  for (uint8_t i = 1; i < model->owners[tenant].active; i++) {
    num += fuzz_versions_is_old(model, tenant, i) && fuzz_versions_num(model, tenant, i) == 0 ? 1 : 0;
  }
  return num;
}

/* A walk through the versions of a tenant, beside the model. */
struct walk {
  struct fuzz_model model;
  uint8_t tenant;
  uint8_t next;
  bool same;
};

static enum bulla_status compare_version(void *arg, const struct bulla_version_view *view) {
  struct walk *walk = (struct walk *)arg;
  uint8_t active = walk->model.owners[walk->tenant].active;
  while (walk->next < active && !fuzz_versions_is_old(&walk->model, walk->tenant, walk->next)) {
    walk->next++;
  }
  uint8_t version = walk->next++;
  const int64_t nums[FUZZ_NUM_SEALED] = {view->num_fields, view->num_past, view->num_apikeys};
  walk->same = walk->same && version <= active && view->version == version &&
               bulla_span_equal(view->tenant, fuzz_text(fuzz_tenants[walk->tenant])) &&
               bulla_span_equal(view->state, fuzz_text(version == active ? "active" : "decrypt-only"));
  for (int i = 0; walk->same && i < FUZZ_NUM_SEALED; i++) {
    walk->same = nums[i] == fuzz_versions_count(&walk->model, walk->tenant, version, (enum fuzz_sealed)i, false);
  }
  return BULLA_OK;
}

bool fuzz_versions_match(const struct fuzz_model *model, struct bulla_vault *vault, uint8_t tenant) {
  struct walk walk = {.model = *model, .tenant = tenant, .next = 1, .same = true};
  enum bulla_status status = bulla_vault_versions(vault, fuzz_text(fuzz_tenants[tenant]), compare_version, &walk);
  FUZZ_ASSERT(status == (model->tenants[tenant] ? BULLA_OK : BULLA_NOT_FOUND));
  return walk.same && (status != BULLA_OK || walk.next == model->owners[tenant].active + 1);
}
