/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Sealing many messages with one call: each blob is as if it had been sealed alone, and there are all or none. */

#include "core/crypto.h"
#include "core/key.h"
#include "core/nonce.h"
#include "core/slab.h"
#include "tests/copies.h"

static const enum bulla_suite suites[] = {BULLA_AES_256_GCM, BULLA_XAES_256_GCM};
enum { NUM_SUITES = sizeof(suites) / sizeof(*suites), NONCE_AT = 18 };

static size_t nonce_len(enum bulla_suite suite) {
  return suite == BULLA_XAES_256_GCM ? 24 : 12;
}

/* What is handed to a call, in heap blocks of the exact sizes. */
struct batch {
  enum bulla_suite suite;
  size_t num;
  struct bulla_buffer *blobs;
  struct bulla_span *plaintexts;
  struct bulla_span *contexts;
};

/* |num| messages of different lengths, the first of none, bound to contexts of different lengths, some of none. */
static struct batch make(enum bulla_suite suite, size_t num) {
  struct batch batch = {.suite = suite, .num = num};
  batch.blobs = (struct bulla_buffer *)(void *)test_alloc(num * sizeof(*batch.blobs));
  batch.plaintexts = (struct bulla_span *)(void *)test_alloc(num * sizeof(*batch.plaintexts));
  batch.contexts = (struct bulla_span *)(void *)test_alloc(num * sizeof(*batch.contexts));
  for (size_t i = 0; i < num; i++) {
    batch.plaintexts[i] = test_filled((uint8_t)i, i * 7 % 300);
    batch.contexts[i] = test_filled((uint8_t)(i + 100), i * 13 % 90);
    batch.blobs[i] = test_room(bulla_sealed_len(suite, batch.plaintexts[i].len));
  }
  return batch;
}

static enum bulla_status seal(struct bulla_key *key, struct batch *batch, size_t *failed) {
  return bulla_seal_many(key, batch->blobs, failed, batch->plaintexts, batch->contexts, batch->num);
}

/* Asserts that the call fails so, |failed| at fault, and leaves nothing in any buffer. */
static void fails(struct bulla_key *key, struct batch *batch, enum bulla_status wanted, size_t wanted_failed,
                  const char *what, size_t which) {
  size_t failed = SIZE_MAX;
  enum bulla_status status = seal(key, batch, &failed);
  cr_assert_eq(status, wanted, "%s %zu: %s", what, which, bulla_status_text(status));
  cr_assert_eq(failed, wanted_failed, "%s %zu: message %zu is said to be at fault", what, which, failed);
  for (size_t i = 0; i < batch->num; i++) {
    TEST_FAILED(batch->blobs[i], "%s %zu: blob %zu", what, which, i);
    test_use_room(&batch->blobs[i]);
  }
}

static uint64_t num_counted(const struct bulla_key *key) {
  uint64_t num = key->seals.taken;
  for (size_t i = 0; i < BULLA_SHARDS; i++) {
    num -= key->seals.shards[i].left;
  }
  return num;
}

Test(seal_many, each_blob_opens_to_its_message_in_its_context_and_in_no_other) {
  static const size_t nums[] = {1, 2, 3, 64, 500};
  for (size_t row = 0; row < NUM_SUITES * 5; row++) {
    struct bulla_key *key = test_key(suites[row % 2], test_filled(1, 32));
    struct batch batch = make(suites[row % 2], nums[row / 2]);
    size_t failed = SIZE_MAX;
    TEST_OK(seal(key, &batch, &failed));
    cr_expect_eq(failed, batch.num);
    for (size_t i = 0; i < batch.num; i++) {
      struct bulla_span blob = bulla_written(&batch.blobs[i]);
      struct bulla_buffer opened = test_room(blob.len);
      cr_assert_eq(blob.len, batch.blobs[i].size, "blob %zu of %zu", i, batch.num);
      TEST_OK(bulla_open(key, &opened, blob, batch.contexts[i]));
      TEST_SPAN(bulla_written(&opened), batch.plaintexts[i], "message %zu of %zu", i, batch.num);
      if (batch.num > 1) {
        TEST_STATUS(bulla_open(key, &opened, blob, batch.contexts[(i + 1) % batch.num]), BULLA_REFUSED);
      }
    }
    cr_expect_eq(num_counted(key), batch.suite == BULLA_AES_256_GCM ? batch.num : 0);
  }
}

Test(seal_many, without_contexts_all_are_empty) {
  for (size_t row = 0; row < NUM_SUITES; row++) {
    struct bulla_key *key = test_key(suites[row], test_filled(1, 32));
    struct batch batch = make(suites[row], 20);
    size_t failed;
    TEST_OK(bulla_seal_many(key, batch.blobs, &failed, batch.plaintexts, NULL, batch.num));
    for (size_t i = 0; i < batch.num; i++) {
      struct bulla_buffer opened = test_room(300);
      TEST_OK(bulla_open(key, &opened, bulla_written(&batch.blobs[i]), bulla_span(NULL, 0)));
      TEST_SPAN(bulla_written(&opened), batch.plaintexts[i], "message %zu", i);
    }
  }
}

Test(seal_many, no_message_takes_nothing) {
  struct bulla_key *key = test_key(BULLA_AES_256_GCM, test_filled(1, 32));
  size_t failed = SIZE_MAX;
  TEST_OK(bulla_seal_many(key, NULL, &failed, NULL, NULL, 0));
  cr_expect_eq(failed, 0);
  cr_expect_eq(num_counted(key), 0);
  key->seals.taken = BULLA_MAX_SEALS;
  TEST_OK(bulla_seal_many(key, NULL, &failed, NULL, NULL, 0));
}

Test(seal_many, one_message_at_fault_leaves_no_blob_and_counts_no_seal) {
  for (size_t row = 0; row < NUM_SUITES; row++) {
    struct bulla_key *key = test_key(suites[row], test_filled(1, 32));
    for (size_t i = 0; i < 70; i += i < 3 ? 1 : 33) {
      struct batch batch = make(suites[row], 70);
      batch.blobs[i].size--;
      fails(key, &batch, BULLA_BUFFER_TOO_SMALL, i, "a byte too little", i);
      batch.blobs[i] = bulla_buffer(NULL, 0);
      fails(key, &batch, BULLA_BUFFER_TOO_SMALL, i, "no room at all", i);
      batch = make(suites[row], 70);
      batch.plaintexts[i].len = (UINT64_C(1) << 36) - 31;
      fails(key, &batch, BULLA_TOO_LARGE, i, "a plaintext", i);
      batch = make(suites[row], 70);
      batch.contexts[i].len = SIZE_MAX - 17;
      fails(key, &batch, BULLA_TOO_LARGE, i, "a context", i);
      /* The first of two. */
      batch.plaintexts[69].len = SIZE_MAX;
      fails(key, &batch, BULLA_TOO_LARGE, i, "a context, and the last plaintext", i);
    }
    cr_expect_eq(num_counted(key), 0);
    test_sealed(key, test_text("one"), test_text("alone"));
  }
}

Test(seal_many, what_a_key_has_left_is_for_a_batch_that_fits) {
  struct bulla_key *key = test_key(BULLA_AES_256_GCM, test_filled(9, 32));
  key->seals.taken = BULLA_MAX_SEALS - 10;
  struct batch eleven = make(BULLA_AES_256_GCM, 11);
  struct batch ten = make(BULLA_AES_256_GCM, 10);
  fails(key, &eleven, BULLA_KEY_EXHAUSTED, 11, "batch", 11);
  fails(key, &eleven, BULLA_KEY_EXHAUSTED, 11, "batch again", 11);
  size_t failed;
  TEST_OK(seal(key, &ten, &failed));
  fails(key, &ten, BULLA_KEY_EXHAUSTED, 10, "batch", 10);
  struct bulla_buffer one = test_room(100);
  TEST_STATUS(bulla_seal(key, &one, test_text("one"), bulla_span(NULL, 0)), BULLA_KEY_EXHAUSTED);
  struct bulla_key *unlimited = test_key(BULLA_XAES_256_GCM, test_filled(9, 32));
  unlimited->seals.taken = UINT64_C(1) << 33;
  ten = make(BULLA_XAES_256_GCM, 10);
  TEST_OK(seal(unlimited, &ten, &failed));
}

static struct bulla_key *parents_key;
static struct batch parents_batch;

static int finds_no_key(void *argument) {
  (void)argument;
  size_t failed = SIZE_MAX;
  if (seal(parents_key, &parents_batch, &failed) != BULLA_FORKED || failed != parents_batch.num) {
    return 1;
  }
  for (size_t i = 0; i < parents_batch.num; i++) {
    if (!test_failed(&parents_batch.blobs[i])) {
      return 2;
    }
  }
  return bulla_seal_many(parents_key, NULL, &failed, NULL, NULL, 0) == BULLA_FORKED && failed == 0 ? 0 : 3;
}

Test(seal_many, a_forked_child_seals_nothing) {
  for (size_t i = 0; i < NUM_SUITES; i++) {
    parents_key = test_key(suites[i], test_filled(9, 32));
    parents_batch = make(suites[i], 5);
    cr_expect_eq(test_in_child(finds_no_key, NULL), 0);
    cr_expect_eq(num_counted(parents_key), 0);
  }
}

Test(seal_many, without_locked_memory_for_a_derived_key_there_is_no_blob_and_no_message_at_fault) {
  struct bulla_key *key = test_key(BULLA_XAES_256_GCM, test_filled(9, 32));
  struct batch batch = make(BULLA_XAES_256_GCM, 5);
  void *slot;
  while (bulla_slab_new(&slot, 16) == BULLA_OK) {
    test_keep(slot);
  }
  fails(key, &batch, BULLA_ARENA_FULL, batch.num, "a full arena", 0);
}

static int compare(const void *a, const void *b) {
  return memcmp(a, b, 8);
}

/* Eight bytes of each nonce: among three millions two are the same by chance once in four millions of runs. */
static size_t count_repeats(uint8_t (*nonces)[8], size_t num) {
  size_t repeats = 0;
  qsort(nonces, num, sizeof(*nonces), compare);
  for (size_t i = 1; i < num; i++) {
    repeats += memcmp(nonces[i], nonces[i - 1], 8) == 0;
  }
  return repeats;
}

/* Seals empty messages in batches of every size, of which many end where the pool does, and some alone. */
static void collect(struct bulla_key *key, uint8_t (*nonces)[8], size_t num) {
  enum { MAX = 1000 };
  size_t len = bulla_sealed_len(bulla_key_suite(key), 0);
  uint8_t *room = malloc(MAX * len);
  struct bulla_buffer *blobs = malloc(MAX * sizeof(*blobs));
  struct bulla_span *nothing = calloc(MAX, sizeof(*nothing));
  cr_assert(room != NULL && blobs != NULL && nothing != NULL);
  for (size_t i = 0; i < MAX; i++) {
    blobs[i] = bulla_buffer(room + i * len, len);
  }
  size_t done = 0;
  for (size_t round = 0; done < num; round++) {
    size_t part = round % 3 == 0 ? 1 : round * 37 % MAX + 1;
    part = part < num - done ? part : num - done;
    size_t failed;
    TEST_OK(part == 1 ? bulla_seal(key, &blobs[0], nothing[0], nothing[0])
                      : bulla_seal_many(key, blobs, &failed, nothing, NULL, part));
    for (size_t i = 0; i < part; i++, done++) {
      memcpy(nonces[done], blobs[i].data + NONCE_AT + nonce_len(bulla_key_suite(key)) - 8, 8);
    }
  }
  free(nothing);
  free(blobs);
  free(room);
}

Test(seal_many, a_million_blobs_of_a_key_have_as_many_nonces) {
  enum { NUM = 1000000 };
  uint8_t(*nonces)[8] = malloc(sizeof(*nonces) * NUM);
  cr_assert_not_null(nonces);
  for (size_t i = 0; i < NUM_SUITES; i++) {
    collect(test_key(suites[i], test_filled(9, 32)), nonces, NUM);
    cr_expect_eq(count_repeats(nonces, NUM), 0, "suite %zu", i);
  }
  free(nonces);
}

enum { NUM_THREADS = 4, PER_THREAD = 200000 };

static struct bulla_key *shared;

static void *collect_some(void *nonces) {
  collect(shared, nonces, PER_THREAD);
  return NULL;
}

Test(seal_many, threads_share_a_key_and_no_nonce) {
  uint8_t(*nonces)[8] = malloc(sizeof(*nonces) * NUM_THREADS * PER_THREAD);
  cr_assert_not_null(nonces);
  struct test_threads threads;
  shared = test_key(BULLA_AES_256_GCM, test_filled(9, 32));
  test_start(&threads, NUM_THREADS, collect_some, nonces, PER_THREAD * sizeof(*nonces));
  test_join(&threads);
  cr_expect_eq(count_repeats(nonces, (size_t)NUM_THREADS * PER_THREAD), 0);
  cr_expect_eq(num_counted(shared), (size_t)NUM_THREADS * PER_THREAD);
  free(nonces);
}

enum { COPIED = 7 };

/* What copies of this process draw, each from the same pool. */
struct copies {
  uint8_t drawn[COPIED][24];
  uint8_t sealed[2][COPIED][24];
};

static int draw_plainly(void *argument) {
  struct copies *copies = argument;
  for (size_t i = 0; i < COPIED; i++) {
    if (bulla_nonce_mixed(copies->drawn[i], nonce_len(bulla_key_suite(shared)), 0) != BULLA_OK) {
      return 1;
    }
  }
  return 0;
}

static int seal_a_batch(void *argument) {
  uint8_t(*nonces)[24] = argument;
  struct batch batch = make(bulla_key_suite(shared), COPIED);
  size_t failed;
  enum bulla_status status = seal(shared, &batch, &failed);
  for (size_t i = 0; i < COPIED; i++) {
    memcpy(nonces[i], batch.blobs[i].data + NONCE_AT, nonce_len(batch.suite));
  }
  return status == BULLA_OK ? 0 : 1;
}

/* The same with a call for each. */
static int seal_one_by_one(void *argument) {
  uint8_t(*nonces)[24] = argument;
  for (size_t i = 0; i < COPIED; i++) {
    struct bulla_buffer blob = test_room(100);
    if (bulla_seal(shared, &blob, bulla_span("p", 1), bulla_span(NULL, 0)) != BULLA_OK) {
      return 1;
    }
    memcpy(nonces[i], blob.data + NONCE_AT, nonce_len(bulla_key_suite(shared)));
  }
  return 0;
}

/* What was mixed into the |i|-th nonce of a copy. */
static uint64_t word_of(const struct copies *copies, size_t copy, size_t i) {
  return test_mixed_word(copies->sealed[copy][i], copies->drawn[i]);
}

Test(seal_many, the_nonces_of_a_call_count_up_from_a_fresh_word_of_the_processor) {
  if (!test_has_rdrand()) {
    cr_skip_test("the processor has no RDRAND");
  }
  struct copies *copies = mmap(NULL, sizeof(*copies), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  cr_assert(copies != MAP_FAILED);
  test_sealed(test_key(BULLA_AES_256_GCM, test_filled(9, 32)), test_text("a pool"), bulla_span(NULL, 0));
  test_let_children_be_copies();
  for (size_t row = 0; row < NUM_SUITES; row++) {
    shared = test_key(suites[row], test_filled(9, 32));
    cr_assert_eq(test_in_child(draw_plainly, copies), 0);
    for (size_t copy = 0; copy < 2; copy++) {
      cr_assert_eq(test_in_child(seal_a_batch, copies->sealed[copy]), 0);
      for (size_t i = 0; i < COPIED; i++) {
        cr_expect_eq(word_of(copies, copy, i), word_of(copies, copy, 0) + i, "copy %zu, nonce %zu", copy, i);
        TEST_SPAN(bulla_span(copies->sealed[copy][i] + 8, nonce_len(suites[row]) - 8),
                  bulla_span(copies->drawn[i] + 8, nonce_len(suites[row]) - 8), "copy %zu, nonce %zu", copy, i);
      }
      cr_expect_neq(word_of(copies, copy, 0), 0, "no fresh word was mixed in");
    }
    cr_expect_neq(word_of(copies, 0, 0), word_of(copies, 1, 0), "both copies have the same");
    cr_assert_eq(test_in_child(seal_one_by_one, copies->sealed[0]), 0);
    for (size_t i = 0; i < COPIED; i++) {
      cr_expect_neq(word_of(copies, 0, i), 0, "no fresh word was mixed in");
      cr_expect_neq(word_of(copies, 0, i), word_of(copies, 0, (i + 1) % COPIED), "two calls have the same word");
    }
  }
}
