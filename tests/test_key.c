/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Keys of sealed blobs: making them, counting their seals, what is left of them in a forked child. */

#include <pthread.h>

#include "core/cleanup.h"
#include "core/crypto.h"
#include "core/key.h"
#include "core/slab.h"
#include "tests/support.h"

static const enum bulla_suite suites[] = {BULLA_AES_256_GCM, BULLA_XAES_256_GCM};
enum { NUM_SUITES = sizeof(suites) / sizeof(*suites) };

Test(key, a_key_of_aes_256_gcm_seals_2_to_the_32_times_and_still_opens) {
  struct bulla_key *key = test_key(BULLA_AES_256_GCM, test_filled(9, 32));
  key->seals.taken = (UINT64_C(1) << 32) - 2;
  test_sealed(key, test_text("last but one"), bulla_span(NULL, 0));
  struct bulla_span blob = test_sealed(key, test_text("last"), bulla_span(NULL, 0));
  for (size_t round = 0; round < 3; round++) {
    struct bulla_buffer refused = test_room(100);
    TEST_STATUS(bulla_seal(key, &refused, test_text("one more"), bulla_span(NULL, 0)), BULLA_KEY_EXHAUSTED);
    TEST_FAILED(refused, "round %zu", round);
  }
  struct bulla_buffer opened = test_room(10);
  TEST_OK(bulla_open(key, &opened, blob, bulla_span(NULL, 0)));
  TEST_SPAN(bulla_written(&opened), test_text("last"), "opening is not limited");
}

Test(key, the_count_of_a_key_that_is_used_up_grows_no_more) {
  static const uint64_t short_of_the_end[] = {0, 1, BULLA_SEAL_BATCH - 1, BULLA_SEAL_BATCH};
  for (size_t i = 0; i < sizeof(short_of_the_end) / sizeof(*short_of_the_end); i++) {
    struct bulla_seal_count count;
    bulla_seal_count_start(&count);
    count.taken = BULLA_MAX_SEALS - short_of_the_end[i];
    for (uint64_t seal = 0; seal < short_of_the_end[i]; seal++) {
      TEST_OK(bulla_count_seal(&count));
    }
    for (size_t round = 0; round < 3; round++) {
      TEST_STATUS(bulla_count_seal(&count), BULLA_KEY_EXHAUSTED);
      cr_expect_eq(count.taken, BULLA_MAX_SEALS, "%zu rounds", round);
    }
  }
}

Test(key, a_key_of_xaes_256_gcm_is_not_limited) {
  struct bulla_key *key = test_key(BULLA_XAES_256_GCM, test_filled(9, 32));
  key->seals.taken = UINT64_C(1) << 33;
  test_sealed(key, test_text("one more"), bulla_span(NULL, 0));
}

static uint64_t num_left(const struct bulla_seal_count *count) {
  uint64_t left = 0;
  for (size_t i = 0; i < BULLA_SHARDS; i++) {
    left += count->shards[i].left;
  }
  return left;
}

Test(key, seals_are_counted_in_batches_of_which_all_are_left_but_what_was_used) {
  struct bulla_key *key = test_key(BULLA_AES_256_GCM, test_filled(9, 32));
  cr_expect_eq(key->seals.taken, 0);
  for (size_t i = 1; i <= 3 * BULLA_SEAL_BATCH; i++) {
    test_sealed(key, test_text("p"), bulla_span(NULL, 0));
    cr_expect_eq(key->seals.taken - num_left(&key->seals), i, "after %zu seals", i);
    cr_expect_leq(num_left(&key->seals), BULLA_SHARDS * BULLA_SEAL_BATCH, "after %zu seals", i);
  }
}

Test(key, keys_in_turn_lose_no_seal) {
  struct bulla_key *keys[20];
  for (size_t i = 0; i < 20; i++) {
    keys[i] = test_key(BULLA_AES_256_GCM, test_filled((uint8_t)i, 32));
  }
  for (size_t round = 1; round <= 2000; round++) {
    for (size_t i = 0; i < 20; i++) {
      TEST_OK(bulla_count_seal(&keys[i]->seals));
      cr_assert_eq(keys[i]->seals.taken - num_left(&keys[i]->seals), round, "key %zu", i);
    }
  }
}

static void *count_one(void *argument) {
  return bulla_count_seal(argument) == BULLA_OK ? NULL : argument;
}

static size_t count_in_a_thread_each(struct bulla_seal_count *count, size_t num) {
  size_t failures = 0;
  for (size_t i = 0; i < num; i++) {
    pthread_t thread;
    void *failure;
    cr_assert_eq(pthread_create(&thread, NULL, count_one, count), 0);
    pthread_join(thread, &failure);
    failures += failure != NULL;
  }
  return failures;
}

Test(key, a_thread_for_each_seal_loses_none) {
  struct bulla_seal_count count;
  bulla_seal_count_start(&count);
  cr_expect_eq(count_in_a_thread_each(&count, 3000), 0);
  cr_expect_eq(count.taken - num_left(&count), 3000);
  /* So that what is left serves to the last. */
  count.taken = BULLA_MAX_SEALS;
  size_t left = num_left(&count);
  cr_expect_eq(count_in_a_thread_each(&count, left + 100), 100);
  cr_expect_eq(num_left(&count), 0);
}

Test(key, a_count_begins_with_nothing_whatever_was_there) {
  struct bulla_seal_count count;
  memset(&count, 0xff, sizeof(count));
  bulla_seal_count_start(&count);
  cr_expect_eq(count.taken, 0);
  cr_expect_eq(num_left(&count), 0);
}

static void *count_to_the_end(void *argument) {
  uint64_t num = 0;
  while (bulla_count_seal(argument) == BULLA_OK) {
    num++;
  }
  return (void *)(uintptr_t)num;
}

Test(key, threads_that_use_a_key_up_get_all_of_its_seals_and_none_more) {
  for (size_t round = 0; round < 200; round++) {
    struct bulla_seal_count count;
    pthread_t threads[6];
    uintptr_t sum = 0;
    bulla_seal_count_start(&count);
    count.taken = BULLA_MAX_SEALS - 10000 - round;
    if (round % 2 == 0) {
      /* All in one place, over which they meet. */
      count.shards[3].left = BULLA_MAX_SEALS - count.taken;
      count.taken = BULLA_MAX_SEALS;
    }
    for (size_t i = 0; i < 6; i++) {
      cr_assert_eq(pthread_create(&threads[i], NULL, count_to_the_end, &count), 0);
    }
    for (size_t i = 0; i < 6; i++) {
      void *num;
      pthread_join(threads[i], &num);
      sum += (uintptr_t)num;
    }
    cr_assert_eq(sum, 10000 + round, "round %zu: %zu", round, (size_t)sum);
  }
}

Test(key, a_batch_is_counted_whole_whatever_is_left_of_others) {
  static const uint64_t batches[] = {0, 1, 2, 64, BULLA_SEAL_BATCH - 1, BULLA_SEAL_BATCH, BULLA_SEAL_BATCH + 1, 100000};
  struct bulla_seal_count count;
  uint64_t sum = 0;
  bulla_seal_count_start(&count);
  for (size_t round = 0; round < 50; round++) {
    for (size_t i = 0; i < sizeof(batches) / sizeof(*batches); i++) {
      TEST_OK(bulla_count_seals(&count, batches[i]));
      sum += batches[i];
      cr_assert_eq(count.taken - num_left(&count), sum, "round %zu, batch %zu", round, i);
      cr_assert_leq(num_left(&count), BULLA_SHARDS * BULLA_SEAL_BATCH, "round %zu, batch %zu", round, i);
    }
  }
}

/* A count that has |num| left, some of it in each of two places. */
static struct bulla_seal_count *count_with(uint64_t num) {
  static struct bulla_seal_count count;
  bulla_seal_count_start(&count);
  count.shards[1].left = num / 3;
  count.shards[6].left = num / 4;
  count.taken = BULLA_MAX_SEALS - (num - num / 3 - num / 4);
  return &count;
}

Test(key, a_batch_for_which_there_is_no_room_counts_nothing) {
  static const uint64_t left[] = {0, 1, 2, 10, 63, 1000, 100000};
  for (size_t i = 0; i < sizeof(left) / sizeof(*left); i++) {
    struct bulla_seal_count *count = count_with(left[i]);
    struct bulla_seal_count before = *count;
    TEST_STATUS(bulla_count_seals(count, left[i] + 1), BULLA_KEY_EXHAUSTED);
    TEST_STATUS(bulla_count_seals(count, BULLA_MAX_SEALS), BULLA_KEY_EXHAUSTED);
    TEST_STATUS(bulla_count_seals(count, UINT64_MAX), BULLA_KEY_EXHAUSTED);
    cr_expect_eq(memcmp(&before, count, sizeof(before)), 0, "%zu left: it is another count", (size_t)left[i]);
    TEST_OK(bulla_count_seals(count, left[i]));
    cr_expect_eq(count->taken, BULLA_MAX_SEALS);
    cr_expect_eq(num_left(count), 0, "%zu left", (size_t)left[i]);
    TEST_STATUS(bulla_count_seal(count), BULLA_KEY_EXHAUSTED);
    TEST_OK(bulla_count_seals(count, 0));
  }
}

Test(key, all_seals_of_a_key_may_be_one_batch) {
  struct bulla_seal_count count;
  bulla_seal_count_start(&count);
  TEST_STATUS(bulla_count_seals(&count, BULLA_MAX_SEALS + 1), BULLA_KEY_EXHAUSTED);
  TEST_OK(bulla_count_seals(&count, BULLA_MAX_SEALS));
  TEST_STATUS(bulla_count_seal(&count), BULLA_KEY_EXHAUSTED);
}

/* Two threads that ask at once for batches of which there is one. */
struct race {
  struct bulla_seal_count count;
  _Atomic size_t arrived;
  _Atomic size_t granted;
};

enum { NUM_RACES = 20000, RACE_LEFT = 1300, RACE_BATCH = 700 };

static void meet(struct race *race, size_t num) {
  race->arrived++;
  for (size_t spins = 0; race->arrived < num; spins++) {
    if (spins > 1000) {
      sched_yield();
    }
  }
}

static void *ask_at_once(void *argument) {
  struct race *race = argument;
  for (size_t i = 0; i < NUM_RACES; i++) {
    meet(race, 4 * i + 2);
    race->granted += bulla_count_seals(&race->count, RACE_BATCH) == BULLA_OK;
    meet(race, 4 * i + 4);
  }
  return NULL;
}

Test(key, of_two_batches_for_which_there_is_no_room_at_once_none_loses_a_seal) {
  static struct race race;
  pthread_t other;
  cr_assert_eq(pthread_create(&other, NULL, ask_at_once, &race), 0);
  for (size_t i = 0; i < NUM_RACES; i++) {
    bulla_seal_count_start(&race.count);
    race.count.taken = BULLA_MAX_SEALS - RACE_LEFT;
    race.granted = 0;
    meet(&race, 4 * i + 2);
    race.granted += bulla_count_seals(&race.count, RACE_BATCH) == BULLA_OK;
    meet(&race, 4 * i + 4);
    uint64_t left = BULLA_MAX_SEALS - race.count.taken + num_left(&race.count);
    cr_assert_eq(left, RACE_LEFT - race.granted * RACE_BATCH, "race %zu: %zu left of %zu", i, (size_t)left,
                 (size_t)race.granted);
    cr_assert_leq(race.granted, 1, "race %zu", i);
  }
  pthread_join(other, NULL);
}

Test(key, what_a_key_has_left_serves_no_other) {
  for (size_t i = 0; i < 20; i++) {
    struct bulla_key *key = test_key(BULLA_AES_256_GCM, test_filled((uint8_t)i, 32));
    test_sealed(key, test_text("p"), bulla_span(NULL, 0));
    struct bulla_key *other = test_key(BULLA_AES_256_GCM, test_filled((uint8_t)i, 32));
    other->seals.taken = BULLA_MAX_SEALS;
    struct bulla_buffer refused = test_room(100);
    TEST_STATUS(bulla_seal(other, &refused, test_text("p"), bulla_span(NULL, 0)), BULLA_KEY_EXHAUSTED);
  }
}

Test(key, the_key_id_commits_to_the_key) {
  struct bulla_span material = test_hex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
  struct bulla_key *key = test_key(BULLA_AES_256_GCM, material);
  uint8_t *id = test_alloc(BULLA_KEY_ID_LEN);
  TEST_OK(bulla_hkdf_expand(id, BULLA_KEY_ID_LEN, material, test_text("bulla/v1/key-id")));
  TEST_SPAN(bulla_key_id(key), bulla_span(id, BULLA_KEY_ID_LEN), "HKDF-Expand");
  TEST_SPAN(bulla_key_id(key), test_hex("0907a21f92b2dd1563ccc049c7ea01bc"), "made with Python's cryptography");
}

Test(key, key_new_refuses_other_lengths_and_suites) {
  for (size_t len = 0; len <= 65; len++) {
    struct bulla_secret *secret = test_secret(test_filled(1, len));
    struct bulla_key *key = NULL;
    enum bulla_status status = bulla_key_new(&key, BULLA_XAES_256_GCM, secret);
    cr_expect_eq(status, len == 32 ? BULLA_OK : BULLA_INVALID_ARGUMENT, "%zu bytes", len);
    cr_expect_eq(key != NULL, len == 32, "%zu bytes", len);
    bulla_key_free(&key);
    bulla_secret_free(&secret);
  }
  struct bulla_secret *secret = test_secret(test_filled(1, 32));
  static const int others[] = {-1, 0, BULLA_AES_256_GCM_SIV, 4, 255, 256 + BULLA_AES_256_GCM};
  for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
    struct bulla_key *key = (struct bulla_key *)secret;
    TEST_STATUS(bulla_key_new(&key, (enum bulla_suite)others[i], secret), BULLA_UNSUPPORTED);
    cr_expect_null(key, "suite %d", others[i]);
  }
  bulla_secret_free(&secret);
  cr_expect_eq(bulla_slab_usage().used, 0, "something stayed in the slab");
}

Test(key, a_key_keeps_nothing_but_its_expansion_and_leaves_nothing) {
  struct bulla_key *key = test_key(BULLA_XAES_256_GCM, test_filled(9, 32));
  cr_expect_gt(bulla_slab_usage().used, 0);
  struct bulla_span blob = test_sealed(key, test_text("p"), bulla_span(NULL, 0));
  size_t used = bulla_slab_usage().used;
  for (size_t i = 0; i < 100; i++) {
    struct bulla_buffer opened = test_room(1);
    TEST_OK(bulla_open(key, &opened, blob, bulla_span(NULL, 0)));
    TEST_STATUS(bulla_open(key, &opened, test_flipped(blob, 8 * blob.len - 1), bulla_span(NULL, 0)), BULLA_REFUSED);
    cr_assert_eq(bulla_slab_usage().used, used, "round %zu", i);
  }
  bulla_key_free(&key);
  cr_expect_null(key);
  cr_expect_eq(bulla_slab_usage().used, 0);
  bulla_key_free(&key);
}

enum { NUM_THREADS = 4, NUM_ROUNDS = 2000 };

static void *seal_and_open(void *argument) {
  struct bulla_key *key = argument;
  for (size_t i = 0; i < NUM_ROUNDS; i++) {
    uint8_t sealed[100];
    uint8_t opened[8];
    struct bulla_buffer blob = bulla_buffer(sealed, sizeof(sealed));
    struct bulla_buffer plaintext = bulla_buffer(opened, sizeof(opened));
    if (bulla_seal(key, &blob, bulla_span("a secret", 8), bulla_span(NULL, 0)) != BULLA_OK ||
        bulla_open(key, &plaintext, bulla_written(&blob), bulla_span(NULL, 0)) != BULLA_OK ||
        memcmp(opened, "a secret", 8) != 0) {
      return argument;
    }
  }
  return NULL;
}

Test(key, threads_may_share_one_which_counts_all_their_seals) {
  for (size_t i = 0; i < NUM_SUITES; i++) {
    struct bulla_key *key = test_key(suites[i], test_filled(9, 32));
    struct test_threads threads;
    test_start(&threads, NUM_THREADS, seal_and_open, key, 0);
    test_join(&threads);
    uint64_t seals = suites[i] == BULLA_AES_256_GCM ? NUM_THREADS * NUM_ROUNDS : 0;
    cr_expect_eq(key->seals.taken - num_left(&key->seals), seals);
  }
}

static struct bulla_key *parents_key;
static struct bulla_secret *parents_secret;
static struct bulla_span parents_blob;

static int finds_no_key(void *argument) {
  (void)argument;
  struct bulla_buffer out = test_room(200);
  struct bulla_key *key = NULL;
  if (bulla_seal(parents_key, &out, bulla_span("p", 1), bulla_span(NULL, 0)) != BULLA_FORKED || !test_failed(&out)) {
    return 1;
  }
  out = test_room(200);
  if (bulla_open(parents_key, &out, parents_blob, bulla_span(NULL, 0)) != BULLA_FORKED || !test_failed(&out)) {
    return 2;
  }
  if (bulla_key_new(&key, BULLA_AES_256_GCM, parents_secret) != BULLA_FORKED || key != NULL) {
    return 3;
  }
  bulla_key_free(&parents_key);
  return parents_key == NULL ? 0 : 4;
}

static int makes_a_key_of_its_own(void *argument) {
  (void)argument;
  struct bulla_secret *secret BULLA_CLEANUP(bulla_secret_free) = NULL;
  struct bulla_key *key BULLA_CLEANUP(bulla_key_free) = NULL;
  struct bulla_buffer out = test_room(200);
  if (bulla_secret_copy(&secret, test_filled(9, 32)) != BULLA_OK ||
      bulla_key_new(&key, bulla_key_suite(parents_key), secret) != BULLA_OK) {
    return 1;
  }
  bool opened = bulla_open(key, &out, parents_blob, bulla_span(NULL, 0)) == BULLA_OK;
  return opened && test_same(bulla_written(&out), bulla_span("parent", 6)) ? 0 : 2;
}

Test(key, a_key_is_refused_in_a_forked_child_which_can_make_its_own) {
  for (size_t i = 0; i < NUM_SUITES; i++) {
    parents_secret = test_secret(test_filled(9, 32));
    parents_key = test_key(suites[i], test_filled(9, 32));
    parents_blob = test_sealed(parents_key, test_text("parent"), bulla_span(NULL, 0));
    cr_expect_eq(test_in_child(finds_no_key, NULL), 0);
    cr_expect_eq(test_in_child(makes_a_key_of_its_own, NULL), 0);
    struct bulla_buffer out = test_room(200);
    TEST_OK(bulla_open(parents_key, &out, parents_blob, bulla_span(NULL, 0)));
  }
}
