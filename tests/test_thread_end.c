/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Threads at their end, by themselves or cancelled, and children that come into being while others are at work. */

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <bulla/token.h>

#include "core/crypto.h"
#include "core/lock.h"
#include "core/nonce.h"
#include "core/slab.h"
#include "tests/vault_support.h"

enum { LEN = 12, PER_CALL = 40, NUM_KEYS = 4, MAX_WORDS = 1 << 20 };

/* Eight bytes of every nonce that was drawn, without the processor's fresh word. */
static uint64_t words[MAX_WORDS];
static atomic_size_t num_words;

static void draw_some(void) {
  for (size_t i = 0; i < PER_CALL; i++) {
    uint8_t nonce[LEN];
    if (bulla_nonce_mixed(nonce, LEN, 0) != BULLA_OK) {
      abort();
    }
    memcpy(&words[num_words++], nonce + 2, sizeof(*words));
  }
}

static int compare(const void *a, const void *b) {
  uint64_t x = *(const uint64_t *)a;
  uint64_t y = *(const uint64_t *)b;
  return x < y ? -1 : x > y;
}

static size_t count_repeats(void) {
  size_t repeats = 0;
  qsort(words, num_words, sizeof(*words), compare);
  for (size_t i = 1; i < num_words; i++) {
    repeats += words[i] == words[i - 1];
  }
  return repeats;
}

/* What a thread's own data asks for as the thread ends: to be asked again |rounds| times, and to draw in those
 * rounds of which |draws| has the bit. */
struct last_will {
  pthread_key_t key;
  unsigned rounds;
  unsigned draws;
  unsigned round;
};

static void carry_out(void *argument) {
  struct last_will *will = argument;
  if ((will->draws >> will->round & 1) != 0) {
    draw_some();
  }
  will->round++;
  if (will->round < will->rounds) {
    pthread_setspecific(will->key, will);
  }
}

/* Two keys made before the first nonce of the process, and two after it: their destructors run in that order. */
static pthread_key_t keys[NUM_KEYS];

static void make_keys(void) {
  for (size_t i = 0; i < NUM_KEYS; i++) {
    cr_assert_eq(pthread_key_create(&keys[i], carry_out), 0);
    if (i == 1) {
      draw_some();
    }
  }
}

struct thread_plan {
  bool draws; /* before it ends */
  struct last_will wills[NUM_KEYS];
};

static void *run_plan(void *argument) {
  struct thread_plan *plan = argument;
  if (plan->draws) {
    draw_some();
  }
  for (size_t i = 0; i < NUM_KEYS; i++) {
    pthread_setspecific(keys[i], &plan->wills[i]);
  }
  return NULL;
}

Test(thread_end, nonces_drawn_by_the_destructors_of_a_threads_data_are_new_in_every_round, .timeout = 60) {
  enum { AT_ONCE = 8 };
  make_keys();
  size_t before = test_kib_with(" wf"); /* wiped on fork: no sanitizer has any */
  /* Each set of rounds in which each key's destructor draws, with and without a draw before. */
  for (unsigned draws = 0; draws < 16; draws++) {
    for (unsigned which = 0; which <= NUM_KEYS; which++) {
      pthread_t threads[AT_ONCE];
      struct thread_plan plans[AT_ONCE] = {0};
      for (size_t i = 0; i < AT_ONCE; i++) {
        plans[i].draws = i % 2 == 0;
        for (size_t key = 0; key < NUM_KEYS; key++) {
          bool draws_here = which == NUM_KEYS || which == key;
          plans[i].wills[key] = (struct last_will){.key = keys[key], .rounds = 4, .draws = draws_here ? draws : 0};
        }
        cr_assert_eq(pthread_create(&threads[i], NULL, run_plan, &plans[i]), 0);
      }
      for (size_t i = 0; i < AT_ONCE; i++) {
        pthread_join(threads[i], NULL);
        cr_assert_eq(plans[i].wills[0].round, 4, "not every round was run");
      }
    }
  }
  cr_expect_gt(num_words, 20000);
  cr_expect_eq(count_repeats(), 0);
  cr_expect_eq(test_kib_with(" wf"), before, "threads leave memory behind");
}

enum { MAX_KEYS = 1 << 12 };

/* Uses up all keys of thread-specific data before the first nonce; 0 is somebody's. */
static int draws_without_a_key(void *argument) {
  (void)argument;
  static void *before[MAX_KEYS];
  pthread_key_t key = 0;
  pthread_key_t last = 0;
  while (pthread_key_create(&key, NULL) == 0) {
    last = key > last ? key : last;
    pthread_setspecific(key, &before[key % MAX_KEYS]);
  }
  if (last < 100 || last >= MAX_KEYS) {
    return 1;
  }
  for (key = 0; key <= last; key++) {
    before[key] = pthread_getspecific(key);
  }
  for (size_t i = 0; i < 50; i++) {
    draw_some();
  }
  for (key = 0; key <= last; key++) {
    if (before[key] != pthread_getspecific(key)) {
      return 2;
    }
  }
  return count_repeats() == 0 ? 0 : 3;
}

Test(thread_end, somebody_elses_thread_data_stays_where_there_is_no_key_for_ours) {
  cr_expect_eq(test_in_child(draws_without_a_key, NULL), 0);
}

/* Makes and frees secrets, and passes by points at which it can be cancelled, until it is. */
static void *work_until_cancelled(void *argument) {
  (void)argument;
  struct bulla_secret *secret = NULL;
  while (bulla_secret_random(&secret, 40) == BULLA_OK) {
    bulla_secret_free(&secret);
    pthread_testcancel();
  }
  return NULL;
}

static void *take_slots_until_cancelled(void *argument) {
  (void)argument;
  void *slot;
  while (bulla_slab_new(&slot, 100) == BULLA_OK) {
    bulla_slab_free(&slot, 100);
    pthread_testcancel();
  }
  return NULL;
}

static void pause_a_little(long nanoseconds) {
  struct timespec pause = {.tv_nsec = nanoseconds};
  nanosleep(&pause, NULL);
}

/* Returns 0 if a child of fork(2) comes, and makes a secret and ends. */
static int forks_and_makes(void *argument) {
  (void)argument;
  struct bulla_secret *secret = NULL;
  if (bulla_secret_random(&secret, 32) != BULLA_OK) {
    return 1;
  }
  bulla_secret_free(&secret);
  return 0;
}

static void others_go_on(size_t round) {
  alarm(20);
  cr_assert_eq(test_in_child(forks_and_makes, NULL), 0, "round %zu", round);
  cr_assert_eq(forks_and_makes(NULL), 0, "round %zu", round);
  cr_assert_eq(bulla_slab_usage().used, 0, "round %zu: a secret was left", round);
  alarm(0);
}

Test(thread_end, a_thread_cancelled_as_it_makes_secrets_leaves_no_lock_and_no_secret, .timeout = 60) {
  for (size_t round = 0; round < 400; round++) {
    pthread_t thread;
    void *result;
    void *(*work)(void *) = round % 2 == 0 ? work_until_cancelled : take_slots_until_cancelled;
    cr_assert_eq(pthread_create(&thread, NULL, work, NULL), 0);
    pause_a_little((long)(round * 997 % 60000));
    pthread_cancel(thread);
    pthread_join(thread, &result);
    cr_assert_eq(result, PTHREAD_CANCELED);
    if (round % 10 == 0) {
      others_go_on(round);
    }
  }
}

/* It is cancelled before it begins, so at the first chance, which is in the first secret if there is one. */
static void *make_the_first(void *argument) {
  void *slot;
  while (!*(atomic_bool *)argument) {
  }
  if (bulla_slab_new(&slot, 32) == BULLA_OK) {
    bulla_slab_free(&slot, 32);
  }
  pthread_testcancel();
  return NULL;
}

static int survives_a_cancelled_first(void *argument) {
  (void)argument;
  pthread_t thread;
  atomic_bool go = false;
  void *result;
  if (pthread_create(&thread, NULL, make_the_first, &go) != 0) {
    return 1;
  }
  pthread_cancel(thread);
  go = true;
  pthread_join(thread, &result);
  alarm(10);
  pid_t child = fork();
  if (child == 0) {
    _exit(forks_and_makes(NULL));
  }
  int status = 1;
  waitpid(child, &status, 0);
  return status == 0 && result == PTHREAD_CANCELED && forks_and_makes(NULL) == 0 && bulla_slab_usage().used == 0 ? 0
                                                                                                                 : 2;
}

Test(thread_end, a_thread_cancelled_in_the_first_secret_leaves_no_lock, .timeout = 60) {
  for (size_t i = 0; i < 20; i++) {
    cr_assert_eq(test_in_child(survives_a_cancelled_first, NULL), 0, "round %zu", i);
  }
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static atomic_bool passed;

static void *hold_and_be_cancelled(void *argument) {
  struct bulla_lock lock;
  if (bulla_lock(&lock, &mutex)) {
    pthread_cancel(pthread_self());
    pthread_testcancel();
    passed = true;
    bulla_unlock(&lock);
  }
  pthread_testcancel();
  return argument;
}

Test(thread_end, a_thread_is_cancelled_after_it_held_a_lock_and_not_before) {
  pthread_t thread;
  void *result;
  cr_assert_eq(pthread_create(&thread, NULL, hold_and_be_cancelled, &mutex), 0);
  pthread_join(thread, &result);
  cr_expect_eq(result, PTHREAD_CANCELED);
  cr_expect(passed, "it was cancelled while it held the lock");
  cr_expect_eq(pthread_mutex_trylock(&mutex), 0, "the lock was left");
}

static atomic_bool stop;

static void *keep_the_slab_busy(void *argument) {
  void *slot;
  while (!stop && bulla_slab_new(&slot, 4000) == BULLA_OK) {
    bulla_slab_free(&slot, 4000);
  }
  return argument;
}

static pid_t clone_barely(void) {
  return (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
}

/* The C library's, which runs no handlers; fork where it has none. */
static pid_t fork_barely(void) {
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 34)
  return _Fork();
#else
  return fork();
#endif
}

static int makes_slots_of_its_own(void) {
  alarm(20);
  for (size_t i = 0; i < 3; i++) {
    void *slot;
    if (bulla_slab_new(&slot, 100) != BULLA_OK || !test_zero(slot, 100)) {
      return 1;
    }
    bulla_slab_free(&slot, 100);
  }
  return bulla_slab_usage().used == 0 ? 0 : 2;
}

Test(thread_end, a_child_without_handlers_does_not_wait_for_a_thread_that_it_has_not, .timeout = 110) {
  static pid_t (*const ways[])(void) = {fork, fork_barely, clone_barely};
  pthread_t threads[2];
  for (size_t i = 0; i < 2; i++) {
    cr_assert_eq(pthread_create(&threads[i], NULL, keep_the_slab_busy, NULL), 0);
  }
  for (size_t round = 0; round < 600; round++) {
    pid_t child = ways[round % 3]();
    if (child == 0) {
      _exit(makes_slots_of_its_own());
    }
    int status = 1;
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert_eq(status, 0, "way %zu, round %zu: %x", round % 3, round, (unsigned)status);
  }
  stop = true;
  for (size_t i = 0; i < 2; i++) {
    pthread_join(threads[i], NULL);
  }
}

static enum bulla_status end_the_thread(void *argument, struct bulla_span value) {
  (void)argument;
  (void)value;
  pthread_cancel(pthread_self());
  pthread_testcancel();
  return BULLA_OK;
}

static void *use_a_field(void *argument) {
  (void)argument;
  enum bulla_status status =
      bulla_vault_use(house.vault, &who, AT(TEXT("acme"), TEXT("db"), TEXT("password")), end_the_thread, NULL);
  return status == BULLA_OK ? NULL : &house;
}

Test(thread_end, what_a_callback_was_given_is_wiped_when_it_is_cancelled, .init = build_house, .fini = leave_house,
     .timeout = 60) {
  struct bulla_field field = {TEXT("password"), TEXT("correct horse"), true};
  TEST_OK(bulla_vault_put(house.vault, &who, AT(TEXT("acme"), TEXT("db")), &field, 1));
  TEST_OK(bulla_vault_use(house.vault, &who, AT(TEXT("acme"), TEXT("db"), TEXT("password")), remember, NULL));
  size_t before = bulla_slab_usage().used;
  for (size_t round = 0; round < 6; round++) {
    pthread_t thread;
    void *result;
    alarm(20);
    cr_assert_eq(pthread_create(&thread, NULL, use_a_field, NULL), 0);
    pthread_join(thread, &result);
    cr_expect_eq(result, PTHREAD_CANCELED, "it was not cancelled");
    cr_expect_eq(bulla_slab_usage().used, before, "it left a secret");
  }
  alarm(0);
}
