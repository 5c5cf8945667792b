/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Importing, and the records of API keys. */

#include "store/change.h"
#include "tests/vault_support.h"

TestSuite(vault_records, .init = build_house, .fini = leave_house);

static struct bulla_span triple(struct bulla_secret *key, const char *value) {
  struct bulla_buffer text = test_room(bulla_triple_len(strlen(value)));
  TEST_OK(bulla_triple_seal(key, &text, test_text(value)));
  return bulla_written(&text);
}

Test(vault_records, a_change_without_a_record_is_not_committed) {
  struct bulla_change change = {.vault = NULL};
  TEST_OK(bulla_change_begin(&change, house.vault, &who, BULLA_DB_WRITE));
  TEST_STATUS(bulla_change_commit(&change), BULLA_INVALID_ARGUMENT);
  bulla_change_end(&change);
  TEST_OK(put("acme", "db", "host", "h", false));
  assert_unbroken(2);
}

static struct bulla_span with_another_digit(struct bulla_span hex, size_t at) {
  uint8_t *copy = test_alloc(hex.len);
  memcpy(copy, hex.data, hex.len);
  copy[at] = copy[at] == '0' ? '1' : '0';
  return bulla_span(copy, hex.len);
}

Test(vault_records, import_puts_what_opens) {
  struct bulla_secret *key BULLA_CLEANUP(bulla_secret_free) = test_secret(test_filled(1, 32));
  struct bulla_import rows[] = {
      {TEXT("openai"), TEXT("key"), triple(key, "sk-1234567890abcdef")},
      {TEXT("openai"), TEXT("other"), triple(key, "")},
      {TEXT("mailer"), TEXT("key"), triple(key, "another")},
  };
  size_t failed = 99;
  TEST_OK(bulla_vault_import(house.vault, &failed, &who, TEXT("acme"), key, NULL, rows, 3));
  cr_assert_eq(failed, 3);
  assert_use("acme", "openai", "key", "sk-1234567890abcdef");
  assert_use("acme", "openai", "other", "");
  assert_use("acme", "mailer", "key", "another");
  cr_assert_eq(run_sql("SELECT count(*) FROM field WHERE secret = 1 AND revision = 1"), 3);
  cr_assert_eq(count_records("op = 'import' AND outcome = 'done'"), 3);
}

Test(vault_records, import_is_all_or_nothing_and_names_the_row) {
  struct bulla_secret *key BULLA_CLEANUP(bulla_secret_free) = test_secret(test_filled(1, 32));
  struct bulla_secret *other BULLA_CLEANUP(bulla_secret_free) = test_secret(test_filled(2, 32));
  TEST_OK(put("acme", "old", "key", "x", true));
  struct bulla_span good = triple(key, "value");
  const struct {
    struct bulla_import row;
    enum bulla_status status;
  } bad[] = {
      {{TEXT("new"), TEXT("key"), triple(other, "value")}, BULLA_REFUSED},
      {{TEXT("new"), TEXT("key"), TEXT("nonsense")}, BULLA_INVALID_TEXT},
      {{TEXT("new"), TEXT("key"), TEXT("")}, BULLA_INVALID_TEXT},
      {{TEXT("new"), TEXT("key"), test_filled('0', 200000)}, BULLA_TOO_LARGE},
      {{TEXT("new"), TEXT("key"), with_another_digit(good, 70)}, BULLA_REFUSED},
      {{TEXT("old"), TEXT("key"), good}, BULLA_EXISTS},
      {{TEXT("a"), TEXT("key"), good}, BULLA_EXISTS},
      {{TEXT(""), TEXT("key"), good}, BULLA_INVALID_NAME},
  };
  for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
    struct bulla_import rows[] = {
        {TEXT("a"), TEXT("key"), good}, {TEXT("b"), TEXT("key"), good}, bad[i].row, {TEXT("c"), TEXT("key"), good}};
    size_t failed = 99;
    enum bulla_status status = bulla_vault_import(house.vault, &failed, &who, TEXT("acme"), key, NULL, rows, 4);
    cr_assert_eq(status, bad[i].status, "%zu: %s", i, bulla_status_text(status));
    cr_assert_eq(failed, 2, "%zu: %zu", i, failed);
    cr_assert_eq(run_sql("SELECT count(*) FROM field"), 1);
    cr_assert_eq(run_sql("SELECT count(*) FROM entry"), 1);
  }
  assert_unbroken(2);
  size_t failed;
  struct bulla_import row = {TEXT("a"), TEXT("key"), good};
  struct bulla_secret *short_key BULLA_CLEANUP(bulla_secret_free) = test_secret(test_filled(1, 31));
  TEST_STATUS(bulla_vault_import(house.vault, &failed, &who, TEXT("acme"), short_key, NULL, &row, 1),
              BULLA_INVALID_ARGUMENT);
  cr_assert_eq(failed, 1);
  const struct bulla_triple_format no_format = {.encoding = (enum bulla_triple_encoding)3};
  TEST_STATUS(bulla_vault_import(house.vault, &failed, &who, TEXT("acme"), key, &no_format, &row, 1),
              BULLA_INVALID_ARGUMENT);
  cr_assert_eq(failed, 1);
}

Test(vault_records, import_looks_at_the_form_of_every_row_before_it_opens_one) {
  struct bulla_secret *key BULLA_CLEANUP(bulla_secret_free) = test_secret(test_filled(1, 32));
  struct bulla_secret *other BULLA_CLEANUP(bulla_secret_free) = test_secret(test_filled(2, 32));
  struct bulla_import rows[] = {{TEXT("a"), TEXT("key"), triple(other, "value")},
                                {TEXT("b"), TEXT("key"), TEXT("nonsense")}};
  size_t failed = 99;
  TEST_STATUS(bulla_vault_import(house.vault, &failed, &who, TEXT("acme"), key, NULL, rows, 2), BULLA_INVALID_TEXT);
  cr_assert_eq(failed, 1);
}

Test(vault_records, import_of_no_rows_changes_nothing) {
  struct bulla_secret *key BULLA_CLEANUP(bulla_secret_free) = test_secret(test_filled(1, 32));
  size_t failed = 99;
  TEST_STATUS(bulla_vault_import(house.vault, &failed, &who, TEXT("acme"), key, NULL, NULL, 0), BULLA_INVALID_ARGUMENT);
  cr_assert_eq(failed, 0);
  cr_assert_eq(run_sql("SELECT count(*) FROM tenant"), 0);
  assert_unbroken(1);
}

static enum bulla_status note_apikey(void *arg, const struct bulla_apikey_view *apikey) {
  note(arg, "%.*s %.*s '%.*s' %s\n", S(apikey->id), S(apikey->tenant), S(apikey->name),
       apikey->revoked > 1500000000 ? "revoked"
       : apikey->revoked == 0       ? "live"
                                    : "?");
  cr_assert_gt(apikey->created, 1500000000);
  return BULLA_OK;
}

static enum bulla_status check_root(void *arg, struct bulla_span tenant, struct bulla_span root) {
  TEST_SPAN(tenant, TEXT("acme"), "tenant");
  TEST_SPAN(root, test_filled(7, 32), "root");
  ++*(int *)arg;
  return BULLA_OK;
}

Test(vault_records, apikey_is_kept_used_and_revoked) {
  struct bulla_span id1 = RECORD_ID;
  struct bulla_span id2 = TEXT("1123456789abcdef");
  struct bulla_vault *v = house.vault;
  int calls = 0;
  TEST_OK(put_apikey(TEXT("acme"), id2, "main", 7));
  TEST_OK(put_apikey(TEXT("beta"), id1, "", 7));
  TEST_STATUS(put_apikey(TEXT("acme"), id1, "x", 7), BULLA_EXISTS);
  TEST_OK(bulla_vault_apikey_use(v, &who, id2, check_root, &calls));
  TEST_OK(bulla_vault_apikey_revoke(v, &who, id1));
  TEST_OK(bulla_vault_apikey_revoke(v, &who, id1));
  TEST_STATUS(bulla_vault_apikey_revoke(v, &who, TEXT("2123456789abcdef")), BULLA_NOT_FOUND);
  TEST_STATUS(bulla_vault_apikey_use(v, &who, id1, check_root, &calls), BULLA_NOT_FOUND);
  TEST_STATUS(bulla_vault_apikey_use(v, &who, TEXT("2123456789abcdef"), check_root, &calls), BULLA_NOT_FOUND);
  cr_assert_eq(calls, 1);
  cr_assert_eq(run_sql("SELECT count(*) FROM apikey WHERE sealed IS NULL AND secret_id IS NULL"), 1);
  struct bulla_buffer out = test_room(1000);
  TEST_OK(bulla_vault_apikey_list(v, TEXT(""), note_apikey, &out));
  TEST_SPAN(bulla_written(&out), TEXT("1123456789abcdef acme 'main' live\n0123456789abcdef beta '' revoked\n"), "all");
  out.len = 0;
  TEST_OK(bulla_vault_apikey_list(v, TEXT("acme"), note_apikey, &out));
  TEST_SPAN(bulla_written(&out), TEXT("1123456789abcdef acme 'main' live\n"), "one");
  cr_assert_eq(count_records("op = 'apikey-create'"), 2);
  cr_assert_eq(count_details("op = 'apikey-revoke' AND tenant = 'beta' AND entry = '0123456789abcdef'"), 1);
  cr_assert_eq(count_details("op = 'apikey-use' AND tenant = 'acme' AND outcome = 'granted'"), 1);
  cr_assert_eq(count_records("op = 'apikey-use'"), 1, "only what was opened is recorded");
  assert_unbroken(5);
}

Test(vault_records, an_exported_apikey_has_a_record_of_its_own_with_the_day) {
  struct bulla_span id = TEXT("1123456789abcdef");
  struct bulla_vault *v = house.vault;
  int calls = 0;
  TEST_OK(put_apikey(TEXT("acme"), id, "main", 7));
  TEST_OK(bulla_vault_apikey_export(v, &who, id, 0, check_root, &calls));
  TEST_OK(bulla_vault_apikey_export(v, &who, id, 20485, check_root, &calls));
  TEST_OK(bulla_vault_apikey_export(v, &who, id, 2932896, check_root, &calls));
  cr_assert_eq(calls, 3);
  TEST_STATUS(bulla_vault_apikey_export(v, &who, id, -1, check_root, &calls), BULLA_INVALID_ARGUMENT);
  TEST_STATUS(bulla_vault_apikey_export(v, &who, id, 2932897, check_root, &calls), BULLA_INVALID_ARGUMENT);
  TEST_STATUS(bulla_vault_apikey_export(v, &who, id, INT64_MAX, check_root, &calls), BULLA_INVALID_ARGUMENT);
  TEST_STATUS(bulla_vault_apikey_export(v, &who, TEXT("x"), 0, check_root, &calls), BULLA_INVALID_ARGUMENT);
  TEST_STATUS(bulla_vault_apikey_export(v, &who, TEXT("2123456789abcdef"), 0, check_root, &calls), BULLA_NOT_FOUND);
  cr_assert_eq(calls, 3);
  cr_assert_eq(count_details("op = 'apikey-export' AND tenant = 'acme' AND entry = '1123456789abcdef' AND "
                             "outcome = 'granted' AND field IN ('1970-01-01', '2026-02-01', '9999-12-31')"),
               3);
  cr_assert_eq(count_records("op LIKE 'apikey-%'"), 4);
  assert_unbroken(5);
}

Test(vault_records, apikey_out_of_bounds_is_refused) {
  struct bulla_secret *root BULLA_CLEANUP(bulla_secret_free) = test_secret(test_filled(7, 32));
  struct bulla_secret *short_root BULLA_CLEANUP(bulla_secret_free) = test_secret(test_filled(7, 31));
  struct bulla_span id = RECORD_ID;
  struct bulla_span hash = test_filled(9, 32);
  struct bulla_span acme = TEXT("acme");
  struct bulla_vault *v = house.vault;
  const struct {
    struct bulla_apikey_record record;
    enum bulla_status wanted;
  } rows[] = {
      {{.tenant = acme, .id = TEXT("012345"), .name = acme, .hash = hash, .root = root}, BULLA_INVALID_ARGUMENT},
      {{.tenant = acme, .id = TEXT("012345678 abcdef"), .name = acme, .hash = hash, .root = root}, BULLA_INVALID_NAME},
      {{.tenant = acme, .id = id, .name = TEXT("a b"), .hash = hash, .root = root}, BULLA_INVALID_NAME},
      {{.tenant = acme, .id = id, .name = acme, .hash = test_filled(9, 31), .root = root}, BULLA_INVALID_ARGUMENT},
      {{.tenant = acme, .id = id, .name = acme, .hash = hash, .root = short_root}, BULLA_INVALID_ARGUMENT},
      {{.tenant = acme, .id = id, .name = acme, .hash = hash, .root = NULL}, BULLA_INVALID_ARGUMENT},
  };
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    cr_assert_eq(bulla_vault_apikey_put(v, &who, &rows[i].record), rows[i].wanted, "row %zu", i);
  }
  TEST_STATUS(bulla_vault_apikey_use(v, &who, TEXT("x"), check_root, NULL), BULLA_INVALID_ARGUMENT);
  TEST_STATUS(bulla_vault_apikey_revoke(v, &who, TEXT("x")), BULLA_INVALID_ARGUMENT);
  assert_unbroken(1);
}
