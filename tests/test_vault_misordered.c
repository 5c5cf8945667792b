/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Indexes that are sorted as by something else than they say: SQLite takes their order for granted. */

#include "tests/vault_support.h"

TestSuite(vault_misordered, .init = build_house, .fini = leave_house);

/* Has |table| sorted as by |other| in place of |unique|, behind a schema that says |unique|: SQLite, which
 * takes the order for granted, then finds rows that are not what was asked for. */
static void misorder(const char *table, const char *unique, const char *other) {
  char text[600];
  snprintf(text, sizeof(text),
           "CREATE TABLE kept AS SELECT sql FROM sqlite_schema WHERE name = '%s'; PRAGMA writable_schema = ON; "
           "UPDATE sqlite_schema SET sql = replace(sql, '%s', '%s') WHERE name = '%s'",
           table, unique, other, table);
  run_sql(text);
  snprintf(text, sizeof(text),
           "REINDEX %s; PRAGMA writable_schema = ON; "
           "UPDATE sqlite_schema SET sql = (SELECT sql FROM kept) WHERE name = '%s'; DROP TABLE kept",
           table, table);
  run_sql(text);
}

static enum bulla_status check_field(void *arg, const struct bulla_revision_view *view) {
  TEST_SPAN(view->field, test_text((const char *)arg), "another field");
  return BULLA_OK;
}

Test(vault_misordered, an_index_out_of_order_does_not_open_one_field_for_another) {
  char name[] = "fieldX";
  for (char c = 'A'; c <= 'Z'; c++) {
    name[5] = c;
    TEST_OK(put("acme", "db", name, name, c % 2 == 0));
  }
  close_vault();
  misorder("field", "UNIQUE(entry, name, revision)", "UNIQUE(entry, name DESC, revision)");
  open_vault();
  for (char c = 'A'; c <= 'Z'; c++) {
    name[5] = c;
    if (use("acme", "db", name) == BULLA_OK) {
      TEST_SPAN(used.value, test_text(name), "%s", name);
    }
    enum bulla_status ignored =
        bulla_vault_history(house.vault, AT(TEXT("acme"), TEXT("db"), test_text(name)), check_field, name);
    (void)ignored;
  }
  cr_assert_gt(count_records("outcome = 'failed'"), 0, "the index misleads");
}

Test(vault_misordered, an_index_out_of_order_does_not_open_one_entry_or_tenant_for_another) {
  static const char *const tables[] = {"entry", "tenant"};
  static const char *const unique[] = {"UNIQUE(tenant, name)", "name TEXT UNIQUE"};
  static const char *const other[] = {"UNIQUE(tenant, name COLLATE NOCASE)", "name TEXT UNIQUE COLLATE NOCASE"};
  for (int i = 0; i < 2; i++) {
    char names[26][3];
    for (int n = 0; n < 26; n++) {
      snprintf(names[n], sizeof(names[n]), "%c%c", n % 2 == 0 ? 'A' + n : 'a' + n, 'x');
      TEST_OK(put(i == 0 ? "acme" : names[n], i == 0 ? names[n] : "db", "password", names[n], true));
    }
    close_vault();
    misorder(tables[i], unique[i], other[i]);
    open_vault();
    for (int n = 0; n < 26; n++) {
      if (use(i == 0 ? "acme" : names[n], i == 0 ? names[n] : "db", "password") == BULLA_OK) {
        TEST_SPAN(used.value, test_text(names[n]), "%s", names[n]);
      }
    }
    cr_assert_gt(count_records("outcome = 'failed'"), 0, "the index misleads");
    int64_t num_refused = 0;
    for (int n = 0; n < 26; n++) {
      num_refused += put(i == 0 ? "acme" : names[n], i == 0 ? names[n] : "db", "other", "x", true) == BULLA_REFUSED;
    }
    cr_assert_gt(num_refused, 0, "nor is anything put there");
    leave_house();
    build_house();
  }
}

/* Rows that come twice, or come round and round, come out of order. */
Test(vault_misordered, a_walk_out_of_order_is_refused) {
  TEST_OK(put("Bcme", "db", "password", "x", true));
  TEST_OK(put("acme", "Ea", "password", "x", true));
  TEST_OK(put("acme", "db", "host", "x", false));
  TEST_OK(put("acme", "db", "password", "x", true));
  close_vault();
  struct bulla_span good = read_file(house.path);
  static const struct {
    const char *table;
    const char *unique;
    const char *other;
  } orders[] = {
      {"field", "UNIQUE(entry, name, revision)", "UNIQUE(entry, name DESC, revision)"},
      {"entry", "UNIQUE(tenant, name)", "UNIQUE(tenant, name COLLATE NOCASE)"},
      {"tenant", "name TEXT UNIQUE", "name TEXT UNIQUE COLLATE NOCASE"},
  };
  for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
    write_file(house.path, good);
    open_vault();
    TEST_OK(bulla_vault_show(house.vault, AT(TEXT("acme"), TEXT("db")), count_field, NULL));
    TEST_OK(bulla_vault_list(house.vault, TEXT(""), count_entry, NULL));
    close_vault();
    misorder(orders[i].table, orders[i].unique, orders[i].other);
    open_vault();
    enum bulla_status status = i == 0 ? bulla_vault_show(house.vault, AT(TEXT("acme"), TEXT("db")), count_field, NULL)
                                      : bulla_vault_list(house.vault, TEXT(""), count_entry, NULL);
    cr_assert_eq(status, BULLA_REFUSED, "%s: %s", orders[i].table, bulla_status_text(status));
    close_vault();
  }
}

static enum bulla_status check_own_root(void *arg, struct bulla_span tenant, struct bulla_span root) {
  (void)tenant;
  TEST_SPAN(root, test_filled(*(const uint8_t *)arg, 32), "the root of another API key");
  return BULLA_OK;
}

Test(vault_misordered, an_index_out_of_order_does_not_open_one_apikey_for_another) {
  uint8_t id[] = "0123456789abcdeX";
  for (uint8_t c = 'A'; c <= 'Z'; c++) {
    id[15] = c % 2 == 0 ? c : (uint8_t)(c | 0x20);
    TEST_OK(put_apikey(TEXT("acme"), bulla_span(id, 16), "x", c));
  }
  close_vault();
  misorder("apikey", "UNIQUE", "UNIQUE COLLATE NOCASE");
  open_vault();
  for (uint8_t c = 'A'; c <= 'Z'; c++) {
    id[15] = c % 2 == 0 ? c : (uint8_t)(c | 0x20);
    enum bulla_status status = bulla_vault_apikey_use(house.vault, &who, bulla_span(id, 16), check_own_root, &c);
    cr_assert(status == BULLA_OK || status == BULLA_REFUSED || status == BULLA_NOT_FOUND);
  }
  cr_assert_gt(count_records("outcome = 'failed'"), 0, "the index misleads");
}
