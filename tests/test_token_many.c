/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Minting many tokens with one call: each is as if it had been minted alone, and there are all or none. */

#include "core/base64url.h"
#include "core/jwe_compact.h"
#include "core/key.h"
#include "core/nonce.h"
#include "tests/copies.h"
#include "tests/token_support.h"
#include "token/minter.h"

enum { DAY = 86400, MAX = 300 };

TEST_TOKEN_SUITE(token_many);

/* What is handed to a call. */
struct batch {
  size_t num;
  struct bulla_buffer tokens[MAX];
  struct bulla_claims claims[MAX];
  const struct bulla_claims *pointers[MAX];
};

/* |num| tokens of different subjects, each so many days after the first as |days| says, from its beginning anew. */
static struct batch *make(size_t num, const char *days) {
  struct batch *batch = calloc(1, sizeof(*batch));
  cr_assert_not_null(batch);
  test_keep(batch);
  batch->num = num;
  for (size_t i = 0; i < num; i++) {
    batch->claims[i] = test_claims();
    batch->claims[i].sub = test_filled((uint8_t)('a' + i % 26), i % 40 + 1);
    batch->claims[i].iat = TEST_NOW + DAY * (int64_t)(days[i % strlen(days)] - '0');
    batch->claims[i].exp = i % 3 == 0 ? 0 : batch->claims[i].iat + 60 + (int64_t)i;
    batch->pointers[i] = &batch->claims[i];
    batch->tokens[i] = test_room(1024);
  }
  return batch;
}

static enum bulla_status mint(struct batch *batch, size_t *failed) {
  return bulla_token_mint_many(issuer->minter, batch->tokens, failed, batch->pointers, batch->num);
}

/* Asserts that the call fails so, |wanted_failed| at fault, and leaves nothing in any buffer. */
static void fails(struct batch *batch, enum bulla_status wanted, size_t wanted_failed, const char *what, size_t which) {
  size_t failed = SIZE_MAX;
  enum bulla_status status = mint(batch, &failed);
  cr_assert_eq(status, wanted, "%s %zu: %s", what, which, bulla_status_text(status));
  cr_assert_eq(failed, wanted_failed, "%s %zu: token %zu is said to be at fault", what, which, failed);
  for (size_t i = 0; i < batch->num; i++) {
    TEST_FAILED(batch->tokens[i], "%s %zu: token %zu", what, which, i);
    test_use_room(&batch->tokens[i]);
  }
}

/* The count of the key of |day|, which the minter has. */
static struct bulla_seal_count *count_of(int64_t day) {
  struct bulla_day_pin pin = bulla_day_cache_find(issuer->minter->days, (uint64_t)day + 1, bulla_span(NULL, 0));
  cr_assert_not_null(pin.key, "the minter has no key of day %lld", (long long)day);
  struct bulla_seal_count *seals = pin.seals;
  bulla_day_cache_release(&pin);
  return seals;
}

static uint64_t num_counted(int64_t day) {
  const struct bulla_seal_count *count = count_of(day);
  uint64_t num = count->taken;
  for (size_t i = 0; i < BULLA_SHARDS; i++) {
    num -= count->shards[i].left;
  }
  return num;
}

Test(token_many, each_token_says_what_its_claims_do_under_the_key_of_its_day) {
  static const char *const days[] = {"0", "01", "0011222", "543210", "00000000000000000000000000000000000001"};
  static const size_t nums[] = {1, 2, 63, 64, 65, MAX};
  for (size_t row = 0; row < 30; row++) {
    struct batch *batch = make(nums[row / 5], days[row % 5]);
    size_t failed = SIZE_MAX;
    TEST_OK(mint(batch, &failed));
    cr_assert_eq(failed, batch->num);
    for (size_t i = 0; i < batch->num; i++) {
      struct bulla_span token = bulla_written(&batch->tokens[i]);
      struct bulla_claims wanted = batch->claims[i];
      struct bulla_claims read = BULLA_CLAIMS_INIT;
      struct bulla_buffer payload = test_room(BULLA_PAYLOAD_SIZE);
      wanted.exp = wanted.exp == 0 ? wanted.iat + BULLA_TOKEN_LIFETIME : wanted.exp;
      TEST_OK(bulla_token_verify(verifier, &read, &payload, token, wanted.iat));
      wanted.orig_iat = wanted.iat;
      wanted.json = read.json;
      cr_assert(test_claims_same(&read, &wanted), "row %zu, token %zu", row, i);
      struct bulla_token_outline outline = BULLA_TOKEN_OUTLINE_INIT;
      TEST_OK(bulla_token_inspect(&outline, token));
      cr_assert_eq(outline.day, wanted.iat / DAY, "row %zu, token %zu", row, i);
      cr_assert_eq(token.len, test_minted(issuer, &batch->claims[i]).len, "row %zu, token %zu", row, i);
    }
  }
}

Test(token_many, seals_are_counted_for_each_day) {
  struct batch *batch = make(200, "001");
  size_t failed;
  TEST_OK(mint(batch, &failed));
  cr_expect_eq(num_counted(TEST_DAY), 134);
  cr_expect_eq(num_counted(TEST_DAY + 1), 66);
}

Test(token_many, no_token_takes_nothing) {
  size_t failed = SIZE_MAX;
  TEST_OK(bulla_token_mint_many(issuer->minter, NULL, &failed, NULL, 0));
  cr_expect_eq(failed, 0);
}

Test(token_many, claims_at_fault_leave_no_token_and_count_none) {
  test_token(issuer);
  for (size_t i = 0; i < 150; i += i < 2 ? 1 : 49) {
    struct batch *batch = make(150, "0");
    batch->claims[i].org = bulla_span(NULL, 0);
    fails(batch, BULLA_INVALID_ARGUMENT, i, "without org", i);
    batch = make(150, "0");
    batch->claims[i].exp = batch->claims[i].iat;
    fails(batch, BULLA_INVALID_ARGUMENT, i, "expired", i);
    batch = make(150, "0");
    batch->claims[i].iat = INT64_MIN;
    fails(batch, BULLA_INVALID_ARGUMENT, i, "before all time", i);
    batch = make(150, "0");
    batch->claims[i].size = 8;
    fails(batch, BULLA_INVALID_ARGUMENT, i, "without its size", i);
    /* The first of two. */
    batch->claims[149].sub = bulla_span(NULL, 0);
    fails(batch, BULLA_INVALID_ARGUMENT, i, "without its size, and another one", i);
  }
  cr_expect_eq(num_counted(TEST_DAY), 1);
}

Test(token_many, what_cannot_be_written_leaves_no_token) {
  for (size_t i = 0; i < 150; i += i < 2 ? 1 : 49) {
    struct batch *batch = make(150, "0");
    batch->claims[i].perms = BULLA_LITERAL("{}");
    fails(batch, BULLA_INVALID_TEXT, i, "with bad perms", i);
    batch = make(150, "0");
    batch->tokens[i] = test_room(20);
    fails(batch, BULLA_BUFFER_TOO_SMALL, i, "without room for a header", i);
    batch->tokens[i] = bulla_buffer(NULL, 0);
    fails(batch, BULLA_BUFFER_TOO_SMALL, i, "without any room", i);
    batch = make(150, "0");
    batch->tokens[i] = test_room(test_minted(issuer, &batch->claims[i]).len - 1);
    fails(batch, BULLA_BUFFER_TOO_SMALL, i, "a byte short", i);
  }
}

Test(token_many, what_a_days_key_has_left_is_for_a_batch_that_fits) {
  struct batch *batch = make(10, "0000001111");
  size_t failed;
  TEST_OK(mint(batch, &failed));
  bulla_seal_count_start(count_of(TEST_DAY + 1));
  count_of(TEST_DAY + 1)->taken = BULLA_MAX_SEALS - 3;
  fails(batch, BULLA_KEY_EXHAUSTED, batch->num, "four of the second day", 4);
  batch->num = 9;
  TEST_OK(mint(batch, &failed));
  batch->num = 7;
  fails(batch, BULLA_KEY_EXHAUSTED, batch->num, "one more of the second day", 1);
  batch->num = 6;
  TEST_OK(mint(batch, &failed));
}

/* A later version of the claims. */
struct later {
  struct bulla_claims claims;
  uint64_t more;
};

Test(token_many, claims_of_programs_of_other_versions_stand_beside_each_other) {
  struct batch *batch = make(3, "0");
  struct later later = {.claims = batch->claims[1]};
  later.claims.size = sizeof(later);
  batch->pointers[1] = &later.claims;
  size_t failed;
  TEST_OK(mint(batch, &failed));
  TEST_VERIFY(verifier, bulla_written(&batch->tokens[1]), TEST_NOW, BULLA_OK, "of a later version");
  later.more = 1;
  fails(batch, BULLA_UNSUPPORTED, 1, "with what a later version can do", 1);
}

static int finds_no_key(void *argument) {
  struct batch *batch = argument;
  size_t failed = SIZE_MAX;
  if (mint(batch, &failed) != BULLA_FORKED || failed != batch->num) {
    return 1;
  }
  for (size_t i = 0; i < batch->num; i++) {
    if (!test_failed(&batch->tokens[i])) {
      return 2;
    }
  }
  return bulla_token_mint_many(issuer->minter, NULL, &failed, NULL, 0) == BULLA_FORKED && failed == 0 ? 0 : 3;
}

Test(token_many, a_forked_child_mints_nothing) {
  cr_expect_eq(test_in_child(finds_no_key, make(5, "0")), 0);
}

enum { NUM_THREADS = 4, ROUNDS = 60 };

static void *mint_of_many_days(void *argument) {
  static const char *const days[NUM_THREADS] = {"0123456", "6543210", "0", "3333333333333"};
  const size_t *number = argument;
  struct batch *batch = make(100, days[*number]);
  for (size_t round = 0; round < ROUNDS; round++) {
    size_t failed;
    if (mint(batch, &failed) != BULLA_OK) {
      return argument;
    }
  }
  return NULL;
}

/* A minter has room for the keys of two days. */
Test(token_many, threads_that_need_each_others_places_wait_for_no_place_that_they_hold_themselves) {
  static size_t numbers[NUM_THREADS] = {0, 1, 2, 3};
  struct test_threads threads;
  test_start(&threads, NUM_THREADS, mint_of_many_days, numbers, sizeof(*numbers));
  test_join(&threads);
}

enum { COPIED = 7, IV_LEN = 12 };

/* What copies of this process draw, each from the same pool. */
struct copies {
  uint8_t drawn[COPIED][IV_LEN];
  uint8_t minted[2][COPIED][IV_LEN];
};

static int draw_plainly(void *argument) {
  struct copies *copies = argument;
  for (size_t i = 0; i < COPIED; i++) {
    if (bulla_nonce_mixed(copies->drawn[i], IV_LEN, 0) != BULLA_OK) {
      return 1;
    }
  }
  return 0;
}

static int take_iv(uint8_t *iv, struct bulla_span token) {
  struct bulla_jwe_parts parts;
  return bulla_jwe_split(&parts, token) == BULLA_OK && bulla_base64url_decode(iv, parts.iv) ? 0 : 2;
}

static int mint_a_batch(void *argument) {
  uint8_t(*ivs)[IV_LEN] = argument;
  struct batch *batch = make(COPIED, "0");
  size_t failed;
  if (mint(batch, &failed) != BULLA_OK) {
    return 1;
  }
  int status = 0;
  for (size_t i = 0; i < COPIED; i++) {
    status |= take_iv(ivs[i], bulla_written(&batch->tokens[i]));
  }
  return status;
}

/* The same with a call for each. */
static int mint_one_by_one(void *argument) {
  uint8_t(*ivs)[IV_LEN] = argument;
  struct batch *batch = make(COPIED, "0");
  int status = 0;
  for (size_t i = 0; i < COPIED; i++) {
    status |= bulla_token_mint(issuer->minter, &batch->tokens[i], batch->pointers[i]) == BULLA_OK ? 0 : 1;
    status |= take_iv(ivs[i], bulla_written(&batch->tokens[i]));
  }
  return status;
}

/* What was mixed into the |i|-th IV of a copy. */
static uint64_t word_of(const struct copies *copies, size_t copy, size_t i) {
  return test_mixed_word(copies->minted[copy][i], copies->drawn[i]);
}

Test(token_many, the_ivs_of_a_call_count_up_from_a_fresh_word_of_the_processor) {
  if (!test_has_rdrand()) {
    cr_skip_test("the processor has no RDRAND");
  }
  struct copies *copies = mmap(NULL, sizeof(*copies), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  cr_assert(copies != MAP_FAILED);
  test_token(issuer);
  test_let_children_be_copies();
  cr_assert_eq(test_in_child(draw_plainly, copies), 0);
  for (size_t copy = 0; copy < 2; copy++) {
    cr_assert_eq(test_in_child(mint_a_batch, copies->minted[copy]), 0);
    for (size_t i = 0; i < COPIED; i++) {
      cr_expect_eq(word_of(copies, copy, i), word_of(copies, copy, 0) + i, "copy %zu, IV %zu", copy, i);
    }
    cr_expect_neq(word_of(copies, copy, 0), 0, "no fresh word was mixed in");
  }
  cr_expect_neq(word_of(copies, 0, 0), word_of(copies, 1, 0), "both copies have the same");
  cr_assert_eq(test_in_child(mint_one_by_one, copies->minted[0]), 0);
  for (size_t i = 0; i < COPIED; i++) {
    cr_expect_neq(word_of(copies, 0, i), 0, "no fresh word was mixed in");
    cr_expect_neq(word_of(copies, 0, i), word_of(copies, 0, (i + 1) % COPIED), "two calls have the same word");
  }
}
