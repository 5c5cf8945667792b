/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The keys that a verifier remembers: how often it asks for one, whatever tokens it is sent and whoever else's key
 * is revoked, and that none is used that has been. */

#include "core/crypto.h"
#include "core/slab.h"
#include "tests/token_keys_support.h"
#include "token/verifier.h"

/* A header of the key |number| that nobody mints, one of many. */
static struct bulla_span strange_header(size_t number, size_t kind) {
  /* In which $ stands for the day, # for the kind. */
  static const char *const forms[] = {
      "{\"alg\":\"dir\",\"enc\":\"A256GCM\",\"typ\":\"JWT\",\"kid\":\"@.$\"}",
      "{\"alg\":\"dir\",\"enc\":\"A256GCM\",\"kid\":\"@.$\"}",
      "{\"kid\":\"@.$\",\"alg\":\"dir\",\"enc\":\"A256GCM\"}",
      "{\"enc\":\"A256GCM\",\"kid\":\"@.$\",\"typ\":\"JWT\",\"alg\":\"dir\"}",
      " {\"alg\" : \"dir\",\n\"enc\":\"A256GCM\",\t\"typ\":\"JWT\",\"kid\":\"@.$\" } ",
      "{\"alg\":\"dir\",\"enc\":\"A256GCM\",\"typ\":\"JWT\",\"kid\":\"@.$\",\"x#\":[{}]}",
      "{\"x#\":null,\"alg\":\"dir\",\"enc\":\"A256GCM\",\"kid\":\"@.$\"}",
      "{\"jwk\":{\"n\":#},\"alg\":\"dir\",\"enc\":\"A256GCM\",\"kid\":\"@.$\"}",
  };
  char json[300] = "";
  for (const char *at = forms[kind % 8]; *at != '\0'; at++) {
    size_t len = strlen(json);
    int64_t value = *at == '$' ? TEST_DAY - (int64_t)(kind / 8 % 2) : (int64_t)kind;
    if (*at == '$' || *at == '#') {
      snprintf(json + len, sizeof(json) - len, "%" PRId64, value);
    } else {
      json[len] = *at;
    }
  }
  return test_header(json, id_of(number));
}

/* Verifies a token of each of |num_keys| keys, of which |gone| is refused. */
static void verify_all(struct bulla_verifier *verifier, size_t num_keys, size_t gone) {
  for (size_t number = 0; number < num_keys; number++) {
    TEST_VERIFY(verifier, token_of(number), TEST_NOW, number == gone ? BULLA_REFUSED : BULLA_OK, "%zu", number);
  }
}

Test(token_keys, forged_tokens_that_name_live_keys_have_each_opened_once, .timeout = 100) {
  enum { NUM_FORGED = 10000, NUM_LIVE = 300 };
  struct bulla_verifier *verifier = new_verifier(NUM_LIVE);
  struct bulla_span good = token_of(0);
  const uint8_t *dot = memchr(good.data, '.', good.len);
  struct bulla_span body = bulla_span(dot, (size_t)(good.data + good.len - dot));
  for (size_t i = 0; i < NUM_FORGED; i++) {
    struct bulla_span forged = test_concat(strange_header((i + 1) % NUM_LIVE, i / NUM_LIVE), body);
    enum bulla_status wanted = (i + 1) % NUM_LIVE == 0 && i / NUM_LIVE % 16 == 0 ? BULLA_OK : BULLA_REFUSED;
    TEST_VERIFY(verifier, forged, TEST_NOW, wanted, "%zu", i);
  }
  cr_expect_eq(world.num_found, NUM_LIVE, "%zu openings of %d keys", (size_t)world.num_found, (int)NUM_LIVE);
}

Test(token_keys, as_many_keys_are_remembered_as_the_option_says) {
  static const size_t maxima[] = {1, 2, 3, 63, 64, 65, NUM_KEYS};
  for (size_t i = 0; i < sizeof(maxima) / sizeof(*maxima); i++) {
    struct bulla_verifier *verifier = new_verifier(maxima[i]);
    world.num_found = 0;
    for (size_t round = 0; round < 3; round++) {
      verify_all(verifier, maxima[i], NUM_KEYS);
      cr_assert_eq(world.num_found, maxima[i], "%zu keys, round %zu: %zu calls", maxima[i], round,
                   (size_t)world.num_found);
    }
    bulla_verifier_free(&verifier);
  }
}

Test(token_keys, more_keys_than_are_remembered_are_all_good_and_asked_for_again) {
  struct bulla_verifier *verifier = new_verifier(2);
  for (size_t round = 0; round < 10; round++) {
    verify_all(verifier, 5, NUM_KEYS);
  }
  cr_expect(world.num_found > 5 && world.num_found <= 50, "%zu calls", (size_t)world.num_found);
}

/* Verifying a token of another day takes the root once more: its key is in use. */
Test(token_keys, a_key_that_is_in_use_does_not_make_room_for_another, .timeout = 30) {
  struct bulla_verifier *verifier = new_verifier(3);
  verify_all(verifier, 3, NUM_KEYS);
  TEST_VERIFY(verifier, token_of_day(0, TEST_DAY - 1), TEST_NOW, BULLA_OK, "in use");
  TEST_VERIFY(verifier, token_of(3), TEST_NOW, BULLA_OK, "one more");
  cr_assert_eq(world.num_found, 4);
  TEST_VERIFY(verifier, token_of(0), TEST_NOW, BULLA_OK, "in use");
  TEST_VERIFY(verifier, token_of(2), TEST_NOW, BULLA_OK, "not the next in turn");
  cr_expect_eq(world.num_found, 4, "another key made room");
}

Test(token_keys, one_of_the_keys_makes_room_if_all_are_in_use, .timeout = 30) {
  struct bulla_verifier *verifier = new_verifier(2);
  for (int64_t day = TEST_DAY; day >= TEST_DAY - 1; day--) {
    TEST_VERIFY(verifier, token_of_day(0, day), TEST_NOW, BULLA_OK, "first");
    TEST_VERIFY(verifier, token_of_day(1, day), TEST_NOW, BULLA_OK, "second");
  }
  cr_assert_eq(world.num_found, 2);
  TEST_VERIFY(verifier, token_of(2), TEST_NOW, BULLA_OK, "one more");
  TEST_VERIFY(verifier, token_of(2), TEST_NOW, BULLA_OK, "one more");
  cr_expect_eq(world.num_found, 3);
}

Test(token_keys, an_idle_verifier_takes_no_locked_memory_and_a_busy_one_what_it_needs) {
  struct bulla_aead *one = NULL;
  size_t empty = bulla_slab_usage().used;
  TEST_OK(bulla_aead_new(&one, root_of(1)));
  size_t size_of_one = bulla_slab_usage().used - empty;
  bulla_aead_free(&one);
  struct bulla_verifier *verifier = new_verifier(BULLA_KEYS_MAX);
  cr_expect_eq(bulla_slab_usage().used, empty);
  verify_all(verifier, 65, NUM_KEYS);
  size_t most = 2 * (64 * BULLA_KEY_LEN + 128) + 65 * size_of_one;
  cr_expect(bulla_slab_usage().used - empty <= most, "%zu bytes", bulla_slab_usage().used - empty);
  bulla_verifier_free(&verifier);
  cr_expect_eq(bulla_slab_usage().used, empty);
  struct bulla_verifier_options options = {.size = sizeof(struct bulla_verifier_options),
                                           .max_keys = BULLA_KEYS_MAX + 1};
  TEST_STATUS(bulla_verifier_new(&verifier, &options, find, &world), BULLA_INVALID_ARGUMENT);
  cr_expect_null(verifier);
}

Test(token_keys, both_days_and_refreshing_need_one_opening) {
  struct bulla_verifier *verifier = new_verifier(4);
  struct bulla_buffer fresh = test_room(BULLA_TOKEN_MAX);
  struct bulla_buffer payload = test_room(BULLA_PAYLOAD_SIZE);
  TEST_VERIFY(verifier, token_of_day(1, TEST_DAY - 1), TEST_NOW, BULLA_OK, "yesterday's");
  TEST_VERIFY(verifier, token_of(1), TEST_NOW, BULLA_OK, "today's");
  TEST_OK(bulla_token_refresh(verifier, &fresh, &payload, token_of(1), TEST_DAY_START + 86400));
  TEST_VERIFY(verifier, bulla_written(&fresh), TEST_DAY_START + 86400, BULLA_OK, "tomorrow's");
  cr_expect_eq(world.num_found, 1);
}

Test(token_keys, a_revocation_has_no_other_key_opened_again) {
  struct bulla_verifier *verifier = new_verifier(0);
  verify_all(verifier, 400, NUM_KEYS);
  cr_assert_eq(world.num_found, 400);
  world.is_gone[7] = true;
  world.generation += 2;
  verify_all(verifier, 400, 7);
  cr_expect_eq(world.num_judged, 400, "%zu judged", (size_t)world.num_judged);
  cr_expect_eq(world.num_found, 401, "the revoked one alone is asked for again");
  verify_all(verifier, 400, 7);
  cr_expect_eq(world.num_judged, 400);
}

Test(token_keys, a_revoked_key_leaves_the_memory_with_its_days) {
  struct bulla_verifier *verifier = new_verifier(0);
  TEST_VERIFY(verifier, token_of(0), TEST_NOW, BULLA_OK, "another");
  size_t before = bulla_slab_usage().used;
  TEST_VERIFY(verifier, token_of(1), TEST_NOW, BULLA_OK, "today's");
  TEST_VERIFY(verifier, token_of_day(1, TEST_DAY - 1), TEST_NOW, BULLA_OK, "yesterday's");
  world.is_gone[1] = true;
  world.generation += 2;
  TEST_VERIFY(verifier, token_of(0), TEST_NOW, BULLA_OK, "another");
  cr_expect_eq(bulla_slab_usage().used, before, "a day's key is still there");
  TEST_VERIFY(verifier, token_of_day(1, TEST_DAY - 1), TEST_NOW, BULLA_REFUSED, "yesterday's");
  TEST_VERIFY(verifier, token_of(1), TEST_NOW, BULLA_REFUSED, "today's");
}

Test(token_keys, a_key_that_had_to_make_room_is_not_used_after_it_was_revoked) {
  struct bulla_verifier *verifier = new_verifier(1);
  TEST_VERIFY(verifier, token_of(1), TEST_NOW, BULLA_OK, "the first");
  TEST_VERIFY(verifier, token_of(2), TEST_NOW, BULLA_OK, "the one in its place");
  world.is_gone[1] = true;
  world.generation += 2;
  TEST_VERIFY(verifier, token_of(2), TEST_NOW, BULLA_OK, "the one in its place");
  TEST_VERIFY(verifier, token_of(1), TEST_NOW, BULLA_REFUSED, "the first");
}

Test(token_keys, a_key_of_which_nobody_can_say_whether_it_is_live_is_neither_used_nor_looked_for) {
  struct bulla_verifier *verifier = new_verifier(0);
  static const enum bulla_status statuses[] = {BULLA_IO, BULLA_VAULT_MOVED, BULLA_REVOKED};
  for (size_t i = 0; i < sizeof(statuses) / sizeof(*statuses); i++) {
    world.is_live = BULLA_OK;
    TEST_VERIFY(verifier, token_of(1), TEST_NOW, BULLA_OK, "%zu", i);
    world.is_live = (int)statuses[i];
    world.generation += 2;
    TEST_VERIFY(verifier, token_of(1), TEST_NOW, statuses[i], "%zu", i);
    TEST_VERIFY(verifier, token_of_day(1, TEST_DAY - 1), TEST_NOW, statuses[i], "another day, %zu", i);
  }
  cr_expect_eq(world.num_found, 1, "%zu calls", (size_t)world.num_found);
  world.is_live = BULLA_NOT_FOUND;
  TEST_VERIFY(verifier, token_of(1), TEST_NOW, BULLA_OK, "found anew");
  cr_expect_eq(world.num_found, 2, "%zu calls", (size_t)world.num_found);
}

Test(token_keys, while_nobody_can_say_which_keys_are_live_none_is_looked_for_twice) {
  struct bulla_verifier *verifier = new_verifier(0);
  for (size_t number = 1; number <= 5; number++) {
    TEST_VERIFY(verifier, token_of(number), TEST_NOW, BULLA_OK, "%zu", number);
  }
  world.is_live = BULLA_IO;
  world.generation = 1;
  world.step = 2;
  TEST_VERIFY(verifier, token_of(6), TEST_NOW, BULLA_OK, "one more");
  world.num_judged = 0;
  for (size_t i = 0; i < 60; i++) {
    TEST_VERIFY(verifier, token_of(1 + i % 6), TEST_NOW, BULLA_IO, "%zu", i);
  }
  cr_expect_eq(world.num_found, 6, "%zu calls of find", (size_t)world.num_found);
  cr_expect_leq(world.num_judged, 120, "%zu calls of is_live: not one for each key", (size_t)world.num_judged);
  world.is_live = BULLA_OK;
  world.generation = 1000;
  world.step = 0;
  world.is_gone[3] = true;
  for (size_t number = 1; number <= 6; number++) {
    TEST_VERIFY(verifier, token_of(number), TEST_NOW, number == 3 ? BULLA_REFUSED : BULLA_OK, "%zu", number);
  }
  cr_expect_eq(world.num_found, 7, "%zu calls of find: the revoked one's is one more", (size_t)world.num_found);
}

Test(token_keys, a_key_of_which_nobody_can_say_whether_it_is_live_ends_no_other) {
  struct bulla_verifier *verifier = new_verifier(0);
  for (size_t number = 1; number <= 5; number++) {
    TEST_VERIFY(verifier, token_of(number), TEST_NOW, BULLA_OK, "%zu", number);
  }
  world.in_doubt = 2;
  world.is_gone[4] = true;
  world.generation += 2;
  for (size_t round = 0; round < 3; round++) {
    for (size_t number = 1; number <= 5; number++) {
      enum bulla_status wanted = number == 2 ? BULLA_IO : number == 4 ? BULLA_REFUSED : BULLA_OK;
      TEST_VERIFY(verifier, token_of(number), TEST_NOW, wanted, "%zu", number);
    }
  }
  cr_expect_eq(world.num_found, 5 + 3, "%zu calls: the revoked one's are more", (size_t)world.num_found);
}

Test(token_keys, numbers_that_never_repeat_have_each_verification_ask_whether_its_key_is_live) {
  struct bulla_verifier *verifier = new_verifier(0);
  world.generation = 1;
  world.step = 2;
  TEST_VERIFY(verifier, token_of(1), TEST_NOW, BULLA_OK, "first");
  for (size_t round = 1; round <= 5; round++) {
    TEST_VERIFY(verifier, token_of(1), TEST_NOW, BULLA_OK, "round %zu", round);
    cr_expect_eq(world.num_judged, round);
    cr_expect_eq(world.num_found, 1);
  }
  world.is_gone[1] = true;
  TEST_VERIFY(verifier, token_of(1), TEST_NOW, BULLA_REFUSED, "revoked");
  world.is_live = world.find = BULLA_BUSY;
  TEST_VERIFY(verifier, token_of(1), TEST_NOW, BULLA_BUSY, "nobody can say");
}

Test(token_keys, texts_that_share_a_slot_in_one_verifier_do_not_in_another) {
  enum { NUM_TEXTS = 2000, NUM_SLOTS = 256 };
  const struct bulla_hash_key *one = &new_verifier(0)->keys.hash_key;
  const struct bulla_hash_key *other = &new_verifier(0)->keys.hash_key;
  size_t num_shared = 0;
  size_t num_still_shared = 0;
  struct bulla_span texts[NUM_TEXTS];
  for (size_t i = 0; i < NUM_TEXTS; i++) {
    texts[i] = id_of(i);
    for (size_t j = 0; j < i; j++) {
      bool shared_here =
          bulla_keyed_hash(one, texts[i].data, 16) % NUM_SLOTS == bulla_keyed_hash(one, texts[j].data, 16) % NUM_SLOTS;
      bool shared_there = bulla_keyed_hash(other, texts[i].data, 16) % NUM_SLOTS ==
                          bulla_keyed_hash(other, texts[j].data, 16) % NUM_SLOTS;
      num_shared += shared_here;
      num_still_shared += shared_here && shared_there;
    }
  }
  /* One pair in 256 shares a slot, and of those one in 256 again: 7800 and 30 are expected. */
  cr_expect(num_shared > 3000 && num_shared < 30000, "%zu", num_shared);
  cr_expect(num_still_shared < 600, "%zu of %zu", num_still_shared, num_shared);
}

/* Says how often the root of the key |number| is in the arena. */
static size_t count_in_arena(size_t number) {
  struct bulla_secret *probe = test_secret(test_filled(1, 1));
  struct test_mapping arena;
  size_t num = 0;
  cr_assert(test_find_mapping(&arena, bulla_secret_data(probe)));
  for (const uint8_t *at = arena.start; at + BULLA_KEY_LEN <= arena.end; at += 8) {
    num += memcmp(at, root_of(number).data, BULLA_KEY_LEN) == 0;
  }
  bulla_secret_free(&probe);
  return num;
}

Test(token_keys, a_root_is_remembered_in_one_place_and_wiped_when_it_is_forgotten) {
  struct bulla_verifier *verifier = new_verifier(0);
  TEST_VERIFY(verifier, token_of(0), TEST_NOW, BULLA_OK, "another");
  cr_expect_eq(count_in_arena(1), 0);
  TEST_VERIFY(verifier, token_of(1), TEST_NOW, BULLA_OK, "it");
  cr_expect_eq(count_in_arena(1), 1);
  world.is_gone[1] = true;
  world.generation += 2;
  TEST_VERIFY(verifier, token_of(0), TEST_NOW, BULLA_OK, "another");
  cr_expect_eq(count_in_arena(1), 0);
  cr_expect_eq(count_in_arena(0), 1);
}
