/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The cache of day keys, directly. A key counts as the right one if it encrypts as it should. */

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <time.h>

#include "core/slab.h"
#include "tests/support.h"
#include "token/day_cache.h"

enum { NUM_KEYS = 5, NUM_THREADS = 4 };

static const uint8_t nonce[12];
static struct bulla_secret *root;
static uint8_t marks[NUM_KEYS + 1][BULLA_TAG_LEN]; /* what each key makes of nothing, by its tag */

static struct bulla_day_key named(uint64_t tag) {
  struct bulla_day_key key = {0};
  bulla_day_key_name(&key, bulla_span("0123456789abcdef", BULLA_APIKEY_ID_LEN), (int64_t)tag);
  return key;
}

static bool make(struct bulla_day_key *key, uint64_t tag) {
  *key = named(tag);
  return bulla_day_key_derive(key, root) == BULLA_OK;
}

static bool mark(uint8_t *bytes, const struct bulla_day_key *key) {
  return bulla_aead_seal(key->aead, NULL, bytes, bulla_span(nonce, sizeof(nonce)), bulla_span(NULL, 0),
                         bulla_span(NULL, 0)) == BULLA_OK;
}

/* Says whether |pin| is of the key for |tag|. */
static bool is_right(const struct bulla_day_pin *pin, uint64_t tag) {
  uint8_t bytes[BULLA_TAG_LEN];
  struct bulla_day_key expected = named(tag);
  return pin->key != NULL && pin->key->day == (int64_t)tag &&
         test_same(bulla_span(pin->key->header, pin->key->header_len),
                   bulla_span(expected.header, expected.header_len)) &&
         mark(bytes, pin->key) && memcmp(bytes, marks[tag], sizeof(bytes)) == 0;
}

static void set_up(void) {
  root = test_secret(test_filled(7, BULLA_KEY_LEN));
  for (uint64_t tag = 1; tag <= NUM_KEYS; tag++) {
    struct bulla_day_key key;
    cr_assert(make(&key, tag) && mark(marks[tag], &key));
    for (uint64_t other = 1; other < tag; other++) {
      cr_assert_neq(memcmp(marks[tag], marks[other], BULLA_TAG_LEN), 0);
    }
    bulla_day_key_clear(&key);
  }
}

static struct bulla_day_cache *new_cache(size_t num_slots) {
  struct bulla_day_cache *cache = NULL;
  TEST_OK(bulla_day_cache_new(&cache, num_slots));
  test_keep(cache);
  return cache;
}

static struct bulla_day_pin inserted(struct bulla_day_cache *cache, uint64_t tag) {
  struct bulla_day_key key;
  cr_assert(make(&key, tag));
  return bulla_day_cache_insert(cache, tag, &key);
}

static void insert(struct bulla_day_cache *cache, uint64_t tag) {
  struct bulla_day_pin pin = inserted(cache, tag);
  bulla_day_cache_release(&pin);
}

static bool holds(struct bulla_day_cache *cache, uint64_t tag) {
  struct bulla_day_pin pin = bulla_day_cache_find(cache, tag, bulla_span(NULL, 0));
  bool found = pin.key != NULL;
  cr_assert(!found || is_right(&pin, tag));
  bulla_day_cache_release(&pin);
  return found;
}

TestSuite(day_cache, .init = set_up);

Test(day_cache, a_new_one_holds_nothing) {
  for (size_t num_slots = 1; num_slots <= 9; num_slots++) {
    struct bulla_day_cache *cache = new_cache(num_slots);
    for (uint64_t tag = 1; tag <= NUM_KEYS; tag++) {
      cr_assert_not(holds(cache, tag), "%zu slots", num_slots);
    }
    bulla_day_cache_free(&cache);
    cr_assert_null(cache);
    bulla_day_cache_free(&cache);
  }
}

Test(day_cache, what_was_inserted_is_returned_and_found) {
  for (size_t num_slots = 1; num_slots <= 9; num_slots++) {
    struct bulla_day_cache *cache = new_cache(num_slots);
    for (uint64_t tag = 1; tag <= NUM_KEYS; tag++) {
      struct bulla_day_pin pin = inserted(cache, tag);
      cr_assert(is_right(&pin, tag), "%zu slots, tag %d", num_slots, (int)tag);
      bulla_day_cache_release(&pin);
      cr_assert(pin.key == NULL && pin.slot == NULL && pin.seals == NULL);
      cr_assert(holds(cache, tag), "%zu slots, tag %d", num_slots, (int)tag);
    }
    bulla_day_cache_free(&cache);
  }
}

/* Has this thread stay on one processor, lest another one be asked what it found last. */
static void stay_here(void) {
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET((size_t)sched_getcpu(), &one);
  cr_assert_eq(sched_setaffinity(0, sizeof(one), &one), 0);
}

static bool guesses(struct bulla_day_cache *cache, uint64_t tag) {
  struct bulla_day_key key = named(tag);
  struct bulla_day_pin pin = {0};
  bool found = bulla_day_cache_guess(cache, &pin, bulla_span(key.header, key.header_len));
  cr_assert(found ? is_right(&pin, tag) : pin.key == NULL);
  bulla_day_cache_release(&pin);
  return found;
}

static void find_by_header(struct bulla_day_cache *cache, uint64_t tag) {
  struct bulla_day_key key = named(tag);
  struct bulla_day_pin pin = bulla_day_cache_find(cache, tag, bulla_span(key.header, key.header_len));
  cr_assert(is_right(&pin, tag));
  bulla_day_cache_release(&pin);
}

Test(day_cache, a_guess_is_what_this_processor_found_last, .timeout = 30) {
  stay_here();
  struct bulla_day_cache *cache = new_cache(8);
  struct bulla_day_pin none = {0};
  cr_expect_not(guesses(cache, 1));
  cr_expect_not(bulla_day_cache_guess(cache, &none, bulla_span(NULL, 0)));
  insert(cache, 1);
  insert(cache, 2);
  cr_expect_not(bulla_day_cache_guess(cache, &none, bulla_span(NULL, 0)));
  for (uint64_t tag = 1; tag <= 2; tag++) {
    find_by_header(cache, tag);
    cr_expect(guesses(cache, tag) && guesses(cache, tag), "tag %d", (int)tag);
    cr_expect_not(guesses(cache, 3 - tag), "tag %d", (int)tag);
    cr_expect(guesses(cache, tag), "tag %d", (int)tag);
  }
  /* None of them is in use any more, or this would wait. */
  bulla_day_cache_drop_key(cache, (const uint8_t *)"0123456789abcdef");
  cr_expect_not(guesses(cache, 2));
}

Test(day_cache, a_guess_is_not_the_key_that_came_instead, .timeout = 30) {
  stay_here();
  struct bulla_day_cache *cache = new_cache(1);
  insert(cache, 1);
  find_by_header(cache, 1);
  cr_expect(guesses(cache, 1));
  insert(cache, 2);
  cr_expect_not(guesses(cache, 1));
  cr_expect(guesses(cache, 2), "the same digits of the key id, in the same slot");
}

Test(day_cache, a_guess_is_by_the_whole_header, .timeout = 30) {
  stay_here();
  struct bulla_day_cache *cache = new_cache(2);
  struct bulla_day_pin none = {0};
  insert(cache, 1);
  find_by_header(cache, 1);
  struct bulla_day_key key = named(1);
  struct bulla_span header = test_copy(bulla_span(key.header, key.header_len));
  for (size_t bit = 0; bit < 8 * header.len; bit++) {
    cr_assert_not(bulla_day_cache_guess(cache, &none, test_flipped(header, bit)), "bit %zu", bit);
  }
  cr_expect_not(bulla_day_cache_guess(cache, &none, bulla_span(header.data + 1, header.len - 1)));
  cr_expect_not(bulla_day_cache_guess(cache, &none, test_concat(test_text("A"), header)));
  cr_expect(guesses(cache, 1));
}

Test(day_cache, a_key_is_found_by_its_own_header_or_by_none) {
  struct bulla_day_cache *cache = new_cache(2);
  struct bulla_day_pin pin = inserted(cache, 1);
  struct bulla_span header = test_copy(bulla_span(pin.key->header, pin.key->header_len));
  bulla_day_cache_release(&pin);
  const struct {
    struct bulla_span header;
    bool found;
  } rows[] = {
      {bulla_span(NULL, 0), true},
      {header, true},
      {test_flipped(header, 8 * header.len - 1), false},
      {test_flipped(header, 0), false},
      {bulla_span(header.data, header.len - 1), false},
      {test_concat(header, test_text("A")), false},
  };
  for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
    pin = bulla_day_cache_find(cache, 1, rows[i].header);
    cr_expect_eq(pin.key != NULL, rows[i].found, "row %zu", i);
    bulla_day_cache_release(&pin);
  }
  /* None of these may have left a user behind: that would block a writer for ever. */
  for (uint64_t tag = 2; tag <= NUM_KEYS; tag++) {
    insert(cache, tag);
  }
  cr_expect_not(holds(cache, 1));
}

Test(day_cache, inserting_more_than_fits_keeps_the_newest_and_no_more_memory) {
  size_t empty = bulla_slab_usage().used;
  for (size_t num_slots = 1; num_slots <= 8; num_slots++) {
    struct bulla_day_cache *cache = new_cache(num_slots);
    size_t full = 0;
    for (uint64_t round = 0; round < 50; round++) {
      uint64_t tag = round % NUM_KEYS + 1;
      insert(cache, tag);
      cr_assert(holds(cache, tag));
      size_t used = bulla_slab_usage().used;
      full = round == 20 ? used : full;
      cr_assert(round <= 20 || used == full, "%zu slots, round %d: %zu bytes, not %zu", num_slots, (int)round, used,
                full);
    }
    size_t num_held = 0;
    for (uint64_t tag = 1; tag <= NUM_KEYS; tag++) {
      num_held += holds(cache, tag);
    }
    cr_assert_eq(num_held, num_slots < NUM_KEYS ? num_slots : NUM_KEYS, "%zu slots hold %zu", num_slots, num_held);
    bulla_day_cache_free(&cache);
    cr_assert_eq(bulla_slab_usage().used, empty, "%zu slots left something in the slab", num_slots);
  }
}

Test(day_cache, inserting_the_same_tag_again_replaces_the_key) {
  struct bulla_day_cache *cache = new_cache(4);
  insert(cache, 1);
  size_t used = bulla_slab_usage().used;
  insert(cache, 1);
  cr_expect_eq(bulla_slab_usage().used, used);
  cr_expect(holds(cache, 1));
}

Test(day_cache, seals_are_counted_from_zero_for_each_key) {
  struct bulla_day_cache *cache = new_cache(1);
  for (uint64_t tag = 1; tag <= 3; tag++) {
    struct bulla_day_pin pin = inserted(cache, tag);
    cr_assert_eq(pin.seals->taken, 0, "tag %d", (int)tag);
    pin.seals->taken += 7;
    bulla_day_cache_release(&pin);
    pin = bulla_day_cache_find(cache, tag, bulla_span(NULL, 0));
    cr_assert_eq(pin.seals->taken, 7, "tag %d", (int)tag);
    bulla_day_cache_release(&pin);
  }
}

static struct bulla_day_cache *shared;
static atomic_bool inserting;
static atomic_bool done;

static void *insert_another(void *argument) {
  (void)argument;
  struct bulla_day_key key;
  if (make(&key, 2)) {
    inserting = true;
    struct bulla_day_pin pin = bulla_day_cache_insert(shared, 2, &key);
    done = true;
    bulla_day_cache_release(&pin);
  }
  return NULL;
}

Test(day_cache, a_key_in_use_stays_until_its_last_user_has_released_it, .timeout = 30) {
  shared = new_cache(1);
  struct bulla_day_pin first = inserted(shared, 1);
  struct bulla_day_pin second = bulla_day_cache_find(shared, 1, bulla_span(NULL, 0));
  pthread_t writer;
  cr_assert_eq(pthread_create(&writer, NULL, insert_another, NULL), 0);
  while (!inserting) {
  }
  static const struct timespec moment = {.tv_nsec = 50000000};
  nanosleep(&moment, NULL);
  cr_expect(!done && is_right(&first, 1) && is_right(&second, 1), "it was replaced in use");
  bulla_day_cache_release(&first);
  nanosleep(&moment, NULL);
  cr_expect(!done && is_right(&second, 1), "it was replaced in use by one more");
  bulla_day_cache_release(&second);
  pthread_join(writer, NULL);
  cr_expect(done && holds(shared, 2) && !holds(shared, 1));
}

static const uint8_t *const own_id = (const uint8_t *)"0123456789abcdef";
static const uint8_t *const other_id = (const uint8_t *)"fedcba9876543210";

static void *drop_all(void *argument) {
  (void)argument;
  inserting = true;
  bulla_day_cache_drop_key(shared, own_id);
  done = true;
  return NULL;
}

Test(day_cache, dropping_a_key_waits_for_users_and_wipes_all_its_days, .timeout = 30) {
  size_t empty = bulla_slab_usage().used;
  shared = new_cache(8);
  for (uint64_t tag = 2; tag <= NUM_KEYS; tag++) {
    insert(shared, tag);
  }
  struct bulla_day_pin used = inserted(shared, 1);
  pthread_t dropper;
  cr_assert_eq(pthread_create(&dropper, NULL, drop_all, NULL), 0);
  while (!inserting) {
  }
  static const struct timespec moment = {.tv_nsec = 50000000};
  nanosleep(&moment, NULL);
  cr_expect(!done && is_right(&used, 1), "it was dropped in use");
  cr_expect_not(holds(shared, 1), "what is being dropped was found");
  bulla_day_cache_release(&used);
  pthread_join(dropper, NULL);
  for (uint64_t tag = 1; tag <= NUM_KEYS; tag++) {
    cr_expect_not(holds(shared, tag));
  }
  cr_expect_eq(bulla_slab_usage().used, empty);
  insert(shared, 1);
  cr_expect(holds(shared, 1));
}

Test(day_cache, dropping_a_key_leaves_other_keys) {
  struct bulla_day_cache *cache = new_cache(8);
  for (uint64_t tag = 1; tag <= NUM_KEYS; tag++) {
    insert(cache, tag);
  }
  bulla_day_cache_drop_key(cache, other_id);
  for (uint64_t tag = 1; tag <= NUM_KEYS; tag++) {
    cr_expect(holds(cache, tag));
  }
}

Test(day_cache, a_key_that_is_in_no_cache_goes_with_its_pin) {
  size_t empty = bulla_slab_usage().used;
  struct bulla_day_key key;
  struct bulla_day_pin pin = {0};
  cr_assert(make(&key, 3));
  TEST_OK(bulla_day_pin_alone(&pin, &key));
  cr_expect(is_right(&pin, 3) && pin.seals->taken == 0);
  TEST_OK(bulla_count_seal(pin.seals));
  bulla_day_cache_release(&pin);
  cr_expect(pin.key == NULL && pin.seals == NULL);
  cr_expect_eq(bulla_slab_usage().used, empty);
  bulla_day_cache_release(&pin);
}

static atomic_bool stop;

/* Uses keys in an order of its own for as long as it may. Returns how often the key was wrong. */
static void *use_keys(void *argument) {
  uint64_t random = (uintptr_t)argument + 1;
  uintptr_t num_wrong = 0;
  for (size_t round = 0; !stop || round < 100; round++) {
    random = random * UINT64_C(6364136223846793005) + 1442695040888963407;
    uint64_t tag = (random >> 33) % NUM_KEYS + 1;
    struct bulla_day_key key = named(tag);
    bool by_header = (random >> 60) % 2 == 0;
    struct bulla_span header = by_header ? bulla_span(key.header, key.header_len) : bulla_span(NULL, 0);
    struct bulla_day_pin pin = {0};
    if (!by_header || !bulla_day_cache_guess(shared, &pin, header)) {
      pin = bulla_day_cache_find(shared, tag, header);
    }
    if (pin.key == NULL && make(&key, tag)) {
      pin = bulla_day_cache_insert(shared, tag, &key);
    }
    num_wrong += !is_right(&pin, tag);
    bulla_day_cache_release(&pin);
  }
  return (void *)num_wrong;
}

Test(day_cache, threads_that_replace_each_others_keys_never_use_a_wrong_one, .timeout = 100) {
  for (size_t num_slots = 1; num_slots <= 2; num_slots++) {
    size_t empty = bulla_slab_usage().used;
    shared = new_cache(num_slots);
    stop = false;
    test_for_a_second(NUM_THREADS, use_keys, &stop);
    bulla_day_cache_free(&shared);
    cr_expect_eq(bulla_slab_usage().used, empty, "%zu slots left something in the slab", num_slots);
  }
}

/* Replaces one key by another as fast as it can: they are named only, since deriving them would take too long for
 * anybody to come between. */
static void replace_fast(void) {
  struct bulla_day_key keys[] = {named(1), named(2)};
  for (size_t round = 0; !stop; round++) {
    struct bulla_day_pin pin = bulla_day_cache_insert(shared, 1 + round % 2, &keys[round % 2]);
    bulla_day_cache_release(&pin);
  }
}

static struct bulla_span headers[2]; /* of the keys that are replaced fast */

/* The first thread replaces; the others find, by tags or by headers, and return how often the key was another's. */
static void *replace_or_find(void *number) {
  uintptr_t num_wrong = 0;
  if (number == NULL) {
    replace_fast();
  }
  for (size_t round = 0; !stop; round++) {
    uint64_t tag = 1 + round % 2;
    bool by_header = (uintptr_t)number > 2;
    struct bulla_span header = by_header ? headers[tag - 1] : bulla_span(NULL, 0);
    struct bulla_day_pin pin = {0};
    if (!by_header || !bulla_day_cache_guess(shared, &pin, header)) {
      pin = bulla_day_cache_find(shared, tag, header);
    }
    const volatile int64_t *day = pin.key != NULL ? &pin.key->day : NULL;
    for (size_t i = 0; day != NULL && i < 30; i++) {
      num_wrong += *day != (int64_t)tag;
    }
    bulla_day_cache_release(&pin);
  }
  return (void *)num_wrong;
}

Test(day_cache, a_reader_that_comes_as_its_key_goes_finds_none, .timeout = 60) {
  shared = new_cache(1);
  for (uint64_t tag = 1; tag <= 2; tag++) {
    struct bulla_day_key key = named(tag);
    headers[tag - 1] = test_copy(bulla_span(key.header, key.header_len));
  }
  test_for_a_second(4, replace_or_find, &stop);
}

static int frees_what_is_not_here(void *argument) {
  (void)argument;
  if (bulla_day_cache_here(shared)) {
    return 1;
  }
  bulla_day_cache_free(&shared);
  return shared == NULL ? 0 : 2;
}

Test(day_cache, a_forked_child_knows_that_the_keys_are_not_here_and_can_free_the_cache) {
  shared = new_cache(2);
  insert(shared, 1);
  cr_expect(bulla_day_cache_here(shared));
  cr_expect_eq(test_in_child(frees_what_is_not_here, NULL), 0);
  cr_expect(bulla_day_cache_here(shared) && holds(shared, 1));
}
