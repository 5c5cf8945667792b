/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Reading the audit log: a page of each lane at a time, merged by time, without a state of the database held meanwhile:
 * records are only ever added. Nothing is verified but that what is sealed opens. See store/audit_rows.h and
 * docs/FORMAT.md §9. */

#include <stdlib.h>

#include "core/log.h"
#include "store/anchor.h"
#include "store/audit_rows.h"
#include "store/names.h"
#include "store/page.h"
#include "store/tenant.h"

enum { ROWS_AT_ONCE = 1000 }; /* that are looked at before others get at the vault */

/* Where reading a lane stands. */
struct lane_reading {
  struct bulla_page page;
  struct bulla_audit_record records[BULLA_PAGE_ROWS];
  size_t num;
  size_t num_given;
  struct bulla_audit_lane lane;
  int64_t next; /* the seq from which on to read */
  int64_t end;  /* the last seq that there was at the beginning: a log that grows as it is read has an end */
  bool done;    /* nothing is left to read */
  const struct bulla_tenant *owner; /* of the last record, while the vault is locked */
  enum bulla_status status;         /* why it cannot be read on */
};

struct reading {
  struct lane_reading *lanes;
  size_t num;
};

static void free_reading(struct reading *reading) {
  for (size_t i = 0; i < reading->num; i++) {
    bulla_page_free(&reading->lanes[i].page);
  }
  free(reading->lanes);
}

static void keep_record(struct lane_reading *reading, const struct bulla_audit_record *record) {
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

/* The key that the detail of a record is sealed with, or NULL if it was shredded. */
static enum bulla_status find_key(const struct bulla_key **key, struct lane_reading *reading, struct bulla_vault *vault,
                                  struct bulla_span tenant_id) {
  if (tenant_id.len == 0) {
    *key = vault->keyring.detail_key;
    return BULLA_OK;
  }
  if (reading->owner == NULL || !bulla_span_equal(bulla_tenant_id(reading->owner), tenant_id)) {
    enum bulla_status status = bulla_tenant_by_id(&reading->owner, vault, tenant_id);
    if (status != BULLA_OK) {
      reading->owner = NULL;
      return status == BULLA_NOT_FOUND ? BULLA_AUDIT_BROKEN : status;
    }
  }
  *key = reading->owner->detail_key;
  return BULLA_OK;
}

/* Opens the record of |row| and keeps it, unless another tenant than |tenant| is asked for. */
static enum bulla_status take_record(struct lane_reading *reading, struct bulla_vault *vault,
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
  BULLA_TRY(find_key(&key, reading, vault, row->tenant_id));
  record.is_erased = key == NULL;
  if (key != NULL) {
    BULLA_TRY(bulla_audit_detail_open(&record, &detail, &vault->keyring, key, &reading->lane, row->detail));
  }
  if (tenant.len == 0 || bulla_span_equal(tenant, record.tenant)) {
    keep_record(reading, &record);
  }
  return BULLA_OK;
}

/* Reads on in the lane, a page. */
static enum bulla_status read_page(struct lane_reading *reading, struct bulla_vault *vault, struct bulla_span tenant) {
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_audit_rows(vault->db, &reading->lane, reading->next, reading->end, ROWS_AT_ONCE);
  for (size_t i = 0; i < ROWS_AT_ONCE && bulla_page_has_room(&reading->page, reading->num); i++) {
    bool row;
    struct bulla_audit_row found;
    BULLA_TRY(bulla_audit_next_row(&found, &statement, &row));
    if (!row) {
      reading->done = true;
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

static enum bulla_status read_on(struct lane_reading *reading, struct bulla_vault *vault, struct bulla_span tenant) {
  struct bulla_vault *locked BULLA_CLEANUP(bulla_vault_unlock) = NULL;
  BULLA_TRY(bulla_vault_lock(&locked, vault));
  BULLA_TRY(bulla_page_begin(&reading->page));
  reading->num = 0;
  reading->num_given = 0;
  reading->owner = NULL;
  return read_page(reading, vault, tenant);
}

/* Has records of the lane at hand, if there are any left. */
static void fill(struct lane_reading *reading, struct bulla_vault *vault, struct bulla_span tenant) {
  while (reading->num_given == reading->num && !reading->done) {
    reading->status = read_on(reading, vault, tenant);
    reading->done = reading->done || reading->status != BULLA_OK;
  }
}

/* Begins to read the lane |number|. */
static enum bulla_status add_lane(struct reading *reading, struct bulla_vault *vault, int64_t number,
                                  int64_t first_seq) {
  if (reading->num == BULLA_LANES_MAX) {
    return bulla_explain(BULLA_AUDIT_BROKEN, "the log has more lanes than bulla makes");
  }
  struct lane_reading *lanes = realloc(reading->lanes, (reading->num + 1) * sizeof(*lanes));
  if (lanes == NULL) {
    return BULLA_NO_MEMORY;
  }
  struct lane_reading *lane = &lanes[reading->num++];
  reading->lanes = lanes;
  memset(lane, 0, sizeof(*lane));
  lane->lane.number = number;
  lane->next = first_seq;
  lane->status = bulla_audit_lane_load(&lane->lane, NULL, &vault->log);
  lane->done = lane->status != BULLA_OK;
  return bulla_audit_last_seq(&lane->end, vault->db, &lane->lane);
}

/* Finds all lanes. */
static enum bulla_status find_lanes(struct reading *reading, struct bulla_vault *vault, int64_t first_seq) {
  struct bulla_vault *locked BULLA_CLEANUP(bulla_vault_unlock) = NULL;
  int64_t number = 0;
  bool found = false;
  BULLA_TRY(bulla_vault_lock(&locked, vault));
  for (;;) {
    BULLA_TRY(bulla_audit_next_lane(&number, &found, vault->db));
    if (!found) {
      return BULLA_OK;
    }
    BULLA_TRY(add_lane(reading, vault, number, first_seq));
  }
}

/* The oldest record at hand, of the first lane if there are several; NULL if there is none left. */
static const struct bulla_audit_record *next_record(struct reading *reading) {
  struct lane_reading *oldest = NULL;
  for (size_t i = 0; i < reading->num; i++) {
    struct lane_reading *lane = &reading->lanes[i];
    if (lane->num_given < lane->num &&
        (oldest == NULL || lane->records[lane->num_given].time < oldest->records[oldest->num_given].time)) {
      oldest = lane;
    }
  }
  return oldest != NULL ? &oldest->records[oldest->num_given++] : NULL;
}

/* How reading ended: the first reason why a lane could not be read to its end. */
static enum bulla_status outcome(const struct reading *reading) {
  for (size_t i = 0; i < reading->num; i++) {
    BULLA_TRY(reading->lanes[i].status);
  }
  return BULLA_OK;
}

/* All that can be read is given out, also of other lanes. */
enum bulla_status bulla_vault_audit_log(struct bulla_vault *vault, int64_t first_seq, struct bulla_span tenant,
                                        bulla_audit_fn each, void *arg) {
  if (tenant.len > 0) {
    BULLA_TRY(bulla_name_check(tenant));
  }
  struct reading reading BULLA_CLEANUP(free_reading) = {.num = 0};
  BULLA_TRY(find_lanes(&reading, vault, first_seq));
  for (;;) {
    for (size_t i = 0; i < reading.num; i++) {
      fill(&reading.lanes[i], vault, tenant);
    }
    const struct bulla_audit_record *record = next_record(&reading);
    if (record == NULL) {
      return outcome(&reading);
    }
    BULLA_TRY(each(arg, record));
  }
}
