/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The vault as its callers see it: put, show, list, use, remove, and what they refuse. */

#include <sys/stat.h>
#include <sys/wait.h>

#include "core/slab.h"
#include "tests/vault_support.h"

TestSuite(vault, .init = build_house, .fini = leave_house);

static enum bulla_status note_field(void *arg, const struct bulla_field_view *field) {
  note(arg, "%.*s=%.*s %s %ld\n", S(field->name), S(field->text), field->secret ? "secret" : "plain",
       (long)field->revision);
  cr_assert_gt(field->updated, 1500000000);
  cr_assert_lt(field->updated, 5000000000);
  return BULLA_OK;
}

static void assert_shows(const char *tenant, const char *entry, const char *text) {
  struct bulla_buffer out = test_room(4000);
  TEST_OK(bulla_vault_show(house.vault, AT(test_text(tenant), test_text(entry)), note_field, &out));
  TEST_SPAN(bulla_written(&out), test_text(text), "%.*s", S(bulla_written(&out)));
}

static enum bulla_status note_len(void *arg, const struct bulla_field_view *field) {
  note(arg, "%.*s %zu\n", S(field->name), field->value_len);
  return BULLA_OK;
}

Test(vault, show_tells_how_long_values_can_be_and_of_a_padded_one_no_more) {
  struct bulla_field fields[] = {{TEXT("blank"), TEXT(""), false},
                                 {TEXT("empty"), TEXT(""), true},
                                 {TEXT("most"), test_filled('m', BULLA_VALUE_MAX), true},
                                 {TEXT("password"), TEXT("correct horse battery"), true},
                                 {TEXT("user"), TEXT("joe"), false}};
  struct bulla_buffer out = test_room(4000);
  TEST_OK(bulla_vault_put(house.vault, &who, AT(TEXT("acme"), TEXT("db")), fields, 5));
  TEST_OK(bulla_vault_show(house.vault, AT(TEXT("acme"), TEXT("db")), note_len, &out));
  TEST_SPAN(bulla_written(&out), TEXT("blank 0\nempty 60\nmost 65536\npassword 60\nuser 3\n"), "lengths");
}

Test(vault, keeps_secret_and_plain_fields_over_a_reopening) {
  struct bulla_field fields[] = {
      {TEXT("user"), TEXT("joe"), false},
      {TEXT("password"), TEXT("correct horse battery"), true},
      {TEXT("empty"), TEXT(""), true},
      {TEXT("blank"), TEXT(""), false},
  };
  TEST_OK(bulla_vault_put(house.vault, &who, AT(TEXT("acme"), TEXT("db")), fields, 4));
  for (int i = 0; i < 2; i++) {
    assert_use("acme", "db", "user", "joe");
    assert_use("acme", "db", "password", "correct horse battery");
    assert_use("acme", "db", "empty", "");
    assert_use("acme", "db", "blank", "");
    assert_shows("acme", "db",
                 "blank= plain 1\nempty=******** secret 1\npassword=********tery secret 1\nuser=joe plain 1\n");
    close_vault();
    open_vault();
  }
  assert_unbroken(1 + 4 + 8);
  cr_assert_eq(bulla_slab_usage().used > 0, true);
  close_vault();
  bulla_root_free(&house.root);
  cr_assert_eq(bulla_slab_usage().used, 0, "a secret outlives the vault");
}

Test(vault, keeps_secrets_of_every_byte_and_of_the_greatest_length) {
  struct bulla_span value = test_filled('v', BULLA_VALUE_MAX);
  for (size_t i = 0; i < 256; i++) {
    ((uint8_t *)(uintptr_t)value.data)[i] = (uint8_t)i;
  }
  struct bulla_field fields[] = {{TEXT("blob"), value, true}, {TEXT("text"), test_filled('t', BULLA_VALUE_MAX), false}};
  TEST_OK(bulla_vault_put(house.vault, &who, AT(TEXT("acme"), TEXT("db")), fields, 2));
  TEST_OK(use("acme", "db", "blob"));
  TEST_SPAN(used.value, value, "blob");
  TEST_OK(use("acme", "db", "text"));
  TEST_SPAN(used.value, fields[1].value, "text");
}

Test(vault, mask_shows_four_bytes_of_sixteen_and_more_if_they_print) {
  static const struct {
    const char *value;
    const char *mask;
  } rows[] = {
      {"", "********"},
      {"123456789012345", "********"},
      {"1234567890123456", "********3456"},
      {"1234567890123456789012345678901234567890abcd", "********abcd"},
      {"123456789012 ~ !", "******** ~ !"},
      {"123456789012345\n", "********"},
      {"123456789012\x7f"
       "456",
       "********"},
      {"1234567890123\xc3\xa9"
       "6",
       "********"},
      {"\x01"
       "23456789012345z",
       "********345z"},
  };
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    char wanted[100];
    TEST_OK(put("acme", "db", "password", rows[i].value, true));
    snprintf(wanted, sizeof(wanted), "password=%s secret %zu\n", rows[i].mask, i + 1);
    assert_shows("acme", "db", wanted);
  }
}

Test(vault, put_replaces_named_fields_and_leaves_the_others) {
  TEST_OK(put("acme", "db", "password", "one", true));
  TEST_OK(put("acme", "db", "host", "h1", false));
  TEST_OK(put("acme", "db", "password", "two", true));
  TEST_OK(put("acme", "db", "host", "h2", false));
  assert_use("acme", "db", "password", "two");
  assert_shows("acme", "db", "host=h2 plain 2\npassword=******** secret 2\n");
}

Test(vault, a_plain_field_may_become_secret_and_a_secret_one_stays_so) {
  TEST_OK(put("acme", "db", "host", "h1", false));
  TEST_OK(put("acme", "db", "host", "now a secret host", true));
  TEST_STATUS(put("acme", "db", "host", "h2", false), BULLA_STAYS_SECRET);
  assert_use("acme", "db", "host", "now a secret host");
  assert_shows("acme", "db", "host=********host secret 2\n");
  TEST_OK(bulla_vault_remove(house.vault, &who, AT(TEXT("acme"), TEXT("db"))));
  TEST_OK(put("acme", "db", "host", "h2", false));
}

Test(vault, put_is_all_or_nothing) {
  struct bulla_field fields[] = {{TEXT("good"), TEXT("x"), true}, {TEXT("bad name"), TEXT("x"), true}};
  TEST_STATUS(bulla_vault_put(house.vault, &who, AT(TEXT("acme"), TEXT("db")), fields, 2), BULLA_INVALID_NAME);
  cr_assert_eq(run_sql("SELECT (SELECT count(*) FROM field) + (SELECT count(*) FROM tenant)"), 0);
  assert_unbroken(1);
}

Test(vault, names_and_texts_out_of_bounds_are_refused_everywhere) {
  struct bulla_span bad_names[] = {
      TEXT(""),
      TEXT("a b"),
      TEXT(".a"),
      TEXT("-a"),
      TEXT("a/b"),
      TEXT("a:b"),
      TEXT("a\0b"),
      TEXT("a\n"),
      TEXT("\xc3\xa9"),
      TEXT("a'b"),
      TEXT("a%b"),
      TEXT("*"),
      test_filled('a', BULLA_NAME_MAX + 1),
  };
  struct bulla_span ok = TEXT("ok");
  struct bulla_vault *v = house.vault;
  size_t failed;
  struct bulla_secret *key BULLA_CLEANUP(bulla_secret_free) = test_secret(test_filled(1, 32));
  struct bulla_buffer out = test_room(100);
  for (size_t i = 0; i < sizeof(bad_names) / sizeof(bad_names[0]); i++) {
    struct bulla_span bad = bad_names[i];
    struct bulla_field field = {ok, ok, true};
    struct bulla_field bad_field = {bad, ok, true};
    struct bulla_import row = {bad, ok, ok};
    struct bulla_import row2 = {ok, bad, ok};
    TEST_STATUS(bulla_vault_put(v, &who, AT(bad, ok), &field, 1), BULLA_INVALID_NAME);
    TEST_STATUS(bulla_vault_put(v, &who, AT(ok, bad), &field, 1), BULLA_INVALID_NAME);
    TEST_STATUS(bulla_vault_put(v, &who, AT(ok, ok), &bad_field, 1), BULLA_INVALID_NAME);
    TEST_STATUS(bulla_vault_use(v, &who, AT(bad, ok, ok), remember, NULL), BULLA_INVALID_NAME);
    TEST_STATUS(bulla_vault_use(v, &who, AT(ok, bad, ok), remember, NULL), BULLA_INVALID_NAME);
    TEST_STATUS(bulla_vault_use(v, &who, AT(ok, ok, bad), remember, NULL), BULLA_INVALID_NAME);
    TEST_STATUS(bulla_vault_show(v, AT(bad, ok), note_field, &out), BULLA_INVALID_NAME);
    TEST_STATUS(bulla_vault_show(v, AT(ok, bad), note_field, &out), BULLA_INVALID_NAME);
    TEST_STATUS(bulla_vault_remove(v, &who, AT(bad, ok)), BULLA_INVALID_NAME);
    TEST_STATUS(bulla_vault_remove(v, &who, AT(ok, bad)), BULLA_INVALID_NAME);
    TEST_STATUS(bulla_vault_import(v, &failed, &who, bad, key, NULL, &row, 1), BULLA_INVALID_NAME);
    cr_assert_eq(failed, 1);
    TEST_STATUS(bulla_vault_import(v, &failed, &who, ok, key, NULL, &row, 1), BULLA_INVALID_NAME);
    cr_assert_eq(failed, 0);
    TEST_STATUS(bulla_vault_import(v, &failed, &who, ok, key, NULL, &row2, 1), BULLA_INVALID_NAME);
    TEST_STATUS(put_apikey(bad, RECORD_ID, "ok", 1), BULLA_INVALID_NAME);
    if (bad.len > 0) {
      TEST_STATUS(bulla_vault_list(v, bad, NULL, NULL), BULLA_INVALID_NAME);
      TEST_STATUS(bulla_vault_apikey_list(v, bad, NULL, NULL), BULLA_INVALID_NAME);
      TEST_STATUS(bulla_vault_audit_log(v, 1, bad, NULL, NULL), BULLA_INVALID_NAME);
    }
  }
  struct bulla_span good_names[] = {
      TEXT("a"), TEXT("0"), TEXT("_a"), TEXT("@"), TEXT("+1"), TEXT("A.b_c@d+e-f"), test_filled('z', BULLA_NAME_MAX)};
  for (size_t i = 0; i < sizeof(good_names) / sizeof(good_names[0]); i++) {
    struct bulla_field field = {good_names[i], ok, true};
    TEST_OK(bulla_vault_put(v, &who, AT(good_names[i], good_names[i]), &field, 1));
  }
  struct bulla_field too_large = {ok, test_filled('v', BULLA_VALUE_MAX + 1), true};
  TEST_STATUS(bulla_vault_put(v, &who, AT(ok, ok), &too_large, 1), BULLA_TOO_LARGE);
  too_large.secret = false;
  TEST_STATUS(bulla_vault_put(v, &who, AT(ok, ok), &too_large, 1), BULLA_TOO_LARGE);
  struct bulla_field no_text = {ok, TEXT("a\0b"), false};
  TEST_STATUS(bulla_vault_put(v, &who, AT(ok, ok), &no_text, 1), BULLA_INVALID_TEXT);
  no_text.value = TEXT("\xff");
  TEST_STATUS(bulla_vault_put(v, &who, AT(ok, ok), &no_text, 1), BULLA_INVALID_TEXT);
  TEST_STATUS(bulla_vault_put(v, &who, AT(ok, ok), &no_text, 0), BULLA_INVALID_ARGUMENT);
}

Test(vault, what_is_reserved_must_be_zero) {
  struct bulla_place place = {.tenant = BULLA_LITERAL("acme"), .entry = BULLA_LITERAL("db")};
  struct bulla_who asking = who;
  struct bulla_field field = {.name = BULLA_LITERAL("host"), .value = BULLA_LITERAL("x")};
  TEST_OK(bulla_vault_put(house.vault, &asking, &place, &field, 1));
  for (size_t i = 0; i < sizeof(field.reserved_8); i++) {
    field.reserved_8[i] = 1;
    TEST_STATUS(bulla_vault_put(house.vault, &asking, &place, &field, 1), BULLA_INVALID_ARGUMENT);
    field.reserved_8[i] = 0;
  }
  field.reserved[0] = 1;
  TEST_STATUS(bulla_vault_put(house.vault, &asking, &place, &field, 1), BULLA_INVALID_ARGUMENT);
  field.reserved[0] = 0;
  for (size_t i = 0; i < 2; i++) {
    place.reserved[0] = i;
    place.revision = (int64_t)(1 - i);
    asking.reserved[1 - i] = 1;
    TEST_STATUS(bulla_vault_put(house.vault, &who, &place, &field, 1), BULLA_INVALID_ARGUMENT);
    place.reserved[0] = 0;
    place.revision = 0;
    TEST_STATUS(bulla_vault_put(house.vault, &asking, &place, &field, 1), BULLA_INVALID_ARGUMENT);
    asking.reserved[1 - i] = 0;
  }
  place.field = BULLA_LITERAL("host");
  TEST_STATUS(bulla_vault_put(house.vault, &asking, &place, &field, 1), BULLA_INVALID_ARGUMENT);
  TEST_STATUS(bulla_vault_remove(house.vault, &asking, &place), BULLA_INVALID_ARGUMENT);
  place.field = bulla_span(NULL, 0);
  TEST_OK(bulla_vault_remove(house.vault, &asking, &place));
}

Test(vault, who_asks_is_mandatory_and_bounded) {
  struct bulla_span ok = TEXT("ok");
  struct bulla_field field = {ok, ok, true};
  struct bulla_span nothing = TEXT("");
  const struct {
    struct bulla_who who;
    enum bulla_status to_put;
    enum bulla_status to_use;
  } rows[] = {
      {{ok, nothing, nothing}, BULLA_OK, BULLA_INVALID_ARGUMENT},
      {{ok, nothing, ok}, BULLA_OK, BULLA_OK},
      {{nothing, ok, ok}, BULLA_INVALID_ARGUMENT, BULLA_INVALID_ARGUMENT},
      {{test_filled('a', BULLA_WHO_MAX), test_filled('a', BULLA_WHO_MAX), test_filled('a', BULLA_WHO_MAX)},
       BULLA_OK,
       BULLA_OK},
      {{test_filled('a', BULLA_WHO_MAX + 1), ok, ok}, BULLA_TOO_LARGE, BULLA_TOO_LARGE},
      {{ok, test_filled('a', BULLA_WHO_MAX + 1), ok}, BULLA_TOO_LARGE, BULLA_TOO_LARGE},
      {{ok, ok, test_filled('a', BULLA_WHO_MAX + 1)}, BULLA_TOO_LARGE, BULLA_TOO_LARGE},
      {{TEXT("\xff"), ok, ok}, BULLA_INVALID_TEXT, BULLA_INVALID_TEXT},
      {{ok, TEXT("a\0"), ok}, BULLA_INVALID_TEXT, BULLA_INVALID_TEXT},
      {{ok, ok, TEXT("\xed\xa0\x80")}, BULLA_INVALID_TEXT, BULLA_INVALID_TEXT},
  };
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    cr_assert_eq(bulla_vault_put(house.vault, &rows[i].who, AT(ok, ok), &field, 1), rows[i].to_put, "put %zu", i);
    cr_assert_eq(bulla_vault_use(house.vault, &rows[i].who, AT(ok, ok, ok), remember, NULL), rows[i].to_use, "use %zu",
                 i);
  }
  TEST_STATUS(bulla_vault_put(house.vault, NULL, AT(ok, ok), &field, 1), BULLA_INVALID_ARGUMENT);
  TEST_STATUS(bulla_vault_put(NULL, &who, AT(ok, ok), &field, 1), BULLA_INVALID_ARGUMENT);
  struct bulla_audit_verdict verdict = BULLA_AUDIT_VERDICT_INIT;
  TEST_OK(bulla_vault_audit_verify(house.vault, &verdict));
}

Test(vault, what_is_not_there_is_not_found_and_asking_for_it_is_recorded) {
  struct bulla_buffer out = test_room(100);
  TEST_OK(put("acme", "db", "password", "x", true));
  TEST_STATUS(use("acme", "db", "other"), BULLA_NOT_FOUND);
  TEST_STATUS(use("acme", "other", "password"), BULLA_NOT_FOUND);
  TEST_STATUS(use("other", "db", "password"), BULLA_NOT_FOUND);
  cr_assert_eq(used.calls, 0);
  cr_assert_eq(count_records("op = 'use' AND outcome = 'not-found'"), 3);
  TEST_STATUS(bulla_vault_show(house.vault, AT(TEXT("acme"), TEXT("other")), note_field, &out), BULLA_NOT_FOUND);
  TEST_STATUS(bulla_vault_show(house.vault, AT(TEXT("other"), TEXT("db")), note_field, &out), BULLA_NOT_FOUND);
  TEST_STATUS(bulla_vault_remove(house.vault, &who, AT(TEXT("acme"), TEXT("other"))), BULLA_NOT_FOUND);
  TEST_STATUS(bulla_vault_remove(house.vault, &who, AT(TEXT("other"), TEXT("db"))), BULLA_NOT_FOUND);
  TEST_STATUS(bulla_vault_list(house.vault, TEXT("other"), NULL, NULL), BULLA_NOT_FOUND);
  assert_unbroken(5);
}

static enum bulla_status note_entry(void *arg, const struct bulla_entry_view *entry) {
  note(arg, "%.*s/%.*s %ld\n", S(entry->tenant), S(entry->entry), (long)entry->num_fields);
  cr_assert_gt(entry->updated, 1500000000);
  return BULLA_OK;
}

Test(vault, list_is_ordered_and_of_one_tenant_or_all) {
  TEST_OK(put("beta", "b", "x", "1", true));
  TEST_OK(put("acme", "z", "x", "1", true));
  TEST_OK(put("acme", "a", "x", "1", true));
  TEST_OK(put("acme", "a", "y", "1", false));
  struct bulla_buffer out = test_room(1000);
  TEST_OK(bulla_vault_list(house.vault, TEXT(""), note_entry, &out));
  TEST_SPAN(bulla_written(&out), TEXT("acme/a 2\nacme/z 1\nbeta/b 1\n"), "all");
  out.len = 0;
  TEST_OK(bulla_vault_list(house.vault, TEXT("acme"), note_entry, &out));
  TEST_SPAN(bulla_written(&out), TEXT("acme/a 2\nacme/z 1\n"), "one");
  out.len = 0;
  TEST_OK(bulla_vault_remove(house.vault, &who, AT(TEXT("beta"), TEXT("b"))));
  TEST_OK(bulla_vault_list(house.vault, TEXT("beta"), note_entry, &out));
  cr_assert_eq(out.len, 0, "a tenant without entries");
}

Test(vault, removed_entry_is_gone_and_its_name_free) {
  TEST_OK(put("acme", "db", "password", "old", true));
  TEST_OK(put("acme", "keep", "password", "kept", true));
  TEST_OK(bulla_vault_remove(house.vault, &who, AT(TEXT("acme"), TEXT("db"))));
  TEST_STATUS(use("acme", "db", "password"), BULLA_NOT_FOUND);
  cr_assert_eq(run_sql("SELECT count(*) FROM field"), 1);
  TEST_OK(put("acme", "db", "password", "new", true));
  assert_use("acme", "db", "password", "new");
  assert_use("acme", "keep", "password", "kept");
}

/* In the callback: the record is durable, a second connection sees it; the vault can be used. */
static enum bulla_status look_at_log(void *arg, struct bulla_span value) {
  TEST_SPAN(value, TEXT("hunter2"), "the value");
  cr_assert_eq(count_details("seq = 3 AND op = 'use' AND outcome = 'granted' AND tenant = 'acme' AND entry = 'db' "
                             "AND field = 'password' AND actor = 'tester' AND origin = 'here' AND reason = 'to test'"),
               1);
  *(const uint8_t **)arg = value.data;
  return BULLA_EXPIRED;
}

Test(vault, use_is_recorded_before_it_opens_and_gives_what_the_callback_returns) {
  const uint8_t *where = NULL;
  TEST_OK(put("acme", "db", "password", "hunter2", true));
  size_t before = bulla_slab_usage().used;
  TEST_STATUS(bulla_vault_use(house.vault, &who, AT(TEXT("acme"), TEXT("db"), TEXT("password")), look_at_log, &where),
              BULLA_EXPIRED);
  cr_assert_not_null(where);
  cr_assert_eq(bulla_slab_usage().used, before, "the value is still in locked memory");
  cr_assert(test_zero(where, 7), "the value is not wiped");
}

static enum bulla_status show_from_within(void *arg, const struct bulla_field_view *field) {
  (void)field;
  *(enum bulla_status *)arg = put("acme", "db", "password", "x", true);
  return BULLA_OK;
}

static enum bulla_status list_from_within(void *arg, const struct bulla_entry_view *entry) {
  (void)entry;
  return show_from_within(arg, NULL);
}

static enum bulla_status log_from_within(void *arg, const struct bulla_audit_record *record) {
  (void)record;
  return show_from_within(arg, NULL);
}

static enum bulla_status keys_from_within(void *arg, const struct bulla_apikey_view *apikey) {
  (void)apikey;
  return show_from_within(arg, NULL);
}

Test(vault, a_callback_may_call_the_vault_and_a_walk_ends_all_the_same) {
  TEST_OK(put("acme", "db", "password", "x", true));
  TEST_OK(put_apikey(TEXT("acme"), RECORD_ID, "", 7));
  enum bulla_status status = BULLA_IO;
  alarm(20);
  TEST_OK(bulla_vault_show(house.vault, AT(TEXT("acme"), TEXT("db")), show_from_within, &status));
  TEST_OK(status);
  status = BULLA_IO;
  TEST_OK(bulla_vault_list(house.vault, TEXT(""), list_from_within, &status));
  TEST_OK(status);
  status = BULLA_IO;
  TEST_OK(bulla_vault_apikey_list(house.vault, TEXT(""), keys_from_within, &status));
  TEST_OK(status);
  status = BULLA_IO;
  TEST_OK(bulla_vault_audit_log(house.vault, 1, TEXT(""), log_from_within, &status));
  TEST_OK(status);
}

static int call_everything(void *arg) {
  (void)arg;
  struct bulla_audit_verdict verdict = BULLA_AUDIT_VERDICT_INIT;
  bool refused = put("acme", "db", "password", "x", true) == BULLA_FORKED &&
                 use("acme", "db", "password") == BULLA_FORKED &&
                 bulla_vault_list(house.vault, TEXT(""), NULL, NULL) == BULLA_FORKED &&
                 bulla_vault_remove(house.vault, &who, AT(TEXT("acme"), TEXT("db"))) == BULLA_FORKED &&
                 bulla_vault_audit_verify(house.vault, &verdict) == BULLA_FORKED;
  bulla_vault_close(&house.vault);
  return refused && house.vault == NULL ? 0 : 1;
}

/* Stops at the finding of the name |arg|, if any. */
static enum bulla_status stop_at(void *arg, const struct bulla_finding *finding) {
  cr_assert(finding->name.len > 0 && finding->value.len > 0, "%.*s", S(finding->name));
  cr_assert_eq(finding->remedy.len > 0, finding->verdict != BULLA_VERDICT_OK, "%.*s", S(finding->name));
  TEST_OK(put("acme", "db", "seen", "x", false)); /* nothing is locked */
  return arg != NULL && test_same(finding->name, test_text(arg)) ? BULLA_REFUSED : BULLA_OK;
}

Test(vault, tells_what_was_found_where_it_is) {
  char integrity[] = "integrity";
  char pooler[] = "pooler";
  TEST_OK(bulla_vault_examine(house.vault, stop_at, NULL));
  TEST_STATUS(bulla_vault_examine(house.vault, stop_at, postgres_is_tested() ? pooler : integrity), BULLA_REFUSED);
}

Test(vault, is_not_carried_over_a_fork) {
  TEST_OK(put("acme", "db", "password", "x", true));
  int status = test_in_child(call_everything, NULL);
  cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%x", (unsigned)status);
  assert_use("acme", "db", "password", "x");
  assert_unbroken(3);
}

Test(vault, more_tenants_than_the_cache_of_keys_holds) {
  enum { NUM = BULLA_CACHED_TENANTS + 20 };
  char name[20];
  size_t left[2];
  for (int round = 0; round < 2; round++) {
    for (int i = 0; i < NUM; i++) {
      snprintf(name, sizeof(name), "tenant%d", i);
      if (round == 0) {
        TEST_OK(put(name, "db", "password", name, true));
      } else {
        assert_use(name, "db", "password", name);
      }
    }
    close_vault();
    left[round] = bulla_slab_usage().used;
    open_vault();
  }
  cr_assert_eq(left[0], left[1], "keys outlive the cache");
}

static bool holds(const char *path, struct bulla_span needle) {
  struct bulla_span file = read_file(path);
  return file.len >= needle.len && memmem(file.data, file.len, needle.data, needle.len) != NULL;
}

Test(vault, no_secret_byte_reaches_the_files) {
  SQLITE_ONLY();
  struct bulla_span value = TEXT("kahvi-ja-pulla-1234567890-Zq7xK9");
  TEST_OK(put("acme", "db", "password", "kahvi-ja-pulla-1234567890-Zq7xK9", true));
  TEST_OK(put("acme", "db", "host", "plain-host.example", false));
  TEST_OK(put_apikey(TEXT("acme"), RECORD_ID, "", 0x5a));
  assert_use("acme", "db", "password", "kahvi-ja-pulla-1234567890-Zq7xK9");
  static const char *const endings[] = {"", "-wal", "-shm"};
  bool seen_plain = false;
  for (int round = 0; round < 2; round++) {
    for (size_t i = 0; i < 3; i++) {
      char path[400];
      snprintf(path, sizeof(path), "%s%s", house.path, endings[i]);
      seen_plain |= holds(path, TEXT("plain-host.example"));
      cr_assert_not(holds(path, bulla_span(value.data, 12)), "%s", path);
      cr_assert_not(holds(path, bulla_span(value.data + value.len - 6, 6)), "%s", path);
      cr_assert_not(holds(path, test_filled(0x5a, 16)), "%s", path);
      cr_assert_not(holds(path, TEXT("*****")), "%s: a mask in the open", path);
    }
    close_vault();
  }
  cr_assert(seen_plain, "the search finds what is there");
  open_vault();
}

Test(vault, files_are_for_their_owner_alone) {
  SQLITE_ONLY();
  TEST_OK(put("acme", "db", "password", "x", true));
  static const char *const endings[] = {"", "-wal", "-shm"};
  for (size_t i = 0; i < 3; i++) {
    char path[400];
    struct stat status;
    snprintf(path, sizeof(path), "%s%s", house.path, endings[i]);
    cr_assert_eq(stat(path, &status), 0, "%s", path);
    cr_assert_eq(status.st_mode & 0777, 0600, "%s: %o", path, (unsigned)status.st_mode);
  }
}
