/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Collects what a report says, in one pass over all of the log: what went before the span is what the span is compared
 * with. */

#ifndef BULLA_CLI_REPORT_COLLECT_H
#define BULLA_CLI_REPORT_COLLECT_H

#include "cli/report_data.h"

/* bulla_report_begin starts a report over the records from |since| to before |until|; it is |now|. bulla_report_free
 * frees it. */
void bulla_report_begin(struct bulla_report *report, int64_t since, int64_t until, int64_t now);

void bulla_report_free(struct bulla_report *report);

/* bulla_report_take takes a record, before the span or in it. Of type bulla_audit_fn; |arg| is a report. */
enum bulla_status bulla_report_take(void *arg, const struct bulla_audit_record *record);

/* bulla_report_num_full returns how many records are not told in full because a table was full. */
int64_t bulla_report_num_full(const struct bulla_report *report);

#endif
