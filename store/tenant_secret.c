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

/* Likewise, and fills |public_key| of the pair that this key expands to with |private_label|. */
static enum bulla_status expand_pair(struct bulla_key **key, uint8_t *public_key, const struct bulla_secret *material,
                                     struct bulla_span label, struct bulla_span private_label) {
  struct bulla_secret *expanded BULLA_CLEANUP(bulla_secret_free) = NULL;
  struct bulla_secret *private_key BULLA_CLEANUP(bulla_secret_free) = NULL;
  BULLA_TRY(bulla_secret_expand(&expanded, material, label));
  BULLA_TRY(bulla_secret_expand(&private_key, expanded, private_label));
  BULLA_TRY(bulla_box_public(public_key, private_key));
  return bulla_key_new(key, BULLA_XAES_256_GCM, expanded);
}

static enum bulla_status expand(struct bulla_tenant_secret *secret, const struct bulla_secret *material) {
  BULLA_TRY(bulla_hkdf_expand(secret->id, sizeof(secret->id), bulla_secret_bytes(material),
                              BULLA_LITERAL("bulla/v2/secret-id")));
  BULLA_TRY(expand_pair(&secret->field_key, secret->value_public, material, BULLA_LITERAL("bulla/v2/field-key"),
                        BULLA_LITERAL("bulla/v2/value-private")));
  BULLA_TRY(expand_pair(&secret->mask_key, secret->mask_public, material, BULLA_LITERAL("bulla/v2/mask-key"),
                        BULLA_LITERAL("bulla/v2/mask-private")));
  return expand_key(&secret->apikey_key, material, BULLA_LITERAL("bulla/v2/apikey-key"));
}

static enum bulla_status fill(struct bulla_made_secret *made, const struct bulla_keyring *keyring,
                              struct bulla_span tenant_id, int64_t version) {
  struct bulla_secret *material BULLA_CLEANUP(bulla_secret_free) = NULL;
  struct bulla_context context;
  BULLA_TRY(bulla_secret_random(&material, BULLA_KEY_LEN));
  BULLA_TRY(expand(&made->secret, material));
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

struct bulla_secret_entry bulla_tenant_secret_entry(const struct bulla_tenant_secret *secret, int64_t generation) {
  return (struct bulla_secret_entry){
      .version = secret->version,
      .id = bulla_span(secret->id, sizeof(secret->id)),
      .state = BULLA_SECRET_ACTIVE,
      .value_public = bulla_span(secret->value_public, sizeof(secret->value_public)),
      .mask_public = bulla_span(secret->mask_public, sizeof(secret->mask_public)),
      .apikey_id = bulla_key_id(secret->apikey_key),
      .generation = generation,
  };
}

/* What is signed of that secret, or NULL if no values may be opened with it: what the database says of its state counts
 * for nothing. */
static const struct bulla_secret_entry *find_listed(const struct bulla_tenant *tenant,
                                                    const struct bulla_secret_row *row) {
  const struct bulla_secret_entry *found = NULL;
  for (size_t i = 0; i < tenant->said.num_secrets; i++) {
    const struct bulla_secret_entry *entry = &tenant->said.secrets[i];
    bool listed =
        bulla_span_equal(entry->id, row->id) && entry->version == row->version && entry->state != BULLA_SECRET_PENDING;
    found = listed ? entry : found;
  }
  return found;
}

static enum bulla_status unwrap(const struct bulla_tenant_secret **secret, struct bulla_keyring *keyring,
                                const struct bulla_tenant *tenant, const struct bulla_secret_row *row,
                                const struct bulla_secret_entry *entry) {
  struct bulla_secret *material BULLA_CLEANUP(bulla_secret_free) = NULL;
  struct bulla_tenant_secret made BULLA_CLEANUP(bulla_tenant_secret_free) = {.version = row->version};
  struct bulla_context context;
  BULLA_TRY(
      bulla_context_wrapped(&context, keyring, BULLA_WRAPPED_TENANT_SECRET, bulla_tenant_id(tenant), row->version));
  BULLA_TRY(bulla_unwrap(&material, keyring->vault_key, row->wrapped, &context));
  BULLA_TRY(expand(&made, material));
  if (!bulla_tenant_secret_is(&made, entry)) {
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
  const struct bulla_secret_entry *entry = find_listed(tenant, row);
  if (entry == NULL) {
    return BULLA_REFUSED;
  }
  const struct bulla_tenant_secret *cached = bulla_keyring_find_secret(keyring, row->id);
  if (cached == NULL) {
    return unwrap(secret, keyring, tenant, row, entry);
  }
  /* What the wrap is bound to, as unwrapping it again would find. */
  bool same = bulla_span_equal(bulla_span(cached->tenant_id, BULLA_ID_LEN), bulla_tenant_id(tenant)) &&
              cached->version == row->version;
  *secret = same ? cached : NULL;
  return same ? BULLA_OK : BULLA_REFUSED;
}
