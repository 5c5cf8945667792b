/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Proofs of what a tenant's rows have in clear: the names of its entries, and plain values. Sealed values are bound to
 * ids, which never change, but anyone who can write to the database can give a name to another row. A proof is a MAC
 * under the tenant's label key, over a context (store/context.h). The name of the tenant itself is signed: see
 * store/directory.h. */

#ifndef BULLA_STORE_PROOF_H
#define BULLA_STORE_PROOF_H

#include "core/crypto.h"
#include "store/context.h"

#define BULLA_PROOF_LEN BULLA_SHA256_LEN

/* bulla_prove fills the BULLA_PROOF_LEN bytes of |proof| for |context|. */
BULLA_NODISCARD enum bulla_status bulla_prove(uint8_t *proof, const struct bulla_tenant *tenant,
                                              const struct bulla_context *context);

/* bulla_check_proof returns BULLA_REFUSED unless |proof| is the proof of |context|. */
BULLA_NODISCARD enum bulla_status bulla_check_proof(const struct bulla_tenant *tenant,
                                                    const struct bulla_context *context, struct bulla_span proof);

/* bulla_entry_name_prove and bulla_entry_name_check do that for the |name| of the entry |entry_id|. */
BULLA_NODISCARD enum bulla_status bulla_entry_name_prove(uint8_t *proof, const struct bulla_keyring *keyring,
                                                         const struct bulla_tenant *tenant, struct bulla_span entry_id,
                                                         struct bulla_span name);
BULLA_NODISCARD enum bulla_status bulla_entry_name_check(const struct bulla_keyring *keyring,
                                                         const struct bulla_tenant *tenant, struct bulla_span entry_id,
                                                         struct bulla_span name, struct bulla_span proof);

#endif
