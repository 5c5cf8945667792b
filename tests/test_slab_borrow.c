/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Slots that are borrowed: what is kept of them, and what of their bytes is not. */

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "core/shard.h"
#include "core/slab.h"
#include "core/xaes.h"
#include "tests/support.h"

enum { GRANULE = 64, WITH_CANARIES = BULLA_SPARE_LEN + 2 * GRANULE };

/* So that the thread is on one processor, and finds what it gave back. */
static void stay_here(void) {
  cpu_set_t here;
  CPU_ZERO(&here);
  CPU_SET((size_t)sched_getcpu(), &here);
  cr_assert_eq(sched_setaffinity(0, sizeof(here), &here), 0);
}

static struct bulla_borrowed borrow(void) {
  struct bulla_borrowed borrowed;
  TEST_OK(bulla_slab_borrow(&borrowed));
  cr_assert(test_zero(borrowed.slot, BULLA_SPARE_LEN), "a borrowed slot is not zero");
  return borrowed;
}

static void give_back(struct bulla_borrowed borrowed, size_t used) {
  bulla_slab_give_back(&borrowed, used);
  cr_assert_null(borrowed.slot);
}

Test(slab_borrow, a_slot_is_kept_and_counts_as_free, .init = stay_here) {
  size_t used = bulla_slab_usage().used;
  struct bulla_borrowed first = borrow();
  cr_expect_eq((uintptr_t)first.slot % GRANULE, 0);
  cr_expect_eq(bulla_slab_usage().used, used + WITH_CANARIES);
  give_back(first, 0);
  cr_expect_eq(bulla_slab_usage().used, used);
  void *other = NULL;
  TEST_OK(bulla_slab_new(&other, BULLA_SPARE_LEN));
  cr_expect_neq(other, first.slot, "it was not kept");
  bulla_slab_free(&other, BULLA_SPARE_LEN);
  cr_expect_eq(borrow().slot, first.slot);
  cr_expect_eq(bulla_slab_usage().used, used + WITH_CANARIES);
  struct bulla_borrowed second = borrow();
  cr_expect_neq(second.slot, first.slot);
  cr_expect_eq(bulla_slab_usage().used, used + 2 * WITH_CANARIES);
  give_back(first, 0);
  give_back(second, 0);
  cr_expect_eq(bulla_slab_usage().used, used, "more than one is kept");
  cr_expect_eq(borrow().slot, first.slot);
}

Test(slab_borrow, what_was_used_is_wiped_when_it_is_given_back, .init = stay_here) {
  static const size_t lens[] = {1, 63, 64, 600, BULLA_SPARE_LEN - 1, BULLA_SPARE_LEN};
  for (size_t i = 0; i < sizeof(lens) / sizeof(*lens); i++) {
    struct bulla_borrowed borrowed = borrow();
    memset(borrowed.slot, 0xee, lens[i]);
    give_back(borrowed, lens[i]);
    cr_expect(test_zero(borrowed.slot, BULLA_SPARE_LEN), "%zu bytes", lens[i]);
  }
}

static int overrun(void *argument) {
  struct bulla_borrowed borrowed;
  if (bulla_slab_borrow(&borrowed) != BULLA_OK) {
    return 1;
  }
  ((uint8_t *)borrowed.slot)[*(const ptrdiff_t *)argument] ^= 1;
  bulla_slab_give_back(&borrowed, BULLA_SPARE_LEN);
  return 0;
}

Test(slab_borrow, one_byte_before_or_behind_ends_the_process_when_it_is_given_back) {
  static const ptrdiff_t places[] = {-GRANULE, -1, BULLA_SPARE_LEN, BULLA_SPARE_LEN + GRANULE - 1};
  for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
    ptrdiff_t place = places[i];
    int status = test_in_child(overrun, &place);
    cr_expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT, "byte %td: %x", place, status);
  }
  ptrdiff_t last = BULLA_SPARE_LEN - 1;
  cr_expect_eq(test_in_child(overrun, &last), 0, "the last byte is no overrun");
}

Test(slab_borrow, what_is_kept_does_not_make_the_arena_full, .init = stay_here) {
  enum { ROOM = 4 * 4096 };
  test_arena(ROOM);
  give_back(borrow(), 0);
  void *slot = NULL;
  TEST_OK(bulla_slab_new(&slot, ROOM - 2 * GRANULE));
  struct bulla_borrowed other;
  for (size_t i = 0; i < 2; i++) {
    TEST_STATUS(bulla_slab_borrow(&other), BULLA_ARENA_FULL);
    cr_expect_null(other.slot);
  }
  bulla_slab_free(&slot, ROOM - 2 * GRANULE);
  other = borrow();
  cr_expect_not_null(other.spare, "a moment without memory ended the keeping");
  give_back(other, 0);
  cr_expect_eq(bulla_slab_usage().used, 0);
}

static struct bulla_borrowed parents;

static int borrows_its_own(void *argument) {
  struct bulla_borrowed mine;
  (void)argument;
  if (bulla_slab_usage().used != 0 || bulla_slab_borrow(&mine) != BULLA_OK || !test_zero(mine.slot, BULLA_SPARE_LEN)) {
    return 1;
  }
  memset(mine.slot, 1, BULLA_SPARE_LEN);
  bulla_slab_give_back(&mine, BULLA_SPARE_LEN);
  return bulla_slab_usage().used == 0 ? 0 : 2;
}

Test(slab_borrow, a_forked_child_does_not_find_what_its_parent_keeps, .init = stay_here) {
  parents = borrow();
  cr_expect_eq(test_in_child(borrows_its_own, NULL), 0, "while its parent has it");
  give_back(parents, 0);
  cr_expect_eq(test_in_child(borrows_its_own, NULL), 0);
  cr_expect_eq(borrow().slot, parents.slot);
}

static void *borrow_and_give_back(void *argument) {
  unsigned seed = *(const unsigned *)argument;
  for (size_t round = 0; round < 20000; round++) {
    struct bulla_borrowed borrowed;
    if (bulla_slab_borrow(&borrowed) != BULLA_OK || !test_zero(borrowed.slot, BULLA_SPARE_LEN)) {
      return "no slot, or one that is not zero";
    }
    uint8_t *slot = borrowed.slot;
    size_t len = (size_t)rand_r(&seed) % BULLA_SPARE_LEN + 1;
    uint8_t mine = (uint8_t)(rand_r(&seed) | 1);
    memset(slot, mine, len);
    if (round % 16 == 0) {
      sched_yield();
    }
    for (size_t i = 0; i < len; i++) {
      if (slot[i] != mine) {
        return "another thread wrote into the slot";
      }
    }
    bulla_slab_give_back(&borrowed, len);
  }
  return NULL;
}

Test(slab_borrow, threads_borrow_at_once) {
  static const unsigned seeds[] = {1, 2, 3, 4, 5, 6, 7, 8};
  struct test_threads threads;
  test_start(&threads, 8, borrow_and_give_back, (void *)(uintptr_t)seeds, sizeof(*seeds));
  test_join(&threads);
  cr_expect_eq(bulla_slab_usage().used, 0);
}

/* A key of XAES derives one for each message, and there must be room for it. */
static void derive_on(unsigned engine) {
  static const uint8_t nonce[BULLA_XAES_NONCE_LEN] = {1};
  uint8_t out[100];
  uint8_t tag[BULLA_TAG_LEN];
  const struct bulla_aad aad = {.head = nonce, .head_len = sizeof(nonce)};
  struct bulla_xaes *xaes = NULL;
  TEST_OK(bulla_engine_choose(engine));
  TEST_OK(bulla_xaes_new(&xaes, test_filled(1, 32)));
  size_t used = bulla_slab_usage().used;
  struct bulla_borrowed borrowed = borrow();
  const uint8_t *kept = borrowed.slot;
  give_back(borrowed, 0);
  TEST_OK(bulla_xaes_seal(xaes, out, tag, nonce, test_filled(2, sizeof(out)), &aad));
  cr_expect(test_zero(kept, BULLA_SPARE_LEN), "sealing leaves the derived key");
  TEST_OK(bulla_xaes_open(xaes, out, nonce, tag, bulla_span(out, sizeof(out)), &aad));
  cr_expect(test_zero(kept, BULLA_SPARE_LEN), "opening leaves the derived key");
  tag[0] ^= 1;
  TEST_STATUS(bulla_xaes_open(xaes, out, nonce, tag, bulla_span(out, sizeof(out)), &aad), BULLA_REFUSED);
  cr_expect(test_zero(kept, BULLA_SPARE_LEN), "refusing leaves the derived key");
  cr_expect_eq(bulla_slab_usage().used, used);
  void *slots[4 * 4096 / GRANULE];
  size_t num = 0;
  while (bulla_slab_new(&slots[num], GRANULE) == BULLA_OK) {
    num++;
  }
  TEST_STATUS(bulla_xaes_seal(xaes, out, tag, nonce, test_filled(2, sizeof(out)), &aad), BULLA_ARENA_FULL);
  memset(out, 3, sizeof(out));
  TEST_STATUS(bulla_xaes_open(xaes, out, nonce, tag, bulla_span(out, sizeof(out)), &aad), BULLA_ARENA_FULL);
  cr_expect(test_zero(out, sizeof(out)), "what the buffer held is left");
  while (num > 0) {
    bulla_slab_free(&slots[--num], GRANULE);
  }
  bulla_xaes_free(&xaes);
  cr_expect_eq(bulla_slab_usage().used, 0);
}

Test(slab_borrow, derived_keys_are_gone_after_each_message, .init = stay_here) {
  test_arena(4 * 4096);
  derive_on(BULLA_ENGINE_AUTO);
  derive_on(BULLA_ENGINE_BORINGSSL);
}
