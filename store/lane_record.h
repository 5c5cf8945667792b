/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What the first lane of an owner (store/lane_owner.h) says of the others: a record where each begins, and one now and
 * then of where it is. So a lane that is removed, or put back, is missed by whoever verifies. Lane 0 also tells of the
 * first lane of each actor. docs/FORMAT.md §9 is normative. */

#ifndef BULLA_STORE_LANE_RECORD_H
#define BULLA_STORE_LANE_RECORD_H

#include <pthread.h>

#include "store/change.h"

/* bulla_lane_next_number finds the number for another lane of whoever has opened the vault, or 0 if there are enough.
 */
BULLA_NODISCARD enum bulla_status bulla_lane_next_number(int64_t *number, const struct bulla_keyring *keyring,
                                                         struct bulla_db *db);

/* bulla_lane_record_open tells that |lane| begins, bulla_lane_record_at that it has |end|: in |change|, which writes
 * the first lane. */
BULLA_NODISCARD enum bulla_status bulla_lane_record_open(struct bulla_change *change,
                                                         const struct bulla_audit_lane *lane);
BULLA_NODISCARD enum bulla_status bulla_lane_record_at(struct bulla_change *change, const struct bulla_audit_lane *lane,
                                                       const struct bulla_audit_end *end);

/* bulla_lane_record_ends tells lane 0 where each lane of the actor |actor|, its number, has come to, in the |change|
 * that revokes it: nobody can take anything of it away any more. The first lane comes first, whatever has become of it.
 * A damaged lane keeps nobody from being revoked: of one whose head is not that of its last record the outcome is
 * `failed`, and what is told is the last record that the database has, or nothing if there is none that could be.
 * What an in-flight call of the actor still appends, or opens, is not wrong. */
BULLA_NODISCARD enum bulla_status bulla_lane_record_ends(struct bulla_change *change, int64_t actor);

/* bulla_lane_record_is returns whether |row| of a first lane is such a record, which must be authentic. */
bool bulla_lane_record_is(const struct bulla_audit_row *row);

/* bulla_lane_record_is_end returns whether |row| is what bulla_lane_record_ends tells of a lane;
 * bulla_lane_record_wants_end whether it is that of an actor's end, behind which the first such record must be. */
bool bulla_lane_record_is_end(const struct bulla_audit_row *row);
bool bulla_lane_record_wants_end(const struct bulla_audit_row *row);

/* Where the lanes of revoked actors ended by what lane 0 says, which bulla_lane_record_check adds: threads may do that
 * side by side. It is read only when all of lane 0 was verified. bulla_lane_ends_free is for BULLA_CLEANUP. */
struct bulla_lane_ends {
  pthread_mutex_t mutex; /* held while a lane is added */
  struct bulla_audit_mark *lanes;
  size_t num;
};

#define BULLA_LANE_ENDS_INIT \
  { .mutex = PTHREAD_MUTEX_INITIALIZER }

void bulla_lane_ends_free(struct bulla_lane_ends *ends);

/* bulla_lane_record_check returns BULLA_AUDIT_BROKEN unless what |row| of |lane| says of another lane is still so. An
 * actor says nothing of lanes that are not its own, and |ends| has each that it opened before it was revoked. */
BULLA_NODISCARD enum bulla_status bulla_lane_record_check(const struct bulla_audit_row *row,
                                                          const struct bulla_audit_lane *lane,
                                                          const struct bulla_audit_log *log,
                                                          struct bulla_lane_ends *ends);

#endif
