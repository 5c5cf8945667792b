/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* A service that uses a value, for tests/cli/pg_place.py: it opens the vault at the URL of its first argument under the
 * root key of its second, or with "as:" before it under the key of an actor. For each byte on standard input it uses
 * acme/db:password once, or puts N into acme/db:step if the byte is a "p", with the reason NAME-N: NAME is its third
 * argument, and N counts the bytes. It prints "opened N", "put N", or "failed N" with the name of the status, and goes
 * on. A value that is not what was put ends it. With a number of threads as its fourth argument each of them uses
 * without end, whatever is on standard input, and N is "THREAD.COUNT". */

#include <locale.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bulla/store.h>

#include "core/cursor.h"

enum { PAUSE_US = 5000, THREADS_MAX = 64 };

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

static enum bulla_status put(struct bulla_vault *vault, const char *reason, const char *number) {
  const struct bulla_who who = {.actor = BULLA_LITERAL("client"), .reason = bulla_span(reason, strlen(reason))};
  return bulla_vault_put(
      vault, &who, &(const struct bulla_place){.tenant = BULLA_LITERAL("acme"), .entry = BULLA_LITERAL("db")},
      &(const struct bulla_field){.name = BULLA_LITERAL("step"), .value = bulla_span(number, strlen(number))}, 1);
}

static void tell_why(void *arg, enum bulla_log_level level, enum bulla_status status, const char *detail) {
  (void)arg;
  (void)level;
  (void)fprintf(stderr, "%s: %s\n", bulla_status_name(status), detail);
}

/* A user of the vault, and how many uses it has made. */
struct user {
  struct bulla_vault *vault;
  const char *name;
  int thread; /* from 1 on, 0 if it is the only one */
  int count;
};

/* Uses the value once more, or puts one. Returns whether a value that was opened is the one that was put. */
static bool step(struct user *user, bool puts) {
  char number[32];
  char reason[128];
  bool good = puts;
  user->count++;
  if (user->thread > 0) {
    (void)snprintf(number, sizeof(number), "%d.%d", user->thread, user->count);
  } else {
    (void)snprintf(number, sizeof(number), "%d", user->count);
  }
  (void)snprintf(reason, sizeof(reason), "%s-%s", user->name, number);
  enum bulla_status used = puts ? put(user->vault, reason, number) : use(user->vault, reason, &good);
  if (used != BULLA_OK) {
    (void)printf("failed %s %s\n", number, bulla_status_name(used));
    usleep(PAUSE_US);
  } else if (good) {
    (void)printf("%s %s\n", puts ? "put" : "opened", number);
  }
  (void)fflush(stdout);
  return good || used != BULLA_OK;
}

static void *use_without_end(void *arg) {
  struct user *user = arg;
  while (step(user, false)) {
  }
  exit(1);
}

static int use_in_threads(struct bulla_vault *vault, const char *name, int num) {
  static struct user users[THREADS_MAX];
  for (int i = 0; i < num && i < THREADS_MAX; i++) {
    pthread_t thread;
    users[i] = (struct user){.vault = vault, .name = name, .thread = i + 1};
    if (pthread_create(&thread, NULL, use_without_end, &users[i]) != 0) {
      return 1;
    }
  }
  return pause();
}

/* Opens the vault with the key from |provider|. */
static enum bulla_status open_with(struct bulla_vault **vault, const char *url, const char *provider) {
  struct bulla_root *root = NULL;
  struct bulla_actor *actor = NULL;
  bool is_actor = strncmp(provider, "as:", 3) == 0;
  enum bulla_status status = is_actor ? bulla_actor_open(&actor, provider + 3) : bulla_root_open(&root, provider);
  if (status == BULLA_OK) {
    status = is_actor ? bulla_vault_open_as(vault, url, actor, NULL) : bulla_vault_open(vault, url, root, NULL);
  }
  bulla_root_free(&root);
  bulla_actor_free(&actor);
  return status;
}

int main(int argc, char **argv) {
  struct bulla_vault *vault = NULL;
  char byte;
  (void)setlocale(LC_ALL, ""); /* as services do: libpq translates its words */
  bulla_log_set(tell_why, NULL);
  enum bulla_status status = argc >= 4 ? open_with(&vault, argv[1], argv[2]) : BULLA_INVALID_ARGUMENT;
  (void)printf("%s\n", bulla_status_name(status));
  (void)fflush(stdout);
  if (status != BULLA_OK) {
    return 1;
  }
  if (argc == 5) {
    return use_in_threads(vault, argv[3], (int)strtol(argv[4], NULL, 10));
  }
  struct user user = {.vault = vault, .name = argv[3]};
  while (read(STDIN_FILENO, &byte, 1) == 1) {
    if (!step(&user, byte == 'p')) {
      return 1;
    }
  }
  bulla_vault_close(&vault);
  return 0;
}
