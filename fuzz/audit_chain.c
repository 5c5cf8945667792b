/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The audit log. Entry points: bulla_vault_audit_verify, bulla_vault_audit_log, and bulla_audit_append by way of
 * bulla_vault_use.
 *
 * The input is a byte that chooses a log, of 8 records or of 67, which are of two epochs; and edits of the tables of
 * the log by SQL, of four bytes each: cells changed or copied, records dropped, cut off, swapped, renumbered,
 * inserted, moved to another lane, the head put back to what it was at any time, a second one put beside it, lanes
 * made up. The oracle reads the tables back and knows every record and every head that there ever was. So it knows
 * what must be found: everything, in which lane and at which record, but for what docs/THREATS.md says cannot be: an
 * older head together with the records that it had then. It also knows which heads are fit to be appended to, and
 * sees that appending makes no broken log a good one; and that the detail of a record is only ever read at the place
 * for which it was written. */

#include "fuzz/audit_edits.h"
#include "fuzz/sqlite_pool.h"
#include "fuzz/vault.h"
#include "store/audit_log.h"
#include "tests/behind.h"

enum { SHORT_LOG = 8, LONG_LOG = 67, MAX_EDITS = 5 };

static struct fuzz_moment moments[LONG_LOG + 1];
static char lane_row[FUZZ_ROW_MAX];
static struct bulla_buffer logs[2];

/* The vault, which stays open from one input to the next. */
static struct bulla_vault *kept;

#define ROW "quote(time) || quote(tenant) || quote(op) || quote(outcome) || quote(detail) || quote(mac)"
#define LANE_ROW "quote(statement) || quote(signature)"

/* What the oracle asks, prepared for as long as the vault is open. */
enum question { LANES, LANE, ROWS, HEADS, NUM_QUESTIONS };
static sqlite3_stmt *prepared[NUM_QUESTIONS];

static sqlite3_stmt *prepare(const char *text) {
  sqlite3_stmt *statement = NULL;
  FUZZ_ASSERT(sqlite3_prepare_v2(behind_handle(kept), text, -1, &statement, NULL) == SQLITE_OK);
  return statement;
}

static sqlite3_stmt *ask(enum question question, const char *text) {
  if (prepared[question] == NULL) {
    prepared[question] = prepare(text);
  }
  sqlite3_reset(prepared[question]);
  return prepared[question];
}

static void close_kept(void) {
  for (size_t i = 0; i < NUM_QUESTIONS; i++) {
    sqlite3_finalize(prepared[i]);
    prepared[i] = NULL;
  }
  bulla_vault_close(&kept);
}

static void copy_column(char *room, size_t size, sqlite3_stmt *statement, int column) {
  const unsigned char *text = sqlite3_column_text(statement, column);
  int len = snprintf(room, size, "%s", text == NULL ? (const unsigned char *)"" : text);
  FUZZ_ASSERT(len >= 0 && (size_t)len < size);
}

/* remember notes the moment after the record |seq|. */
static void remember(int seq) {
  struct fuzz_moment *moment = &moments[seq];
  sqlite3_stmt *statement = prepare("SELECT quote(tag), quote(key), quote(mac), (SELECT " ROW
                                    " FROM audit a WHERE a.lane = h.lane AND a.seq = h.seq), seq, (SELECT " LANE_ROW
                                    " FROM lane) FROM audit_head h");
  FUZZ_ASSERT(sqlite3_step(statement) == SQLITE_ROW && sqlite3_column_int(statement, 4) == seq);
  copy_column(moment->tag, sizeof(moment->tag), statement, 0);
  copy_column(moment->key, sizeof(moment->key), statement, 1);
  copy_column(moment->mac, sizeof(moment->mac), statement, 2);
  copy_column(moment->row, sizeof(moment->row), statement, 3);
  copy_column(lane_row, sizeof(lane_row), statement, 5);
  sqlite3_finalize(statement);
}

static enum bulla_status ignore_value(void *arg, struct bulla_span value) {
  (void)arg;
  (void)value;
  return BULLA_OK;
}

/* The field that the record |seq| is of. */
static const char *field_of(int64_t seq) {
  return seq == 2 || seq % 3 == 0 ? "password" : "none";
}

/* append adds a record by a use of |field|; that there is no such field is recorded too. */
static enum bulla_status append(const char *field) {
  return bulla_vault_use(kept, &fuzz_who, AT(BULLA_LITERAL("acme"), BULLA_LITERAL("db"), fuzz_text(field)),
                         ignore_value, NULL);
}

static void set_up(void) {
  fuzz_sqlite_pool();
  fuzz_vault_set_up();
  kept = fuzz_vault_open();
  remember(1);
  fuzz_vault_put(kept, "acme", "db", "password", BULLA_LITERAL("secret"), true);
  remember(2);
  for (int seq = 3; seq <= LONG_LOG; seq++) {
    FUZZ_ASSERT(append(field_of(seq)) == (seq % 3 == 0 ? BULLA_OK : BULLA_NOT_FOUND));
    remember(seq);
    if (seq == SHORT_LOG || seq == LONG_LOG) {
      bulla_vault_close(&kept);
      logs[seq == LONG_LOG] = fuzz_vault_image();
      kept = fuzz_vault_open();
    }
  }
}

/* What the tables say after the edits. */
struct found {
  int64_t lanes[3]; /* the first numbers of any lane, record or head, in their order */
  int num_lanes;
  bool lane_good; /* lane 0 has its true row */
  int prefix;     /* records of it that are the first ones, unchanged */
  bool more;      /* and what comes then is no such record */
  int num_heads;
  int64_t head;    /* the seq of the first */
  bool fits;       /* its mac, tag and key are those of its seq, and so is the mac there */
  bool next_taken; /* there is a record after it */
};

static bool same_text(sqlite3_stmt *statement, int column, const char *text) {
  const unsigned char *found = sqlite3_column_text(statement, column);
  return found != NULL && strcmp((const char *)found, text) == 0;
}

/* age_of returns the digits of the generation that stands behind a sealed key: 12 bytes and a quote. */
static const char *age_of(const struct fuzz_moment *moment) {
  size_t len = strlen(moment->key);
  FUZZ_ASSERT(len > 25);
  return moment->key + len - 25;
}

/* is_key says whether the column is a sealed key of the epoch of the record |last|, of whatever moment when the
 * directory had the same generation. */
static bool is_key(sqlite3_stmt *statement, int column, int64_t last) {
  bool found = false;
  for (int seq = 1; seq <= LONG_LOG; seq++) {
    bool alike =
        bulla_audit_epoch(seq) == bulla_audit_epoch(last) && strcmp(age_of(&moments[seq]), age_of(&moments[last])) == 0;
    found = found || (alike && same_text(statement, column, moments[seq].key));
  }
  return found;
}

static void read_lanes(struct found *found) {
  sqlite3_stmt *statement = ask(
      LANES,
      "SELECT lane FROM (SELECT number AS lane FROM lane UNION SELECT lane FROM (SELECT lane FROM audit UNION SELECT "
      "lane FROM audit_head)) ORDER BY lane LIMIT 3");
  while (sqlite3_step(statement) == SQLITE_ROW) {
    found->lanes[found->num_lanes++] = sqlite3_column_int64(statement, 0);
  }
  sqlite3_reset(statement);
  statement = ask(LANE, "SELECT " LANE_ROW " FROM lane WHERE number = 0");
  found->lane_good = sqlite3_step(statement) == SQLITE_ROW && same_text(statement, 0, lane_row);
  sqlite3_reset(statement);
}

static void read_rows(struct found *found) {
  sqlite3_stmt *statement = ask(ROWS, "SELECT seq, " ROW " FROM audit WHERE lane = 0 ORDER BY seq");
  while (!found->more && sqlite3_step(statement) == SQLITE_ROW) {
    int next = found->prefix + 1;
    bool same =
        next <= LONG_LOG && sqlite3_column_int64(statement, 0) == next && same_text(statement, 1, moments[next].row);
    found->prefix += same ? 1 : 0;
    found->more = !same;
  }
  sqlite3_reset(statement);
}

static void read_head(struct found *found) {
  sqlite3_stmt *statement =
      ask(HEADS,
          "SELECT h.seq, quote(h.mac), quote(h.tag), quote(h.key), quote(a.mac), b.seq FROM audit_head h "
          "LEFT JOIN audit a ON a.lane = 0 AND a.seq = h.seq LEFT JOIN audit b ON b.lane = 0 AND b.seq = h.seq + 1 "
          "WHERE h.lane = 0 ORDER BY h.seq");
  for (; sqlite3_step(statement) == SQLITE_ROW; found->num_heads++) {
    if (found->num_heads > 0) {
      continue;
    }
    found->head = sqlite3_column_int64(statement, 0);
    found->next_taken = sqlite3_column_type(statement, 5) != SQLITE_NULL;
    if (found->head >= 1 && found->head <= LONG_LOG) {
      const struct fuzz_moment *moment = &moments[found->head];
      found->fits = same_text(statement, 1, moment->mac) && same_text(statement, 2, moment->tag) &&
                    same_text(statement, 4, moment->mac) && is_key(statement, 3, found->head);
    }
  }
  sqlite3_reset(statement);
}

/* judge_lane says what is to be found of lane 0. */
static void judge_lane(struct bulla_audit_verdict *verdict, const struct found *found) {
  bool fits = !found->more && found->num_heads == 1 && found->fits;
  bool unbroken = found->lane_good && fits && found->head == found->prefix;
  int64_t num_good = fits && found->head < found->prefix ? found->head : found->prefix;
  verdict->num_records = found->lane_good ? num_good : 0;
  verdict->num_lanes = unbroken ? 1 : 0;
  verdict->bad_seq = unbroken ? 0 : verdict->num_records + 1;
}

/* judge says what is to be found. No other lane than 0 was ever made. */
static struct bulla_audit_verdict judge(const struct found *found) {
  struct bulla_audit_verdict verdict = BULLA_AUDIT_VERDICT_INIT;
  if (found->num_lanes == 0) {
    verdict.bad_seq = 1;
    return verdict;
  }
  int64_t bad = found->lanes[0];
  if (bad == 0) {
    judge_lane(&verdict, found);
    if (verdict.bad_seq != 0 || found->num_lanes == 1) {
      return verdict;
    }
    bad = found->lanes[1];
  }
  verdict.bad_lane = bad;
  verdict.bad_seq = 1;
  return verdict;
}

static void check(const struct bulla_audit_verdict *wanted) {
  struct bulla_audit_verdict verdict = BULLA_AUDIT_VERDICT_INIT;
  FUZZ_ASSERT(bulla_vault_audit_verify(kept, &verdict) == (wanted->bad_seq == 0 ? BULLA_OK : BULLA_AUDIT_BROKEN));
  FUZZ_ASSERT(verdict.num_records == wanted->num_records && verdict.num_lanes == wanted->num_lanes);
  FUZZ_ASSERT(verdict.bad_lane == wanted->bad_lane && verdict.bad_seq == wanted->bad_seq);
}

/* check_stale sees that the head is not moved by whoever believes that it is at another record. */
static void check_stale(void) {
  struct bulla_audit_head head = {.lane = kept->log.lane};
  struct bulla_db *transaction = NULL;
  FUZZ_ASSERT(bulla_db_begin(&transaction, kept->db, BULLA_DB_WRITE) == BULLA_OK);
  FUZZ_ASSERT(bulla_audit_load(&head, &kept->log) == BULLA_OK);
  for (int i = 0; i < 2; i++) {
    struct bulla_audit_end before = bulla_audit_end(&head);
    before.seq -= i;
    before.mac[0] ^= (uint8_t)(1 - i);
    FUZZ_ASSERT(bulla_audit_store(&head, &before, &kept->log) == BULLA_AUDIT_BROKEN);
  }
  bulla_audit_head_free(&head);
  bulla_db_rollback(&transaction);
}

/* check_append sees that a log is appended to just if its head is fit. What is refused changes nothing, which need not
 * be looked at each time. */
static void check_append(const struct found *found, const struct bulla_audit_verdict *before, bool thorough) {
  bool fit = found->num_heads == 1 && found->fits && !found->next_taken;
  bool is_next = fit && found->lane_good && found->head == found->prefix && found->lanes[0] == 0;
  struct bulla_audit_verdict after = *before;
  after.num_records += is_next ? 1 : 0;
  after.bad_seq += is_next && before->bad_seq != 0 && before->bad_lane == 0 ? 1 : 0;
  FUZZ_ASSERT(append("none") == (fit ? BULLA_NOT_FOUND : BULLA_AUDIT_BROKEN));
  if (fit || thorough) {
    check(&after);
  }
  if (fit && thorough) {
    check_stale();
  }
}

/* take_record sees that what was sealed for a record is read there alone. */
static enum bulla_status take_record(void *arg, const struct bulla_audit_record *record) {
  int64_t *num = (int64_t *)arg;
  int64_t seq = record->seq;
  bool first = seq == 1;
  FUZZ_ASSERT(record->lane == 0 && seq >= 1 && seq <= LONG_LOG);
  FUZZ_ASSERT(bulla_span_equal(record->actor, first ? BULLA_LITERAL("bulla") : fuzz_who.actor));
  FUZZ_ASSERT(bulla_span_equal(record->reason, first ? bulla_span(NULL, 0) : fuzz_who.reason));
  FUZZ_ASSERT(bulla_span_equal(record->tenant, fuzz_text(first ? "" : "acme")));
  FUZZ_ASSERT(bulla_span_equal(record->entry, fuzz_text(first ? "" : "db")));
  FUZZ_ASSERT(bulla_span_equal(record->field, fuzz_text(first ? "" : field_of(seq))));
  FUZZ_ASSERT(record->statement.len == (seq <= 2 ? BULLA_SHA256_LEN : 0));
  (*num)++;
  return BULLA_OK;
}

static void check_details(const struct bulla_audit_verdict *verdict) {
  int64_t num = 0;
  enum bulla_status status = bulla_vault_audit_log(kept, INT64_MIN, bulla_span(NULL, 0), take_record, &num);
  if (verdict->bad_seq == 0) {
    FUZZ_ASSERT(status == BULLA_OK && num == verdict->num_records);
  } else {
    FUZZ_ASSERT(status == BULLA_OK || status == BULLA_AUDIT_BROKEN);
  }
}

/* open_anew opens the vault as a new process does, which sees whether its first lane is the one that it was made
 * with. */
static bool open_anew(const struct found *found) {
  close_kept();
  enum bulla_status status = bulla_vault_open(&kept, fuzz_vault_url(), fuzz_vault_root(), NULL);
  FUZZ_ASSERT(status == (found->lane_good ? BULLA_OK : BULLA_AUDIT_BROKEN) && (status == BULLA_OK) == (kept != NULL));
  return status == BULLA_OK;
}

/* load makes |image| the vault's. */
static void load(const struct bulla_buffer *image) {
  fuzz_vault_load(bulla_written(image));
  if (kept == NULL) {
    kept = fuzz_vault_open();
  }
  fuzz_vault_forget(kept);
}

/* draw_lot returns a number that says which inputs are looked at thoroughly, and which have the vault opened anew. They
 * cannot ask for it: soon most of them would, since those reach the most. */
static uint32_t draw_lot(const uint8_t *data, size_t size) {
  uint32_t sum = 0;
  for (size_t i = 0; i < size; i++) {
    sum = (sum ^ data[i]) * UINT32_C(0x9e3779b1);
  }
  return sum >> 24;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (logs[0].data == NULL) {
    set_up();
  }
  struct bulla_reader input = bulla_reader(bulla_span(data, size));
  bool is_long = fuzz_next(&input) % 16 == 15;
  int len = is_long ? LONG_LOG : SHORT_LOG;
  load(&logs[is_long]);
  FUZZ_ASSERT(behind_run(behind_handle(kept), "BEGIN IMMEDIATE"));
  for (int i = 0; i < MAX_EDITS && input.left > 0; i++) {
    struct fuzz_audit_edit asked = {.db = behind_handle(kept), .what = fuzz_next(&input)};
    asked.row = 1 + fuzz_next(&input) % len;
    asked.other = 1 + fuzz_next(&input) % (len + 1);
    asked.number = fuzz_next(&input);
    asked.moment = &moments[asked.row];
    fuzz_audit_edit(&asked);
  }
  FUZZ_ASSERT(behind_run(behind_handle(kept), "COMMIT"));
  struct found found = {0};
  read_lanes(&found);
  read_rows(&found);
  read_head(&found);
  uint32_t lot = draw_lot(data, size);
  if (lot % 16 == 0 && !open_anew(&found)) {
    return 0;
  }
  struct bulla_audit_verdict verdict = judge(&found);
  check(&verdict);
  bool thorough = lot % 16 == 1;
  if (thorough) {
    check_details(&verdict);
  }
  check_append(&found, &verdict, thorough);
  return 0;
}
