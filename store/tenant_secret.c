/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/tenant_secret.h. */

#include "store/tenant_secret.h"

#include "core/cleanup.h"
#include "core/crypto.h"
#include "core/cursor.h"
#include "store/wrap.h"

void bulla_secret_keys_free(struct bulla_secret_keys *keys) {
  bulla_secret_free(&keys->field);
  bulla_secret_free(&keys->mask);
  bulla_secret_free(&keys->apikey);
}

static enum bulla_status expand(struct bulla_secret_keys *keys, const struct bulla_secret *material) {
  BULLA_TRY(bulla_secret_expand(&keys->field, material, BULLA_LITERAL("bulla/v2/field-key")));
  BULLA_TRY(bulla_secret_expand(&keys->mask, material, BULLA_LITERAL("bulla/v2/mask-key")));
  return bulla_secret_expand(&keys->apikey, material, BULLA_LITERAL("bulla/v2/apikey-key"));
}

static enum bulla_status expand_id(uint8_t *id, const struct bulla_secret *material) {
  return bulla_hkdf_expand(id, BULLA_ID_LEN, bulla_secret_bytes(material), BULLA_LITERAL("bulla/v2/secret-id"));
}

/* Makes |*key| of |material|, and |*box| with |public_key|, the pair that it expands to with |label|. */
static enum bulla_status make_pair(struct bulla_key **key, struct bulla_box_key **box, uint8_t *public_key,
                                   const struct bulla_secret *material, struct bulla_span label) {
  struct bulla_secret *private_key BULLA_CLEANUP(bulla_secret_free) = NULL;
  BULLA_TRY(bulla_secret_expand(&private_key, material, label));
  BULLA_TRY(bulla_box_key_new(box, private_key));
  memcpy(public_key, bulla_box_key_public(*box).data, BULLA_BOX_PUBLIC_LEN);
  return bulla_key_new(key, BULLA_XAES_256_GCM, material);
}

enum bulla_status bulla_tenant_secret_fill(struct bulla_tenant_secret *secret, const struct bulla_secret_keys *keys) {
  if (keys->field != NULL) {
    BULLA_TRY(make_pair(&secret->field_key, &secret->value_box, secret->value_public, keys->field,
                        BULLA_LITERAL("bulla/v2/value-private")));
  }
  if (keys->mask != NULL) {
    BULLA_TRY(make_pair(&secret->mask_key, &secret->mask_box, secret->mask_public, keys->mask,
                        BULLA_LITERAL("bulla/v2/mask-private")));
  }
  return keys->apikey != NULL ? bulla_key_new(&secret->apikey_key, BULLA_XAES_256_GCM, keys->apikey) : BULLA_OK;
}

static enum bulla_status fill(struct bulla_made_secret *made, const struct bulla_keyring *keyring,
                              struct bulla_span tenant_id, int64_t version) {
  struct bulla_secret *material BULLA_CLEANUP(bulla_secret_free) = NULL;
  struct bulla_context context;
  BULLA_TRY(bulla_secret_random(&material, BULLA_KEY_LEN));
  BULLA_TRY(expand_id(made->secret.id, material));
  BULLA_TRY(expand(&made->keys, material));
  BULLA_TRY(bulla_tenant_secret_fill(&made->secret, &made->keys));
  BULLA_TRY(bulla_context_wrapped(&context, keyring, BULLA_WRAPPED_TENANT_SECRET, tenant_id, version));
  return bulla_wrap(&made->wrapped, keyring->vault_key, material, &context);
}

enum bulla_status bulla_tenant_secret_new(struct bulla_made_secret *made, const struct bulla_keyring *keyring,
                                          struct bulla_span tenant_id, int64_t version) {
  memset(&made->secret, 0, sizeof(made->secret));
  memset(&made->keys, 0, sizeof(made->keys));
  memcpy(made->secret.tenant_id, tenant_id.data, sizeof(made->secret.tenant_id));
  made->secret.version = version;
  made->wrapped = bulla_buffer(made->bytes, sizeof(made->bytes));
  enum bulla_status status = fill(made, keyring, tenant_id, version);
  if (status != BULLA_OK) {
    bulla_tenant_secret_free(&made->secret);
    bulla_secret_keys_free(&made->keys);
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

const struct bulla_secret_entry *bulla_tenant_secret_listed(const struct bulla_tenant *tenant,
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

/* Unwraps the secret of |row|, and fills the BULLA_ID_LEN bytes of |id| with the one that it expands to. */
static enum bulla_status unwrap_keys(struct bulla_secret_keys *keys, uint8_t *id, const struct bulla_keyring *keyring,
                                     struct bulla_span tenant_id, const struct bulla_secret_row *row) {
  struct bulla_secret *material BULLA_CLEANUP(bulla_secret_free) = NULL;
  struct bulla_context context;
  BULLA_TRY(bulla_context_wrapped(&context, keyring, BULLA_WRAPPED_TENANT_SECRET, tenant_id, row->version));
  BULLA_TRY(bulla_unwrap(&material, keyring->vault_key, row->wrapped, &context));
  BULLA_TRY(expand_id(id, material));
  return expand(keys, material);
}

enum bulla_status bulla_secret_keys_unwrap(struct bulla_secret_keys *keys, const struct bulla_keyring *keyring,
                                           struct bulla_span tenant_id, const struct bulla_secret_row *row) {
  uint8_t id[BULLA_ID_LEN];
  enum bulla_status status = unwrap_keys(keys, id, keyring, tenant_id, row);
  if (status == BULLA_OK && !bulla_span_equal(row->id, bulla_span(id, sizeof(id)))) {
    status = BULLA_REFUSED;
  }
  if (status != BULLA_OK) {
    bulla_secret_keys_free(keys);
  }
  return status;
}

static enum bulla_status unwrap(const struct bulla_tenant_secret **secret, struct bulla_keyring *keyring,
                                const struct bulla_tenant *tenant, const struct bulla_secret_row *row,
                                const struct bulla_secret_entry *entry) {
  struct bulla_secret_keys keys BULLA_CLEANUP(bulla_secret_keys_free) = {.field = NULL};
  struct bulla_tenant_secret made BULLA_CLEANUP(bulla_tenant_secret_free) = {.version = row->version};
  BULLA_TRY(unwrap_keys(&keys, made.id, keyring, bulla_tenant_id(tenant), row));
  BULLA_TRY(bulla_tenant_secret_fill(&made, &keys));
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
  const struct bulla_secret_entry *entry = bulla_tenant_secret_listed(tenant, row);
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
