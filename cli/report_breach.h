/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What somebody had who had a root, a tenant's secret, what an actor opened, or a backup: what must be changed now,
 * what was changed already, and what to do. The question that must be answered within 72 hours. */

#ifndef BULLA_CLI_REPORT_BREACH_H
#define BULLA_CLI_REPORT_BREACH_H

#include "cli/report_exposed.h"

/* bulla_breach_read takes the value of --breach, and --since. A backup of a date without a time was made at any time of
 * that day: what may have been in it is told. */
BULLA_NODISCARD enum bulla_status bulla_breach_read(struct bulla_breach *breach, struct bulla_cli *cli);

/* bulla_breach_print reads the log and the vault, and prints what was exposed. */
BULLA_NODISCARD enum bulla_status bulla_breach_print(const struct bulla_breach *breach, struct bulla_cli *cli,
                                                     struct bulla_vault *vault, struct bulla_report_out *out,
                                                     struct bulla_report_head *head);

#endif
