/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What is in the vault now and was exposed: fields and API keys. No value is opened. */

#ifndef BULLA_CLI_REPORT_EXPOSED_H
#define BULLA_CLI_REPORT_EXPOSED_H

#include "cli/report_out.h"
#include "cli/report_reach.h"
#include "cli/report_replay.h"

enum bulla_breach_kind { BULLA_BREACH_ROOT, BULLA_BREACH_TENANT, BULLA_BREACH_ACTOR, BULLA_BREACH_BACKUP };

struct bulla_breach {
  enum bulla_breach_kind kind;
  struct bulla_span name; /* of the tenant or the actor */
  int64_t backup_first;   /* between these the backup was made, microseconds since 1970-01-01 UTC */
  int64_t backup_last;
  int64_t since; /* since when somebody had it; INT64_MIN: always */
};

/* What is looked for and where, and how much of it there is. */
struct bulla_exposed {
  const struct bulla_breach *breach;
  const struct bulla_replay *replay;
  const struct bulla_reach *reach; /* of an actor; else NULL */
  struct bulla_vault *vault;
  struct bulla_report_out *out;
  const struct bulla_entry_view *entry; /* in hand */
  int64_t num_fields;                   /* whose value is the exposed one */
  int64_t num_unreadable;               /* that could not be looked at */
  int64_t num_apikeys;                  /* live ones */
};

/* bulla_exposed_fields prints the fields whose value of now was exposed, with revision and time. A former value that
 * was put again counts, as the replay tells, if it may have been. */
BULLA_NODISCARD enum bulla_status bulla_exposed_fields(struct bulla_exposed *exposed);

/* bulla_exposed_in_reach prints the fields that the actor's key could open without a record, but for those that
 * bulla_exposed_to_actor says must be changed. */
BULLA_NODISCARD enum bulla_status bulla_exposed_in_reach(struct bulla_exposed *exposed);

/* bulla_exposed_changed prints the fields by the replay whose exposed value was replaced or removed since. */
BULLA_NODISCARD enum bulla_status bulla_exposed_changed(const struct bulla_exposed *exposed);

/* bulla_exposed_to_actor prints the fields that the actor opened or put, and whether that is their value still. */
BULLA_NODISCARD enum bulla_status bulla_exposed_to_actor(struct bulla_exposed *exposed);

/* bulla_exposed_apikeys prints the API keys that were exposed and are live. */
BULLA_NODISCARD enum bulla_status bulla_exposed_apikeys(struct bulla_exposed *exposed);

#endif
