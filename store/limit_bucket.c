/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/limit_bucket.h. */

#include "store/limit_bucket.h"

#include <bulla/store.h>

enum { SHARES = 16 };

static int64_t at_most(int64_t number, int64_t max) {
  return number < max ? number : max;
}

/* How long |num| tokens take to come, rounded up. */
static int64_t time_of(const struct bulla_limit_rate *rate, int64_t num) {
  return num == 0 ? 0 : (num * rate->period - 1) / rate->tokens + 1;
}

/* Adds what came in |elapsed|, which is less than what fills it: that times the rate fits. */
static void add(struct bulla_limit_bucket *bucket, const struct bulla_limit_rate *rate, int64_t elapsed) {
  int64_t come = elapsed * rate->tokens / rate->period;
  bucket->level += come;
  bucket->time += time_of(rate, come);
}

void bulla_limit_refill(struct bulla_limit_bucket *bucket, const struct bulla_limit_rate *rate, int64_t now) {
  bucket->level = at_most(bucket->level < 0 ? 0 : bucket->level, rate->burst);
  if (bucket->time < 0 || bucket->time - now > BULLA_LIMIT_SKEW_US) {
    bucket->time = now;
  }
  if (bucket->time >= now) {
    return;
  }
  if (rate->tokens == 0) {
    bucket->time = now;
    return;
  }
  if (now - bucket->time >= time_of(rate, rate->burst - bucket->level)) {
    bucket->level = rate->burst;
    bucket->time = now;
    return;
  }
  add(bucket, rate, now - bucket->time);
}

int64_t bulla_limit_draw(struct bulla_limit_bucket *bucket, int64_t least, int64_t wanted) {
  int64_t share = at_most(wanted, bucket->level / SHARES);
  int64_t drawn = bucket->level < least ? 0 : least > share ? least : share;
  bucket->level -= drawn;
  return drawn;
}

int64_t bulla_limit_wait(const struct bulla_limit_bucket *bucket, const struct bulla_limit_rate *rate, int64_t num,
                         int64_t now) {
  if (num <= bucket->level) {
    return 0;
  }
  if (num > rate->burst || rate->tokens == 0) {
    return BULLA_LIMIT_NEVER;
  }
  return time_of(rate, num - bucket->level) - (now - bucket->time);
}
