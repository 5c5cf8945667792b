/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The heads of the log's lanes: together they stand for all of it. */

#ifndef BULLA_STORE_HEADS_H
#define BULLA_STORE_HEADS_H

#include "store/anchor.h"
#include "store/vault.h"

/* bulla_heads_read adds all heads to |anchor|, which is zero, inside the caller's transaction of |db|, a connection to
 * the vault's database. The caller has locked |vault| if that is the vault's own. */
BULLA_NODISCARD enum bulla_status bulla_heads_read(struct bulla_anchor *anchor, struct bulla_vault *vault,
                                                   struct bulla_db *db);

/* bulla_heads_digest fills the BULLA_SHA256_LEN bytes of |digest|, by which a record names the heads. Returns
 * BULLA_NO_MEMORY. */
BULLA_NODISCARD enum bulla_status bulla_heads_digest(uint8_t *digest, const struct bulla_anchor *anchor);

#endif
