/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What somebody had who had a root, a tenant's secret, what an actor opened, or a backup: what must be changed now,
 * what was changed already, and what to do. The question that must be answered within 72 hours. */

#ifndef BULLA_CLI_REPORT_BREACH_H
#define BULLA_CLI_REPORT_BREACH_H

#include "cli/report_out.h"

enum bulla_breach_kind { BULLA_BREACH_ROOT, BULLA_BREACH_TENANT, BULLA_BREACH_ACTOR, BULLA_BREACH_BACKUP };

struct bulla_breach {
  enum bulla_breach_kind kind;
  struct bulla_span name; /* of the tenant or the actor */
  int64_t backup_first;   /* between these the backup was made, microseconds since 1970-01-01 UTC */
  int64_t backup_last;
  int64_t since; /* since when somebody had it; INT64_MIN: always */
};

/* bulla_breach_read takes the value of --breach, and --since. A backup of a date without a time was made at any time of
 * that day: what may have been in it is told. */
BULLA_NODISCARD enum bulla_status bulla_breach_read(struct bulla_breach *breach, struct bulla_cli *cli);

/* bulla_breach_print reads the log and the vault, and prints what was exposed. */
BULLA_NODISCARD enum bulla_status bulla_breach_print(const struct bulla_breach *breach, struct bulla_cli *cli,
                                                     struct bulla_vault *vault, struct bulla_report_out *out,
                                                     struct bulla_report_head *head);

#endif
