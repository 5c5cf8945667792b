/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What is sealed to an actor: the key that every actor is given, in its statement, and the key of a role, in the
 * statement of a grant. Each is bound to the vault and to that statement, but for what may change while the box stays.
 * Nothing says who sealed a box: it is as good as the signature of the statement that it is in. */

#ifndef BULLA_STORE_ACTOR_BOX_H
#define BULLA_STORE_ACTOR_BOX_H

#include "store/keyring.h"
#include "store/signed_actor.h"

/* bulla_common_box_seal seals the limit key |common|, of BULLA_KEY_LEN bytes, to |actor| into |box|, at least
 * BULLA_ACTOR_BOX_LEN bytes. Of |actor| it needs the id, the public key, whether it is revoked, and when it was
 * created. Returns BULLA_INVALID_ARGUMENT for a key of another length or a revoked actor, and the statuses of
 * bulla_box_seal. */
BULLA_NODISCARD enum bulla_status bulla_common_box_seal(struct bulla_buffer *box, const struct bulla_keyring *keyring,
                                                        const struct bulla_actor_statement *actor,
                                                        const struct bulla_secret *common);

/* bulla_common_box_open creates |*common|, which the caller frees; NULL on failure. Returns BULLA_REFUSED for what was
 * not sealed to |box_private| for |actor|, or if it is revoked, and the other statuses of bulla_box_open. */
BULLA_NODISCARD enum bulla_status bulla_common_box_open(struct bulla_secret **common,
                                                        const struct bulla_keyring *keyring,
                                                        const struct bulla_secret *box_private,
                                                        const struct bulla_actor_statement *actor);

/* bulla_grant_box_seal seals the key |key| of a role to |actor| into |box|, at least BULLA_ACTOR_BOX_LEN bytes. Of
 * |grant| it needs the ids, the role, the epoch and whether it has ended. Returns BULLA_INVALID_ARGUMENT if the grant
 * is another actor's or has ended, and what bulla_common_box_seal returns. */
BULLA_NODISCARD enum bulla_status bulla_grant_box_seal(struct bulla_buffer *box, const struct bulla_keyring *keyring,
                                                       const struct bulla_actor_statement *actor,
                                                       const struct bulla_grant_statement *grant,
                                                       const struct bulla_secret *key);

/* bulla_grant_box_open is bulla_common_box_open for |*key|; BULLA_REFUSED also if the grant has ended. The caller
 * checks that it is the key of that role and epoch. */
BULLA_NODISCARD enum bulla_status bulla_grant_box_open(struct bulla_secret **key, const struct bulla_keyring *keyring,
                                                       const struct bulla_secret *box_private,
                                                       const struct bulla_grant_statement *grant);

#endif
