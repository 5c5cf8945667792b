/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Token buckets, without any database. A bucket holds at most |burst| tokens and gets |tokens| of them each |period|.
 * What passes takes one. Whole tokens only: the time of a bucket moves on by what they took to come, so nothing is lost
 * by looking often. */

#ifndef BULLA_STORE_LIMIT_BUCKET_H
#define BULLA_STORE_LIMIT_BUCKET_H

#include <stdint.h>

#define BULLA_LIMIT_NEVER INT64_MAX
/* A clock that is behind a bucket by less is another machine's; one that is behind by more was set back. */
#define BULLA_LIMIT_SKEW_US INT64_C(60000000)

/* tokens and burst are 0 to BULLA_LIMIT_MAX, period is 1 s to a day: products of the three fit. */
struct bulla_limit_rate {
  int64_t tokens;
  int64_t period; /* microseconds */
  int64_t burst;
};

struct bulla_limit_bucket {
  int64_t level;
  int64_t time; /* when it had that, in microseconds since 1970 */
};

/* bulla_limit_refill adds what has come until |now|, at least 0. Whatever |bucket| says, it is a bucket of |rate|
 * afterwards. A clock that jumps forward fills it once. One that jumps back adds nothing; after a jump of more than
 * BULLA_LIMIT_SKEW_US it fills from |now| on. */
void bulla_limit_refill(struct bulla_limit_bucket *bucket, const struct bulla_limit_rate *rate, int64_t now);

/* bulla_limit_draw takes a sixteenth of the tokens of a refilled |bucket|, but at most |wanted|, and at least |least|;
 * or none if it has fewer than that. Returns how many. */
int64_t bulla_limit_draw(struct bulla_limit_bucket *bucket, int64_t least, int64_t wanted);

/* bulla_limit_wait returns in how many microseconds a refilled |bucket| has |num| tokens, 0 if it has, or
 * BULLA_LIMIT_NEVER. */
int64_t bulla_limit_wait(const struct bulla_limit_bucket *bucket, const struct bulla_limit_rate *rate, int64_t num,
                         int64_t now);

#endif
