/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What a process holds of buckets: the tokens it has drawn for an actor, a tenant or an origin. Names are chosen by
 * others, so only so many are remembered. Tokens of one that is forgotten are lost: its bucket is in the database, and
 * nothing fills it but time.
 *
 * What happens in a transaction is undone with it. */

#ifndef BULLA_STORE_LIMIT_SUBJECTS_H
#define BULLA_STORE_LIMIT_SUBJECTS_H

#include "store/keyring.h"
#include "store/limit_rules.h"

#define BULLA_LIMIT_SUBJECTS 1024 /* that are remembered; more than one transaction can touch */

/* Times are milliseconds of the monotonic clock. */
struct bulla_limit_holding {
  int64_t tokens;
  int64_t drawn;                  /* when */
  int64_t size;                   /* of the last draw, at most */
  int64_t closed;                 /* until then there are none in the database either */
  int64_t open;                   /* until then there are taken to be some, by whom takes none */
  int64_t refused;                /* calls, of which the database does not know yet */
  int64_t tell;                   /* how many refused calls this transaction is to record */
  struct bulla_limit_bucket seen; /* as it was when it had too little */
};

struct bulla_limit_subject {
  struct bulla_limit_subject *next; /* with the same place in the table */
  struct bulla_limit_subject *next_touched;
  bool is_touched;
  uint64_t tag;
  enum bulla_limit_kind kind;
  enum bulla_limit_scope scope;
  size_t name_len;
  uint8_t name[BULLA_WHO_MAX];
  uint8_t id[BULLA_ID_LEN];            /* of its bucket, */
  bool is_shared;                      /* unless it had to share one as the database was last asked */
  int64_t wanted;                      /* of its tokens, by the call that is looked at, which has none of these yet */
  int64_t epoch;                       /* of the rules for which |rule| was found */
  const struct bulla_limit_rule *rule; /* or NULL */
  struct bulla_limit_holding now;
  struct bulla_limit_holding before; /* of one that was touched, as the transaction began */
};

/* The table. Begin zeroed. */
struct bulla_limit_subjects {
  uint64_t random;
  size_t num;
  size_t hand; /* where the next one to be forgotten is looked for */
  struct bulla_limit_subject *all[BULLA_LIMIT_SUBJECTS];
  struct bulla_limit_subject *places[BULLA_LIMIT_SUBJECTS];
  struct bulla_limit_subject *touched;
};

/* bulla_limit_actor_name returns the name that the limits of actors go by: of who was given, or, in a vault that an
 * actor has opened, the actor's own. bulla_limit_bucket_scope returns the scope of the buckets, which is one of its own
 * for those: nobody else has a share in them by giving their name. */
struct bulla_span bulla_limit_actor_name(const struct bulla_keyring *keyring, struct bulla_span given);
int64_t bulla_limit_bucket_scope(const struct bulla_keyring *keyring, enum bulla_limit_scope scope);

/* bulla_limit_subject_id fills |id| with that of the bucket of |name|: a MAC, so that the database does not tell names.
 */
BULLA_NODISCARD enum bulla_status bulla_limit_subject_id(uint8_t *id, const struct bulla_keyring *keyring,
                                                         enum bulla_limit_kind kind, enum bulla_limit_scope scope,
                                                         struct bulla_span name);

/* bulla_limit_subjects_touch finds |name|, of at most BULLA_WHO_MAX bytes, or makes a place for it, and has the
 * transaction touch it. */
BULLA_NODISCARD enum bulla_status bulla_limit_subjects_touch(struct bulla_limit_subject **subject,
                                                             struct bulla_limit_subjects *subjects,
                                                             const struct bulla_keyring *keyring,
                                                             enum bulla_limit_kind kind, enum bulla_limit_scope scope,
                                                             struct bulla_span name);

/* How a transaction ended. */
enum bulla_limit_end {
  BULLA_LIMIT_COMMITTED,
  BULLA_LIMIT_UNDONE,    /* and all that it took and counted with it */
  BULLA_LIMIT_NOTHING,   /* it had nothing to commit: what it counted stays */
  BULLA_LIMIT_UNCERTAIN, /* what it drew is lost */
};

void bulla_limit_subjects_settle(struct bulla_limit_subjects *subjects, enum bulla_limit_end end);

void bulla_limit_subjects_free(struct bulla_limit_subjects *subjects);

#endif
