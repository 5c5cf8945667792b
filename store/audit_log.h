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
#define BULLA_OUTCOME_FAILED BULLA_LITERAL("failed")

/* The log of an open vault. */
struct bulla_audit_log {
  struct bulla_db *db;
  const struct bulla_keyring *keyring;
  int64_t last_seq; /* the last that this process has seen */
};

/* bulla_audit_record fills a record for what |who| does to a tenant's entry. */
struct bulla_audit_record bulla_audit_record(const struct bulla_who *who, struct bulla_span op,
                                             struct bulla_span tenant, struct bulla_span entry);

/* The following run inside the caller's transaction. bulla_audit_start fills |head| for an empty log with its first
 * key, and stores it. */
BULLA_NODISCARD enum bulla_status bulla_audit_start(struct bulla_audit_head *head, const struct bulla_audit_log *log);

/* bulla_audit_load reads the head and checks its tag. Returns BULLA_AUDIT_BROKEN. bulla_audit_resume is
 * for appending: it also refuses a head older than one that this process has seen, because appending would authenticate
 * a log that was cut short. */
BULLA_NODISCARD enum bulla_status bulla_audit_load(struct bulla_audit_head *head, const struct bulla_audit_log *log);
BULLA_NODISCARD enum bulla_status bulla_audit_resume(struct bulla_audit_head *head, const struct bulla_audit_log *log);

/* bulla_audit_append appends |record| after |head|, sets its seq and time, and moves |head| to it. */
BULLA_NODISCARD enum bulla_status bulla_audit_append(struct bulla_audit_head *head, const struct bulla_audit_log *log,
                                                     struct bulla_audit_record *record);

/* bulla_audit_store stores |head| after the last append. */
BULLA_NODISCARD enum bulla_status bulla_audit_store(const struct bulla_audit_head *head,
                                                    const struct bulla_audit_log *log);

#endif
