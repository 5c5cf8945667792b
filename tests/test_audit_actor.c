/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The lanes of actors: who signs them, whose name their records prove, what the audit key alone verifies, and what
 * nobody can do in another's lane. */

#include "tests/cast_support.h"

TestSuite(audit_actor, .init = build_house, .fini = leave_house);

Test(audit_actor, the_lanes_of_an_actor_are_its_own) {
  static const struct {
    int64_t one;
    int64_t other;
    bool same;
  } rows[] = {{0, 0, true},    {0, 63, true},  {63, 64, false},       {64, 127, true},  {127, 128, false},
              {-1, -1, false}, {-1, 0, false}, {INT64_MAX, 0, false}, {128, 191, true}, {0, INT64_MIN, false}};
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    cr_expect_eq(bulla_lane_are_of_one(rows[i].one, rows[i].other), rows[i].same, "row %zu", i);
    cr_expect_eq(bulla_lane_are_of_one(rows[i].other, rows[i].one), rows[i].same, "row %zu", i);
  }
  cr_expect(bulla_lane_is_first(0) && bulla_lane_is_first(64) && bulla_lane_is_first(128));
  cr_expect_not(bulla_lane_is_first(1) || bulla_lane_is_first(63) || bulla_lane_is_first(-64));
}

Test(audit_actor, what_an_actor_does_is_recorded_in_its_lanes) {
  begin();
  int64_t num = run_sql("SELECT count(*) FROM audit WHERE lane = 0");
  cr_expect_eq(run_sql("SELECT count(*) FROM audit WHERE lane = 0 AND op = 'lane-open'"), 4);
  cr_expect_eq(run_sql("SELECT count(*) FROM audit WHERE lane = 64"), 6);
  cr_expect_eq(run_sql("SELECT count(*) FROM audit WHERE lane = 65"), 2);
  cr_expect_eq(run_sql("SELECT count(*) FROM audit WHERE lane = 128"), 3);
  cr_expect_eq(run_sql("SELECT count(*) FROM audit WHERE lane > 128"), 0);
  assert_verdict(BULLA_OK, 0, 0, "all is well");
  TEST_OK(put("acme", "db", "password", "another", true));
  TEST_OK(use_by(cast.as_other, "beta"));
  cr_expect_eq(run_sql("SELECT count(*) FROM audit WHERE lane = 0"), num + 1);
  assert_verdict(BULLA_OK, 0, 0, "and goes on");
  end();
}

/* What was read of a record. */
static enum bulla_status note_record(void *arg, const struct bulla_audit_record *record) {
  if (record->lane > 0) {
    note(arg, "%lld:%lld %.*s for %.*s: %.*s of %.*s/%.*s %zu\n", (long long)record->lane, (long long)record->seq,
         S(record->proven), S(record->actor), S(record->op), S(record->tenant), S(record->entry),
         record->tenant_id.len);
  } else {
    cr_expect_eq(record->proven.len, 0);
  }
  return BULLA_OK;
}

static struct bulla_span read_log(struct bulla_vault *vault, const char *tenant) {
  struct bulla_buffer out = test_room(4000);
  out.len = 0;
  TEST_OK(bulla_vault_audit_log(vault, 1, test_text(tenant), note_record, &out));
  return bulla_written(&out);
}

/* Who is who by the lane; whom they name themselves is only told. */
Test(audit_actor, the_log_tells_the_proven_name) {
  begin();
  static const char text[] =
      "64:1 worker for me: use of acme/db 16\n128:1 other for me: use of acme/db 16\n"
      "64:2 worker for me: use of acme/db 16\n128:2 other for me: use of acme/db 16\n"
      "64:3 worker for me: use of acme/db 16\n128:3 other for me: use of acme/db 16\n"
      "64:4 worker for me: use of beta/db 0\n65:1 worker for me: use of /there 0\n65:2 worker for me: use of /there "
      "0\n"
      "64:5 worker for me: lane-open of /65 0\n64:6 worker for me: lane-at of /65 0\n";
  struct bulla_span read = read_log(house.vault, "");
  TEST_SPAN(read, TEXT(text), "%.*s", S(read));
  read = read_log(cast.as_auditor, "");
  TEST_SPAN(read, TEXT(text), "an auditor reads the same: %.*s", S(read));
  end();
}

/* Every role has the detail key of its tenant. To read records takes that of an auditor. */
Test(audit_actor, an_auditor_of_a_tenant_reads_its_records_alone) {
  begin();
  struct bulla_audit_verdict verdict = BULLA_AUDIT_VERDICT_INIT;
  struct actor reader;
  make(&reader, "reader", 5);
  TEST_OK(put("old", "db", "password", "hunter4", true));
  TEST_OK(use_by(house.vault, "old"));
  TEST_OK(bulla_vault_rename_tenant(house.vault, &me, TEXT("old"), TEXT("gamma")));
  grant("reader", BULLA_ROLE_AUDIT, "acme");
  grant("reader", BULLA_ROLE_USE, "gamma");
  struct bulla_vault *as_reader = open_as(reader.text);
  struct bulla_vault *as_idle = open_as(cast.idle.text);
  TEST_STATUS(use_by(as_idle, "acme"), BULLA_DENIED); /* boxed: not for auditors of the tenant */
  bulla_vault_close(&as_idle);
  static const char text[] =
      "64:1 worker for me: use of acme/db 16\n128:1 other for me: use of acme/db 16\n"
      "64:2 worker for me: use of acme/db 16\n128:2 other for me: use of acme/db 16\n"
      "64:3 worker for me: use of acme/db 16\n128:3 other for me: use of acme/db 16\n";
  struct bulla_span read = read_log(as_reader, "acme");
  TEST_SPAN(read, TEXT(text), "%.*s", S(read));
  TEST_OK(use_by(as_reader, "gamma"));
  int num = 0;
  TEST_OK(bulla_vault_audit_log(house.vault, 1, TEXT("old"), count_record, &num));
  cr_expect_eq(num, 3);
  num = 0;
  TEST_OK(bulla_vault_audit_log(as_reader, 1, TEXT("old"), count_record, &num));
  cr_expect_eq(num, 0, "a tenant that had that name");
  TEST_STATUS(bulla_vault_audit_log(as_reader, 1, TEXT("gamma"), count_record, &num), BULLA_DENIED);
  TEST_STATUS(bulla_vault_audit_log(as_reader, 1, TEXT(""), count_record, &num), BULLA_DENIED);
  TEST_STATUS(bulla_vault_audit_verify(as_reader, &verdict), BULLA_DENIED);
  cr_expect_eq(num, 0);
  /* Who is an auditor of all no more, and has the key in memory. */
  TEST_OK(bulla_vault_audit_log(cast.as_auditor, 1, TEXT(""), count_record, NULL));
  end_grant("auditor", BULLA_ROLE_AUDIT, "");
  grant("auditor", BULLA_ROLE_AUDIT, "acme");
  TEST_STATUS(bulla_vault_audit_log(cast.as_auditor, 1, TEXT(""), count_record, &num), BULLA_DENIED);
  TEST_STATUS(bulla_vault_audit_log(cast.as_auditor, 1, TEXT("beta"), count_record, &num), BULLA_DENIED);
  cr_expect_eq(num, 0);
  read = read_log(cast.as_auditor, "acme");
  TEST_SPAN(read, TEXT(text), "%.*s", S(read));
  bulla_vault_close(&as_reader);
  free_actor(&reader);
  end();
}

/* What an auditor of all comes by is wiped once it is one no more, and read no further by a call that goes on. */
static enum bulla_status end_audit_at_once(void *arg, const struct bulla_audit_record *record) {
  int *num = arg;
  (void)record;
  if (*num == 0) {
    end_grant("auditor", BULLA_ROLE_AUDIT, "");
  }
  *num += 1;
  return BULLA_OK;
}

Test(audit_actor, whose_audit_has_ended_keeps_no_key_and_reads_no_further) {
  const struct bulla_place place = {.tenant = TEXT("acme"), .entry = TEXT("db"), .field = TEXT("password")};
  int64_t generation;
  int num = 0;
  begin();
  for (int i = 0; i < 200; i++) {
    TEST_OK(bulla_vault_use(house.vault, &me, &place, remember, NULL));
  }
  const struct bulla_keyring *keyring = &cast.as_auditor->keyring;
  TEST_OK(bulla_vault_audit_log(cast.as_auditor, 1, TEXT(""), count_record, NULL));
  cr_expect(keyring->audit_private != NULL && keyring->detail_key != NULL);
  /* Another change of the directory takes nothing away. */
  TEST_OK(put("gamma", "db", "password", "hunter4", true));
  assert_verdict(BULLA_OK, 0, 0, "it is an auditor");
  TEST_STATUS(bulla_vault_audit_log(cast.as_auditor, 1, TEXT(""), end_audit_at_once, &num), BULLA_DENIED);
  cr_expect(num > 0 && num < 200, "%d", num);
  TEST_OK(bulla_vault_directory(cast.as_auditor, &generation));
  cr_expect(keyring->audit_private == NULL && keyring->detail_key == NULL);
  grant("auditor", BULLA_ROLE_AUDIT, "");
  assert_verdict(BULLA_OK, 0, 0, "it is one again");
  TEST_OK(bulla_vault_audit_log(cast.as_auditor, 1, TEXT(""), count_record, NULL));
  end_grant("auditor", BULLA_ROLE_AUDIT, "");
  atomic_fetch_add(&cast.as_auditor->keyring.auditors, 1);
  TEST_OK(bulla_vault_directory(cast.as_auditor, &generation));
  cr_expect(keyring->audit_private != NULL && keyring->detail_key != NULL, "a thread verifies with it");
  atomic_fetch_sub(&cast.as_auditor->keyring.auditors, 1);
  TEST_OK(bulla_vault_directory(cast.as_auditor, &generation));
  cr_expect(keyring->audit_private == NULL && keyring->detail_key == NULL);
  end();
}

/* Signs |said| with |seed|, and puts it in the place of the lane |number|. */
static void sign_lane(int64_t number, const struct bulla_lane_statement *said, struct bulla_secret *seed) {
  struct bulla_self self = {.signing_seed = seed};
  struct bulla_keyring keyring = {.self = &self};
  struct bulla_signed made;
  TEST_OK(bulla_sign_lane(&made, &keyring, said));
  run_sql(number == 64   ? "DELETE FROM lane WHERE number = 64"
          : number == 65 ? "DELETE FROM lane WHERE number = 65"
                         : "SELECT 1");
  struct bulla_db *transaction BULLA_CLEANUP(bulla_db_rollback) = NULL;
  TEST_OK(bulla_db_begin(&transaction, house.vault->db, BULLA_DB_WRITE));
  struct bulla_statement statement = bulla_statement(house.vault->db, BULLA_QUERY_INSERT_LANE);
  bulla_bind_int(&statement, number);
  bulla_bind_blob(&statement, bulla_written(&made.statement));
  bulla_bind_blob(&statement, bulla_span(made.signature, sizeof(made.signature)));
  TEST_OK(bulla_finish(&statement));
  bulla_statement_end(&statement);
  TEST_OK(bulla_db_commit(&transaction));
}

/* Reads the statement of the lane |number|. */
static struct bulla_lane_statement read_lane(int64_t number) {
  struct bulla_lane_statement said;
  bool row;
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) =
      bulla_statement(house.vault->db, BULLA_QUERY_LOAD_LANE);
  bulla_bind_int(&statement, number);
  TEST_OK(bulla_step(&statement, &row));
  cr_assert(row);
  TEST_OK(bulla_lane_statement_read(&said, test_copy(bulla_column_blob(&statement, BULLA_STATEMENT_MAX))));
  return said;
}

static void say_again(struct bulla_lane_statement *said) {
  (void)said;
}

static void say_no_owner(struct bulla_lane_statement *said) {
  said->owner = bulla_span(NULL, 0);
}

static void say_other_owner(struct bulla_lane_statement *said) {
  said->owner = id_of(&cast.other);
}

static void say_other_number(struct bulla_lane_statement *said) {
  said->number += 1;
}

static void say_other_vault(struct bulla_lane_statement *said) {
  said->uuid = test_filled(9, BULLA_ID_LEN);
}

static void say_another_start(struct bulla_lane_statement *said) {
  said->created += 1;
}

/* A lane's row is what its maker signed: the root that of the first lane, the actor those of the others. */
Test(audit_actor, a_lane_is_signed_by_who_makes_it) {
  begin();
  struct bulla_span file = cast_image();
  struct bulla_secret *const worker = cast.worker.keys.signing_seed;
  struct bulla_secret *const other = cast.other.keys.signing_seed;
  const struct {
    int64_t number;
    struct bulla_secret *seed; /* NULL: the vault's */
    void (*say)(struct bulla_lane_statement *said);
    bool good;
  } rows[] = {
      {64, NULL, say_again, true},          {65, worker, say_again, true},        {64, worker, say_again, false},
      {64, other, say_again, false},        {65, NULL, say_again, false},         {65, other, say_again, false},
      {64, NULL, say_no_owner, false},      {64, NULL, say_other_owner, false},   {65, worker, say_no_owner, false},
      {65, worker, say_other_owner, false}, {64, NULL, say_other_number, false},  {65, worker, say_other_number, false},
      {64, NULL, say_other_vault, false},   {65, worker, say_other_vault, false}, {64, NULL, say_another_start, false},
  };
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    leave_cast();
    restore(file, "");
    enter_cast();
    struct bulla_audit_lane lane = {.number = rows[i].number};
    struct bulla_lane_statement said = read_lane(rows[i].number);
    rows[i].say(&said);
    sign_lane(rows[i].number, &said, rows[i].seed != NULL ? rows[i].seed : house.vault->keyring.signing_seed);
    enum bulla_status wanted = rows[i].good ? BULLA_OK : BULLA_AUDIT_BROKEN;
    enum bulla_status status = bulla_audit_lane_load(&lane, NULL, &house.vault->log);
    cr_expect_eq(status, wanted, "row %zu: %s", i, bulla_status_text(status));
    struct bulla_audit_verdict verdict = BULLA_AUDIT_VERDICT_INIT;
    status = bulla_vault_audit_verify(cast.as_auditor, &verdict);
    cr_expect_eq(status, wanted, "row %zu: %s", i, bulla_status_text(status));
  }
  end();
}

/* The row of the actor |number| is replaced by that of the first. */
#define ROW_OF_FIRST(number)                                                                             \
  "UPDATE actor SET (statement, signature) = (SELECT statement, signature FROM actor WHERE number = 1) " \
  "WHERE number = " number

/* With the row of another actor replaced by its own. */
Test(audit_actor, an_actor_makes_no_lane_in_the_range_of_another) {
  begin();
  struct bulla_audit_lane lane = {.number = 129};
  struct bulla_lane_statement said = read_lane(65);
  said.number = 129;
  sign_lane(129, &said, cast.worker.keys.signing_seed);
  run_sql(ROW_OF_FIRST("2"));
  TEST_STATUS(bulla_audit_lane_load(&lane, NULL, &house.vault->log), BULLA_AUDIT_BROKEN);
  end();
}

Test(audit_actor, a_lane_without_its_actor_is_broken) {
  begin();
  struct bulla_span file = cast_image();
  int64_t told = told_at("lane-open", "256");
  static const char *const sqls[] = {
      "DELETE FROM actor WHERE name = 'idle'",
      "UPDATE actor SET number = 5 WHERE number = 4",
      "UPDATE actor SET signature = CAST(zeroblob(64) AS BLOB) WHERE number = 4",
      "UPDATE actor SET statement = CAST(zeroblob(100) AS BLOB) WHERE number = 4",
  };
  for (size_t i = 0; i < sizeof(sqls) / sizeof(sqls[0]); i++) {
    assert_found(file, sqls[i], 0, told); /* lane 0 says that there is such a lane */
  }
  assert_found(file, ROW_OF_FIRST("4"), 0, told);
  end();
}

#define CUT_AT(lane, last)                                                                        \
  "DELETE FROM audit WHERE lane = " lane " AND seq > " last "; UPDATE audit_head SET seq = " last \
  ", mac = (SELECT mac FROM audit WHERE lane = " lane " AND seq = " last ") WHERE lane = " lane

/* Whoever has the database alone, and whoever has another actor's key too. */
Test(audit_actor, what_is_done_to_a_lane_of_an_actor_is_found) {
  begin();
  struct bulla_span file = cast_image();
  const struct {
    const char *sql;
    int64_t lane;
    int64_t seq;
  } rows[] = {
      {"UPDATE audit SET time = time + 1 WHERE lane = 64 AND seq = 2", 64, 2},
      {"DELETE FROM audit WHERE lane = 64 AND seq = 6", 64, 6},
      {CUT_AT("64", "5"), 64, 6},
      {"DELETE FROM audit WHERE lane = 128 AND seq = 3; INSERT INTO audit SELECT 128, seq, time, tenant, op, outcome, "
       "detail, mac FROM audit WHERE lane = 64 AND seq = 3",
       128, 3},
      {"UPDATE audit_head SET tag = zeroblob(32) WHERE lane = 64", 64, 7},
      {"UPDATE audit_head SET tag = (SELECT tag FROM audit_head WHERE lane = 64) WHERE lane = 128", 128, 4},
      {"UPDATE audit_head SET key = CAST(substr(key, 1, length(key) - 1) || x'77' AS BLOB) WHERE lane = 64", 64, 7},
      {"DELETE FROM audit_head WHERE lane = 64", 64, 7},
      {GONE("128"), 0, told_at("lane-open", "128")},
      {GONE("65"), 64, 5},
      {CUT_AT("65", "1"), 64, 6},
  };
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    assert_found(file, rows[i].sql, rows[i].lane, rows[i].seq);
  }
  end();
}

/* The MAC of the record |seq| of the lane of |actor|, which |with| computes anew with the key that it has. */
static void make_mac_anew(const struct actor *actor, int64_t seq, struct bulla_vault *with) {
  struct bulla_audit_head head BULLA_CLEANUP(bulla_audit_head_free) = {.seq = 0};
  struct bulla_audit_log log = house.vault->log;
  struct bulla_audit_row row;
  uint8_t previous[BULLA_MAC_LEN];
  uint8_t mac[BULLA_MAC_LEN];
  bool found;
  log.lane = actor->lane;
  TEST_OK(bulla_audit_resume(&head, &with->log));
  struct bulla_statement rows BULLA_CLEANUP(bulla_statement_end) = bulla_audit_rows(log.db, &log.lane, seq - 1, seq, 2);
  TEST_OK(bulla_audit_next_row(&row, &rows, &found));
  bulla_column_bytes(&rows, previous, sizeof(previous));
  TEST_OK(bulla_audit_next_row(&row, &rows, &found));
  row.outcome = TEXT("failed");
  TEST_OK(bulla_audit_mac(mac, log.keyring, head.key, &log.lane, &row, previous));
  bulla_statement_end(&rows);
  char sql[300];
  int len = snprintf(sql, sizeof(sql), "UPDATE audit SET outcome = 'failed', mac = x'");
  for (size_t i = 0; i < sizeof(mac); i++) {
    len += snprintf(sql + len, sizeof(sql) - (size_t)len, "%02x", mac[i]);
  }
  (void)snprintf(sql + len, sizeof(sql) - (size_t)len, "' WHERE lane = %lld AND seq = %lld", (long long)log.lane.number,
                 (long long)seq);
  run_sql(sql);
}

Test(audit_actor, nobody_makes_the_mac_of_a_record_of_another) {
  begin();
  SQLITE_ONLY(); /* where a MAC is written as a literal */
  struct bulla_span file = cast_image();
  for (size_t i = 0; i < 2; i++) {
    leave_cast();
    restore(file, "");
    enter_cast();
    make_mac_anew(&cast.worker, 2, i == 0 ? cast.as_other : house.vault);
    assert_verdict(BULLA_AUDIT_BROKEN, 64, 2, i == 0 ? "by an actor" : "by a root, of the key of lane 0");
  }
  leave_cast();
  restore(file, "");
  enter_cast();
  make_mac_anew(&cast.worker, 2, cast.as_worker);
  assert_verdict(BULLA_AUDIT_BROKEN, 64, 3, "its own it can, until its key is ratcheted; what follows tells");
  end();
}

/* Heads open to their owner alone. */
Test(audit_actor, nobody_appends_to_the_lane_of_another) {
  begin();
  struct bulla_vault *const vaults[] = {house.vault, cast.as_worker, cast.as_other, cast.as_auditor};
  const struct actor *const actors[] = {NULL, &cast.worker, &cast.other, &cast.auditor};
  for (size_t of = 0; of < 4; of++) {
    for (size_t by = 0; by < 4; by++) {
      struct bulla_audit_head head BULLA_CLEANUP(bulla_audit_head_free) = {.seq = 0};
      struct bulla_audit_log log = vaults[by]->log;
      log.lane = actors[of] == NULL ? house.vault->log.lane : actors[of]->lane;
      log.last.seq = 0;
      enum bulla_status status = bulla_audit_resume(&head, &log);
      cr_expect_eq(status, of == by ? BULLA_OK : BULLA_AUDIT_BROKEN, "%zu by %zu: %s", of, by,
                   bulla_status_text(status));
      cr_expect_eq(bulla_lane_is_own(&vaults[by]->keyring, log.lane.number), of == by);
    }
  }
  struct bulla_audit_head head BULLA_CLEANUP(bulla_audit_head_free) = {.seq = 0};
  struct bulla_audit_log log = cast.as_worker->log;
  TEST_STATUS(bulla_audit_start_for(&head, &log, id_of(&cast.other), cast.other.keys.head_key), BULLA_DENIED);
  end();
}

/* A key of the head that is not the owner's is found by the owner, who would append with it. */
Test(audit_actor, an_actor_does_not_go_on_from_a_head_of_another_key) {
  begin();
  run_sql("UPDATE audit_head SET key = (SELECT key FROM audit_head WHERE lane = 128) WHERE lane = 64");
  TEST_STATUS(use_by(cast.as_worker, "acme"), BULLA_AUDIT_BROKEN);
  struct bulla_audit_verdict verdict = BULLA_AUDIT_VERDICT_INIT;
  TEST_OK(bulla_vault_audit_verify(house.vault, &verdict));
  end();
}

/* What an actor says of a lane that is not its own breaks its own lane, not the other. */
Test(audit_actor, an_actor_says_nothing_of_the_lanes_of_others) {
  begin();
  struct bulla_span file = cast_image();
  for (size_t i = 0; i < 2; i++) {
    leave_cast();
    restore(file, "");
    enter_cast();
    struct bulla_change change BULLA_CLEANUP(bulla_change_end) = {.vault = NULL};
    TEST_OK(bulla_change_begin(&change, cast.as_worker, &me, BULLA_DB_WRITE));
    TEST_OK(bulla_lane_record_open(&change, i == 0 ? &house.vault->log.lane : &cast.other.lane));
    TEST_OK(bulla_change_commit(&change));
    bulla_change_end(&change);
    assert_verdict(BULLA_AUDIT_BROKEN, 64, 7, "of another's lane");
  }
  end();
}

/* A detail that is boxed, in |lane|. */
static enum bulla_status box_and_open(const struct bulla_audit_lane *lane, struct bulla_span tenant_id,
                                      const struct bulla_keyring *keyring, size_t flip) {
  struct bulla_buffer sealed = test_room(BULLA_DETAIL_MAX);
  struct bulla_buffer room = test_room(BULLA_DETAIL_MAX);
  struct bulla_audit_record record = bulla_audit_record(&me, TEXT("use"), TEXT("acme"), TEXT("db"));
  record.seq = 1;
  record.time = 1;
  record.tenant_id = tenant_id;
  TEST_OK(bulla_audit_detail_seal(&sealed, &house.vault->keyring, NULL, lane, &record));
  sealed.data[flip % sealed.len] ^= flip < sealed.len ? 1 : 0;
  struct bulla_audit_record opened = {
      .seq = 1, .time = 1, .tenant_id = tenant_id, .op = TEXT("use"), .outcome = TEXT("done")};
  enum bulla_status status =
      bulla_audit_detail_open(&opened, &room, keyring, keyring->detail_key, lane, bulla_written(&sealed));
  if (status == BULLA_OK) {
    TEST_SPAN(opened.tenant, TEXT("acme"), "tenant");
    TEST_SPAN(opened.actor, TEXT("me"), "actor");
  }
  return status;
}

Test(audit_actor, a_boxed_detail_is_taken_only_where_an_actor_writes) {
  begin();
  const struct bulla_keyring *keyring = &house.vault->keyring;
  assert_verdict(BULLA_OK, 0, 0, "for which the auditor has come by its keys");
  TEST_OK(box_and_open(&cast.worker.lane, TEXT(""), keyring, SIZE_MAX));
  TEST_OK(box_and_open(&cast.worker.lane, TEXT(""), &cast.as_auditor->keyring, SIZE_MAX));
  TEST_STATUS(box_and_open(&cast.worker.lane, TEXT(""), &cast.as_worker->keyring, SIZE_MAX), BULLA_DENIED);
  TEST_STATUS(box_and_open(&house.vault->log.lane, TEXT(""), keyring, SIZE_MAX), BULLA_AUDIT_BROKEN);
  TEST_STATUS(box_and_open(&cast.worker.lane, test_filled(1, BULLA_ID_LEN), keyring, SIZE_MAX), BULLA_AUDIT_BROKEN);
  for (size_t flip = 0; flip < 100; flip++) {
    TEST_STATUS(box_and_open(&cast.worker.lane, TEXT(""), keyring, flip), BULLA_AUDIT_BROKEN);
  }
  end();
}

/* A try at a tenant whose detail key the actor has not: the record names it to auditors alone. */
Test(audit_actor, a_record_of_a_tenant_without_its_key_has_no_tenant_in_clear) {
  begin();
  cr_expect_eq(run_sql("SELECT count(*) FROM audit WHERE lane = 64 AND seq = 4 AND outcome = 'denied' AND "
                       "length(tenant) = 0"),
               1);
  struct bulla_span read = read_log(cast.as_auditor, "beta");
  TEST_SPAN(read, TEXT("64:4 worker for me: use of beta/db 0\n"), "%.*s", S(read));
  int num = 0;
  grant("worker", BULLA_ROLE_AUDIT, "beta");
  TEST_OK(bulla_vault_audit_log(cast.as_worker, 1, TEXT("beta"), count_record, &num));
  cr_expect_eq(num, 2, "the put and the grant; what was boxed is for the auditor of all");
  end();
}

/* Whatever is known of a tenant without its key: else nobody could open the record. */
Test(audit_actor, a_record_for_a_tenant_without_keys_is_boxed) {
  begin();
  struct bulla_tenant stranger = {.id = {1, 2, 3}};
  struct bulla_audit_record record = bulla_audit_record(&me, TEXT("use"), TEXT("gamma"), TEXT("db"));
  struct bulla_change change BULLA_CLEANUP(bulla_change_end) = {.vault = NULL};
  TEST_OK(bulla_change_begin(&change, cast.as_worker, &me, BULLA_DB_WRITE));
  TEST_OK(bulla_change_append_for(&change, &record, &stranger));
  TEST_OK(bulla_change_commit(&change));
  bulla_change_end(&change);
  struct bulla_span read = read_log(cast.as_auditor, "gamma");
  TEST_SPAN(read, TEXT("64:7 worker for me: use of gamma/db 0\n"), "%.*s", S(read));
  end();
}

/* Whoever gives the name of an actor does not draw from its bucket. */
Test(audit_actor, an_actor_is_limited_by_its_proven_name) {
  begin();
  const struct bulla_limit limit = {
      .kind = BULLA_LIMIT_USE, .scope = BULLA_LIMIT_ACTOR, .rate = 1, .period = 86400, .burst = 1};
  const struct bulla_who as_worker = {.actor = TEXT("worker"), .reason = TEXT("why")};
  const struct bulla_place place = {.tenant = TEXT("acme"), .entry = TEXT("db"), .field = TEXT("password")};
  TEST_OK(bulla_vault_limit_set(house.vault, &me, &limit));
  leave_cast();
  enter_cast(); /* limits are read at most once a second */
  close_vault();
  open_vault();
  TEST_OK(bulla_vault_use(house.vault, &as_worker, &place, remember, NULL));
  TEST_STATUS(bulla_vault_use(house.vault, &as_worker, &place, remember, NULL), BULLA_LIMITED);
  TEST_OK(use_by(cast.as_worker, "acme"));
  TEST_STATUS(use_by(cast.as_worker, "acme"), BULLA_LIMITED);
  TEST_STATUS(bulla_vault_use(cast.as_worker, &as_worker, &place, remember, NULL), BULLA_LIMITED);
  TEST_OK(use_by(cast.as_other, "acme"));
  TEST_STATUS(use_by(cast.as_other, "acme"), BULLA_LIMITED);
  cr_expect_eq(run_sql("SELECT count(*) FROM limit_bucket WHERE scope = 4"), 2);
  cr_expect_eq(run_sql("SELECT count(*) FROM limit_bucket WHERE scope = 1"), 1);
  assert_verdict(BULLA_OK, 0, 0, "limited");
  end();
}
