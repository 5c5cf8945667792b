/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Limits: whether a use or a change may pass. The buckets are rows that all processes share. A process draws some
 * tokens of a bucket at once, in the transaction of what wants to pass, and spends them from memory: so most uses touch
 * no row. It draws only where writers take turns, so the rows are locked in any order.
 *
 * What passes was drawn before, and what was drawn is gone from the row with the same commit: never more than a bucket
 * gave. Tokens that were drawn pass for BULLA_LIMIT_HOLD_MS; those of a process that ends are lost. How many are drawn
 * follows from how fast they were spent: who comes rarely draws one.
 *
 * Buckets of misses are looked at before a use, at most once in BULLA_LIMIT_OPEN_MS, and only a miss takes a token. So
 * a process that looked lately lets one call more pass after another has taken the last one.
 *
 * The limits themselves are read at most once a second, in a transaction that is there anyway. */

#ifndef BULLA_STORE_LIMIT_H
#define BULLA_STORE_LIMIT_H

#include "store/limit_subjects.h"

#define BULLA_LIMIT_HOLD_MS 10000
#define BULLA_LIMIT_OPEN_MS 1000
#define BULLA_LIMIT_ROWS_MAX 16384 /* buckets of a kind and scope that are not full: further names share one */

/* Of an open vault; who has the vault may use it. Begin zeroed but for |db| and |keyring|. */
struct bulla_limits {
  struct bulla_db *db;
  const struct bulla_keyring *keyring;
  struct bulla_limit_rules rules;
  int64_t read;     /* when the rules were read, in ms of the monotonic clock; 0 for never */
  int64_t epoch;    /* counts the changes of the rules */
  bool may_draw;    /* writers take turns in this transaction */
  bool wants_draw;  /* the last one had to be given up since it may not draw */
  bool is_reading;  /* the rules, in this transaction */
  bool has_to_tell; /* something that was refused */
  struct bulla_limit_subjects subjects;
};

/* A use or a change that wants to pass. Begin with |record|, and |next| for those that pass together or not at all. */
struct bulla_limit_claim {
  const struct bulla_audit_record *record;
  struct bulla_limit_claim *next;
  struct bulla_limit_subject *of[BULLA_LIMIT_SCOPES]; /* whose tokens it needs; valid until the transaction ends */
  size_t num;
  size_t num_taken;
  struct bulla_limit_subject *by; /* whose bucket had too little */
};

/* bulla_limits_begin is told that a transaction begins. bulla_limits_ask has the back end begin with reading the rules,
 * by |statement| of BULLA_QUERY_LIST_LIMITS, if they are old; bulla_limits_read takes them. */
void bulla_limits_begin(struct bulla_limits *limits, bool may_draw);
void bulla_limits_ask(struct bulla_limits *limits, struct bulla_statement *statement);
BULLA_NODISCARD enum bulla_status bulla_limits_read(struct bulla_limits *limits, struct bulla_statement *statement);

/* bulla_limits_claim takes for each of |claims| a token of each bucket that |kind|, which is not BULLA_LIMIT_MISS, and
 * its record lead to. For uses it looks whether the buckets of misses have any. Takes all or none. Returns
 * BULLA_LIMITED, with the first claim that does not pass in |*refused|; BULLA_BUSY with limits->wants_draw set if this
 * transaction may not draw, and must be done anew in one that may. */
BULLA_NODISCARD enum bulla_status bulla_limits_claim(struct bulla_limits *limits, struct bulla_limit_claim **refused,
                                                     struct bulla_limit_claim *claims, enum bulla_limit_kind kind);

/* bulla_limits_missed takes a token for a miss of each bucket of |record| that has one. May return BULLA_BUSY as
 * above. */
BULLA_NODISCARD enum bulla_status bulla_limits_missed(struct bulla_limits *limits,
                                                      const struct bulla_audit_record *record);

/* The row of a bucket. */
struct bulla_limit_row {
  struct bulla_limit_bucket bucket;
  int64_t refused; /* calls that no record tells of yet */
  int64_t told;    /* when a record told of some; 0 for never */
  bool is_there;
};

/* bulla_limits_look reads the bucket of |subject|, its own or the one that it shares, which is full if it has no row,
 * and fills it until |now|, the time of day. It writes nothing. */
BULLA_NODISCARD enum bulla_status bulla_limits_look(struct bulla_limit_row *row, struct bulla_limits *limits,
                                                    struct bulla_limit_subject *subject, int64_t now);

/* bulla_limits_settle is told how the transaction ended. */
void bulla_limits_settle(struct bulla_limits *limits, enum bulla_limit_end end);

/* bulla_limits_end leaves to the database how many calls were refused, if that can be, and frees the memory. */
void bulla_limits_end(struct bulla_limits *limits);

#endif
