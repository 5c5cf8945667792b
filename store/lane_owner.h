/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Whose the lanes of the log are: 0 to 63 the root's, 64n to 64n + 63 the actor's with the number n. The first of each
 * range is made by a root, and signed by the vault: lane 0 with the vault, and lane 64n with its actor, whose statement
 * names it. So no log of an actor can vanish or be replaced as a whole. An actor signs the other lanes of its range.
 * docs/FORMAT.md §9 is normative. */

#ifndef BULLA_STORE_LANE_OWNER_H
#define BULLA_STORE_LANE_OWNER_H

#include "store/db.h"
#include "store/directory.h"

/* bulla_lane_first returns the number of the first lane of whoever has opened the vault. */
int64_t bulla_lane_first(const struct bulla_keyring *keyring);

/* bulla_lane_is_first returns whether the lane |number| is the first of somebody's. */
bool bulla_lane_is_first(int64_t number);

/* bulla_lane_are_of_one returns whether two lanes are of the same owner. */
bool bulla_lane_are_of_one(int64_t one, int64_t other);

/* bulla_lane_is_own returns whether the lane |number| is one of those that this process may write. */
bool bulla_lane_is_own(const struct bulla_keyring *keyring, int64_t number);

/* The owner of a lane. */
struct bulla_lane_owner {
  uint8_t id[BULLA_ID_LEN];
  size_t id_len; /* 0 for the root */
  uint8_t name[BULLA_NAME_MAX];
  size_t name_len; /* likewise */
  uint8_t signing_public[BULLA_SIGNATURE_PUBLIC_LEN];
  uint8_t first_lane[BULLA_SHA256_LEN]; /* the digest of the statement of its first lane */
};

/* bulla_lane_owner_find finds the owner of the lane |number|: an actor also if it was revoked. What of it is needed
 * never changes, so its statement need not be the newest. Any thread may call it, with a connection of its own. Returns
 * BULLA_AUDIT_BROKEN if the vault has signed no such actor. */
BULLA_NODISCARD enum bulla_status bulla_lane_owner_find(struct bulla_lane_owner *owner,
                                                        const struct bulla_keyring *keyring, struct bulla_db *db,
                                                        int64_t number);

/* bulla_lane_check fills |said|, with spans in |statement|. Returns BULLA_AUDIT_BROKEN unless that is what whoever
 * makes the lane |number| has signed, of that lane and its owner. */
BULLA_NODISCARD enum bulla_status bulla_lane_check(struct bulla_lane_statement *said,
                                                   const struct bulla_keyring *keyring, struct bulla_db *db,
                                                   int64_t number, struct bulla_span statement,
                                                   struct bulla_span signature);

#endif
