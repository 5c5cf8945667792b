/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Copying a vault into another: bulla_vault_export. */

#include "store/vault.h"
#include "tests/move_support.h"

TestSuite(move, .init = build_houses, .fini = leave_houses);

Test(move, all_that_can_be_known_is_the_same_there_and_after_the_way_back) {
  furnish();
  struct bulla_span before = describe(house.vault);
  TEST_OK(copy());
  assert_counts();
  cr_expect_eq(report.num_written, NUM_ROWS);
  TEST_SPAN(describe(other), before, "the copy");
  const char *third = url_of("third");
  TEST_OK(bulla_vault_create(third, house.root));
  bulla_vault_close(&house.vault);
  house.vault = other;
  open_other(third);
  TEST_OK(copy());
  assert_counts();
  TEST_SPAN(describe(other), before, "the copy of the copy");
}

Test(move, a_copy_has_no_key_in_common_with_the_vault) {
  furnish();
  TEST_OK(copy());
  uint8_t fingerprints[2][BULLA_VAULT_FINGERPRINT_LEN];
  TEST_OK(bulla_vault_fingerprint(house.vault, fingerprints[0]));
  TEST_OK(bulla_vault_fingerprint(other, fingerprints[1]));
  cr_expect_neq(memcmp(fingerprints[0], fingerprints[1], sizeof(fingerprints[0])), 0);
  cr_expect_not(bulla_secret_equal(bulla_secret_bytes(house.vault->keyring.vault_secret),
                                   bulla_secret_bytes(other->keyring.vault_secret)));
  cr_expect_not(bulla_secret_equal(bulla_secret_bytes(house.vault->keyring.audit_private),
                                   bulla_secret_bytes(other->keyring.audit_private)));
}

Test(move, both_logs_tell_of_all_that_was_copied_and_hold) {
  furnish();
  int64_t before = count_records("true");
  TEST_OK(copy());
  char condition[200];
  uint8_t id[33] = {0};
  bulla_hex_encode(id, bulla_vault_id(other));
  snprintf(condition, sizeof(condition), "op = 'export-vault' AND tenant = '' AND entry = '%s'", (char *)id);
  cr_expect_eq(count_details(condition), 1);
  bulla_hex_encode(id, bulla_vault_id(house.vault));
  snprintf(condition, sizeof(condition),
           "op = 'import-vault' AND seq = 2 AND tenant = '' AND entry = '%s' AND length(field) = 64", (char *)id);
  cr_expect_eq(recorded_in_other(condition), 1);
  /* One of each value, and nothing else. */
  cr_expect_eq(count_details("op = 'export-vault' AND outcome = 'granted' AND field <> ''"), NUM_FIELDS);
  cr_expect_eq(count_details("op = 'export-vault' AND outcome = 'granted' AND field = '' AND reason = 'to test'"),
               NUM_LIVE);
  cr_expect_eq(count_details("op = 'export-vault' AND tenant = 'acme' AND entry = 'db' AND field = 'password'"), 1);
  assert_unbroken(before + 1 + NUM_FIELDS + NUM_LIVE);
  cr_expect_eq(recorded_in_other("op = 'import-vault' AND tenant <> '' AND outcome = 'done'"), NUM_ROWS);
  cr_expect_eq(recorded_in_other("op = 'import-vault' AND entry = '' AND length(statement) = 32"), 4);
  swap();
  assert_unbroken(1 + 1 + NUM_ROWS);
  swap();
}

static enum bulla_status write_mac(void *arg, const struct bulla_audit_head_view *head) {
  bulla_hex_encode(arg, head->mac);
  return BULLA_OK;
}

/* A vault without values is copied too, and its log ends with the record that the copy names. */
Test(move, the_copy_says_up_to_where_the_log_of_the_vault_went) {
  uint8_t mac[65] = {0};
  char condition[200];
  TEST_OK(copy());
  cr_expect_eq(report.num_written, 0);
  TEST_OK(bulla_vault_audit_heads(house.vault, write_mac, mac));
  snprintf(condition, sizeof(condition), "op = 'import-vault' AND field = '%s'", (char *)mac);
  cr_expect_eq(recorded_in_other(condition), 1);
}

static void keep_last(void *arg, int64_t done, int64_t total) {
  int64_t *last = arg;
  cr_assert_geq(done, last[0]);
  last[0] = done;
  last[1] = total;
}

Test(move, progress_is_told_up_to_the_end) {
  int64_t last[2] = {0, 0};
  furnish();
  report = (struct bulla_export_report)BULLA_EXPORT_REPORT_INIT;
  TEST_OK(bulla_vault_export(house.vault, &report, other, &who, keep_last, last));
  cr_expect_eq(last[0], NUM_ROWS);
  cr_expect_eq(last[1], NUM_ROWS);
}

Test(move, pieces_of_many_tenants_and_of_long_values_are_put_together) {
  struct bulla_field fields[20];
  char names[20][8];
  for (int i = 0; i < 20; i++) {
    snprintf(names[i], sizeof(names[i]), "f%d", i);
    fields[i] = (struct bulla_field){test_text(names[i]), test_filled((uint8_t)('a' + i), BULLA_VALUE_MAX), true};
  }
  TEST_OK(bulla_vault_put(house.vault, &who, AT(TEXT("long"), TEXT("e")), fields, 20));
  for (int i = 0; i < 150; i++) {
    char tenant[20];
    snprintf(tenant, sizeof(tenant), "t%d", i);
    TEST_OK(put(tenant, "db", "host", tenant, false));
    TEST_OK(put(tenant, "db", "password", tenant, true));
    for (int j = 0; i == 77 && j < 130; j++) {
      char entry[20];
      snprintf(entry, sizeof(entry), "e%d", j);
      TEST_OK(put(tenant, entry, "password", entry, true));
    }
  }
  for (int i = 0; i < 70; i++) {
    char id[17];
    snprintf(id, sizeof(id), "%016d", i);
    TEST_OK(put_apikey(TEXT("t5"), test_text(id), id, (uint8_t)i));
  }
  for (int i = 0; i < 2; i++) {
    run_sql("INSERT INTO revoked_token(tenant, jti, expires) SELECT id, randomblob(32), 5 FROM tenant");
  }
  TEST_OK(copy());
  cr_expect_eq(report.num_fields, 20 + 300 + 130);
  cr_expect_eq(report.num_revoked_tokens, 2 * 151);
  cr_expect_eq(report.num_live_apikeys, 70);
  cr_expect_eq(report.num_written, report.num_fields + 151 + 70 + 2 * 151);
  swap();
  assert_use("t77", "e129", "password", "e129");
  assert_use("t149", "db", "password", "t149");
  TEST_OK(use("long", "e", "f19"));
  TEST_SPAN(used.value, test_filled('t', BULLA_VALUE_MAX), "a long one");
}

Test(move, again_opens_nothing_and_writes_nothing) {
  furnish();
  TEST_OK(copy());
  int64_t granted = count_records("op = 'export-vault' AND outcome = 'granted'");
  TEST_OK(copy());
  assert_counts();
  cr_expect_eq(report.num_written, 0);
  cr_expect_eq(count_records("op = 'export-vault' AND outcome = 'granted'"), granted);
  cr_expect_eq(count_records("op = 'export-vault' AND outcome = 'done'"), 2);
  cr_expect_eq(recorded_in_other("op = 'import-vault' AND tenant = ''"), 2);
}

Test(move, what_changed_meanwhile_is_copied_again_and_nothing_else) {
  bool revoked;
  furnish();
  TEST_OK(copy());
  TEST_OK(bulla_vault_token_revoked(other, &revoked, TEXT("beta"), test_text(jtis[2])));
  cr_assert_not(revoked);
  TEST_OK(put("acme", "db", "password", "the third", true));
  TEST_OK(put("acme", "new", "password", "new", true));
  TEST_OK(put("delta", "new", "host", "d", false));
  /* At the same time, but with another revision; and removed and put anew, with the same revision at another time. */
  TEST_OK(put("acme", "wide", "bytes", "6bytes", true));
  run_sql("UPDATE field SET updated = 1700000000 + length(value) WHERE name = 'bytes'");
  TEST_OK(remove_field("beta", "db", "password"));
  TEST_OK(put("beta", "db", "password", "beta's other password", true));
  TEST_OK(bulla_vault_apikey_revoke(house.vault, &who, LIVE));
  TEST_OK(bulla_vault_token_revoke(house.vault, &who, TEXT("beta"), test_text(jtis[2]), 5));
  TEST_OK(bulla_vault_keep(other, &who, NULL, 7)); /* changes no row that is copied */
  int64_t granted = count_records("op = 'export-vault' AND outcome = 'granted'");
  TEST_OK(copy());
  cr_expect_eq(report.num_written, 8);
  cr_expect_eq(report.num_fields, NUM_FIELDS + 2);
  cr_expect_eq(report.num_live_apikeys, 1);
  cr_expect_eq(count_records("op = 'export-vault' AND outcome = 'granted'") - granted, 5);
  TEST_STATUS(bulla_vault_apikey_live(other, LIVE), BULLA_NOT_FOUND);
  TEST_OK(bulla_vault_token_revoked(other, &revoked, TEXT("beta"), test_text(jtis[2])));
  cr_expect(revoked);
  TEST_SPAN(describe(other), describe(house.vault), "the copy");
  int num = 0;
  int num_there = 0;
  TEST_OK(bulla_vault_history(house.vault, AT(TEXT("acme"), TEXT("db"), PASSWORD), count_revision, &num));
  TEST_OK(bulla_vault_history(other, AT(TEXT("acme"), TEXT("db"), PASSWORD), count_revision, &num_there));
  cr_expect(num == 3 && num_there == 1, "former revisions stay where they are");
}

Test(move, what_was_removed_meanwhile_is_told) {
  furnish();
  TEST_OK(copy());
  TEST_OK(remove_field("acme", "wide", "bytes"));
  TEST_STATUS(copy(), BULLA_EXISTS);
  ASSERT_TOLD("of fields the target has 9 and the vault 8");
}
/* What was written before it failed is not opened again. */
Test(move, after_a_failure_it_goes_on_where_it_was) {
  for (int i = 0; i < 200; i++) {
    char entry[20];
    snprintf(entry, sizeof(entry), "e%03d", i);
    TEST_OK(put("acme", entry, "password", entry, true));
  }
  struct bulla_span whole = image();
  restore(whole, "UPDATE field SET revision = 7 WHERE entry = (SELECT id FROM entry WHERE name = 'e150')");
  TEST_STATUS(copy(), BULLA_REFUSED);
  ASSERT_TOLD("acme/e150:password");
  swap();
  assert_use("acme", "e125", "password", "e125");
  TEST_STATUS(use("acme", "e150", "password"), BULLA_NOT_FOUND);
  swap();
  run_sql("UPDATE field SET revision = 1");
  TEST_OK(copy());
  cr_expect_eq(report.num_fields, 200);
  cr_expect_lt(report.num_written, 80);
  cr_expect_gt(report.num_written, 70);
  cr_expect_eq(count_details("op = 'export-vault' AND outcome = 'granted' AND entry = 'e125'"), 1);
  cr_expect_eq(count_details("op = 'export-vault' AND outcome = 'granted' AND entry = 'e150'"), 2);
  cr_expect_eq(count_details("op = 'export-vault' AND outcome = 'failed' AND entry = 'e150'"), 1);
}

static void *copy_in_thread(void *arg) {
  struct bulla_export_report own_report = BULLA_EXPORT_REPORT_INIT;
  enum bulla_status status = bulla_vault_export(house.vault, &own_report, other, &who, NULL, NULL);
  *(int64_t *)arg = own_report.num_written;
  return status == BULLA_OK && own_report.num_fields == 300 ? NULL : (void *)(uintptr_t)(status == 0 ? 1 : status);
}

Test(move, two_at_once_open_each_value_once) {
  int64_t written[2] = {-1, -1};
  struct test_threads threads;
  for (int i = 0; i < 300; i++) {
    char entry[20];
    snprintf(entry, sizeof(entry), "e%d", i);
    TEST_OK(put("acme", entry, "password", entry, true));
  }
  test_start(&threads, 2, copy_in_thread, written, sizeof(written[0]));
  test_join(&threads);
  cr_expect_eq(written[0] + written[1], 301, "%lld and %lld", (long long)written[0], (long long)written[1]);
  cr_expect_eq(count_records("op = 'export-vault' AND outcome = 'granted'"), 300);
}
