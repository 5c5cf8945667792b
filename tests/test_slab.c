/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The arena: guard pages, slots, canaries, fork epochs, threads. Locking is in test_slab_lock.c. */

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/slab.h"
#include "tests/support.h"

enum { GRANULE = 64, PAGE = 4096 };

static void *new_slot(size_t len) {
  void *slot = NULL;
  TEST_OK(bulla_slab_new(&slot, len));
  cr_assert_not_null(slot);
  return slot;
}

/* A place relative to the first byte of the arena, or to the byte behind its last. */
struct place {
  ptrdiff_t at;
  bool from_end;
  bool write;
};

/* The child makes an arena of its own: of its parent's it has nothing. */
static int touch(void *argument) {
  const struct place *place = argument;
  void *slot;
  struct test_mapping arena;
  if (bulla_slab_new(&slot, 32) != BULLA_OK || !test_find_mapping(&arena, slot)) {
    return 1;
  }
  volatile uint8_t *target = (place->from_end ? arena.end : arena.start) + place->at;
  if (place->write) {
    *target = 1;
  }
  return *target == 0xff ? 2 : 0;
}

Test(slab, a_guard_page_before_and_behind_the_arena_faults) {
  static const struct {
    struct place place;
    bool faults;
  } places[] = {
      {{.at = -1}, true},
      {{.at = -1, .write = true}, true},
      {{.at = -PAGE}, true},
      {{.at = 0, .from_end = true}, true},
      {{.at = 0, .from_end = true, .write = true}, true},
      {{.at = PAGE - 1, .from_end = true}, true},
      {{.at = 0, .write = true}, false},
      {{.at = -1, .from_end = true, .write = true}, false},
  };
  for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
    struct place place = places[i].place;
    int status = test_in_child(touch, &place);
    bool faulted = WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV;
    cr_expect(places[i].faults ? faulted : status == 0, "place %zu: %x", i, status);
  }
}

Test(slab, guard_pages_are_mapped_without_any_permission) {
  struct test_mapping arena;
  struct test_mapping guard;
  cr_assert(test_find_mapping(&arena, new_slot(32)));
  cr_expect_eq((size_t)(arena.end - arena.start), bulla_slab_usage().arena_size);
  cr_expect(test_find_mapping(&guard, arena.start - 1));
  cr_expect_str_eq(guard.permissions, "---p");
  cr_expect(test_find_mapping(&guard, arena.end));
  cr_expect_str_eq(guard.permissions, "---p");
}

Test(slab, the_arena_is_a_mebibyte_unless_asked_otherwise) {
  new_slot(1);
  cr_expect_eq(bulla_slab_usage().arena_size, 1 << 20);
}

static int arena_of_5000_bytes_is_two_pages(void *argument) {
  (void)argument;
  struct bulla_memory_options options = {.size = sizeof(struct bulla_memory_options), .arena_size = 5000};
  return bulla_memory_init(&options) == BULLA_OK && bulla_slab_usage().arena_size == 2 * PAGE ? 0 : 1;
}

Test(slab, the_size_of_the_arena_is_rounded_up_to_whole_pages) {
  cr_expect_eq(test_in_child(arena_of_5000_bytes_is_two_pages, NULL), 0);
}

Test(slab, memory_init_refuses_a_second_arena_and_leaves_the_first) {
  struct bulla_memory_options options = {.size = sizeof(struct bulla_memory_options), .arena_size = PAGE};
  TEST_OK(bulla_memory_init(&options));
  options.arena_size = 2 * PAGE;
  TEST_STATUS(bulla_memory_init(&options), BULLA_INVALID_ARGUMENT);
  cr_expect_eq(bulla_slab_usage().arena_size, PAGE);
}

Test(slab, memory_init_comes_too_late_after_the_first_secret) {
  new_slot(1);
  struct bulla_memory_options options = {.size = sizeof(struct bulla_memory_options), .arena_size = PAGE};
  TEST_STATUS(bulla_memory_init(&options), BULLA_INVALID_ARGUMENT);
}

Test(slab, memory_init_refuses_an_arena_that_no_machine_has) {
  const size_t sizes[] = {SIZE_MAX, SIZE_MAX - PAGE, SIZE_MAX / 2, (size_t)1 << 46, ((size_t)1 << 30) + 1};
  for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
    struct bulla_memory_options options = {.size = sizeof(struct bulla_memory_options), .arena_size = sizes[i]};
    cr_expect_eq(bulla_memory_init(&options), BULLA_TOO_LARGE, "%zx bytes", sizes[i]);
  }
  new_slot(1);
}

Test(slab, slots_are_zero_and_aligned_to_a_cache_line_at_every_length) {
  for (size_t round = 0; round < 2; round++) {
    for (size_t len = 0; len <= 700; len++) {
      uint8_t *slot = new_slot(len);
      cr_assert_eq((uintptr_t)slot % GRANULE, 0, "length %zu", len);
      cr_assert(test_zero(slot, len), "length %zu", len);
      memset(slot, 0xff, len);
      void *freed = slot;
      bulla_slab_free(&freed, len);
      cr_assert_null(freed);
    }
  }
}

Test(slab, slots_do_not_overlap) {
  enum { NUM = 200 };
  uint8_t *slots[NUM];
  for (size_t i = 0; i < NUM; i++) {
    slots[i] = new_slot(i);
    memset(slots[i], (int)i + 1, i);
  }
  for (size_t i = 0; i < NUM; i++) {
    TEST_SPAN(bulla_span(slots[i], i), test_filled((uint8_t)(i + 1), i), "slot %zu", i);
    void *slot = slots[i];
    bulla_slab_free(&slot, i);
  }
  cr_expect_eq(bulla_slab_usage().used, 0);
}

/* A long walk through a small arena, where free space comes in pieces of all sizes. */
Test(slab, slots_do_not_overlap_whatever_is_freed_before) {
  enum { NUM = 40, NUM_STEPS = 100000 };
  test_arena(4 * PAGE);
  struct {
    void *slot;
    size_t len;
    uint8_t fill;
  } held[NUM] = {0};
  unsigned seed = 1;
  size_t num_full = 0;
  for (size_t step = 0; step < NUM_STEPS; step++) {
    size_t i = (size_t)rand_r(&seed) % NUM;
    if (held[i].slot != NULL) {
      for (size_t at = 0; at < held[i].len; at++) {
        cr_assert_eq(((uint8_t *)held[i].slot)[at], held[i].fill, "step %zu: another slot was written here", step);
      }
      bulla_slab_free(&held[i].slot, held[i].len);
      continue;
    }
    held[i].len = (size_t)rand_r(&seed) % (step % 7 == 0 ? 5000 : 300);
    held[i].fill = (uint8_t)step;
    enum bulla_status status = bulla_slab_new(&held[i].slot, held[i].len);
    cr_assert(status == BULLA_OK || status == BULLA_ARENA_FULL);
    num_full += status == BULLA_ARENA_FULL;
    if (status == BULLA_OK) {
      cr_assert(test_zero(held[i].slot, held[i].len), "step %zu", step);
      memset(held[i].slot, held[i].fill, held[i].len);
    }
  }
  cr_expect_gt(num_full, 100, "the arena was never full");
  cr_expect_lt(num_full, NUM_STEPS / 4, "the arena was always full");
}

/* The slot in the middle fills a whole word of the map of what is taken, which a search steps over at once. */
Test(slab, free_space_before_and_behind_a_slot_is_not_one_piece) {
  test_arena(3 * PAGE);
  static const size_t lengths[] = {60 * GRANULE, 0, 62 * GRANULE, 0, 60 * GRANULE};
  void *slots[5];
  for (size_t i = 0; i < 5; i++) {
    slots[i] = new_slot(lengths[i]);
  }
  cr_assert_eq(bulla_slab_usage().used, 3 * PAGE, "the arena is not full");
  bulla_slab_free(&slots[1], 0);
  bulla_slab_free(&slots[3], 0);
  void *slot;
  TEST_STATUS(bulla_slab_new(&slot, GRANULE), BULLA_ARENA_FULL);
  new_slot(0);
  new_slot(0);
}

Test(slab, free_wipes_the_slot_and_its_canaries) {
  static const size_t lengths[] = {1, 31, 32, 63, 64, 65, 128, 600, 5000};
  for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
    size_t len = lengths[i];
    uint8_t *slot = new_slot(len);
    memset(slot, 0xee, len);
    cr_assert_not(test_zero(slot - GRANULE, GRANULE), "no canary before a slot of %zu bytes", len);
    cr_assert_not(test_zero(slot + len, GRANULE), "no canary behind a slot of %zu bytes", len);
    void *freed = slot;
    bulla_slab_free(&freed, len);
    cr_expect(test_zero(slot - GRANULE, GRANULE + len + GRANULE), "length %zu", len);
  }
}

Test(slab, free_takes_null) {
  void *slot = NULL;
  bulla_slab_free(&slot, 32);
  cr_expect_null(slot);
}

/* Which byte to write over, relative to a slot, or to its end. */
struct overrun {
  size_t len;
  ptrdiff_t at;
  bool from_end;
};

static int overrun_and_free(void *argument) {
  const struct overrun *overrun = argument;
  void *slot;
  if (bulla_slab_new(&slot, overrun->len) != BULLA_OK) {
    return 1;
  }
  uint8_t *target = (uint8_t *)slot + (overrun->from_end ? (ptrdiff_t)overrun->len : 0) + overrun->at;
  *target ^= 1;
  bulla_slab_free(&slot, overrun->len);
  return 0;
}

Test(slab, one_byte_before_or_behind_a_slot_ends_the_process_on_free) {
  static const size_t lengths[] = {1, 32, 63, 64, 65, 600};
  static const struct overrun overruns[] = {
      {.at = -1}, {.at = -GRANULE}, {.at = 0, .from_end = true}, {.at = GRANULE - 1, .from_end = true}};
  for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
    for (size_t j = 0; j < sizeof(overruns) / sizeof(*overruns); j++) {
      struct overrun overrun = overruns[j];
      overrun.len = lengths[i];
      int status = test_in_child(overrun_and_free, &overrun);
      cr_expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT, "length %zu, byte %td of %s: %x", overrun.len,
                overrun.at, overrun.from_end ? "its end" : "its beginning", status);
    }
    struct overrun last_byte = {.len = lengths[i], .at = -1, .from_end = true};
    cr_expect_eq(test_in_child(overrun_and_free, &last_byte), 0, "the last byte of %zu is no overrun", lengths[i]);
  }
}

Test(slab, canaries_are_random) {
  uint8_t *slot = new_slot(GRANULE);
  uint8_t *copy = test_alloc(GRANULE);
  memcpy(copy, slot + GRANULE, GRANULE);
  size_t num_distinct = 0;
  for (size_t i = 0; i < GRANULE; i++) {
    num_distinct += memchr(copy, copy[i], i) == NULL;
  }
  cr_expect_gt(num_distinct, GRANULE / 4);
}

Test(slab, a_full_arena_says_so_and_recovers_after_a_free) {
  test_arena(4 * PAGE);
  void *slots[4 * PAGE / GRANULE];
  size_t num = 0;
  enum bulla_status status = BULLA_OK;
  while (status == BULLA_OK) {
    cr_assert_lt(num, sizeof(slots) / sizeof(*slots));
    status = bulla_slab_new(&slots[num++], GRANULE);
  }
  cr_assert_eq(status, BULLA_ARENA_FULL);
  num--;
  cr_expect_null(slots[num]);
  cr_expect_geq(num, 4 * PAGE / GRANULE / 4, "%zu slots of %d bytes in %d pages", num, GRANULE, 4);
  size_t used = bulla_slab_usage().used;
  cr_expect_leq(used, 4 * PAGE);
  for (size_t i = 0; i < num; i++) {
    void *freed = slots[i];
    bulla_slab_free(&slots[i], GRANULE);
    cr_assert_eq(new_slot(GRANULE), freed, "slot %zu is not found again", i);
    slots[i] = freed;
    void *one_more;
    TEST_STATUS(bulla_slab_new(&one_more, GRANULE), BULLA_ARENA_FULL);
  }
  cr_expect_eq(bulla_slab_usage().used, used);
  for (size_t i = 0; i < num; i++) {
    bulla_slab_free(&slots[i], GRANULE);
  }
  cr_expect_eq(bulla_slab_usage().used, 0);
  void *large = new_slot(3 * PAGE);
  bulla_slab_free(&large, 3 * PAGE);
}

Test(slab, a_slot_larger_than_the_arena_is_refused_at_every_length) {
  test_arena(PAGE);
  static const size_t lengths[] = {PAGE - GRANULE, PAGE,          PAGE + 1,      SIZE_MAX / 2,
                                   SIZE_MAX - 200, SIZE_MAX - 64, SIZE_MAX - 63, SIZE_MAX};
  for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
    void *slot = &slot;
    TEST_STATUS(bulla_slab_new(&slot, lengths[i]), BULLA_ARENA_FULL);
    cr_expect_null(slot);
  }
  cr_expect_eq(bulla_slab_usage().used, 0);
  new_slot(PAGE - 2 * GRANULE);
}

static uint64_t parents_epoch;
static void *parents_slot;

static int is_a_new_epoch(void *argument) {
  (void)argument;
  uint64_t epoch = bulla_fork_epoch();
  return epoch != 0 && epoch != parents_epoch && epoch == bulla_fork_epoch() ? 0 : 1;
}

/* A child of a child that never asked for its own generation. */
static int grandchild_is_a_new_epoch(void *argument) {
  pid_t grandchild = fork();
  if (grandchild == 0) {
    _exit(is_a_new_epoch(argument));
  }
  int status = 1;
  waitpid(grandchild, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

Test(slab, each_forked_child_is_another_fork_epoch) {
  parents_epoch = bulla_fork_epoch();
  cr_assert_neq(parents_epoch, 0);
  cr_expect_eq(test_in_child(is_a_new_epoch, NULL), 0);
  cr_expect_eq(test_in_child(grandchild_is_a_new_epoch, NULL), 0);
  cr_expect_eq(bulla_fork_epoch(), parents_epoch, "the parent's changed");
}

/* fork(2) without the C library, which then runs no fork handlers. */
Test(slab, a_child_of_a_bare_system_call_is_another_fork_epoch_too) {
  parents_epoch = bulla_fork_epoch();
  pid_t child = (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
  if (child == 0) {
    _exit(is_a_new_epoch(NULL));
  }
  int status = 1;
  cr_assert_eq(waitpid(child, &status, 0), child);
  cr_expect_eq(status, 0);
}

static int reads_the_parents_slot(void *argument) {
  (void)argument;
  return *(volatile uint8_t *)parents_slot == 0 ? 0 : 1;
}

Test(slab, a_forked_child_has_no_copy_of_the_arena) {
  parents_slot = new_slot(32);
  int status = test_in_child(reads_the_parents_slot, NULL);
  cr_expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV, "%x", status);
}

static int makes_an_arena_of_its_own(void *argument) {
  (void)argument;
  uint8_t *mine[20];
  if (bulla_slab_usage().arena_size != 0 || bulla_slab_usage().used != 0) {
    return 4;
  }
  for (size_t i = 0; i < 20; i++) {
    void *slot;
    if (bulla_slab_new(&slot, 100) != BULLA_OK || !test_zero(slot, 100)) {
      return 1;
    }
    mine[i] = slot;
    memset(slot, (int)i, 100);
  }
  size_t used = bulla_slab_usage().used;
  for (size_t i = 0; i < 20; i++) {
    void *slot = mine[i];
    if (mine[i][0] != i || mine[i][99] != i) {
      return 2;
    }
    bulla_slab_free(&slot, 100);
  }
  return used >= 2000 && used < 20000 && bulla_slab_usage().used == 0 && bulla_slab_usage().locked ? 0 : 3;
}

Test(slab, a_forked_child_makes_an_arena_of_its_own) {
  uint8_t *slot = new_slot(100);
  memset(slot, 0x77, 100);
  cr_expect_eq(test_in_child(makes_an_arena_of_its_own, NULL), 0);
  TEST_SPAN(bulla_span(slot, 100), test_filled(0x77, 100), "the child wrote into its parent's arena");
}

static void *allocate_and_free(void *argument) {
  unsigned seed = *(const unsigned *)argument;
  for (size_t round = 0; round < 10000; round++) {
    size_t len = (size_t)rand_r(&seed) % 300 + 1;
    void *slot;
    if (bulla_slab_new(&slot, len) != BULLA_OK || !test_zero(slot, len)) {
      return "no slot, or one that is not zero";
    }
    uint8_t mine = (uint8_t)(rand_r(&seed) | 1);
    memset(slot, mine, len);
    sched_yield();
    for (size_t i = 0; i < len; i++) {
      if (((uint8_t *)slot)[i] != mine) {
        return "another thread wrote into the slot";
      }
    }
    bulla_slab_free(&slot, len);
  }
  return NULL;
}

Test(slab, threads_allocate_and_free_at_once) {
  static const unsigned seeds[] = {1, 2, 3, 4, 5, 6, 7, 8};
  struct test_threads threads;
  test_start(&threads, 8, allocate_and_free, (void *)(uintptr_t)seeds, sizeof(*seeds));
  test_join(&threads);
  cr_expect_eq(bulla_slab_usage().used, 0);
}

static int allocates(void *argument) {
  (void)argument;
  void *slot;
  return bulla_slab_new(&slot, 32) == BULLA_OK ? 0 : 1;
}

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define UNDER_THREAD_SANITIZER true
#endif
#endif
#ifndef UNDER_THREAD_SANITIZER
#define UNDER_THREAD_SANITIZER false
#endif
static const bool under_thread_sanitizer = UNDER_THREAD_SANITIZER;

/* A fork while another thread holds the mutex must not leave the child a mutex that nobody will unlock. */
Test(slab, a_fork_in_the_midst_of_other_threads_leaves_the_child_a_working_arena, .timeout = 60) {
  if (under_thread_sanitizer) {
    cr_skip_test("the sanitizer's own locks stay locked in the child");
  }
  struct test_threads threads;
  unsigned seeds[2] = {1, 2};
  test_start(&threads, 2, allocate_and_free, seeds, sizeof(*seeds));
  for (size_t i = 0; i < 50; i++) {
    cr_assert_eq(test_in_child(allocates, NULL), 0);
  }
  test_join(&threads);
}
