/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See fuzz/faulty_driver.h. A connection is SQLite's own, and only its driver is another: what is not replaced here
 * goes straight to SQLite. */

#include "fuzz/faulty_driver.h"

#include "core/cleanup.h"
#include "core/log.h"
#include "fuzz/fuzz.h"

enum { MAX_AHEAD = 64 };

/* NOLINTBEGIN(bugprone-reserved-identifier,cert-*): what the linker calls them. */
extern const struct bulla_db_driver __real_bulla_sqlite_driver;
extern struct bulla_db_driver __wrap_bulla_sqlite_driver;
struct bulla_db_driver __wrap_bulla_sqlite_driver;
static const struct bulla_db_driver *const sqlite = &__real_bulla_sqlite_driver;
static struct bulla_db_driver *const faulty = &__wrap_bulla_sqlite_driver;
/* NOLINTEND(bugprone-reserved-identifier,cert-*) */

/* What was asked ahead and not looked at yet. */
static struct {
  const struct bulla_db_rows *rows; /* NULL if it is free */
  enum bulla_query query;
  const struct bulla_value *values;
  size_t num;
} ahead[MAX_AHEAD];

static struct {
  enum fuzz_server_fault fault;
  unsigned countdown;
  bool has_struck;
} armed;

/* The transaction that is open. */
static const struct bulla_db *in_transaction;
static enum bulla_status failed;  /* what all in it is answered with from then on */
static enum bulla_status awaited; /* of records: what the next answer tells */

void fuzz_driver_arm(enum fuzz_server_fault fault, unsigned countdown) {
  armed.fault = fault;
  armed.countdown = countdown;
  armed.has_struck = false;
}

bool fuzz_driver_disarm(void) {
  armed.fault = FUZZ_SERVER_GOOD;
  return armed.has_struck;
}

static bool lasts(enum fuzz_server_fault fault) {
  return fault == FUZZ_SERVER_DOWN || fault == FUZZ_SERVER_STANDBY;
}

/* strikes says whether |fault| strikes now, where it could. */
static bool strikes(enum fuzz_server_fault fault) {
  if (armed.fault != fault) {
    return false;
  }
  if (armed.countdown > 0) {
    armed.countdown--;
    return false;
  }
  armed.has_struck = true;
  armed.fault = lasts(fault) ? fault : FUZZ_SERVER_GOOD;
  return true;
}

/* What an answer is lost to. */
static enum bulla_status answer(const struct bulla_db *db) {
  bool is_inside = in_transaction == db;
  if (is_inside && failed != BULLA_OK) {
    return failed;
  }
  if (strikes(FUZZ_SERVER_LOST) || strikes(FUZZ_SERVER_DOWN)) {
    failed = BULLA_UNREACHABLE;
    return BULLA_UNREACHABLE;
  }
  if (strikes(FUZZ_SERVER_BUSY)) {
    failed = BULLA_IO; /* which is what follows an error */
    return BULLA_BUSY;
  }
  enum bulla_status status = is_inside ? awaited : BULLA_OK;
  if (status != BULLA_OK) {
    failed = BULLA_IO;
  }
  return status;
}

static enum bulla_status open_place(struct bulla_db **db, const char *place, bool read_only) {
  BULLA_TRY(strikes(FUZZ_SERVER_LOST) || strikes(FUZZ_SERVER_DOWN) ? BULLA_UNREACHABLE : BULLA_OK);
  BULLA_TRY(sqlite->open(db, place, read_only));
  (*db)->driver = faulty;
  return BULLA_OK;
}

static enum bulla_status open_another(struct bulla_db **another, const struct bulla_db *db, int64_t until) {
  BULLA_TRY(strikes(FUZZ_SERVER_LOST) || strikes(FUZZ_SERVER_DOWN) ? BULLA_UNREACHABLE : BULLA_OK);
  BULLA_TRY(sqlite->open_another(another, db, until));
  (*another)->driver = faulty;
  return BULLA_OK;
}

static enum bulla_status begin(struct bulla_db *db, enum bulla_db_intent intent) {
  FUZZ_ASSERT(in_transaction == NULL);
  failed = BULLA_OK;
  awaited = BULLA_OK;
  BULLA_TRY(answer(db));
  if (intent != BULLA_DB_READ && strikes(FUZZ_SERVER_STANDBY)) {
    return BULLA_READ_ONLY;
  }
  BULLA_TRY(sqlite->begin(db, intent));
  in_transaction = db;
  return BULLA_OK;
}

static void rollback(struct bulla_db *db) {
  in_transaction = in_transaction == db ? NULL : in_transaction;
  sqlite->rollback(db);
}

/* The transaction has ended as nobody on this side knows. */
static enum bulla_status lose(struct bulla_db *db, bool *ended) {
  rollback(db);
  *ended = true;
  return BULLA_UNCERTAIN;
}

static enum bulla_status commit(struct bulla_db *db, bool *ended) {
  FUZZ_ASSERT(in_transaction == db);
  if (failed == BULLA_OK && (strikes(FUZZ_SERVER_LOST) || strikes(FUZZ_SERVER_DOWN) || strikes(FUZZ_SERVER_UNHEARD))) {
    return lose(db, ended);
  }
  BULLA_TRY(answer(db));
  if (strikes(FUZZ_SERVER_UNDONE)) {
    (void)lose(db, ended);
    return BULLA_IO;
  }
  enum bulla_status status = sqlite->commit(db, ended);
  in_transaction = *ended ? NULL : in_transaction;
  BULLA_TRY(status);
  return strikes(FUZZ_SERVER_SILENT) ? BULLA_UNCERTAIN : BULLA_OK;
}

/* What a record has become is not waited for. */
static enum bulla_status insert_record(struct bulla_db_rows *rows, enum bulla_query query,
                                       const struct bulla_value *values, size_t num) {
  bool row;
  if (failed != BULLA_OK || awaited != BULLA_OK) {
    return BULLA_OK;
  }
  awaited = sqlite->query(rows, query, values, num);
  if (awaited == BULLA_OK) {
    awaited = sqlite->next(rows, &row);
    sqlite->end(rows);
  }
  return BULLA_OK;
}

static enum bulla_status run_query(struct bulla_db_rows *rows, enum bulla_query query, const struct bulla_value *values,
                                   size_t num) {
  bool is_record = query == BULLA_QUERY_INSERT_RECORD || query == BULLA_QUERY_INSERT_AT_HEAD;
  if (is_record && in_transaction == rows->db) {
    return insert_record(rows, query, values, num);
  }
  BULLA_TRY(answer(rows->db));
  return sqlite->query(rows, query, values, num);
}

static enum bulla_status ask_ahead(struct bulla_db_rows *rows, enum bulla_query query, const struct bulla_value *values,
                                   size_t num) {
  if (in_transaction != rows->db) {
    return BULLA_BUSY;
  }
  for (size_t i = 0; i < MAX_AHEAD; i++) {
    if (ahead[i].rows == NULL) {
      ahead[i].rows = rows;
      ahead[i].query = query;
      ahead[i].values = values;
      ahead[i].num = num;
      rows->is_ahead = true;
      return BULLA_OK;
    }
  }
  return BULLA_BUSY;
}

/* SQLite has one statement of each query: what was asked ahead is asked when it is looked at. */
static enum bulla_status look(struct bulla_db_rows *rows) {
  rows->is_ahead = false;
  for (size_t i = 0; i < MAX_AHEAD; i++) {
    if (ahead[i].rows == rows) {
      ahead[i].rows = NULL;
      return run_query(rows, ahead[i].query, ahead[i].values, ahead[i].num);
    }
  }
  FUZZ_ASSERT(false);
  return BULLA_OK;
}

static enum bulla_status next(struct bulla_db_rows *rows, bool *row) {
  *row = false;
  if (rows->is_ahead) {
    BULLA_TRY(look(rows));
  }
  return rows->handle != NULL ? sqlite->next(rows, row) : BULLA_OK;
}

static void end(struct bulla_db_rows *rows) {
  for (size_t i = 0; rows->is_ahead && i < MAX_AHEAD; i++) {
    ahead[i].rows = ahead[i].rows == rows ? NULL : ahead[i].rows;
  }
  rows->is_ahead = false;
  sqlite->end(rows);
}

void fuzz_driver_set_up(void) {
  *faulty = *sqlite;
  faulty->open = open_place;
  faulty->open_another = open_another;
  faulty->begin = begin;
  faulty->commit = commit;
  faulty->rollback = rollback;
  faulty->query = run_query;
  faulty->next = next;
  faulty->ahead = ask_ahead;
  faulty->end = end;
}
