/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The rows of the audit log, for those that read it from one end to the other. */

#ifndef BULLA_STORE_AUDIT_ROWS_H
#define BULLA_STORE_AUDIT_ROWS_H

#include "store/audit_log.h"

/* bulla_audit_next_lane moves |*number| to the lane after it, or to the first unless |*found|, and sets |*found| to
 * whether there is one. A lane is what has a row in the list of lanes, a head, or a record: what was not made by bulla
 * is found too. */
BULLA_NODISCARD enum bulla_status bulla_audit_next_lane(int64_t *number, bool *found, struct bulla_db *db);

/* bulla_audit_last_seq sets |*seq| to that of the last record of |lane|, or to 0. */
BULLA_NODISCARD enum bulla_status bulla_audit_last_seq(int64_t *seq, struct bulla_db *db,
                                                       const struct bulla_audit_lane *lane);

/* bulla_audit_rows returns a statement over the records |first| to |last| of |lane|, |max| at most.
 * bulla_audit_next_row takes the next one, valid until the step after it; then the statement gives the mac. Returns
 * BULLA_AUDIT_BROKEN for a row that no bulla wrote. */
struct bulla_statement bulla_audit_rows(struct bulla_db *db, const struct bulla_audit_lane *lane, int64_t first,
                                        int64_t last, int64_t max);

/* A span of time, in microseconds: |since| is in it, |until| is not. */
struct bulla_audit_times {
  int64_t since;
  int64_t until;
};

/* bulla_audit_timed_rows is bulla_audit_rows for the records of |times|. */
struct bulla_statement bulla_audit_timed_rows(struct bulla_db *db, const struct bulla_audit_lane *lane, int64_t first,
                                              int64_t last, const struct bulla_audit_times *times, int64_t max);
BULLA_NODISCARD enum bulla_status bulla_audit_next_row(struct bulla_audit_row *row, struct bulla_statement *statement,
                                                       bool *found);

/* bulla_audit_next_seq sets |*seq| to that of the first record of |lane| from |from| on, or |*found| to false. */
BULLA_NODISCARD enum bulla_status bulla_audit_next_seq(int64_t *seq, bool *found, struct bulla_db *db,
                                                       const struct bulla_audit_lane *lane, int64_t from);

#endif
