/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The plots of a page: a time line, and bars by actor and by entry. */

#ifndef BULLA_CLI_REPORT_PLOT_H
#define BULLA_CLI_REPORT_PLOT_H

#include "cli/report_out.h"

/* bulla_plot_all writes the plots of |report|. A failure is kept in the sink. */
void bulla_plot_all(struct bulla_report_sink *sink, const struct bulla_report *report);

#endif
