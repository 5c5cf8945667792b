/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/tenant.h. A tenant's key is 32 random bytes, sealed under the root and bound to vault, tenant and
 * version: a row moved to another tenant does not open. */

#include "store/tenant.h"

#include "core/crypto.h"
#include "core/log.h"
#include "store/names.h"
#include "store/proof.h"
#include "store/wrap.h"

/* bulla_tenant_find, but a tenant that is not there is no news. */
static enum bulla_status look_for(uint8_t *id, struct bulla_vault *vault, struct bulla_span name) {
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) = {0};
  BULLA_TRY(bulla_statement_begin(&statement, &vault->sql, BULLA_QUERY_FIND_TENANT));
  bulla_bind_text(&statement, name);
  bool row;
  BULLA_TRY(bulla_step(&statement, &row));
  if (!row) {
    return BULLA_NOT_FOUND;
  }
  bulla_column_bytes(&statement, id, BULLA_ID_LEN);
  struct bulla_span proof = bulla_column_exact(&statement, BULLA_PROOF_LEN);
  if (!bulla_columns_good(&statement)) {
    return BULLA_REFUSED;
  }
  return bulla_name_check_proof(vault, bulla_span(id, BULLA_ID_LEN), bulla_span(NULL, 0), name, proof);
}

enum bulla_status bulla_tenant_find(uint8_t *id, struct bulla_vault *vault, struct bulla_span name) {
  enum bulla_status status = look_for(id, vault, name);
  return status == BULLA_NOT_FOUND ? bulla_explain(status, "there is no such tenant") : status;
}

void bulla_tenant_forget_keys(struct bulla_vault *vault) {
  for (size_t i = 0; i < vault->num_cached; i++) {
    bulla_key_free(&vault->cached[i].key);
  }
  vault->num_cached = 0;
}

/* Hands |*key| over to the cache, which is dropped whole when it is full. */
static void cache(struct bulla_vault *vault, struct bulla_key **key, const struct bulla_wrapped_key *wrapped) {
  if (vault->num_cached == BULLA_CACHED_KEYS) {
    bulla_tenant_forget_keys(vault);
  }
  struct bulla_cached_key *cached = &vault->cached[vault->num_cached++];
  memcpy(cached->tenant_id, wrapped->tenant_id.data, sizeof(cached->tenant_id));
  cached->version = wrapped->version;
  cached->key = *key;
  *key = NULL;
}

static const struct bulla_cached_key *find_cached(const struct bulla_vault *vault, struct bulla_span key_id) {
  for (size_t i = 0; i < vault->num_cached; i++) {
    if (bulla_span_equal(bulla_key_id(vault->cached[i].key), key_id)) {
      return &vault->cached[i];
    }
  }
  return NULL;
}

static enum bulla_status insert_key(struct bulla_vault *vault, const struct bulla_wrapped_key *wrapped) {
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) = {0};
  BULLA_TRY(bulla_statement_begin(&statement, &vault->sql, BULLA_QUERY_INSERT_TENANT_KEY));
  bulla_bind_blob(&statement, wrapped->key_id);
  bulla_bind_blob(&statement, wrapped->tenant_id);
  bulla_bind_int(&statement, wrapped->version);
  bulla_bind_blob(&statement, wrapped->wrapped);
  bulla_bind_int(&statement, bulla_clock_s());
  return bulla_finish(&statement);
}

static enum bulla_status make_key(struct bulla_vault *vault, struct bulla_span tenant_id, int64_t version) {
  struct bulla_secret *material BULLA_CLEANUP(bulla_secret_free) = NULL;
  struct bulla_key *key BULLA_CLEANUP(bulla_key_free) = NULL;
  struct bulla_context context;
  BULLA_TRY(bulla_secret_random(&material, BULLA_KEY_LEN));
  BULLA_TRY(bulla_key_new(&key, BULLA_XAES_256_GCM, material));
  BULLA_TRY(bulla_context_tenant_key(&context, vault, tenant_id, version));
  uint8_t bytes[BULLA_WRAPPED_MAX];
  struct bulla_buffer buffer = bulla_buffer(bytes, sizeof(bytes));
  BULLA_TRY(bulla_wrap(&buffer, vault, material, &context));
  struct bulla_wrapped_key wrapped = {
      .tenant_id = tenant_id,
      .key_id = bulla_key_id(key),
      .version = version,
      .wrapped = bulla_written(&buffer),
  };
  BULLA_TRY(insert_key(vault, &wrapped));
  cache(vault, &key, &wrapped);
  return BULLA_OK;
}

static enum bulla_status insert_tenant(struct bulla_vault *vault, const uint8_t *id, struct bulla_span name) {
  uint8_t proof[BULLA_PROOF_LEN];
  BULLA_TRY(bulla_name_prove(proof, vault, bulla_span(id, BULLA_ID_LEN), bulla_span(NULL, 0), name));
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) = {0};
  BULLA_TRY(bulla_statement_begin(&statement, &vault->sql, BULLA_QUERY_INSERT_TENANT));
  bulla_bind_blob(&statement, bulla_span(id, BULLA_ID_LEN));
  bulla_bind_text(&statement, name);
  bulla_bind_blob(&statement, bulla_span(proof, sizeof(proof)));
  bulla_bind_int(&statement, bulla_clock_s());
  return bulla_finish(&statement);
}

enum bulla_status bulla_tenant_ensure(uint8_t *id, struct bulla_vault *vault, struct bulla_span name) {
  enum bulla_status status = look_for(id, vault, name);
  if (status != BULLA_NOT_FOUND) {
    return status;
  }
  BULLA_TRY(bulla_random(id, BULLA_ID_LEN));
  BULLA_TRY(insert_tenant(vault, id, name));
  return make_key(vault, bulla_span(id, BULLA_ID_LEN), 1);
}

enum bulla_status bulla_columns_tenant(struct bulla_span *id, struct bulla_span *name, const struct bulla_vault *vault,
                                       struct bulla_statement *statement) {
  *id = bulla_column_exact(statement, BULLA_ID_LEN);
  *name = bulla_column_name(statement);
  struct bulla_span proof = bulla_column_exact(statement, BULLA_PROOF_LEN);
  if (!bulla_columns_good(statement)) {
    return BULLA_REFUSED;
  }
  return bulla_name_check_proof(vault, *id, bulla_span(NULL, 0), *name, proof);
}

struct bulla_wrapped_key bulla_columns_wrapped_key(struct bulla_statement *statement, struct bulla_span tenant_id) {
  struct bulla_wrapped_key wrapped = {.tenant_id = tenant_id};
  wrapped.key_id = bulla_column_exact(statement, BULLA_KEY_ID_LEN);
  wrapped.version = bulla_column_int(statement);
  wrapped.wrapped = bulla_column_blob(statement, BULLA_WRAPPED_MAX);
  return wrapped;
}

static enum bulla_status unwrap(struct bulla_key **key, struct bulla_vault *vault,
                                const struct bulla_wrapped_key *wrapped) {
  struct bulla_context context;
  struct bulla_secret *material BULLA_CLEANUP(bulla_secret_free) = NULL;
  BULLA_TRY(bulla_context_tenant_key(&context, vault, wrapped->tenant_id, wrapped->version));
  BULLA_TRY(bulla_unwrap(&material, vault, wrapped->wrapped, &context));
  return bulla_key_new(key, BULLA_XAES_256_GCM, material);
}

enum bulla_status bulla_tenant_key(struct bulla_key **key, struct bulla_vault *vault,
                                   const struct bulla_wrapped_key *wrapped) {
  *key = NULL;
  const struct bulla_cached_key *cached = find_cached(vault, wrapped->key_id);
  if (cached != NULL) {
    /* What the wrap is bound to, as unwrapping it again would find. */
    struct bulla_span tenant_id = bulla_span(cached->tenant_id, sizeof(cached->tenant_id));
    if (!bulla_span_equal(tenant_id, wrapped->tenant_id) || cached->version != wrapped->version) {
      return BULLA_REFUSED;
    }
    *key = cached->key;
    return BULLA_OK;
  }
  struct bulla_key *opened BULLA_CLEANUP(bulla_key_free) = NULL;
  BULLA_TRY(unwrap(&opened, vault, wrapped));
  if (!bulla_span_equal(bulla_key_id(opened), wrapped->key_id)) {
    return BULLA_REFUSED;
  }
  *key = opened;
  cache(vault, &opened, wrapped);
  return BULLA_OK;
}

enum bulla_status bulla_tenant_active_key(struct bulla_key **key, struct bulla_vault *vault,
                                          struct bulla_span tenant_id) {
  *key = NULL;
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) = {0};
  BULLA_TRY(bulla_statement_begin(&statement, &vault->sql, BULLA_QUERY_ACTIVE_TENANT_KEY));
  bulla_bind_blob(&statement, tenant_id);
  bool row;
  BULLA_TRY(bulla_step(&statement, &row));
  if (!row) {
    return BULLA_REFUSED;
  }
  struct bulla_wrapped_key wrapped = bulla_columns_wrapped_key(&statement, tenant_id);
  return bulla_columns_good(&statement) ? bulla_tenant_key(key, vault, &wrapped) : BULLA_REFUSED;
}
