/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Where the lanes of a revoked actor ended: what lane 0 says of them, and what becomes of them afterwards. */

#include "tests/cast_support.h"

TestSuite(audit_ends, .init = build_house, .fini = leave_house);

/* Puts a lane back to what the image |from|, which was laid beside, has of it. */
#define PUT_BACK(from, lane)                                                                                      \
  GONE(lane)                                                                                                      \
  "; INSERT INTO lane SELECT * FROM " from ".lane WHERE number = " lane "; INSERT INTO audit SELECT * FROM " from \
  ".audit WHERE lane = " lane "; INSERT INTO audit_head SELECT * FROM " from ".audit_head WHERE lane = " lane

/* Has lane 0 say where the lanes of the worker ended. */
static void tell_ends(void) {
  struct bulla_change change BULLA_CLEANUP(bulla_change_end) = {.vault = NULL};
  TEST_OK(bulla_change_begin(&change, house.vault, &me, BULLA_DB_WRITE));
  TEST_OK(bulla_lane_record_ends(&change, 1));
  TEST_OK(bulla_change_commit(&change));
}

/* Goes on with |file|, on which |sql| was run while the worker was revoked, and |after| then. */
static void revoke_meanwhile(struct bulla_span file, const char *sql, const char *after) {
  leave_cast();
  restore(file, sql);
  TEST_OK(bulla_vault_actor_revoke(house.vault, NULL, &me, TEXT("worker"), false, NULL, NULL));
  run_sql(after);
  cast.as_auditor = open_as(cast.auditor.text);
}

/* Who has the key of an actor can put its lane back to what it was, until it is said where it ended. */
Test(audit_ends, the_lanes_of_a_revoked_actor_are_not_put_back) {
  begin();
  lay_beside("kept", cast_image());
  TEST_OK(use_by(cast.as_worker, "acme"));
  tell_ends();
  cr_expect_eq(count_details("op = 'lane-end' AND entry = '64' AND field = '7' AND outcome = 'done'"), 1);
  cr_expect_eq(count_details("op = 'lane-end' AND entry = '65' AND field = '2' AND outcome = 'done'"), 1);
  cr_expect_eq(count_details("op = 'lane-end'"), 2);
  assert_verdict(BULLA_OK, 0, 0, "all is there");
  run_sql(beside("kept", PUT_BACK("kept", "64")));
  assert_verdict(BULLA_AUDIT_BROKEN, 0, told_at("lane-end", "64"), "it has lost what it had");
  end();
}

/* Who breaks a lane before its actor is revoked keeps nobody from that, and cannot cut the lane afterwards: what the
 * database had is told. */
Test(audit_ends, a_lane_that_was_damaged_before_its_actor_was_revoked_is_told_of) {
  static const char *const sqls[] = {
      "UPDATE audit_head SET mac = CAST(zeroblob(32) AS BLOB) WHERE lane = 64",
      "UPDATE audit_head SET seq = 9 WHERE lane = 64",
      "DELETE FROM audit_head WHERE lane = 64",
      "UPDATE lane SET signature = CAST(zeroblob(64) AS BLOB) WHERE number = 64",
  };
  begin();
  lay_beside("less", cast_image());
  TEST_OK(use_by(cast.as_worker, "acme"));
  struct bulla_span file = cast_image();
  lay_beside("kept", file);
  for (size_t i = 0; i < sizeof(sqls) / sizeof(sqls[0]); i++) {
    struct bulla_audit_verdict verdict = BULLA_AUDIT_VERDICT_INIT;
    revoke_meanwhile(file, sqls[i], "");
    TEST_STATUS(bulla_vault_audit_verify(house.vault, &verdict), BULLA_AUDIT_BROKEN);
    run_sql(beside("kept", PUT_BACK("kept", "64")));
    assert_verdict(BULLA_OK, 0, 0, sqls[i]);
    cr_expect_eq(count_details("op = 'lane-end' AND entry = '64' AND field = '7' AND outcome = 'failed'"), 1);
    cr_expect_eq(count_details("op = 'lane-end' AND entry = '65' AND field = '2' AND outcome = 'done'"), 1);
    run_sql(beside("less", PUT_BACK("less", "64")));
    assert_verdict(BULLA_AUDIT_BROKEN, 0, told_at("lane-end", "64"), "it has lost what it had");
  }
  end();
}

/* A lane of which nothing can be told is never believed again. */
Test(audit_ends, a_first_lane_that_was_hidden_as_its_actor_was_revoked_is_broken) {
  static const char damaged[] =
      "UPDATE audit SET mac = CAST(zeroblob(3) AS BLOB) WHERE lane = 64 AND seq = 6; "
      "DELETE FROM audit_head WHERE lane = 64";
  static const char *const sqls[] = {
      GONE("64"),
      damaged,
      "DELETE FROM audit WHERE lane = 64; DELETE FROM lane WHERE number = 64",
  };
  begin();
  struct bulla_span file = cast_image();
  lay_beside("kept", file);
  for (size_t i = 0; i < sizeof(sqls) / sizeof(sqls[0]); i++) {
    revoke_meanwhile(file, sqls[i], beside("kept", PUT_BACK("kept", "64")));
    cr_expect_eq(count_details("op = 'lane-end' AND entry = '64' AND field = '' AND outcome = 'failed' AND "
                               "length(statement) = 0"),
                 1, "%s", sqls[i]);
    assert_verdict(BULLA_AUDIT_BROKEN, 0, told_at("lane-end", "64"), sqls[i]);
  }
  end();
}

/* The first lane has opened it, so where it was is to be told. */
Test(audit_ends, another_lane_that_was_hidden_as_its_actor_was_revoked_is_missed) {
  begin();
  struct bulla_span file = cast_image();
  lay_beside("kept", file);
  revoke_meanwhile(file, GONE("65"), beside("kept", PUT_BACK("kept", "65")));
  assert_verdict(BULLA_AUDIT_BROKEN, 64, 5, "lane 65 has no end");
  end();
}

/* A call may have been under way. */
Test(audit_ends, a_lane_that_an_actor_opens_as_it_is_revoked_has_no_end) {
  begin();
  tell_ends();
  make_lane_by(cast.as_worker, 2);
  cr_expect_eq(run_sql("SELECT count(*) FROM lane WHERE number = 66"), 1);
  assert_verdict(BULLA_OK, 0, 0, "it is not older than the end of the first lane");
  end();
}

Test(audit_ends, who_is_revoked_has_an_end) {
  begin();
  struct bulla_change change BULLA_CLEANUP(bulla_change_end) = {.vault = NULL};
  TEST_OK(bulla_change_begin(&change, house.vault, &me, BULLA_DB_WRITE));
  TEST_OK(bulla_change_tell(&change, TEXT("actor-revoke"), TEXT(""), TEXT("worker"), TEXT("0")));
  TEST_OK(bulla_change_commit(&change));
  bulla_change_end(&change);
  int64_t revoked = told_at("actor-revoke", "worker");
  assert_verdict(BULLA_AUDIT_BROKEN, 0, revoked + 1, "the log ends there");
  TEST_OK(put("acme", "db", "user", "me", false));
  assert_verdict(BULLA_AUDIT_BROKEN, 0, revoked + 1, "another record follows");
  end();
}

/* Likewise where one range of what threads verify ends and another begins. */
Test(audit_ends, who_is_revoked_has_an_end_also_between_threads) {
  enum { LAST = 4160, END = 2 * 4100 }; /* of two ranges */
  struct bulla_audit_verdict verdict = BULLA_AUDIT_VERDICT_INIT;
  struct bulla_audit_verify_options options = BULLA_AUDIT_VERIFY_OPTIONS_INIT;
  struct bulla_change change BULLA_CLEANUP(bulla_change_end) = {.vault = NULL};
  TEST_OK(bulla_change_begin(&change, house.vault, &me, BULLA_DB_WRITE));
  TEST_OK(bulla_change_read_head(&change));
  while (change.head.seq < END) {
    struct bulla_span op = change.head.seq + 1 == LAST ? TEXT("actor-revoke") : TEXT("checkpoint");
    TEST_OK(bulla_change_tell(&change, op, TEXT(""), TEXT("worker"), TEXT("")));
  }
  TEST_OK(bulla_change_commit(&change));
  bulla_change_end(&change);
  options.num_threads = 2;
  TEST_STATUS(bulla_vault_audit_verify_with(house.vault, &verdict, &options), BULLA_AUDIT_BROKEN);
  cr_expect_eq(verdict.bad_lane, 0);
  cr_expect_eq(verdict.bad_seq, LAST + 1);
}
