/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Tenants and their keys. */

#ifndef BULLA_STORE_TENANT_H
#define BULLA_STORE_TENANT_H

#include "store/vault.h"

/* bulla_tenant_find fills the BULLA_ID_LEN bytes of |id|. Returns BULLA_NOT_FOUND, BULLA_REFUSED if the name is
 * not proven to be the row's. */
BULLA_NODISCARD enum bulla_status bulla_tenant_find(uint8_t *id, struct bulla_vault *vault, struct bulla_span name);

/* bulla_tenant_ensure is bulla_tenant_find, and makes the tenant and its first key if there is none, within the
 * caller's transaction. */
BULLA_NODISCARD enum bulla_status bulla_tenant_ensure(uint8_t *id, struct bulla_vault *vault, struct bulla_span name);

/* bulla_columns_tenant takes the next columns of |statement|. Returns BULLA_REFUSED if the name is not proven to
 * be the row's. */
BULLA_NODISCARD enum bulla_status bulla_columns_tenant(struct bulla_span *id, struct bulla_span *name,
                                                       const struct bulla_vault *vault,
                                                       struct bulla_statement *statement);

/* A tenant's key as it is stored. */
struct bulla_wrapped_key {
  struct bulla_span tenant_id;
  struct bulla_span key_id;
  int64_t version;
  struct bulla_span wrapped;
};

/* bulla_columns_wrapped_key takes the next columns of |statement|. A destroyed or missing key makes the row bad.
 */
struct bulla_wrapped_key bulla_columns_wrapped_key(struct bulla_statement *statement, struct bulla_span tenant_id);

/* bulla_tenant_key sets |*key| to the key that |wrapped| holds, which |vault| owns until the next call. Returns
 * BULLA_REFUSED if it does not open, or was cached for another tenant or version. */
BULLA_NODISCARD enum bulla_status bulla_tenant_key(struct bulla_key **key, struct bulla_vault *vault,
                                                   const struct bulla_wrapped_key *wrapped);

/* bulla_tenant_active_key sets |*key| to the key that seals what a tenant puts, as bulla_tenant_key does. */
BULLA_NODISCARD enum bulla_status bulla_tenant_active_key(struct bulla_key **key, struct bulla_vault *vault,
                                                          struct bulla_span tenant_id);

/* bulla_tenant_check_no_live_apikey returns BULLA_IN_USE if the tenant has an API key that is not revoked. */
BULLA_NODISCARD enum bulla_status bulla_tenant_check_no_live_apikey(struct bulla_vault *vault,
                                                                    struct bulla_span tenant_id);

/* bulla_tenant_forget_keys wipes the cache. */
void bulla_tenant_forget_keys(struct bulla_vault *vault);

#endif
