/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Something under load: threads of several processes that use it, each again as soon as it is done. Prints how many
 * uses there were, and how long they took.
 *
 * usage: PROGRAM [--threads T] [--processes P] [--seconds S | --uses N] [--commit-ms N] [--writer]
 *
 * Without T or P it tries several. With --uses it goes on for N uses, and prints too how many a second the first and
 * the last fifth were. With --commit-ms a flush to the disk takes N milliseconds, and does nothing: a disk of a known
 * speed. With --writer another process puts a field meanwhile, and its longest wait is printed too. */

#include <getopt.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench/load.h"

enum { MAX_THREADS = 256, MAX_PROCESSES = 64, STEPS = 32, NUM_BUCKETS = 40 * STEPS, WARM_UP_MS = 500 };

/* What the processes share. */
struct shared {
  _Atomic long num_ready; /* threads that have done it once */
  _Atomic bool counts;    /* past the warm-up */
  _Atomic bool ends;
  _Atomic bool failed;
  _Atomic uint64_t buckets[NUM_BUCKETS]; /* of microseconds, STEPS to each doubling */
  _Atomic uint64_t longest;
  _Atomic uint64_t longest_put;
};

struct asked {
  long threads;
  long processes;
  double seconds;
  uint64_t uses;
  bool writer;
};

/* What a thread does, and what is done with how long it took. */
struct task {
  void *process;
  const char *(*once)(void *thread);
  void (*note)(uint64_t us);
};

static struct shared *shared;
static const struct load_work *work;
static long commit_ms = -1;

long load_commit_ms(void) {
  return commit_ms;
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

static void note_use(uint64_t us) {
  atomic_fetch_add_explicit(&shared->buckets[bucket_of(us)], 1, memory_order_relaxed);
  note_longest(&shared->longest, us);
}

static void note_put(uint64_t us) {
  note_longest(&shared->longest_put, us);
}

static void fail(const char *error) {
  (void)fprintf(stderr, "load: %s\n", error);
  shared->failed = true;
}

/* Does |task| until the end, and notes how long each took. */
static const char *repeat(const struct task *task, void *thread) {
  for (bool is_first = true; !shared->ends && !shared->failed; is_first = false) {
    uint64_t start = now_us();
    const char *error = task->once(thread);
    uint64_t took = now_us() - start;
    if (error != NULL) {
      return error;
    }
    if (is_first) {
      shared->num_ready++;
    } else if (shared->counts) {
      task->note(took);
    }
  }
  return NULL;
}

static void *be_thread(void *arg) {
  const struct task *task = arg;
  void *thread;
  const char *error = work->begin(&thread, task->process);
  if (error == NULL) {
    error = repeat(task, thread);
    work->end(thread);
  }
  if (error != NULL) {
    fail(error);
  }
  return NULL;
}

/* One process: |num_threads| of |task|. Does not return. */
static void be_process(struct task *task, void *place, long num_threads) {
  pthread_t threads[MAX_THREADS];
  const char *error = work->open(&task->process, place);
  for (long i = 0; error == NULL && i < num_threads; i++) {
    if (pthread_create(&threads[i], NULL, be_thread, task) != 0) {
      error = "no thread could be made";
    }
  }
  if (error != NULL) {
    fail(error);
    _exit(1);
  }
  for (long i = 0; i < num_threads; i++) {
    pthread_join(threads[i], NULL);
  }
  work->close(task->process);
  _exit(0);
}

static uint64_t count_uses(void) {
  uint64_t num = 0;
  for (size_t i = 0; i < NUM_BUCKETS; i++) {
    num += atomic_load_explicit(&shared->buckets[i], memory_order_relaxed);
  }
  return num;
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

/* Returns when |num| uses have been counted, and how many seconds that took. */
static double wait_for(uint64_t num, uint64_t start) {
  while (count_uses() < num && !shared->failed) {
    (void)usleep(1000);
  }
  return (double)(now_us() - start) / 1e6;
}

static void begin_to_count(long num_threads) {
  while (shared->num_ready < num_threads && !shared->failed) {
    (void)usleep(1000);
  }
  (void)usleep(WARM_UP_MS * 1000);
  shared->counts = true;
}

/* Counts for as long as was asked, and prints it. */
static void count_and_print(const struct asked *asked) {
  begin_to_count(asked->threads * asked->processes + (asked->writer ? 1 : 0));
  uint64_t start = now_us();
  double first = 0;
  double before_last = 0;
  if (asked->uses > 0) {
    first = wait_for(asked->uses / 5, start);
    before_last = wait_for(asked->uses - asked->uses / 5, start);
    (void)wait_for(asked->uses, start);
  } else {
    (void)usleep((useconds_t)(asked->seconds * 1e6));
  }
  shared->counts = false;
  double took = (double)(now_us() - start) / 1e6;
  uint64_t num = count_uses();
  (void)printf("| %ld | %ld | %.0f | %.2f | %.2f | %.1f |", asked->threads, asked->processes, (double)num / took,
               quantile_ms(num, 0.5), quantile_ms(num, 0.99), (double)shared->longest / 1000);
  if (asked->uses > 0) {
    double fifth = (double)asked->uses / 5;
    (void)printf(" %.0f | %.0f |", fifth / first, fifth / (took - before_last));
  }
  if (asked->writer) {
    (void)printf(" %.1f |", (double)shared->longest_put / 1000);
  }
  (void)printf("\n");
  (void)fflush(stdout);
}

/* Has the processes run, and prints a row. Returns whether all went well. */
static bool run(const struct asked *asked, void *place) {
  memset(shared, 0, sizeof(*shared));
  for (long i = 0; i < asked->processes + (asked->writer ? 1 : 0); i++) {
    pid_t child = fork();
    if (child < 0) {
      fail("no process could be made");
    } else if (child == 0) {
      struct task task =
          i < asked->processes ? (struct task){NULL, work->use, note_use} : (struct task){NULL, work->put, note_put};
      be_process(&task, place, i < asked->processes ? asked->threads : 1);
    }
  }
  count_and_print(asked);
  shared->ends = true;
  while (wait(NULL) > 0) {
  }
  return !shared->failed;
}

static bool parse(struct asked *asked, int argc, char **argv) {
  static const struct option options[] = {
      {"threads", 1, NULL, 't'},   {"processes", 1, NULL, 'p'}, {"seconds", 1, NULL, 's'}, {"uses", 1, NULL, 'u'},
      {"commit-ms", 1, NULL, 'c'}, {"writer", 0, NULL, 'w'},    {NULL, 0, NULL, 0}};
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
      case 'u':
        asked->uses = strtoull(optarg, NULL, 10);
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
         asked->processes <= MAX_PROCESSES && asked->seconds > 0 && commit_ms <= 1000 &&
         (!asked->writer || work->put != NULL);
}

static bool run_all(const struct asked *asked, void *place) {
  static const long several_threads[] = {1, 4, 16, 64};
  static const long several_processes[] = {1, 4};
  bool good = true;
  for (size_t p = 0; p < (asked->processes > 0 ? 1 : sizeof(several_processes) / sizeof(*several_processes)); p++) {
    for (size_t t = 0; t < (asked->threads > 0 ? 1 : sizeof(several_threads) / sizeof(*several_threads)); t++) {
      struct asked one = *asked;
      one.processes = asked->processes > 0 ? asked->processes : several_processes[p];
      one.threads = asked->threads > 0 ? asked->threads : several_threads[t];
      good = run(&one, place) && good;
    }
  }
  return good;
}

static void print_head(const struct asked *asked) {
  (void)printf("| threads | processes | uses a second | p50, ms | p99, ms | longest, ms |%s%s\n",
               asked->uses > 0 ? " first fifth a second | last fifth a second |" : "",
               asked->writer ? " longest put, ms |" : "");
  (void)printf("|---|---|---|---|---|---|%s%s\n", asked->uses > 0 ? "---|---|" : "", asked->writer ? "---|" : "");
  (void)fflush(stdout); /* or each process would print it again */
}

int load_main(int argc, char **argv, const struct load_work *asked_work, void *place) {
  struct asked asked = {.seconds = 2};
  work = asked_work;
  if (!parse(&asked, argc, argv)) {
    (void)fprintf(stderr, "usage: %s [--threads T] [--processes P] [--seconds S | --uses N] [--commit-ms N]%s\n",
                  argv[0], work->put != NULL ? " [--writer]" : "");
    return 2;
  }
  shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  const char *error = shared == MAP_FAILED ? "no memory" : work->make(place);
  if (error != NULL) {
    (void)fprintf(stderr, "load: %s\n", error);
    return 1;
  }
  print_head(&asked);
  bool good = run_all(&asked, place);
  work->remove(place);
  return good ? 0 : 1;
}
