/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Verifying the audit log: each lane from its first record to its head. See store/audit_chain.h and docs/FORMAT.md §9.
 *
 * A lane is verified in ranges, side by side: a record's mac needs the key of its epoch, to which the first key leads,
 * and the mac before it, which is that of the range before. Each range has a connection of its own and reads short
 * pages: while one is read nothing can move the -wal into the database. */

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "core/lock.h"
#include "core/log.h"
#include "core/sized.h"
#include "store/anchor.h"
#include "store/audit_rows.h"
#include "store/lane_owner.h"
#include "store/lane_record.h"
#include "store/may.h"
#include "store/role_open.h"
#include "store/vault.h"

enum { PAGE_RECORDS = 256, THREADS_MAX = 64, RANGE_MIN = 4096 /* records that are worth a thread */ };

/* What is verified. */
struct job {
  struct bulla_vault *vault;
  const struct bulla_anchor *anchor; /* that the log must contain, or NULL */
  size_t num_threads;
  struct bulla_lane_ends *ends; /* of lanes whose actors were revoked */
  _Atomic int64_t broken;       /* first record of a range of this lane that is not good, INT64_MAX if none is known */
};

/* A walk along a range of a lane. The last one goes on to the head, wherever that is by then. */
struct walk {
  struct job *job;
  struct bulla_audit_log log; /* with the connection of this walk, or the vault's */
  struct bulla_db *own;       /* NULL if it is the vault's */
  struct bulla_audit_lane lane;
  int64_t first;
  int64_t last;               /* INT64_MAX: to the head */
  struct bulla_secret *key;   /* of the epoch of the record |num_good| */
  int64_t num_good;           /* seq of the last good record */
  bool wants_end;             /* that record is of an actor's end: the next one is of its first lane's */
  uint8_t mac[BULLA_MAC_LEN]; /* of the record |num_good| */
  enum bulla_status status;
};

static void free_walk(struct walk *walk) {
  bulla_secret_free(&walk->key);
  bulla_db_close(&walk->own);
}

/* Whether |row| is of an actor that was revoked: lane 0 alone has such. */
static bool wants_end(const struct walk *walk, const struct bulla_audit_row *row) {
  return walk->lane.number == 0 && bulla_lane_record_wants_end(row);
}

/* Checks what |row|, the next record of a first lane, says of lanes, and that it does where it must. */
static enum bulla_status check_told(struct walk *walk, const struct bulla_audit_row *row) {
  if (walk->wants_end && !bulla_lane_record_is_end(row)) {
    return bulla_explain(BULLA_AUDIT_BROKEN, "an actor was revoked, and nothing says where its lanes were");
  }
  walk->wants_end = wants_end(walk, row);
  return bulla_lane_record_is(row) ? bulla_lane_record_check(row, &walk->lane, &walk->log, walk->job->ends) : BULLA_OK;
}

/* Returns BULLA_AUDIT_BROKEN unless |row|, with the mac that |statement| gives next, is the next record. */
static enum bulla_status check_record(struct walk *walk, const struct bulla_audit_row *row,
                                      struct bulla_statement *statement) {
  uint8_t mac[BULLA_MAC_LEN];
  bulla_column_bytes(statement, mac, sizeof(mac));
  if (row->seq != walk->num_good + 1 || !bulla_columns_good(statement)) {
    return BULLA_AUDIT_BROKEN;
  }
  if (bulla_audit_epoch(row->seq) != bulla_audit_epoch(walk->num_good)) {
    BULLA_TRY(bulla_audit_ratchet(&walk->key));
  }
  uint8_t expected[BULLA_MAC_LEN];
  BULLA_TRY(bulla_audit_mac(expected, walk->log.keyring, walk->key, &walk->lane, row, walk->mac));
  if (!bulla_secret_equal(bulla_span(mac, sizeof(mac)), bulla_span(expected, sizeof(expected)))) {
    return BULLA_AUDIT_BROKEN;
  }
  if (walk->job->anchor != NULL && !bulla_anchor_allows(walk->job->anchor, &walk->lane, row->seq, mac)) {
    return bulla_explain(BULLA_AUDIT_BROKEN, "the log is another than the anchored one");
  }
  BULLA_TRY(bulla_lane_is_first(walk->lane.number) ? check_told(walk, row) : BULLA_OK);
  walk->num_good++;
  memcpy(walk->mac, mac, sizeof(mac));
  return BULLA_OK;
}

/* Checks the records of a page, and says whether it was the last. */
static enum bulla_status check_records(struct walk *walk, bool *end) {
  /* Before the first page of the lane all that there is: also what cannot be there. */
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) = bulla_audit_rows(
      walk->log.db, &walk->lane, walk->num_good > 0 ? walk->num_good + 1 : INT64_MIN, walk->last, PAGE_RECORDS);
  for (size_t i = 0; i < PAGE_RECORDS; i++) {
    bool found;
    struct bulla_audit_row row;
    BULLA_TRY(bulla_audit_next_row(&row, &statement, &found));
    if (!found) {
      *end = true;
      return walk->last == INT64_MAX || walk->num_good == walk->last ? BULLA_OK : BULLA_AUDIT_BROKEN;
    }
    BULLA_TRY(check_record(walk, &row, &statement));
  }
  return BULLA_OK;
}

/* Reads the head. Who appends to the lane opens the key that it would append with; others cannot. */
static enum bulla_status read_head(struct bulla_audit_head *head, struct bulla_audit_stored *stored,
                                   const struct walk *walk) {
  return bulla_lane_is_own(walk->log.keyring, walk->lane.number) ? bulla_audit_load(head, &walk->log)
                                                                 : bulla_audit_see(head, stored, &walk->log);
}

/* The head must vouch for the last record that there is: hold the key of its epoch, or have a tag under it. */
static enum bulla_status check_head(struct walk *walk) {
  struct bulla_audit_head head BULLA_CLEANUP(bulla_audit_head_free) = {.lane = walk->lane};
  struct bulla_audit_stored stored = {.sealed.len = 0};
  BULLA_TRY(read_head(&head, &stored, walk));
  if (walk->lane.number == walk->log.lane.number && head.seq < walk->log.last.seq) {
    walk->num_good = head.seq;
    return bulla_explain(BULLA_AUDIT_BROKEN, "the log is shorter than this process has seen it");
  }
  if (head.seq < walk->num_good) {
    walk->num_good = head.seq;
    return BULLA_AUDIT_BROKEN;
  }
  bool same = head.seq == walk->num_good && !walk->wants_end &&
              (head.key == NULL || bulla_secret_equal(bulla_secret_bytes(head.key), bulla_secret_bytes(walk->key)));
  BULLA_TRY(same ? BULLA_OK : BULLA_AUDIT_BROKEN);
  BULLA_TRY(head.key != NULL ? BULLA_OK
                             : bulla_audit_head_check(&head, walk->log.keyring, walk->key, stored.tag,
                                                      bulla_written(&stored.sealed)));
  const struct bulla_anchor *anchor = walk->job->anchor;
  return anchor == NULL || bulla_anchor_seq(anchor, walk->lane.number) <= walk->num_good
             ? BULLA_OK
             : bulla_explain(BULLA_AUDIT_BROKEN, "the log is shorter than it was anchored");
}

/* Whether an earlier range is broken, which is all that the verdict tells. */
static bool is_moot(const struct walk *walk) {
  return atomic_load(&walk->job->broken) < walk->first;
}

/* Notes that |walk| is broken, for those behind it. */
static void tell_broken(struct walk *walk) {
  int64_t before = atomic_load(&walk->job->broken);
  while (walk->first < before && !atomic_compare_exchange_weak(&walk->job->broken, &before, walk->first)) {
  }
}

/* Takes over where the range before ends: the key of its epoch, and the mac of its last record. */
static enum bulla_status enter(struct walk *walk) {
  if (walk->first <= 1) {
    memcpy(walk->mac, walk->lane.start, sizeof(walk->mac));
    return BULLA_OK;
  }
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_audit_rows(walk->log.db, &walk->lane, walk->first - 1, walk->first - 1, 1);
  bool found;
  struct bulla_audit_row row;
  walk->num_good = walk->first - 1;
  BULLA_TRY(bulla_audit_next_row(&row, &statement, &found));
  if (!found) {
    return BULLA_AUDIT_BROKEN;
  }
  walk->wants_end = wants_end(walk, &row);
  bulla_column_bytes(&statement, walk->mac, sizeof(walk->mac));
  /* Whoever writes to the database can claim more records than anybody could count to. */
  for (int64_t epoch = bulla_audit_epoch(walk->num_good); epoch > 0 && !is_moot(walk); epoch--) {
    BULLA_TRY(bulla_audit_ratchet(&walk->key));
  }
  return bulla_columns_good(&statement) ? BULLA_OK : BULLA_AUDIT_BROKEN;
}

/* Checks a page, and the head with the last one, in one state of the database. */
static enum bulla_status check_page(struct walk *walk, bool *end) {
  struct bulla_vault *locked BULLA_CLEANUP(bulla_vault_unlock) = NULL;
  if (walk->own == NULL) {
    BULLA_TRY(bulla_vault_lock(&locked, walk->job->vault));
  }
  struct bulla_db *transaction BULLA_CLEANUP(bulla_db_rollback) = NULL;
  BULLA_TRY(bulla_db_begin(&transaction, walk->log.db, BULLA_DB_READ));
  if (walk->key == NULL) {
    BULLA_TRY(bulla_audit_lane_load(&walk->lane, &walk->key, &walk->log));
    BULLA_TRY(enter(walk));
  }
  BULLA_TRY(check_records(walk, end));
  return *end && walk->last == INT64_MAX ? check_head(walk) : BULLA_OK;
}

static void *check_range(void *arg) {
  struct walk *walk = arg;
  int before = bulla_hold_cancel();
  for (bool end = false; walk->status == BULLA_OK && !end && !is_moot(walk);) {
    walk->status = check_page(walk, &end);
  }
  if (walk->status != BULLA_OK) {
    tell_broken(walk);
  }
  bulla_allow_cancel(before);
  return NULL;
}

/* Begins a walk along |lane|, with a connection of its own if there can be one: others then write and use meanwhile. It
 * is that of the lane before, if there was one. */
static enum bulla_status connect(struct walk *walk, struct job *job, int64_t lane) {
  struct bulla_vault *locked BULLA_CLEANUP(bulla_vault_unlock) = NULL;
  BULLA_TRY(bulla_vault_lock(&locked, job->vault));
  bulla_secret_free(&walk->key);
  walk->job = job;
  walk->lane = (struct bulla_audit_lane){.number = lane};
  walk->num_good = 0;
  walk->wants_end = false;
  walk->log = *bulla_vault_log(job->vault, lane);
  if (walk->own != NULL) {
    walk->log.db = walk->own;
  } else if (!job->vault->db->read_only && !job->vault->db->alone) {
    BULLA_TRY(bulla_db_open_another(&walk->own, job->vault->db, 0));
    walk->log.db = walk->own;
  }
  return BULLA_OK;
}

/* Runs the walks side by side, the first one here. A signal's handler does not run in a thread of ours. */
static enum bulla_status run(struct walk *walks, size_t num) {
  pthread_t threads[THREADS_MAX];
  size_t num_threads = 1;
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  while (num_threads < num && pthread_create(&threads[num_threads], NULL, check_range, &walks[num_threads]) == 0) {
    num_threads++;
  }
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  for (size_t i = 0; i < num; i += i == 0 ? num_threads : 1) {
    check_range(&walks[i]); /* also those for which there was no thread */
  }
  for (size_t i = 1; i < num_threads; i++) {
    pthread_join(threads[i], NULL);
  }
  enum bulla_status status = BULLA_OK;
  for (size_t i = 0; i < num && status == BULLA_OK; i++) {
    status = walks[i].status;
  }
  return status;
}

/* Splits the |last| records of a lane into ranges that begin with an epoch; the last one has no end. */
static size_t split(struct walk *walks, size_t max, int64_t last) {
  int64_t num = last / RANGE_MIN < (int64_t)max ? last / RANGE_MIN : (int64_t)max;
  num = num < 1 ? 1 : num;
  int64_t each = num > 1 ? (last / num / 64 + 1) * 64 : 0;
  for (int64_t i = 0; i < num; i++) {
    walks[i].first = i * each + 1;
    walks[i].last = i + 1 < num ? (i + 1) * each : INT64_MAX;
  }
  return (size_t)num;
}

static enum bulla_status check_lane(struct bulla_audit_verdict *verdict, struct job *job, int64_t number,
                                    struct walk *walks) {
  int64_t last;
  BULLA_TRY(connect(&walks[0], job, number));
  atomic_store(&job->broken, INT64_MAX);
  size_t max = walks[0].own == NULL ? 1 : job->num_threads;
  {
    struct bulla_vault *locked BULLA_CLEANUP(bulla_vault_unlock) = NULL;
    BULLA_TRY(bulla_vault_lock(&locked, job->vault));
    BULLA_TRY(bulla_audit_last_seq(&last, job->vault->db, &walks[0].lane));
  }
  size_t num = split(walks, max, last);
  for (size_t i = 1; i < num; i++) {
    BULLA_TRY(connect(&walks[i], job, number));
  }
  enum bulla_status status = run(walks, num);
  size_t at = 0;
  while (at + 1 < num && walks[at].status == BULLA_OK) {
    at++;
  }
  verdict->num_records += walks[at].num_good;
  if (status != BULLA_OK) {
    verdict->bad_lane = number;
    verdict->bad_seq = walks[at].num_good + 1;
  }
  return status;
}

/* Finds the next lane. */
static enum bulla_status find_lane(int64_t *number, bool *found, struct bulla_vault *vault) {
  struct bulla_vault *locked BULLA_CLEANUP(bulla_vault_unlock) = NULL;
  BULLA_TRY(bulla_vault_lock(&locked, vault));
  struct bulla_db *transaction BULLA_CLEANUP(bulla_db_rollback) = NULL;
  BULLA_TRY(bulla_db_begin(&transaction, vault->db, BULLA_DB_READ));
  return bulla_audit_next_lane(number, found, vault->db);
}

/* Whether each lane of the anchor was there: |num_anchored| of them were. */
static bool has_all(struct job *job, size_t num_anchored) {
  return job->anchor == NULL || job->anchor->num == num_anchored;
}

static enum bulla_status check_lanes(struct bulla_audit_verdict *verdict, struct job *job, struct walk *walks) {
  size_t num_anchored = 0;
  int64_t number = 0;
  bool found = false;
  for (;;) {
    BULLA_TRY(find_lane(&number, &found, job->vault));
    if (!found) {
      return verdict->num_lanes > 0 && has_all(job, num_anchored)
                 ? BULLA_OK
                 : bulla_explain(BULLA_AUDIT_BROKEN, "a lane of the log is missing");
    }
    BULLA_TRY(check_lane(verdict, job, number, walks));
    verdict->num_lanes++;
    num_anchored += job->anchor != NULL && bulla_anchor_has(job->anchor, number) ? 1 : 0;
  }
}

static enum bulla_status check_all(struct bulla_audit_verdict *verdict, struct job *job) {
  struct bulla_lane_ends ends BULLA_CLEANUP(bulla_lane_ends_free) = BULLA_LANE_ENDS_INIT;
  struct walk *walks = calloc(job->num_threads > 0 ? job->num_threads : 1, sizeof(*walks));
  if (walks == NULL) {
    return BULLA_NO_MEMORY;
  }
  job->ends = &ends;
  enum bulla_status status = check_lanes(verdict, job, walks);
  for (size_t i = 0; i < job->num_threads; i++) {
    free_walk(&walks[i]);
  }
  free(walks);
  job->ends = NULL;
  return status;
}

/* Verifies, and fills |verdict| of the caller's |size|. */
static enum bulla_status verify(struct bulla_audit_verdict *verdict, size_t size, struct job *job) {
  struct bulla_audit_verdict found = BULLA_AUDIT_VERDICT_INIT;
  enum bulla_status status = check_all(&found, job);
  if (status == BULLA_NOT_A_VAULT) {
    /* A page that is damaged, or a value past every bound: the log is not what was written. */
    status = BULLA_AUDIT_BROKEN;
  }
  if (status == BULLA_AUDIT_BROKEN && found.bad_seq == 0) {
    found.bad_seq = 1; /* of a lane that cannot even be looked for */
  }
  if (status == BULLA_OK || status == BULLA_AUDIT_BROKEN) {
    bulla_sized_give(verdict, size, &found, sizeof(found));
  }
  return status;
}

static void end_auditing(struct bulla_vault **auditing) {
  if (*auditing != NULL) {
    atomic_fetch_sub(&(*auditing)->keyring.auditors, 1);
  }
}

/* Has the audit key stay until end_auditing: the walks use it without having the vault. */
static enum bulla_status begin_auditing(struct bulla_vault **auditing, struct bulla_vault *vault) {
  struct bulla_vault *locked BULLA_CLEANUP(bulla_vault_unlock) = NULL;
  BULLA_TRY(bulla_vault_lock(&locked, vault));
  BULLA_TRY(bulla_role_open_audit(&vault->keyring, vault->db));
  atomic_fetch_add(&vault->keyring.auditors, 1);
  *auditing = vault;
  return BULLA_OK;
}

static enum bulla_status verify_anchored(struct bulla_audit_verdict *verdict, size_t size, const struct job *plain,
                                         struct bulla_span note) {
  struct bulla_anchor anchor BULLA_CLEANUP(bulla_anchor_free) = {.num = 0};
  BULLA_TRY(bulla_anchor_read(&anchor, &plain->vault->keyring, note));
  struct job job = {.vault = plain->vault, .num_threads = plain->num_threads, .anchor = &anchor};
  return verify(verdict, size, &job);
}

static enum bulla_status take_options(struct bulla_audit_verify_options *taken,
                                      const struct bulla_audit_verify_options *options) {
  *taken = (struct bulla_audit_verify_options)BULLA_AUDIT_VERIFY_OPTIONS_INIT;
  if (options != NULL) {
    BULLA_TRY(bulla_sized_take(taken, sizeof(*taken), options,
                               BULLA_SIZE_TO(struct bulla_audit_verify_options, num_threads)));
  }
  taken->num_threads = taken->num_threads == 0 ? 1 : taken->num_threads;
  return taken->num_threads <= THREADS_MAX ? BULLA_OK : BULLA_INVALID_ARGUMENT;
}

enum bulla_status bulla_vault_audit_verify_with(struct bulla_vault *vault, struct bulla_audit_verdict *verdict,
                                                const struct bulla_audit_verify_options *options) {
  struct bulla_audit_verify_options taken;
  size_t size;
  BULLA_TRY(bulla_sized_read(&size, verdict, BULLA_SIZE_TO(struct bulla_audit_verdict, bad_seq), sizeof(*verdict)));
  bulla_sized_clear(verdict, size);
  BULLA_TRY(bulla_vault_here(vault));
  BULLA_TRY(take_options(&taken, options));
  BULLA_TRY(bulla_may_audit(vault, BULLA_LITERAL("audit-verify"), bulla_span(NULL, 0)));
  struct bulla_vault *auditing BULLA_CLEANUP(end_auditing) = NULL;
  BULLA_TRY(begin_auditing(&auditing, vault));
  BULLA_TRY(bulla_db_check_whole(vault->db));
  struct job job = {.vault = vault, .num_threads = taken.num_threads};
  return taken.anchor.data != NULL ? verify_anchored(verdict, size, &job, taken.anchor) : verify(verdict, size, &job);
}

enum bulla_status bulla_vault_audit_verify(struct bulla_vault *vault, struct bulla_audit_verdict *verdict) {
  return bulla_vault_audit_verify_with(vault, verdict, NULL);
}
