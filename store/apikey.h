/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The rows of API keys: for whoever writes or opens them in another way than the calls of bulla/store.h do. */

#ifndef BULLA_STORE_APIKEY_H
#define BULLA_STORE_APIKEY_H

#include "store/use.h"

/* bulla_apikey_store writes the row of |apikey|, of |owner|, with its root sealed; without a root, that of a key which
 * bulla_apikey_erase is going to mark. No record. */
BULLA_NODISCARD enum bulla_status bulla_apikey_store(struct bulla_vault *vault, const struct bulla_tenant *owner,
                                                     const struct bulla_apikey_record *apikey, int64_t created);

/* bulla_apikey_erase erases the root of the API key |id|, marks it as revoked at that time, and has those who follow
 * revocations told, that it was one of the tenant |tenant_id|. No record. */
BULLA_NODISCARD enum bulla_status bulla_apikey_erase(struct bulla_vault *vault, struct bulla_span tenant_id,
                                                     struct bulla_span id, int64_t revoked);

/* bulla_apikey_may_verify returns BULLA_OK if an actor may open the root of the API key |id|, BULLA_DENIED if not,
 * BULLA_NOT_FOUND if there is none. No record. */
BULLA_NODISCARD enum bulla_status bulla_apikey_may_verify(struct bulla_vault *vault, struct bulla_span id);

/* The use of a root, by the id of its API key and the name of its tenant. */
extern const struct bulla_use_kind bulla_use_apikey;

#endif
