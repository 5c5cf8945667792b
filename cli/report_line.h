/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The time line of a report: counts in bars of one width, which grows with the time that they have to cover. */

#ifndef BULLA_CLI_REPORT_LINE_H
#define BULLA_CLI_REPORT_LINE_H

#include "cli/report_data.h"

/* bulla_report_line_add counts a record in the time line. */
void bulla_report_line_add(struct bulla_report_line *line, int64_t time, const struct bulla_report_counts *counts);

#endif
