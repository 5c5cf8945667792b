/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Runs the table of calls on each engine, or one canary. Exit status 0 if nothing but valgrind or MemorySanitizer
 * had anything to say. Usage: ct [--list | --canaries | --call FUNCTION | NAME-OF-CANARY] */

#include <string.h>

#include "tests/ct/ct.h"

static const struct ct_call *const tables[] = {ct_core_calls, ct_jose_calls, ct_token_calls, ct_store_calls,
                                               ct_actor_calls};
enum { NUM_TABLES = sizeof(tables) / sizeof(tables[0]) };

struct bulla_secret *ct_secret(size_t len) {
  struct bulla_secret *secret = NULL;
  CT_OK(bulla_secret_random(&secret, len));
  ct_poison(bulla_secret_data(secret), len);
  return secret;
}

bool ct_engine_counts_openly(void) {
  return !ct_sees_no_assembly() && strcmp(bulla_engine_name(), "boringssl") == 0;
}

static void list(const struct ct_call *call) {
  for (; call->functions != NULL; call++) {
    printf("%s\t%s\t%s\n", call->functions, call->poisoned, call->declassified);
  }
}

/* Makes the calls that cover |function|, or all if that is NULL. */
static size_t run(const char *engine, const char *function) {
  size_t num_calls = 0;
  for (size_t i = 0; i < NUM_TABLES; i++) {
    for (const struct ct_call *call = tables[i]; call->functions != NULL; call++) {
      if (function == NULL || strstr(call->functions, function) != NULL) {
        ct_rules = (struct ct_rules){0};
        call->run();
        num_calls++;
      }
    }
  }
  printf("%zu calls on %s\n", num_calls, engine);
  return num_calls;
}

static int run_canary(const char *name) {
  for (const struct ct_call *call = ct_canaries; call->functions != NULL; call++) {
    if (strcmp(call->functions, name) == 0) {
      call->run();
      return 0;
    }
  }
  fprintf(stderr, "there is no canary %s\n", name);
  return 2;
}

int main(int argc, char **argv) {
  if (argc == 2 && strcmp(argv[1], "--list") == 0) {
    for (size_t i = 0; i < NUM_TABLES; i++) {
      list(tables[i]);
    }
    return 0;
  }
  if (argc == 2 && strcmp(argv[1], "--canaries") == 0) {
    list(ct_canaries);
    return 0;
  }
  if (!ct_is_watched()) {
    fprintf(stderr, "run it under valgrind, or built with MemorySanitizer: tests/ct/run.py does\n");
    return 2;
  }
  ct_watch_boringssl();
  if (argc == 2) {
    return run_canary(argv[1]);
  }
  static const enum bulla_engine_choice engines[] = {BULLA_ENGINE_BORINGSSL, BULLA_ENGINE_VAES_512,
                                                     BULLA_ENGINE_VAES_256};
  for (size_t i = 0; i < sizeof(engines) / sizeof(engines[0]); i++) {
    /* valgrind has no VAES, and MemorySanitizer does not know VPTERNLOG. tests/ct/traced.c knows both. */
    bool unknown = engines[i] == BULLA_ENGINE_VAES_512 && ct_sees_no_assembly();
    if (!unknown && bulla_engine_choose(engines[i]) == BULLA_OK) {
      run(bulla_engine_name(), argc == 3 ? argv[2] : NULL);
    }
  }
  return 0;
}
