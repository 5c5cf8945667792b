/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Runs one benchmark a given number of times, or a little more where it is a batch, for bench/instructions.py:
 * callgrind counts what happens inside bench_counted and nothing else. Prints what the count depends on: engine,
 * compiler, libc. */

#include <gnu/libc-version.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/support.h"

const char *bench_counted(const struct bench *bench, void *state, unsigned long runs);

__attribute__((noinline)) const char *bench_counted(const struct bench *bench, void *state, unsigned long runs) {
  const char *error = NULL;
  for (unsigned long i = 0; i < runs && error == NULL; i += bench->batch > 0 ? bench->batch : 1) {
    error = bench->run(state);
  }
  return error;
}

static const struct bench *find(const char *name) {
  struct bench_table table;
  for (size_t subject = 0; bench_subject(&table, subject); subject++) {
    for (size_t i = 0; i < table.num_benches; i++) {
      const struct bench *bench = &table.benches[i];
      char full[100];
      char size[24] = "";
      if (bench->size > 0) {
        (void)snprintf(size, sizeof(size), "/%zu", bench->size);
      }
      (void)snprintf(full, sizeof(full), "%s%s", bench->name, size);
      if (strcmp(name, full) == 0 && bench->run != NULL) {
        return bench;
      }
    }
  }
  return NULL;
}

int main(int argc, char **argv) {
  const struct bench *bench = argc == 3 ? find(argv[1]) : NULL;
  if (bench == NULL) {
    (void)fprintf(stderr, "usage: bulla-bench-instructions BENCHMARK[/SIZE] RUNS\n");
    return 2;
  }
  void *state = NULL;
  const char *error = bench->set_up(&state, bench, NULL);
  if (error == NULL) {
    error = bench->run(state); /* what is done only once is not counted */
    if (error == NULL) {
      error = bench_counted(bench, state, strtoul(argv[2], NULL, 10));
    }
    bench->tear_down(state);
  }
  if (error != NULL) {
    (void)fprintf(stderr, "bulla-bench-instructions: %s: %s\n", argv[1], error);
    return 1;
  }
  (void)printf("%s\n" BENCH_COMPILER "\n%s\n", bulla_engine_name(), gnu_get_libc_version());
  return 0;
}
