/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Former revisions of fields: which are kept, who opens them, what is put again, and what somebody else put there. */

#include "tests/vault_support.h"

TestSuite(history, .init = build_house, .fini = leave_house);

#define DB TEXT("db")
#define PUT_THERE "INSERT INTO field(entry, name, revision, secret, value, mask, secret_id, updated) "
#define AS_IT_IS "secret, value, mask, secret_id, updated"

/* Puts the revisions |first| to |last| of a secret field of acme/db. */
static void put_revisions(const char *name, int first, int last) {
  for (int i = first; i <= last; i++) {
    char value[40];
    snprintf(value, sizeof(value), "value-of-revision-%04d", i);
    TEST_OK(put("acme", "db", name, value, true));
  }
}

static enum bulla_status use_revision(const char *name, int64_t revision) {
  return bulla_vault_use(house.vault, &who, AT(ACME, DB, test_text(name), revision), remember, NULL);
}

static void assert_revision(const char *name, int64_t revision, const char *value) {
  TEST_OK(use_revision(name, revision));
  TEST_SPAN(used.value, test_text(value), "%s#%lld", name, (long long)revision);
}

static enum bulla_status restore_revision(const char *name, int64_t revision) {
  return bulla_vault_restore_field(house.vault, &who, AT(ACME, DB, test_text(name), revision));
}

static enum bulla_status rename_field(const char *name, const char *new_name) {
  return bulla_vault_rename_field(house.vault, &who, AT(ACME, DB, test_text(name)), test_text(new_name));
}

static enum bulla_status note_revision(void *arg, const struct bulla_revision_view *view) {
  note(arg, "%.*s %ld%s%s %.*s\n", S(view->field), (long)view->revision, view->current ? "*" : "",
       view->secret ? "" : " plain", S(view->text));
  return view->updated > 0 ? BULLA_OK : BULLA_IO;
}

static enum bulla_status history(struct bulla_buffer *out, const char *field) {
  *out = test_room(4000);
  out->len = 0;
  return bulla_vault_history(house.vault, AT(ACME, DB, test_text(field)), note_revision, out);
}

static void assert_history(const char *field, const char *wanted) {
  struct bulla_buffer out;
  TEST_OK(history(&out, field));
  TEST_SPAN(bulla_written(&out), test_text(wanted), "%s", field);
}

Test(history, a_put_keeps_the_three_revisions_before_as_they_were) {
  put_revisions("password", 1, 2);
  struct bulla_span before = image();
  put_revisions("password", 3, 3);
  lay_beside("before", before);
  cr_expect_eq(run_sql(beside("before",
                              "SELECT count(*) FROM before.field f JOIN field p ON p.number = f.number AND p.value = "
                              "f.value AND p.mask = f.mask AND p.secret_id = f.secret_id AND p.updated = f.updated AND "
                              "p.revision = f.revision WHERE f.revision IN (1, 2)")),
               2);
  put_revisions("password", 4, 6);
  TEST_OK(put("acme", "db", "host", "one", false));
  TEST_OK(put("acme", "db", "host", "two", false));
  assert_history("password",
                 "password 6* ********0006\npassword 5 ********0005\npassword 4 ********0004\npassword 3 "
                 "********0003\n");
  assert_history("",
                 "host 2* plain two\nhost 1 plain one\npassword 6* ********0006\npassword 5 ********0005\npassword 4 "
                 "********0004\npassword 3 ********0003\n");
  cr_expect_eq(num_past(), 4);
  cr_expect_eq(used.calls, 0);
}

static enum bulla_status note_entry(void *arg, const struct bulla_entry_view *entry) {
  note(arg, "%.*s %d\n", S(entry->entry), (int)entry->num_fields);
  return BULLA_OK;
}

static enum bulla_status note_field(void *arg, const struct bulla_field_view *field) {
  note(arg, "%.*s %d\n", S(field->name), (int)field->revision);
  return BULLA_OK;
}

Test(history, a_field_is_listed_once_as_it_is) {
  struct bulla_buffer list = test_room(1000);
  struct bulla_buffer fields = test_room(1000);
  put_revisions("password", 1, 3);
  put_revisions("pin", 1, 1);
  put_revisions("pincode", 1, 2);
  TEST_OK(bulla_vault_list(house.vault, ACME, note_entry, &list));
  TEST_SPAN(bulla_written(&list), TEXT("db 3\n"), "list");
  TEST_OK(bulla_vault_show(house.vault, AT(ACME, DB), note_field, &fields));
  TEST_SPAN(bulla_written(&fields), TEXT("password 3\npin 1\npincode 2\n"), "show");
}

Test(history, a_revision_is_opened_by_its_number_and_the_record_says_which) {
  put_revisions("password", 1, 5);
  assert_revision("password", 2, "value-of-revision-0002");
  assert_revision("password", 5, "value-of-revision-0005");
  assert_revision("password", 0, "value-of-revision-0005");
  TEST_STATUS(use_revision("password", 1), BULLA_NOT_FOUND);
  TEST_STATUS(use_revision("password", 6), BULLA_NOT_FOUND);
  TEST_STATUS(use_revision("other", 2), BULLA_NOT_FOUND);
  TEST_STATUS(use_revision("password", -1), BULLA_INVALID_ARGUMENT);
  cr_expect_eq(count_details("op = 'use' AND outcome = 'granted' AND field IN ('password#2', 'password#5')"), 2);
  cr_expect_eq(count_details("op = 'use' AND outcome = 'granted' AND field = 'password'"), 1);
  cr_expect_eq(
      count_details("op = 'use' AND outcome = 'not-found' AND field IN ('password#1', 'password#6', 'other#2')"), 3);
  assert_unbroken(12);
}

Test(history, no_revision_of_a_canary_is_opened) {
  const struct bulla_field lure = {.name = PASSWORD, .value = TEXT("lure"), .secret = true, .canary = 1};
  TEST_OK(bulla_vault_put(house.vault, &who, AT(ACME, DB), &lure, 1));
  put_revisions("password", 2, 2);
  TEST_STATUS(use_revision("password", 1), BULLA_NOT_FOUND);
  TEST_STATUS(use_revision("password", 2), BULLA_NOT_FOUND);
  cr_expect_eq(count_details("outcome = 'canary' AND field IN ('password#1', 'password#2')"), 2);
  TEST_OK(restore_revision("password", 1));
  TEST_STATUS(use("acme", "db", "password"), BULLA_NOT_FOUND);
  cr_expect_eq(used.calls, 0);
}

Test(history, the_longest_name_and_the_greatest_revision_fit_into_a_record) {
  struct bulla_span name = test_filled('x', BULLA_NAME_MAX);
  put_revisions("password", 1, 1);
  TEST_STATUS(bulla_vault_use(house.vault, &who, AT(ACME, DB, name, INT64_MAX), remember, NULL), BULLA_NOT_FOUND);
  cr_expect_eq(count_details("field LIKE 'xxx%#9223372036854775807' AND length(field) = 148"), 1);
}

static enum bulla_status see_two(void *arg, const struct bulla_span *values, size_t num) {
  cr_assert_eq(num, 2);
  TEST_SPAN(values[0], TEXT("value-of-revision-0003"), "former");
  TEST_SPAN(values[1], TEXT("value-of-revision-0004"), "current");
  ++*(int *)arg;
  return BULLA_OK;
}

Test(history, several_revisions_are_opened_with_one_commit) {
  const struct bulla_place places[] = {{ACME, DB, PASSWORD, 3}, {ACME, DB, PASSWORD, 0}};
  size_t failed;
  int calls = 0;
  put_revisions("password", 1, 4);
  TEST_OK(bulla_vault_use_many(house.vault, &failed, &who, places, 2, see_two, &calls));
  cr_assert_eq(calls, 1);
}

Test(history, what_takes_no_revision_refuses_it) {
  const struct bulla_place place = {ACME, DB, .revision = 1};
  const struct bulla_place named = {ACME, DB, PASSWORD, 1};
  const struct bulla_field field = {.name = PASSWORD, .value = TEXT("x"), .secret = true};
  put_revisions("password", 1, 2);
  TEST_STATUS(bulla_vault_put(house.vault, &who, &place, &field, 1), BULLA_INVALID_ARGUMENT);
  TEST_STATUS(bulla_vault_remove(house.vault, &who, &place), BULLA_INVALID_ARGUMENT);
  TEST_STATUS(bulla_vault_keep(house.vault, &who, &place, 1), BULLA_INVALID_ARGUMENT);
  TEST_STATUS(bulla_vault_rename_field(house.vault, &who, &named, TEXT("other")), BULLA_INVALID_ARGUMENT);
  TEST_STATUS(bulla_vault_history(house.vault, &named, note_revision, NULL), BULLA_INVALID_ARGUMENT);
  assert_unbroken(3);
}

Test(history, what_is_restored_is_a_new_revision_with_the_old_value) {
  put_revisions("password", 1, 3);
  TEST_OK(restore_revision("password", 1));
  assert_history("password",
                 "password 4* ********0001\npassword 3 ********0003\npassword 2 ********0002\npassword 1 "
                 "********0001\n");
  assert_use("acme", "db", "password", "value-of-revision-0001");
  assert_revision("password", 1, "value-of-revision-0001");
  cr_expect_eq(count_details("op = 'restore' AND outcome = 'done' AND entry = 'db' AND field = 'password#1'"), 1);
  TEST_STATUS(restore_revision("password", 4), BULLA_EXISTS);
  TEST_STATUS(restore_revision("password", 9), BULLA_NOT_FOUND);
  TEST_STATUS(restore_revision("password", 0), BULLA_INVALID_ARGUMENT);
  TEST_STATUS(restore_revision("other", 1), BULLA_NOT_FOUND);
  TEST_STATUS(bulla_vault_restore_field(house.vault, &who, AT(ACME, TEXT("mail"), PASSWORD, 1)), BULLA_NOT_FOUND);
  cr_expect_eq(count_records("op = 'restore'"), 1);
  assert_unbroken(7);
}

Test(history, what_was_plain_is_gone_once_the_field_is_secret) {
  TEST_OK(put("acme", "db", "password", "plain-value-of-old-0001", false));
  TEST_OK(put("acme", "db", "password", "plain-value-of-old-0002", false));
  cr_assert_eq(num_past(), 1);
  put_revisions("password", 3, 4);
  assert_history("password", "password 4* ********0004\npassword 3 ********0003\n");
  cr_expect_eq(run_sql("SELECT count(*) FROM field WHERE secret = 0"), 0);
  TEST_STATUS(restore_revision("password", 1), BULLA_NOT_FOUND);
}

static void assert_kept(const char *entry, int wanted) {
  int num;
  const struct bulla_place place = {ACME, test_text(entry)};
  TEST_OK(bulla_vault_kept(house.vault, &num, entry[0] == '\0' ? NULL : &place));
  cr_expect_eq(num, wanted, "%s: %d", entry, num);
}

Test(history, the_vault_says_how_many_are_kept_and_an_entry_may_say_otherwise) {
  put_revisions("password", 1, 4);
  assert_kept("", 3);
  assert_kept("db", BULLA_KEEP_AS_VAULT);
  TEST_OK(bulla_vault_keep(house.vault, &who, NULL, 1));
  assert_kept("", 1);
  cr_expect_eq(num_past(), 3, "until the field is put");
  put_revisions("password", 5, 5);
  cr_expect_eq(num_past(), 1);
  TEST_OK(bulla_vault_keep(house.vault, &who, AT(ACME, DB), 100));
  assert_kept("db", 100);
  put_revisions("password", 6, 12);
  cr_expect_eq(num_past(), 8);
  TEST_OK(bulla_vault_keep(house.vault, &who, AT(ACME, DB), 2));
  assert_history("password", "password 12* ********0012\npassword 11 ********0011\npassword 10 ********0010\n");
  TEST_OK(bulla_vault_keep(house.vault, &who, AT(ACME, DB), BULLA_KEEP_AS_VAULT));
  assert_kept("db", BULLA_KEEP_AS_VAULT);
  cr_expect_eq(num_past(), 1);
  cr_expect_eq(count_details("op = 'keep' AND tenant = '' AND entry = '' AND field = '1'"), 1);
  cr_expect_eq(count_details("op = 'keep' AND entry = 'db' AND field IN ('100', '2', 'vault')"), 3);
  TEST_STATUS(bulla_vault_keep(house.vault, &who, NULL, 101), BULLA_INVALID_ARGUMENT);
  TEST_STATUS(bulla_vault_keep(house.vault, &who, NULL, BULLA_KEEP_AS_VAULT), BULLA_INVALID_ARGUMENT);
  TEST_STATUS(bulla_vault_keep(house.vault, &who, AT(ACME, DB), -2), BULLA_INVALID_ARGUMENT);
  TEST_STATUS(bulla_vault_keep(house.vault, &who, AT(ACME, TEXT("mail")), 1), BULLA_NOT_FOUND);
  assert_unbroken(17);
}

Test(history, nothing_is_kept_where_that_is_said) {
  const struct bulla_field field = {.name = PASSWORD, .value = TEXT("new"), .secret = true};
  put_revisions("password", 1, 3);
  put_revisions("pin", 1, 3);
  TEST_OK(bulla_vault_put_keep(house.vault, &who, AT(ACME, DB), &field, 1, 0));
  cr_expect_eq(num_past(), 0);
  put_revisions("password", 5, 6);
  cr_expect_eq(num_past(), 0);
  TEST_OK(bulla_vault_keep(house.vault, &who, AT(ACME, DB), 0)); /* which counts for each field by itself */
  assert_history("", "password 6* ********0006\npin 3* ********0003\n");
  TEST_STATUS(restore_revision("password", 5), BULLA_NOT_FOUND);
  TEST_STATUS(bulla_vault_put_keep(house.vault, &who, AT(ACME, DB), &field, 1, 101), BULLA_INVALID_ARGUMENT);
  TEST_OK(bulla_vault_put_keep(house.vault, &who, AT(ACME, DB), &field, 1, 5));
  assert_history("password", "password 7* ********\npassword 6 ********0006\n");
}

Test(history, it_goes_with_what_is_removed) {
  const struct bulla_span field = PASSWORD;
  put_revisions("password", 1, 3);
  put_revisions("pin", 1, 2);
  TEST_OK(bulla_vault_remove_fields(house.vault, &who, AT(ACME, DB), &field, 1));
  cr_expect_eq(run_sql("SELECT count(*) FROM field WHERE name = 'pin'"), 2);
  cr_expect_eq(run_sql("SELECT count(*) FROM field"), 2);
  put_revisions("password", 7, 7);
  assert_history("password", "password 1* ********0007\n");
  TEST_OK(bulla_vault_remove(house.vault, &who, AT(ACME, DB)));
  cr_expect_eq(run_sql("SELECT count(*) FROM field"), 0);
  TEST_OK(bulla_vault_remove_tenant(house.vault, &who, ACME));
}

Test(history, it_follows_a_field_to_its_new_name_and_an_entry_and_a_tenant_to_theirs) {
  put_revisions("password", 1, 3);
  TEST_OK(put("acme", "db", "host", "one", false));
  TEST_OK(put("acme", "db", "host", "two", false));
  struct bulla_span file = image();
  TEST_OK(rename_field("password", "pin"));
  TEST_OK(rename_field("host", "server"));
  assert_history("",
                 "pin 3* ********0003\npin 2 ********0002\npin 1 ********0001\nserver 2* plain two\nserver 1 plain "
                 "one\n");
  assert_revision("pin", 1, "value-of-revision-0001");
  assert_revision("server", 1, "one");
  cr_expect_eq(run_sql("SELECT count(*) FROM field WHERE name IN ('password', 'host')"), 0);
  TEST_STATUS(rename_field("pin", "server"), BULLA_EXISTS);
  assert_revision("server", 1, "one");
  TEST_OK(bulla_vault_rename_entry(house.vault, &who, AT(ACME, DB), TEXT("warehouse")));
  TEST_OK(bulla_vault_rename_tenant(house.vault, &who, ACME, TEXT("beta")));
  TEST_OK(bulla_vault_use(house.vault, &who, AT(TEXT("beta"), TEXT("warehouse"), TEXT("pin"), 2), remember, NULL));
  TEST_SPAN(used.value, TEXT("value-of-revision-0002"), "renamed");
  /* What somebody put where the new name is going to be is no part of it: the name is taken. */
  restore(file, PUT_THERE "SELECT entry, 'pin', 9, " AS_IT_IS " FROM field WHERE name = 'password' AND revision = 1");
  TEST_STATUS(rename_field("password", "pin"), BULLA_EXISTS);
  assert_revision("password", 1, "value-of-revision-0001");
  /* What does not open under the old name gets no new one. */
  restore(file,
          "UPDATE field SET value = (SELECT n.value FROM field n WHERE n.name = 'password' AND n.revision = 3) "
          "WHERE name = 'password' AND revision = 1");
  TEST_STATUS(rename_field("password", "pin"), BULLA_REFUSED);
  cr_expect_eq(run_sql("SELECT count(*) FROM field WHERE name = 'password'"), 3);
  assert_use("acme", "db", "password", "value-of-revision-0003");
  TEST_OK(bulla_vault_keep(house.vault, &who, AT(ACME, DB), 1));
  TEST_OK(rename_field("password", "pin"));
}

Test(history, a_row_opens_as_the_revision_that_it_was_and_as_no_other) {
  static const char *const changes[] = {
      ("UPDATE field SET value = (SELECT f.value FROM field f WHERE f.name = 'password' AND f.entry = field.entry AND "
       "f.revision = 3) WHERE revision = 2"),
      ("UPDATE field SET revision = 0 - revision WHERE revision < 3; " /* 1 and 2 are swapped */
       "UPDATE field SET revision = 3 + revision WHERE revision < 0"),
      "UPDATE field SET entry = (SELECT id FROM entry WHERE name = 'mail') WHERE revision < 3",
      "UPDATE field SET name = 'pin' WHERE revision < 3",
  };
  put_revisions("password", 1, 3);
  put_revisions("pin", 1, 1);
  for (int i = 1; i <= 3; i++) {
    TEST_OK(put("acme", "mail", "password", "of-another-entry", true));
  }
  run_sql("DELETE FROM field WHERE revision < 3 AND entry = (SELECT id FROM entry WHERE name = 'mail')");
  run_sql("UPDATE field SET revision = 3 WHERE name = 'pin'"); /* so that it could have such a past */
  struct bulla_span file = image();
  struct bulla_buffer out;
  for (size_t i = 0; i < sizeof(changes) / sizeof(*changes); i++) {
    const char *entry = i == 2 ? "mail" : "db";
    const char *name = i == 3 ? "pin" : "password";
    restore(file, changes[i]);
    used.calls = 0;
    const struct bulla_place place = {ACME, test_text(entry), test_text(name), 2};
    TEST_STATUS(bulla_vault_use(house.vault, &who, &place, remember, NULL), BULLA_REFUSED);
    TEST_STATUS(bulla_vault_restore_field(house.vault, &who, &place), BULLA_REFUSED);
    cr_expect_eq(used.calls, 0);
    cr_expect_eq(count_records("op = 'restore'"), 0);
    cr_expect_eq(count_records("op = 'use' AND outcome = 'failed'"), 1);
  }
  restore(file,
          "UPDATE field SET mask = (SELECT f.mask FROM field f WHERE f.revision = 3 AND f.name = 'password' AND "
          "f.entry = field.entry) WHERE revision = 1");
  TEST_STATUS(history(&out, "password"), BULLA_REFUSED);
  TEST_SPAN(bulla_written(&out), TEXT("password 3* ********0003\npassword 2 ********0002\n"), "what is good is shown");
  restore(file,
          "UPDATE field SET (value, mask) = (SELECT f.value, f.mask FROM field f WHERE f.revision = 2) "
          "WHERE name = 'password' AND revision = 3 AND entry = (SELECT f.entry FROM field f WHERE f.revision = 2)");
  TEST_STATUS(use("acme", "db", "password"), BULLA_REFUSED);
  restore(file, "UPDATE field SET revision = 4 WHERE revision = 2");
  TEST_STATUS(use("acme", "db", "password"), BULLA_REFUSED);
  TEST_STATUS(put("acme", "db", "password", "over-it", true), BULLA_REFUSED);
}

/* docs/THREATS.md says so. */
Test(history, what_somebody_puts_back_of_a_field_that_was_removed_is_again_what_it_was_and_nothing_newer) {
  const struct bulla_span field = PASSWORD;
  put_revisions("password", 1, 4);
  put_revisions("pin", 1, 1);
  lay_beside("old", image());
  TEST_OK(bulla_vault_remove_fields(house.vault, &who, AT(ACME, DB), &field, 1));
  run_sql(beside("old", PUT_THERE "SELECT entry, name, revision, " AS_IT_IS
                                  " FROM old.field WHERE name = 'password' AND revision < 4"));
  assert_history("password", "password 3* ********0003\npassword 2 ********0002\npassword 1 ********0001\n");
  assert_use("acme", "db", "password", "value-of-revision-0003");
  put_revisions("password", 11, 11);
  assert_history("password",
                 "password 4* ********0011\npassword 3 ********0003\npassword 2 ********0002\npassword 1 "
                 "********0001\n");
  assert_use("acme", "db", "password", "value-of-revision-0011");
}

Test(history, a_long_one_is_shown_in_pages) {
  char *value = (char *)test_alloc(60001);
  memset(value, 'x', 60000);
  value[60000] = '\0';
  TEST_OK(put("acme", "db", "a", value, false));
  TEST_OK(bulla_vault_keep(house.vault, &who, AT(ACME, DB), 100));
  for (int i = 2; i <= 7; i++) {
    TEST_OK(put("acme", "db", "a", value, false));
  }
  put_revisions("b", 1, 100);
  put_revisions("b", 101, 103);
  int num = 0;
  TEST_OK(bulla_vault_history(house.vault, AT(ACME, DB), count_revision, &num));
  cr_expect_eq(num, 7 + 101);
  struct bulla_buffer out;
  TEST_OK(history(&out, "b"));
  cr_expect(out.len > 0 && memcmp(out.data, "b 103* ", 7) == 0);
}
