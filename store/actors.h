/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Reading the rows of actors and grants. A row counts if the vault signed it and its leaf says that it is the newest.
 * store/actor_create.c and its neighbours write them. */

#ifndef BULLA_STORE_ACTORS_H
#define BULLA_STORE_ACTORS_H

#include "store/directory.h"
#include "store/db.h"

/* An actor's row, copied. */
struct bulla_actor_row {
  uint8_t bytes[1024];
  struct bulla_span statement;
  uint8_t signature[BULLA_SIGNATURE_LEN];
  struct bulla_actor_statement said; /* with spans in |bytes| */
};

/* A grant's row, copied. */
struct bulla_grant_row {
  uint8_t bytes[512];
  struct bulla_span statement;
  uint8_t signature[BULLA_SIGNATURE_LEN];
  struct bulla_grant_statement said; /* with spans in |bytes| */
};

/* bulla_actor_by_id, _by_name and _by_number find an actor, also one that was revoked. Return BULLA_NOT_FOUND,
 * BULLA_REFUSED for a row that was not signed so or is not the newest, BULLA_BUSY if it changed at this moment. */
BULLA_NODISCARD enum bulla_status bulla_actor_by_id(struct bulla_actor_row *row, struct bulla_keyring *keyring,
                                                    struct bulla_db *db, struct bulla_span id);
BULLA_NODISCARD enum bulla_status bulla_actor_by_name(struct bulla_actor_row *row, struct bulla_keyring *keyring,
                                                      struct bulla_db *db, struct bulla_span name);
BULLA_NODISCARD enum bulla_status bulla_actor_by_number(struct bulla_actor_row *row, struct bulla_keyring *keyring,
                                                        struct bulla_db *db, int64_t number);

/* bulla_grant_find finds the grant in force of |role| to the actor |actor_id| for the tenant |tenant_id|, or for all if
 * that is empty. Statuses as above. bulla_grant_in_force finds that of the tenant, or else that for all. */
BULLA_NODISCARD enum bulla_status bulla_grant_find(struct bulla_grant_row *row, struct bulla_keyring *keyring,
                                                   struct bulla_db *db, struct bulla_span actor_id,
                                                   struct bulla_span tenant_id, enum bulla_role role);
BULLA_NODISCARD enum bulla_status bulla_grant_in_force(struct bulla_grant_row *row, struct bulla_keyring *keyring,
                                                       struct bulla_db *db, struct bulla_span actor_id,
                                                       struct bulla_span tenant_id, enum bulla_role role);

#endif
