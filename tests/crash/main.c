/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What a vault is after a crash: all that was acknowledged is there and at most one operation more, nothing was opened
 * without a record, and the log verifies. Without arguments a short version, as TAP.
 *
 * usage: crash [--minutes N] [--seed S] */

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/crash/crash.h"
#include "tests/crash/vault.h"

static struct crash_counts *new_counts(void) {
  void *counts = mmap(NULL, sizeof(struct crash_counts), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  CRASH_ASSERT(counts != MAP_FAILED);
  return counts;
}

static uint64_t num_bad(void) {
  return crash_counts->lost + crash_counts->unrecorded + crash_counts->forked;
}

static unsigned num_tests;
static bool all_good = true;

static void tap(bool good, const char *what, uint64_t num) {
  all_good = all_good && good;
  (void)printf("%sok %u - %s\n# %llu\n", good ? "" : "not ", ++num_tests, what, (unsigned long long)num);
  (void)fflush(stdout);
}

/* A harness that finds nothing in what is broken proves nothing. */
static void control(void) {
  struct crash_counts *counts = crash_counts;
  crash_counts = new_counts();
  crash_quiet = true;
  for (uint64_t seed = 1; seed <= 12 && (crash_counts->lost == 0 || crash_counts->unrecorded == 0); seed++) {
    crash_power(seed, true);
  }
  tap(crash_counts->lost > 0 && crash_counts->unrecorded > 0, "a disk that lies about its syncs is found out",
      num_bad());
  memset(crash_counts, 0, sizeof(*crash_counts));
  for (uint64_t seed = 1; seed <= 6 && crash_counts->lost == 0; seed++) {
    crash_kill(seed, 20, true);
  }
  tap(crash_counts->lost > 0, "who acknowledges too soon is found out", num_bad());
  crash_quiet = false;
  crash_counts = counts;
}

static int run_short(void) {
  uint64_t bad = 0;
  control();
  for (uint64_t seed = 1; seed <= 3; seed++) {
    crash_power(seed, false);
  }
  tap(num_bad() == bad && crash_counts->images > 500, "a power cut leaves what was acknowledged", crash_counts->images);
  bad = num_bad();
  crash_fail(1, 40);
  tap(num_bad() == bad && crash_counts->faults > 200, "a failed system call leaves what was acknowledged",
      crash_counts->faults);
  tap(num_bad() == bad && (crash_counts->allocations > 100 || !crash_fails_allocations),
      "a failed allocation leaves what was acknowledged", crash_counts->allocations);
  bad = num_bad();
  crash_kill(1, 40, false);
  tap(num_bad() == bad, "a killed process leaves what was acknowledged", crash_counts->kills);
  (void)printf("1..%u\n", num_tests);
  return all_good ? 0 : 1;
}

enum worker { KILLS, FAULTS, POWER };

/* Images for one kill, or one failure: more of those wait. */
enum { IMAGES_PER_KILL = 9, IMAGES_PER_FAILURE = 9 };

static bool is_ahead(size_t worker) {
  const struct crash_counts *counts = crash_counts;
  return worker == KILLS
             ? counts->kills * IMAGES_PER_KILL > counts->images
             : worker == FAULTS && (counts->faults + counts->allocations) * IMAGES_PER_FAILURE > counts->images;
}

static double seconds(void) {
  struct timespec now;
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Each power worker has seeds of its own, the first the one that was asked for. */
static _Noreturn void work(size_t worker, size_t num_workers, uint64_t seed) {
  crash_set_up();
  if (worker >= POWER) {
    seed += worker - POWER;
  }
  while (!crash_counts->over) {
    if (is_ahead(worker)) {
      (void)usleep(100000);
    } else if (worker == KILLS) {
      crash_kill(seed++, 60, false);
    } else if (worker == FAULTS) {
      crash_fail(seed++, 1);
    } else {
      crash_power(seed, false);
      seed += num_workers - POWER;
    }
  }
  exit(0);
}

static void print_counts(double start) {
  const struct crash_counts *counts = crash_counts;
  (void)printf(
      "%.0f s: %llu power-loss images, %llu kills, %llu faults, %llu allocation failures; %llu acknowledged "
      "and lost, %llu opened without a record, %llu forked chains\n",
      seconds() - start, (unsigned long long)counts->images, (unsigned long long)counts->kills,
      (unsigned long long)counts->faults, (unsigned long long)counts->allocations, (unsigned long long)counts->lost,
      (unsigned long long)counts->unrecorded, (unsigned long long)counts->forked);
  (void)fflush(stdout);
}

static bool wait_for_all(size_t num_workers, double start, double end) {
  bool good = true;
  double next = start + 60;
  while (num_workers > 0) {
    int status;
    pid_t ended = waitpid(-1, &status, WNOHANG);
    if (ended > 0) {
      num_workers--;
      good = good && WIFEXITED(status) && WEXITSTATUS(status) == 0;
    } else {
      (void)usleep(100000);
    }
    crash_counts->over = seconds() >= end;
    if (seconds() >= next) {
      print_counts(start);
      next += 60;
    }
  }
  return good;
}

static int run_long(unsigned long minutes, uint64_t seed) {
  double start = seconds();
  size_t num_workers = POWER + (size_t)sysconf(_SC_NPROCESSORS_ONLN);
  (void)printf("seed %llu\n", (unsigned long long)seed);
  (void)fflush(stdout);
  for (size_t i = 0; i < num_workers; i++) {
    if (fork() == 0) {
      work(i, num_workers, seed);
    }
  }
  bool good = wait_for_all(num_workers, start, start + (double)minutes * 60);
  print_counts(start);
  if (!good || num_bad() > 0) {
    (void)printf("to repeat what was found with a seed N: ./dev crash --seed N\n");
  }
  return good && num_bad() == 0 ? 0 : 1;
}

/* Reads the number that follows |name|, if it is what |argument| is. */
static bool read_option(char **argument, const char *name, unsigned long *number) {
  if (strcmp(argument[0], name) != 0 || argument[1] == NULL) {
    return false;
  }
  char *end = NULL;
  errno = 0;
  *number = strtoul(argument[1], &end, 10);
  return errno == 0 && *end == '\0' && end != argument[1];
}

int main(int argc, char **argv) {
  unsigned long minutes = 10;
  unsigned long seed = (unsigned long)time(NULL);
  crash_counts = new_counts();
  for (int i = 1; i < argc; i += 2) {
    if (!read_option(argv + i, "--minutes", &minutes) && !read_option(argv + i, "--seed", &seed)) {
      (void)fprintf(stderr, "usage: crash [--minutes N] [--seed S]\n");
      return 2;
    }
  }
  if (argc > 1) {
    return run_long(minutes, seed);
  }
  crash_set_up();
  return run_short();
}
