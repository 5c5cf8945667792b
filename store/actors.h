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

#define BULLA_ACTOR_ROWS 8 /* rows that the following functions give at once, at most */

/* bulla_actors_after fills |rows| with the |*num| actors whose numbers come after |number|, in their order, also with
 * those that were revoked; |*num| is 0 behind the last. |rows| must stay where it is: what they say is in them. Returns
 * BULLA_REFUSED and BULLA_BUSY as above. */
BULLA_NODISCARD enum bulla_status bulla_actors_after(struct bulla_actor_row *rows, size_t *num,
                                                     struct bulla_keyring *keyring, struct bulla_db *db,
                                                     int64_t number);

/* bulla_grants_of_actor does the same for the grants of an actor, by tenant, role and end, bulla_grants_of_role for
 * those of |role| for the tenant |tenant_id|, or for all if that is empty, by id; both also with those that have ended.
 * |after| is the last one that was given, or NULL. */
BULLA_NODISCARD enum bulla_status bulla_grants_of_actor(struct bulla_grant_row *rows, size_t *num,
                                                        struct bulla_keyring *keyring, struct bulla_db *db,
                                                        struct bulla_span actor_id,
                                                        const struct bulla_grant_row *after);
BULLA_NODISCARD enum bulla_status bulla_grants_of_role(struct bulla_grant_row *rows, size_t *num,
                                                       struct bulla_keyring *keyring, struct bulla_db *db,
                                                       struct bulla_span tenant_id, enum bulla_role role,
                                                       const struct bulla_grant_row *after);

/* bulla_grants_in_force gives some of those of an actor that have not ended, as the table says: who ends them asks
 * again until there is none. */
BULLA_NODISCARD enum bulla_status bulla_grants_in_force(struct bulla_grant_row *rows, size_t *num,
                                                        struct bulla_keyring *keyring, struct bulla_db *db,
                                                        struct bulla_span actor_id);

/* bulla_grants_of_tenant gives the grants of all roles for the tenant |tenant_id|, or for all if that is empty, by role
 * and id. */
BULLA_NODISCARD enum bulla_status bulla_grants_of_tenant(struct bulla_grant_row *rows, size_t *num,
                                                         struct bulla_keyring *keyring, struct bulla_db *db,
                                                         struct bulla_span tenant_id,
                                                         const struct bulla_grant_row *after);

/* bulla_actor_copy and bulla_grant_copy copy the row that |statement| is at. Return BULLA_REFUSED if its columns are
 * not what it says. Whether the vault signed it, the caller checks. */
BULLA_NODISCARD enum bulla_status bulla_actor_copy(struct bulla_actor_row *row, struct bulla_statement *statement);
BULLA_NODISCARD enum bulla_status bulla_grant_copy(struct bulla_grant_row *row, struct bulla_statement *statement);

#endif
