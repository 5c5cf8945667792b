/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What is not copied: over what is there, from what was forged, without a record. */

#include "tests/move_support.h"

TestSuite(move_refused, .init = build_houses, .fini = leave_houses);

static enum bulla_status put_own(void) {
  return put("acme", "db", "host", "another", false);
}

static enum bulla_status revoke_own(void) {
  return bulla_vault_apikey_revoke(house.vault, &who, LIVE);
}

static enum bulla_status remove_own(void) {
  return bulla_vault_remove(house.vault, &who, AT(TEXT("acme"), TEXT("db")));
}

Test(move_refused, a_target_with_something_of_its_own_is_refused_before_anything_is_opened) {
  TEST_OK(put("acme", "db", "password", "hunter2", true));
  swap();
  TEST_OK(put("acme", "db", "password", "of the target", true));
  swap();
  int64_t before = count_records("true");
  TEST_STATUS(copy(), BULLA_EXISTS);
  ASSERT_TOLD("record 2 of its log is \"put\"");
  cr_expect_eq(count_records("true"), before);
  swap();
  assert_use("acme", "db", "password", "of the target");
}

Test(move_refused, so_is_a_copy_that_went_its_own_way) {
  static const struct {
    enum bulla_status (*call)(void);
    const char *told;
  } own[] = {{put_own, "is \"put\""}, {revoke_own, "is \"apikey-revoke\""}, {remove_own, "is \"remove\""}};
  for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
    leave_houses();
    build_houses();
    furnish();
    TEST_OK(copy());
    swap();
    TEST_OK(own[i].call());
    swap();
    int64_t before = count_records("true");
    TEST_STATUS(copy(), BULLA_EXISTS);
    ASSERT_TOLD(own[i].told);
    cr_expect_eq(count_records("true"), before);
  }
}

Test(move_refused, a_copy_that_was_only_read_is_still_one) {
  furnish();
  TEST_OK(copy());
  (void)describe(other);
  TEST_OK(put("acme", "db", "host", "another", false));
  TEST_OK(copy());
  cr_expect_eq(report.num_written, 1);
}

/* Somebody writes to the target, once. */
static void put_into_other(void *arg, int64_t done, int64_t total) {
  bool *has_put = arg;
  const struct bulla_field field = {TEXT("host"), TEXT("of somebody else"), false};
  (void)done;
  (void)total;
  if (!*has_put) {
    TEST_OK(bulla_vault_put(other, &who, AT(TEXT("acme"), TEXT("db")), &field, 1));
  }
  *has_put = true;
}

Test(move_refused, what_others_write_into_the_target_meanwhile_is_told) {
  bool has_put = false;
  TEST_OK(put("acme", "db", "host", "h", false));
  report = (struct bulla_export_report)BULLA_EXPORT_REPORT_INIT;
  test_listen();
  TEST_STATUS(bulla_vault_export(house.vault, &report, other, &who, put_into_other, &has_put), BULLA_EXISTS);
  ASSERT_TOLD("\"put\"");
}

Test(move_refused, a_copy_of_another_vault_is_refused) {
  TEST_OK(put("acme", "db", "host", "h", false));
  TEST_OK(copy());
  struct bulla_vault *third = NULL;
  const char *url = url_of_file("third.db");
  TEST_OK(bulla_vault_create(url, house.root));
  TEST_OK(bulla_vault_open(&third, url, house.root, NULL));
  test_listen();
  TEST_STATUS(bulla_vault_export(third, &report, other, &who, NULL, NULL), BULLA_EXISTS);
  uint8_t id[33] = {0};
  bulla_hex_encode(id, bulla_vault_id(house.vault));
  ASSERT_TOLD((const char *)id);
  bulla_vault_close(&third);
}

Test(move_refused, a_vault_is_not_copied_into_itself) {
  report = (struct bulla_export_report)BULLA_EXPORT_REPORT_INIT;
  TEST_STATUS(bulla_vault_export(house.vault, &report, house.vault, &who, NULL, NULL), BULLA_INVALID_ARGUMENT);
  cr_expect_eq(count_records("true"), 1);
}

Test(move_refused, arguments_are_checked) {
  const struct bulla_who without = {.actor = TEXT("tester")};
  report = (struct bulla_export_report)BULLA_EXPORT_REPORT_INIT;
  TEST_STATUS(bulla_vault_export(NULL, &report, other, &who, NULL, NULL), BULLA_INVALID_ARGUMENT);
  TEST_STATUS(bulla_vault_export(house.vault, &report, NULL, &who, NULL, NULL), BULLA_INVALID_ARGUMENT);
  TEST_STATUS(bulla_vault_export(house.vault, &report, other, &without, NULL, NULL), BULLA_INVALID_ARGUMENT);
  report.size = 12;
  TEST_STATUS(bulla_vault_export(house.vault, &report, other, &who, NULL, NULL), BULLA_INVALID_ARGUMENT);
  cr_expect_eq(count_records("true"), 1);
  cr_expect_eq(recorded_in_other("true"), 1);
}

Test(move_refused, a_target_that_cannot_be_written_has_nothing_opened) {
  struct bulla_vault_options options = BULLA_VAULT_OPTIONS_INIT;
  furnish();
  bulla_vault_close(&other);
  options.read_only = true;
  TEST_OK(bulla_vault_open(&other, url_of_file("other.db"), house.root, &options));
  TEST_STATUS(copy(), BULLA_READ_ONLY);
  cr_expect_eq(count_records("op = 'export-vault' AND outcome = 'granted'"), 0);
}

Test(move_refused, a_vault_that_cannot_record_opens_nothing) {
  struct bulla_vault_options options = BULLA_VAULT_OPTIONS_INIT;
  furnish();
  close_vault();
  options.read_only = true;
  TEST_OK(bulla_vault_open(&house.vault, house.url, house.root, &options));
  TEST_STATUS(copy(), BULLA_READ_ONLY);
  cr_expect_eq(recorded_in_other("true"), 1);
}

/* A field by its names, as a condition. */
#define FIELD(t, e, f)                                                                                   \
  " entry = (SELECT entry.id FROM entry JOIN tenant ON tenant.id = entry.tenant WHERE tenant.name = '" t \
  "' AND entry.name = '" e "') AND name = '" f "'"
#define VALUES "value, mask, revision, secret_id"

static const struct {
  const char *what;
  const char *sql;
  const char *told;
} forgeries[] = {
    {"value of another field of the entry",
     "UPDATE field SET (" VALUES ") = (SELECT " VALUES
     " FROM field WHERE" FIELD("acme", "db", "token") ") WHERE" FIELD("acme", "db", "password"),
     "acme/db:password"},
    {"value of another tenant",
     "UPDATE field SET (" VALUES ") = (SELECT " VALUES
     " FROM field WHERE" FIELD("beta", "db", "password") ") WHERE" FIELD("acme", "db", "password"),
     "acme/db:password"},
    {"one bit of a value",
     "UPDATE field SET value = CAST(substr(value, 1, 60) || x'00' || substr(value, 62) AS BLOB) WHERE" FIELD(
         "beta", "db", "password"),
     "beta/db:password"},
    {"another plain value", "UPDATE field SET value = CAST('evil.example' AS BLOB) WHERE" FIELD("acme", "db", "host"),
     "acme/db:host"},
    {"another revision", "UPDATE field SET revision = 7 WHERE" FIELD("acme", "db", "password"), "acme/db:password"},
    {"a secret said to be plain", "UPDATE field SET secret = 0 WHERE" FIELD("acme", "db", "token"), "acme/db:token"},
    {"a field under another name", "UPDATE field SET name = 'zzz' WHERE" FIELD("acme", "db", "token"), "acme/db:zzz"},
    {"an entry under another name", "UPDATE entry SET name = 'zzz' WHERE name = 'mail'", "acme/zzz:password"},
    {"an entry of another tenant",
     "UPDATE entry SET tenant = (SELECT id FROM tenant WHERE name = 'beta') WHERE name = 'mail'", "beta/mail:password"},
    {"a tenant under another name", "UPDATE tenant SET name = 'zzz' WHERE name = 'beta'", "a tenant"},
    {"an API key of another tenant",
     "UPDATE apikey SET tenant = (SELECT id FROM tenant WHERE name = 'beta') WHERE id = '0123456789abcdef'",
     "0123456789abcdef of beta"},
    {"an API key under another id", "UPDATE apikey SET id = 'aaaaaaaaaaaaaaaa' WHERE id = '0123456789abcdef'",
     "aaaaaaaaaaaaaaaa of acme"},
    {"an API key that is live again", "UPDATE apikey SET revoked = 0 WHERE id = 'fedcba9876543210'",
     "fedcba9876543210 of acme"},
};

Test(move_refused, what_was_forged_is_refused_by_its_name_and_nothing_of_it_is_written) {
  TEST_OK(put("acme", "db", "password", "acme db password", true));
  TEST_OK(put("acme", "db", "token", "acme db token abc", true));
  TEST_OK(put("acme", "db", "host", "db.example", false));
  TEST_OK(put("acme", "mail", "password", "acme mail password", true));
  TEST_OK(put("beta", "db", "password", "beta db password", true));
  TEST_OK(put_apikey(TEXT("acme"), LIVE, "live", 0x11));
  TEST_OK(put_apikey(TEXT("acme"), REVOKED, "", 0x22));
  TEST_OK(bulla_vault_apikey_revoke(house.vault, &who, REVOKED));
  struct bulla_span whole = image();
  for (size_t i = 0; i < sizeof(forgeries) / sizeof(forgeries[0]); i++) {
    char url[20];
    restore(whole, forgeries[i].sql);
    bulla_vault_close(&other);
    snprintf(url, sizeof(url), "%zu.db", i);
    TEST_OK(bulla_vault_create(url_of_file(url), house.root));
    open_other(url_of_file(url));
    TEST_STATUS(copy(), BULLA_REFUSED);
    ASSERT_TOLD(forgeries[i].told);
    /* What is there now is what a good copy would have; what is missing comes once the vault is whole. */
    restore(whole, "");
    TEST_OK(copy());
    TEST_SPAN(describe(other), describe(house.vault), "%s", forgeries[i].what);
  }
}

/* Whoever writes to the database could have it read without end. */
Test(move_refused, rows_that_lead_nowhere_are_counted) {
  furnish();
  run_sql(
      "DELETE FROM field WHERE name = 'bytes'; INSERT INTO field(entry, name, revision, secret, value, mask, updated) "
      "SELECT x'00000000000000000000000000000000', 'orphan', 1, 0, value, mask, 1 FROM field WHERE name = 'host'");
  TEST_STATUS(copy(), BULLA_IN_USE);
  ASSERT_TOLD("of fields the target has 8 and the vault 9");
}
