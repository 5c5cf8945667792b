/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* A vault in which somebody without keys has given names, and keys, to other rows: no name stands for a tenant or
 * an entry that bulla did not give it to, and no key seals for a tenant that it was not made for. */

#include "tests/vault_support.h"

TestSuite(vault_names, .init = build_house, .fini = leave_house);

/* Two tenants with the same entries and fields, an API key of acme, and the file that they are in. */
static struct bulla_span furnish(void) {
  TEST_OK(put("acme", "db", "password", "acme db password", true));
  TEST_OK(put("acme", "db", "host", "acme.example", false));
  TEST_OK(put("acme", "mail", "password", "acme mail password", true));
  TEST_OK(put("acme", "mail", "host", "mail.example", false));
  TEST_OK(put("beta", "db", "password", "beta db password", true));
  TEST_OK(put("beta", "db", "host", "beta.example", false));
  TEST_OK(put_apikey(TEXT("acme"), RECORD_ID, "x", 7));
  return image();
}

/* Two vaults of one root key: the file of one in the place of the other is authentic in itself. */
Test(vault_names, a_vault_is_not_taken_for_another_whose_id_is_pinned) {
  struct bulla_vault_options options = BULLA_VAULT_OPTIONS_INIT;
  struct bulla_vault *vault = NULL;
  options.id = test_copy(bulla_vault_id(house.vault));
  close_vault();
  TEST_OK(bulla_vault_open(&vault, house.url, house.root, &options));
  bulla_vault_close(&vault);
  remove_vault();
  TEST_OK(bulla_vault_create(house.url, house.root));
  TEST_STATUS(bulla_vault_open(&vault, house.url, house.root, &options), BULLA_WRONG_VAULT);
  cr_assert_null(vault);
  TEST_OK(bulla_vault_open(&vault, house.url, house.root, NULL));
  cr_assert_not(test_same(bulla_vault_id(vault), options.id));
  bulla_vault_close(&vault);
  options.id.len = BULLA_VAULT_ID_LEN - 1;
  TEST_STATUS(bulla_vault_open(&vault, house.url, house.root, &options), BULLA_INVALID_ARGUMENT);
}

/* Whatever a callback is given is too much. */
static int num_given;

static enum bulla_status use_secret(void) {
  return use("acme", "db", "password");
}

static enum bulla_status use_plain(void) {
  return use("acme", "db", "host");
}

static enum bulla_status show(void) {
  return bulla_vault_show(house.vault, AT(TEXT("acme"), TEXT("db")), count_field, &num_given);
}

static enum bulla_status put_field(void) {
  return put("acme", "db", "other", "x", true);
}

static enum bulla_status put_entry(void) {
  return put("acme", "new", "other", "x", true);
}

static enum bulla_status import(void) {
  struct bulla_secret *key BULLA_CLEANUP(bulla_secret_free) = test_secret(test_filled(1, 32));
  struct bulla_buffer text = test_room(bulla_triple_len(1));
  TEST_OK(bulla_triple_seal(key, &text, TEXT("x")));
  struct bulla_import row = {TEXT("db"), TEXT("imported"), bulla_written(&text)};
  size_t failed;
  return bulla_vault_import(house.vault, &failed, &who, TEXT("acme"), key, NULL, &row, 1);
}

static enum bulla_status remove_entry(void) {
  return bulla_vault_remove(house.vault, &who, AT(TEXT("acme"), TEXT("db")));
}

static enum bulla_status list_one(void) {
  return bulla_vault_list(house.vault, TEXT("acme"), count_entry, NULL);
}

static enum bulla_status list_all(void) {
  return bulla_vault_list(house.vault, TEXT(""), count_entry, NULL);
}

static enum bulla_status put_one(void) {
  return put_apikey(TEXT("acme"), TEXT("1123456789abcdef"), "x", 7);
}

static enum bulla_status use_apikey(void) {
  return bulla_vault_apikey_use(house.vault, &who, RECORD_ID, count_root, &num_given);
}

static enum bulla_status list_apikeys(void) {
  return bulla_vault_apikey_list(house.vault, TEXT(""), count_apikey, NULL);
}

static const struct {
  const char *what;
  enum bulla_status (*ask)(void);
  bool of_entry; /* by way of the name of an entry too; to remove one needs no proof of that */
} questions[] = {
    {"use", use_secret, true},
    {"use of a plain field", use_plain, true},
    {"show", show, true},
    {"put", put_field, true},
    {"put of a new entry", put_entry, false},
    {"import", import, true},
    {"remove", remove_entry, false},
    {"list", list_one, true},
    {"list of all", list_all, true},
    {"apikey put", put_one, false},
    {"apikey use", use_apikey, false},
    {"apikey list", list_apikeys, false},
};

/* Asserts that nothing that goes by way of a name is done once |sql| has been run. With the keys of both tenants
 * in the cache, if it is |warm|: then each question has a vault of its own, and else all have the same. */
static void assert_all_refused(struct bulla_span file, const char *sql, bool of_entry, bool warm) {
  bool is_changed = false;
  for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++) {
    if (of_entry && !questions[i].of_entry) {
      continue;
    }
    if (is_changed) {
      close_vault();
      open_vault();
    } else {
      restore(file, warm ? "" : sql);
      is_changed = !warm;
    }
    if (warm) {
      assert_use("acme", "db", "password", "acme db password");
      assert_use("beta", "db", "password", "beta db password");
      run_sql(sql);
    }
    used.calls = 0;
    num_given = 0;
    enum bulla_status status = questions[i].ask();
    cr_assert_eq(status, BULLA_REFUSED, "%s: %s: %s", questions[i].what, sql, bulla_status_text(status));
    cr_assert_eq(used.calls + num_given, 0, "%s: %s: given", questions[i].what, sql);
  }
}

#define OF_ACME "tenant = (SELECT id FROM tenant WHERE name = 'acme')"
#define RENAME(table, from, to, condition) \
  "UPDATE " table " SET name = '" to "' WHERE name = '" from "' AND " condition ";"
#define SWAP(table, a, b, condition) \
  RENAME(table, a, "none", condition) RENAME(table, b, a, condition) RENAME(table, "none", b, condition)
#define SWAP_WITH_PROOFS(table, a, b, condition)                                                             \
  "CREATE TABLE kept AS SELECT name, name_proof FROM " table " WHERE " condition                             \
  ";" SWAP(table, a, b, condition) "UPDATE " table                                                           \
                                   " SET name_proof = (SELECT name_proof FROM kept WHERE kept.name = " table \
                                   ".name) WHERE " condition "; DROP TABLE kept"
#define SET_PROOF(table, name, condition, proof) \
  "UPDATE " table " SET name_proof = " proof " WHERE name = '" name "' AND " condition

#define SET(column, value) "UPDATE tenant SET " column " = " value " WHERE name = 'acme'"
#define OF_BETA(column) "(SELECT o." column " FROM tenant o WHERE o.name = 'beta')"
#define ALL_OF_BETA "statement, signature, label_key, detail_key"

static const char *const tenant_changes[] = {
    SWAP("tenant", "acme", "beta", "1 = 1"),
    /* The names with what is signed of them, and with all that they had but the id. */
    "CREATE TABLE kept AS SELECT * FROM tenant; UPDATE tenant SET name = NULL; UPDATE tenant SET (name, statement, "
    "signature) = (SELECT name, statement, signature FROM kept WHERE kept.id <> tenant.id); DROP TABLE kept",
    "CREATE TABLE kept AS SELECT * FROM tenant; UPDATE tenant SET name = NULL; UPDATE tenant SET (name, " ALL_OF_BETA
    ") = (SELECT name, " ALL_OF_BETA " FROM kept WHERE kept.id <> tenant.id); DROP TABLE kept",
    SET("statement", OF_BETA("statement")),
    SET("signature", OF_BETA("signature")),
    SET("(statement, signature)", OF_BETA("statement, o.signature")),
    SET("(statement, signature)", "(SELECT statement, signature FROM vault)"),
    SET("(statement, signature)", "(SELECT statement, signature FROM lane)"),
    SET("statement", "zeroblob(length(statement))"),
    SET("statement", "zeroblob(100000)"),
    SET("statement", "x''"),
    SET("statement", "substr(statement, 1, length(statement) - 1)"),
    SET("statement", "CAST(statement || x'00' AS BLOB)"),
    SET("signature", "zeroblob(64)"),
    SET("signature", "x''"),
    SET("signature", "substr(signature, 1, 63)"),
    SET("signature", "CAST(signature || x'00' AS BLOB)"),
};

/* What is not looked at any more once it was unwrapped for a row. */
static const char *const key_changes[] = {
    SET("label_key", OF_BETA("label_key")),
    SET("label_key", "detail_key"),
    SET("label_key", "zeroblob(length(label_key))"),
    SET("label_key", "x''"),
    SET("label_key", "zeroblob(1000)"),
    SET("label_key", "substr(label_key, 1, length(label_key) - 1)"),
    SET("label_key", "(SELECT wrapped FROM tenant_secret s WHERE s.tenant = tenant.id)"),
    SET("detail_key", OF_BETA("detail_key")),
    SET("detail_key", "label_key"),
    SET("detail_key", "(SELECT detail_key FROM vault)"),
    SET("detail_key", "x''"),
    SET("detail_key", "substr(detail_key, 1, length(detail_key) - 1)"),
    SET("(label_key, detail_key)", OF_BETA("label_key, o.detail_key")),
};

static const char *const entry_changes[] = {
    SWAP("entry", "db", "mail", OF_ACME),
    SWAP_WITH_PROOFS("entry", "db", "mail", OF_ACME),
    SET_PROOF("entry", "db", OF_ACME, "(SELECT o.name_proof FROM entry o WHERE o.name = 'db' AND NOT o." OF_ACME ")"),
    SET_PROOF("entry", "db", OF_ACME, "(SELECT mask FROM field WHERE secret = 0 LIMIT 1)"),
    SET_PROOF("entry", "db", OF_ACME, "zeroblob(32)"),
    SET_PROOF("entry", "db", OF_ACME, "x''"),
};

Test(vault_names, a_tenant_is_not_taken_for_another) {
  struct bulla_span file = furnish();
  for (size_t i = 0; i < sizeof(tenant_changes) / sizeof(tenant_changes[0]); i++) {
    assert_all_refused(file, tenant_changes[i], false, false);
    assert_all_refused(file, tenant_changes[i], false, true);
  }
}

Test(vault_names, a_tenant_has_no_keys_but_its_own) {
  struct bulla_span file = furnish();
  for (size_t i = 0; i < sizeof(key_changes) / sizeof(key_changes[0]); i++) {
    assert_all_refused(file, key_changes[i], false, false);
  }
}

Test(vault_names, an_entry_is_not_taken_for_another) {
  struct bulla_span file = furnish();
  for (size_t i = 0; i < sizeof(entry_changes) / sizeof(entry_changes[0]); i++) {
    assert_all_refused(file, entry_changes[i], true, false);
    assert_all_refused(file, entry_changes[i], true, true);
  }
}

Test(vault_names, a_new_name_stands_for_nothing) {
  struct bulla_span file = furnish();
  restore(file, RENAME("tenant", "acme", "gamma", "1 = 1"));
  TEST_STATUS(use("gamma", "db", "password"), BULLA_REFUSED);
  TEST_STATUS(use("acme", "db", "password"), BULLA_NOT_FOUND);
  restore(file, RENAME("entry", "db", "other", OF_ACME));
  TEST_STATUS(use("acme", "other", "password"), BULLA_REFUSED);
  TEST_STATUS(use("acme", "db", "password"), BULLA_NOT_FOUND);
  cr_assert_eq(used.calls, 0);
}

Test(vault_names, an_entry_without_an_id_is_none) {
  struct bulla_span file = furnish();
  restore(file,
          "INSERT INTO entry(id, tenant, name, name_proof) SELECT x'', tenant, 'new', name_proof FROM entry WHERE name "
          "= 'db' AND " OF_ACME);
  TEST_STATUS(list_all(), BULLA_REFUSED);
}

#define PLANTED "x'000102030405060708090a0b0c0d0e0f'"
#define PLANT                                                                                                    \
  "INSERT INTO entry(id, tenant, name, name_proof) SELECT " PLANTED                                              \
  ", tenant, 'planted', name_proof FROM entry WHERE name = 'db' AND " OF_ACME                                    \
  "; INSERT INTO field(entry, name, revision, secret, value, mask, secret_id, updated) SELECT " PLANTED          \
  ", f.name, f.revision, f.secret, f.value, f.mask, f.secret_id, f.updated FROM field f JOIN entry e ON e.id = " \
  "f.entry WHERE e.name = 'db' AND e." OF_ACME

/* Who may add rows and has no key can spoil a list: it is to be mended by who reads it. */
Test(vault_names, an_entry_that_was_planted_is_removed_by_its_name) {
  struct bulla_span file = furnish();
  const struct bulla_place planted = {TEXT("acme"), TEXT("planted"), TEXT("")};
  const struct bulla_span host = TEXT("host");
  int64_t num_fields = run_sql("SELECT count(*) FROM field");
  restore(file, PLANT);
  test_listen();
  TEST_STATUS(list_all(), BULLA_REFUSED);
  cr_assert_not_null(strstr(test_told.text, "\"planted\""), "%s", test_told.text);
  TEST_STATUS(put("acme", "planted", "password", "x", true), BULLA_REFUSED);
  TEST_STATUS(use("acme", "planted", "password"), BULLA_REFUSED);
  TEST_STATUS(bulla_vault_remove_fields(house.vault, &who, &planted, &host, 1), BULLA_REFUSED);
  TEST_OK(bulla_vault_remove(house.vault, &who, &planted));
  TEST_STATUS(bulla_vault_remove(house.vault, &who, &planted), BULLA_NOT_FOUND);
  cr_expect_eq(count_details("op = 'remove' AND outcome = 'done' AND tenant = 'acme' AND entry = 'planted'"), 1);
  cr_expect_eq(run_sql("SELECT count(*) FROM field"), num_fields);
  TEST_OK(list_all());
  assert_use("acme", "db", "password", "acme db password");
}

Test(vault_names, what_is_refused_is_recorded_for_the_name_that_was_asked_for) {
  struct bulla_span file = furnish();
  restore(file, tenant_changes[0]);
  TEST_STATUS(use_secret(), BULLA_REFUSED);
  TEST_STATUS(use_apikey(), BULLA_REFUSED);
  mend(file);
  cr_assert_eq(count_details("op = 'use' AND outcome = 'failed' AND tenant = 'acme' AND entry = 'db'"), 1);
  cr_assert_eq(count_details("op = 'apikey-use' AND outcome = 'failed' AND tenant = ''"), 1);
  assert_unbroken(12);
}

Test(vault_names, an_apikey_is_revoked_whatever_its_tenant_is_called) {
  struct bulla_span file = furnish();
  restore(file, tenant_changes[0]);
  TEST_OK(bulla_vault_apikey_revoke(house.vault, &who, RECORD_ID));
  cr_assert_eq(run_sql("SELECT count(*) FROM apikey WHERE revoked > 0 AND sealed IS NULL"), 1);
  mend(file);
  cr_assert_eq(count_details("op = 'apikey-revoke' AND tenant = ''"), 1);
}

#define KEYS_SWAPPED                                                                            \
  "UPDATE tenant_secret SET state = 'pending', version = (SELECT unicode(name) FROM tenant "    \
  "WHERE id = tenant_secret.tenant);"                                                           \
  "UPDATE tenant_secret SET tenant = (SELECT id FROM tenant WHERE id <> tenant_secret.tenant);" \
  "UPDATE tenant_secret SET state = 'active', version = 1"

Test(vault_names, a_cached_key_does_not_seal_for_another_tenant) {
  furnish();
  assert_use("acme", "db", "password", "acme db password");
  assert_use("beta", "db", "password", "beta db password");
  run_sql(KEYS_SWAPPED);
  cr_assert_eq(run_sql("SELECT count(*) FROM tenant_secret WHERE state = 'active' AND version = 1"), 2);
  TEST_STATUS(put_field(), BULLA_REFUSED);
  TEST_STATUS(put_one(), BULLA_REFUSED);
  TEST_STATUS(import(), BULLA_REFUSED);
}

Test(vault_names, a_cached_key_does_not_open_as_another_version) {
  furnish();
  assert_use("acme", "db", "password", "acme db password");
  run_sql("UPDATE tenant_secret SET version = 2");
  TEST_STATUS(use_secret(), BULLA_REFUSED);
  TEST_STATUS(put_field(), BULLA_REFUSED);
}

Test(vault_names, a_changed_row_of_the_vault_does_not_open) {
  struct bulla_span file = furnish();
  static const struct {
    const char *sql;
    enum bulla_status status;
  } rows[] = {
      {"UPDATE vault SET statement = x''", BULLA_NOT_A_VAULT},
      {"UPDATE vault SET statement = substr(statement, 1, length(statement) - 1)", BULLA_NOT_A_VAULT},
      {"UPDATE vault SET statement = CAST(statement || x'00' AS BLOB)", BULLA_NOT_A_VAULT},
      {"UPDATE vault SET statement = zeroblob(100000)", BULLA_NOT_A_VAULT},
      {"UPDATE vault SET statement = (SELECT statement FROM tenant LIMIT 1)", BULLA_NOT_A_VAULT},
      {"UPDATE vault SET signature = zeroblob(64)", BULLA_REFUSED},
      {"UPDATE vault SET signature = x''", BULLA_NOT_A_VAULT},
      {"UPDATE vault SET signature = (SELECT signature FROM tenant LIMIT 1)", BULLA_REFUSED},
      {"UPDATE vault SET signing_key = zeroblob(90)", BULLA_REFUSED},
      {"UPDATE vault SET signing_key = x''", BULLA_REFUSED},
      {"UPDATE vault SET signing_key = CAST(signing_key || x'00' AS BLOB)", BULLA_REFUSED},
      {"UPDATE vault SET signing_key = audit_key", BULLA_REFUSED},
      {"UPDATE vault SET signing_key = (SELECT key FROM audit_head)", BULLA_REFUSED},
      {"UPDATE vault SET signing_key = zeroblob(1000)", BULLA_NOT_A_VAULT},
      {"UPDATE vault SET audit_key = zeroblob(90)", BULLA_REFUSED},
      {"UPDATE vault SET audit_key = x''", BULLA_REFUSED},
      {"UPDATE vault SET audit_key = signing_key", BULLA_REFUSED},
      {"UPDATE vault SET audit_key = zeroblob(1000)", BULLA_NOT_A_VAULT},
      {"UPDATE vault SET detail_key = zeroblob(90)", BULLA_REFUSED},
      {"UPDATE vault SET detail_key = x''", BULLA_REFUSED},
      {"UPDATE vault SET detail_key = (SELECT detail_key FROM tenant LIMIT 1)", BULLA_REFUSED},
      {"UPDATE vault SET detail_key = (SELECT wrapped FROM tenant_secret LIMIT 1)", BULLA_REFUSED},
      {"UPDATE vault SET detail_key = zeroblob(1000)", BULLA_NOT_A_VAULT},
  };
  close_vault();
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    put_back(file);
    run_sql(rows[i].sql);
    enum bulla_status status = bulla_vault_open(&house.vault, house.url, house.root, NULL);
    cr_assert_eq(status, rows[i].status, "%s: %s", rows[i].sql, bulla_status_text(status));
    cr_assert_null(house.vault);
  }
}
