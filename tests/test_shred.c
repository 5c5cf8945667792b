/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Shredding a tenant: what is left of it is noise, and the log still holds. */

#include "core/hex.h"
#include "store/tenant.h"
#include "tests/vault_support.h"

TestSuite(shred, .init = build_house, .fini = leave_house, .timeout = 60);

#define KEY_ID TEXT("0123456789abcdef")

static void fill_house(void) {
  TEST_OK(put("acme", "warehouse", "password", "hunter2hunter2hunter2", true));
  TEST_OK(put("acme", "warehouse", "host", "warehouse.acme.example", false));
  TEST_OK(put_apikey(TEXT("acme"), KEY_ID, "embed", 7));
  TEST_OK(bulla_vault_token_revoke(house.vault, &who, TEXT("acme"), TEXT("t-1"), 4000000000));
  TEST_OK(put("beta", "db", "password", "xyzzy", true));
  assert_use("acme", "warehouse", "password", "hunter2hunter2hunter2");
}

static enum bulla_status shred(const char *tenant) {
  return bulla_vault_shred(house.vault, &who, test_text(tenant));
}

Test(shred, nothing_of_the_tenant_is_found) {
  int calls = 0;
  fill_house();
  uint64_t generation = bulla_vault_generation(house.vault);
  TEST_OK(bulla_vault_apikey_live(house.vault, KEY_ID));
  TEST_OK(shred("acme"));
  TEST_STATUS(use("acme", "warehouse", "password"), BULLA_NOT_FOUND);
  TEST_STATUS(bulla_vault_apikey_use(house.vault, &who, KEY_ID, count_root, &calls), BULLA_NOT_FOUND);
  TEST_STATUS(bulla_vault_apikey_live(house.vault, KEY_ID), BULLA_NOT_FOUND);
  cr_assert_neq(bulla_vault_generation(house.vault), generation);
  TEST_STATUS(bulla_vault_apikey_list(house.vault, TEXT("acme"), count_apikey, &calls), BULLA_NOT_FOUND);
  TEST_STATUS(shred("acme"), BULLA_NOT_FOUND);
  cr_assert_eq(calls, 0);
  cr_assert_eq(run_sql("SELECT count(*) FROM entry") + run_sql("SELECT count(*) FROM field"), 2);
  cr_assert_eq(run_sql("SELECT count(*) FROM apikey") + run_sql("SELECT count(*) FROM revoked_token"), 0);
  cr_assert_eq(run_sql("SELECT count(*) FROM tenant_secret"), 1);
  cr_assert_eq(run_sql("SELECT count(*) FROM tenant WHERE name IS NULL AND label_key IS NULL AND detail_key IS NULL"),
               1);
  assert_use("beta", "db", "password", "xyzzy");
  /* The name is free for another. */
  TEST_OK(put("acme", "warehouse", "password", "plugh", true));
  assert_use("acme", "warehouse", "password", "plugh");
  assert_sound();
}

/* What a record of the log shows. */
struct shown {
  int num_erased;
  int num_named; /* that name acme or what it had */
  struct bulla_span id;
};

static bool has(struct bulla_span text, const char *word) {
  return text.len > 0 && memmem(text.data, text.len, word, strlen(word)) != NULL;
}

static enum bulla_status look_at(void *arg, const struct bulla_audit_record *record) {
  struct shown *shown = arg;
  bool is_empty = record->tenant.len + record->actor.len + record->origin.len + record->reason.len + record->entry.len +
                      record->field.len ==
                  0;
  cr_expect_eq(record->is_erased, is_empty, "%.*s", S(record->op));
  shown->num_erased += record->is_erased ? 1 : 0;
  shown->num_named += has(record->tenant, "acme") || has(record->entry, "warehouse") ? 1 : 0;
  if (record->is_erased) {
    shown->id = test_copy(record->tenant_id);
  }
  if (test_same(record->op, TEXT("shred"))) {
    char digits[32];
    bulla_hex_encode((uint8_t *)digits, shown->id);
    TEST_SPAN(record->entry, bulla_span(digits, sizeof(digits)), "%.*s", S(record->entry));
    TEST_SPAN(record->actor, who.actor, "%.*s", S(record->actor));
  }
  return BULLA_OK;
}

Test(shred, the_details_of_its_records_are_gone_and_the_chain_holds) {
  struct shown shown = {.num_erased = 0};
  struct bulla_audit_verdict before = BULLA_AUDIT_VERDICT_INIT;
  struct bulla_audit_verdict after = BULLA_AUDIT_VERDICT_INIT;
  fill_house();
  TEST_OK(bulla_vault_audit_verify(house.vault, &before));
  TEST_OK(shred("acme"));
  TEST_OK(bulla_vault_audit_verify(house.vault, &after));
  cr_assert_eq(after.num_records, before.num_records + 1);
  TEST_OK(bulla_vault_audit_log(house.vault, 1, TEXT(""), look_at, &shown));
  cr_assert_eq(shown.num_erased, 5);
  cr_assert_eq(shown.num_named, 0);
  close_vault();
  open_vault();
  TEST_OK(bulla_vault_audit_verify(house.vault, &after));
}

/* num_of returns how often |text| is in the files of the vault. */
static int num_of(const char *text) {
  int num = 0;
  const char *const ends[] = {"", "-wal"};
  for (size_t i = 0; i < 2; i++) {
    struct bulla_span name = test_concat(test_text(house.path), bulla_span(ends[i], strlen(ends[i]) + 1));
    struct bulla_span file = read_file((const char *)name.data);
    num += file.len > 0 && memmem(file.data, file.len, text, strlen(text)) != NULL ? 1 : 0;
  }
  return num;
}

Test(shred, nothing_of_it_is_left_in_the_files) {
  SQLITE_ONLY();
  fill_house();
  cr_assert_gt(num_of("warehouse.acme.example"), 0);
  TEST_OK(shred("acme"));
  TEST_OK(bulla_vault_scrub(house.vault));
  cr_assert_eq(num_of("warehouse"), 0);
  cr_assert_eq(num_of("acme"), 0);
}

/* Other processes have its keys in memory. */
Test(shred, another_process_knows_of_it) {
  struct bulla_vault *other = NULL;
  struct bulla_secret *value = NULL;
  fill_house();
  TEST_OK(bulla_vault_open(&other, house.url, house.root, NULL));
  TEST_OK(bulla_vault_read(other, &value, &who, AT(TEXT("acme"), TEXT("warehouse"), TEXT("password"))));
  bulla_secret_free(&value);
  TEST_OK(bulla_vault_apikey_live(other, KEY_ID));
  TEST_OK(shred("acme"));
  TEST_STATUS(bulla_vault_apikey_live(other, KEY_ID), BULLA_NOT_FOUND);
  TEST_STATUS(bulla_vault_read(other, &value, &who, AT(TEXT("acme"), TEXT("warehouse"), TEXT("password"))),
              BULLA_NOT_FOUND);
  bulla_vault_close(&other);
}

/* What is signed of a shredded tenant commits to no key, so that none can be put back, not even by who kept one. */
Test(shred, what_is_signed_of_it_has_no_key_any_more) {
  const struct bulla_tenant *acme = NULL;
  fill_house();
  TEST_OK(bulla_tenant_look(&acme, house.vault, TEXT("acme")));
  struct bulla_span id = test_copy(bulla_tenant_id(acme));
  cr_expect_eq(acme->said.label_key_id.len, BULLA_KEY_ID_LEN);
  cr_expect_eq(acme->said.detail_key_id.len, BULLA_KEY_ID_LEN);
  TEST_OK(shred("acme"));
  for (int reopened = 0; reopened < 2; reopened++) {
    TEST_OK(bulla_tenant_by_id(&acme, house.vault, id));
    cr_expect(acme->said.shredded);
    cr_expect_eq(acme->said.num_secrets, 0);
    cr_expect_eq(acme->said.label_key_id.len + acme->said.detail_key_id.len, 0);
    close_vault();
    open_vault();
  }
  /* A removed one keeps both: its records need them. */
  TEST_OK(bulla_tenant_look(&acme, house.vault, TEXT("beta")));
  id = test_copy(bulla_tenant_id(acme));
  struct bulla_span detail_key_id = test_copy(acme->said.detail_key_id);
  TEST_OK(bulla_vault_remove(house.vault, &who, AT(TEXT("beta"), TEXT("db"))));
  TEST_OK(bulla_vault_remove_tenant(house.vault, &who, TEXT("beta")));
  TEST_OK(bulla_tenant_by_id(&acme, house.vault, id));
  cr_expect(acme->said.removed);
  TEST_SPAN(acme->said.detail_key_id, detail_key_id, "detail key");
  TEST_SPAN(bulla_key_id(acme->detail_key), detail_key_id, "and it opened");
}

/* Whoever writes to the database and has no key can neither give a shredded tenant a name nor keys, nor shred one. */
Test(shred, a_row_that_says_otherwise_is_refused) {
  static const char *const rows[] = {
      "UPDATE tenant SET name = 'acme' WHERE name IS NULL",
      "UPDATE tenant SET label_key = x'00', detail_key = x'00' WHERE name IS NULL",
      "UPDATE tenant SET detail_key = (SELECT t.detail_key FROM tenant t WHERE t.name = 'beta') WHERE name IS NULL",
  };
  fill_house();
  TEST_OK(shred("acme"));
  struct bulla_span file = image();
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    struct bulla_span none = TEXT("");
    restore(file, rows[i]);
    cr_expect_neq(bulla_vault_audit_log(house.vault, 1, none, count_record, NULL), BULLA_OK, "%s", rows[i]);
    cr_expect_neq(use("acme", "warehouse", "password"), BULLA_OK, "%s", rows[i]);
  }
  restore(file, "UPDATE tenant SET label_key = NULL, detail_key = NULL WHERE name = 'beta'");
  TEST_STATUS(use("beta", "db", "password"), BULLA_REFUSED);
}
