/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The audit log: records chained by HMAC under keys that are ratcheted forward.
 *
 *   mac[seq] = HMAC(K[epoch], label, vault uuid, seq, mac[seq - 1], the fields of the record)
 *   epoch = (seq - 1) / 64;  K[epoch + 1] = HKDF-Expand(K[epoch], "bulla/v1/audit-ratchet")
 *
 * docs/FORMAT.md §8 is normative. The vault keeps the current key alone, sealed under the root, and the first one
 * for the verifier. The head has a tag of its own over the last record, so that removing records from the end
 * shows. */

#ifndef BULLA_STORE_AUDIT_H
#define BULLA_STORE_AUDIT_H

#include "store/vault.h"

#define BULLA_MAC_LEN 32

/* Outcomes. */
#define BULLA_OUTCOME_DONE BULLA_LITERAL("done")
#define BULLA_OUTCOME_GRANTED BULLA_LITERAL("granted")
#define BULLA_OUTCOME_NOT_FOUND BULLA_LITERAL("not-found")
#define BULLA_OUTCOME_FAILED BULLA_LITERAL("failed")

/* bulla_audit_epoch returns the epoch of the record |seq|. */
int64_t bulla_audit_epoch(int64_t seq);

/* bulla_audit_ratchet replaces |*key| by the key of the next epoch. */
BULLA_NODISCARD enum bulla_status bulla_audit_ratchet(struct bulla_secret **key);

/* bulla_audit_mac fills the BULLA_MAC_LEN bytes of |mac|; |previous| is the mac of the record before. */
BULLA_NODISCARD enum bulla_status bulla_audit_mac(uint8_t *mac, const struct bulla_vault *vault,
                                                  const struct bulla_secret *key,
                                                  const struct bulla_audit_record *record, const uint8_t *previous);

/* bulla_audit_unseal makes |*key| from the |sealed| key of |epoch|, or returns BULLA_AUDIT_BROKEN. */
BULLA_NODISCARD enum bulla_status bulla_audit_unseal(struct bulla_secret **key, const struct bulla_vault *vault,
                                                     struct bulla_span sealed, int64_t epoch);

/* Where the log stands. */
struct bulla_audit_head {
  int64_t seq;                /* of the last record, 0 if there is none */
  uint8_t mac[BULLA_MAC_LEN]; /* its mac */
  struct bulla_secret *key;   /* of its epoch */
};

/* bulla_audit_head_free wipes the key. For BULLA_CLEANUP. */
void bulla_audit_head_free(struct bulla_audit_head *head);

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

/* bulla_audit_commit is bulla_sql_commit of a transaction in which a record was appended: from then on a log that is
 * shorter is none that this process goes on with. */
BULLA_NODISCARD enum bulla_status bulla_audit_commit(struct bulla_vault *vault, struct bulla_sql **transaction);

#endif
