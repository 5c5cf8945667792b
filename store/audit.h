/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The audit log: the rows of its records and of its head. */

#ifndef BULLA_STORE_AUDIT_H
#define BULLA_STORE_AUDIT_H

#include "store/audit_chain.h"
#include "store/vault.h"

/* Outcomes. */
#define BULLA_OUTCOME_DONE BULLA_LITERAL("done")
#define BULLA_OUTCOME_GRANTED BULLA_LITERAL("granted")
#define BULLA_OUTCOME_NOT_FOUND BULLA_LITERAL("not-found")
#define BULLA_OUTCOME_FAILED BULLA_LITERAL("failed")

/* bulla_audit_head_load reads the head and checks its tag. Returns BULLA_AUDIT_BROKEN. */
BULLA_NODISCARD enum bulla_status bulla_audit_head_load(struct bulla_audit_head *head, struct bulla_vault *vault);

/* bulla_audit_start makes the head of an empty log and its first key, within the caller's transaction. */
BULLA_NODISCARD enum bulla_status bulla_audit_start(struct bulla_vault *vault);

/* bulla_audit_record makes a record of what |who| does to a tenant's entry. */
struct bulla_audit_record bulla_audit_record(const struct bulla_who *who, struct bulla_span op,
                                             struct bulla_span tenant, struct bulla_span entry);

/* bulla_audit_append appends |record|, within the caller's transaction, and fills in its seq and time. Returns
 * BULLA_AUDIT_BROKEN if the head has been tampered with, or is older than one that this process has seen: to go on
 * would vouch for a log that was cut short. */
BULLA_NODISCARD enum bulla_status bulla_audit_append(struct bulla_vault *vault, struct bulla_audit_record *record);

/* bulla_audit_commit is bulla_db_commit of a transaction in which a record was appended: from then on a log that is
 * shorter is none that this process goes on with. */
BULLA_NODISCARD enum bulla_status bulla_audit_commit(struct bulla_vault *vault, struct bulla_db **transaction);

#endif
