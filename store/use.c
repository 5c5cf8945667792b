/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/use.h. A power cut at any point leaves at worst a record of something that was not opened after all;
 * never something opened without a record. */

#include "store/use.h"

#include "store/change.h"
#include "store/columns.h"
#include "store/entry.h"
#include "store/field.h"
#include "store/names.h"

/* Looks up and records; when this returns BULLA_OK the record is durable, and |found| holds a copy of the row. Nothing
 * is read from the database any more as the transaction ends: a commit beside a reader moves nothing out of the
 * -wal. */
static enum bulla_status grant(struct bulla_vault *vault, struct bulla_audit_record *record,
                               struct bulla_statement *found) {
  struct bulla_change change BULLA_CLEANUP(bulla_change_end) = {.vault = NULL};
  BULLA_TRY(bulla_change_begin_locked(&change, vault, NULL, BULLA_DB_WRITE));
  bool row;
  BULLA_TRY(bulla_step(found, &row));
  if (row) {
    BULLA_TRY(bulla_statement_keep(found));
  }
  record->outcome = row ? BULLA_OUTCOME_GRANTED : BULLA_OUTCOME_NOT_FOUND;
  BULLA_TRY(bulla_change_append(&change, record));
  BULLA_TRY(bulla_change_commit(&change));
  return row ? BULLA_OK : BULLA_NOT_FOUND;
}

/* Records that what was granted did not open. */
static enum bulla_status record_failure(struct bulla_vault *vault, const struct bulla_audit_record *granted) {
  struct bulla_audit_record record = *granted;
  record.outcome = BULLA_OUTCOME_FAILED;
  struct bulla_change change BULLA_CLEANUP(bulla_change_end) = {.vault = NULL};
  BULLA_TRY(bulla_change_begin_locked(&change, vault, NULL, BULLA_DB_WRITE));
  BULLA_TRY(bulla_change_append(&change, &record));
  return bulla_change_commit(&change);
}

enum bulla_status bulla_open_audited(struct bulla_secret **opened, struct bulla_vault *vault,
                                     struct bulla_audit_record *record, struct bulla_statement *found,
                                     bulla_opener open) {
  BULLA_TRY(grant(vault, record, found));
  enum bulla_status status = open(opened, vault, record, found);
  if (status != BULLA_OK) {
    /* Why it did not open is what the caller must hear of, even if that cannot be recorded. */
    enum bulla_status ignored = record_failure(vault, record);
    (void)ignored;
  }
  return status;
}

/* An index that is damaged or tampered with leads to rows that were not asked for. So what is proven of the row
 * are the names that were asked for, not its own, and the value must be bound to the field that was. */
static enum bulla_status open_field(struct bulla_secret **opened, struct bulla_vault *vault,
                                    const struct bulla_audit_record *record, struct bulla_statement *found) {
  struct bulla_stored_field field = {.tenant = record->tenant, .entry = record->entry};
  BULLA_TRY(bulla_columns_field(&field, &vault->keyring, found));
  field.binding.field = record->field;
  return bulla_field_open(opened, &vault->keyring, &field);
}

/* All of a use that needs the vault to itself. */
static enum bulla_status open_locked(struct bulla_secret **opened, struct bulla_vault *vault,
                                     struct bulla_audit_record *record) {
  struct bulla_vault *locked BULLA_CLEANUP(bulla_vault_unlock) = NULL;
  BULLA_TRY(bulla_vault_lock(&locked, vault));
  struct bulla_statement found BULLA_CLEANUP(bulla_statement_end) = bulla_statement(vault->db, BULLA_QUERY_FIND_FIELD);
  bulla_bind_text(&found, record->tenant);
  bulla_bind_text(&found, record->entry);
  bulla_bind_text(&found, record->field);
  enum bulla_status status = bulla_open_audited(opened, vault, record, &found, open_field);
  return status == BULLA_NOT_FOUND ? bulla_field_missing(vault, record->tenant, record->entry) : status;
}

enum bulla_status bulla_vault_read(struct bulla_vault *vault, struct bulla_secret **value, const struct bulla_who *who,
                                   const struct bulla_place *place) {
  *value = NULL;
  BULLA_TRY(bulla_who_check(who, true));
  BULLA_TRY(bulla_place_check_field(place));
  struct bulla_audit_record record = bulla_audit_record(who, BULLA_LITERAL("use"), place->tenant, place->entry);
  record.field = place->field;
  return open_locked(value, vault, &record);
}

enum bulla_status bulla_vault_use(struct bulla_vault *vault, const struct bulla_who *who,
                                  const struct bulla_place *place, bulla_use_fn use, void *arg) {
  struct bulla_secret *opened BULLA_CLEANUP(bulla_secret_free) = NULL;
  BULLA_TRY(bulla_vault_read(vault, &opened, who, place));
  return use(arg, bulla_secret_bytes(opened));
}
