/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* A vault that somebody else has written to: what was changed or moved does not open, and nothing crashes. */

#include "tests/vault_support.h"

TestSuite(vault_tampered, .init = build_house, .fini = leave_house);

/* Fields that the tampering below refers to, and the file they are in. */
static struct bulla_span furnish(void) {
  TEST_OK(put("acme", "db", "password", "acme db password", true));
  TEST_OK(put("acme", "db", "token", "acme db token abc", true));
  TEST_OK(put("acme", "db", "host", "db.example", false));
  TEST_OK(put("acme", "db", "port", "5432", false));
  TEST_OK(put("acme", "mail", "password", "acme mail password", true));
  TEST_OK(put("beta", "db", "password", "beta db password", true));
  TEST_OK(put("beta", "db", "host", "beta.example", false));
  return image();
}

/* Pieces of SQL: a field, and the columns of one. */
#define F(t, e, f)                                                                                               \
  " (SELECT field.entry, field.name FROM field JOIN entry ON entry.id = field.entry JOIN tenant ON tenant.id = " \
  "entry.tenant"                                                                                                 \
  " WHERE tenant.name = '" t "' AND entry.name = '" e "' AND field.name = '" f "') "
#define TARGET F("acme", "db", "password")
#define HOST F("acme", "db", "host")
#define SET_FROM(columns, from)                                                                 \
  "UPDATE field SET (" columns ") = (SELECT " columns " FROM field WHERE (entry, name) = " from \
  ") WHERE (entry, name) = " TARGET
#define TENANT(name) "(SELECT id FROM tenant WHERE name = '" name "')"

static const struct {
  const char *what;
  const char *sql;
  const char *field; /* of acme/db */
} changes[] = {
    {"value of another field", SET_FROM("value", F("acme", "db", "token")), "password"},
    {"value and mask of another field", SET_FROM("value, mask, revision, secret_id", F("acme", "db", "token")),
     "password"},
    {"value of another entry", SET_FROM("value, mask, revision, secret_id", F("acme", "mail", "password")), "password"},
    {"value of another tenant", SET_FROM("value, mask, revision, secret_id", F("beta", "db", "password")), "password"},
    {"row given to another entry",
     "DELETE FROM field WHERE (entry, name) = " TARGET
     "; UPDATE field SET entry = (SELECT entry FROM field WHERE name = 'token')"
     " WHERE (entry, name) = " F("acme", "mail", "password"),
     "password"},
    {"field renamed",
     "DELETE FROM field WHERE (entry, name) = " TARGET "; UPDATE field SET name = 'password' WHERE name = 'token'",
     "password"},
    {"revision raised", "UPDATE field SET revision = 2 WHERE (entry, name) = " TARGET, "password"},
    {"revision negative", "UPDATE field SET revision = -1 WHERE (entry, name) = " TARGET, "password"},
    {"bit of the value",
     "UPDATE field SET value = CAST(substr(value, 1, 60) || x'00' || substr(value, 62) AS BLOB) WHERE (entry, name) "
     "= " TARGET,
     "password"},
    {"value cut", "UPDATE field SET value = substr(value, 1, length(value) - 1) WHERE (entry, name) = " TARGET,
     "password"},
    {"value shorter than a header", "UPDATE field SET value = substr(value, 1, 17) WHERE (entry, name) = " TARGET,
     "password"},
    {"value empty", "UPDATE field SET value = x'' WHERE (entry, name) = " TARGET, "password"},
    {"value longer", "UPDATE field SET value = CAST(value || x'00' AS BLOB) WHERE (entry, name) = " TARGET, "password"},
    {"value huge", "UPDATE field SET value = zeroblob(900000) WHERE (entry, name) = " TARGET, "password"},
    {"mask instead of the value", "UPDATE field SET value = mask WHERE (entry, name) = " TARGET, "password"},
    {"suite AES-256-GCM",
     "UPDATE field SET value = CAST(x'B101' || substr(value, 3) AS BLOB) WHERE (entry, name) = " TARGET, "password"},
    {"secret called plain", "UPDATE field SET secret = 0 WHERE (entry, name) = " TARGET, "password"},
    {"secret replaced by a plain value",
     "UPDATE field SET secret = 0, value = CAST('evil' AS BLOB) WHERE (entry, name) = " TARGET, "password"},
    {"plain put in place of a secret",
     "UPDATE field SET (secret, value, mask) = (SELECT secret, value, mask FROM field WHERE (entry, name) = " HOST
     ") WHERE (entry, name) = " TARGET,
     "password"},
    {"key of another tenant named",
     "UPDATE field SET secret_id = (SELECT id FROM tenant_secret WHERE tenant = " TENANT(
         "beta") ") WHERE (entry, name) = " TARGET,
     "password"},
    {"key id unknown", "UPDATE field SET secret_id = zeroblob(16) WHERE (entry, name) = " TARGET, "password"},
    {"key id empty", "UPDATE field SET secret_id = x'' WHERE (entry, name) = " TARGET, "password"},
    {"key overwritten", "UPDATE tenant_secret SET wrapped = zeroblob(length(wrapped))", "password"},
    {"key cut", "UPDATE tenant_secret SET wrapped = substr(wrapped, 1, 80)", "password"},
    {"key empty", "UPDATE tenant_secret SET wrapped = x''", "password"},
    {"key huge", "UPDATE tenant_secret SET wrapped = zeroblob(100000)", "password"},
    {"key is the audit log's", "UPDATE tenant_secret SET wrapped = (SELECT key FROM audit_head)", "password"},
    {"key is a field's value",
     "UPDATE tenant_secret SET wrapped = (SELECT value FROM field WHERE (entry, name) = " TARGET ")", "password"},
    {"key of another version", "UPDATE tenant_secret SET version = 2", "password"},
    {"key removed", "DELETE FROM tenant_secret", "password"},
    {"keys swapped between tenants",
     "UPDATE tenant_secret SET state = 'pending'; UPDATE tenant_secret SET tenant = CASE tenant WHEN " TENANT(
         "acme") " THEN " TENANT("beta") " ELSE " TENANT("acme") " END, version = version + 1 WHERE 1 = 1; UPDATE "
                                                                 "tenant_secret SET version = 1",
     "password"},
    {"wrapped keys swapped",
     "UPDATE tenant_secret SET wrapped = (SELECT wrapped FROM tenant_secret o WHERE o.tenant <> tenant_secret.tenant) "
     "WHERE tenant = " TENANT("acme"),
     "password"},
    {"tenant's id",
     "UPDATE tenant_secret SET tenant = zeroblob(16) WHERE tenant = " TENANT(
         "acme") "; "
                 "UPDATE entry SET tenant = zeroblob(16) WHERE tenant = " TENANT(
                     "acme") "; "
                             "UPDATE tenant SET id = zeroblob(16) WHERE name = 'acme'",
     "password"},
    {"tenant's id of another length",
     "UPDATE tenant_secret SET tenant = x'00' WHERE tenant = " TENANT(
         "acme") "; "
                 "UPDATE entry SET tenant = x'00' WHERE tenant = " TENANT(
                     "acme") "; "
                             "UPDATE tenant SET id = x'00' WHERE name = 'acme'",
     "password"},
    {"tenant's id too long",
     "UPDATE tenant_secret SET tenant = zeroblob(1000) WHERE tenant = " TENANT(
         "acme") "; "
                 "UPDATE entry SET tenant = zeroblob(1000) WHERE tenant = " TENANT(
                     "acme") "; "
                             "UPDATE tenant SET id = zeroblob(1000) WHERE name = 'acme'",
     "password"},
    {"entry's id",
     "UPDATE field SET entry = zeroblob(16) WHERE entry = (SELECT entry FROM field WHERE name = 'token'); "
     "UPDATE entry SET id = zeroblob(16) WHERE id = (SELECT id FROM entry WHERE name = 'db' AND tenant = " TENANT(
         "acme") ")",
     "password"},
    {"entries of two tenants swapped",
     "UPDATE entry SET name = 'db2' WHERE tenant = " TENANT("acme") " AND name = 'db'; "
                                                                    "UPDATE entry SET tenant = " TENANT(
                                                                        "acme") " WHERE tenant = " TENANT("beta"),
     "password"},
    {"plain value", "UPDATE field SET value = CAST('evil.example' AS BLOB) WHERE (entry, name) = " HOST, "host"},
    {"plain value with its proof of another field",
     "UPDATE field SET (value, mask) = (SELECT value, mask FROM field WHERE (entry, name) = " F(
         "acme", "db", "port") ") WHERE (entry, name) = " HOST,
     "host"},
    {"plain value with its proof of another tenant",
     "UPDATE field SET (value, mask) = (SELECT value, mask FROM field WHERE (entry, name) = " F(
         "beta", "db", "host") ") WHERE (entry, name) = " HOST,
     "host"},
    {"plain revision", "UPDATE field SET revision = 9 WHERE (entry, name) = " HOST, "host"},
    {"plain called secret", "UPDATE field SET secret = 1 WHERE (entry, name) = " HOST, "host"},
    {"plain with a mask as proof",
     "UPDATE field SET mask = (SELECT mask FROM field WHERE (entry, name) = " TARGET ") WHERE (entry, name) = " HOST,
     "host"},
    {"proof empty", "UPDATE field SET mask = x'' WHERE (entry, name) = " HOST, "host"},
};

Test(vault_tampered, what_was_moved_or_changed_does_not_open_and_the_failure_is_recorded) {
  struct bulla_span file = furnish();
  for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
    restore(file, changes[i].sql);
    enum bulla_status status = use("acme", "db", changes[i].field);
    cr_assert_eq(status, BULLA_REFUSED, "%s: %s", changes[i].what, bulla_status_text(status));
    cr_assert_eq(count_records("op = 'use' AND outcome = 'granted'"), 1, "%s", changes[i].what);
    mend(file);
    cr_assert_eq(count_details("op = 'use' AND outcome = 'failed' AND tenant = 'acme' AND entry = 'db'"), 1, "%s",
                 changes[i].what);
    assert_unbroken(10);
    cr_assert_eq(used.calls, 0, "%s: opened", changes[i].what);
  }
}

Test(vault_tampered, what_was_moved_does_not_open_with_the_keys_in_the_cache_either) {
  furnish();
  assert_use("acme", "db", "password", "acme db password");
  assert_use("beta", "db", "password", "beta db password");
  used.calls = 0;
  run_sql(SET_FROM("value, mask, revision, secret_id", F("beta", "db", "password")));
  TEST_STATUS(use("acme", "db", "password"), BULLA_REFUSED);
  run_sql("DELETE FROM tenant_secret");
  TEST_STATUS(use("beta", "db", "password"), BULLA_REFUSED);
  TEST_STATUS(put("beta", "db", "password", "x", true), BULLA_REFUSED);
  cr_assert_eq(used.calls, 0);
}

Test(vault_tampered, an_older_revision_does_not_open_in_place_of_the_current_one) {
  TEST_OK(put("acme", "db", "password", "old password value", true));
  run_sql("CREATE TABLE stolen AS SELECT * FROM field");
  TEST_OK(put("acme", "db", "password", "new password value", true));
  run_sql("UPDATE field SET (value, mask, secret_id) = (SELECT value, mask, secret_id FROM stolen); DROP TABLE stolen");
  TEST_STATUS(use("acme", "db", "password"), BULLA_REFUSED);
  cr_assert_eq(used.calls, 0);
}

Test(vault_tampered, nothing_is_put_under_a_key_of_another_tenant_or_past_the_last_revision) {
  struct bulla_span file = furnish();
  restore(file, "UPDATE tenant_secret SET state = 'decrypt-only', version = 2 WHERE tenant = " TENANT("acme") "; "
                "UPDATE tenant_secret SET tenant = " TENANT("acme") " WHERE tenant = " TENANT("beta"));
  TEST_STATUS(put("acme", "db", "password", "x", true), BULLA_REFUSED);
  /* Nor under one that is not what its id names. */
  restore(file, "UPDATE tenant_secret SET id = zeroblob(16) WHERE tenant = " TENANT("acme"));
  TEST_STATUS(put("acme", "db", "password", "x", true), BULLA_REFUSED);
  static const char *const revisions[] = {"9223372036854775807", "-1", "0"};
  for (size_t i = 0; i < sizeof(revisions) / sizeof(revisions[0]); i++) {
    char text[100];
    snprintf(text, sizeof(text), "UPDATE field SET revision = %s", revisions[i]);
    restore(file, text);
    TEST_STATUS(put("acme", "db", "password", "x", true), BULLA_REFUSED);
  }
}

Test(vault_tampered, a_removed_entry_does_not_come_back_under_its_name) {
  TEST_OK(put("acme", "db", "password", "old password value", true));
  run_sql("CREATE TABLE stolen AS SELECT * FROM field");
  TEST_OK(bulla_vault_remove(house.vault, &who, AT(TEXT("acme"), TEXT("db"))));
  TEST_OK(put("acme", "db", "password", "new password value", true));
  run_sql(
      "UPDATE field SET (value, mask, secret_id, revision) = (SELECT value, mask, secret_id, revision FROM stolen); "
      "DROP TABLE stolen");
  TEST_STATUS(use("acme", "db", "password"), BULLA_REFUSED);
}

Test(vault_tampered, a_changed_mask_or_plain_value_is_not_shown) {
  struct bulla_span file = furnish();
  static const char *const sqls[] = {
      "UPDATE field SET mask = (SELECT mask FROM field WHERE (entry, name) = " F(
          "acme", "db", "token") ") WHERE (entry, name) = " TARGET,
      "UPDATE field SET mask = value WHERE (entry, name) = " TARGET,
      "UPDATE field SET mask = x'' WHERE (entry, name) = " TARGET,
      "UPDATE field SET mask = zeroblob(70000) WHERE (entry, name) = " TARGET,
      "UPDATE field SET mask = zeroblob(900000) WHERE (entry, name) = " TARGET,
      "UPDATE field SET revision = revision + 1 WHERE (entry, name) = " TARGET,
      "UPDATE field SET value = CAST('evil.example' AS BLOB) WHERE (entry, name) = " HOST,
      "UPDATE field SET secret = 0 WHERE (entry, name) = " TARGET,
      "UPDATE field SET name = '\x1b[2J' WHERE (entry, name) = " TARGET,
      "UPDATE field SET name = 'password ' WHERE (entry, name) = " TARGET,
      "DELETE FROM tenant_secret",
  };
  for (size_t i = 0; i < sizeof(sqls) / sizeof(sqls[0]); i++) {
    int num = 0;
    restore(file, sqls[i]);
    TEST_STATUS(bulla_vault_show(house.vault, AT(TEXT("acme"), TEXT("db")), count_field, &num), BULLA_REFUSED);
    cr_assert_lt(num, 4, "%s", sqls[i]);
  }
}

/* |len| times |letter|, and |last| in the place of the last one. */
static const char *long_text(char letter, size_t len, char last) {
  char *text = (char *)test_alloc(len + 1);
  memset(text, letter, len);
  text[len - 1] = last;
  text[len] = '\0';
  return text;
}

Test(vault_tampered, what_is_long_is_proven_to_its_last_byte) {
  static const char *const sqls[] = {
      "UPDATE field SET value = CAST(substr(value, 1, length(value) - 1) || 'x' AS BLOB)",
      "UPDATE field SET name = substr(name, 1, length(name) - 1) || 'x'",
      "UPDATE entry SET name = substr(name, 1, length(name) - 1) || 'x'",
      "UPDATE tenant SET name = substr(name, 1, length(name) - 1) || 'x'",
  };
  const char *field = long_text('f', BULLA_NAME_MAX, 'f');
  const char *entry = long_text('e', BULLA_NAME_MAX, 'e');
  const char *tenant = long_text('t', BULLA_NAME_MAX, 't');
  TEST_OK(put(tenant, entry, field, long_text('v', BULLA_VALUE_MAX, 'v'), false));
  struct bulla_span file = image();
  TEST_OK(use(tenant, entry, field));
  for (size_t i = 0; i < sizeof(sqls) / sizeof(sqls[0]); i++) {
    restore(file, sqls[i]);
    enum bulla_status status =
        use(i == 3 ? long_text('t', BULLA_NAME_MAX, 'x') : tenant, i == 2 ? long_text('e', BULLA_NAME_MAX, 'x') : entry,
            i == 1 ? long_text('f', BULLA_NAME_MAX, 'x') : field);
    cr_expect_eq(status, BULLA_REFUSED, "%s: %s", sqls[i], bulla_status_text(status));
  }
}

Test(vault_tampered, a_changed_apikey_does_not_open) {
  int num = 0;
  struct bulla_span id = RECORD_ID;
  TEST_OK(put_apikey(TEXT("acme"), id, "x", 2));
  TEST_OK(put_apikey(TEXT("acme"), TEXT("1123456789abcdef"), "x", 3));
  TEST_OK(put("beta", "db", "password", "x", true));
  struct bulla_span file = image();
  static const char *const sqls[] = {
      "UPDATE apikey SET sealed = (SELECT sealed FROM apikey WHERE number = 2) WHERE number = 1",
      "UPDATE apikey SET sealed = zeroblob(90)",
      "UPDATE apikey SET sealed = NULL",
      "UPDATE apikey SET sealed = zeroblob(900000)",
      "UPDATE apikey SET secret_id = NULL",
      "UPDATE apikey SET tenant = (SELECT id FROM tenant WHERE name = 'beta')",
      "UPDATE apikey SET sealed = (SELECT value FROM field)",
      "UPDATE apikey SET id = '2' WHERE number = 1; UPDATE apikey SET id = '0123456789abcdef' WHERE number = 2",
      "UPDATE tenant SET name = 'ev il' WHERE name = 'acme'",
  };
  for (size_t i = 0; i < sizeof(sqls) / sizeof(sqls[0]); i++) {
    restore(file, sqls[i]);
    TEST_STATUS(bulla_vault_apikey_use(house.vault, &who, id, count_root, &num), BULLA_REFUSED);
    cr_assert_eq(num, 0, "opened: %s", sqls[i]);
    cr_assert_eq(count_records("op = 'apikey-use' AND outcome = 'failed'"), 1, "%s", sqls[i]);
  }
}

Test(vault_tampered, another_root_does_not_open_it) {
  struct bulla_root *other = NULL;
  struct bulla_vault *vault = NULL;
  setenv("BULLA_TEST_ROOT", "another", 1);
  TEST_OK(bulla_root_open(&other, "sha256-env:BULLA_TEST_ROOT"));
  TEST_STATUS(bulla_vault_open(&vault, house.url, other, NULL), BULLA_ROOT_WRONG);
  cr_assert_null(vault);
  bulla_root_free(&other);
}

/* The schema is compared besides: this is for what SQLite would do before, or with what is compared wrongly. */
Test(vault_tampered, sqlite_is_open_to_nothing_that_a_vault_does_not_need) {
  SQLITE_ONLY();
  struct sqlite3 *db = behind_handle(house.vault);
  static const int off[] = {SQLITE_DBCONFIG_TRUSTED_SCHEMA, SQLITE_DBCONFIG_ENABLE_TRIGGER,
                            SQLITE_DBCONFIG_ENABLE_VIEW,    SQLITE_DBCONFIG_DQS_DML,
                            SQLITE_DBCONFIG_DQS_DDL,        SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION};
  static const int on[] = {SQLITE_DBCONFIG_DEFENSIVE, SQLITE_DBCONFIG_ENABLE_FKEY};
  int value = -1;
  for (size_t i = 0; i < sizeof(off) / sizeof(*off); i++) {
    cr_assert_eq(sqlite3_db_config(db, off[i], -1, &value), SQLITE_OK);
    cr_expect_eq(value, 0, "setting %d", off[i]);
  }
  for (size_t i = 0; i < sizeof(on) / sizeof(*on); i++) {
    cr_assert_eq(sqlite3_db_config(db, on[i], -1, &value), SQLITE_OK);
    cr_expect_eq(value, 1, "setting %d", on[i]);
  }
  static const struct {
    int id, most;
  } limits[] = {
      {SQLITE_LIMIT_LENGTH, 1 << 20},     {SQLITE_LIMIT_SQL_LENGTH, 1 << 16}, {SQLITE_LIMIT_COLUMN, 64},
      {SQLITE_LIMIT_EXPR_DEPTH, 64},      {SQLITE_LIMIT_COMPOUND_SELECT, 2},  {SQLITE_LIMIT_VDBE_OP, 25000},
      {SQLITE_LIMIT_FUNCTION_ARG, 8},     {SQLITE_LIMIT_ATTACHED, 0},         {SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 50},
      {SQLITE_LIMIT_VARIABLE_NUMBER, 98}, {SQLITE_LIMIT_TRIGGER_DEPTH, 1},    {SQLITE_LIMIT_WORKER_THREADS, 0}};
  for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++) {
    cr_expect_leq(sqlite3_limit(db, limits[i].id, -1), limits[i].most, "limit %d", limits[i].id);
  }
}

Test(vault_tampered, a_schema_that_is_not_ours_to_the_letter_is_no_vault) {
  SQLITE_ONLY();
  TEST_OK(put("acme", "db", "password", "x", true));
  close_vault();
  struct bulla_span file = read_file(house.path);
  static const struct {
    const char *sql;
    enum bulla_status status;
  } rows[] = {
      {"CREATE TRIGGER t AFTER INSERT ON audit BEGIN DELETE FROM audit; END", BULLA_NOT_A_VAULT},
      {"CREATE VIEW v AS SELECT 1", BULLA_NOT_A_VAULT},
      {"CREATE TABLE t(x)", BULLA_NOT_A_VAULT},
      {"CREATE TEMP TABLE t(x)", BULLA_OK},
      {"CREATE INDEX i ON audit(time)", BULLA_NOT_A_VAULT},
      {"ALTER TABLE field ADD COLUMN more ANY", BULLA_NOT_A_VAULT},
      {"DROP INDEX tenant_secret_active", BULLA_NOT_A_VAULT},
      {"DROP TABLE apikey", BULLA_NOT_A_VAULT},
      {"ALTER TABLE audit RENAME TO audit2; CREATE VIEW audit AS SELECT * FROM audit2", BULLA_NOT_A_VAULT},
      {"PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql, 'STRICT', 'STRICT ') "
       "WHERE name = 'field'",
       BULLA_NOT_A_VAULT},
      {"PRAGMA application_id = 0", BULLA_NOT_A_VAULT},
      {"PRAGMA user_version = 1", BULLA_OLDER_VAULT},
      {"PRAGMA user_version = 3", BULLA_NEWER_VAULT},
      {"PRAGMA user_version = 2147483647; DROP TABLE vault", BULLA_NEWER_VAULT},
      {"PRAGMA user_version = 0", BULLA_NOT_A_VAULT},
      {"PRAGMA user_version = -1", BULLA_NOT_A_VAULT},
      {"DELETE FROM vault", BULLA_NOT_A_VAULT},
      {"UPDATE vault SET statement = x''", BULLA_NOT_A_VAULT},
      {"DELETE FROM root", BULLA_REFUSED},
      {"UPDATE root SET id = zeroblob(100)", BULLA_REFUSED},
      {"UPDATE root SET id = zeroblob(16)", BULLA_REFUSED},
      {"UPDATE root SET wrapped = x''", BULLA_REFUSED},
      {"UPDATE root SET wrapped = zeroblob(length(wrapped))", BULLA_REFUSED},
      {"UPDATE root SET wrapped = zeroblob(100000)", BULLA_REFUSED},
      {"UPDATE root SET wrapped = (SELECT signing_key FROM vault)", BULLA_REFUSED},
      {"UPDATE root SET scrypt_salt = zeroblob(16)", BULLA_REFUSED},
      {"UPDATE root SET scrypt_salt = x'', scrypt_log_n = 17", BULLA_REFUSED},
      {"UPDATE root SET scrypt_log_n = 17", BULLA_OK},
      {"INSERT INTO root SELECT zeroblob(16), wrapped, NULL, NULL FROM root", BULLA_OK},
      {"PRAGMA journal_mode = DELETE", BULLA_OK},
  };
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    write_file(house.path, file);
    run_sql(rows[i].sql);
    enum bulla_status status = bulla_vault_open(&house.vault, house.url, house.root, NULL);
    cr_assert_eq(status, rows[i].status, "%s: %s", rows[i].sql, bulla_status_text(status));
    cr_assert_eq(house.vault == NULL, status != BULLA_OK);
    close_vault();
  }
}

Test(vault_tampered, any_damaged_byte_gives_a_status_and_no_crash) {
  SQLITE_ONLY();
  struct bulla_span file = furnish();
  close_vault();
  alarm(100);
  unsigned random = 12345;
  for (int i = 0; i < 400; i++) {
    struct bulla_span damaged = test_copy(file);
    for (int j = 0; j < 1 + i % 4; j++) {
      random = random * 1103515245u + 12345u;
      size_t at = (random >> 4) % (i % 2 == 0 ? file.len : 4096);
      random = random * 1103515245u + 12345u;
      ((uint8_t *)(uintptr_t)damaged.data)[at] = (uint8_t)(random >> 16);
    }
    write_file(house.path, damaged);
    if (bulla_vault_open(&house.vault, house.url, house.root, NULL) == BULLA_OK) {
      struct bulla_audit_verdict verdict = BULLA_AUDIT_VERDICT_INIT;
      int num = 0;
      bulla_db_set_patience(house.vault->db, 10);
      enum bulla_status status = bulla_vault_audit_verify(house.vault, &verdict);
      if (use("acme", "db", "password") == BULLA_OK) {
        TEST_SPAN(used.value, TEXT("acme db password"), "what opens is what was put");
      }
      status = bulla_vault_show(house.vault, AT(TEXT("acme"), TEXT("db")), count_field, &num);
      status = put("beta", "db", "password", "x", true);
      (void)status;
      close_vault();
    }
    unlink(in_house("v.db-wal"));
    unlink(in_house("v.db-shm"));
  }
}
