/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/proof.h. A proof is a MAC under a random key of the vault's own, wrapped under the root: neither a new
 * root nor a new tenant key changes it, nor does the destruction of a tenant's keys, and a new name is a new MAC
 * and nothing else. */

#include "store/proof.h"

#include "core/cleanup.h"
#include "core/crypto.h"
#include "store/wrap.h"

enum bulla_status bulla_name_key_new(struct bulla_keyring *keyring, struct bulla_buffer *wrapped) {
  struct bulla_context context;
  BULLA_TRY(bulla_secret_random(&keyring->name_key, BULLA_KEY_LEN));
  BULLA_TRY(bulla_context_name_key(&context, keyring));
  return bulla_wrap(wrapped, keyring, keyring->name_key, &context);
}

enum bulla_status bulla_name_key_load(struct bulla_keyring *keyring, struct bulla_span wrapped) {
  struct bulla_context context;
  BULLA_TRY(bulla_context_name_key(&context, keyring));
  return bulla_unwrap(&keyring->name_key, keyring, wrapped, &context);
}

enum bulla_status bulla_name_prove(uint8_t *proof, const struct bulla_keyring *keyring, struct bulla_span tenant_id,
                                   struct bulla_span entry_id, struct bulla_span name) {
  struct bulla_context context;
  BULLA_TRY(bulla_context_name(&context, keyring, tenant_id, entry_id, name));
  return bulla_hmac(proof, bulla_secret_bytes(keyring->name_key), bulla_context_span(&context));
}

enum bulla_status bulla_name_check_proof(const struct bulla_keyring *keyring, struct bulla_span tenant_id,
                                         struct bulla_span entry_id, struct bulla_span name, struct bulla_span proof) {
  uint8_t expected[BULLA_PROOF_LEN];
  BULLA_TRY(bulla_name_prove(expected, keyring, tenant_id, entry_id, name));
  return bulla_secret_equal(bulla_span(expected, sizeof(expected)), proof) ? BULLA_OK : BULLA_REFUSED;
}
