/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* A service that uses a value, for tests/cli/test_postgres.py: it opens the vault at the URL of its first argument
 * under the root key of its second. For each byte on standard input it uses acme/db:password once, with the reason
 * NAME-N: NAME is its third argument, and N counts the bytes. It prints "opened N", or "failed N" with the name of the
 * status, and goes on. A value that is not what was put ends it. */

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bulla/store.h>

#include "core/cursor.h"

enum { PAUSE_US = 5000 };

static enum bulla_status compare(void *arg, struct bulla_span value) {
  bool *good = arg;
  *good = value.len == 7 && memcmp(value.data, "hunter2", 7) == 0;
  return BULLA_OK;
}

static enum bulla_status use(struct bulla_vault *vault, const char *reason, bool *good) {
  const struct bulla_who who = {.actor = BULLA_LITERAL("client"), .reason = bulla_span(reason, strlen(reason))};
  return bulla_vault_use(
      vault, &who,
      &(const struct bulla_place){
          .tenant = BULLA_LITERAL("acme"), .entry = BULLA_LITERAL("db"), .field = BULLA_LITERAL("password")},
      compare, good);
}

static void tell_why(void *arg, enum bulla_log_level level, enum bulla_status status, const char *detail) {
  (void)arg;
  (void)level;
  (void)fprintf(stderr, "%s: %s\n", bulla_status_name(status), detail);
}

int main(int argc, char **argv) {
  struct bulla_root *root = NULL;
  struct bulla_vault *vault = NULL;
  char byte;
  bulla_log_set(tell_why, NULL);
  enum bulla_status status = argc == 4 ? bulla_root_open(&root, argv[2]) : BULLA_INVALID_ARGUMENT;
  status = status == BULLA_OK ? bulla_vault_open(&vault, argv[1], root, NULL) : status;
  bulla_root_free(&root);
  (void)printf("%s\n", bulla_status_name(status));
  (void)fflush(stdout);
  for (int i = 1; status == BULLA_OK && read(STDIN_FILENO, &byte, 1) == 1; i++) {
    char reason[64];
    bool good = false;
    (void)snprintf(reason, sizeof(reason), "%s-%d", argv[3], i);
    enum bulla_status used = use(vault, reason, &good);
    if (used != BULLA_OK) {
      (void)printf("failed %d %s\n", i, bulla_status_name(used));
      usleep(PAUSE_US);
    } else if (!good) {
      return 1;
    } else {
      (void)printf("opened %d\n", i);
    }
    (void)fflush(stdout);
  }
  bulla_vault_close(&vault);
  return status == BULLA_OK ? 0 : 1;
}
