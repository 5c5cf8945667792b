/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Who has opened the vault: a root, or an actor with a key of its own. */

#ifndef BULLA_STORE_SELF_H
#define BULLA_STORE_SELF_H

#include "store/actor_key.h"
#include "store/db.h"

/* bulla_self_free wipes and frees |*self| and sets it to NULL. */
void bulla_self_free(struct bulla_self **self);

/* bulla_self_load makes keyring->self of |key|, and checks it by its row: signed, the newest, active, and with the
 * public halves of the key. |keyring| has the vault's statement, checked. Fills |first_lane|, BULLA_SHA256_LEN bytes,
 * and creates keyring->limit_key. Returns BULLA_ROOT_WRONG if the vault has no such actor, BULLA_REVOKED,
 * BULLA_REFUSED. */
BULLA_NODISCARD enum bulla_status bulla_self_load(uint8_t *first_lane, struct bulla_keyring *keyring,
                                                  struct bulla_db *db, const struct bulla_actor_key *key);

/* bulla_self_look is called with each |signature| of the vault's statement that a row came with. If it is another than
 * |keyring| knows, it reads the vault's statement and the actor's own row, and forgets all tenants, since grants may
 * have ended. Does nothing for a root. Returns BULLA_REVOKED, BULLA_AUDIT_BROKEN, BULLA_REFUSED. */
BULLA_NODISCARD enum bulla_status bulla_self_look(struct bulla_keyring *keyring, struct bulla_db *db,
                                                  struct bulla_span signature);

#endif
