/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* A long life of a vault, in figures: `./dev soak [USES]`. One process uses a value USES times, and the -wal must stay
 * short; then four processes use it in a loop, and what others put and revoke beside them must come through. Fails if
 * something does not. */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <bulla/store.h>

#include "core/cursor.h"

enum { WAL_MAX = 8 << 20, FLOODS = 4, ROUNDS = 100 };

static const struct bulla_who who = {
    {(const uint8_t *)"soak", 4}, {(const uint8_t *)"here", 4}, {(const uint8_t *)"to see", 6}};

static char folder[] = "/tmp/bulla-soak-XXXXXX";
static char path[64];
static char url[80];

static void must(enum bulla_status status, const char *what) {
  if (status != BULLA_OK) {
    (void)fprintf(stderr, "soak: %s: %s\n", what, bulla_status_text(status));
    exit(1);
  }
}

static struct bulla_vault *enter(void) {
  struct bulla_root *root = NULL;
  struct bulla_vault *vault = NULL;
  must(bulla_root_open(&root, "sha256-env:BULLA_SOAK_ROOT"), "root");
  must(bulla_vault_open(&vault, url, root, NULL), "open");
  bulla_root_free(&root);
  return vault;
}

static enum bulla_status ignore_value(void *arg, struct bulla_span value) {
  (void)arg;
  (void)value;
  return BULLA_OK;
}

static enum bulla_status use(struct bulla_vault *vault) {
  return bulla_vault_use(
      vault, &who,
      &(const struct bulla_place){
          .tenant = BULLA_LITERAL("acme"), .entry = BULLA_LITERAL("db"), .field = BULLA_LITERAL("password")},
      ignore_value, NULL);
}

static enum bulla_status put(struct bulla_vault *vault, const char *text) {
  struct bulla_field field = {BULLA_LITERAL("password"), bulla_span(text, strlen(text)), true};
  return bulla_vault_put(vault, &who,
                         &(const struct bulla_place){.tenant = BULLA_LITERAL("acme"), .entry = BULLA_LITERAL("db")},
                         &field, 1);
}

static long wal_len(void) {
  char name[80];
  struct stat seen;
  (void)snprintf(name, sizeof(name), "%s-wal", path);
  return stat(name, &seen) == 0 ? (long)seen.st_size : -1;
}

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static bool use_often(long times) {
  struct bulla_vault *vault = enter();
  long longest = 0;
  double start = seconds();
  must(put(vault, "hunter2"), "put");
  for (long i = 0; i < times; i++) {
    must(use(vault), "use");
    longest = wal_len() > longest ? wal_len() : longest;
  }
  printf("%ld uses in %.1f s: the -wal has %ld bytes, and had %ld at most (limit %d)\n", times, seconds() - start,
         wal_len(), longest, WAL_MAX);
  bulla_vault_close(&vault);
  return longest <= WAL_MAX;
}

static void flood(void) {
  struct bulla_vault *vault = enter();
  for (;;) {
    must(use(vault), "use in the flood");
  }
}

static int compare(const void *a, const void *b) {
  double x = *(const double *)a;
  double y = *(const double *)b;
  return x < y ? -1 : x > y;
}

static bool tell(const char *what, double *times) {
  qsort(times, ROUNDS, sizeof(*times), compare);
  printf("%d of %d %s beside %d processes that use the vault in a loop: median %.0f ms, longest %.0f ms (limit 1000)\n",
         ROUNDS, ROUNDS, what, FLOODS, times[ROUNDS / 2] * 1e3, times[ROUNDS - 1] * 1e3);
  return times[ROUNDS - 1] < 1;
}

/* Each put and each revocation opens the vault anew, as the command does. */
static bool come_through(void) {
  static double puts_took[ROUNDS];
  static double revocations_took[ROUNDS];
  pid_t floods[FLOODS];
  for (int i = 0; i < FLOODS; i++) {
    floods[i] = fork();
    if (floods[i] == 0) {
      flood();
    }
  }
  for (int i = 0; i < ROUNDS; i++) {
    char text[20];
    int len = snprintf(text, sizeof(text), "t-%d", i);
    double start = seconds();
    struct bulla_vault *vault = enter();
    must(put(vault, text), "put beside the flood");
    bulla_vault_close(&vault);
    double between = seconds();
    vault = enter();
    must(bulla_vault_token_revoke(vault, &who, BULLA_LITERAL("acme"), bulla_span(text, (size_t)len), INT64_MAX),
         "revoke beside the flood");
    bulla_vault_close(&vault);
    puts_took[i] = between - start;
    revocations_took[i] = seconds() - between;
  }
  for (int i = 0; i < FLOODS; i++) {
    kill(floods[i], SIGKILL);
    waitpid(floods[i], NULL, 0);
  }
  bool soon = tell("puts", puts_took);
  return tell("revocations", revocations_took) && soon;
}

static bool is_unbroken(void) {
  struct bulla_vault *vault = enter();
  struct bulla_audit_verdict verdict = BULLA_AUDIT_VERDICT_INIT;
  enum bulla_status status = bulla_vault_audit_verify(vault, &verdict);
  printf("%lld records, %s\n", (long long)verdict.num_records, status == BULLA_OK ? "unbroken" : "broken");
  bulla_vault_close(&vault);
  return status == BULLA_OK;
}

int main(int argc, char **argv) {
  long times = argc > 1 ? strtol(argv[1], NULL, 10) : 100000;
  struct bulla_root *root = NULL;
  if (times < 1 || mkdtemp(folder) == NULL || setenv("BULLA_SOAK_ROOT", "soak", 1) != 0) {
    (void)fprintf(stderr, "usage: soak [USES]\n");
    return 2;
  }
  (void)snprintf(path, sizeof(path), "%s/v.db", folder);
  (void)snprintf(url, sizeof(url), "sqlite:%s", path);
  must(bulla_root_open(&root, "sha256-env:BULLA_SOAK_ROOT"), "root");
  must(bulla_vault_create(url, root), "create");
  bulla_root_free(&root);
  bool is_short = use_often(times);
  bool is_fair = come_through();
  bool passed = is_unbroken() && is_short && is_fair;
  (void)unlink(path);
  (void)rmdir(folder);
  return passed ? 0 : 1;
}
