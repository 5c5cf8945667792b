/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The arithmetic of token buckets. */

#include <stdlib.h>

#include <bulla/store.h>

#include "store/limit_bucket.h"
#include "tests/support.h"

#define SECOND INT64_C(1000000)
#define DAY (86400 * SECOND)
#define START INT64_C(1700000000000000)

static const struct bulla_limit_rate rates[] = {
    {.tokens = 1, .period = SECOND, .burst = 1},
    {.tokens = 7, .period = 60 * SECOND, .burst = 100},
    {.tokens = 1000, .period = SECOND, .burst = 16},
    {.tokens = 1, .period = DAY, .burst = BULLA_LIMIT_MAX},
    {.tokens = BULLA_LIMIT_MAX, .period = SECOND, .burst = BULLA_LIMIT_MAX},
    {.tokens = BULLA_LIMIT_MAX, .period = DAY, .burst = 1},
};
enum { NUM_RATES = sizeof(rates) / sizeof(rates[0]) };

/* What a bucket gives at most that was full |elapsed| ago. */
static double most(const struct bulla_limit_rate *rate, int64_t elapsed) {
  return (double)rate->burst + (double)elapsed * (double)rate->tokens / (double)rate->period;
}

Test(limit_bucket, never_gives_more_than_its_burst_and_what_came_since) {
  srandom(1);
  for (size_t i = 0; i < NUM_RATES; i++) {
    struct bulla_limit_bucket bucket = {.level = rates[i].burst, .time = START};
    int64_t now = START;
    int64_t sum = 0;
    for (int times = 0; times < 20000; times++) {
      now += random() % (times % 3 == 0 ? 3 : rates[i].period / 1000);
      bulla_limit_refill(&bucket, &rates[i], now);
      sum += bulla_limit_draw(&bucket, 1, random() % 1000 + 1);
      cr_assert_leq((double)sum, most(&rates[i], now - START) * (1 + 1e-12), "rate %zu", i);
    }
  }
}

Test(limit_bucket, looking_often_loses_nothing) {
  for (size_t i = 0; i < NUM_RATES; i++) {
    struct bulla_limit_bucket often = {.level = 0, .time = START};
    struct bulla_limit_bucket once = {.level = 0, .time = START};
    for (int64_t at = 0; at <= 1000; at++) {
      bulla_limit_refill(&often, &rates[i], START + at * (rates[i].period / 333));
    }
    bulla_limit_refill(&once, &rates[i], START + 1000 * (rates[i].period / 333));
    cr_expect_eq(often.level, once.level, "rate %zu: %ld", i, (long)often.level);
    cr_expect_gt(once.level, 0);
  }
}

Test(limit_bucket, gives_a_sixteenth_or_what_is_wanted_and_the_least_or_nothing) {
  static const struct {
    int64_t level;
    int64_t least;
    int64_t wanted;
    int64_t drawn;
  } draws[] = {{160, 1, 1, 1}, {160, 1, 5, 5}, {160, 1, 100, 10}, {15, 1, 100, 1},   {1, 1, 1, 1},
               {0, 1, 1, 0},   {3, 3, 1, 3},   {2, 3, 100, 0},    {160, 12, 100, 12}};
  for (size_t i = 0; i < sizeof(draws) / sizeof(draws[0]); i++) {
    struct bulla_limit_bucket bucket = {.level = draws[i].level};
    cr_expect_eq(bulla_limit_draw(&bucket, draws[i].least, draws[i].wanted), draws[i].drawn, "%zu", i);
    cr_expect_eq(bucket.level, draws[i].level - draws[i].drawn);
  }
}

Test(limit_bucket, with_a_rate_of_0_nothing_ever_comes) {
  const struct bulla_limit_rate none = {.tokens = 0, .period = SECOND, .burst = 0};
  struct bulla_limit_bucket bucket = {.level = 5, .time = START};
  bulla_limit_refill(&bucket, &none, START + 100 * DAY);
  cr_expect_eq(bulla_limit_draw(&bucket, 1, 1), 0);
  cr_expect_eq(bulla_limit_wait(&bucket, &none, 1, START + 100 * DAY), BULLA_LIMIT_NEVER);
}

Test(limit_bucket, says_when_there_is_enough) {
  for (size_t i = 0; i < NUM_RATES; i++) {
    struct bulla_limit_bucket bucket = {.level = 0, .time = START};
    int64_t num = rates[i].burst < 1000 ? rates[i].burst : 1000;
    int64_t wait = bulla_limit_wait(&bucket, &rates[i], num, START);
    struct bulla_limit_bucket before = bucket;
    bulla_limit_refill(&before, &rates[i], START + wait - 1);
    bulla_limit_refill(&bucket, &rates[i], START + wait);
    cr_expect_geq(bucket.level, num, "rate %zu", i);
    cr_expect_lt(before.level, num, "rate %zu", i);
    cr_expect_eq(bulla_limit_wait(&bucket, &rates[i], rates[i].burst + 1, START + wait), BULLA_LIMIT_NEVER);
  }
}

Test(limit_bucket, a_clock_that_jumps_fills_it_once_and_does_not_stop_it) {
  const struct bulla_limit_rate rate = {.tokens = 10, .period = SECOND, .burst = 10};
  struct bulla_limit_bucket bucket = {.level = 0, .time = START};
  bulla_limit_refill(&bucket, &rate, START + 1000 * DAY);
  cr_expect_eq(bucket.level, 10);
  bucket.level = 0;
  bulla_limit_refill(&bucket, &rate, START);
  cr_expect_eq(bucket.level, 0, "the clock that went back filled it");
  bulla_limit_refill(&bucket, &rate, START + SECOND / 2);
  cr_expect_eq(bucket.level, 5, "it has %ld half a second after the clock went back", (long)bucket.level);
}

Test(limit_bucket, clocks_that_differ_a_little_fill_it_once) {
  const struct bulla_limit_rate rate = {.tokens = 10, .period = SECOND, .burst = 1000};
  struct bulla_limit_bucket bucket = {.level = 0, .time = START};
  for (int64_t at = 0; at <= 10; at++) {
    bulla_limit_refill(&bucket, &rate, START + at * SECOND);
    bulla_limit_refill(&bucket, &rate, START + at * SECOND - 30 * SECOND);
  }
  cr_expect_eq(bucket.level, 100);
}

Test(limit_bucket, whatever_a_row_says_is_a_bucket) {
  static const int64_t numbers[] = {INT64_MIN, -1, 0, 1, START, INT64_MAX};
  enum { NUM = sizeof(numbers) / sizeof(numbers[0]) };
  for (size_t i = 0; i < (size_t)NUM * NUM * NUM_RATES; i++) {
    const struct bulla_limit_rate *rate = &rates[i / NUM / NUM];
    struct bulla_limit_bucket bucket = {.level = numbers[i % NUM], .time = numbers[i / NUM % NUM]};
    bulla_limit_refill(&bucket, rate, START);
    cr_expect(bucket.level >= 0 && bucket.level <= rate->burst, "%zu: level %ld", i, (long)bucket.level);
    cr_expect(bucket.time >= 0 && bucket.time <= START + BULLA_LIMIT_SKEW_US, "%zu: time %ld", i, (long)bucket.time);
    cr_expect_geq(bulla_limit_wait(&bucket, rate, rate->burst, START), 0);
  }
}
