/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/change.h. */

#include "store/change.h"

#include "store/self.h"
#include "store/tenant.h"
#include "store/vault_row.h"

enum bulla_status bulla_change_begin_locked(struct bulla_change *change, struct bulla_vault *vault,
                                            const struct bulla_who *who, enum bulla_db_intent intent) {
  change->vault = vault;
  change->log = &vault->log;
  change->who = who;
  return bulla_db_begin(&change->transaction, vault->db, intent);
}

enum bulla_status bulla_change_begin(struct bulla_change *change, struct bulla_vault *vault,
                                     const struct bulla_who *who, enum bulla_db_intent intent) {
  BULLA_TRY(bulla_vault_lock(&change->locked, vault));
  return bulla_change_begin_locked(change, vault, who, intent);
}

static enum bulla_status resume(struct bulla_change *change) {
  struct bulla_vault *vault = change->vault;
  BULLA_TRY(bulla_audit_resume(&change->head, change->log));
  change->before = bulla_audit_end(&change->head);
  return bulla_vault_row_catch_up(&vault->keyring, vault->db, change->head.generation);
}

enum bulla_status bulla_change_read_head(struct bulla_change *change) {
  if (change->head.key != NULL) {
    return BULLA_OK;
  }
  enum bulla_status status = resume(change);
  if (status != BULLA_OK) {
    bulla_audit_head_free(&change->head);
  }
  return status;
}

enum bulla_status bulla_change_append(struct bulla_change *change, struct bulla_audit_record *record) {
  const struct bulla_tenant *owner;
  BULLA_TRY(bulla_tenant_owner(&owner, change->vault, record->tenant));
  if (owner == NULL) {
    /* With the row of a tenant comes what tells an actor that it was revoked. Without one it looks by itself: behind
     * the record that ends its lanes it writes no other. */
    BULLA_TRY(bulla_self_look(&change->vault->keyring, change->vault->db, bulla_span(NULL, 0)));
  }
  return bulla_change_append_for(change, record, owner);
}

enum bulla_status bulla_change_append_for(struct bulla_change *change, struct bulla_audit_record *record,
                                          const struct bulla_tenant *owner) {
  BULLA_TRY(bulla_change_read_head(change));
  record->statement = bulla_span(change->digest, change->has_digest ? sizeof(change->digest) : 0);
  change->has_digest = false;
  return bulla_audit_append(&change->head, change->log, record, owner);
}

enum bulla_status bulla_change_tell(struct bulla_change *change, struct bulla_span op, struct bulla_span tenant,
                                    struct bulla_span entry, struct bulla_span field) {
  struct bulla_audit_record record = bulla_audit_record(change->who, op, tenant, entry);
  record.field = field;
  return bulla_change_append(change, &record);
}

bool bulla_change_has_records(const struct bulla_change *change) {
  return change->head.key != NULL && change->head.seq != change->before.seq;
}

static enum bulla_status commit(struct bulla_change *change) {
  enum bulla_status status = bulla_db_commit(&change->transaction);
  bulla_limits_settle(&change->vault->limits, status == BULLA_OK          ? BULLA_LIMIT_COMMITTED
                                              : status == BULLA_UNCERTAIN ? BULLA_LIMIT_UNCERTAIN
                                                                          : BULLA_LIMIT_UNDONE);
  return status;
}

enum bulla_status bulla_change_commit(struct bulla_change *change) {
  if (change->head.key == NULL) {
    return BULLA_INVALID_ARGUMENT; /* nothing changes without a record */
  }
  if (change->generation > change->head.generation) {
    change->head.generation = change->generation;
  }
  BULLA_TRY(bulla_audit_store(&change->head, &change->before, change->log));
  BULLA_TRY(commit(change));
  change->log->last = bulla_audit_end(&change->head);
  if (change->generation > change->vault->keyring.generation) {
    change->vault->keyring.generation = change->generation;
  }
  return BULLA_OK;
}

void bulla_change_end(struct bulla_change *change) {
  if (change->generation > 0 && change->generation > change->vault->keyring.generation) {
    /* What was said of a tenant in here is not committed: what was said before is not too old. */
    bulla_keyring_forget(&change->vault->keyring);
  }
  if (change->transaction != NULL) {
    bulla_limits_settle(&change->vault->limits, BULLA_LIMIT_UNDONE);
  }
  bulla_db_rollback(&change->transaction);
  bulla_audit_head_free(&change->head);
  bulla_vault_unlock(&change->locked);
}
