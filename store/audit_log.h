/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The audit log: the rows of its records and of its head. */

#ifndef BULLA_STORE_AUDIT_LOG_H
#define BULLA_STORE_AUDIT_LOG_H

#include "core/cursor.h"
#include "store/audit_chain.h"
#include "store/db.h"

/* Outcomes. */
#define BULLA_OUTCOME_DONE BULLA_LITERAL("done")
#define BULLA_OUTCOME_GRANTED BULLA_LITERAL("granted")
#define BULLA_OUTCOME_NOT_FOUND BULLA_LITERAL("not-found")
#define BULLA_OUTCOME_DENIED BULLA_LITERAL("denied")
#define BULLA_OUTCOME_CANARY BULLA_LITERAL("canary")
#define BULLA_OUTCOME_FAILED BULLA_LITERAL("failed")

/* A lane of the log of an open vault, which this process writes. */
struct bulla_audit_log {
  struct bulla_db *db;
  struct bulla_keyring *keyring;
  struct bulla_audit_lane lane;
  struct bulla_audit_end last; /* what this process has written, seq 0 before the first */
  bool may_be_lost;            /* another process may take the lane */
};

/* bulla_audit_record fills a record for what |who| does to a tenant's entry. */
struct bulla_audit_record bulla_audit_record(const struct bulla_who *who, struct bulla_span op,
                                             struct bulla_span tenant, struct bulla_span entry);

/* bulla_audit_lane_load fills |lane|, which has its number, from its row. Returns BULLA_AUDIT_BROKEN if the row is
 * missing or was not signed by whoever makes such a lane (store/lane_owner.h); |first_key|, if not NULL, is set to the
 * lane's first key, BULLA_DENIED without the audit key. */
BULLA_NODISCARD enum bulla_status bulla_audit_lane_load(struct bulla_audit_lane *lane, struct bulla_secret **first_key,
                                                        const struct bulla_audit_log *log);

/* The following run inside the caller's transaction. bulla_audit_start makes a lane with log->lane.number, which must
 * be one of this process's own, and fills |head| for it. */
BULLA_NODISCARD enum bulla_status bulla_audit_start(struct bulla_audit_head *head, struct bulla_audit_log *log);

/* bulla_audit_start_for makes the first lane of the actor |owner|, which has log->lane.number: the root signs it, and
 * its head is sealed under |head_key|, which only the actor has from then on. Fills |head|: the actor's statement is to
 * have head->lane.start, and lane 0 a record of it (bulla_lane_record_open). Returns BULLA_DENIED for who is an actor.
 */
BULLA_NODISCARD enum bulla_status bulla_audit_start_for(struct bulla_audit_head *head, struct bulla_audit_log *log,
                                                        struct bulla_span owner, struct bulla_key *head_key);

/* bulla_audit_load reads the head of head->lane and checks its tag. Returns BULLA_AUDIT_BROKEN, also if it goes beyond
 * the last record that this process has written without containing it: the log went another way meanwhile.
 * bulla_audit_resume is for appending to the log's lane: it also refuses a head before that record, because appending
 * would authenticate a log that was cut short. */
BULLA_NODISCARD enum bulla_status bulla_audit_load(struct bulla_audit_head *head, const struct bulla_audit_log *log);
BULLA_NODISCARD enum bulla_status bulla_audit_resume(struct bulla_audit_head *head, const struct bulla_audit_log *log);

/* How a head is stored, but for what of it is in clear. */
struct bulla_audit_stored {
  uint8_t tag[BULLA_MAC_LEN];
  uint8_t bytes[BULLA_WRAPPED_MAX];
  struct bulla_buffer sealed; /* in |bytes| */
};

/* bulla_audit_see is bulla_audit_load for those who cannot open the key of the head, as it is another's lane: it sets
 * the seq and mac of |head|, and no key. That the last record has that mac is all that is checked; the caller has
 * |stored| for bulla_audit_head_check. bulla_audit_see_last returns BULLA_AUDIT_BROKEN unless the lane of |log| has a
 * head and the record log->last. */
BULLA_NODISCARD enum bulla_status bulla_audit_see(struct bulla_audit_head *head, struct bulla_audit_stored *stored,
                                                  const struct bulla_audit_log *log);
BULLA_NODISCARD enum bulla_status bulla_audit_see_last(const struct bulla_audit_log *log);

/* bulla_audit_append appends |record|, whose detail is sealed for |owner|, or for the vault if it is NULL. An actor
 * boxes it to the audit key instead, and names no tenant in clear, where it has no detail key of |owner|. It sets its
 * seq, and its time unless it has one, and moves |head| to it. The first record after a head that is stored is refused
 * by the database where that is no longer so: BULLA_AUDIT_BROKEN, or BULLA_EXISTS in a lane that others may take, from
 * here or from the commit. */
BULLA_NODISCARD enum bulla_status bulla_audit_append(struct bulla_audit_head *head, const struct bulla_audit_log *log,
                                                     struct bulla_audit_record *record,
                                                     const struct bulla_tenant *owner);

/* bulla_audit_store stores |head| after the last append, in place of |before|, which must still be the stored one. */
BULLA_NODISCARD enum bulla_status bulla_audit_store(const struct bulla_audit_head *head,
                                                    const struct bulla_audit_end *before,
                                                    const struct bulla_audit_log *log);

#endif
