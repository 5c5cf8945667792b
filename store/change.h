/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* A change of the vault: the rows and their audit records, all or none. All writers have this form:
 *
 *   struct bulla_change change BULLA_CLEANUP(bulla_change_end) = {.vault = NULL};
 *   BULLA_TRY(bulla_change_begin(&change, vault, who, BULLA_DB_WRITE));
 *   …
 *   BULLA_TRY(bulla_change_tell(&change, BULLA_LITERAL("put"), tenant, entry, field));
 *   return bulla_change_commit(&change); */

#ifndef BULLA_STORE_CHANGE_H
#define BULLA_STORE_CHANGE_H

#include "store/vault.h"

struct bulla_change {
  struct bulla_vault *vault;
  struct bulla_audit_log *log; /* the lane of its records: lane 0, but for uses (store/own_lane.h) */
  const struct bulla_who *who;
  struct bulla_vault *locked;       /* the vault, if bulla_change_begin locked it */
  struct bulla_db *transaction;     /* NULL once it is committed */
  struct bulla_audit_head head;     /* set with the first record */
  struct bulla_audit_end before;    /* as it was */
  uint8_t digest[BULLA_SHA256_LEN]; /* of the statement that was signed: the next record has it */
  bool has_digest;
  int64_t generation; /* of the directory with this change, or 0 */
};

/* bulla_change_begin waits for |vault| and for other writers. |who| must outlive |change|. bulla_change_begin_locked is
 * for callers that have locked the vault and keep it locked when the change ends. */
BULLA_NODISCARD enum bulla_status bulla_change_begin(struct bulla_change *change, struct bulla_vault *vault,
                                                     const struct bulla_who *who, enum bulla_db_intent intent);
BULLA_NODISCARD enum bulla_status bulla_change_begin_locked(struct bulla_change *change, struct bulla_vault *vault,
                                                            const struct bulla_who *who, enum bulla_db_intent intent);

/* bulla_change_read_head reads where the log ends, if that is not done yet, and with it how old the directory is at
 * least. Whoever changes the directory, or seals by what it says, does so first. */
BULLA_NODISCARD enum bulla_status bulla_change_read_head(struct bulla_change *change);

/* bulla_change_append appends |record| to the log, and fills in its seq and time. Its detail is sealed for the tenant
 * that it names, or for the vault if there is none. Returns BULLA_AUDIT_BROKEN if the log has been tampered with, or is
 * shorter than this process has seen it, BULLA_REVOKED if it is that of an actor that was revoked. */
BULLA_NODISCARD enum bulla_status bulla_change_append(struct bulla_change *change, struct bulla_audit_record *record);

/* bulla_change_append_for is bulla_change_append for a known |owner|, or NULL for the vault. */
BULLA_NODISCARD enum bulla_status bulla_change_append_for(struct bulla_change *change,
                                                          struct bulla_audit_record *record,
                                                          const struct bulla_tenant *owner);

/* bulla_change_tell appends the record of an operation on a tenant, its entry and its field; those that do not apply
 * are empty. */
BULLA_NODISCARD enum bulla_status bulla_change_tell(struct bulla_change *change, struct bulla_span op,
                                                    struct bulla_span tenant, struct bulla_span entry,
                                                    struct bulla_span field);

/* bulla_change_has_records returns whether anything was appended. */
bool bulla_change_has_records(const struct bulla_change *change);

/* bulla_change_commit makes it durable, see bulla_db_commit. From then on this process refuses a shorter log. */
BULLA_NODISCARD enum bulla_status bulla_change_commit(struct bulla_change *change);

/* bulla_change_end rolls back what was not committed, and unlocks the vault. For BULLA_CLEANUP. */
void bulla_change_end(struct bulla_change *change);

#endif
