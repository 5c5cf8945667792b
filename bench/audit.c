/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Verifying the audit log of a vault: SIZE is how many records it has. On the server that BULLA_BENCH_URL leads to, if
 * it is set: an empty database. */

#include <stdlib.h>

#include "bench/vault.h"
#include "store/change.h"

/* Made once: to make it takes longer than to verify it. */
static struct bench_vault made;

static void remove_made(void) {
  bench_vault_remove(&made);
}

/* Records as a use leaves them, in one transaction, until there are |num|. */
static enum bulla_status fill(int64_t num) {
  const struct bulla_who who = {bench_text("bench"), bench_text("localhost"), bench_text("to measure it")};
  struct bulla_change change BULLA_CLEANUP(bulla_change_end) = {.vault = NULL};
  BULLA_TRY(bulla_change_begin(&change, made.vault, &who, BULLA_DB_WRITE));
  do {
    BULLA_TRY(
        bulla_change_tell(&change, bench_text("use"), bench_text("acme"), bench_text("db"), bench_text("password")));
  } while (change.head.seq < num);
  return bulla_change_commit(&change);
}

static const char *run(void *state) {
  struct bulla_audit_verdict verdict = BULLA_AUDIT_VERDICT_INIT;
  enum bulla_status status = bulla_vault_audit_verify(made.vault, &verdict);
  return status == BULLA_OK && verdict.num_records != *(const int64_t *)state ? "not all records were verified"
                                                                              : bench_result(status);
}

static const char *set_up(void **state, const struct bench *bench, void *first) {
  static int64_t num;
  (void)first;
  *state = &num;
  if (made.vault != NULL) {
    return NULL;
  }
  num = (int64_t)bench->size;
  const char *error = bench_vault_make(&made, getenv("BULLA_BENCH_URL"));
  if (error != NULL) {
    return error;
  }
  (void)atexit(remove_made);
  error = bench_result(fill(num));
  return error != NULL ? error : run(*state);
}

static void tear_down(void *state) {
  (void)state;
}

struct bench_table bench_audit(void) {
  static const struct bench benches[] = {
      {"audit/verify", 100000, 0, false, false, set_up, run, tear_down},
  };
  return BENCH_TABLE(benches);
}
