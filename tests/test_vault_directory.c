/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What the vault signed of itself, its roots and its tenants, written to by somebody without keys: rows that were,
 * rows of another vault of the same root, and roots that are not in the list. */

#include "store/root_row.h"
#include "store/tenant.h"
#include "store/vault_row.h"
#include "tests/vault_support.h"

TestSuite(vault_directory, .init = build_house, .fini = leave_house);

#define N(array) (sizeof(array) / sizeof((array)[0]))

static void furnish(void) {
  TEST_OK(put("acme", "db", "password", "acme db password", true));
  TEST_OK(put("acme", "db", "host", "acme.example", false));
  TEST_OK(put("beta", "db", "password", "beta db password", true));
  TEST_OK(put_apikey(TEXT("acme"), RECORD_ID, "x", 7));
}

/* |sql| with the tables of |file| as those of "other". */
static const char *with(struct bulla_span file, const char *sql) {
  lay_beside("other", file);
  return beside("other", sql);
}

static struct bulla_root *root_by_name(const char *name) {
  struct bulla_root *root = NULL;
  setenv("BULLA_TEST_ROOT", name, 1);
  TEST_OK(bulla_root_open(&root, "sha256-env:BULLA_TEST_ROOT"));
  return root;
}

#define OLD_VAULT "UPDATE vault SET (statement, signature) = (SELECT statement, signature FROM other.vault)"

/* The row of the vault has a number that grows with each change of the directory. */
Test(vault_directory, a_row_of_the_vault_that_was_is_not_built_on_by_who_saw_a_later_one) {
  furnish();
  TEST_OK(put("empty", "db", "host", "x", false));
  TEST_OK(bulla_vault_remove(house.vault, &who, AT(TEXT("empty"), TEXT("db"))));
  struct bulla_span early = image();
  TEST_OK(put("gamma", "db", "host", "x", false));
  struct bulla_span late = image();
  for (int reopened = 0; reopened < 2; reopened++) {
    if (reopened == 1) {
      restore(late, ""); /* what was seen is what was opened */
    } else {
      TEST_OK(put("delta", "db", "host", "x", false)); /* and then what was written */
    }
    int64_t num = run_sql("SELECT count(*) FROM tenant");
    run_sql(with(reopened == 1 ? early : late, OLD_VAULT));
    TEST_STATUS(put("epsilon", "db", "host", "x", false), BULLA_AUDIT_BROKEN);
    TEST_STATUS(put_apikey(TEXT("epsilon"), TEXT("1123456789abcdef"), "x", 7), BULLA_AUDIT_BROKEN);
    TEST_STATUS(bulla_vault_remove_tenant(house.vault, &who, TEXT("empty")), BULLA_AUDIT_BROKEN);
    TEST_STATUS(bulla_vault_rename_tenant(house.vault, &who, TEXT("beta"), TEXT("Beta")), BULLA_AUDIT_BROKEN);
    cr_expect_eq(run_sql("SELECT count(name) FROM tenant"), num);
    TEST_STATUS(use("beta", "db", "password"), BULLA_AUDIT_BROKEN);
  }
}

#define OLD_TENANTS                                                                                               \
  "UPDATE tenant SET (statement, signature) = (SELECT o.statement, o.signature FROM other.tenant o WHERE o.id = " \
  "tenant.id);"
#define OLD_LEAVES "DELETE FROM directory; INSERT INTO directory SELECT * FROM other.directory;"
#define OLD_STATES                                                                        \
  "DELETE FROM field; UPDATE tenant_secret SET state = 'decrypt-only' WHERE version = 2;" \
  "UPDATE tenant_secret SET state = 'active' WHERE version = 1;"

static enum bulla_status put_in_acme(void) {
  return put("acme", "db", "token", "sealed to whom?", true);
}

/* A process that begins has seen no later one. What it seals under a former secret whoever stole that could open. */
Test(vault_directory, a_statement_of_a_tenant_that_was_is_refused_also_by_who_saw_no_later_one) {
  static const struct {
    const char *sql;
    enum bulla_status status;
  } rows[] = {
      {OLD_TENANTS, BULLA_REFUSED},
      {OLD_TENANTS OLD_LEAVES, BULLA_REFUSED},
      {OLD_TENANTS OLD_VAULT, BULLA_AUDIT_BROKEN},
      {OLD_TENANTS OLD_LEAVES OLD_VAULT, BULLA_AUDIT_BROKEN},
  };
  int64_t version;
  furnish();
  struct bulla_span early = image();
  TEST_OK(bulla_vault_rotate_tenant(house.vault, &version, &who, TEXT("acme")));
  struct bulla_span late = image();
  for (size_t i = 0; i < N(rows); i++) {
    char sql[1500];
    snprintf(sql, sizeof(sql), "%s%s", OLD_STATES, rows[i].sql);
    restore(late, with(early, sql)); /* a process that begins after that */
    enum bulla_status statuses[] = {
        bulla_vault_list(house.vault, TEXT("acme"), count_entry, NULL),
        put_in_acme(),
        put_apikey(TEXT("acme"), TEXT("1123456789abcdef"), "x", 7),
        bulla_vault_rotate_tenant(house.vault, &version, &who, TEXT("acme")),
    };
    for (size_t j = 0; j < N(statuses); j++) {
      cr_expect_eq(statuses[j], rows[i].status, "row %zu, %zu: %s", i, j, bulla_status_text(statuses[j]));
    }
    cr_expect_eq(run_sql("SELECT count(*) FROM field"), 0, "row %zu", i);
    close_vault();
  }
}

#define OLD_HEAD_KEY \
  "UPDATE audit_head SET key = (SELECT o.key FROM other.audit_head o WHERE o.lane = audit_head.lane);"

/* rotate_elsewhere rotates acme's secret in another process, while this one remembers what was said of acme, and
 * returns the tables as they were before. */
static struct bulla_span rotate_elsewhere(void) {
  struct bulla_vault *other;
  int64_t version;
  struct bulla_span early = image();
  assert_use("acme", "db", "password", "acme db password");
  TEST_OK(bulla_vault_open(&other, house.url, house.root, NULL));
  TEST_OK(bulla_vault_rotate_tenant(other, &version, &who, TEXT("acme")));
  bulla_vault_close(&other);
  return early;
}

#define OLD_STATES_ALONE                                               \
  "UPDATE tenant_secret SET state = 'decrypt-only' WHERE version = 2;" \
  "UPDATE tenant_secret SET state = 'active' WHERE version = 1;"

static enum bulla_status use_acme(void) {
  return use("acme", "db", "password");
}

static enum bulla_status put_in_gamma(void) {
  return put("gamma", "db", "host", "x", false);
}

static enum bulla_status put_apikey_in_gamma(void) {
  return put_apikey(TEXT("gamma"), TEXT("1123456789abcdef"), "x", 7);
}

static enum bulla_status rotate_beta(void) {
  int64_t version;
  return bulla_vault_rotate_tenant(house.vault, &version, &who, TEXT("beta"));
}

static enum bulla_status rename_beta(void) {
  return bulla_vault_rename_tenant(house.vault, &who, TEXT("beta"), TEXT("Beta"));
}

static enum bulla_status add_spare(void) {
  struct bulla_root *spare = root_by_name("spare");
  enum bulla_status status = bulla_vault_root_add(house.vault, &who, spare, TEXT("spare"));
  bulla_root_free(&spare);
  return status;
}

/* Who was there before the later one hears of it from the log, before anything is done by what was said. */
Test(vault_directory, nobody_goes_on_with_a_directory_that_is_older_than_the_log) {
  static enum bulla_status (*const calls[])(void) = {use_acme,    put_in_acme, put_in_gamma, put_apikey_in_gamma,
                                                     rotate_beta, rename_beta, add_spare};
  furnish();
  struct bulla_span file = image();
  for (size_t i = 0; i < N(calls); i++) {
    restore(file, "");
    struct bulla_span early = rotate_elsewhere();
    run_sql(with(early, OLD_TENANTS OLD_LEAVES OLD_VAULT ";" OLD_STATES_ALONE));
    enum bulla_status status = calls[i]();
    cr_expect_eq(status, BULLA_AUDIT_BROKEN, "call %zu: %s", i, bulla_status_text(status));
  }
}

Test(vault_directory, the_age_in_the_head_is_that_of_the_head) {
  furnish();
  struct bulla_span early = rotate_elsewhere();
  run_sql(with(early, OLD_HEAD_KEY OLD_TENANTS OLD_LEAVES OLD_VAULT ";" OLD_STATES_ALONE));
  close_vault();
  open_vault();
  TEST_STATUS(put_in_acme(), BULLA_AUDIT_BROKEN);
  TEST_STATUS(use_acme(), BULLA_AUDIT_BROKEN);
}

Test(vault_directory, a_tenant_that_is_remembered_is_looked_at_again_after_a_change) {
  furnish();
  struct bulla_span early = rotate_elsewhere();
  run_sql(with(early, OLD_TENANTS OLD_STATES_ALONE));
  TEST_STATUS(put_in_acme(), BULLA_REFUSED);
}

Test(vault_directory, who_has_changed_the_directory_does_not_go_back_to_what_it_was) {
  furnish();
  struct bulla_span early = image();
  assert_use("acme", "db", "password", "acme db password");
  TEST_OK(add_spare()); /* of which no tenant's statement tells */
  run_sql(with(early, OLD_VAULT));
  TEST_STATUS(bulla_vault_list(house.vault, TEXT("acme"), count_entry, NULL), BULLA_AUDIT_BROKEN);
  TEST_STATUS(put_in_acme(), BULLA_AUDIT_BROKEN);
}

/* The leaves are in the database, and prove nothing by themselves. */
Test(vault_directory, leaves_are_those_that_the_vault_signed) {
  static const char *const rows[] = {
      "DELETE FROM directory",
      "DELETE FROM directory WHERE number = 256",
      "DELETE FROM directory WHERE number < 256",
      "UPDATE directory SET bytes = x'' WHERE number = 256",
      "UPDATE directory SET bytes = x'' WHERE number < 256",
      "UPDATE directory SET bytes = zeroblob(8192) WHERE number = 256",
      "UPDATE directory SET bytes = zeroblob(48) WHERE number < 256",
      "UPDATE directory SET bytes = zeroblob(47) WHERE number < 256",
      "UPDATE directory SET bytes = CAST(zeroblob(48) || bytes AS BLOB) WHERE number < 256",
  };
  SQLITE_ONLY();
  furnish();
  struct bulla_span file = image();
  for (size_t i = 0; i < N(rows); i++) {
    restore(file, rows[i]);
    enum bulla_status status = use("acme", "db", "password");
    cr_expect_eq(status, BULLA_REFUSED, "%s: %s", rows[i], bulla_status_text(status));
    status = bulla_vault_rename_tenant(house.vault, &who, TEXT("acme"), TEXT("Acme"));
    cr_expect_eq(status, BULLA_REFUSED, "%s: %s", rows[i], bulla_status_text(status));
    close_vault();
  }
}

/* Another vault of the same root, with the same names in it. */
static struct bulla_span build_other(void) {
  struct bulla_span file = image();
  close_vault();
  remove_vault();
  TEST_OK(bulla_vault_create(house.url, house.root));
  open_vault();
  furnish();
  TEST_OK(put("acme", "db", "host", "other.example", false));
  struct bulla_span other = image();
  close_vault();
  put_back(file);
  open_vault();
  return other;
}

Test(vault_directory, a_row_of_the_vault_that_was_changed_is_not_built_on) {
  static const struct {
    const char *sql;
    enum bulla_status status;
  } rows[] = {
      {"UPDATE vault SET signature = zeroblob(64)", BULLA_REFUSED},
      {"UPDATE vault SET (statement, signature) = (SELECT statement, signature FROM other.vault)", BULLA_REFUSED},
      {"UPDATE vault SET signature = (SELECT signature FROM other.vault)", BULLA_REFUSED},
      {"UPDATE vault SET (statement, signature) = (SELECT statement, signature FROM tenant LIMIT 1)",
       BULLA_NOT_A_VAULT},
      {"UPDATE vault SET statement = x''", BULLA_NOT_A_VAULT},
      {"DELETE FROM vault", BULLA_NOT_A_VAULT},
  };
  furnish();
  struct bulla_span other = build_other();
  struct bulla_span file = image();
  for (size_t i = 0; i < N(rows); i++) {
    restore(file, "");
    run_sql(with(other, rows[i].sql));
    enum bulla_status status = put("gamma", "db", "host", "x", false);
    cr_expect_eq(status, rows[i].status, "%s: %s", rows[i].sql, bulla_status_text(status));
    cr_expect_eq(run_sql("SELECT count(*) FROM tenant"), 2, "%s", rows[i].sql);
    close_vault();
  }
}

#define TAKE(table) "DELETE FROM " table "; INSERT INTO " table " SELECT * FROM other." table ";"
/* PostgreSQL numbers fields itself. */
#define FIELD_COLUMNS "entry, name, revision, secret, value, mask, secret_id, updated"
#define TAKE_FIELDS "DELETE FROM field; INSERT INTO field(" FIELD_COLUMNS ") SELECT " FIELD_COLUMNS " FROM other.field;"
#define TAKE_KEYS(columns) "UPDATE vault SET (" columns ") = (SELECT " columns " FROM other.vault);"
#define OF_OTHER(table, columns, key)                                                                                \
  "UPDATE " table " SET (" columns ") = (SELECT " columns " FROM other." table " o WHERE o." key " = " table "." key \
  " LIMIT 1);"
#define FIELD_OF_OTHER(columns)                                             \
  "UPDATE field SET (" columns ") = (SELECT " columns                       \
  " FROM other.field o WHERE o.name = field.name ORDER BY o.revision DESC " \
  "LIMIT 1);"
#define TAKE_VALUES TAKE_FIELDS TAKE("entry") TAKE("tenant_secret") TAKE("tenant")

Test(vault_directory, nothing_of_another_vault_of_the_same_root_is_taken_for_ones_own) {
  static const struct {
    const char *sql;
    enum bulla_status opened;
    enum bulla_status used; /* BULLA_OK: not asked */
  } rows[] = {
      {TAKE_KEYS("statement, signature"), BULLA_REFUSED, BULLA_OK},
      {TAKE_KEYS("signature"), BULLA_REFUSED, BULLA_OK},
      {TAKE_KEYS("signing_key"), BULLA_REFUSED, BULLA_OK},
      {TAKE_KEYS("audit_key"), BULLA_REFUSED, BULLA_OK},
      {TAKE_KEYS("detail_key"), BULLA_REFUSED, BULLA_OK},
      {TAKE_KEYS("statement, signature, signing_key, audit_key, detail_key"), BULLA_REFUSED, BULLA_OK},
      {TAKE("root"), BULLA_REFUSED, BULLA_OK},
      {TAKE("root") TAKE_KEYS("signing_key, audit_key, detail_key"), BULLA_REFUSED, BULLA_OK},
      {TAKE("lane"), BULLA_AUDIT_BROKEN, BULLA_OK},
      {TAKE("vault") TAKE("root"), BULLA_AUDIT_BROKEN, BULLA_OK},
      {TAKE("vault") TAKE("root") TAKE("lane"), BULLA_OK, BULLA_AUDIT_BROKEN},
      {TAKE("vault") TAKE("root") TAKE("lane") TAKE("audit") TAKE("audit_head"), BULLA_OK, BULLA_REFUSED},
      {TAKE("audit") TAKE("audit_head"), BULLA_OK, BULLA_AUDIT_BROKEN},
      {TAKE("audit_head"), BULLA_OK, BULLA_AUDIT_BROKEN},
      {TAKE("tenant"), BULLA_OK, BULLA_REFUSED},
      {TAKE_VALUES, BULLA_OK, BULLA_REFUSED},
      {TAKE_FIELDS TAKE("entry") TAKE("tenant_secret") OF_OTHER("tenant", "id", "name"), BULLA_OK, BULLA_REFUSED},
      {OF_OTHER("tenant", "statement, signature", "name"), BULLA_OK, BULLA_REFUSED},
      {OF_OTHER("tenant", "label_key", "name"), BULLA_OK, BULLA_REFUSED},
      {OF_OTHER("tenant", "detail_key", "name"), BULLA_OK, BULLA_REFUSED},
      {FIELD_OF_OTHER("value"), BULLA_OK, BULLA_REFUSED},
      {FIELD_OF_OTHER("value, mask"), BULLA_OK, BULLA_REFUSED},
      {"UPDATE tenant_secret SET wrapped = (SELECT o.wrapped FROM other.tenant_secret o LIMIT 1)", BULLA_OK,
       BULLA_REFUSED},
      {"UPDATE entry SET name_proof = (SELECT o.name_proof FROM other.entry o LIMIT 1)", BULLA_OK, BULLA_REFUSED},
  };
  furnish();
  struct bulla_span other = build_other();
  struct bulla_span file = image();
  for (size_t i = 0; i < N(rows); i++) {
    close_vault();
    put_back(file);
    run_sql(with(other, rows[i].sql));
    enum bulla_status status = bulla_vault_open(&house.vault, house.url, house.root, NULL);
    cr_expect_eq(status, rows[i].opened, "%s: %s", rows[i].sql, bulla_status_text(status));
    if (status == BULLA_OK) {
      static const char *const fields[] = {"password", "host"};
      used.calls = 0;
      for (size_t j = 0; j < 2; j++) {
        /* The wrap of a secret is of no use to a plain value. */
        bool plain = j == 1 && strncmp(rows[i].sql, "UPDATE tenant_secret", 20) == 0;
        status = use("acme", "db", fields[j]);
        cr_expect_eq(status, plain ? BULLA_OK : rows[i].used, "%s: %s", rows[i].sql, bulla_status_text(status));
        cr_expect_eq(used.calls, plain ? 1 : 0, "%s: opened", rows[i].sql);
      }
    }
    bulla_vault_close(&house.vault);
  }
}

/* A tenant that was removed does not come back, and a live one does not go. */
Test(vault_directory, who_was_removed_is_in_what_is_signed) {
  static const char *const sqls[] = {
      "UPDATE tenant SET name = 'acme' WHERE name IS NULL",
      /* With the signed row that it had, but not its secrets: those are gone. */
      "UPDATE tenant SET (name, statement, signature) = (SELECT name, statement, signature FROM other.tenant o WHERE "
      "o.id "
      "= tenant.id) WHERE name IS NULL",
  };
  TEST_OK(put("acme", "db", "host", "x", false));
  struct bulla_span early = image();
  TEST_OK(bulla_vault_remove(house.vault, &who, AT(TEXT("acme"), TEXT("db"))));
  TEST_OK(bulla_vault_remove_tenant(house.vault, &who, TEXT("acme")));
  struct bulla_span file = image();
  for (size_t i = 0; i < N(sqls); i++) {
    restore(file, with(early, sqls[i]));
    TEST_STATUS(put("acme", "db", "host", "x", true), BULLA_REFUSED);
    enum bulla_status status = put_apikey(TEXT("acme"), TEXT("1123456789abcdef"), "x", 7);
    cr_expect_eq(status, BULLA_REFUSED, "%zu: %s", i, bulla_status_text(status));
  }
  restore(early, "UPDATE tenant SET name = NULL");
  TEST_STATUS(use("acme", "db", "host"), BULLA_NOT_FOUND);
  cr_expect_eq(count_records("outcome = 'granted'"), 0);
  TEST_STATUS(bulla_vault_audit_log(house.vault, 1, TEXT(""), count_record, NULL), BULLA_REFUSED);
}

/* What the statement of acme commits to, by number: first what the row of the tenant has, then what its secret is. */
enum { LABEL_KEY, DETAIL_KEY, VALUE_PAIR, MASK_PAIR, APIKEY_KEY, NUM_COMMITMENTS };
static struct bulla_span *commitment(struct bulla_tenant_statement *said, int number) {
  struct bulla_span *const all[NUM_COMMITMENTS] = {&said->label_key_id, &said->detail_key_id,
                                                   &said->secrets[0].value_public, &said->secrets[0].mask_public,
                                                   &said->secrets[0].apikey_id};
  return all[number];
}

/* Signs acme's statement with |bit| of one commitment turned, and stores it. */
static void sign_otherwise(int number, size_t bit) {
  const struct bulla_tenant *acme = NULL;
  struct bulla_signed made;
  struct bulla_db *transaction BULLA_CLEANUP(bulla_db_rollback) = NULL;
  TEST_OK(bulla_db_begin(&transaction, house.vault->db, BULLA_DB_WRITE));
  TEST_OK(bulla_tenant_look(&acme, house.vault, TEXT("acme")));
  struct bulla_tenant_statement said = acme->said;
  *commitment(&said, number) = test_flipped(*commitment(&said, number), bit);
  TEST_OK(bulla_sign_tenant(&made, &house.vault->keyring, &said));
  struct bulla_statement update = bulla_statement(house.vault->db, BULLA_QUERY_UPDATE_TENANT);
  bulla_bind_text(&update, said.name);
  bulla_bind_blob(&update, bulla_written(&made.statement));
  bulla_bind_blob(&update, bulla_span(made.signature, sizeof(made.signature)));
  bulla_bind_blob(&update, said.id);
  TEST_OK(bulla_finish(&update));
  bulla_statement_end(&update);
  TEST_OK(bulla_db_commit(&transaction));
}

/* The keys of a tenant are those that were signed, in a process that has seen none of them and in one that has. */
Test(vault_directory, no_key_of_a_tenant_is_used_that_its_statement_does_not_commit_to) {
  furnish();
  struct bulla_span file = image();
  for (int number = 0; number < NUM_COMMITMENTS; number++) {
    for (int reopened = 0; reopened < 2; reopened++) {
      int calls = 0;
      restore(file, "");
      assert_use("acme", "db", "password", "acme db password");
      sign_otherwise(number, 8 * (size_t)number + 3);
      if (reopened == 1) {
        close_vault();
        open_vault();
      }
      bool of_tenant = number <= DETAIL_KEY;
      TEST_STATUS(use("acme", "db", "password"), BULLA_REFUSED);
      TEST_STATUS(put("acme", "db", "password", "another", true), BULLA_REFUSED);
      TEST_STATUS(bulla_vault_apikey_use(house.vault, &who, RECORD_ID, count_root, &calls), BULLA_REFUSED);
      TEST_STATUS(bulla_vault_show(house.vault, AT(TEXT("acme"), TEXT("db")), count_field, &calls), BULLA_REFUSED);
      cr_expect_leq(calls, of_tenant ? 0 : 1, "commitment %d: the plain field is proven by the label key", number);
      assert_use("beta", "db", "password", "beta db password");
    }
  }
}

static int64_t rotate_acme(void) {
  int64_t version = 0;
  TEST_OK(bulla_vault_rotate_tenant(house.vault, &version, &who, TEXT("acme")));
  return version;
}

/* What is said of acme, which is read anew. */
static const struct bulla_tenant_statement *acme_said(void) {
  const struct bulla_tenant *acme = NULL;
  TEST_OK(bulla_tenant_look(&acme, house.vault, TEXT("acme")));
  return &acme->said;
}

/* By that it is told whether a secret is older than something else that changed. */
Test(vault_directory, each_secret_tells_with_which_change_it_was_made) {
  struct bulla_rewrap_report report = BULLA_REWRAP_REPORT_INIT;
  int64_t num = 0;
  furnish();
  int64_t first = acme_said()->secrets[0].generation;
  cr_assert_eq(first, acme_said()->generation);
  TEST_OK(put("gamma", "db", "host", "x", false)); /* another change between */
  cr_assert_eq(rotate_acme(), 2);
  int64_t second = acme_said()->secrets[1].generation;
  cr_expect_eq(second, first + 3, "after that of beta and that of gamma");
  cr_expect_eq(second, acme_said()->generation);
  cr_expect_eq(acme_said()->secrets[0].generation, first);
  TEST_OK(bulla_vault_rename_tenant(house.vault, &who, TEXT("beta"), TEXT("Beta")));
  cr_assert_eq(rotate_acme(), 3);
  const int64_t wanted[] = {first, second, second + 2};
  for (size_t i = 0; i < N(wanted); i++) {
    cr_expect_eq(acme_said()->secrets[i].generation, wanted[i], "secret %zu", i);
  }
  TEST_OK(bulla_vault_rewrap(house.vault, &report, &who, TEXT("acme"), NULL, NULL));
  TEST_OK(bulla_vault_destroy_versions(house.vault, &num, &who, TEXT("acme")));
  cr_assert_eq(num, 2);
  cr_assert_eq(acme_said()->num_secrets, 1);
  cr_expect_eq(acme_said()->secrets[0].generation, second + 2, "signed anew, and made when it was");
  cr_expect_gt(acme_said()->generation, second + 2);
}

/* A second root of the vault, as the list of its roots has it. */
static void add_root(const struct bulla_root *root) {
  static struct bulla_vault_row row;
  struct bulla_root_row wrapped;
  struct bulla_db *transaction BULLA_CLEANUP(bulla_db_rollback) = NULL;
  TEST_OK(bulla_db_begin(&transaction, house.vault->db, BULLA_DB_WRITE));
  TEST_OK(bulla_vault_row_now(&row, &house.vault->keyring, house.vault->db));
  struct bulla_root_entry *entry = &row.said.roots[row.said.num_roots++];
  TEST_OK(bulla_root_wrap(&wrapped, entry, &house.vault->keyring, root, house.vault->keyring.vault_secret));
  TEST_OK(bulla_root_row_insert(&wrapped, house.vault->db));
  TEST_OK(bulla_vault_row_store(NULL, &house.vault->keyring, house.vault->db, &row.said));
  TEST_OK(bulla_db_commit(&transaction));
}

Test(vault_directory, the_roots_are_those_in_the_list_with_their_rows) {
  struct bulla_root *roots[] = {house.root, root_by_name("spare"), root_by_name("stranger")};
  furnish();
  struct bulla_span early = image();
  add_root(roots[1]);
  struct bulla_span file = image();
  const struct {
    struct bulla_span other;
    const char *sql;
    enum bulla_status opened[3];
  } rows[] = {
      {early, "SELECT 1", {BULLA_OK, BULLA_OK, BULLA_ROOT_WRONG}},
      {early, "DELETE FROM root WHERE id = (SELECT id FROM other.root)", {BULLA_REFUSED, BULLA_OK, BULLA_REFUSED}},
      {early, "DELETE FROM root WHERE id <> (SELECT id FROM other.root)", {BULLA_OK, BULLA_REFUSED, BULLA_REFUSED}},
      {early, "DELETE FROM root", {BULLA_REFUSED, BULLA_REFUSED, BULLA_REFUSED}},
      {early,
       "UPDATE root SET wrapped = x'00' WHERE id = (SELECT id FROM other.root)",
       {BULLA_REFUSED, BULLA_OK, BULLA_ROOT_WRONG}},
      {file,
       "UPDATE root SET wrapped = (SELECT o.wrapped FROM other.root o WHERE o.id <> root.id)",
       {BULLA_REFUSED, BULLA_REFUSED, BULLA_ROOT_WRONG}},
      /* A list that is shorter was one that was signed: the row that is not in it opens nothing. */
      {early, OLD_VAULT, {BULLA_OK, BULLA_ROOT_WRONG, BULLA_ROOT_WRONG}},
      {early,
       "UPDATE vault SET statement = (SELECT statement FROM other.vault)",
       {BULLA_REFUSED, BULLA_ROOT_WRONG, BULLA_ROOT_WRONG}},
      {early,
       "UPDATE vault SET signature = (SELECT signature FROM other.vault)",
       {BULLA_REFUSED, BULLA_REFUSED, BULLA_ROOT_WRONG}},
  };
  for (size_t i = 0; i < N(rows); i++) {
    for (size_t j = 0; j < 3; j++) {
      close_vault();
      put_back(file);
      run_sql(with(rows[i].other, rows[i].sql));
      enum bulla_status status = bulla_vault_open(&house.vault, house.url, roots[j], NULL);
      cr_expect_eq(status, rows[i].opened[j], "row %zu, root %zu: %s", i, j, bulla_status_text(status));
      cr_expect_eq(house.vault != NULL, status == BULLA_OK);
      if (status == BULLA_OK) {
        assert_use("acme", "db", "password", "acme db password");
      }
    }
  }
  bulla_root_free(&roots[1]);
  bulla_root_free(&roots[2]);
}

/* Anybody can seal a vault key of his own to a public key, and make a vault of it. */
Test(vault_directory, with_a_recipients_key_a_vault_opens_by_its_fingerprint_alone) {
  struct bulla_root recipient = {.kind = BULLA_ROOT_RECIPIENT};
  struct bulla_root private_key = {.kind = BULLA_ROOT_PRIVATE,
                                   .material = test_secret(test_filled(7, BULLA_BOX_PRIVATE_LEN))};
  uint8_t fingerprint[2][BULLA_VAULT_FINGERPRINT_LEN];
  TEST_OK(bulla_box_public(recipient.public_key, private_key.material));
  memcpy(private_key.public_key, recipient.public_key, sizeof(recipient.public_key));
  furnish();
  add_root(&recipient);
  TEST_OK(bulla_vault_fingerprint(house.vault, fingerprint[0]));
  const struct {
    struct bulla_span fingerprint;
    enum bulla_status by_private;
    enum bulla_status by_key;
  } rows[] = {
      {bulla_span(NULL, 0), BULLA_WRONG_VAULT, BULLA_OK},
      {bulla_span(fingerprint[0], 32), BULLA_OK, BULLA_OK},
      {test_flipped(bulla_span(fingerprint[0], 32), 255), BULLA_WRONG_VAULT, BULLA_WRONG_VAULT},
      {bulla_span(fingerprint[0], 31), BULLA_INVALID_ARGUMENT, BULLA_INVALID_ARGUMENT},
  };
  for (size_t i = 0; i < N(rows); i++) {
    for (int by_key = 0; by_key < 2; by_key++) {
      struct bulla_vault_options options = BULLA_VAULT_OPTIONS_INIT;
      options.fingerprint = rows[i].fingerprint;
      close_vault();
      enum bulla_status status =
          bulla_vault_open(&house.vault, house.url, by_key == 1 ? house.root : &private_key, &options);
      cr_expect_eq(status, by_key == 1 ? rows[i].by_key : rows[i].by_private, "row %zu, %d: %s", i, by_key,
                   bulla_status_text(status));
      if (status == BULLA_OK) {
        assert_use("acme", "db", "password", "acme db password");
      }
    }
  }
  struct bulla_vault_options options = BULLA_VAULT_OPTIONS_INIT;
  options.fingerprint = rows[1].fingerprint;
  TEST_STATUS(bulla_vault_open(&house.vault, house.url, &recipient, &options), BULLA_ROOT_WRONG);
  TEST_STATUS(bulla_vault_open(&house.vault, house.url, &recipient, NULL), BULLA_WRONG_VAULT);
  /* A vault of somebody else in its place, sealed to the same recipient. */
  remove_vault();
  TEST_OK(bulla_vault_create(house.url, house.root));
  open_vault();
  add_root(&recipient);
  TEST_OK(bulla_vault_fingerprint(house.vault, fingerprint[1]));
  cr_expect_neq(memcmp(fingerprint[0], fingerprint[1], sizeof(fingerprint[0])), 0);
  close_vault();
  options = (struct bulla_vault_options)BULLA_VAULT_OPTIONS_INIT;
  options.fingerprint = bulla_span(fingerprint[0], 32);
  TEST_STATUS(bulla_vault_open(&house.vault, house.url, &private_key, &options), BULLA_WRONG_VAULT);
  cr_expect_null(house.vault);
  bulla_secret_free(&private_key.material);
}
