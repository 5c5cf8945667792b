/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Nonces: none comes twice, in one thread, in several, or across a fork. All but one of these look at the pool
 * without the processor's fresh word, which would hide a pool that repeats itself. */

#ifdef __x86_64__
#include <cpuid.h>
#endif
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/crypto.h"
#include "core/nonce.h"
#include "tests/support.h"

enum { LEN = 12 };

/* Eight of a nonce's bytes: among ten million, two are the same by chance once in 400,000 runs. */
static uint64_t draw(void) {
  uint8_t nonce[LEN];
  uint64_t word;
  TEST_OK(bulla_nonce_draw(nonce, sizeof nonce));
  memcpy(&word, nonce + 2, sizeof word);
  return word;
}

static int compare(const void *a, const void *b) {
  uint64_t x = *(const uint64_t *)a;
  uint64_t y = *(const uint64_t *)b;
  return x < y ? -1 : x > y;
}

static size_t count_repeats(uint64_t *words, size_t num) {
  size_t repeats = 0;
  qsort(words, num, sizeof *words, compare);
  for (size_t i = 1; i < num; i++) {
    repeats += words[i] == words[i - 1];
  }
  return repeats;
}

Test(nonce, ten_million_draws_hold_no_repeat) {
  enum { NUM = 10000000 };
  uint64_t *words = malloc(NUM * sizeof *words);
  cr_assert_not_null(words);
  for (size_t i = 0; i < NUM; i++) {
    words[i] = draw();
  }
  cr_expect_eq(count_repeats(words, NUM), 0);
  free(words);
}

Test(nonce, draws_of_every_length_overlap_in_no_byte) {
  /* A pool that hands a byte out twice gives some draw the end of an earlier one. */
  enum { NUM = 4000, WINDOW = 8 };
  uint64_t *words = malloc(NUM * 64 * sizeof *words);
  size_t num = 0;
  size_t zeros = 0;
  cr_assert_not_null(words);
  for (size_t i = 0; i < NUM; i++) {
    uint8_t nonce[64];
    size_t len = 8 + i * 7 % 57;
    TEST_OK(bulla_nonce_draw(nonce, len));
    for (size_t at = 0; at + WINDOW <= len; at++, num++) {
      memcpy(&words[num], nonce + at, WINDOW);
      zeros += (words[num] & 0xffffffff) == 0;
    }
  }
  cr_expect_eq(count_repeats(words, num), 0);
  /* Bytes that were handed out are zero. Four in a row come by chance once in 20,000 runs, twice hardly ever. */
  cr_expect_leq(zeros, 1);
  free(words);
}

/* What two processes drew after a fork, in memory that both see. */
struct drawn {
  uint64_t parent[400];
  uint64_t child[400];
};

static void draw_all(uint64_t *words) {
  for (size_t i = 0; i < 400; i++) {
    words[i] = draw();
  }
}

Test(nonce, a_child_shares_no_nonce_with_its_parent) {
  struct drawn *drawn = mmap(NULL, sizeof *drawn, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  cr_assert(drawn != MAP_FAILED);
  for (size_t used = 0; used < 2 * BULLA_NONCE_POOL_LEN / LEN; used += 17) {
    pid_t child = fork();
    if (child == 0) {
      draw_all(drawn->child);
      _exit(0);
    }
    draw_all(drawn->parent);
    int status = 0;
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert_eq(status, 0);
    cr_expect_eq(count_repeats((uint64_t *)drawn, 800), 0, "after %zu draws", used);
    for (size_t i = 0; i < 17; i++) {
      draw();
    }
  }
}

enum { NUM_THREADS = 8, PER_THREAD = 100000 };

static void *draw_many(void *arg) {
  uint64_t *words = arg;
  for (size_t i = 0; i < PER_THREAD; i++) {
    words[i] = draw();
  }
  return NULL;
}

Test(nonce, threads_share_no_nonce_also_those_that_come_after_others_have_ended) {
  uint64_t *words = malloc(2 * NUM_THREADS * PER_THREAD * sizeof *words);
  cr_assert_not_null(words);
  for (size_t round = 0; round < 2; round++) {
    pthread_t threads[NUM_THREADS];
    for (size_t i = 0; i < NUM_THREADS; i++) {
      uint64_t *mine = words + (round * NUM_THREADS + i) * PER_THREAD;
      cr_assert_eq(pthread_create(&threads[i], NULL, draw_many, mine), 0);
    }
    for (size_t i = 0; i < NUM_THREADS; i++) {
      pthread_join(threads[i], NULL);
    }
  }
  cr_expect_eq(count_repeats(words, 2 * (size_t)NUM_THREADS * PER_THREAD), 0);
  free(words);
}

static size_t num_found;
static const uint8_t *newest_map;

/* Goes over the maps that are wiped on fork, the pools of threads among them, and returns how many there are. If
 * |keep|, they are from now on copied instead. |num_found| is then in how many of them |needle| is, and
 * |newest_map| the last one that holds anything. */
static size_t wiped_maps(bool keep, struct bulla_span needle) {
  num_found = 0;
  FILE *file = fopen("/proc/self/smaps", "r");
  char line[512];
  void *start = NULL;
  void *end = NULL;
  size_t num = 0;
  cr_assert_not_null(file);
  while (fgets(line, sizeof line, file) != NULL) {
    void *from;
    void *to;
    if (sscanf(line, "%p-%p ", &from, &to) == 2) {
      start = from;
      end = to;
    }
    if (strncmp(line, "VmFlags:", 8) == 0 && strstr(line, " wf") != NULL) {
      size_t len = (size_t)((char *)end - (char *)start);
      num++;
      num_found += needle.len > 0 && memmem(start, len, needle.data, needle.len) != NULL;
      newest_map = len >= 4096 && ((const uint8_t *)start)[120] != 0 ? start : newest_map;
      cr_assert(!keep || madvise(start, len, MADV_KEEPONFORK) == 0);
    }
  }
  fclose(file);
  return num;
}

Test(nonce, what_was_handed_out_is_wiped_from_the_pool) {
  uint8_t nonce[24];
  TEST_OK(bulla_nonce_draw(nonce, sizeof nonce));
  struct bulla_span needle = bulla_span(nonce, sizeof nonce);
  cr_assert_gt(wiped_maps(false, needle), 0);
  cr_expect_eq(num_found, 0, "a nonce is still in the pool");
  /* What comes next is there, and the search finds it. */
  uint8_t next[24];
  memcpy(next, newest_map + 100, sizeof next);
  wiped_maps(false, bulla_span(next, sizeof next));
  cr_expect_eq(num_found, 1);
}

static void *draw_once(void *arg) {
  *(uint64_t *)arg = draw();
  return NULL;
}

Test(nonce, a_thread_that_ends_leaves_no_pool_behind) {
  uint64_t words[200];
  draw();
  size_t before = wiped_maps(false, bulla_span(NULL, 0));
  cr_assert_gt(before, 0, "no memory is wiped on fork");
  for (size_t i = 0; i < 200; i++) {
    pthread_t thread;
    cr_assert_eq(pthread_create(&thread, NULL, draw_once, &words[i]), 0);
    pthread_join(thread, NULL);
  }
  cr_expect_leq(wiped_maps(false, bulla_span(NULL, 0)), before + 1);
}

static bool has_rdrand(void) {
#ifdef __x86_64__
  unsigned a;
  unsigned b;
  unsigned c = 0;
  unsigned d;
  return __get_cpuid(1, &a, &b, &c, &d) == 1 && (c & bit_RDRND) != 0;
#else
  return false;
#endif
}

/* A virtual machine that is copied as it runs: a child whose pool is its parent's. */
Test(nonce, a_copy_of_the_whole_process_gets_other_nonces_by_the_processors_fresh_word) {
  if (!has_rdrand()) {
    cr_skip_test("the processor has no RDRAND");
  }
  uint8_t(*nonces)[4][24] = mmap(NULL, sizeof *nonces, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  cr_assert(nonces != MAP_FAILED);
  draw();
  cr_assert_gt(wiped_maps(true, bulla_span(NULL, 0)), 0);
  pid_t child = fork();
  size_t mine = child == 0 ? 0 : 2;
  TEST_OK(bulla_nonce_draw((*nonces)[mine], 24));
  TEST_OK(bulla_nonce((*nonces)[mine + 1], 24));
  if (child == 0) {
    _exit(0);
  }
  int status = 0;
  cr_assert_eq(waitpid(child, &status, 0), child);
  cr_assert_eq(status, 0);
  cr_expect(memcmp((*nonces)[0], (*nonces)[2], 24) == 0, "the pools were not the same: this proves nothing");
  cr_expect(memcmp((*nonces)[1], (*nonces)[3], 8) != 0, "the same nonce came in both");
  cr_expect(memcmp((*nonces)[1] + 8, (*nonces)[3] + 8, 16) == 0, "the pools were not the same");
}
