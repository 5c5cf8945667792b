/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The lanes of the audit log, written to by somebody without keys: a lane is what the vault signed, has one head, and
 * a record stays in its place with its detail. */

#include "store/directory.h"
#include "tests/vault_support.h"

TestSuite(audit_lanes, .init = build_house, .fini = leave_house);

enum { NUM = 6 }; /* records of the log: init and those below */

static struct bulla_span furnish(void) {
  TEST_OK(put("acme", "db", "password", "acme db password", true));
  TEST_OK(put("beta", "db", "password", "beta db password", true));
  TEST_OK(put("acme", "db", "token", "acme db token", true));
  TEST_OK(use("acme", "db", "password"));
  TEST_STATUS(use("nobody", "db", "password"), BULLA_NOT_FOUND);
  used.calls = 0;
  return image();
}

/* What is found wrong: at which record of which lane. */
static void assert_broken(int64_t lane, int64_t seq, const char *what) {
  struct bulla_audit_verdict verdict = BULLA_AUDIT_VERDICT_INIT;
  enum bulla_status status = bulla_vault_audit_verify(house.vault, &verdict);
  cr_expect_eq(status, BULLA_AUDIT_BROKEN, "%s: %s", what, bulla_status_text(status));
  cr_expect_eq(verdict.bad_lane, lane, "%s: lane %ld", what, (long)verdict.bad_lane);
  cr_expect_eq(verdict.bad_seq, seq, "%s: record %ld", what, (long)verdict.bad_seq);
}

/* Nothing is written to the log, and so nothing opens. */
static void assert_closed(const char *what) {
  cr_expect_eq(use("acme", "db", "password"), BULLA_AUDIT_BROKEN, "use: %s", what);
  cr_expect_eq(put("acme", "db", "password", "x", true), BULLA_AUDIT_BROKEN, "put: %s", what);
  cr_expect_eq(put("new", "db", "password", "x", true), BULLA_AUDIT_BROKEN, "put of a new tenant: %s", what);
  cr_expect_eq(used.calls, 0, "opened: %s", what);
}

#define HEAD(lane, seq) "INSERT INTO audit_head SELECT " lane ", " seq ", mac, tag, key FROM audit_head"
#define RECORD(lane, seq) \
  "INSERT INTO audit SELECT " lane ", " seq ", time, tenant, op, outcome, detail, mac FROM audit WHERE seq = 6"
#define LANE(number) "INSERT INTO lane SELECT " number ", statement, signature FROM lane"

Test(audit_lanes, a_lane_that_the_vault_did_not_sign_is_found) {
  static const struct {
    const char *sql;
    int64_t lane;
  } rows[] = {
      {LANE("1"), 1},
      {LANE("-1"), -1},
      {LANE("9223372036854775807"), INT64_MAX},
      {LANE("-9223372036854775808"), INT64_MIN},
      {HEAD("1", "seq"), 1},
      {HEAD("-1", "seq"), -1},
      {HEAD("9223372036854775807", "seq"), INT64_MAX},
      {HEAD("-9223372036854775808", "0"), INT64_MIN},
      {RECORD("1", "1"), 1},
      {RECORD("-1", "6"), -1},
      {RECORD("9223372036854775807", "1"), INT64_MAX},
      {RECORD("-9223372036854775808", "1"), INT64_MIN},
      {LANE("1") ";" HEAD("1",
                          "seq") "; INSERT INTO audit SELECT 1, seq, time, tenant, op, outcome, detail, mac FROM audit",
       1},
  };
  struct bulla_span file = furnish();
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    int num = 0;
    restore(file, rows[i].sql);
    assert_broken(rows[i].lane, 1, rows[i].sql);
    enum bulla_status status = bulla_vault_audit_log(house.vault, INT64_MIN, TEXT(""), count_record, &num);
    cr_expect_eq(status, BULLA_AUDIT_BROKEN, "%s: %s", rows[i].sql, bulla_status_text(status));
    cr_expect_eq(num, NUM, "%s: all of the lane that is good is given", rows[i].sql);
  }
}

/* Asserts that a vault with that row of lane 0 does not open, and that who has it open finds it. */
static void assert_lane_refused(struct bulla_span file, const char *sql) {
  restore(file, "");
  run_sql(sql);
  assert_broken(0, 1, sql);
  close_vault();
  enum bulla_status status = bulla_vault_open(&house.vault, house.url, house.root, NULL);
  cr_expect_eq(status, BULLA_AUDIT_BROKEN, "%s: %s", sql, bulla_status_text(status));
  close_vault();
}

Test(audit_lanes, the_first_lane_is_that_of_the_vault) {
  static const char *const sqls[] = {
      "DELETE FROM lane",
      "UPDATE lane SET number = 1",
      "UPDATE lane SET statement = x''",
      "UPDATE lane SET statement = zeroblob(100000)",
      "UPDATE lane SET statement = zeroblob(length(statement))",
      "UPDATE lane SET statement = CAST(statement || x'00' AS BLOB)",
      "UPDATE lane SET signature = x''",
      "UPDATE lane SET signature = zeroblob(64)",
      "UPDATE lane SET (statement, signature) = (SELECT statement, signature FROM vault)",
      "UPDATE lane SET (statement, signature) = (SELECT statement, signature FROM tenant LIMIT 1)",
  };
  struct bulla_span file = furnish();
  for (size_t i = 0; i < sizeof(sqls) / sizeof(sqls[0]); i++) {
    assert_lane_refused(file, sqls[i]);
  }
}

/* Appends |bytes| to |text| as a literal of SQL. */
static void add_literal(struct bulla_buffer *text, struct bulla_span bytes) {
  note(text, "x'");
  for (size_t i = 0; i < bytes.len; i++) {
    note(text, "%02x", bytes.data[i]);
  }
  note(text, "'");
}

/* What the vault did sign, but not as its first lane. */
Test(audit_lanes, another_lane_is_not_the_first_although_it_was_signed) {
  struct bulla_span file = furnish();
  struct bulla_span sealed = test_filled(1, BULLA_KEY_LEN + BULLA_BOX_OVERHEAD);
  for (int64_t number = 0; number < 2; number++) {
    struct bulla_signed made;
    restore(file, "");
    const struct bulla_lane_statement said = {.uuid = bulla_keyring_uuid(&house.vault->keyring),
                                              .number = number,
                                              .id = test_filled(7, BULLA_ID_LEN),
                                              .created = 1,
                                              .first_key = sealed};
    TEST_OK(bulla_sign_lane(&made, &house.vault->keyring, &said));
    struct bulla_buffer sql = test_room(4000);
    note(&sql, "UPDATE lane SET statement = ");
    add_literal(&sql, bulla_written(&made.statement));
    note(&sql, ", signature = ");
    add_literal(&sql, bulla_span(made.signature, sizeof(made.signature)));
    run_sql((const char *)sql.data);
    assert_broken(0, 1, "another lane");
    close_vault();
    TEST_STATUS(bulla_vault_open(&house.vault, house.url, house.root, NULL), BULLA_AUDIT_BROKEN);
  }
}

/* By the key of its table it has one at most. */
Test(audit_lanes, a_lane_has_a_head) {
  restore(furnish(), "DELETE FROM audit_head");
  assert_closed("no head");
  assert_broken(0, NUM + 1, "no head");
}

Test(audit_lanes, nothing_is_appended_behind_another_record_than_the_heads) {
  static const char *const sqls[] = {
      "UPDATE audit SET mac = zeroblob(32) WHERE seq = 6",
      "UPDATE audit SET mac = (SELECT mac FROM audit WHERE seq = 5) WHERE seq = 6",
      "UPDATE audit SET mac = x'' WHERE seq = 6",
      "DELETE FROM audit WHERE seq = 6; UPDATE audit SET seq = 6 WHERE seq = 5",
      "UPDATE audit SET lane = 1 WHERE seq = 6",
  };
  struct bulla_span file = furnish();
  for (size_t i = 0; i < sizeof(sqls) / sizeof(sqls[0]); i++) {
    restore(file, sqls[i]);
    assert_closed(sqls[i]);
  }
}

#define OLD_HEAD "DELETE FROM audit_head; INSERT INTO audit_head SELECT * FROM early.audit_head;"
#define CUT "DELETE FROM audit WHERE seq > (SELECT seq FROM early.audit_head);"

Test(audit_lanes, a_head_that_is_older_than_the_records_is_found) {
  TEST_OK(put("acme", "db", "password", "first", true));
  lay_beside("early", image());
  struct bulla_span file = furnish();
  restore(file, beside("early", OLD_HEAD));
  assert_closed("an old head");
  assert_broken(0, 3, "an old head");
  restore(file, beside("early", CUT));
  assert_closed("records cut");
  assert_broken(0, 3, "records cut");
}

/* A whole older log is one that was: who saw more than it does not go on from it. */
Test(audit_lanes, a_log_cut_with_its_head_is_not_carried_on_by_who_saw_more) {
  TEST_OK(put("acme", "db", "password", "first", true));
  lay_beside("early", image());
  struct bulla_span file = furnish();
  restore(file, "");
  TEST_OK(put("acme", "db", "password", "second", true));
  run_sql(beside("early", CUT OLD_HEAD));
  assert_closed("cut with its head");
  struct bulla_audit_verdict verdict = BULLA_AUDIT_VERDICT_INIT;
  TEST_STATUS(bulla_vault_audit_verify(house.vault, &verdict), BULLA_AUDIT_BROKEN);
  /* Nor does one from another branch of the same log, with the same number of records. */
  restore(file, "");
  TEST_OK(put("acme", "db", "password", "second", true));
  lay_beside("early", image());
  restore(file, "");
  TEST_OK(put("acme", "db", "password", "third", true));
  run_sql(beside("early", "DELETE FROM audit; INSERT INTO audit SELECT * FROM early.audit;" OLD_HEAD));
  cr_assert_eq(run_sql("SELECT max(seq) FROM audit"), NUM + 2);
  assert_closed("another branch");
  /* Nor one from a branch that has become longer. */
  restore(file, "");
  TEST_OK(put("acme", "db", "password", "second", true));
  TEST_OK(put("acme", "db", "password", "later", true));
  lay_beside("early", image());
  restore(file, "");
  TEST_OK(put("acme", "db", "password", "third", true));
  run_sql(beside("early", "DELETE FROM audit; INSERT INTO audit SELECT * FROM early.audit;" OLD_HEAD));
  cr_assert_eq(run_sql("SELECT max(seq) FROM audit"), NUM + 3);
  assert_closed("a longer branch");
}

/* Two records of acme are 2 and 4, of beta 3; 6 is of nobody. */
Test(audit_lanes, a_record_stays_in_its_place_with_what_it_has) {
  static const struct {
    const char *sql;
    int64_t bad;
    bool reads; /* a mac is looked at by those who verify alone */
  } rows[] = {
      {"UPDATE audit SET tenant = (SELECT tenant FROM audit WHERE seq = 3) WHERE seq = 2", 2, false},
      {"UPDATE audit SET tenant = x'' WHERE seq = 2", 2, false},
      {"UPDATE audit SET tenant = (SELECT tenant FROM audit WHERE seq = 3) WHERE seq = 6", 6, false},
      {"UPDATE audit SET tenant = zeroblob(16) WHERE seq = 2", 2, false},
      {"UPDATE audit SET tenant = x'00' WHERE seq = 2", 2, false},
      {"UPDATE audit SET detail = (SELECT detail FROM audit WHERE seq = 4) WHERE seq = 2", 2, false},
      {"UPDATE audit SET detail = (SELECT detail FROM audit WHERE seq = 3) WHERE seq = 2", 2, false},
      {"UPDATE audit SET (tenant, detail) = (SELECT tenant, detail FROM audit WHERE seq = 3) WHERE seq = 2", 2, false},
      {"UPDATE audit SET (detail, mac) = (SELECT detail, mac FROM audit WHERE seq = 4) WHERE seq = 2", 2, false},
      {"UPDATE audit SET detail = x'' WHERE seq = 2", 2, false},
      {"UPDATE audit SET detail = (SELECT value FROM field WHERE name = 'password' LIMIT 1) WHERE seq = 2", 2, false},
      {"UPDATE audit SET detail = (SELECT detail_key FROM vault) WHERE seq = 6", 6, false},
      {"UPDATE audit SET outcome = 'not-found' WHERE seq = 5", 5, false},
      {"UPDATE audit SET outcome = 'granted' WHERE seq = 6", 6, false},
      {"UPDATE audit SET op = 'put' WHERE seq = 5", 5, false},
      {"UPDATE audit SET time = time - 1 WHERE seq = 5", 5, false},
      {"UPDATE audit SET mac = (SELECT mac FROM audit WHERE seq = 4) WHERE seq = 5", 5, true},
      {"UPDATE audit SET seq = 7 WHERE seq = 6", 6, false},
      {"UPDATE audit SET seq = 0 WHERE seq = 6", 1, false},
      {"UPDATE audit SET lane = 1 WHERE seq = 6", 6, false},
      {"UPDATE audit SET seq = -seq WHERE seq IN (2, 4); UPDATE audit SET seq = 6 + seq WHERE seq < 0", 2, false},
  };
  struct bulla_span file = furnish();
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    int num = 0;
    restore(file, rows[i].sql);
    assert_broken(0, rows[i].bad, rows[i].sql);
    enum bulla_status status = bulla_vault_audit_log(house.vault, INT64_MIN, TEXT(""), count_record, &num);
    cr_expect_eq(status, rows[i].reads ? BULLA_OK : BULLA_AUDIT_BROKEN, "%s: %s", rows[i].sql,
                 bulla_status_text(status));
    cr_expect_leq(num, NUM);
  }
}

/* Names, reasons and actors are for who has the key of the tenant. */
Test(audit_lanes, what_a_record_says_of_whom_is_not_in_the_file) {
  static const char *const words[] = {"zebra-tenant", "quagga-entry", "okapi-field",
                                      "ibex-actor",   "lynx-origin",  "puma-reason"};
  const struct bulla_who someone = {TEXT("ibex-actor"), TEXT("lynx-origin"), TEXT("puma-reason")};
  TEST_STATUS(bulla_vault_use(house.vault, &someone,
                              AT(TEXT("zebra-tenant"), TEXT("quagga-entry"), TEXT("okapi-field")), count_value, NULL),
              BULLA_NOT_FOUND);
  cr_expect_eq(count_details("tenant = 'zebra-tenant' AND entry = 'quagga-entry' AND field = 'okapi-field' AND actor = "
                             "'ibex-actor' AND origin = 'lynx-origin' AND reason = 'puma-reason'"),
               1);
  SQLITE_ONLY(); /* what follows looks into the file */
  struct bulla_span file = image();
  for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
    cr_expect_null(memmem(file.data, file.len, words[i], strlen(words[i])), "%s", words[i]);
  }
}

/* The record of a change has the digest of what was signed. */
Test(audit_lanes, the_record_of_a_new_tenant_tells_what_was_signed) {
  TEST_OK(put("acme", "db", "password", "x", true));
  TEST_OK(put("acme", "db", "password", "y", true));
  cr_expect_eq(count_details("length(statement) = 32"), 2, "of init and of the new tenant");
  cr_expect_eq(count_details("length(statement) = 32 AND seq = 2"), 1);
}
