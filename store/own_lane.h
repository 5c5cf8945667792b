/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The lane of the log that a process has for the records of its uses, where several write side by side. In the first
 * lane all that have opened the vault with a root, or as the same actor, take turns (store/lane_owner.h); in a lane of
 * its own a process waits for nobody. All other records are in the first lane.
 *
 * A process that has used the vault a few times takes the lane that was idle longest, at least a minute, or opens one.
 * Nothing keeps others from taking it too: a process has the head in memory, and its first record is inserted only
 * where the head in the database is the same. Who comes too late has nothing committed and opens nothing, goes back to
 * the first lane, and looks there whether the lane still has what this process wrote. */

#ifndef BULLA_STORE_OWN_LANE_H
#define BULLA_STORE_OWN_LANE_H

#include "store/change.h"

/* bulla_own_lane_begin begins |change| for records of uses, in the own lane if there is one, or else in the first;
 * there too where tokens of limits are to be drawn, for which writers take turns. The caller has locked |vault|.
 * Returns BULLA_AUDIT_BROKEN if a lane that was left lost what this process wrote. */
BULLA_NODISCARD enum bulla_status bulla_own_lane_begin(struct bulla_change *change, struct bulla_vault *vault);

/* bulla_own_lane_end is told how the |change| of bulla_own_lane_begin ended. Returns true if the lane was lost to
 * another process: nothing was committed, and the records are to be written again. */
bool bulla_own_lane_end(struct bulla_change *change, enum bulla_status status);

#endif
