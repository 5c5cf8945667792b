/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Removing and renaming tenants, entries and fields. */

#include "tests/vault_support.h"

TestSuite(vault_renamed, .init = build_house, .fini = leave_house);

#define DB TEXT("db")

static void furnish(void) {
  TEST_OK(put("acme", "db", "pasword", "first", true));
  TEST_OK(put("acme", "db", "pasword", "s3cret-of-acme-0123", true));
  TEST_OK(put("acme", "db", "host", "acme.example", false));
}

static void keep_apikey(void) {
  TEST_OK(put_apikey(ACME, RECORD_ID, "x", 7));
}

static enum bulla_status remove_fields(const char *a, const char *b) {
  const struct bulla_span fields[] = {test_text(a), b == NULL ? TEXT("") : test_text(b)};
  return bulla_vault_remove_fields(house.vault, &who, AT(ACME, DB), fields, b == NULL ? 1 : 2);
}

static char told[512];

static void note_detail(void *arg, enum bulla_log_level level, enum bulla_status status, const char *detail) {
  (void)arg;
  (void)level;
  (void)status;
  snprintf(told, sizeof(told), "%s", detail);
}

/* Asserts that |call| gives |wanted| and that the log hears |words|. */
#define TOLD(call, wanted, words)                        \
  do {                                                   \
    told[0] = '\0';                                      \
    bulla_log_set(note_detail, NULL);                    \
    TEST_STATUS(call, wanted);                           \
    bulla_log_set(NULL, NULL);                           \
    cr_assert_not_null(strstr(told, words), "%s", told); \
  } while (0)

static enum bulla_status note_field(void *arg, const struct bulla_field_view *field) {
  note(arg, "%.*s=%.*s %d %ld\n", S(field->name), S(field->text), field->secret, (long)field->revision);
  return BULLA_OK;
}

static void assert_shown(const char *entry, const char *wanted) {
  struct bulla_buffer out = test_room(1000);
  out.len = 0;
  TEST_OK(bulla_vault_show(house.vault, AT(ACME, test_text(entry)), note_field, &out));
  TEST_SPAN(bulla_written(&out), test_text(wanted), "%s", entry);
}

Test(vault_renamed, a_field_is_removed_alone_and_recorded) {
  furnish();
  TEST_OK(remove_fields("pasword", NULL));
  assert_shown("db", "host=acme.example 0 1\n");
  TEST_STATUS(use("acme", "db", "pasword"), BULLA_NOT_FOUND);
  cr_assert_eq(count_details("op = 'remove' AND tenant = 'acme' AND entry = 'db' AND field = 'pasword'"), 1);
  cr_assert_eq(count_records("op = 'remove'"), 1);
  TEST_OK(put("acme", "db", "pasword", "again", false)); /* nothing of it is left that stays secret */
  assert_unbroken(7);
}

Test(vault_renamed, a_tenant_whose_renaming_was_undone_is_used_as_before) {
  furnish();
  /* Where the second of the two records belongs. */
  run_sql("INSERT INTO audit SELECT lane, seq + 2, time, tenant, op, outcome, detail, mac FROM audit WHERE seq = 4");
  TEST_STATUS(bulla_vault_rename_tenant(house.vault, &who, ACME, TEXT("other")), BULLA_AUDIT_BROKEN);
  run_sql("DELETE FROM audit WHERE seq = 6");
  assert_use("acme", "db", "host", "acme.example");
  assert_unbroken(5);
}

Test(vault_renamed, an_entry_goes_with_its_last_field) {
  furnish();
  TEST_OK(remove_fields("pasword", "host"));
  cr_assert_eq(run_sql("SELECT count(*) FROM entry"), 0);
  cr_assert_eq(run_sql("SELECT count(*) FROM field"), 0);
  cr_assert_eq(count_details("op = 'remove' AND entry = 'db' AND field <> ''"), 2);
  cr_assert_eq(count_details("op = 'remove' AND entry = 'db' AND field = ''"), 1);
  assert_unbroken(7);
}

Test(vault_renamed, fields_are_removed_all_or_none) {
  furnish();
  TOLD(remove_fields("pasword", "absent"), BULLA_NOT_FOUND, "no such field");
  TEST_STATUS(remove_fields("pasword", "pasword"), BULLA_NOT_FOUND);
  TEST_STATUS(remove_fields("pasword", "bad name"), BULLA_INVALID_NAME);
  TOLD(bulla_vault_remove_fields(house.vault, &who, AT(ACME, TEXT("other")), (const struct bulla_span[]){DB}, 1),
       BULLA_NOT_FOUND, "no such entry");
  TOLD(bulla_vault_remove_fields(house.vault, &who, AT(TEXT("other"), DB), (const struct bulla_span[]){DB}, 1),
       BULLA_NOT_FOUND, "no such tenant");
  TEST_STATUS(bulla_vault_remove_fields(house.vault, &who, AT(ACME, DB), (const struct bulla_span[]){DB}, 0),
              BULLA_INVALID_ARGUMENT);
  assert_use("acme", "db", "pasword", "s3cret-of-acme-0123");
  cr_assert_eq(count_records("op = 'remove'"), 0);
  assert_unbroken(5);
}

Test(vault_renamed, a_tenant_goes_when_nothing_hangs_on_it) {
  furnish();
  keep_apikey();
  TOLD(bulla_vault_remove_tenant(house.vault, &who, ACME), BULLA_IN_USE, "1 entry");
  TEST_OK(bulla_vault_remove(house.vault, &who, AT(ACME, DB)));
  TOLD(bulla_vault_remove_tenant(house.vault, &who, ACME), BULLA_IN_USE, "1 API key that is not revoked");
  TEST_OK(bulla_vault_token_revoke(house.vault, &who, ACME, TEXT("jti"), INT64_MAX));
  TEST_OK(bulla_vault_apikey_revoke(house.vault, &who, RECORD_ID));
  TEST_OK(bulla_vault_remove_tenant(house.vault, &who, ACME));
  TOLD(bulla_vault_remove_tenant(house.vault, &who, ACME), BULLA_NOT_FOUND, "no such tenant");
  cr_assert_eq(run_sql("SELECT (SELECT count(name) FROM tenant) + (SELECT count(*) FROM tenant_secret) + "
                       "(SELECT count(*) FROM apikey) + (SELECT count(*) FROM revoked_token)"),
               0);
  cr_assert_eq(run_sql("SELECT count(*) FROM tenant"), 1, "its records need its row");
  cr_assert_eq(count_details("op = 'remove' AND tenant = 'acme' AND entry = ''"), 1);
  cr_assert_eq(count_details("tenant = 'acme' AND reason = 'to test' AND length(tenant_id) = 16"), 8);
  furnish(); /* the name is free, under new keys */
  cr_assert_eq(run_sql("SELECT count(*) FROM tenant"), 2);
  assert_use("acme", "db", "pasword", "s3cret-of-acme-0123");
  assert_unbroken(13);
}

Test(vault_renamed, a_secret_field_keeps_value_mask_and_revision_under_its_new_name) {
  furnish();
  assert_shown("db", "host=acme.example 0 1\npasword=********0123 1 2\n");
  TEST_OK(bulla_vault_rename_field(house.vault, &who, AT(ACME, DB, TEXT("pasword")), TEXT("password")));
  assert_shown("db", "host=acme.example 0 1\npassword=********0123 1 2\n");
  assert_use("acme", "db", "password", "s3cret-of-acme-0123");
  TEST_STATUS(use("acme", "db", "pasword"), BULLA_NOT_FOUND);
  TEST_OK(put("acme", "db", "password", "third", true));
  TEST_OK(bulla_vault_rename_field(house.vault, &who, AT(ACME, DB, TEXT("host")), TEXT("server")));
  assert_shown("db", "password=******** 1 3\nserver=acme.example 0 1\n");
  cr_assert_eq(
      count_details("op = 'rename-from' AND tenant = 'acme' AND entry = 'db' AND field IN ('pasword', 'host')"), 2);
  cr_assert_eq(
      count_details("op = 'rename-to' AND tenant = 'acme' AND entry = 'db' AND field IN ('password', 'server')"), 2);
  assert_unbroken(11);
}

Test(vault_renamed, what_is_not_found_is_told) {
  struct bulla_buffer out = test_room(1000);
  furnish();
  TOLD(use("beta", "db", "host"), BULLA_NOT_FOUND, "no such tenant");
  TOLD(use("acme", "mail", "host"), BULLA_NOT_FOUND, "no such entry");
  TOLD(use("acme", "db", "password"), BULLA_NOT_FOUND, "no such field");
  TOLD(bulla_vault_show(house.vault, AT(TEXT("beta"), DB), note_field, &out), BULLA_NOT_FOUND, "no such tenant");
  TOLD(bulla_vault_show(house.vault, AT(ACME, TEXT("mail")), note_field, &out), BULLA_NOT_FOUND, "no such entry");
  TOLD(bulla_vault_list(house.vault, TEXT("beta"), NULL, NULL), BULLA_NOT_FOUND, "no such tenant");
  cr_assert_eq(count_records("outcome = 'not-found'"), 3);
}

Test(vault_renamed, an_entry_keeps_its_fields_under_its_new_name) {
  furnish();
  TEST_OK(bulla_vault_rename_entry(house.vault, &who, AT(ACME, DB), TEXT("warehouse")));
  assert_use("acme", "warehouse", "pasword", "s3cret-of-acme-0123");
  TEST_STATUS(use("acme", "db", "pasword"), BULLA_NOT_FOUND);
  TEST_OK(put("acme", "db", "host", "another", false));
  close_vault();
  open_vault();
  assert_shown("warehouse", "host=acme.example 0 1\npasword=********0123 1 2\n");
  cr_assert_eq(count_details("op = 'rename-from' AND tenant = 'acme' AND entry = 'db' AND field = ''"), 1);
  cr_assert_eq(count_details("op = 'rename-to' AND tenant = 'acme' AND entry = 'warehouse' AND field = ''"), 1);
}

Test(vault_renamed, a_tenant_keeps_all_under_its_new_name_unless_tokens_say_the_old_one) {
  furnish();
  keep_apikey();
  TOLD(bulla_vault_rename_tenant(house.vault, &who, ACME, TEXT("Acme")), BULLA_IN_USE, "API key");
  cr_assert_eq(count_records("op LIKE 'rename%'"), 0);
  TEST_OK(bulla_vault_apikey_revoke(house.vault, &who, RECORD_ID));
  TEST_OK(bulla_vault_rename_tenant(house.vault, &who, ACME, TEXT("Acme")));
  assert_use("Acme", "db", "pasword", "s3cret-of-acme-0123");
  TEST_STATUS(use("acme", "db", "pasword"), BULLA_NOT_FOUND);
  cr_assert_eq(count_details("op = 'rename-from' AND tenant = 'acme' AND entry = ''"), 1);
  cr_assert_eq(count_details("op = 'rename-to' AND tenant = 'Acme' AND entry = ''"), 1);
}

Test(vault_renamed, nothing_takes_a_name_that_is_taken_or_its_own) {
  furnish();
  TEST_OK(put("acme", "mail", "host", "x", false));
  TEST_OK(put("beta", "db", "host", "x", false));
  struct bulla_vault *v = house.vault;
  TOLD(bulla_vault_rename_field(v, &who, AT(ACME, DB, TEXT("pasword")), TEXT("host")), BULLA_EXISTS, "taken");
  TOLD(bulla_vault_rename_field(v, &who, AT(ACME, DB, TEXT("host")), TEXT("host")), BULLA_EXISTS, "old one");
  TOLD(bulla_vault_rename_entry(v, &who, AT(ACME, DB), TEXT("mail")), BULLA_EXISTS, "taken");
  TOLD(bulla_vault_rename_entry(v, &who, AT(ACME, DB), DB), BULLA_EXISTS, "old one");
  TOLD(bulla_vault_rename_tenant(v, &who, ACME, TEXT("beta")), BULLA_EXISTS, "taken");
  TOLD(bulla_vault_rename_tenant(v, &who, ACME, ACME), BULLA_EXISTS, "old one");
  TOLD(bulla_vault_rename_field(v, &who, AT(ACME, DB, TEXT("absent")), TEXT("new")), BULLA_NOT_FOUND, "no such field");
  TOLD(bulla_vault_rename_field(v, &who, AT(ACME, TEXT("absent"), DB), TEXT("new")), BULLA_NOT_FOUND, "no such entry");
  TOLD(bulla_vault_rename_entry(v, &who, AT(ACME, TEXT("absent")), TEXT("new")), BULLA_NOT_FOUND, "no such entry");
  TOLD(bulla_vault_rename_tenant(v, &who, TEXT("absent"), TEXT("new")), BULLA_NOT_FOUND, "no such tenant");
  TEST_STATUS(bulla_vault_rename_field(v, &who, AT(ACME, DB, TEXT("host")), TEXT("a/b")), BULLA_INVALID_NAME);
  TEST_STATUS(bulla_vault_rename_entry(v, &who, AT(ACME, DB), TEXT("a/b")), BULLA_INVALID_NAME);
  TEST_STATUS(bulla_vault_rename_tenant(v, &who, ACME, TEXT("")), BULLA_INVALID_NAME);
  cr_assert_eq(count_records("op LIKE 'rename%'"), 0);
  assert_shown("db", "host=acme.example 0 1\npasword=********0123 1 2\n");
  assert_unbroken(6);
}

/* A rename seals anew: what somebody without keys put there must not become authentic by it. */
Test(vault_renamed, what_was_tampered_with_is_not_sealed_anew) {
  static const char *const changes[] = {
      "UPDATE field SET value = (SELECT value FROM field WHERE name = 'other') WHERE name = 'pasword'",
      "UPDATE field SET value = CAST('evil.example' AS BLOB) WHERE name = 'host'",
      "UPDATE field SET revision = 3 WHERE name = 'pasword' AND revision = 2",
      ("UPDATE entry SET name = CASE name WHEN 'db' THEN 'mail' ELSE 'db' END || 'x'; "
       "UPDATE entry SET name = substr(name, 1, length(name) - 1)"),
  };
  static const char *const fields[] = {"pasword", "host", "pasword", "pasword"};
  furnish();
  TEST_OK(put("acme", "db", "other", "another", true));
  TEST_OK(put("acme", "mail", "pasword", "of the mail", true));
  struct bulla_span file = image();
  for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
    restore(file, changes[i]);
    TEST_STATUS(bulla_vault_rename_field(house.vault, &who, AT(ACME, DB, test_text(fields[i])), TEXT("new")),
                BULLA_REFUSED);
    cr_assert_eq(run_sql("SELECT count(*) FROM field WHERE name = 'new'"), 0, "%s", changes[i]);
  }
}
