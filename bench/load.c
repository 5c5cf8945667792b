/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* A vault under load: threads of several processes that use a field, each again as soon as it has the value. Prints how
 * many uses there were, and how long they took.
 *
 * usage: bulla-load [--threads T] [--processes P] [--seconds S] [--commit-ms N] [--writer]
 *
 * Without T or P it tries several. With --commit-ms a flush to the disk takes N milliseconds, and does nothing: a disk
 * of a known speed. With --writer another process puts a field meanwhile, and its longest wait is printed too. */

#include <getopt.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench/vault.h"

enum { MAX_THREADS = 256, MAX_PROCESSES = 64, STEPS = 32, NUM_BUCKETS = 40 * STEPS, WARM_UP_MS = 300 };

/* What the processes share. */
struct shared {
  _Atomic bool counts; /* past the warm-up */
  _Atomic bool ends;
  _Atomic bool failed;
  _Atomic uint64_t buckets[NUM_BUCKETS]; /* of microseconds, STEPS to each doubling */
  _Atomic uint64_t longest;
  _Atomic uint64_t longest_put;
};

static struct shared *shared;
static long commit_ms = -1;

static int flush(int file, long call) {
  if (commit_ms < 0) {
    return (int)syscall(call, file);
  }
  struct timespec pause = {commit_ms / 1000, commit_ms % 1000 * 1000000};
  return nanosleep(&pause, NULL);
}

/* SQLite calls these by their names, and finds the program's own before libc's. */
__attribute__((visibility("default"))) int fdatasync(int fildes) {
  return flush(fildes, SYS_fdatasync);
}

__attribute__((visibility("default"))) int fsync(int fd) {
  return flush(fd, SYS_fsync);
}

static uint64_t now_us(void) {
  struct timespec now;
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static size_t bucket_of(uint64_t us) {
  size_t doublings = 0;
  for (; us >= 2 * (uint64_t)STEPS; us /= 2) {
    doublings++;
  }
  size_t bucket = doublings * STEPS + (size_t)us;
  return bucket < NUM_BUCKETS ? bucket : NUM_BUCKETS - 1;
}

static uint64_t us_of(size_t bucket) {
  size_t doublings = bucket < STEPS ? 0 : bucket / STEPS - 1;
  return (uint64_t)(bucket - doublings * STEPS) << doublings;
}

static void note_longest(_Atomic uint64_t *longest, uint64_t us) {
  uint64_t known = *longest;
  while (us > known && !atomic_compare_exchange_weak(longest, &known, us)) {
  }
}

/* Does |once| until the end, and calls |note| with how long each took. */
static void repeat(const struct bench_vault *made, const char *(*once)(const struct bench_vault *),
                   void (*note)(uint64_t us)) {
  while (!shared->ends) {
    uint64_t start = now_us();
    const char *error = once(made);
    uint64_t took = now_us() - start;
    if (error != NULL) {
      (void)fprintf(stderr, "bulla-load: %s\n", error);
      shared->failed = true;
      return;
    }
    if (shared->counts) {
      note(took);
    }
  }
}

static void note_use(uint64_t us) {
  atomic_fetch_add_explicit(&shared->buckets[bucket_of(us)], 1, memory_order_relaxed);
  note_longest(&shared->longest, us);
}

static void note_put(uint64_t us) {
  note_longest(&shared->longest_put, us);
}

static void *use_on(void *made) {
  repeat(made, bench_vault_use, note_use);
  return NULL;
}

static void *put_on(void *made) {
  repeat(made, bench_vault_put, note_put);
  return NULL;
}

/* One process: |num_threads| of |body|. Does not return. */
static void be_process(struct bench_vault *made, long num_threads, void *(*body)(void *)) {
  pthread_t threads[MAX_THREADS];
  const char *error = bench_vault_open(made);
  if (error != NULL) {
    (void)fprintf(stderr, "bulla-load: %s\n", error);
    shared->failed = true;
    _exit(1);
  }
  for (long i = 0; i < num_threads; i++) {
    if (pthread_create(&threads[i], NULL, body, made) != 0) {
      shared->failed = true;
      _exit(1);
    }
  }
  for (long i = 0; i < num_threads; i++) {
    pthread_join(threads[i], NULL);
  }
  bulla_vault_close(&made->vault);
  _exit(0);
}

static double quantile_ms(uint64_t num, double part) {
  uint64_t below = 0;
  for (size_t i = 0; i < NUM_BUCKETS; i++) {
    below += shared->buckets[i];
    if ((double)below >= part * (double)num) {
      return (double)us_of(i) / 1000;
    }
  }
  return 0;
}

static void print_run(long num_threads, long num_processes, double seconds, bool writer) {
  uint64_t num = 0;
  for (size_t i = 0; i < NUM_BUCKETS; i++) {
    num += shared->buckets[i];
  }
  (void)printf("| %ld | %ld | %.0f | %.2f | %.2f | %.1f |", num_threads, num_processes, (double)num / seconds,
               quantile_ms(num, 0.5), quantile_ms(num, 0.99), (double)shared->longest / 1000);
  if (writer) {
    (void)printf(" %.1f |", (double)shared->longest_put / 1000);
  }
  (void)printf("\n");
  (void)fflush(stdout);
}

/* Has the processes run, and prints a row. Returns whether all went well. */
static bool run(struct bench_vault *made, long num_threads, long num_processes, double seconds, bool writer) {
  memset(shared, 0, sizeof(*shared));
  for (long i = 0; i < num_processes + (writer ? 1 : 0); i++) {
    pid_t child = fork();
    if (child < 0) {
      shared->failed = true;
    } else if (child == 0) {
      be_process(made, i < num_processes ? num_threads : 1, i < num_processes ? use_on : put_on);
    }
  }
  (void)usleep(WARM_UP_MS * 1000);
  uint64_t start = now_us();
  shared->counts = true;
  (void)usleep((useconds_t)(seconds * 1e6));
  shared->counts = false;
  double took = (double)(now_us() - start) / 1e6;
  shared->ends = true;
  while (wait(NULL) > 0) {
  }
  print_run(num_threads, num_processes, took, writer);
  return !shared->failed;
}

struct asked {
  long threads;
  long processes;
  double seconds;
  bool writer;
};

static bool parse(struct asked *asked, int argc, char **argv) {
  static const struct option options[] = {{"threads", 1, NULL, 't'}, {"processes", 1, NULL, 'p'},
                                          {"seconds", 1, NULL, 's'}, {"commit-ms", 1, NULL, 'c'},
                                          {"writer", 0, NULL, 'w'},  {NULL, 0, NULL, 0}};
  int option;
  while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
    switch (option) {
      case 't':
        asked->threads = strtol(optarg, NULL, 10);
        break;
      case 'p':
        asked->processes = strtol(optarg, NULL, 10);
        break;
      case 's':
        asked->seconds = strtod(optarg, NULL);
        break;
      case 'c':
        commit_ms = strtol(optarg, NULL, 10);
        break;
      case 'w':
        asked->writer = true;
        break;
      default:
        return false;
    }
  }
  return optind == argc && asked->threads >= 0 && asked->threads <= MAX_THREADS && asked->processes >= 0 &&
         asked->processes <= MAX_PROCESSES && asked->seconds > 0 && commit_ms <= 1000;
}

int main(int argc, char **argv) {
  static const long several_threads[] = {1, 4, 16, 64};
  static const long several_processes[] = {1, 4};
  struct asked asked = {.seconds = 2};
  if (!parse(&asked, argc, argv)) {
    (void)fprintf(stderr, "usage: bulla-load [--threads T] [--processes P] [--seconds S] [--commit-ms N] [--writer]\n");
    return 2;
  }
  shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  struct bench_vault made;
  const char *error = shared == MAP_FAILED ? "no memory" : bench_vault_make(&made);
  if (error != NULL) {
    (void)fprintf(stderr, "bulla-load: %s\n", error);
    return 1;
  }
  /* Each process opens it for itself. */
  bulla_vault_close(&made.vault);
  (void)printf(
      "| threads | processes | uses a second | p50, ms | p99, ms | longest, ms |%s\n|---|---|---|---|---|---|%s\n",
      asked.writer ? " longest put, ms |" : "", asked.writer ? "---|" : "");
  bool good = true;
  for (size_t p = 0; p < (asked.processes > 0 ? 1 : sizeof(several_processes) / sizeof(*several_processes)); p++) {
    for (size_t t = 0; t < (asked.threads > 0 ? 1 : sizeof(several_threads) / sizeof(*several_threads)); t++) {
      good = run(&made, asked.threads > 0 ? asked.threads : several_threads[t],
                 asked.processes > 0 ? asked.processes : several_processes[p], asked.seconds, asked.writer) &&
             good;
    }
  }
  bench_vault_remove(&made);
  return good ? 0 : 1;
}
