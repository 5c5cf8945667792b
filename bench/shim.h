/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What the benchmarks look like from C++. A benchmark is a row of a table in one of bench's C files. */

#ifndef BULLA_BENCH_SHIM_H
#define BULLA_BENCH_SHIM_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A benchmark. Functions that can fail return NULL for success, or a constant text. */
struct bench {
  const char *name; /* without the size, which is appended if it is not 0 */
  size_t size;      /* bytes that a run works on */
  int variant;      /* for |set_up| */
  bool threads;     /* also run by two threads, as NAME/threads:2 */
  bool optional;    /* the machine may lack what it needs: it is no failure if |set_up| fails */

  /* set_up fills |*state| with what |run| needs. |first| is NULL, or the state of another thread that runs at the
   * same time: its objects are to be used, its buffers are not. On failure there is nothing to tear down. */
  const char *(*set_up)(void **state, const struct bench *bench, void *first);
  const char *(*run)(void *state);
  void (*tear_down)(void *state);

  /* What runs in another process has this instead of |run|: it runs |num| times and says how much time
   * of the processor that took there. */
  const char *(*run_elsewhere)(void *state, double *seconds, size_t num);

  size_t batch; /* how many operations a |run| is, where it is not one: figures are for each of them */
};

struct bench_table {
  const struct bench *benches;
  size_t num_benches;
};

/* bench_subject fills |table| with the benchmarks of the |i|th file, or returns false past the last. */
bool bench_subject(struct bench_table *table, size_t i);

/* bench_limit_bits returns how long the vectors of the rows limit/gcm are, or 0 if this processor has none of them. */
int bench_limit_bits(void);

/* bench_allocations returns how often this thread has asked for memory so far. */
size_t bench_allocations(void);

#ifdef __cplusplus
}
#endif

#endif
