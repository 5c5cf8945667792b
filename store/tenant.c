/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/tenant.h. */

#include "store/tenant.h"

#include "core/crypto.h"
#include "core/log.h"
#include "store/clock.h"
#include "store/columns.h"
#include "store/proof.h"

/* bulla_tenant_find, but a tenant that is not there is no news. */
static enum bulla_status look_for(uint8_t *id, struct bulla_vault *vault, struct bulla_span name) {
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(vault->db, BULLA_QUERY_FIND_TENANT);
  bulla_bind_text(&statement, name);
  struct bulla_span proof;
  BULLA_TRY(bulla_columns_found(id, &proof, &statement));
  return bulla_name_check_proof(&vault->keyring, bulla_span(id, BULLA_ID_LEN), bulla_span(NULL, 0), name, proof);
}

enum bulla_status bulla_tenant_find(uint8_t *id, struct bulla_vault *vault, struct bulla_span name) {
  enum bulla_status status = look_for(id, vault, name);
  return status == BULLA_NOT_FOUND ? bulla_explain(status, "there is no such tenant") : status;
}

static enum bulla_status insert_key(struct bulla_vault *vault, const struct bulla_wrapped_key *wrapped) {
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(vault->db, BULLA_QUERY_INSERT_TENANT_KEY);
  bulla_bind_blob(&statement, wrapped->key_id);
  bulla_bind_blob(&statement, wrapped->tenant_id);
  bulla_bind_int(&statement, wrapped->version);
  bulla_bind_blob(&statement, wrapped->wrapped);
  bulla_bind_int(&statement, bulla_clock_s());
  return bulla_finish(&statement);
}

static enum bulla_status make_key(struct bulla_vault *vault, struct bulla_span tenant_id, int64_t version) {
  struct bulla_key *key BULLA_CLEANUP(bulla_key_free) = NULL;
  struct bulla_wrapped_key wrapped = {.tenant_id = tenant_id, .version = version};
  uint8_t bytes[BULLA_WRAPPED_MAX];
  struct bulla_buffer buffer = bulla_buffer(bytes, sizeof(bytes));
  BULLA_TRY(bulla_tenant_key_new(&key, &wrapped, &buffer, &vault->keyring));
  BULLA_TRY(insert_key(vault, &wrapped));
  bulla_keyring_keep(&vault->keyring, &key, tenant_id, version);
  return BULLA_OK;
}

static enum bulla_status insert_tenant(struct bulla_vault *vault, const uint8_t *id, struct bulla_span name) {
  uint8_t proof[BULLA_PROOF_LEN];
  BULLA_TRY(bulla_name_prove(proof, &vault->keyring, bulla_span(id, BULLA_ID_LEN), bulla_span(NULL, 0), name));
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(vault->db, BULLA_QUERY_INSERT_TENANT);
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

enum bulla_status bulla_tenant_active_key(struct bulla_key **key, struct bulla_vault *vault,
                                          struct bulla_span tenant_id) {
  *key = NULL;
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(vault->db, BULLA_QUERY_ACTIVE_TENANT_KEY);
  bulla_bind_blob(&statement, tenant_id);
  bool row;
  BULLA_TRY(bulla_step(&statement, &row));
  if (!row) {
    return BULLA_REFUSED;
  }
  struct bulla_wrapped_key wrapped = bulla_columns_wrapped_key(&statement, tenant_id);
  return bulla_columns_good(&statement) ? bulla_tenant_key(key, &vault->keyring, &wrapped) : BULLA_REFUSED;
}

enum bulla_status bulla_tenant_check_no_live_apikey(struct bulla_vault *vault, struct bulla_span tenant_id) {
  int64_t count;
  BULLA_TRY(bulla_count(&count, vault->db, BULLA_QUERY_COUNT_LIVE_APIKEYS, tenant_id));
  return count == 0 ? BULLA_OK
                    : bulla_explain(BULLA_IN_USE, "the tenant has %lld API key%s not revoked", (long long)count,
                                    count == 1 ? " that is" : "s that are");
}
