/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* A process's own lane of the log (store/own_lane.h), on a server, where there are any. */

#include <sys/syscall.h>
#include <time.h>

#include "store/own_lane.h"
#include "tests/actor_support.h"

TestSuite(own_lane, .init = build_house, .fini = leave_house);

enum { SHARED = 8 }; /* groups before a process takes a lane */

static const struct bulla_who me = {.actor = {(const uint8_t *)"me", 2}, .reason = {(const uint8_t *)"why", 3}};

/* Both clocks of this program are that many seconds ahead. */
static time_t ahead;

int clock_gettime(clockid_t clock, struct timespec *now) {
  long result = syscall(SYS_clock_gettime, clock, now);
  now->tv_sec += clock == CLOCK_REALTIME || clock == CLOCK_MONOTONIC ? ahead : 0;
  return (int)result;
}

static enum bulla_status compare(void *arg, struct bulla_span value) {
  (void)arg;
  cr_expect(bulla_span_equal(value, TEXT("hunter2")));
  return BULLA_OK;
}

static enum bulla_status use_by(struct bulla_vault *vault) {
  const struct bulla_place place = {.tenant = TEXT("acme"), .entry = TEXT("db"), .field = TEXT("password")};
  return bulla_vault_use(vault, &me, &place, compare, NULL);
}

static void use_often(struct bulla_vault *vault, int times) {
  for (int i = 0; i < times; i++) {
    TEST_OK(use_by(vault));
  }
}

static void put_value(void) {
  const struct bulla_place place = {.tenant = TEXT("acme"), .entry = TEXT("db")};
  const struct bulla_field field = {.name = TEXT("password"), .value = TEXT("hunter2"), .secret = true};
  TEST_OK(bulla_vault_put(house.vault, &me, &place, &field, 1));
}

static int64_t lane_of(const struct bulla_vault *vault) {
  return vault->own.head.key != NULL ? vault->own.log.lane.number : 0;
}

static enum bulla_status verify(struct bulla_vault *vault, struct bulla_audit_verdict *verdict) {
  *verdict = (struct bulla_audit_verdict)BULLA_AUDIT_VERDICT_INIT;
  return bulla_vault_audit_verify(vault, verdict);
}

/* Another process, as far as the log knows. */
static struct bulla_vault *open_other(void) {
  struct bulla_vault *other;
  TEST_OK(bulla_vault_open(&other, house.url, house.root, NULL));
  test_keep(other);
  return other;
}

/* Appends a record to |lane|, as whoever else has taken it. */
static void append_to(int64_t lane) {
  struct bulla_vault *other = open_other();
  struct bulla_db *transaction BULLA_CLEANUP(bulla_db_rollback) = NULL;
  struct bulla_audit_head head BULLA_CLEANUP(bulla_audit_head_free) = {.seq = 0};
  struct bulla_audit_log log = other->log;
  struct bulla_audit_record record = bulla_audit_record(&me, TEXT("put"), TEXT(""), TEXT("there"));
  log.lane = (struct bulla_audit_lane){.number = lane};
  TEST_OK(bulla_db_begin(&transaction, other->db, BULLA_DB_WRITE));
  TEST_OK(bulla_audit_lane_load(&log.lane, NULL, &log));
  TEST_OK(bulla_audit_resume(&head, &log));
  struct bulla_audit_end before = bulla_audit_end(&head);
  TEST_OK(bulla_audit_append(&head, &log, &record, NULL));
  TEST_OK(bulla_audit_store(&head, &before, &log));
  TEST_OK(bulla_db_commit(&transaction));
  bulla_vault_close(&other);
}

Test(own_lane, each_process_takes_one_after_some_uses) {
  put_value();
  struct bulla_audit_verdict verdict;
  struct bulla_vault *other = open_other();
  use_often(house.vault, SHARED);
  cr_expect_eq(lane_of(house.vault), 0);
  use_often(house.vault, 3);
  use_often(other, SHARED + 2);
  use_often(house.vault, 2);
  cr_expect_eq(lane_of(house.vault), 1);
  cr_expect_eq(lane_of(other), 2);
  cr_expect_eq(run_sql("SELECT count(*) FROM audit WHERE lane = 1 AND op = 'use'"), 5);
  cr_expect_eq(run_sql("SELECT count(*) FROM audit WHERE lane = 2 AND op = 'use'"), 2);
  cr_expect_eq(run_sql("SELECT count(*) FROM audit WHERE lane = 0 AND op = 'lane-open'"), 2);
  TEST_OK(verify(house.vault, &verdict));
  TEST_OK(verify(other, &verdict));
  cr_expect_eq(verdict.num_lanes, 3);
  bulla_vault_close(&other);
}

Test(own_lane, what_is_not_a_use_is_written_to_the_first) {
  put_value();
  use_often(house.vault, SHARED + 1);
  put_value();
  cr_expect_eq(run_sql("SELECT count(*) FROM audit WHERE lane = 0 AND op = 'put'"), 2);
  use_often(house.vault, 1);
  cr_expect_eq(run_sql("SELECT count(*) FROM audit WHERE lane = 1"), 2);
}

Test(own_lane, a_use_goes_on_in_the_first_when_its_lane_was_taken) {
  put_value();
  struct bulla_audit_verdict verdict;
  use_often(house.vault, SHARED + 2);
  append_to(1);
  use_often(house.vault, 1);
  cr_expect_eq(lane_of(house.vault), 0);
  cr_expect_eq(run_sql("SELECT count(*) FROM audit WHERE op = 'use'"), SHARED + 3);
  cr_expect_eq(run_sql("SELECT count(*) FROM audit WHERE op = 'use' AND lane = 1"), 2);
  cr_expect_not(house.vault->own.is_left, "it was looked at");
  use_often(house.vault, SHARED);
  cr_expect_eq(lane_of(house.vault), 2);
  TEST_OK(verify(house.vault, &verdict));
}

Test(own_lane, the_one_that_is_idle_longest_is_taken) {
  put_value();
  struct bulla_audit_verdict verdict;
  struct bulla_vault *second = open_other();
  use_often(house.vault, SHARED + 1);
  use_often(second, SHARED + 1);
  ahead = 30;
  use_often(house.vault, 1);
  ahead = 65;
  struct bulla_vault *third = open_other();
  use_often(third, SHARED + 1);
  cr_expect_eq(lane_of(third), 2);
  cr_expect_eq(run_sql("SELECT count(*) FROM audit WHERE lane = 2 AND op = 'lane-take'"), 1);
  use_often(second, 1);
  cr_expect_eq(lane_of(second), 0, "it was taken");
  TEST_OK(verify(third, &verdict));
  bulla_vault_close(&second);
  bulla_vault_close(&third);
}

Test(own_lane, with_all_taken_the_first_is_shared) {
  put_value();
  for (int i = 0; i < 63; i++) {
    struct bulla_vault *other = open_other();
    other->own.num_shared = SHARED;
    use_often(other, 1);
    cr_expect_eq(lane_of(other), i + 1);
    bulla_vault_close(&other);
  }
  use_often(house.vault, 2 * SHARED);
  cr_expect_eq(lane_of(house.vault), 0);
  assert_unbroken(1 + 1 + 63 + 2 * SHARED);
}

#define KEEP                                                                                       \
  "DROP TABLE IF EXISTS kept, kept_head; CREATE TABLE kept AS SELECT * FROM audit WHERE lane = 1;" \
  "CREATE TABLE kept_head AS SELECT * FROM audit_head WHERE lane = 1"
#define PUT_BACK                                                                           \
  "DELETE FROM audit WHERE lane = 1; INSERT INTO audit SELECT * FROM kept;"                \
  "DELETE FROM audit_head WHERE lane = 1; INSERT INTO audit_head SELECT * FROM kept_head;" \
  "DROP TABLE kept, kept_head"

Test(own_lane, one_that_was_put_back_is_not_gone_on_with) {
  put_value();
  use_often(house.vault, SHARED + 2);
  run_sql(KEEP);
  use_often(house.vault, 1);
  run_sql(PUT_BACK);
  int64_t before = run_sql("SELECT count(*) FROM audit");
  TEST_STATUS(use_by(house.vault), BULLA_AUDIT_BROKEN);
  TEST_STATUS(use_by(house.vault), BULLA_AUDIT_BROKEN);
  cr_expect_eq(run_sql("SELECT count(*) FROM audit"), before);
}

Test(own_lane, one_that_went_another_way_is_not_gone_on_with) {
  put_value();
  use_often(house.vault, SHARED + 2);
  run_sql(KEEP);
  use_often(house.vault, 1);
  run_sql(PUT_BACK);
  append_to(1);
  TEST_STATUS(use_by(house.vault), BULLA_AUDIT_BROKEN);
}

/* Else lane 0 would say for ever that there was more. */
Test(own_lane, one_that_was_put_back_is_not_told_of) {
  put_value();
  use_often(house.vault, SHARED + 2);
  run_sql(KEEP);
  use_often(house.vault, 1);
  run_sql(PUT_BACK);
  ahead = 61;
  TEST_STATUS(use_by(house.vault), BULLA_AUDIT_BROKEN);
  cr_expect_eq(run_sql("SELECT count(*) FROM audit WHERE op = 'lane-at'"), 0);
}

Test(own_lane, one_is_gone_on_with_when_a_commit_was_not_answered) {
  struct bulla_audit_verdict verdict;
  put_value();
  use_often(house.vault, SHARED + 2);
  postgres_at_commit("RAISE EXCEPTION USING ERRCODE = 'connection_failure'");
  TEST_STATUS(use_by(house.vault), BULLA_UNCERTAIN);
  postgres_at_commit(NULL);
  use_often(house.vault, 2);
  cr_expect_eq(lane_of(house.vault), 1);
  cr_expect_eq(run_sql("SELECT max(number) FROM lane"), 1);
  TEST_OK(verify(house.vault, &verdict));
}

/* As if a standby had been promoted that had not heard of the last change. */
Test(own_lane, a_new_connection_to_a_server_that_lost_a_change_is_not_gone_on_with) {
  put_value();
  use_often(house.vault, SHARED + 2);
  run_sql(
      "CREATE TABLE kept AS SELECT * FROM audit WHERE lane = 0; "
      "CREATE TABLE kept_head AS SELECT * FROM audit_head WHERE lane = 0");
  put_value();
  run_sql(
      "DELETE FROM audit WHERE lane = 0; INSERT INTO audit SELECT * FROM kept; "
      "DELETE FROM audit_head WHERE lane = 0; INSERT INTO audit_head SELECT * FROM kept_head; "
      "DROP TABLE kept, kept_head");
  use_often(house.vault, 1);
  run_sql(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
      "WHERE datname = current_database() AND pid <> pg_backend_pid()");
  TEST_STATUS(use_by(house.vault), BULLA_UNREACHABLE);
  TEST_STATUS(use_by(house.vault), BULLA_AUDIT_BROKEN);
  TEST_STATUS(use_by(house.vault), BULLA_AUDIT_BROKEN);
}

/* Whoever verifies knows nothing of it but what lane 0 says. */
Test(own_lane, one_that_is_gone_is_missed) {
  put_value();
  struct bulla_audit_verdict verdict;
  use_often(house.vault, SHARED + 2);
  close_vault();
  run_sql("DELETE FROM audit WHERE lane = 1; DELETE FROM audit_head WHERE lane = 1; DELETE FROM lane WHERE number = 1");
  open_vault();
  TEST_STATUS(verify(house.vault, &verdict), BULLA_AUDIT_BROKEN);
  cr_expect_eq(verdict.bad_lane, 0);
}

Test(own_lane, one_that_was_put_back_by_a_minute_is_missed) {
  put_value();
  struct bulla_audit_verdict verdict;
  use_often(house.vault, SHARED + 2);
  run_sql(KEEP);
  use_often(house.vault, 1);
  ahead = 61;
  use_often(house.vault, 1);
  cr_expect_eq(run_sql("SELECT count(*) FROM audit WHERE lane = 0 AND op = 'lane-at'"), 1);
  TEST_OK(verify(house.vault, &verdict));
  close_vault();
  run_sql(PUT_BACK);
  open_vault();
  TEST_STATUS(verify(house.vault, &verdict), BULLA_AUDIT_BROKEN);
}

/* A record that the vault's own key sealed, of a lane that began otherwise. */
Test(own_lane, one_that_begins_otherwise_is_missed) {
  put_value();
  struct bulla_audit_verdict verdict;
  use_often(house.vault, SHARED + 1);
  close_vault();
  run_sql("DELETE FROM audit WHERE lane = 1; DELETE FROM audit_head WHERE lane = 1; DELETE FROM lane WHERE number = 1");
  open_vault();
  {
    struct bulla_vault *locked BULLA_CLEANUP(bulla_vault_unlock) = NULL;
    struct bulla_db *transaction BULLA_CLEANUP(bulla_db_rollback) = NULL;
    struct bulla_audit_head head BULLA_CLEANUP(bulla_audit_head_free) = {.seq = 0};
    TEST_OK(bulla_vault_lock(&locked, house.vault));
    struct bulla_audit_log log = house.vault->log;
    log.lane = (struct bulla_audit_lane){.number = 1};
    TEST_OK(bulla_db_begin(&transaction, house.vault->db, BULLA_DB_WRITE));
    TEST_OK(bulla_audit_start(&head, &log));
    TEST_OK(bulla_db_commit(&transaction));
  }
  TEST_STATUS(verify(house.vault, &verdict), BULLA_AUDIT_BROKEN);
}

static enum bulla_status take_both(void *arg, const struct bulla_span *values, size_t num) {
  (void)arg;
  cr_expect_eq(num, 2);
  cr_expect(bulla_span_equal(values[0], values[1]));
  return BULLA_OK;
}

/* Of a group of several, the second is looked up behind the record of the first. */
Test(own_lane, a_group_whose_lane_was_taken_is_written_again) {
  put_value();
  const struct bulla_place places[] = {{.tenant = TEXT("acme"), .entry = TEXT("db"), .field = TEXT("password")},
                                       {.tenant = TEXT("acme"), .entry = TEXT("db"), .field = TEXT("password")}};
  size_t failed;
  use_often(house.vault, SHARED + 2);
  append_to(1);
  TEST_OK(bulla_vault_use_many(house.vault, &failed, &me, places, 2, take_both, NULL));
}

/* Actors have lanes of their own, which they take, open and leave as roots do theirs. */
Test(own_lane, an_actor_takes_lanes_of_its_own) {
  put_value();
  struct bulla_audit_verdict verdict;
  struct bulla_span text = make_actor("worker");
  grant("worker", BULLA_ROLE_USE, "acme");
  use_often(house.vault, SHARED + 1);
  struct bulla_vault *first = open_as(text);
  struct bulla_vault *second = open_as(text);
  use_often(first, SHARED);
  cr_expect_eq(lane_of(first), 0);
  use_often(first, 2);
  use_often(second, SHARED + 1);
  cr_expect_eq(lane_of(house.vault), 1);
  cr_expect_eq(lane_of(first), 65);
  cr_expect_eq(lane_of(second), 66);
  cr_expect_eq(run_sql("SELECT count(*) FROM audit WHERE lane = 64 AND op = 'use'"), 2 * SHARED);
  cr_expect_eq(run_sql("SELECT count(*) FROM audit WHERE lane = 64 AND op = 'lane-open'"), 2);
  cr_expect_eq(run_sql("SELECT count(*) FROM audit WHERE lane = 65 AND op = 'use'"), 2);
  cr_expect_eq(run_sql("SELECT count(*) FROM audit WHERE lane = 66 AND op = 'use'"), 1);
  ahead = 65;
  struct bulla_vault *third = open_as(text);
  use_often(second, 1);
  cr_expect_eq(run_sql("SELECT count(*) FROM audit WHERE lane = 64 AND op = 'lane-at'"), 1);
  use_often(third, SHARED + 1);
  cr_expect_eq(lane_of(third), 65, "the one that was idle longest of its own: %ld", (long)lane_of(third));
  use_often(first, 1);
  cr_expect_eq(lane_of(first), 0, "it was taken");
  TEST_OK(verify(house.vault, &verdict));
  cr_expect_eq(verdict.num_lanes, 5);
  bulla_vault_close(&first);
  bulla_vault_close(&second);
  bulla_vault_close(&third);
}

/* What it writes beside uses, as it takes a lane or tells where that is, is also behind the end of its lanes. */
Test(own_lane, an_actor_that_was_revoked_takes_none_and_tells_of_none) {
  put_value();
  struct bulla_span text = make_actor("worker");
  grant("worker", BULLA_ROLE_USE, "acme");
  struct bulla_vault *first = open_as(text);
  struct bulla_vault *second = open_as(text);
  use_often(first, SHARED + 2);
  cr_expect_eq(lane_of(first), 65);
  use_often(second, SHARED);
  TEST_OK(bulla_vault_actor_revoke(house.vault, NULL, &me, TEXT("worker"), true, NULL, NULL));
  int64_t num = run_sql("SELECT count(*) FROM audit WHERE lane >= 64");
  ahead = 65;
  TEST_STATUS(use_by(first), BULLA_REVOKED);
  TEST_STATUS(use_by(second), BULLA_REVOKED);
  cr_expect_eq(run_sql("SELECT count(*) FROM audit WHERE lane >= 64"), num);
  cr_expect_eq(run_sql("SELECT count(*) FROM lane WHERE number > 65"), 0);
  bulla_vault_close(&first);
  bulla_vault_close(&second);
}

/* A root changes the directory, once, as a process of an actor is about to ask |at|. */
static struct {
  struct bulla_db_driver driver;
  enum bulla_status (*query)(struct bulla_db_rows *rows, enum bulla_query query, const struct bulla_value *values,
                             size_t num);
  enum bulla_query at;
  bool is_armed;
} between;

static enum bulla_status change_and_query(struct bulla_db_rows *rows, enum bulla_query query,
                                          const struct bulla_value *values, size_t num) {
  if (between.is_armed && query == between.at) {
    between.is_armed = false;
    end_grant("other", BULLA_ROLE_USE, "acme");
    end_grant("other", BULLA_ROLE_VERIFY, "acme");
  }
  return between.query(rows, query, values, num);
}

static enum bulla_status ask_list(struct bulla_vault *vault) {
  return bulla_vault_list(vault, TEXT("acme"), count_entry, NULL);
}

static enum bulla_status ask_show(struct bulla_vault *vault) {
  return bulla_vault_show(vault, AT(TEXT("acme"), TEXT("db")), count_field, NULL);
}

static enum bulla_status ask_key(struct bulla_vault *vault) {
  return bulla_vault_apikey_use(vault, &me, RECORD_ID, count_root, NULL);
}

static enum bulla_status ask_live(struct bulla_vault *vault) {
  return bulla_vault_apikey_live(vault, RECORD_ID);
}

/* What was read of a tenant, its grants and its handouts in two states of the directory is not taken for tampered
 * with. */
Test(own_lane, a_change_between_two_looks_refuses_nothing) {
  static const enum bulla_query queries[] = {BULLA_QUERY_FIND_GRANT, BULLA_QUERY_GET_HANDOUT};
  static enum bulla_status (*const asked[])(struct bulla_vault * vault) = {ask_list, ask_show, ask_key, ask_live,
                                                                           use_by};
  enum { NUM = sizeof(asked) / sizeof(asked[0]) };
  put_value();
  TEST_OK(put_apikey(TEXT("acme"), RECORD_ID, "x", 7));
  struct bulla_span text = make_actor("worker");
  (void)make_actor("other");
  grant("worker", BULLA_ROLE_USE, "acme");
  grant("worker", BULLA_ROLE_VERIFY, "acme");
  struct bulla_vault *vault = open_as(text);
  use_often(vault, SHARED + 2); /* from its own lane on no root waits for it */
  between.driver = *vault->db->driver;
  between.query = between.driver.query;
  between.driver.query = change_and_query;
  vault->db->driver = &between.driver;
  for (size_t i = 0; i < 2 * NUM; i++) {
    grant("other", BULLA_ROLE_USE, "acme");
    grant("other", BULLA_ROLE_VERIFY, "acme");
    between.at = queries[i / NUM];
    between.is_armed = true;
    enum bulla_status status = asked[i % NUM](vault);
    bool may_be_busy = asked[i % NUM] == use_by; /* its transaction sees what was committed meanwhile */
    cr_expect(status == BULLA_OK || (may_be_busy && status == BULLA_BUSY), "call %zu: %s", i,
              bulla_status_text(status));
    cr_expect_not(between.is_armed, "call %zu", i);
    TEST_OK(asked[i % NUM](vault));
  }
  cr_expect_eq(run_sql("SELECT count(*) FROM audit WHERE outcome = 'failed'"), 0);
  bulla_vault_close(&vault);
}

/* A lane that an actor opened is missed by what its first lane says. */
Test(own_lane, one_of_an_actor_that_is_gone_is_missed) {
  put_value();
  struct bulla_audit_verdict verdict;
  struct bulla_span text = make_actor("worker");
  grant("worker", BULLA_ROLE_USE, "acme");
  struct bulla_vault *worker = open_as(text);
  use_often(worker, SHARED + 2);
  cr_expect_eq(lane_of(worker), 65);
  bulla_vault_close(&worker);
  run_sql(
      "DELETE FROM audit WHERE lane = 65; DELETE FROM audit_head WHERE lane = 65; DELETE FROM lane WHERE number = 65");
  TEST_STATUS(verify(house.vault, &verdict), BULLA_AUDIT_BROKEN);
  cr_expect_eq(verdict.bad_lane, 64);
  cr_expect_eq(verdict.bad_seq, SHARED + 1);
}
