/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* A log of several lanes. bulla makes lane 0; the others are made here by its own means. */

#include "store/anchor.h"
#include "store/audit_log.h"
#include "tests/vault_support.h"

TestSuite(several_lanes, .init = build_house, .fini = leave_house);

static const struct bulla_who me = {.actor = {(const uint8_t *)"me", 2}};

/* Makes the lane |number|, with a record of each of |times|, or of now where that is 0. */
static void make_lane_of(int64_t number, const int64_t *times, size_t num) {
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
  for (size_t i = 0; i < num; i++) {
    record.time = times[i];
    TEST_OK(bulla_audit_append(&head, &log, &record, NULL));
  }
  TEST_OK(bulla_audit_store(&head, &before, &log));
  TEST_OK(bulla_db_commit(&transaction));
}

static void make_lane(int64_t number) {
  make_lane_of(number, &(int64_t){0}, 1);
}

/* What was read: the lane and the seq of each record. */
static enum bulla_status note_record(void *arg, const struct bulla_audit_record *record) {
  note(arg, "%lld:%lld ", (long long)record->lane, (long long)record->seq);
  return BULLA_OK;
}

static struct bulla_span read_log(const struct bulla_audit_log_options *options) {
  struct bulla_buffer out = test_room(1000);
  out.len = 0;
  TEST_OK(bulla_vault_audit_log_with(house.vault, options, note_record, &out));
  return bulla_written(&out);
}

/* The clock is set back twice, and once it was far ahead. */
Test(several_lanes, records_of_a_time_are_found_wherever_they_are) {
  static const int64_t times[][5] = {{100, 900, 200, 300, 150}, {250, 50, 299, 301, 800}};
  static const struct {
    int64_t since;
    int64_t until;
    const char *read;
  } spans[] = {
      {200, 300, "5:3 3:1 3:3 "},  {150, 151, "5:5 "}, {INT64_MIN, 100, "3:2 "},
      {301, 1000, "3:4 3:5 5:2 "}, {500, 600, ""},     {901, INT64_MIN, ""},
  };
  make_lane_of(5, times[0], 5);
  make_lane_of(3, times[1], 5);
  for (size_t i = 0; i < sizeof(spans) / sizeof(spans[0]); i++) {
    struct bulla_audit_log_options options = BULLA_AUDIT_LOG_OPTIONS_INIT;
    options.since = spans[i].since;
    options.until = spans[i].until;
    struct bulla_span read = read_log(&options);
    TEST_SPAN(read, bulla_text(spans[i].read), "span %zu: %.*s", i, S(read));
  }
}

static enum bulla_status end_at_third(void *arg, const struct bulla_audit_record *record) {
  (void)record;
  return ++*(int *)arg == 3 ? BULLA_EXPIRED : BULLA_OK;
}

Test(several_lanes, reading_goes_on_from_the_marks) {
  static const int64_t times[] = {1000, 1001};
  struct bulla_audit_marks marks = {.num_lanes = 0};
  struct bulla_audit_log_options options = BULLA_AUDIT_LOG_OPTIONS_INIT;
  int num = 0;
  options.marks = &marks;
  make_lane_of(5, times, 2);
  /* Init is the third: it was not taken, and comes again. */
  TEST_STATUS(bulla_vault_audit_log_with(house.vault, &options, end_at_third, &num), BULLA_EXPIRED);
  TEST_SPAN(read_log(&options), TEXT("0:1 "), "what was not taken");
  TEST_SPAN(read_log(&options), TEXT(""), "nothing twice");
  make_lane_of(3, times, 2);
  TEST_OK(put("acme", "db", "password", "x", true));
  TEST_SPAN(read_log(&options), TEXT("3:1 3:2 0:2 "), "also of a lane that was made meanwhile");
  options.tenant = TEXT("nobody");
  TEST_OK(put("acme", "db", "password", "y", true));
  TEST_SPAN(read_log(&options), TEXT(""), "of another tenant");
  options.tenant = TEXT("");
  TEST_SPAN(read_log(&options), TEXT(""), "what was left out is behind the mark");
  options.size = 8;
  TEST_STATUS(bulla_vault_audit_log_with(house.vault, &options, note_record, NULL), BULLA_INVALID_ARGUMENT);
  options.size = sizeof(options);
  marks.num_lanes = BULLA_AUDIT_LANES_MAX + 1;
  TEST_STATUS(bulla_vault_audit_log_with(house.vault, &options, note_record, NULL), BULLA_INVALID_ARGUMENT);
}

/* A log with a hole as wide as numbers are is not walked through number by number. */
Test(several_lanes, a_hole_in_a_log_does_not_hold_up_reading) {
  struct bulla_audit_log_options options = BULLA_AUDIT_LOG_OPTIONS_INIT;
  int num = 0;
  options.since = 1;
  TEST_OK(put("acme", "db", "password", "x", true));
  run_sql("UPDATE audit SET seq = 4611686018427387904 WHERE seq = 2");
  TEST_STATUS(bulla_vault_audit_log_with(house.vault, &options, count_record, &num), BULLA_AUDIT_BROKEN);
  cr_expect_eq(num, 1, "%d", num);
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

/* An auditor has no key to sign with, and needs none to read. */
Test(several_lanes, an_anchor_has_room_for_all_lanes_that_a_log_can_have) {
  struct bulla_anchor anchor BULLA_CLEANUP(bulla_anchor_free) = {.num = 0};
  struct bulla_anchor read BULLA_CLEANUP(bulla_anchor_free) = {.num = 0};
  struct bulla_buffer note = test_room(BULLA_ANCHOR_MAX);
  struct bulla_buffer again = test_room(BULLA_ANCHOR_MAX);
  const int64_t digits_18 = 999999999999999999;
  for (int64_t i = 0; i < BULLA_AUDIT_LANES_MAX; i++) {
    const struct bulla_anchored lane = {
        .lane = digits_18 - BULLA_AUDIT_LANES_MAX + i, .seq = digits_18, .mac = {(uint8_t)i}};
    TEST_OK(bulla_anchor_add(&anchor, &lane));
  }
  const struct bulla_anchored more = {.lane = digits_18};
  TEST_STATUS(bulla_anchor_add(&anchor, &more), BULLA_TOO_LARGE);
  TEST_OK(bulla_anchor_write(&note, &house.vault->keyring, &anchor));
  struct bulla_keyring auditor = {.self = NULL};
  memcpy(auditor.uuid, house.vault->keyring.uuid, sizeof(auditor.uuid));
  memcpy(auditor.signing_public, house.vault->keyring.signing_public, sizeof(auditor.signing_public));
  TEST_OK(bulla_anchor_read(&read, &auditor, bulla_written(&note)));
  cr_assert_eq(read.num, BULLA_AUDIT_LANES_MAX);
  for (size_t i = 0; i < read.num; i++) {
    cr_assert_eq(memcmp(&read.lanes[i], &anchor.lanes[i], sizeof(read.lanes[i])), 0, "lane %zu", i);
    cr_assert(bulla_anchor_has(&read, read.lanes[i].lane));
    cr_assert_eq(bulla_anchor_seq(&read, read.lanes[i].lane), digits_18);
  }
  cr_expect_not(bulla_anchor_has(&read, digits_18) || bulla_anchor_has(&read, 0));
  TEST_STATUS(bulla_anchor_write(&again, &auditor, &read), BULLA_DENIED);
  note.data[note.len - 50] ^= 1;
  bulla_anchor_free(&read);
  TEST_STATUS(bulla_anchor_read(&read, &auditor, bulla_written(&note)), BULLA_REFUSED);
  cr_expect_eq(read.num, 0);
}
