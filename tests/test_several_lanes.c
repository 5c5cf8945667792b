/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* A log of several lanes. bulla makes lane 0; the others are made here by its own means. */

#include "store/audit_log.h"
#include "tests/vault_support.h"

TestSuite(several_lanes, .init = build_house, .fini = leave_house);

static const struct bulla_who me = {.actor = {(const uint8_t *)"me", 2}};

/* Makes the lane |number|, with a record. */
static void make_lane(int64_t number) {
  struct bulla_vault *locked BULLA_CLEANUP(bulla_vault_unlock) = NULL;
  struct bulla_db *transaction BULLA_CLEANUP(bulla_db_rollback) = NULL;
  struct bulla_audit_head head BULLA_CLEANUP(bulla_audit_head_free) = {.seq = 0};
  TEST_OK(bulla_vault_lock(&locked, house.vault));
  struct bulla_audit_log log = house.vault->log;
  struct bulla_audit_record record = bulla_audit_record(&me, TEXT("put"), bulla_span(NULL, 0), TEXT("there"));
  log.lane = (struct bulla_audit_lane){.number = number};
  TEST_OK(bulla_db_begin(&transaction, house.vault->db, BULLA_DB_WRITE));
  TEST_OK(bulla_audit_start(&head, &log));
  struct bulla_audit_end before = bulla_audit_end(&head);
  TEST_OK(bulla_audit_append(&head, &log, &record, NULL));
  TEST_OK(bulla_audit_store(&head, &before, &log));
  TEST_OK(bulla_db_commit(&transaction));
}

Test(several_lanes, a_head_that_was_moved_meanwhile_is_not_moved_again) {
  struct bulla_vault *locked BULLA_CLEANUP(bulla_vault_unlock) = NULL;
  struct bulla_db *transaction BULLA_CLEANUP(bulla_db_rollback) = NULL;
  struct bulla_audit_head head BULLA_CLEANUP(bulla_audit_head_free) = {.seq = 0};
  TEST_OK(bulla_vault_lock(&locked, house.vault));
  struct bulla_audit_log log = house.vault->log;
  struct bulla_audit_record record = bulla_audit_record(&me, TEXT("put"), bulla_span(NULL, 0), TEXT("there"));
  TEST_OK(bulla_db_begin(&transaction, house.vault->db, BULLA_DB_WRITE));
  TEST_OK(bulla_audit_resume(&head, &log));
  struct bulla_audit_end before = bulla_audit_end(&head);
  TEST_OK(bulla_audit_append(&head, &log, &record, NULL));
  TEST_OK(bulla_audit_store(&head, &before, &log));
  TEST_STATUS(bulla_audit_store(&head, &before, &log), BULLA_AUDIT_BROKEN);
  before.seq = head.seq;
  TEST_STATUS(bulla_audit_store(&head, &before, &log), BULLA_AUDIT_BROKEN);
  memcpy(before.mac, head.mac, sizeof(before.mac));
  TEST_OK(bulla_audit_store(&head, &before, &log));
}

static struct bulla_span anchor(void) {
  struct bulla_buffer note = test_room(BULLA_ANCHOR_MAX);
  TEST_OK(bulla_vault_audit_anchor(house.vault, &note, &me));
  return bulla_written(&note);
}

/* Verifies with |note|, and returns what was found. */
static enum bulla_status verify(struct bulla_audit_verdict *verdict, struct bulla_span note) {
  const struct bulla_audit_verify_options options = {.size = sizeof(options), .anchor = note};
  *verdict = (struct bulla_audit_verdict)BULLA_AUDIT_VERDICT_INIT;
  return bulla_vault_audit_verify_with(house.vault, verdict, &options);
}

Test(several_lanes, each_is_verified_and_anchored) {
  struct bulla_audit_verdict verdict;
  make_lane(5);
  make_lane(3);
  struct bulla_span note = anchor();
  TEST_OK(verify(&verdict, note));
  cr_expect_eq(verdict.num_lanes, 3);
  cr_expect_eq(verdict.num_records, 2 + 1 + 1);
  run_sql("UPDATE audit SET outcome = 'failed' WHERE lane = 5");
  TEST_STATUS(verify(&verdict, bulla_span(NULL, 0)), BULLA_AUDIT_BROKEN);
  cr_expect_eq(verdict.bad_lane, 5);
  cr_expect_eq(verdict.bad_seq, 1);
}

Test(several_lanes, none_stands_in_for_an_anchored_one) {
  struct bulla_audit_verdict verdict;
  make_lane(5);
  struct bulla_span note = anchor();
  run_sql("DELETE FROM audit WHERE lane = 5; DELETE FROM audit_head WHERE lane = 5; DELETE FROM lane WHERE number = 5");
  TEST_OK(verify(&verdict, bulla_span(NULL, 0)));
  TEST_STATUS(verify(&verdict, note), BULLA_AUDIT_BROKEN);
  make_lane(7);
  TEST_OK(verify(&verdict, bulla_span(NULL, 0)));
  TEST_STATUS(verify(&verdict, note), BULLA_AUDIT_BROKEN);
}

Test(several_lanes, none_is_taken_for_another) {
  static const char *const edits[] = {
      "UPDATE audit SET lane = 6 WHERE lane = 5; UPDATE audit_head SET lane = 6 WHERE lane = 5;"
      "UPDATE lane SET number = 6 WHERE number = 5",
      "UPDATE audit SET lane = 6 WHERE lane = 5; UPDATE audit_head SET lane = 6 WHERE lane = 5",
      "UPDATE audit_head SET lane = 6 WHERE lane = 5",
      "DELETE FROM lane WHERE number = 5",
      "DELETE FROM audit_head WHERE lane = 5",
      "DELETE FROM audit WHERE lane = 5",
      "DELETE FROM audit WHERE lane = 5; INSERT INTO audit SELECT 5, seq, time, tenant, op, outcome, detail, mac "
      "FROM audit WHERE lane = 0 AND seq = 1",
      "UPDATE lane SET (statement, signature) = (SELECT statement, signature FROM lane WHERE number = 0) "
      "WHERE number = 5",
  };
  struct bulla_audit_verdict verdict;
  make_lane(5);
  struct bulla_span file = image();
  for (size_t i = 0; i < sizeof(edits) / sizeof(edits[0]); i++) {
    restore(file, edits[i]);
    enum bulla_status status = verify(&verdict, bulla_span(NULL, 0));
    cr_expect_eq(status, BULLA_AUDIT_BROKEN, "edit %zu: \"%s\"", i, bulla_status_text(status));
    cr_expect(verdict.bad_lane == 5 || verdict.bad_lane == 6, "edit %zu: lane %lld", i, (long long)verdict.bad_lane);
  }
}

Test(several_lanes, a_file_has_one_however_often_it_is_used) {
  SQLITE_ONLY();
  TEST_OK(put("acme", "db", "password", "hunter2", true));
  for (int i = 0; i < 30; i++) {
    TEST_OK(use("acme", "db", "password"));
  }
  cr_expect_eq(run_sql("SELECT count(*) FROM lane"), 1);
}
