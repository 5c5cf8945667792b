/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Nonces: none comes twice, in one thread, in several, or across a fork, and no bit of them is likelier than another.
 * Most of these look at the pool without the processor's fresh word, which would hide a pool that repeats itself. */

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/crypto.h"
#include "core/nonce.h"
#include "tests/copies.h"

enum { LEN = 12 };

/* Eight of a nonce's bytes: among ten million, two are the same by chance once in 400,000 runs. */
static uint64_t draw(void) {
  uint8_t nonce[LEN];
  uint64_t word;
  TEST_OK(bulla_nonce_mixed(nonce, sizeof(nonce), 0));
  memcpy(&word, nonce + 2, sizeof(word));
  return word;
}

static int compare(const void *a, const void *b) {
  uint64_t x = *(const uint64_t *)a;
  uint64_t y = *(const uint64_t *)b;
  return x < y ? -1 : x > y;
}

static size_t count_repeats(uint64_t *words, size_t num) {
  size_t repeats = 0;
  qsort(words, num, sizeof(*words), compare);
  for (size_t i = 1; i < num; i++) {
    repeats += words[i] == words[i - 1];
  }
  return repeats;
}

Test(nonce, ten_million_draws_hold_no_repeat) {
  enum { NUM = 10000000 };
  uint64_t *words = malloc(NUM * sizeof(*words));
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
  uint64_t *words = malloc(NUM * 64 * sizeof(*words));
  size_t num = 0;
  size_t zeros = 0;
  cr_assert_not_null(words);
  for (size_t i = 0; i < NUM; i++) {
    uint8_t nonce[64];
    size_t len = 8 + i * 7 % 57;
    TEST_OK(bulla_nonce_mixed(nonce, len, 0));
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
  struct drawn *drawn = mmap(NULL, sizeof(*drawn), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
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
  uint64_t *words = malloc(2 * NUM_THREADS * PER_THREAD * sizeof(*words));
  cr_assert_not_null(words);
  for (size_t round = 0; round < 2; round++) {
    struct test_threads threads;
    test_start(&threads, NUM_THREADS, draw_many, words + round * NUM_THREADS * PER_THREAD, PER_THREAD * sizeof(*words));
    test_join(&threads);
  }
  cr_expect_eq(count_repeats(words, 2 * (size_t)NUM_THREADS * PER_THREAD), 0);
  free(words);
}

enum { BITS_MAX = 8 * 24, NUM_COUNTED = 100000 };

/* Where the fresh word comes from. */
enum source { FROM_PROCESSOR, FROM_ARGUMENT };

static void count_ones(size_t *ones, size_t len, enum source source, uint64_t fresh) {
  for (size_t i = 0; i < NUM_COUNTED; i++) {
    uint8_t nonce[BITS_MAX / 8];
    TEST_OK(source == FROM_PROCESSOR ? bulla_nonce(nonce, len) : bulla_nonce_mixed(nonce, len, fresh));
    for (size_t bit = 0; bit < 8 * len; bit++) {
      ones[bit] += (nonce[bit / 8] >> bit % 8) & 1;
    }
  }
}

/* The standard deviation is 158: a bit that is fair is as far off as 1000 once in 4 * 10^9 times. */
Test(nonce, every_bit_is_one_as_often_as_zero_whatever_the_fresh_word_is) {
  static const struct {
    enum source source;
    uint64_t fresh;
  } rows[] = {{FROM_PROCESSOR, 0},
              {FROM_ARGUMENT, 0},
              {FROM_ARGUMENT, ~UINT64_C(0)},
              {FROM_ARGUMENT, UINT64_C(0x00000000ffffffff)},
              {FROM_ARGUMENT, UINT64_C(0xaaaaaaaaaaaaaaaa)}};
  static const size_t lens[] = {12, 24};
  for (size_t row = 0; row < sizeof(rows) / sizeof(*rows); row++) {
    for (size_t i = 0; i < 2; i++) {
      size_t ones[BITS_MAX] = {0};
      count_ones(ones, lens[i], rows[row].source, rows[row].fresh);
      for (size_t bit = 0; bit < 8 * lens[i]; bit++) {
        cr_expect(ones[bit] > NUM_COUNTED / 2 - 1000 && ones[bit] < NUM_COUNTED / 2 + 1000,
                  "row %zu, %zu bytes: bit %zu is one %zu times", row, lens[i], bit, ones[bit]);
      }
    }
  }
}

/* What copies of this process draw, each from the same pool. */
struct copies {
  uint8_t nonces[4][24];
};

/* Has a copy of this process draw into |nonce|, by the processor's fresh word or by |fresh|. */
static void draw_in_copy(uint8_t *nonce, enum source source, uint64_t fresh) {
  pid_t child = fork();
  if (child == 0) {
    enum bulla_status status = source == FROM_PROCESSOR ? bulla_nonce(nonce, 24) : bulla_nonce_mixed(nonce, 24, fresh);
    _exit(status == BULLA_OK ? 0 : 1);
  }
  int status = 1;
  cr_assert_eq(waitpid(child, &status, 0), child);
  cr_assert_eq(status, 0);
}

static struct copies *new_copies(void) {
  struct copies *copies = mmap(NULL, sizeof(*copies), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  cr_assert(copies != MAP_FAILED);
  draw();
  test_let_children_be_copies();
  return copies;
}

Test(nonce, the_fresh_word_is_added_to_the_first_bytes_and_nothing_else) {
  static const uint64_t words[] = {1, UINT64_C(1) << 63, UINT64_C(0x0123456789abcdef), ~UINT64_C(0)};
  struct copies *copies = new_copies();
  draw_in_copy(copies->nonces[0], FROM_ARGUMENT, 0);
  for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
    uint64_t plain;
    uint64_t mixed;
    draw_in_copy(copies->nonces[1], FROM_ARGUMENT, words[i]);
    memcpy(&plain, copies->nonces[0], sizeof(plain));
    memcpy(&mixed, copies->nonces[1], sizeof(mixed));
    cr_expect_eq(plain ^ mixed, words[i], "word %zu", i);
    cr_expect(memcmp(copies->nonces[0] + 8, copies->nonces[1] + 8, 16) == 0, "word %zu", i);
  }
}

static void *draw_one(void *nonce) {
  return bulla_nonce_mixed(nonce, 24, 0) == BULLA_OK ? NULL : nonce;
}

Test(nonce, a_thread_takes_nothing_from_the_pool_of_another) {
  struct copies *copies = new_copies();
  struct test_threads thread;
  draw_in_copy(copies->nonces[0], FROM_ARGUMENT, 0);
  test_start(&thread, 1, draw_one, copies->nonces[1], 0);
  test_join(&thread);
  TEST_OK(bulla_nonce_mixed(copies->nonces[2], 24, 0));
  cr_expect(memcmp(copies->nonces[0], copies->nonces[2], 24) == 0, "what comes next was taken");
  cr_expect(memcmp(copies->nonces[0], copies->nonces[1], 24) != 0, "both have the same");
}

Test(nonce, a_copy_of_the_whole_process_gets_other_nonces_by_the_processors_fresh_word) {
  if (!test_has_rdrand()) {
    cr_skip_test("the processor has no RDRAND");
  }
  struct copies *copies = new_copies();
  draw_in_copy(copies->nonces[0], FROM_ARGUMENT, 0);
  draw_in_copy(copies->nonces[1], FROM_ARGUMENT, 0);
  cr_expect(memcmp(copies->nonces[0], copies->nonces[1], 24) == 0, "the pools are not the same: this proves nothing");
  draw_in_copy(copies->nonces[2], FROM_PROCESSOR, 0);
  draw_in_copy(copies->nonces[3], FROM_PROCESSOR, 0);
  cr_expect(memcmp(copies->nonces[2], copies->nonces[3], 8) != 0, "the same nonce came in both");
  cr_expect(memcmp(copies->nonces[0], copies->nonces[2], 8) != 0, "no fresh word was added");
  cr_expect(memcmp(copies->nonces[2] + 8, copies->nonces[3] + 8, 16) == 0, "the pools were not the same");
}

enum { MASK = 0x5a, MAX_SEARCHED = 64 << 20 };

/* How often the bytes that |masked| hides are in the memory of this process: a search that leaves no copy. */
static size_t num_in_memory(const uint8_t *masked, size_t len) {
  FILE *maps = fopen("/proc/self/maps", "r");
  char line[512];
  size_t found = 0;
  cr_assert_not_null(maps);
  while (fgets(line, sizeof(line), maps) != NULL) {
    uintptr_t start;
    uintptr_t end;
    char rights[5];
    if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %4s", &start, &end, rights) != 3 || strcmp(rights, "rw-p") != 0 ||
        end - start > MAX_SEARCHED) {
      continue;
    }
    uint8_t *copy = mmap(NULL, end - start, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    struct iovec to = {copy, end - start};
    struct iovec from = {(void *)start, end - start};
    ssize_t read = process_vm_readv(getpid(), &to, 1, &from, 1, 0);
    for (ssize_t at = 0; at + (ssize_t)len <= read; at++) {
      size_t same = 0;
      while (same < len && (copy[at + (ssize_t)same] ^ MASK) == masked[same]) {
        same++;
      }
      found += same == len;
    }
    munmap(copy, end - start);
  }
  fclose(maps);
  return found;
}

static void mask_nonce(uint8_t *nonce) {
  for (size_t i = 0; i < 24; i++) {
    nonce[i] ^= MASK;
  }
}

Test(nonce, what_was_handed_out_is_wiped_from_the_pool) {
  struct copies *copies = new_copies();
  uint8_t *next = copies->nonces[0];
  draw_in_copy(next, FROM_ARGUMENT, 0);
  mask_nonce(next);
  cr_expect_eq(num_in_memory(next, 24), 1, "what comes next is in the pool, and the search finds it");
  uint8_t *drawn = copies->nonces[1];
  TEST_OK(bulla_nonce_mixed(drawn, 24, 0));
  mask_nonce(drawn);
  cr_assert(memcmp(drawn, next, 24) == 0, "another nonce came");
  cr_expect_eq(num_in_memory(next, 24), 0, "it is still there");
}
