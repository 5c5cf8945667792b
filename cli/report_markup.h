/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Writing a page: what is ours as it is, what came from outside escaped. */

#ifndef BULLA_CLI_REPORT_MARKUP_H
#define BULLA_CLI_REPORT_MARKUP_H

#include "cli/report_out.h"

/* bulla_html_put writes |html|, which is ours, as it is. bulla_html_format is for numbers in it. A failure is kept in
 * the sink. */
void bulla_html_put(struct bulla_report_sink *sink, const char *html);
void bulla_html_format(struct bulla_report_sink *sink, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* bulla_html_text writes |text|, which came from outside, so that it is text in an element or in a quoted attribute:
 * what marks up as an entity, and what cannot be seen as in cli/text.h. bulla_html_short ends it after about |max|
 * columns. */
void bulla_html_text(struct bulla_report_sink *sink, struct bulla_span text);
void bulla_html_short(struct bulla_report_sink *sink, struct bulla_span text, size_t max);

#endif
