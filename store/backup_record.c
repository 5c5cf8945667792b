/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/backup_record.h: what making a backup and restoring one share. */

#include "store/backup_record.h"

#include "core/hex.h"
#include "core/log.h"
#include "core/sized.h"
#include "store/audit_rows.h"
#include "store/change.h"
#include "store/columns.h"
#include "store/names.h"

enum { PAGE_RECORDS = 256, PAGE_TENANTS = 32 };

#define BACKUP BULLA_LITERAL("backup")

enum bulla_status bulla_backup_tell(struct bulla_vault *vault, const struct bulla_who *who, struct bulla_span id) {
  struct bulla_change change BULLA_CLEANUP(bulla_change_end) = {.vault = NULL};
  struct bulla_anchor heads BULLA_CLEANUP(bulla_anchor_free) = {.num = 0};
  uint8_t digits[2 * BULLA_BACKUP_ID_LEN];
  bulla_hex_encode(digits, id);
  BULLA_TRY(bulla_change_begin(&change, vault, who, BULLA_DB_WRITE));
  BULLA_TRY(bulla_heads_read(&heads, vault, vault->db));
  BULLA_TRY(bulla_heads_digest(change.digest, &heads));
  change.has_digest = true;
  BULLA_TRY(
      bulla_change_tell(&change, BACKUP, bulla_span(NULL, 0), bulla_span(digits, sizeof(digits)), bulla_span(NULL, 0)));
  return bulla_change_commit(&change);
}

enum bulla_status bulla_backup_tell_failed(struct bulla_vault *vault, const struct bulla_who *who,
                                           struct bulla_span id) {
  struct bulla_change change BULLA_CLEANUP(bulla_change_end) = {.vault = NULL};
  uint8_t digits[2 * BULLA_BACKUP_ID_LEN];
  bulla_hex_encode(digits, id);
  BULLA_TRY(bulla_change_begin(&change, vault, who, BULLA_DB_WRITE));
  struct bulla_audit_record record =
      bulla_audit_record(who, BACKUP, bulla_span(NULL, 0), bulla_span(digits, sizeof(digits)));
  record.outcome = BULLA_OUTCOME_FAILED;
  BULLA_TRY(bulla_change_append(&change, &record));
  return bulla_change_commit(&change);
}

/* Takes what |row| says, of a backup. */
static enum bulla_status take(struct bulla_backup_record *record, struct bulla_vault *vault,
                              const struct bulla_audit_row *row) {
  uint8_t bytes[BULLA_DETAIL_MAX];
  struct bulla_buffer detail = bulla_buffer(bytes, sizeof(bytes));
  struct bulla_audit_record said = {
      .seq = row->seq, .time = row->time, .tenant_id = row->tenant_id, .op = row->op, .outcome = row->outcome};
  BULLA_TRY(bulla_audit_detail_open(&said, &detail, &vault->keyring, vault->keyring.detail_key, &vault->log.lane,
                                    row->detail));
  record->found = said.entry.len == 2 * sizeof(record->id) && bulla_hex_decode(record->id, said.entry);
  record->time = row->time;
  return record->found ? BULLA_OK : BULLA_AUDIT_BROKEN;
}

/* Looks at the records from |first| to |last|. */
static enum bulla_status find_in(struct bulla_backup_record *record, struct bulla_vault *vault, struct bulla_db *db,
                                 int64_t first, int64_t last) {
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_audit_rows(db, &vault->log.lane, first, last, PAGE_RECORDS);
  for (;;) {
    bool found;
    struct bulla_audit_row row;
    BULLA_TRY(bulla_audit_next_row(&row, &statement, &found));
    if (!found) {
      return BULLA_OK;
    }
    if (bulla_span_equal(row.op, BACKUP) && !bulla_span_equal(row.outcome, BULLA_OUTCOME_FAILED)) {
      BULLA_TRY(take(record, vault, &row));
    }
  }
}

enum bulla_status bulla_backup_find(struct bulla_backup_record *record, struct bulla_vault *vault,
                                    struct bulla_db *db) {
  int64_t last;
  *record = (struct bulla_backup_record){.found = false};
  BULLA_TRY(bulla_audit_last_seq(&last, db, &vault->log.lane));
  while (!record->found && last > 0) {
    int64_t first = last > PAGE_RECORDS ? last - PAGE_RECORDS + 1 : 1;
    BULLA_TRY(find_in(record, vault, db, first, last));
    last = first - 1;
  }
  return BULLA_OK;
}

/* Checks the tenants behind |walked|, and says whether there was none. */
static enum bulla_status check_page(struct bulla_walked *walked, bool *end, struct bulla_vault *vault) {
  struct bulla_vault *locked BULLA_CLEANUP(bulla_vault_unlock) = NULL;
  BULLA_TRY(bulla_vault_lock(&locked, vault));
  const struct bulla_walked last = *walked;
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(vault->db, BULLA_QUERY_WALK_TENANTS);
  bulla_bind_text(&statement, bulla_walked_name(&last));
  bulla_bind_int(&statement, PAGE_TENANTS);
  *end = true;
  for (;;) {
    bool row;
    const struct bulla_tenant *tenant;
    BULLA_TRY(bulla_step(&statement, &row));
    if (!row) {
      return BULLA_OK;
    }
    *end = false;
    enum bulla_status status = bulla_columns_tenant(&tenant, &vault->keyring, &statement);
    if (status == BULLA_REFUSED || (status == BULLA_OK && !bulla_walk_on(walked, tenant->said.name))) {
      return bulla_explain(BULLA_REFUSED, "a tenant is not one of the vault's own, or out of order");
    }
    BULLA_TRY(status);
  }
}

enum bulla_status bulla_backup_check_tenants(struct bulla_vault *vault) {
  struct bulla_walked walked = {.len = 0};
  for (bool end = false; !end;) {
    BULLA_TRY(check_page(&walked, &end, vault));
  }
  return BULLA_OK;
}

enum bulla_status bulla_backup_take(struct bulla_backup_options *taken, size_t *size,
                                    struct bulla_backup_report *report, const struct bulla_backup_options *options,
                                    const char *path) {
  BULLA_TRY(bulla_sized_read(size, report, BULLA_SIZE_TO(struct bulla_backup_report, num_lanes), sizeof(*report)));
  bulla_sized_clear(report, *size);
  if (options == NULL || path == NULL || *path == '\0') {
    return BULLA_INVALID_ARGUMENT;
  }
  *taken = (struct bulla_backup_options)BULLA_BACKUP_OPTIONS_INIT;
  BULLA_TRY(bulla_sized_take(taken, sizeof(*taken), options, BULLA_SIZE_TO(struct bulla_backup_options, anchor)));
  return taken->root != NULL && taken->who != NULL ? bulla_who_check(taken->who, false) : BULLA_INVALID_ARGUMENT;
}
