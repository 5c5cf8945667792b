/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Sealing all secrets of a tenant anew. One operation is all of it: a rotation, the rewrap, and the destruction of the
 * version before, so that each run begins with the same vault. The bytes a second are values. */

#include <stdio.h>
#include <stdlib.h>

#include "bench/vault.h"

struct rewrapping {
  struct bench_vault made;
  int64_t num_values;
};

static struct bulla_who who(void) {
  struct bulla_who bench = {bench_text("bench"), bench_text("localhost"), bench_text("to measure it")};
  return bench;
}

static void tear_down(void *state) {
  struct rewrapping *rewrapping = state;
  bench_vault_remove(&rewrapping->made);
  free(rewrapping);
}

static const char *set_up(void **state, const struct bench *bench, void *first) {
  (void)first;
  struct rewrapping *made = calloc(1, sizeof(*made));
  if (made == NULL) {
    return "no memory";
  }
  made->num_values = (int64_t)bench->size;
  const char *error = bench_vault_make(&made->made, NULL);
  if (error != NULL) {
    free(made);
    return error;
  }
  error = bench_vault_fill(&made->made, made->num_values);
  if (error != NULL) {
    tear_down(made);
    return error;
  }
  *state = made;
  return NULL;
}

static enum bulla_status rewrap(struct rewrapping *state) {
  const struct bulla_who asking = who();
  const struct bulla_span tenant = bench_text("many");
  struct bulla_rewrap_report report = BULLA_REWRAP_REPORT_INIT;
  int64_t number;
  enum bulla_status status = bulla_vault_rotate_tenant(state->made.vault, &number, &asking, tenant);
  if (status == BULLA_OK) {
    status = bulla_vault_rewrap(state->made.vault, &report, &asking, tenant, NULL, NULL);
  }
  if (status == BULLA_OK && report.num_done != state->num_values) {
    return BULLA_NOT_FOUND;
  }
  return status == BULLA_OK ? bulla_vault_destroy_versions(state->made.vault, &number, &asking, tenant) : status;
}

static const char *run(void *state) {
  return bench_result(rewrap(state));
}

struct bench_table bench_vault_rewrap(void) {
  static const struct bench benches[] = {
      {"vault/rewrap", 50000, 0, false, false, set_up, run, tear_down},
  };
  return BENCH_TABLE(benches);
}
