/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Walking over the secrets of a vault, and what is sealed beside each. */

#include "tests/vault_support.h"

TestSuite(vault_secrets, .init = build_house, .fini = leave_house);

enum { MANY = 150 }; /* more than two pages */

static char told[64 * 1024];

static enum bulla_status tell(void *arg, const struct bulla_secret_view *secret) {
  size_t len = strlen(told);
  cr_expect_geq(secret->updated, 1700000000);
  snprintf(told + len, sizeof(told) - len, "%.*s/%.*s:%.*s#%lld %lld%s;", (int)secret->tenant.len, secret->tenant.data,
           (int)secret->entry.len, secret->entry.data, (int)secret->field.len, secret->field.data,
           (long long)secret->revision, (long long)secret->expires, secret->is_canary ? " canary" : "");
  return arg == NULL ? BULLA_OK : *(enum bulla_status *)arg;
}

static enum bulla_status list(struct bulla_span tenant) {
  told[0] = '\0';
  return bulla_vault_secrets(house.vault, tenant, tell, NULL);
}

static void put_with(const char *tenant, const char *entry, struct bulla_field field) {
  field.value = TEXT("value");
  field.secret = true;
  TEST_OK(bulla_vault_put(house.vault, &who, AT(test_text(tenant), test_text(entry)), &field, 1));
}

Test(vault_secrets, secrets_are_told_in_order_with_their_traits_and_plain_fields_are_not) {
  put_with("beta", "b", (struct bulla_field){.name = TEXT("y"), .expires = 1893456000});
  put_with("beta", "b", (struct bulla_field){.name = TEXT("x"), .canary = 1});
  put_with("beta", "a", (struct bulla_field){.name = TEXT("z")});
  put_with("beta", "a", (struct bulla_field){.name = TEXT("z")});
  put_with("acme", "z", (struct bulla_field){.name = TEXT("z")});
  TEST_OK(put("beta", "a", "host", "plain", false));
  TEST_OK(put("plain", "a", "host", "plain", false));
  int num_before = 0;
  int num_after = 0;
  TEST_OK(bulla_vault_audit_log(house.vault, 1, bulla_span(NULL, 0), count_record, &num_before));
  TEST_OK(list(bulla_span(NULL, 0)));
  cr_expect_str_eq(told, "acme/z:z#1 0;beta/b:y#1 1893456000;beta/b:x#1 0 canary;beta/a:z#2 0;");
  TEST_OK(list(TEXT("beta")));
  cr_expect_str_eq(told, "beta/b:y#1 1893456000;beta/b:x#1 0 canary;beta/a:z#2 0;");
  TEST_OK(list(TEXT("plain")));
  cr_expect_str_eq(told, "");
  TEST_STATUS(list(TEXT("gamma")), BULLA_NOT_FOUND);
  TEST_STATUS(list(TEXT("a b")), BULLA_INVALID_NAME);
  TEST_OK(bulla_vault_audit_log(house.vault, 1, bulla_span(NULL, 0), count_record, &num_after));
  cr_expect_eq(num_after, num_before);
}

static void put_many(void) {
  struct bulla_field fields[MANY];
  for (int i = 0; i < MANY; i++) {
    char *name = (char *)test_alloc(16);
    snprintf(name, 16, "f%03d", i);
    fields[i] = (struct bulla_field){test_text(name), TEXT("value"), true};
  }
  TEST_OK(bulla_vault_put(house.vault, &who, AT(TEXT("acme"), TEXT("many")), fields, MANY));
  TEST_OK(put("acme", "next", "f000", "value", true));
  TEST_OK(put("beta", "many", "f000", "value", true));
}

static int count_told(void) {
  int num = 0;
  for (const char *at = strchr(told, ';'); at != NULL; at = strchr(at + 1, ';')) {
    num++;
  }
  return num;
}

Test(vault_secrets, more_than_a_page_is_told_once_each) {
  put_many();
  TEST_OK(list(bulla_span(NULL, 0)));
  cr_expect_eq(count_told(), MANY + 2);
  cr_expect_not_null(strstr(told, "f063#1 0;acme/many:f064"));
  cr_expect_not_null(strstr(told, "f149#1 0;acme/next:f000#1 0;beta/many:f000#1 0;"));
  enum bulla_status refusal = BULLA_IN_USE;
  told[0] = '\0';
  TEST_STATUS(bulla_vault_secrets(house.vault, bulla_span(NULL, 0), tell, &refusal), BULLA_IN_USE);
  cr_expect_eq(count_told(), 1);
}

static enum bulla_status rename_at_last_of_page(void *arg, const struct bulla_secret_view *secret) {
  if (bulla_span_equal(secret->field, TEXT("f063"))) {
    TEST_OK(bulla_vault_rename_tenant(house.vault, &who, TEXT("acme"), TEXT("aaaa")));
  }
  return tell(arg, secret);
}

Test(vault_secrets, a_tenant_that_is_renamed_meanwhile_is_walked_to_its_end) {
  put_many();
  told[0] = '\0';
  TEST_OK(bulla_vault_secrets(house.vault, bulla_span(NULL, 0), rename_at_last_of_page, NULL));
  cr_expect_eq(count_told(), MANY + 2);
  cr_expect_not_null(strstr(told, "acme/many:f063#1 0;aaaa/many:f064#1 0;"));
}

/* Who may add rows and has no key can add such a one. */
Test(vault_secrets, what_is_in_an_entry_without_a_proof_hides_no_other) {
  put_with("acme", "a", (struct bulla_field){.name = TEXT("x")});
  put_with("acme", "b", (struct bulla_field){.name = TEXT("y")});
  put_with("acme", "c", (struct bulla_field){.name = TEXT("z")});
  put_with("acme", "d", (struct bulla_field){.name = TEXT("z")});
  run_sql("UPDATE entry SET name_proof = zeroblob(32) WHERE name IN ('a', 'c')");
  if (!postgres_is_tested()) { /* a server takes no such name */
    run_sql("UPDATE entry SET name = 'no name' WHERE name = 'c'");
  }
  test_listen();
  TEST_STATUS(list(TEXT("acme")), BULLA_REFUSED);
  cr_assert_not_null(strstr(test_told.text, "2 secrets"), "%s", test_told.text);
  cr_expect_str_eq(told, "acme/b:y#1 0;acme/d:z#1 0;");
}

Test(vault_secrets, secrets_under_former_versions_come_before_those_under_later_ones) {
  int64_t version;
  put_many();
  TEST_OK(bulla_vault_rotate_tenant(house.vault, &version, &who, TEXT("acme")));
  TEST_OK(put("acme", "many", "f001", "value", true));
  TEST_OK(bulla_vault_rotate_tenant(house.vault, &version, &who, TEXT("acme")));
  TEST_OK(put("acme", "many", "f000", "value", true));
  TEST_OK(list(TEXT("acme")));
  cr_expect_eq(count_told(), MANY + 1);
  cr_expect_eq(strncmp(told, "acme/many:f002#1", 16), 0, "%.40s", told);
  cr_expect_not_null(strstr(told, "acme/next:f000#1 0;acme/many:f001#2 0;acme/many:f000#2 0;"));
}

Test(vault_secrets, a_mask_that_was_changed_is_left_out_and_refused_at_the_end) {
  put_many();
  run_sql("UPDATE field SET mask = (SELECT mask FROM field WHERE name = 'f007') WHERE name = 'f008'");
  TEST_STATUS(list(bulla_span(NULL, 0)), BULLA_REFUSED);
  cr_expect_eq(count_told(), MANY + 1);
  cr_expect_null(strstr(told, "f008"));
  TEST_OK(list(TEXT("beta")));
}

Test(vault_secrets, rows_of_other_names_and_secrets_are_refused) {
  put_many();
  run_sql("UPDATE entry SET name = 'first' WHERE name = 'many'");
  TEST_STATUS(list(TEXT("beta")), BULLA_REFUSED);
  cr_expect_str_eq(told, "");
  run_sql("UPDATE entry SET name = 'many' WHERE name = 'first'");
  TEST_OK(list(TEXT("beta")));
  run_sql(
      "UPDATE field SET secret_id = (SELECT k.id FROM tenant_secret k JOIN tenant t ON t.id = k.tenant WHERE "
      "t.name = 'acme') WHERE entry IN (SELECT e.id FROM entry e JOIN tenant t ON t.id = e.tenant WHERE t.name = "
      "'beta')");
  TEST_STATUS(list(TEXT("acme")), BULLA_REFUSED);
}
