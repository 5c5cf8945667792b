/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What goes to the caller's log, see bulla_log_set. Secrets and bytes of inputs never do; names that come out of a
 * file are spelled by the caller with bulla_log_name. */

#ifndef BULLA_CORE_LOG_H
#define BULLA_CORE_LOG_H

#include <bulla/core.h>

#define BULLA_LOG_NAME_MAX 64

/* bulla_explain tells the log why |status| is about to be returned, and returns it. */
enum bulla_status bulla_explain(enum bulla_status status, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* bulla_warn tells the log of what did not make the call fail. */
void bulla_warn(enum bulla_status status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* bulla_log_name fills |text| with |name| as a log may show it: what is not A-Z a-z 0-9 . _ - becomes a question
 * mark, and what is too long is cut. Returns |text|. */
const char *bulla_log_name(char text[BULLA_LOG_NAME_MAX], struct bulla_span name);

#endif
