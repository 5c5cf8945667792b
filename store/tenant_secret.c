/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/tenant_secret.h. */

#include "store/tenant_secret.h"

#include "core/cleanup.h"
#include "core/crypto.h"
#include "core/cursor.h"
#include "store/wrap.h"

/* Makes |*key| of what |material| expands to with |label|. */
static enum bulla_status expand_key(struct bulla_key **key, const struct bulla_secret *material,
                                    struct bulla_span label) {
  struct bulla_secret *expanded BULLA_CLEANUP(bulla_secret_free) = NULL;
  BULLA_TRY(bulla_secret_expand(&expanded, material, label));
  return bulla_key_new(key, BULLA_XAES_256_GCM, expanded);
}

static enum bulla_status expand(struct bulla_tenant_secret *secret, const struct bulla_secret *material) {
  BULLA_TRY(bulla_hkdf_expand(secret->id, sizeof(secret->id), bulla_secret_bytes(material),
                              BULLA_LITERAL("bulla/v2/secret-id")));
  BULLA_TRY(expand_key(&secret->field_key, material, BULLA_LITERAL("bulla/v2/field-key")));
  BULLA_TRY(expand_key(&secret->mask_key, material, BULLA_LITERAL("bulla/v2/mask-key")));
  return expand_key(&secret->apikey_key, material, BULLA_LITERAL("bulla/v2/apikey-key"));
}

static enum bulla_status expand_public(uint8_t *public_key, const struct bulla_secret *material) {
  struct bulla_secret *private_key BULLA_CLEANUP(bulla_secret_free) = NULL;
  BULLA_TRY(bulla_secret_expand(&private_key, material, BULLA_LITERAL("bulla/v2/tenant-private")));
  return bulla_box_public(public_key, private_key);
}

static enum bulla_status fill(struct bulla_made_secret *made, const struct bulla_keyring *keyring,
                              struct bulla_span tenant_id, int64_t version) {
  struct bulla_secret *material BULLA_CLEANUP(bulla_secret_free) = NULL;
  struct bulla_context context;
  BULLA_TRY(bulla_secret_random(&material, BULLA_KEY_LEN));
  BULLA_TRY(expand(&made->secret, material));
  BULLA_TRY(expand_public(made->public_key, material));
  BULLA_TRY(bulla_context_wrapped(&context, keyring, BULLA_WRAPPED_TENANT_SECRET, tenant_id, version));
  return bulla_wrap(&made->wrapped, keyring->vault_key, material, &context);
}

enum bulla_status bulla_tenant_secret_new(struct bulla_made_secret *made, const struct bulla_keyring *keyring,
                                          struct bulla_span tenant_id, int64_t version) {
  memset(&made->secret, 0, sizeof(made->secret));
  memcpy(made->secret.tenant_id, tenant_id.data, sizeof(made->secret.tenant_id));
  made->secret.version = version;
  made->wrapped = bulla_buffer(made->bytes, sizeof(made->bytes));
  enum bulla_status status = fill(made, keyring, tenant_id, version);
  if (status != BULLA_OK) {
    bulla_tenant_secret_free(&made->secret);
  }
  return status;
}

/* Whether values may be opened with that secret: what the database says of its state counts for nothing. */
static bool is_listed(const struct bulla_tenant *tenant, const struct bulla_secret_row *row) {
  bool listed = false;
  for (size_t i = 0; i < tenant->said.num_secrets; i++) {
    const struct bulla_secret_entry *entry = &tenant->said.secrets[i];
    listed = listed || (bulla_span_equal(entry->id, row->id) && entry->version == row->version &&
                        entry->state != BULLA_SECRET_PENDING);
  }
  return listed;
}

static enum bulla_status unwrap(const struct bulla_tenant_secret **secret, struct bulla_keyring *keyring,
                                const struct bulla_tenant *tenant, const struct bulla_secret_row *row) {
  struct bulla_secret *material BULLA_CLEANUP(bulla_secret_free) = NULL;
  struct bulla_tenant_secret made BULLA_CLEANUP(bulla_tenant_secret_free) = {.version = row->version};
  struct bulla_context context;
  BULLA_TRY(
      bulla_context_wrapped(&context, keyring, BULLA_WRAPPED_TENANT_SECRET, bulla_tenant_id(tenant), row->version));
  BULLA_TRY(bulla_unwrap(&material, keyring->vault_key, row->wrapped, &context));
  BULLA_TRY(expand(&made, material));
  if (!bulla_span_equal(bulla_span(made.id, sizeof(made.id)), row->id)) {
    return BULLA_REFUSED;
  }
  memcpy(made.tenant_id, tenant->id, sizeof(made.tenant_id));
  *secret = bulla_keyring_keep_secret(keyring, &made);
  if (*secret == NULL) {
    return BULLA_NO_MEMORY;
  }
  made = (struct bulla_tenant_secret){.version = 0};
  return BULLA_OK;
}

enum bulla_status bulla_tenant_secret(const struct bulla_tenant_secret **secret, struct bulla_keyring *keyring,
                                      const struct bulla_tenant *tenant, const struct bulla_secret_row *row) {
  *secret = NULL;
  if (!is_listed(tenant, row)) {
    return BULLA_REFUSED;
  }
  const struct bulla_tenant_secret *cached = bulla_keyring_find_secret(keyring, row->id);
  if (cached == NULL) {
    return unwrap(secret, keyring, tenant, row);
  }
  /* What the wrap is bound to, as unwrapping it again would find. */
  bool same = bulla_span_equal(bulla_span(cached->tenant_id, BULLA_ID_LEN), bulla_tenant_id(tenant)) &&
              cached->version == row->version;
  *secret = same ? cached : NULL;
  return same ? BULLA_OK : BULLA_REFUSED;
}
