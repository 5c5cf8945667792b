/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What is unusual for an actor, compared with the actor's own past. The rules are simple, so that whoever reads the
 * report can check them with `audit log`:
 *
 * A burst is an hour of the clock in which an actor tried to open more than BULLA_REPORT_BURST_LEAST fields and API
 * keys, and more than BULLA_REPORT_BURST_TIMES as many as in the busiest of its hours before. So the first busy hour of
 * a new service is told, and its later ones are not.
 *
 * An opening is outside an actor's hours if before the span the actor has never opened anything in that hour of the
 * day, of UTC. That is not judged for an actor with fewer than BULLA_REPORT_PAST_LEAST openings before the span, or
 * all of them within less than BULLA_REPORT_PAST_DAYS days. */

#ifndef BULLA_CLI_REPORT_FIND_H
#define BULLA_CLI_REPORT_FIND_H

#include "cli/report_data.h"

enum {
  BULLA_REPORT_BURST_LEAST = 20,
  BULLA_REPORT_BURST_TIMES = 4,
  BULLA_REPORT_PAST_LEAST = 20,
  BULLA_REPORT_PAST_DAYS = 7,
};

/* An opening, or an attempt, in the terms of the report. */
struct bulla_report_try {
  struct bulla_report_actor *actor;
  const struct bulla_report_origin *origin;
  const struct bulla_report_entry *entry;
  struct bulla_span op;
  int64_t time;
  bool granted;
  bool in_span;
};

/* bulla_report_judge compares |tried| with the past of its actor, notes what is unusual, and adds it to that past. */
BULLA_NODISCARD enum bulla_status bulla_report_judge(struct bulla_report *report, const struct bulla_report_try *tried);

/* bulla_report_clock notes whether the clock of a lane was set back before |record|. */
BULLA_NODISCARD enum bulla_status bulla_report_clock(struct bulla_report *report,
                                                     const struct bulla_audit_record *record);

#endif
