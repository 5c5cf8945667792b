/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/proof.h. The label key is random and never changes: neither a new root nor a new secret of the tenant
 * changes a proof, and a new name is a new MAC and nothing else. */

#include "store/proof.h"

#include "core/cleanup.h"

enum bulla_status bulla_prove(uint8_t *proof, const struct bulla_tenant *tenant, const struct bulla_context *context) {
  if (tenant->label_key == NULL) {
    return BULLA_DENIED;
  }
  return bulla_hmac(proof, bulla_secret_bytes(tenant->label_key), bulla_context_span(context));
}

enum bulla_status bulla_check_proof(const struct bulla_tenant *tenant, const struct bulla_context *context,
                                    struct bulla_span proof) {
  uint8_t expected[BULLA_PROOF_LEN];
  BULLA_TRY(bulla_prove(expected, tenant, context));
  return bulla_secret_equal(bulla_span(expected, sizeof(expected)), proof) ? BULLA_OK : BULLA_REFUSED;
}

enum bulla_status bulla_entry_name_prove(uint8_t *proof, const struct bulla_keyring *keyring,
                                         const struct bulla_tenant *tenant, struct bulla_span entry_id,
                                         struct bulla_span name) {
  struct bulla_context context;
  BULLA_TRY(bulla_context_entry_name(&context, keyring, bulla_tenant_id(tenant), entry_id, name));
  return bulla_prove(proof, tenant, &context);
}

enum bulla_status bulla_entry_name_check(const struct bulla_keyring *keyring, const struct bulla_tenant *tenant,
                                         struct bulla_span entry_id, struct bulla_span name, struct bulla_span proof) {
  struct bulla_context context;
  BULLA_TRY(bulla_context_entry_name(&context, keyring, bulla_tenant_id(tenant), entry_id, name));
  return bulla_check_proof(tenant, &context, proof);
}
