/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Proofs of names. What is sealed is bound to ids, which never change; a name can be given to another row by
 * whoever writes to the database. So each tenant and each entry carries a proof that its name is its own, and no
 * name is taken for an id, or an id for a name, before its proof has been checked. */

#ifndef BULLA_STORE_PROOF_H
#define BULLA_STORE_PROOF_H

#include "core/crypto.h"
#include "store/keyring.h"

#define BULLA_PROOF_LEN BULLA_SHA256_LEN

/* bulla_name_key_new makes the key that proves names, keeps it in |keyring|, and fills |wrapped|, at least
 * BULLA_WRAPPED_MAX bytes, with it as it is stored. */
BULLA_NODISCARD enum bulla_status bulla_name_key_new(struct bulla_keyring *keyring, struct bulla_buffer *wrapped);

/* bulla_name_key_load takes it from |wrapped|. Returns BULLA_REFUSED. */
BULLA_NODISCARD enum bulla_status bulla_name_key_load(struct bulla_keyring *keyring, struct bulla_span wrapped);

/* bulla_name_prove fills the BULLA_PROOF_LEN bytes of |proof|: |name| is that of the entry |entry_id| of the
 * tenant |tenant_id|, or, if |entry_id| is empty, of the tenant. */
BULLA_NODISCARD enum bulla_status bulla_name_prove(uint8_t *proof, const struct bulla_keyring *keyring,
                                                   struct bulla_span tenant_id, struct bulla_span entry_id,
                                                   struct bulla_span name);

/* bulla_name_check_proof returns BULLA_REFUSED unless |proof| proves it. */
BULLA_NODISCARD enum bulla_status bulla_name_check_proof(const struct bulla_keyring *keyring,
                                                         struct bulla_span tenant_id, struct bulla_span entry_id,
                                                         struct bulla_span name, struct bulla_span proof);

#endif
