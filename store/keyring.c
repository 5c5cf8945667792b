/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/keyring.h. */

#include "store/keyring.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/cursor.h"

static void free_tenant(struct bulla_tenant **tenant) {
  if (*tenant != NULL) {
    bulla_secret_free(&(*tenant)->label_key);
    bulla_key_free(&(*tenant)->detail_key);
    for (size_t i = 0; i < BULLA_NUM_ROLES; i++) {
      bulla_key_free(&(*tenant)->role_keys[i]);
    }
    free((*tenant)->bytes);
    free(*tenant);
    *tenant = NULL;
  }
}

void bulla_tenant_hold(const struct bulla_tenant *tenant) {
  atomic_fetch_add_explicit(&tenant->self->holders, 1, memory_order_relaxed);
}

void bulla_tenant_release(const struct bulla_tenant **tenant) {
  struct bulla_tenant *held = *tenant == NULL ? NULL : (*tenant)->self;
  *tenant = NULL;
  if (held != NULL && atomic_fetch_sub_explicit(&held->holders, 1, memory_order_acq_rel) == 1) {
    free_tenant(&held);
  }
}

void bulla_tenant_secret_hold(const struct bulla_tenant_secret *secret) {
  atomic_fetch_add_explicit(&secret->self->holders, 1, memory_order_relaxed);
}

void bulla_tenant_secret_release(const struct bulla_tenant_secret **secret) {
  struct bulla_tenant_secret *held = *secret == NULL ? NULL : (*secret)->self;
  *secret = NULL;
  if (held != NULL && atomic_fetch_sub_explicit(&held->holders, 1, memory_order_acq_rel) == 1) {
    bulla_tenant_secret_free(held);
    free(held);
  }
}

void bulla_tenant_secret_free(struct bulla_tenant_secret *secret) {
  bulla_key_free(&secret->field_key);
  bulla_key_free(&secret->mask_key);
  bulla_key_free(&secret->apikey_key);
  bulla_box_key_free(&secret->value_box);
  bulla_box_key_free(&secret->mask_box);
}

/* Lets the cache go of what is in a place of it. */
static void drop_tenant(struct bulla_tenant **place) {
  const struct bulla_tenant *tenant = *place;
  *place = NULL;
  bulla_tenant_release(&tenant);
}

static void drop_secret(struct bulla_tenant_secret **place) {
  const struct bulla_tenant_secret *secret = *place;
  *place = NULL;
  bulla_tenant_secret_release(&secret);
}

void bulla_keyring_retire(struct bulla_keyring *keyring) {
  for (size_t i = 0; i < BULLA_CACHED_TENANTS; i++) {
    struct bulla_tenant *tenant = keyring->tenants[i];
    if (tenant != NULL) {
      tenant->retired = keyring->retired;
      keyring->retired = tenant;
      keyring->tenants[i] = NULL;
    }
  }
  for (size_t i = 0; i < BULLA_CACHED_SECRETS; i++) {
    struct bulla_tenant_secret *secret = keyring->secrets[i];
    if (secret != NULL) {
      secret->retired = keyring->retired_secrets;
      keyring->retired_secrets = secret;
      keyring->secrets[i] = NULL;
    }
  }
}

/* Those of an auditor of all tenants. */
static void drop_audit_keys(struct bulla_keyring *keyring) {
  bulla_key_free(&keyring->detail_key);
  bulla_secret_free(&keyring->audit_private);
  keyring->audit_is_over = false;
}

void bulla_keyring_let_go(struct bulla_keyring *keyring) {
  if (keyring->audit_is_over && atomic_load(&keyring->auditors) == 0) {
    drop_audit_keys(keyring);
  }
  while (keyring->retired != NULL) {
    struct bulla_tenant *tenant = keyring->retired;
    keyring->retired = tenant->retired;
    drop_tenant(&tenant);
  }
  while (keyring->retired_secrets != NULL) {
    struct bulla_tenant_secret *secret = keyring->retired_secrets;
    keyring->retired_secrets = secret->retired;
    drop_secret(&secret);
  }
}

void bulla_keyring_forget(struct bulla_keyring *keyring) {
  bulla_keyring_let_go(keyring);
  for (size_t i = 0; i < BULLA_CACHED_TENANTS; i++) {
    drop_tenant(&keyring->tenants[i]);
  }
  for (size_t i = 0; i < BULLA_CACHED_SECRETS; i++) {
    drop_secret(&keyring->secrets[i]);
  }
}

enum bulla_status bulla_keyring_expand(struct bulla_keyring *keyring) {
  uint8_t bytes[64];
  struct bulla_buffer info = bulla_buffer(bytes, sizeof(bytes));
  struct bulla_writer writer = bulla_writer(&info);
  bulla_put_prefixed(&writer, BULLA_LITERAL("bulla/v2/limit-key"));
  bulla_put_prefixed(&writer, bulla_keyring_uuid(keyring));
  BULLA_TRY(bulla_writer_finish(&writer));
  BULLA_TRY(bulla_secret_expand(&keyring->limit_key, keyring->vault_secret, bulla_written(&info)));
  return bulla_key_new(&keyring->vault_key, BULLA_XAES_256_GCM, keyring->vault_secret);
}

void bulla_keyring_free(struct bulla_keyring *keyring) {
  bulla_keyring_forget(keyring);
  drop_audit_keys(keyring);
  bulla_secret_free(&keyring->signing_seed);
  bulla_secret_free(&keyring->limit_key);
  bulla_key_free(&keyring->vault_key);
  bulla_secret_free(&keyring->vault_secret);
}

static struct bulla_span id_of(const uint8_t *id) {
  return bulla_span(id, BULLA_ID_LEN);
}

const struct bulla_tenant *bulla_keyring_find_tenant(const struct bulla_keyring *keyring, struct bulla_span id,
                                                     struct bulla_span statement, struct bulla_span signature) {
  for (size_t i = 0; i < BULLA_CACHED_TENANTS; i++) {
    const struct bulla_tenant *tenant = keyring->tenants[i];
    if (tenant != NULL && bulla_span_equal(id_of(tenant->id), id) && tenant->len == statement.len + signature.len &&
        memcmp(tenant->bytes, statement.data, statement.len) == 0 &&
        memcmp(tenant->bytes + statement.len, signature.data, signature.len) == 0) {
      return tenant;
    }
  }
  return NULL;
}

int64_t bulla_keyring_tenant_generation(const struct bulla_keyring *keyring, struct bulla_span id) {
  int64_t generation = 0;
  for (size_t i = 0; i < BULLA_CACHED_TENANTS; i++) {
    const struct bulla_tenant *tenant = keyring->tenants[i];
    generation = tenant != NULL && bulla_span_equal(id_of(tenant->id), id) ? tenant->said.generation : generation;
  }
  return generation;
}

/* A row of the same tenant that was changed since is of no use any more. */
static struct bulla_tenant **place_for(struct bulla_keyring *keyring, struct bulla_span id) {
  for (size_t i = 0; i < BULLA_CACHED_TENANTS; i++) {
    if (keyring->tenants[i] != NULL && bulla_span_equal(id_of(keyring->tenants[i]->id), id)) {
      return &keyring->tenants[i];
    }
  }
  size_t place = keyring->next_tenant;
  keyring->next_tenant = (place + 1) % BULLA_CACHED_TENANTS;
  return &keyring->tenants[place];
}

static bool is_public(struct bulla_span said, const uint8_t *public_key, const struct bulla_key *key) {
  return key == NULL || bulla_span_equal(said, bulla_span(public_key, BULLA_BOX_PUBLIC_LEN));
}

bool bulla_tenant_secret_is(const struct bulla_tenant_secret *secret, const struct bulla_secret_entry *entry) {
  return secret->version == entry->version && bulla_span_equal(entry->id, id_of(secret->id)) &&
         is_public(entry->value_public, secret->value_public, secret->field_key) &&
         is_public(entry->mask_public, secret->mask_public, secret->mask_key) &&
         (secret->apikey_key == NULL || bulla_span_equal(entry->apikey_id, bulla_key_id(secret->apikey_key)));
}

static bool has_secret(const struct bulla_tenant *tenant, const struct bulla_tenant_secret *secret) {
  bool has = false;
  for (size_t i = 0; i < tenant->said.num_secrets; i++) {
    has = has || bulla_tenant_secret_is(secret, &tenant->said.secrets[i]);
  }
  return has;
}

/* Lets go of the secrets that |tenant| has no more: what was destroyed is not to be remembered. So what is cached was
 * compared with the newest statement that is, and need not be at each use. */
static void drop_destroyed(struct bulla_keyring *keyring, const struct bulla_tenant *tenant) {
  for (size_t i = 0; i < BULLA_CACHED_SECRETS; i++) {
    const struct bulla_tenant_secret *secret = keyring->secrets[i];
    if (secret != NULL && memcmp(secret->tenant_id, tenant->id, sizeof(tenant->id)) == 0 &&
        !has_secret(tenant, secret)) {
      drop_secret(&keyring->secrets[i]);
    }
  }
}

enum bulla_status bulla_keyring_keep_tenant(const struct bulla_tenant **tenant, struct bulla_keyring *keyring,
                                            struct bulla_span statement, struct bulla_span signature,
                                            struct bulla_secret **label_key, struct bulla_key **detail_key) {
  struct bulla_tenant *made BULLA_CLEANUP(free_tenant) = calloc(1, sizeof(*made));
  if (made == NULL) {
    return BULLA_NO_MEMORY;
  }
  made->len = statement.len + signature.len;
  made->bytes = malloc(made->len);
  if (made->bytes == NULL) {
    return BULLA_NO_MEMORY;
  }
  memcpy(made->bytes, statement.data, statement.len);
  memcpy(made->bytes + statement.len, signature.data, signature.len);
  BULLA_TRY(bulla_tenant_statement_read(&made->said, bulla_span(made->bytes, statement.len)));
  memcpy(made->id, made->said.id.data, sizeof(made->id));
  struct bulla_tenant **place = place_for(keyring, made->said.id);
  drop_tenant(place);
  made->self = made;
  made->holders = 1;
  made->roles = UINT_MAX;
  made->label_key = *label_key;
  made->detail_key = *detail_key;
  *label_key = NULL;
  *detail_key = NULL;
  *place = made;
  *tenant = made;
  drop_destroyed(keyring, made);
  made = NULL;
  return BULLA_OK;
}

const struct bulla_tenant_secret *bulla_keyring_find_secret(const struct bulla_keyring *keyring, struct bulla_span id) {
  for (size_t i = 0; i < BULLA_CACHED_SECRETS; i++) {
    const struct bulla_tenant_secret *secret = keyring->secrets[i];
    if (secret != NULL && bulla_span_equal(id_of(secret->id), id)) {
      return secret;
    }
  }
  return NULL;
}

const struct bulla_tenant_secret *bulla_keyring_keep_secret(struct bulla_keyring *keyring,
                                                            const struct bulla_tenant_secret *made) {
  struct bulla_tenant_secret *kept = calloc(1, sizeof(*kept));
  if (kept == NULL) {
    return NULL;
  }
  *kept = *made;
  kept->self = kept;
  kept->holders = 1;
  struct bulla_tenant_secret **place = &keyring->secrets[keyring->next_secret];
  keyring->next_secret = (keyring->next_secret + 1) % BULLA_CACHED_SECRETS;
  drop_secret(place);
  *place = kept;
  return kept;
}
