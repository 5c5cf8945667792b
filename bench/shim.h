/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What the benchmarks look like from C++. A benchmark is a row of a table in one of bench's C files. */

#ifndef BULLA_BENCH_SHIM_H
#define BULLA_BENCH_SHIM_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A benchmark. Functions that can fail return NULL for success, or a constant text. */
struct bench {
  const char *name; /* without the size, which is appended if it is not 0 */
  size_t size;      /* bytes that a run works on */
  int variant;      /* for |set_up| */

  /* set_up fills |*state| with what |run| needs. On failure there is nothing to tear down. */
  const char *(*set_up)(void **state, const struct bench *bench);
  const char *(*run)(void *state);
  void (*tear_down)(void *state);
};

struct bench_table {
  const struct bench *benches;
  size_t num_benches;
};

struct bench_table bench_core(void);
struct bench_table bench_token(void);
struct bench_table bench_vault(void);

#ifdef __cplusplus
}
#endif

#endif
