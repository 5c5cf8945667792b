/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Taking in what actors have put: beside others who do so or change it meanwhile, and all of it before an actor ends.
 */

#include <sys/wait.h>

#include "store/change.h"
#include "store/columns.h"
#include "store/posted.h"
#include "store/reseal.h"
#include "store/tenant.h"
#include "store/vault.h"
#include "tests/actor_support.h"

/* Two actors that put in acme and in beta, as each has opened the vault. */
static struct {
  struct bulla_vault *front;
  struct bulla_vault *other;
} staff;

static struct bulla_vault *hire(const char *name) {
  struct bulla_span key = make_actor(name);
  grant(name, BULLA_ROLE_PUT, "");
  return open_as(key);
}

static void furnish(void) {
  build_house();
  TEST_OK(put("acme", "db", "password", "of the root, and long", true));
  TEST_OK(put("beta", "db", "password", "of beta", true));
  staff.front = hire("front");
  staff.other = hire("other");
}

static void leave(void) {
  bulla_vault_close(&staff.front);
  bulla_vault_close(&staff.other);
  leave_house();
}

TestSuite(posted_taken, .init = furnish, .fini = leave, .timeout = 60);

static struct bulla_span id_of(const struct bulla_vault *actor) {
  return bulla_span(actor->keyring.self->id, BULLA_ID_LEN);
}

static struct bulla_span tenant_id(const char *name) {
  const struct bulla_tenant *owner;
  TEST_OK(bulla_tenant_find(&owner, house.vault, test_text(name)));
  return test_copy(bulla_tenant_id(owner));
}

/* Reads the planted field as a use does. */
static void read_planted(struct bulla_stored_field *field, struct bulla_statement *statement) {
  bool row;
  *statement = bulla_statement(house.vault->db, BULLA_QUERY_FIND_FIELD);
  bulla_bind_text(statement, TEXT("acme"));
  bulla_bind_text(statement, TEXT("db"));
  bulla_bind_text(statement, TEXT("planted"));
  TEST_OK(bulla_step(statement, &row));
  cr_assert(row);
  TEST_OK(bulla_statement_keep(statement));
  *field = (struct bulla_stored_field){.tenant = TEXT("acme"), .entry = TEXT("db")};
  TEST_OK(bulla_columns_field(field, &house.vault->keyring, statement));
}

static enum bulla_status put_by(struct bulla_vault *vault, const char *value) {
  struct bulla_field field = {TEXT("planted"), test_text(value), true};
  return bulla_vault_put(vault, &who, AT(TEXT("acme"), TEXT("db")), &field, 1);
}

/* It has the same place and the same revision as what was there before. */
Test(posted_taken, what_was_put_anew_meanwhile_is_not_replaced) {
  struct bulla_statement statement;
  struct bulla_stored_field field;
  const struct bulla_tenant_secret *to;
  int64_t num;
  TEST_OK(put_by(staff.front, "before"));
  read_planted(&field, &statement);
  TEST_OK(bulla_tenant_active_secret(&to, house.vault, field.owner));
  run_sql("DELETE FROM field WHERE name = 'planted'");
  TEST_OK(put_by(staff.front, "meanwhile"));
  struct bulla_db *transaction = NULL;
  TEST_OK(bulla_db_begin(&transaction, house.vault->db, BULLA_DB_WRITE));
  TEST_OK(bulla_reseal_store(&num, house.vault, &field, to));
  TEST_OK(bulla_db_commit(&transaction));
  cr_expect_eq(num, 0);
  bulla_statement_end(&statement);
  TEST_OK(use("acme", "db", "planted"));
  TEST_SPAN(used.value, TEXT("meanwhile"), "%.*s", S(used.value));
  run_sql("DELETE FROM field WHERE name = 'planted'");
  TEST_OK(put("acme", "db", "planted", "of the root", true));
  TEST_OK(use("acme", "db", "planted"));
  TEST_SPAN(used.value, TEXT("of the root"), "%.*s", S(used.value));
}

/* store_as_rewrap stores junk over row |number|, as rewrap does with what no actor has put, by the query for one row or
 * by that for many, and returns how many rows that changed. */
static int64_t store_as_rewrap(enum bulla_query query, int64_t number, const struct bulla_tenant_secret *keys) {
  struct bulla_statement statement BULLA_CLEANUP(bulla_statement_end) = bulla_statement(house.vault->db, query);
  bool many = query == BULLA_QUERY_REWRAP_FIELDS;
  int64_t changed;
  if (many) {
    bulla_bind_secret(&statement, keys);
  }
  for (size_t i = 0; i < (many ? BULLA_QUERY_ROWS : 1); i++) {
    bulla_bind_blob(&statement, TEXT("junk"));
    bulla_bind_blob(&statement, TEXT("junk"));
    if (many) {
      bulla_bind_int(&statement, i == 0 ? number : INT64_MIN);
    }
  }
  bulla_bind_secret(&statement, keys);
  if (!many) {
    bulla_bind_secret(&statement, keys);
    bulla_bind_int(&statement, number);
  }
  TEST_OK(bulla_finish_counted(&statement, &changed));
  return changed;
}

/* What an actor has put has the same secret, and on a server that was tampered with it may have the same number. */
Test(posted_taken, rewrap_does_not_store_over_what_an_actor_has_put) {
  const struct bulla_tenant *owner;
  const struct bulla_tenant_secret *keys;
  struct bulla_db *transaction = NULL;
  TEST_OK(put_by(staff.front, "before"));
  int64_t number = run_sql("SELECT number FROM field WHERE writer IS NOT NULL");
  int64_t sealed = run_sql(
      "SELECT f.number FROM field f JOIN entry e ON e.id = f.entry JOIN tenant t ON t.id = e.tenant "
      "WHERE f.writer IS NULL AND t.name = 'acme'");
  TEST_OK(bulla_tenant_find(&owner, house.vault, TEXT("acme")));
  TEST_OK(bulla_tenant_active_secret(&keys, house.vault, owner));
  TEST_OK(bulla_db_begin(&transaction, house.vault->db, BULLA_DB_WRITE));
  cr_expect_eq(store_as_rewrap(BULLA_QUERY_REWRAP_FIELD, number, keys), 0);
  cr_expect_eq(store_as_rewrap(BULLA_QUERY_REWRAP_FIELDS, number, keys), 0);
  cr_expect_eq(store_as_rewrap(BULLA_QUERY_REWRAP_FIELD, sealed, keys), 1);
  cr_expect_eq(store_as_rewrap(BULLA_QUERY_REWRAP_FIELDS, sealed, keys), 1);
  bulla_db_rollback(&transaction);
  TEST_OK(use("acme", "db", "planted"));
  TEST_SPAN(used.value, TEXT("before"), "%.*s", S(used.value));
}

/* Used while it was good, it was not taken in before the actor ended. */
Test(posted_taken, a_use_does_not_take_in_what_was_distrusted_meanwhile) {
  struct bulla_statement statement;
  struct bulla_stored_field field;
  struct bulla_vault *second = NULL;
  TEST_OK(bulla_vault_open(&second, house.url, house.root, NULL));
  TEST_OK(put_by(staff.front, "before"));
  read_planted(&field, &statement);
  bulla_tenant_hold(field.owner);
  bulla_tenant_secret_hold(field.keys);
  TEST_OK(bulla_vault_actor_revoke(second, NULL, &who, TEXT("front"), true, NULL, NULL));
  bulla_reseal_used(house.vault, &field, bulla_span(NULL, 0));
  cr_expect_eq(run_sql("SELECT count(*) FROM field WHERE writer IS NOT NULL"), 1);
  bulla_statement_end(&statement);
  bulla_tenant_release(&field.owner);
  bulla_tenant_secret_release(&field.keys);
  TEST_STATUS(use("acme", "db", "planted"), BULLA_REFUSED);
  bulla_vault_close(&second);
}

enum { MANY = 300 };

/* Puts |num| values at once, into the entry |entry| of |tenant_name|. */
static void put_many(struct bulla_vault *vault, const char *tenant_name, const char *entry, size_t num) {
  struct bulla_field *fields = (struct bulla_field *)test_alloc(num * sizeof(*fields));
  for (size_t i = 0; i < num; i++) {
    char *name = (char *)test_alloc(20);
    (void)snprintf(name, 20, "field%zu", i);
    fields[i] = (struct bulla_field){test_text(name), test_text("a value of many"), true};
  }
  TEST_OK(bulla_vault_put(vault, &who, AT(test_text(tenant_name), test_text(entry)), fields, num));
}

static void note_progress(void *arg, int64_t done, int64_t total) {
  int64_t *last = arg;
  cr_expect(done >= *last && total >= done);
  *last = done;
}

Test(posted_taken, all_that_an_actor_has_put_is_taken_in) {
  int64_t num;
  int64_t done = 0;
  put_many(staff.front, "acme", "db", MANY);
  put_many(staff.other, "acme", "mail", 3);
  put_many(staff.front, "beta", "db", 5);
  TEST_OK(bulla_posted_adopt_all(&num, house.vault, id_of(staff.front), tenant_id("beta"), NULL, NULL));
  cr_expect_eq(num, 5);
  TEST_OK(bulla_posted_adopt_all(&num, house.vault, id_of(staff.front), TEXT(""), note_progress, &done));
  cr_expect_eq(num, MANY);
  cr_expect_eq(done, MANY);
  cr_expect_eq(run_sql("SELECT count(*) FROM field WHERE writer IS NOT NULL"), 3);
  TEST_OK(use("acme", "db", "field299"));
  TEST_OK(bulla_posted_adopt_all(&num, house.vault, id_of(staff.front), TEXT(""), NULL, NULL));
  cr_expect_eq(num, 0);
  assert_sound();
}

Test(posted_taken, what_is_left_is_a_thousand_values_at_most) {
  int64_t num;
  struct bulla_change change BULLA_CLEANUP(bulla_change_end) = {.vault = NULL};
  put_many(staff.front, "acme", "db", BULLA_POSTED_REST_MAX + 1);
  TEST_OK(bulla_change_begin(&change, house.vault, &who, BULLA_DB_WRITE));
  TEST_STATUS(bulla_posted_adopt_rest(&num, house.vault, id_of(staff.front), TEXT("")), BULLA_BUSY);
  bulla_change_end(&change);
  cr_expect_eq(run_sql("SELECT count(*) FROM field WHERE writer IS NOT NULL"), BULLA_POSTED_REST_MAX + 1);
  change = (struct bulla_change){.vault = NULL};
  run_sql("DELETE FROM field WHERE name = 'field7'");
  TEST_OK(bulla_change_begin(&change, house.vault, &who, BULLA_DB_WRITE));
  TEST_OK(bulla_posted_adopt_rest(&num, house.vault, id_of(staff.front), TEXT("")));
  cr_expect_eq(num, BULLA_POSTED_REST_MAX);
}

/* What does not open stays, and keeps nothing else from being taken in. */
Test(posted_taken, what_is_not_good_is_left_where_it_is) {
  int64_t num;
  put_many(staff.front, "acme", "unproven", 1);
  put_many(staff.front, "acme", "db", 3);
  run_sql("UPDATE field SET signature = zeroblob(64) WHERE name = 'field1'");
  run_sql("UPDATE entry SET name_proof = zeroblob(32) WHERE name = 'unproven'");
  TEST_OK(bulla_posted_adopt_all(&num, house.vault, id_of(staff.front), TEXT(""), NULL, NULL));
  cr_expect_eq(num, 2);
  TEST_OK(bulla_vault_actor_revoke(house.vault, &num, &who, TEXT("front"), false, NULL, NULL));
  cr_expect_eq(num, 0);
  TEST_STATUS(use("acme", "db", "field1"), BULLA_REFUSED);
  TEST_OK(use("acme", "db", "field2"));
}

TestSuite(posted_taken_shared, .init = build_shared_house, .fini = leave_house, .timeout = 60);

static enum bulla_status is_it(UNUSED void *arg, struct bulla_span value) {
  return bulla_span_equal(value, TEXT("a value of many")) ? BULLA_OK : BULLA_REFUSED;
}

/* Uses all of them; with an odd number it seals anew in between. */
static enum bulla_status use_all(struct bulla_vault *vault, int number) {
  char name[20];
  for (int i = 0; i < MANY; i++) {
    struct bulla_rewrap_report report = BULLA_REWRAP_REPORT_INIT;
    (void)snprintf(name, sizeof(name), "field%d", i);
    BULLA_TRY(bulla_vault_use(vault, &who, AT(TEXT("acme"), TEXT("db"), test_text(name)), is_it, NULL));
    if (number % 2 == 1 && i % 100 == 50) {
      BULLA_TRY(bulla_vault_rewrap(vault, &report, &who, TEXT(""), NULL, NULL));
    }
  }
  return BULLA_OK;
}

Test(posted_taken_shared, processes_that_take_in_the_same_values_lose_none) {
  enum { PROCESSES = 4 };
  pid_t children[PROCESSES];
  open_vault();
  TEST_OK(put("acme", "db", "password", "of the root", true));
  struct bulla_span key = make_actor("front");
  grant("front", BULLA_ROLE_PUT, "acme");
  struct bulla_vault *front = open_as(key);
  put_many(front, "acme", "db", MANY);
  bulla_vault_close(&front);
  close_vault();
  for (int i = 0; i < PROCESSES; i++) {
    children[i] = fork();
    if (children[i] == 0) {
      struct bulla_vault *vault = enter();
      enum bulla_status status = use_all(vault, i);
      bulla_vault_close(&vault);
      _exit((int)status);
    }
  }
  for (int i = 0; i < PROCESSES; i++) {
    int status;
    waitpid(children[i], &status, 0);
    cr_assert(WIFEXITED(status));
    TEST_OK((enum bulla_status)WEXITSTATUS(status));
  }
  open_vault();
  cr_expect_eq(run_sql("SELECT count(*) FROM field WHERE writer IS NOT NULL OR signature IS NOT NULL"), 0);
  TEST_OK(use_all(house.vault, 0));
  assert_sound();
}
