/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Threads that need a key of the same verifier at once, callbacks that end their thread or verify themselves, and
 * keys that are revoked meanwhile. */

#include "core/slab.h"
#include "tests/token_keys_support.h"

static struct bulla_verifier *shared;
static struct bulla_span shared_tokens[3];

static void *verify_once(void *argument) {
  static _Thread_local uint8_t room[BULLA_PAYLOAD_SIZE];
  struct bulla_buffer payload = bulla_buffer(room, sizeof(room));
  struct bulla_claims claims = BULLA_CLAIMS_INIT;
  return (void *)(uintptr_t)bulla_token_verify(shared, &claims, &payload, *(struct bulla_span *)argument, TEST_NOW);
}

/* Asserts that four threads that come at once with |shared_tokens| get |wanted|. */
static void verify_at_once(enum bulla_status wanted) {
  pthread_t threads[4];
  for (size_t i = 0; i < 4; i++) {
    cr_assert_eq(pthread_create(&threads[i], NULL, verify_once, &shared_tokens[i % 2]), 0);
  }
  for (size_t i = 0; i < 4; i++) {
    void *status = NULL;
    pthread_join(threads[i], &status);
    cr_expect_eq((uintptr_t)status, wanted);
  }
}

Test(token_key_threads, threads_that_need_a_key_at_once_have_it_opened_once, .timeout = 30) {
  shared = new_verifier(0);
  shared_tokens[0] = token_of(1);
  shared_tokens[1] = token_of_day(1, TEST_DAY - 1);
  world.delay = 200000000;
  verify_at_once(BULLA_OK);
  cr_expect_eq(world.num_found, 1, "%zu calls", (size_t)world.num_found);
}

Test(token_key_threads, threads_that_wait_for_an_answer_in_vain_ask_by_themselves, .timeout = 30) {
  shared = new_verifier(0);
  shared_tokens[0] = shared_tokens[1] = token_of(1);
  world.delay = 100000000;
  world.find = BULLA_BUSY;
  verify_at_once(BULLA_BUSY);
  cr_expect_eq(world.num_found, 4, "%zu calls", (size_t)world.num_found);
}

/* Has |num_threads| at once verify |shared_tokens[0]|, of which |num_ends| are ended by a callback. */
static void verify_and_end(size_t num_threads, int num_ends) {
  pthread_t threads[4];
  size_t num_good = 0;
  size_t num_ended = 0;
  world.num_ends = num_ends;
  for (size_t i = 0; i < num_threads; i++) {
    cr_assert_eq(pthread_create(&threads[i], NULL, verify_once, &shared_tokens[0]), 0);
  }
  for (size_t i = 0; i < num_threads; i++) {
    void *status = NULL;
    pthread_join(threads[i], &status);
    num_good += (uintptr_t)status == BULLA_OK;
    num_ended += status == PTHREAD_CANCELED;
  }
  cr_expect_eq(num_ended, (size_t)num_ends);
  cr_expect_eq(num_good, num_threads - num_ended);
}

Test(token_key_threads, a_callback_that_ends_its_thread_leaves_nothing_behind, .timeout = 30) {
  shared = new_verifier(0);
  shared_tokens[0] = token_of(1);
  size_t before = bulla_slab_usage().used;
  for (size_t i = 0; i < 3; i++) {
    verify_and_end(1, 1);
  }
  cr_expect_eq(bulla_slab_usage().used, before, "a root is left");
  TEST_VERIFY(shared, token_of(1), TEST_NOW, BULLA_OK, "the same key");
  cr_expect_eq(world.num_found, 4);
  world.generation += 2;
  verify_and_end(1, 1);
  TEST_VERIFY(shared, token_of(1), TEST_NOW, BULLA_OK, "after is_live");
  cr_expect_eq(world.num_found, 4);
  cr_expect_eq(world.num_judged, 2);
}

Test(token_key_threads, threads_that_wait_for_one_that_is_ended_ask_by_themselves, .timeout = 30) {
  shared = new_verifier(0);
  shared_tokens[0] = token_of(1);
  world.delay = 200000000;
  verify_and_end(4, 1);
  TEST_VERIFY(shared, token_of(1), TEST_NOW, BULLA_OK, "remembered");
  cr_expect(world.num_found >= 2 && world.num_found <= 4, "%zu calls", (size_t)world.num_found);
}

Test(token_key_threads, a_callback_that_verifies_waits_neither_for_itself_nor_for_another, .timeout = 30) {
  shared = new_verifier(0);
  world.nested = shared;
  world.nested_token = token_of(1);
  TEST_VERIFY(shared, token_of(1), TEST_NOW, BULLA_OK, "the same key");
  cr_expect_eq(world.num_found, 2);
  TEST_VERIFY(shared, token_of(1), TEST_NOW, BULLA_OK, "the same key, remembered");
  cr_expect_eq(world.num_found, 2);
  world.is_gone[2] = true;
  world.nested = shared;
  world.nested_token = token_of(2);
  world.nested_status = BULLA_REFUSED;
  TEST_VERIFY(shared, token_of(3), TEST_NOW, BULLA_OK, "another");
}

static _Atomic bool stop;

static void *verify_on(void *argument) {
  uintptr_t num_wrong = 0;
  while (!stop) {
    uintptr_t status = (uintptr_t)verify_once(argument);
    num_wrong += status != BULLA_OK && (argument == &shared_tokens[1] || status != BULLA_REFUSED);
  }
  return (void *)num_wrong;
}

Test(token_key_threads, no_thread_uses_a_key_that_was_revoked_before_it_began, .timeout = 100) {
  struct test_threads threads;
  struct bulla_claims claims = BULLA_CLAIMS_INIT;
  shared = new_verifier(0);
  shared_tokens[0] = token_of(1);
  shared_tokens[1] = token_of(2);
  shared_tokens[2] = shared_tokens[0];
  test_start(&threads, 3, verify_on, shared_tokens, sizeof(*shared_tokens));
  for (size_t round = 0; round < 2000; round++) {
    TEST_STATUS(test_verify(shared, &claims, shared_tokens[0], TEST_NOW), BULLA_OK);
    world.is_gone[1] = true;
    world.generation += 2;
    TEST_STATUS(test_verify(shared, &claims, shared_tokens[0], TEST_NOW), BULLA_REFUSED);
    world.is_gone[1] = false;
  }
  stop = true;
  test_join(&threads);
}
