/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Reading the audit log: a page at a time, without a state of the database held meanwhile: records are only ever added.
 * Nothing is verified but that what is sealed opens. See store/audit_rows.h and docs/FORMAT.md §9. */

#include "store/audit_rows.h"
#include "store/names.h"
#include "store/page.h"
#include "store/tenant.h"

enum { ROWS_AT_ONCE = 1000 }; /* that are looked at before others get at the vault */

/* Where reading stands. */
struct reading {
  struct bulla_page page;
  struct bulla_audit_record records[BULLA_PAGE_ROWS];
  size_t num;
  struct bulla_audit_lane lane;
  bool has_lane; /* it is not at its end */
  bool begun;    /* the lane, or one before it */
  int64_t next;  /* the seq from which on to read */
  int64_t end;   /* the last seq there was as the lane began: a log that grows as fast as it is read has an end too */
  bool done;
};

static void free_reading(struct reading *reading) {
  bulla_page_free(&reading->page);
}

static void keep_record(struct reading *reading, const struct bulla_audit_record *record) {
  struct bulla_audit_record *kept = &reading->records[reading->num++];
  *kept = *record;
  bulla_page_keep(&reading->page, &kept->tenant_id);
  bulla_page_keep(&reading->page, &kept->tenant);
  bulla_page_keep(&reading->page, &kept->actor);
  bulla_page_keep(&reading->page, &kept->origin);
  bulla_page_keep(&reading->page, &kept->reason);
  bulla_page_keep(&reading->page, &kept->op);
  bulla_page_keep(&reading->page, &kept->entry);
  bulla_page_keep(&reading->page, &kept->field);
  bulla_page_keep(&reading->page, &kept->outcome);
  bulla_page_keep(&reading->page, &kept->statement);
}

/* The key that the detail of a record is sealed with. */
static enum bulla_status find_key(const struct bulla_key **key, struct bulla_vault *vault,
                                  struct bulla_span tenant_id) {
  const struct bulla_tenant *owner;
  if (tenant_id.len == 0) {
    *key = vault->keyring.detail_key;
    return BULLA_OK;
  }
  enum bulla_status status = bulla_tenant_by_id(&owner, vault, tenant_id);
  if (status == BULLA_NOT_FOUND) {
    return BULLA_AUDIT_BROKEN;
  }
  BULLA_TRY(status);
  *key = owner->detail_key;
  return BULLA_OK;
}

/* Opens the record of |row| and keeps it, unless another tenant than |tenant| is asked for. */
static enum bulla_status take_record(struct reading *reading, struct bulla_vault *vault,
                                     const struct bulla_audit_row *row, struct bulla_span tenant) {
  uint8_t bytes[BULLA_DETAIL_MAX];
  struct bulla_buffer detail = bulla_buffer(bytes, sizeof(bytes));
  const struct bulla_key *key;
  struct bulla_audit_record record = {
      .lane = reading->lane.number,
      .seq = row->seq,
      .time = row->time,
      .tenant_id = row->tenant_id,
      .op = row->op,
      .outcome = row->outcome,
  };
  BULLA_TRY(find_key(&key, vault, row->tenant_id));
  BULLA_TRY(bulla_audit_detail_open(&record, &detail, &vault->keyring, key, &reading->lane, row->detail));
  if (tenant.len == 0 || bulla_span_equal(tenant, record.tenant)) {
    keep_record(reading, &record);
  }
  return BULLA_OK;
}

/* Reads on in the lane, a page. */
static enum bulla_status read_lane(struct reading *reading, struct bulla_vault *vault, struct bulla_span tenant) {
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_audit_rows(vault->db, &reading->lane, reading->next, reading->end, ROWS_AT_ONCE);
  for (size_t i = 0; i < ROWS_AT_ONCE && bulla_page_has_room(&reading->page, reading->num); i++) {
    bool row;
    struct bulla_audit_row found;
    BULLA_TRY(bulla_audit_next_row(&found, &statement, &row));
    if (!row) {
      reading->has_lane = false;
      return BULLA_OK;
    }
    /* Pages of a damaged file that point at each other can give the same rows without end. */
    if (found.seq < reading->next || found.seq == INT64_MAX) {
      return BULLA_AUDIT_BROKEN;
    }
    reading->next = found.seq + 1;
    BULLA_TRY(take_record(reading, vault, &found, tenant));
  }
  return BULLA_OK;
}

/* Goes to the next lane, if there is one. */
static enum bulla_status enter_lane(struct reading *reading, struct bulla_vault *vault, int64_t first_seq) {
  BULLA_TRY(bulla_audit_next_lane(&reading->lane.number, &reading->begun, vault->db));
  reading->has_lane = reading->begun;
  if (!reading->has_lane) {
    reading->done = true;
    return BULLA_OK;
  }
  reading->next = first_seq;
  BULLA_TRY(bulla_audit_lane_load(&reading->lane, NULL, &vault->log));
  return bulla_audit_last_seq(&reading->end, vault->db, &reading->lane);
}

static enum bulla_status read_records(struct reading *reading, struct bulla_vault *vault, int64_t first_seq,
                                      struct bulla_span tenant) {
  struct bulla_vault *locked BULLA_CLEANUP(bulla_vault_unlock) = NULL;
  reading->num = 0;
  BULLA_TRY(bulla_vault_lock(&locked, vault));
  BULLA_TRY(bulla_page_begin(&reading->page));
  return reading->has_lane ? read_lane(reading, vault, tenant) : enter_lane(reading, vault, first_seq);
}

enum bulla_status bulla_vault_audit_log(struct bulla_vault *vault, int64_t first_seq, struct bulla_span tenant,
                                        bulla_audit_fn each, void *arg) {
  if (tenant.len > 0) {
    BULLA_TRY(bulla_name_check(tenant));
  }
  struct reading reading BULLA_CLEANUP(free_reading) = {.num = 0};
  do {
    /* What was read before a record that cannot be is given out first. */
    enum bulla_status status = read_records(&reading, vault, first_seq, tenant);
    for (size_t i = 0; i < reading.num; i++) {
      BULLA_TRY(each(arg, &reading.records[i]));
    }
    BULLA_TRY(status);
  } while (!reading.done);
  return BULLA_OK;
}
