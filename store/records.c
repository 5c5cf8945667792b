/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Reading the audit log: a page of each lane at a time, merged by time, without a state of the database held meanwhile:
 * records are only ever added. Nothing is verified but that what is sealed opens. See store/audit_rows.h and
 * docs/FORMAT.md §9. */

#include <stdlib.h>

#include "core/log.h"
#include "core/sized.h"
#include "store/anchor.h"
#include "store/audit_rows.h"
#include "store/lane_owner.h"
#include "store/may.h"
#include "store/names.h"
#include "store/page.h"
#include "store/role_open.h"
#include "store/self.h"
#include "store/tenant.h"

/* What is looked at before others get at the vault: records that are opened, records that the database leaves out. */
enum { ROWS_AT_ONCE = 1000, TIMED_AT_ONCE = 50000 };

/* Records that are held of all lanes together, but for the least of each. */
enum { HELD_MAX = 8192, HELD_MIN = 4 };

/* Where reading a lane stands. */
struct lane_reading {
  struct bulla_page page;
  struct bulla_audit_record *records; /* |max| of them once it is read from */
  size_t max;
  size_t num;
  size_t num_given;
  struct bulla_audit_lane lane;
  int64_t next;  /* the seq from which on to read */
  int64_t given; /* the last seq that was given out, or left out before it */
  int64_t end;   /* the last seq that there was at the beginning: a log that grows as it is read has an end */
  bool done;     /* nothing is left to read */
  bool is_whole; /* for a root or an auditor of all: of the others some records are hidden */
  uint8_t proven[BULLA_NAME_MAX]; /* the name of the actor whose lane it is */
  size_t proven_len;
  const struct bulla_tenant *owner; /* of the last record, while the vault is locked */
  enum bulla_status status;         /* why it cannot be read on */
};

struct reading {
  struct lane_reading *lanes;
  size_t num;
  struct bulla_audit_log_options asked;
};

static void free_reading(struct reading *reading) {
  for (size_t i = 0; i < reading->num; i++) {
    bulla_page_free(&reading->lanes[i].page);
    free(reading->lanes[i].records);
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

/* Finds the tenant whose record is read. */
static enum bulla_status find_owner(struct lane_reading *reading, struct bulla_vault *vault,
                                    struct bulla_span tenant_id) {
  if (reading->owner != NULL && bulla_span_equal(bulla_tenant_id(reading->owner), tenant_id)) {
    return BULLA_OK;
  }
  enum bulla_status status = bulla_tenant_by_id(&reading->owner, vault, tenant_id);
  if (status != BULLA_OK) {
    reading->owner = NULL;
    return status == BULLA_NOT_FOUND ? BULLA_AUDIT_BROKEN : status;
  }
  return BULLA_OK;
}

/* The key that the detail of a record is sealed with, or NULL if it was shredded. Returns BULLA_DENIED for records that
 * are not to be read: other roles have the detail key of a tenant too. */
static enum bulla_status find_key(const struct bulla_key **key, struct lane_reading *reading, struct bulla_vault *vault,
                                  struct bulla_span tenant_id) {
  *key = vault->keyring.detail_key;
  if (tenant_id.len == 0) {
    return reading->is_whole ? BULLA_OK : BULLA_DENIED;
  }
  BULLA_TRY(find_owner(reading, vault, tenant_id));
  *key = reading->owner->detail_key;
  bool may = (reading->owner->roles & BULLA_MAY(BULLA_ROLE_AUDIT)) != 0;
  return may && (*key != NULL || reading->owner->said.shredded) ? BULLA_OK : BULLA_DENIED;
}

/* Opens the record of |row| and keeps it, unless another tenant than |tenant| is asked for. An auditor of some tenants
 * gets no other's records. */
static enum bulla_status take_record(struct lane_reading *reading, struct bulla_vault *vault,
                                     const struct bulla_audit_row *row, struct bulla_span tenant) {
  uint8_t bytes[BULLA_DETAIL_MAX];
  struct bulla_buffer detail = bulla_buffer(bytes, sizeof(bytes));
  const struct bulla_key *key;
  struct bulla_audit_record record = {
      .lane = reading->lane.number,
      .proven = bulla_span(reading->proven, reading->proven_len),
      .seq = row->seq,
      .time = row->time,
      .tenant_id = row->tenant_id,
      .op = row->op,
      .outcome = row->outcome,
  };
  enum bulla_status status = find_key(&key, reading, vault, row->tenant_id);
  if (status == BULLA_DENIED && !reading->is_whole) {
    return BULLA_OK;
  }
  BULLA_TRY(status);
  record.is_erased = key == NULL && row->tenant_id.len > 0;
  if (!record.is_erased) {
    BULLA_TRY(bulla_audit_detail_open(&record, &detail, &vault->keyring, key, &reading->lane, row->detail));
  }
  if (tenant.len == 0 || bulla_span_equal(tenant, record.tenant)) {
    keep_record(reading, &record);
  }
  return BULLA_OK;
}

/* Takes records of |statement|, a page, and sets |*more| to whether there may be others. */
static enum bulla_status take_rows(struct lane_reading *reading, bool *more, struct bulla_vault *vault,
                                   struct bulla_statement *statement, struct bulla_span tenant) {
  *more = true;
  for (size_t i = 0;
       i < ROWS_AT_ONCE && reading->num < reading->max && bulla_page_has_room(&reading->page, reading->num); i++) {
    bool row;
    struct bulla_audit_row found;
    BULLA_TRY(bulla_audit_next_row(&found, statement, &row));
    if (!row) {
      *more = false;
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

/* Reads on in the lane, a page. */
static enum bulla_status read_page(struct lane_reading *reading, struct bulla_vault *vault, struct bulla_span tenant) {
  bool more;
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_audit_rows(vault->db, &reading->lane, reading->next, reading->end, ROWS_AT_ONCE);
  BULLA_TRY(take_rows(reading, &more, vault, &statement, tenant));
  reading->done = !more;
  return BULLA_OK;
}

/* Moves on to the first record after |last|, where none up to it is asked for. A log with a hole is not walked through
 * number by number. */
static enum bulla_status skip(struct lane_reading *reading, struct bulla_vault *vault, int64_t last) {
  bool found = false;
  if (last < reading->end) {
    BULLA_TRY(bulla_audit_next_seq(&reading->next, &found, vault->db, &reading->lane, last + 1));
  }
  reading->done = !found;
  return BULLA_OK;
}

/* The same of the records of |times|. */
static enum bulla_status read_timed_page(struct lane_reading *reading, struct bulla_vault *vault,
                                         struct bulla_span tenant, const struct bulla_audit_times *times) {
  int64_t last = reading->end;
  bool more;
  if (reading->next > last) {
    reading->done = true;
    return BULLA_OK;
  }
  if ((uint64_t)last - (uint64_t)reading->next >= TIMED_AT_ONCE) {
    last = reading->next + TIMED_AT_ONCE - 1;
  }
  {
    struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
        bulla_audit_timed_rows(vault->db, &reading->lane, reading->next, last, times, ROWS_AT_ONCE);
    BULLA_TRY(take_rows(reading, &more, vault, &statement, tenant));
  }
  return more ? BULLA_OK : skip(reading, vault, last);
}

/* Finds what may be read by now: a grant may have ended since the page before. */
static enum bulla_status look_again(struct lane_reading *reading, struct bulla_vault *vault, struct bulla_span tenant) {
  BULLA_TRY(bulla_self_look(&vault->keyring, vault->db, bulla_span(NULL, 0)));
  enum bulla_status status = bulla_role_open_audit(&vault->keyring, vault->db);
  reading->is_whole = status == BULLA_OK;
  if (status == BULLA_DENIED && tenant.len == 0) {
    return bulla_explain(status, "the actor is an auditor of all tenants no more");
  }
  return status == BULLA_DENIED ? BULLA_OK : status;
}

static enum bulla_status read_on(struct lane_reading *reading, struct bulla_vault *vault,
                                 const struct bulla_audit_log_options *asked) {
  struct bulla_vault *locked BULLA_CLEANUP(bulla_vault_unlock) = NULL;
  BULLA_TRY(bulla_vault_lock(&locked, vault));
  BULLA_TRY(look_again(reading, vault, asked->tenant));
  BULLA_TRY(bulla_page_begin(&reading->page));
  if (reading->records == NULL) {
    reading->records = calloc(reading->max, sizeof(*reading->records));
  }
  if (reading->records == NULL) {
    return BULLA_NO_MEMORY;
  }
  reading->num = 0;
  reading->num_given = 0;
  reading->owner = NULL;
  const struct bulla_audit_times times = {.since = asked->since, .until = asked->until};
  bool is_timed = times.since != INT64_MIN || times.until != INT64_MAX;
  return is_timed ? read_timed_page(reading, vault, asked->tenant, &times) : read_page(reading, vault, asked->tenant);
}

/* Has records of the lane at hand, if there are any left. */
static void fill(struct lane_reading *reading, struct bulla_vault *vault, const struct bulla_audit_log_options *asked) {
  while (reading->num_given == reading->num && !reading->done) {
    reading->status = read_on(reading, vault, asked);
    reading->done = reading->done || reading->status != BULLA_OK;
  }
}

/* The mark of the lane |number|, or NULL. */
static struct bulla_audit_mark *find_mark(struct bulla_audit_marks *marks, int64_t number) {
  for (size_t i = 0; marks != NULL && i < marks->num_lanes; i++) {
    if (marks->lanes[i].lane == number) {
      return &marks->lanes[i];
    }
  }
  return NULL;
}

/* The seq from which on to read the lane |number|. */
static int64_t first_seq(const struct bulla_audit_log_options *asked, int64_t number) {
  const struct bulla_audit_mark *mark = find_mark(asked->marks, number);
  if (mark == NULL) {
    return asked->first_seq;
  }
  return mark->seq < INT64_MAX ? mark->seq + 1 : mark->seq;
}

/* Checks the row of the lane, and finds whose it is. */
static enum bulla_status begin_lane(struct lane_reading *lane, struct bulla_vault *vault) {
  struct bulla_lane_owner owner;
  BULLA_TRY(bulla_audit_lane_load(&lane->lane, NULL, &vault->log));
  BULLA_TRY(bulla_lane_owner_find(&owner, &vault->keyring, vault->db, lane->lane.number));
  memcpy(lane->proven, owner.name, owner.name_len);
  lane->proven_len = owner.name_len;
  return BULLA_OK;
}

/* Begins to read the lane |number|. */
static enum bulla_status add_lane(struct reading *reading, struct bulla_vault *vault, int64_t number) {
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
  lane->next = first_seq(&reading->asked, number);
  lane->given = lane->next > INT64_MIN ? lane->next - 1 : lane->next;
  lane->status = begin_lane(lane, vault);
  lane->done = lane->status != BULLA_OK;
  return bulla_audit_last_seq(&lane->end, vault->db, &lane->lane);
}

/* Finds all lanes. */
static enum bulla_status find_lanes(struct reading *reading, struct bulla_vault *vault) {
  struct bulla_vault *locked BULLA_CLEANUP(bulla_vault_unlock) = NULL;
  int64_t number = 0;
  bool found = false;
  BULLA_TRY(bulla_vault_lock(&locked, vault));
  for (;;) {
    BULLA_TRY(bulla_audit_next_lane(&number, &found, vault->db));
    if (!found) {
      break;
    }
    BULLA_TRY(add_lane(reading, vault, number));
  }
  for (size_t i = 0; i < reading->num; i++) {
    size_t share = HELD_MAX / reading->num;
    reading->lanes[i].max = share > BULLA_PAGE_ROWS ? BULLA_PAGE_ROWS : share < HELD_MIN ? HELD_MIN : share;
  }
  return BULLA_OK;
}

/* The lane with the oldest record at hand, the first lane if there are several; NULL if there is none left. */
static struct lane_reading *oldest_lane(struct reading *reading) {
  struct lane_reading *oldest = NULL;
  for (size_t i = 0; i < reading->num; i++) {
    struct lane_reading *lane = &reading->lanes[i];
    if (lane->num_given < lane->num &&
        (oldest == NULL || lane->records[lane->num_given].time < oldest->records[oldest->num_given].time)) {
      oldest = lane;
    }
  }
  return oldest;
}

/* Gives out the records, oldest first. All that can be read is, also of other lanes than one that is damaged. */
static enum bulla_status give(struct reading *reading, struct bulla_vault *vault, bulla_audit_fn each, void *arg) {
  for (;;) {
    for (size_t i = 0; i < reading->num; i++) {
      fill(&reading->lanes[i], vault, &reading->asked);
    }
    struct lane_reading *lane = oldest_lane(reading);
    if (lane == NULL) {
      return BULLA_OK;
    }
    const struct bulla_audit_record *record = &lane->records[lane->num_given];
    BULLA_TRY(each(arg, record));
    lane->given = record->seq;
    lane->num_given++;
  }
}

/* Moves the marks behind what was given out. */
static void move_marks(const struct reading *reading) {
  struct bulla_audit_marks *marks = reading->asked.marks;
  for (size_t i = 0; marks != NULL && i < reading->num; i++) {
    const struct lane_reading *lane = &reading->lanes[i];
    bool read_whole = lane->done && lane->status == BULLA_OK && lane->num_given == lane->num;
    int64_t seq = read_whole && lane->end > lane->given ? lane->end : lane->given;
    struct bulla_audit_mark *mark = find_mark(marks, lane->lane.number);
    if (mark == NULL && marks->num_lanes < BULLA_AUDIT_LANES_MAX) {
      mark = &marks->lanes[marks->num_lanes++];
    }
    if (mark != NULL) {
      *mark = (struct bulla_audit_mark){.lane = lane->lane.number, .seq = seq};
    }
  }
}

/* How reading ended: the first reason why a lane could not be read to its end. */
static enum bulla_status outcome(const struct reading *reading) {
  for (size_t i = 0; i < reading->num; i++) {
    BULLA_TRY(reading->lanes[i].status);
  }
  return BULLA_OK;
}

static enum bulla_status take_options(struct bulla_audit_log_options *taken,
                                      const struct bulla_audit_log_options *options) {
  BULLA_TRY(bulla_sized_take(taken, sizeof(*taken), options, BULLA_SIZE_TO(struct bulla_audit_log_options, marks)));
  if (taken->marks != NULL && taken->marks->num_lanes > BULLA_AUDIT_LANES_MAX) {
    return BULLA_INVALID_ARGUMENT;
  }
  return taken->tenant.len > 0 ? bulla_name_check(taken->tenant) : BULLA_OK;
}

enum bulla_status bulla_vault_audit_log_with(struct bulla_vault *vault, const struct bulla_audit_log_options *options,
                                             bulla_audit_fn each, void *arg) {
  struct reading reading BULLA_CLEANUP(free_reading) = {.num = 0};
  BULLA_TRY(take_options(&reading.asked, options));
  BULLA_TRY(bulla_may_audit(vault, BULLA_LITERAL("audit-log"), reading.asked.tenant));
  BULLA_TRY(find_lanes(&reading, vault));
  enum bulla_status status = give(&reading, vault, each, arg);
  move_marks(&reading);
  BULLA_TRY(status);
  return outcome(&reading);
}

enum bulla_status bulla_vault_audit_log(struct bulla_vault *vault, int64_t first_seq, struct bulla_span tenant,
                                        bulla_audit_fn each, void *arg) {
  struct bulla_audit_log_options options = BULLA_AUDIT_LOG_OPTIONS_INIT;
  options.first_seq = first_seq;
  options.tenant = tenant;
  return bulla_vault_audit_log_with(vault, &options, each, arg);
}
