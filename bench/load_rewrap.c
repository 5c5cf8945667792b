/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* How long a use takes while another process seals all values anew: uses at a fixed rate, first alone, then beside a
 * process that rotates the tenant and rewraps it, again and again. In a SQLite file, or on the server that
 * BULLA_BENCH_URL leads to, which must have no vault yet. A use that comes late because one before it took long counts
 * from when it was due.
 *
 * usage: bulla-load-rewrap [VALUES [SECONDS]], default 100000 and 10 */

#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench/vault.h"

enum { THREADS = 8, RATE = 1000 };

/* What the process that seals anew has done so far. */
struct sealed {
  volatile int64_t num;
  int64_t num_before; /* when this rewrap began */
};

struct user {
  pthread_t thread;
  const struct bench_vault *made;
  int64_t first;  /* when its first use is due, in microseconds */
  int64_t num;    /* of uses */
  int64_t *times; /* that they took */
  const char *error;
};

static int64_t now_us(void) {
  struct timespec now;
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void wait_until(int64_t us) {
  const struct timespec when = {us / 1000000, us % 1000000 * 1000};
  (void)clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &when, NULL);
}

static void *use(void *arg) {
  struct user *user = arg;
  for (int64_t i = 0; i < user->num && user->error == NULL; i++) {
    int64_t due = user->first + i * 1000000 * THREADS / RATE;
    wait_until(due);
    user->error = bench_vault_use(user->made);
    user->times[i] = now_us() - due;
  }
  return NULL;
}

static int compare(const void *a, const void *b) {
  int64_t left = *(const int64_t *)a;
  int64_t right = *(const int64_t *)b;
  return (left > right) - (left < right);
}

/* Uses the vault for |seconds|, and prints how long that took. Returns an error, or NULL. */
static const char *run_uses(const struct bench_vault *made, int64_t seconds, const char *what) {
  struct user users[THREADS];
  int64_t each = RATE / THREADS * seconds;
  int64_t *times = calloc((size_t)(each * THREADS), sizeof(*times));
  const char *error = times == NULL ? "no memory" : NULL;
  int64_t start = now_us() + 10000;
  for (int i = 0; i < THREADS && error == NULL; i++) {
    users[i] = (struct user){.made = made,
                             .first = start + (int64_t)i * 1000000 / RATE,
                             .num = each,
                             .times = times + (size_t)i * (size_t)each};
    (void)pthread_create(&users[i].thread, NULL, use, &users[i]);
  }
  for (int i = 0; i < THREADS && times != NULL; i++) {
    (void)pthread_join(users[i].thread, NULL);
    error = error == NULL ? users[i].error : error;
  }
  if (error == NULL) {
    size_t num = (size_t)each * THREADS;
    qsort(times, num, sizeof(*times), compare);
    (void)printf("| %s | %" PRId64 " | %.1f | %.1f | %.1f |", what, (int64_t)RATE, (double)times[num / 2] / 1000,
                 (double)times[num * 99 / 100] / 1000, (double)times[num - 1] / 1000);
  }
  free(times);
  return error;
}

static struct bulla_who who(void) {
  struct bulla_who bench = {bench_text("bench"), bench_text("localhost"), bench_text("to measure it")};
  return bench;
}

static bool count(void *arg, int64_t num_done, int64_t num_total) {
  struct sealed *sealed = arg;
  (void)num_total;
  sealed->num = sealed->num_before + num_done;
  return true;
}

/* Rotates and seals anew until it is killed. */
static int seal_anew(struct bench_vault *made, struct sealed *sealed) {
  const struct bulla_who asking = who();
  const struct bulla_span tenant = bench_text("many");
  int64_t number;
  if (bench_vault_open(made) != NULL) {
    return 1;
  }
  for (;;) {
    struct bulla_rewrap_report report = BULLA_REWRAP_REPORT_INIT;
    sealed->num_before = sealed->num;
    if (bulla_vault_rotate_tenant(made->vault, &number, &asking, tenant) != BULLA_OK ||
        bulla_vault_rewrap(made->vault, &report, &asking, tenant, count, sealed) != BULLA_OK ||
        bulla_vault_destroy_versions(made->vault, &number, &asking, tenant) != BULLA_OK) {
      return 1;
    }
  }
}

static const char *measure(struct bench_vault *made, int64_t num_values, int64_t seconds) {
  struct sealed *sealed = mmap(NULL, sizeof(*sealed), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (sealed == MAP_FAILED) {
    return "no shared memory";
  }
  const char *error = bench_vault_fill(made, num_values);
  bulla_vault_close(&made->vault); /* a child opens it for itself */
  pid_t child = error == NULL ? fork() : -1;
  if (child == 0) {
    (void)raise(SIGSTOP);
    _exit(seal_anew(made, sealed));
  }
  error = error == NULL ? bench_vault_open(made) : error;
  (void)printf("| | uses/s | median, ms | p99, ms | longest, ms | values/s |\n|---|---|---|---|---|---|\n");
  error = error == NULL ? run_uses(made, seconds, "uses alone") : error;
  (void)printf(" |\n");
  if (error == NULL && kill(child, SIGCONT) == 0) {
    sleep(1);
    int64_t num = sealed->num;
    error = run_uses(made, seconds, "beside a rewrap");
    (void)printf(" %" PRId64 " |\n", (sealed->num - num) / seconds);
  }
  if (child > 0) {
    int status;
    (void)kill(child, SIGKILL);
    (void)waitpid(child, &status, 0);
    bool killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
    error = error == NULL && !killed ? "sealing anew failed" : error;
  }
  return error;
}

int main(int argc, char **argv) {
  struct bench_vault made;
  int64_t num_values = argc > 1 ? strtoll(argv[1], NULL, 10) : 100000;
  int64_t seconds = argc > 2 ? strtoll(argv[2], NULL, 10) : 10;
  const char *error = bench_vault_make(&made, getenv("BULLA_BENCH_URL"));
  if (error == NULL) {
    error = measure(&made, num_values > 0 ? num_values : 100000, seconds > 0 ? seconds : 10);
    bench_vault_remove(&made);
  }
  if (error != NULL) {
    (void)fprintf(stderr, "bulla-load-rewrap: %s\n", error);
  }
  return error == NULL ? 0 : 1;
}
