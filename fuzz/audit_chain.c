/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The audit log. Entry points: bulla_vault_audit_verify, and bulla_audit_append by way of bulla_vault_use.
 *
 * The input is a byte that chooses a log, of 8 records or of 67, which are of two epochs, and edits of the tables
 * of the log by SQL, of four bytes each: cells changed or copied, records dropped, cut off, swapped, renumbered,
 * inserted, the head put back to what it was at any time. The oracle reads the tables back and knows every record
 * and every head that there ever was. So it knows what must be found: everything, and at which record, but for
 * what docs/THREATS.md says cannot be: an older head together with the records that it had then. It also knows
 * which heads are fit to be appended to, and sees that appending makes no broken log a good one. */

#include "fuzz/sqlite_pool.h"
#include "fuzz/vault.h"
#include "store/audit_chain.h"
#include "tests/behind.h"

enum { SHORT_LOG = 8, LONG_LOG = 67, MAX_EDITS = 8, ROW_MAX = 1024 };

/* A record as SQL writes it, and the head after it. */
struct moment {
  char row[ROW_MAX];
  char mac[80];
  char tag[80];
  char key[300];
};

static struct moment moments[LONG_LOG + 1];
static char first_key[300];
static struct bulla_buffer logs[2];

#define ROW                                                                                                      \
  "quote(time) || quote(tenant) || quote(actor) || quote(origin) || quote(reason) || quote(op) || quote(entry) " \
  "|| "                                                                                                          \
  "quote(field) || quote(outcome) || quote(mac)"

static void copy_column(char *room, size_t size, sqlite3_stmt *statement, int column) {
  const unsigned char *text = sqlite3_column_text(statement, column);
  int len = snprintf(room, size, "%s", text == NULL ? (const unsigned char *)"" : text);
  FUZZ_ASSERT(len >= 0);
}

/* remember notes the moment after the record |seq|, of the vault's own connection. */
static void remember(struct bulla_vault *vault, int seq) {
  sqlite3_stmt *statement = NULL;
  struct moment *moment = &moments[seq];
  FUZZ_ASSERT(sqlite3_prepare_v2(behind_handle(vault),
                                 "SELECT quote(h.tag), quote(h.key), quote(h.first_key), quote(mac), " ROW
                                 ", h.seq FROM audit_head h JOIN audit a ON a.seq = h.seq",
                                 -1, &statement, NULL) == SQLITE_OK);
  FUZZ_ASSERT(sqlite3_step(statement) == SQLITE_ROW && sqlite3_column_int(statement, 5) == seq);
  copy_column(moment->tag, sizeof(moment->tag), statement, 0);
  copy_column(moment->key, sizeof(moment->key), statement, 1);
  copy_column(first_key, sizeof(first_key), statement, 2);
  copy_column(moment->mac, sizeof(moment->mac), statement, 3);
  copy_column(moment->row, sizeof(moment->row), statement, 4);
  sqlite3_finalize(statement);
}

static enum bulla_status ignore_value(void *arg, struct bulla_span value) {
  (void)arg;
  (void)value;
  return BULLA_OK;
}

/* append adds a record by a use of |field|; that there is no such field is recorded too. */
static enum bulla_status append(struct bulla_vault *vault, const char *field) {
  return bulla_vault_use(vault, &fuzz_who, AT(BULLA_LITERAL("acme"), BULLA_LITERAL("db"), fuzz_text(field)),
                         ignore_value, NULL);
}

static void set_up(void) {
  fuzz_sqlite_pool();
  fuzz_vault_set_up();
  struct bulla_vault *vault = fuzz_vault_open();
  remember(vault, 1);
  fuzz_vault_put(vault, "acme", "db", "password", BULLA_LITERAL("secret"), true);
  remember(vault, 2);
  for (int seq = 3; seq <= LONG_LOG; seq++) {
    FUZZ_ASSERT(append(vault, seq % 3 == 0 ? "password" : "none") == (seq % 3 == 0 ? BULLA_OK : BULLA_NOT_FOUND));
    remember(vault, seq);
    if (seq == SHORT_LOG || seq == LONG_LOG) {
      bulla_vault_close(&vault);
      logs[seq == LONG_LOG] = fuzz_vault_image();
      vault = fuzz_vault_open();
    }
  }
  bulla_vault_close(&vault);
}

/* One edit, as the input says. */
struct edit {
  uint8_t what;
  int row;
  int other;
  uint8_t number;
};

static const char *const columns[] = {"seq", "time",  "tenant", "actor",   "origin", "reason",
                                      "op",  "entry", "field",  "outcome", "mac"};
enum { NUM_COLUMNS = sizeof(columns) / sizeof(columns[0]) };

static void change_cell(struct sqlite3 *db, const struct edit *edit) {
  static const char *const changes[] = {
      "%s + 1",
      "%s - 1000000",
      "%s || 'x'",
      "substr(%s, 2)",
      "upper(%s)",
      "''",
      "x''",
      "CAST(substr(%1$s, 1, 31) || x'00' AS BLOB)",
      "CAST(%s || x'00' AS BLOB)",
      "'granted'",
      "zeroblob(32)",
      "NULL",
  };
  const char *column = columns[edit->other % NUM_COLUMNS];
  char change[256];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
  (void)snprintf(change, sizeof(change), changes[edit->number % (sizeof(changes) / sizeof(changes[0]))], column);
#pragma GCC diagnostic pop
  (void)fuzz_vault_edit(db, "UPDATE audit SET %s = %s WHERE seq = %d", column, change, edit->row);
}

/* change_head puts something of the head back to an earlier moment. */
static void change_head(struct sqlite3 *db, const struct edit *edit) {
  const struct moment *moment = &moments[edit->row];
  switch (edit->number % 8) {
    case 0:
      (void)fuzz_vault_edit(db, "UPDATE audit_head SET seq = %d", edit->row);
      break;
    case 1:
      (void)fuzz_vault_edit(db, "UPDATE audit_head SET tag = %s", moment->tag);
      break;
    case 2:
      (void)fuzz_vault_edit(db, "UPDATE audit_head SET key = %s", moment->key);
      break;
    case 3:
      (void)fuzz_vault_edit(db, "UPDATE audit_head SET first_key = %s", moment->key);
      break;
    case 4:
      (void)fuzz_vault_edit(db, "UPDATE audit_head SET key = first_key");
      break;
    case 5:
      (void)fuzz_vault_edit(db, "UPDATE audit_head SET seq = %d, tag = %s, key = %s", edit->row, moment->tag,
                            moment->key);
      break;
    case 6: /* the one thing that cannot be found */
      (void)fuzz_vault_edit(db, "UPDATE audit_head SET seq = %d, tag = %s, key = %s; DELETE FROM audit WHERE seq > %d",
                            edit->row, moment->tag, moment->key, edit->row);
      break;
    default:
      (void)fuzz_vault_edit(db, "%s",
                            edit->other % 2 == 0 ? "DELETE FROM audit_head" : "UPDATE audit_head SET first_key = NULL");
      break;
  }
}

static void run_edit(struct sqlite3 *db, const struct edit *edit) {
  switch (edit->what % 9) {
    case 0:
      change_cell(db, edit);
      break;
    case 1: {
      const char *column = columns[edit->number % NUM_COLUMNS];
      (void)fuzz_vault_edit(db, "UPDATE audit SET %s = (SELECT %s FROM audit WHERE seq = %d) WHERE seq = %d", column,
                            column, edit->other, edit->row);
      break;
    }
    case 2:
      (void)fuzz_vault_edit(db, "DELETE FROM audit WHERE seq = %d", edit->row);
      break;
    case 3:
      (void)fuzz_vault_edit(db, "DELETE FROM audit WHERE seq > %d", edit->row);
      break;
    case 4:
      (void)fuzz_vault_edit(db,
                            "UPDATE audit SET seq = -1 WHERE seq = %d; UPDATE audit SET seq = %d WHERE seq = %d; "
                            "UPDATE audit SET seq = %d WHERE seq = -1",
                            edit->row, edit->row, edit->other, edit->other);
      break;
    case 5: /* a record is taken out and the later ones close ranks, or one is put in */
      (void)fuzz_vault_edit(db,
                            "DELETE FROM audit WHERE seq = %d; UPDATE audit SET seq = seq - 1000 WHERE seq > %d; "
                            "UPDATE audit SET seq = seq + %d WHERE seq < 0",
                            edit->number % 2 == 0 ? edit->row : 0, edit->row, edit->number % 2 == 0 ? 999 : 1001);
      break;
    case 6:
      (void)fuzz_vault_edit(
          db,
          "INSERT INTO audit SELECT %d, time, tenant, actor, origin, reason, op, entry, field, outcome, mac "
          "FROM audit WHERE seq = %d",
          edit->other - 1, edit->row);
      break;
    default:
      change_head(db, edit);
      break;
  }
}

/* What the tables say after the edits. */
struct found {
  int prefix; /* records that are the first ones, unchanged */
  bool more;  /* and what comes then is no such record */
  bool has_head;
  int64_t head;    /* its seq */
  bool first_key;  /* it is the true one */
  bool fits;       /* the head's tag and key are those of its seq, and so is the mac there */
  bool next_taken; /* there is a record after the head */
};

static bool same_text(sqlite3_stmt *statement, int column, const char *text) {
  const unsigned char *found = sqlite3_column_text(statement, column);
  return found != NULL && strcmp((const char *)found, text) == 0;
}

/* is_key says whether the column is a sealed key of |epoch|, of whatever moment. */
static bool is_key(sqlite3_stmt *statement, int column, int64_t epoch) {
  bool found = epoch == 0 && same_text(statement, column, first_key);
  for (int seq = 1; seq <= LONG_LOG; seq++) {
    found = found || (bulla_audit_epoch(seq) == epoch && same_text(statement, column, moments[seq].key));
  }
  return found;
}

static void read_rows(struct sqlite3 *db, struct found *found) {
  sqlite3_stmt *statement = NULL;
  FUZZ_ASSERT(sqlite3_prepare_v2(db, "SELECT seq, " ROW " FROM audit ORDER BY seq", -1, &statement, NULL) == SQLITE_OK);
  while (!found->more && sqlite3_step(statement) == SQLITE_ROW) {
    int next = found->prefix + 1;
    bool same =
        next <= LONG_LOG && sqlite3_column_int64(statement, 0) == next && same_text(statement, 1, moments[next].row);
    found->prefix += same ? 1 : 0;
    found->more = !same;
  }
  sqlite3_finalize(statement);
}

static void read_head(struct sqlite3 *db, struct found *found) {
  sqlite3_stmt *statement = NULL;
  FUZZ_ASSERT(sqlite3_prepare_v2(db,
                                 "SELECT h.seq, quote(h.tag), quote(h.key), quote(h.first_key), quote(a.mac), b.seq "
                                 "FROM audit_head h LEFT JOIN audit a ON a.seq = h.seq "
                                 "LEFT JOIN audit b ON b.seq = h.seq + 1 WHERE h.id = 1",
                                 -1, &statement, NULL) == SQLITE_OK);
  if (sqlite3_step(statement) == SQLITE_ROW) {
    found->has_head = true;
    found->head = sqlite3_column_int64(statement, 0);
    found->first_key = is_key(statement, 3, 0);
    found->next_taken = sqlite3_column_type(statement, 5) != SQLITE_NULL;
    if (found->head >= 1 && found->head <= LONG_LOG) {
      const struct moment *moment = &moments[found->head];
      found->fits = same_text(statement, 1, moment->tag) && same_text(statement, 4, moment->mac) &&
                    is_key(statement, 2, bulla_audit_epoch(found->head));
    }
  }
  sqlite3_finalize(statement);
}

/* expect returns how many records of the log are good, and says whether it is unbroken. */
static int64_t expect(const struct found *found, bool *unbroken) {
  *unbroken = false;
  if (!found->has_head || !found->first_key) {
    return 0;
  }
  if (found->more || !found->fits) {
    return found->prefix;
  }
  *unbroken = found->head == found->prefix;
  return found->head < found->prefix ? found->head : found->prefix;
}

static void check(struct bulla_vault *vault, int64_t num_good, bool unbroken) {
  struct bulla_audit_verdict verdict = BULLA_AUDIT_VERDICT_INIT;
  FUZZ_ASSERT(bulla_vault_audit_verify(vault, &verdict) == (unbroken ? BULLA_OK : BULLA_AUDIT_BROKEN));
  FUZZ_ASSERT(verdict.num_records == num_good);
  FUZZ_ASSERT(verdict.bad_seq == (unbroken ? 0 : num_good + 1));
}

static void check_append(struct bulla_vault *vault, const struct found *found, int64_t num_good, bool unbroken) {
  bool fit = found->has_head && found->fits && !found->next_taken;
  bool continues = fit && found->first_key && found->head == found->prefix;
  FUZZ_ASSERT(append(vault, "none") == (fit ? BULLA_NOT_FOUND : BULLA_AUDIT_BROKEN));
  check(vault, num_good + (continues ? 1 : 0), unbroken);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (logs[0].data == NULL) {
    set_up();
  }
  struct bulla_reader input = bulla_reader(bulla_span(data, size));
  bool is_long = fuzz_next(&input) % 8 == 7;
  int len = is_long ? LONG_LOG : SHORT_LOG;
  fuzz_vault_load(bulla_written(&logs[is_long]));
  struct sqlite3 *db = fuzz_vault_sql();
  for (int i = 0; i < MAX_EDITS && input.left > 0; i++) {
    struct edit edit = {.what = fuzz_next(&input)};
    edit.row = 1 + fuzz_next(&input) % len;
    edit.other = 1 + fuzz_next(&input) % (len + 1);
    edit.number = fuzz_next(&input);
    run_edit(db, &edit);
  }
  struct found found = {0};
  read_rows(db, &found);
  read_head(db, &found);
  FUZZ_ASSERT(sqlite3_close(db) == SQLITE_OK);

  bool unbroken;
  int64_t num_good = expect(&found, &unbroken);
  struct bulla_vault *vault = fuzz_vault_open();
  check(vault, num_good, unbroken);
  check_append(vault, &found, num_good, unbroken);
  bulla_vault_close(&vault);
  return 0;
}
