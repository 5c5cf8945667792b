/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The files that have benchmarks, as bench/meson.build lists them in BENCH_SUBJECTS. */

#include "bench/support.h"

bool bench_subject(struct bench_table *table, size_t i) {
#define SUBJECT(name) bench_##name,
  static struct bench_table (*const subjects[])(void) = {BENCH_SUBJECTS};
#undef SUBJECT
  if (i >= sizeof(subjects) / sizeof(*subjects)) {
    return false;
  }
  *table = subjects[i]();
  return true;
}
