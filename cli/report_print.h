/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What a report over a span says, section by section: what is alarming first. */

#ifndef BULLA_CLI_REPORT_PRINT_H
#define BULLA_CLI_REPORT_PRINT_H

#include "cli/report_out.h"

/* bulla_report_print prints |report|, whose lists it orders. */
BULLA_NODISCARD enum bulla_status bulla_report_print(struct bulla_report *report, struct bulla_report_out *out,
                                                     const struct bulla_report_head *head);

/* bulla_report_print_one prints of |report|, which has the records of one actor, where it worked from, what it changed,
 * and the plots. */
BULLA_NODISCARD enum bulla_status bulla_report_print_one(const struct bulla_report *report,
                                                         struct bulla_report_out *out);

#endif
