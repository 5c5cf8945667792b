/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Tenants and their keys. */

#ifndef BULLA_STORE_TENANT_H
#define BULLA_STORE_TENANT_H

#include "store/vault.h"

/* bulla_tenant_find fills the BULLA_ID_LEN bytes of |id|. Returns BULLA_NOT_FOUND, BULLA_REFUSED if the name is
 * not proven to be the row's. */
BULLA_NODISCARD enum bulla_status bulla_tenant_find(uint8_t *id, struct bulla_vault *vault, struct bulla_span name);

/* bulla_tenant_ensure is bulla_tenant_find, but creates a missing tenant and its first key, inside the caller's
 * transaction. */
BULLA_NODISCARD enum bulla_status bulla_tenant_ensure(uint8_t *id, struct bulla_vault *vault, struct bulla_span name);

/* bulla_tenant_active_key sets |*key| to the key that seals a tenant's new values, as bulla_tenant_key does. */
BULLA_NODISCARD enum bulla_status bulla_tenant_active_key(struct bulla_key **key, struct bulla_vault *vault,
                                                          struct bulla_span tenant_id);

/* bulla_tenant_check_no_live_apikey returns BULLA_IN_USE if the tenant has an API key that is not revoked. */
BULLA_NODISCARD enum bulla_status bulla_tenant_check_no_live_apikey(struct bulla_vault *vault,
                                                                    struct bulla_span tenant_id);

#endif
