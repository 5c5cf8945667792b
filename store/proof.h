/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Proofs of names. Sealed values are bound to ids, which never change, but anyone who can write to the database can
 * give a name to another row. So each tenant and entry carries a proof of its name, which is checked before a name is
 * mapped to an id or an id to a name. */

#ifndef BULLA_STORE_PROOF_H
#define BULLA_STORE_PROOF_H

#include "core/crypto.h"
#include "store/keyring.h"

#define BULLA_PROOF_LEN BULLA_SHA256_LEN

/* bulla_name_key_new creates the key that proves names in |keyring|, and fills |wrapped|, at least BULLA_WRAPPED_MAX
 * bytes, with its stored form. */
BULLA_NODISCARD enum bulla_status bulla_name_key_new(struct bulla_keyring *keyring, struct bulla_buffer *wrapped);

/* bulla_name_key_load opens it from |wrapped|. Returns BULLA_REFUSED. */
BULLA_NODISCARD enum bulla_status bulla_name_key_load(struct bulla_keyring *keyring, struct bulla_span wrapped);

/* bulla_name_prove fills the BULLA_PROOF_LEN bytes of |proof|: |name| belongs to the entry |entry_id| of the tenant
 * |tenant_id|, or to the tenant if |entry_id| is empty. */
BULLA_NODISCARD enum bulla_status bulla_name_prove(uint8_t *proof, const struct bulla_keyring *keyring,
                                                   struct bulla_span tenant_id, struct bulla_span entry_id,
                                                   struct bulla_span name);

/* bulla_name_check_proof returns BULLA_REFUSED unless |proof| is the proof of that. */
BULLA_NODISCARD enum bulla_status bulla_name_check_proof(const struct bulla_keyring *keyring,
                                                         struct bulla_span tenant_id, struct bulla_span entry_id,
                                                         struct bulla_span name, struct bulla_span proof);

#endif
