/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The caller's log, see bulla_log_set. It never gets secrets or input bytes; use bulla_log_name for names that come
 * from a file. */

#ifndef BULLA_CORE_LOG_H
#define BULLA_CORE_LOG_H

#include <bulla/core.h>

#define BULLA_LOG_NAME_MAX 64

/* bulla_explain logs why |status| is about to be returned, and returns it. */
enum bulla_status bulla_explain(enum bulla_status status, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* bulla_warn logs a problem that did not make the call fail. */
void bulla_warn(enum bulla_status status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* bulla_log_name fills |text| with |name| for a log: characters other than A-Z a-z 0-9 . _ - become question
 * marks, and a long name is cut. Returns |text|. */
const char *bulla_log_name(char text[BULLA_LOG_NAME_MAX], struct bulla_span name);

#endif
