/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What the benchmarks' C files share. */

#ifndef BULLA_BENCH_SUPPORT_H
#define BULLA_BENCH_SUPPORT_H

#include <bulla/core.h>
#include <string.h>

#include "bench/shim.h"

/* bench_result turns a status into the text, or NULL, that a benchmark returns. */
static inline const char *bench_result(enum bulla_status status) {
  return status == BULLA_OK ? NULL : bulla_status_text(status);
}

static inline struct bulla_span bench_text(const char *string) {
  return bulla_span(string, strlen(string));
}

#endif
