/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Revocations in the vault: of tokens and of API keys, and that every process sees them as soon as they are told
 * done. */

#include <pthread.h>
#include <time.h>

#include "tests/vault_support.h"

TestSuite(vault_revoked, .init = build_house, .fini = leave_house);

static void add_key(void) {
  TEST_OK(put_apikey(TEXT("acme"), RECORD_ID, "key", 7));
}

static bool revoked(const char *tenant, const char *jti) {
  bool is = false;
  TEST_OK(bulla_vault_token_revoked(house.vault, &is, test_text(tenant), test_text(jti)));
  return is;
}

Test(vault_revoked, a_token_is_revoked_for_its_tenant_alone_and_for_good) {
  static const char odd[] = "urn:\xc3\xa4/'\" \n";
  TEST_OK(put("acme", "db", "host", "h", false));
  TEST_OK(put("globex", "db", "host", "h", false));
  cr_expect_not(revoked("acme", "t-1"));
  TEST_OK(bulla_vault_token_revoke(house.vault, &who, TEXT("acme"), TEXT("t-1"), INT64_MAX));
  TEST_OK(bulla_vault_token_revoke(house.vault, &who, TEXT("acme"), test_text(odd), INT64_MAX));
  cr_expect(revoked("acme", "t-1") && revoked("acme", odd));
  cr_expect_not(revoked("globex", "t-1"));
  TEST_OK(bulla_vault_token_revoke(house.vault, &who, TEXT("globex"), TEXT("t-2"), INT64_MAX));
  cr_expect_not(revoked("globex", "t-1"));
  cr_expect_not(revoked("acme", "t-2"));
  cr_expect_not(revoked("acme", "t-"));
  cr_expect_not(revoked("acme", "T-1"));
  close_vault();
  open_vault();
  cr_expect(revoked("acme", "t-1"));
}

Test(vault_revoked, each_revocation_is_recorded_by_the_digest_of_the_jti) {
  TEST_OK(put("acme", "db", "host", "h", false));
  TEST_OK(bulla_vault_token_revoke(house.vault, &who, TEXT("acme"), TEXT("t-1"), INT64_MAX));
  cr_expect_eq(count_details("op = 'token-revoke' AND tenant = 'acme' AND outcome = 'done' AND reason = 'to test' "
                             "AND entry = '46e9bc3476c92ea24fb17adac6cd9cdacff7a34a5c753100787da5a29984f836'"),
               1);
  cr_expect_eq(run_sql("SELECT instr(hex(jti), '742D31') FROM revoked_token"), 0, "the jti is in the file");
  assert_unbroken(3);
}

Test(vault_revoked, a_clock_that_ran_ahead_drops_no_revocation_and_the_later_expiry_counts) {
  int64_t now = (int64_t)time(NULL);
  TEST_OK(put("acme", "db", "host", "h", false));
  TEST_OK(bulla_vault_token_revoke(house.vault, &who, TEXT("acme"), TEXT("old"), now - 1));
  TEST_OK(bulla_vault_token_revoke(house.vault, &who, TEXT("acme"), TEXT("twice"), now + 1000));
  TEST_OK(bulla_vault_token_revoke(house.vault, &who, TEXT("acme"), TEXT("twice"), now - 1));
  cr_expect(revoked("acme", "old") && revoked("acme", "twice"));
  cr_expect_eq(run_sql("SELECT count(*) FROM revoked_token"), 2);
  cr_expect_gt(run_sql("SELECT max(expires) FROM revoked_token"), now);
  close_vault();
  open_vault();
  cr_expect(revoked("acme", "old") && revoked("acme", "twice"));
}

Test(vault_revoked, what_cannot_be_revoked_is_refused_and_changes_nothing) {
  TEST_OK(put("acme", "db", "host", "h", false));
  struct bulla_who nobody = {.reason = TEXT("x")};
  struct bulla_span longest = test_filled('j', BULLA_JTI_MAX);
  struct bulla_span too_long = test_filled('j', BULLA_JTI_MAX + 1);
  const struct {
    const struct bulla_who *who;
    struct bulla_span tenant, jti;
    enum bulla_status wanted;
  } rows[] = {
      {&who, TEXT("nobody"), TEXT("t"), BULLA_NOT_FOUND},
      {&who, TEXT("a/b"), TEXT("t"), BULLA_INVALID_NAME},
      {&who, TEXT(""), TEXT("t"), BULLA_INVALID_NAME},
      {&who, TEXT("acme"), TEXT(""), BULLA_INVALID_ARGUMENT},
      {&who, TEXT("acme"), too_long, BULLA_INVALID_ARGUMENT},
      {&nobody, TEXT("acme"), TEXT("t"), BULLA_INVALID_ARGUMENT},
      {&who, TEXT("acme"), longest, BULLA_OK},
  };
  for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
    TEST_STATUS(bulla_vault_token_revoke(house.vault, rows[i].who, rows[i].tenant, rows[i].jti, INT64_MAX),
                rows[i].wanted);
    bool is = true;
    if (rows[i].who == &who) {
      /* Of what is no tenant nothing is revoked. */
      bool is_tenant = rows[i].wanted != BULLA_NOT_FOUND && rows[i].wanted != BULLA_INVALID_NAME;
      enum bulla_status wanted = is_tenant ? rows[i].wanted : BULLA_OK;
      TEST_STATUS(bulla_vault_token_revoked(house.vault, &is, rows[i].tenant, rows[i].jti), wanted);
      cr_expect_eq(is, rows[i].wanted == BULLA_OK, "row %zu", i);
    }
  }
  cr_expect_eq(run_sql("SELECT count(*) FROM revoked_token"), 1);
  assert_unbroken(3);
}

static enum bulla_status live(struct bulla_vault *vault) {
  return bulla_vault_apikey_live(vault, RECORD_ID);
}

Test(vault_revoked, revoking_a_key_is_seen_by_all_who_have_the_vault_open) {
  struct bulla_vault *other = NULL;
  TEST_OK(bulla_vault_open(&other, house.url, house.root, NULL));
  add_key();
  uint64_t before = bulla_vault_generation(house.vault);
  uint64_t before_other = bulla_vault_generation(other);
  cr_expect_eq(before % 2 + before_other % 2, 0);
  TEST_STATUS(bulla_vault_apikey_revoke(other, &who, TEXT("fedcba9876543210")), BULLA_NOT_FOUND);
  TEST_OK(put("acme", "db", "host", "h", false));
  usleep(100000);
  cr_expect_eq(bulla_vault_generation(house.vault), before, "nothing was revoked");
  cr_expect_eq(bulla_vault_generation(other), before_other, "nothing was revoked");
  TEST_OK(live(house.vault));
  TEST_OK(bulla_vault_apikey_revoke(other, &who, RECORD_ID));
  cr_expect_neq(bulla_vault_generation(house.vault), before);
  cr_expect_neq(bulla_vault_generation(other), before_other);
  TEST_STATUS(live(house.vault), BULLA_NOT_FOUND);
  TEST_STATUS(live(other), BULLA_NOT_FOUND);
  TEST_STATUS(bulla_vault_apikey_live(other, TEXT("fedcba9876543210")), BULLA_NOT_FOUND);
  bulla_vault_close(&other);
  close_vault();
  open_vault();
  TEST_STATUS(live(house.vault), BULLA_NOT_FOUND);
}

static _Atomic bool stop;

/* Asks without pause, so that its last look is as young as can be when somebody revokes. */
static void *ask(void *vault) {
  while (!stop) {
    bool is;
    TEST_OK(bulla_vault_token_revoked(vault, &is, TEXT("acme"), TEXT("t")));
  }
  return NULL;
}

Test(vault_revoked, what_was_revoked_is_seen_by_the_first_who_asks_afterwards, .timeout = 60) {
  struct bulla_vault *other = NULL;
  pthread_t asker;
  TEST_OK(bulla_vault_open(&other, house.url, house.root, NULL));
  TEST_OK(put("acme", "db", "host", "h", false));
  cr_assert_eq(pthread_create(&asker, NULL, ask, other), 0);
  for (int i = 0; i < 60; i++) {
    char jti[20];
    bool is = true;
    snprintf(jti, sizeof(jti), "t-%d", i);
    TEST_OK(bulla_vault_token_revoked(other, &is, TEXT("acme"), test_text(jti)));
    cr_assert_not(is);
    TEST_OK(bulla_vault_token_revoke(house.vault, &who, TEXT("acme"), test_text(jti), INT64_MAX));
    TEST_OK(bulla_vault_token_revoked(other, &is, TEXT("acme"), test_text(jti)));
    cr_assert(is, "%s", jti);
  }
  stop = true;
  pthread_join(asker, NULL);
  bulla_vault_close(&other);
}

Test(vault_revoked, thousands_of_revocations_are_all_known_however_they_came, .timeout = 100) {
  struct bulla_vault *other = NULL;
  TEST_OK(put("acme", "db", "host", "h", false));
  TEST_OK(put("globex", "db", "host", "h", false));
  TEST_OK(bulla_vault_open(&other, house.url, house.root, NULL));
  bool is;
  TEST_OK(bulla_vault_token_revoked(other, &is, TEXT("acme"), TEXT("x")));
  /* Past the revocations that a look follows one by one: the table of tokens is read then, which these are in. */
  run_sql(
      "INSERT INTO revoked_token SELECT (SELECT id FROM tenant WHERE name = 'acme'), randomblob(32), 1 FROM "
      "(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) SELECT i FROM n) AS many;"
      "INSERT INTO revocation SELECT row_number() OVER (), tenant, NULL, jti FROM revoked_token");
  for (int i = 0; i < 3; i++) {
    char jti[20];
    snprintf(jti, sizeof(jti), "t-%d", i);
    TEST_OK(bulla_vault_token_revoke(house.vault, &who, TEXT("acme"), test_text(jti), INT64_MAX));
  }
  close_vault();
  open_vault();
  for (int i = 0; i < 4; i++) {
    char jti[20];
    bool is_other = false;
    snprintf(jti, sizeof(jti), "t-%d", i);
    TEST_OK(bulla_vault_token_revoked(other, &is_other, TEXT("acme"), test_text(jti)));
    cr_expect_eq(revoked("acme", jti), i < 3, "%s", jti);
    cr_expect_eq(is_other, i < 3, "%s", jti);
    cr_expect_not(revoked("globex", jti));
  }
  bulla_vault_close(&other);
}

static enum bulla_status revoke_token(const char *jti) {
  return bulla_vault_token_revoke(house.vault, &who, TEXT("acme"), test_text(jti), INT64_MAX);
}

Test(vault_revoked, a_log_that_became_shorter_is_believed_by_nobody_who_saw_it) {
  TEST_OK(put("acme", "db", "host", "h", false));
  struct bulla_span early = image();
  add_key();
  TEST_OK(revoke_token("t-1"));
  TEST_OK(live(house.vault));
  uint64_t before = bulla_vault_generation(house.vault);
  /* The older state, with its own head, in the same file: as a copy over it would leave it. */
  lay_beside("early", early);
  run_sql(beside("early",
                 "BEGIN; DELETE FROM audit WHERE seq > (SELECT seq FROM early.audit_head); DELETE FROM audit_head; "
                 "INSERT INTO audit_head SELECT * FROM early.audit_head; DELETE FROM revocation; COMMIT"));
  usleep(100000);
  cr_expect_eq(bulla_vault_generation(house.vault) % 2, 1);
  cr_expect_neq(bulla_vault_generation(house.vault), before);
  TEST_STATUS(live(house.vault), BULLA_AUDIT_BROKEN);
  TEST_STATUS(put("acme", "db", "host", "h", false), BULLA_AUDIT_BROKEN);
}

/* As row-level security has it for a login that was shut out: there is nothing, also no revocation. */
Test(vault_revoked, who_is_shown_nothing_does_not_take_it_that_nothing_is_revoked) {
  bool revoked = false;
  TEST_OK(put("acme", "db", "host", "h", false));
  TEST_OK(bulla_vault_token_revoked(house.vault, &revoked, TEXT("acme"), TEXT("t-1")));
  run_sql("DELETE FROM audit_head");
  usleep(100000);
  TEST_STATUS(bulla_vault_token_revoked(house.vault, &revoked, TEXT("acme"), TEXT("t-1")), BULLA_AUDIT_BROKEN);
}

Test(vault_revoked, a_revocation_that_is_gone_is_missed_by_all_who_follow) {
  static const struct {
    const char *sql;
    bool missed;
  } rows[] = {
      {"", false},
      {"DELETE FROM revocation", true},
      {"DELETE FROM revocation WHERE number = 3", false}, /* it was seen */
      {"DELETE FROM revocation WHERE number = 4", true},
      {"DELETE FROM revocation WHERE number >= 2", true},
      {"DELETE FROM revocation WHERE number = 4; UPDATE revocation SET number = 9 WHERE number = 5", true},
      {"UPDATE revocation SET number = 9223372036854775807 WHERE number = 5", true}, /* no room for others */
  };
  TEST_OK(put("acme", "db", "host", "h", false));
  TEST_OK(revoke_token("t-1"));
  TEST_OK(revoke_token("t-2"));
  struct bulla_span file = image();
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    struct bulla_vault *other = NULL;
    bool is = false;
    restore(file, "");
    TEST_OK(bulla_vault_open(&other, house.url, house.root, NULL));
    TEST_OK(bulla_vault_token_revoked(other, &is, TEXT("acme"), TEXT("t-2")));
    cr_expect(is, "row %zu", i);
    TEST_OK(revoke_token("t-3"));
    TEST_OK(bulla_vault_token_revoked(other, &is, TEXT("acme"), TEXT("t-3")));
    cr_expect(is, "row %zu", i);
    /* What follows is one transaction: no look comes between. */
    run_sql(
        "BEGIN; INSERT INTO revocation SELECT 4, tenant, NULL, x'04' FROM revocation WHERE number = 3; INSERT INTO "
        "revocation SELECT 5, tenant, NULL, x'05' FROM revocation WHERE number = 3; COMMIT");
    run_sql(rows[i].sql);
    usleep(50000);
    enum bulla_status status = bulla_vault_token_revoked(other, &is, TEXT("acme"), TEXT("t-2"));
    cr_expect_eq(status, rows[i].missed ? BULLA_AUDIT_BROKEN : BULLA_OK, "%s: %s", rows[i].sql,
                 bulla_status_text(status));
    bulla_vault_close(&other);
  }
}

Test(vault_revoked, a_key_that_somebody_marked_is_revoked_all_the_same) {
  TEST_OK(put("acme", "db", "host", "h", false));
  add_key();
  run_sql("UPDATE apikey SET revoked = 1");
  TEST_OK(bulla_vault_apikey_revoke(house.vault, &who, RECORD_ID));
  cr_expect_eq(run_sql("SELECT count(*) FROM apikey WHERE sealed IS NOT NULL"), 0, "what is sealed is erased");
  cr_expect_eq(run_sql("SELECT count(*) FROM revocation"), 1, "others are told");
  run_sql("UPDATE apikey SET sealed = zeroblob(90)");
  TEST_OK(bulla_vault_apikey_revoke(house.vault, &who, RECORD_ID));
  cr_expect_eq(run_sql("SELECT count(*) FROM apikey WHERE sealed IS NOT NULL"), 0, "what was put back is erased");
}

Test(vault_revoked, a_list_without_room_for_more_stops_who_revokes_and_who_asks) {
  bool is = false;
  TEST_OK(put("acme", "db", "host", "h", false));
  TEST_OK(revoke_token("t-1"));
  run_sql("INSERT INTO revocation SELECT 9223372036854775807, tenant, NULL, jti FROM revocation");
  usleep(50000);
  TEST_STATUS(revoke_token("t-2"), BULLA_AUDIT_BROKEN);
  TEST_STATUS(bulla_vault_token_revoked(house.vault, &is, TEXT("acme"), TEXT("t-1")), BULLA_AUDIT_BROKEN);
}

Test(vault_revoked, what_was_revoked_goes_by_the_new_name_of_its_tenant) {
  struct bulla_vault *other = NULL;
  bool is = false;
  TEST_OK(put("acme", "db", "host", "h", false));
  TEST_OK(put("globex", "db", "host", "h", false));
  TEST_OK(revoke_token("t-1"));
  TEST_OK(bulla_vault_open(&other, house.url, house.root, NULL));
  TEST_OK(bulla_vault_token_revoked(other, &is, TEXT("acme"), TEXT("t-1")));
  cr_expect(is);
  TEST_OK(bulla_vault_rename_tenant(house.vault, &who, TEXT("acme"), TEXT("zeta")));
  cr_expect(revoked("zeta", "t-1"));
  TEST_OK(bulla_vault_token_revoked(other, &is, TEXT("zeta"), TEXT("t-1")));
  cr_expect(is, "seen by another who has the vault open");
  cr_expect_not(revoked("globex", "t-1"));
  TEST_OK(bulla_vault_token_revoke(house.vault, &who, TEXT("zeta"), TEXT("t-2"), INT64_MAX));
  TEST_OK(bulla_vault_rename_tenant(house.vault, &who, TEXT("zeta"), TEXT("acme")));
  TEST_OK(bulla_vault_token_revoked(other, &is, TEXT("acme"), TEXT("t-2")));
  cr_expect(is);
  bulla_vault_close(&other);
}

Test(vault_revoked, a_key_whose_row_is_gone_is_not_live_for_who_could_not_follow) {
  add_key();
  TEST_OK(live(house.vault));
  uint64_t before = bulla_vault_generation(house.vault);
  TEST_OK(bulla_vault_apikey_revoke(house.vault, &who, RECORD_ID));
  run_sql("DELETE FROM apikey");
  house.vault->watch.number = -1; /* as if thousands of revocations had come meanwhile */
  house.vault->watch.looked = 0;
  bulla_revocations_free(&house.vault->watch.keys);
  cr_expect_neq(bulla_vault_generation(house.vault), before);
  TEST_STATUS(live(house.vault), BULLA_NOT_FOUND);
}

Test(vault_revoked, no_two_handles_have_a_generation_in_common) {
  uint64_t before = bulla_vault_generation(house.vault);
  close_vault();
  open_vault();
  cr_expect_neq(bulla_vault_generation(house.vault), before);
}

static int ask_in_a_child(void *argument) {
  bool is = false;
  uint64_t first = bulla_vault_generation(argument);
  bool refused = live(argument) == BULLA_FORKED && first % 2 == 1 && bulla_vault_generation(argument) != first &&
                 bulla_vault_token_revoked(argument, &is, TEXT("acme"), TEXT("t")) == BULLA_FORKED;
  return refused ? 0 : 1;
}

Test(vault_revoked, a_forked_child_knows_nothing) {
  add_key();
  TEST_OK(live(house.vault));
  cr_expect_eq(test_in_child(ask_in_a_child, house.vault), 0);
}
