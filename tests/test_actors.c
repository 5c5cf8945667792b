/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Actors of a vault: made, listed and revoked by a root, and their rows written to by somebody without keys. */

#include <sys/wait.h>

#include "store/actors.h"
#include "tests/actor_support.h"

static void furnish(void) {
  build_house();
  TEST_OK(put("acme", "db", "password", "acme db password", true));
  TEST_OK(put("beta", "db", "password", "beta db password", true));
}

TestSuite(actors, .init = furnish, .fini = leave_house, .timeout = 60);
TestSuite(actors_shared, .init = build_shared_house, .fini = leave_house, .timeout = 60);

#define N(array) (sizeof(array) / sizeof((array)[0]))

static enum bulla_status note_actor(void *arg, const struct bulla_actor_view *actor) {
  cr_expect_eq(actor->id.len, 16);
  cr_expect_gt(actor->created, 1700000000);
  note(arg, "%lld %.*s%s;", (long long)actor->number, S(actor->name), actor->is_revoked ? " revoked" : "");
  return BULLA_OK;
}

static void assert_actors(const char *wanted) {
  struct bulla_buffer list = test_room(1000);
  TEST_OK(bulla_vault_actor_list(house.vault, note_actor, &list));
  TEST_SPAN(bulla_written(&list), test_text(wanted), "%.*s", S(bulla_written(&list)));
}

static enum bulla_status list(void) {
  struct bulla_buffer text = test_room(1000);
  return bulla_vault_actor_list(house.vault, note_actor, &text);
}

static enum bulla_status create(struct bulla_vault *vault, const char *name) {
  struct bulla_secret *key = test_secret(TEXT("not NULL"));
  struct bulla_secret *former = key;
  enum bulla_status status = bulla_vault_actor_create(vault, &key, &who, test_text(name));
  cr_expect_eq(key != NULL, status == BULLA_OK);
  bulla_secret_free(&former);
  bulla_secret_free(&key);
  return status;
}

/* opens returns what opening the vault as |actor| gives. */
static enum bulla_status opens(const struct bulla_actor *actor) {
  struct bulla_vault *vault = NULL;
  enum bulla_status status = bulla_vault_open_as(&vault, house.url, actor, NULL);
  bulla_vault_close(&vault);
  return status;
}

/* count_signed returns how many records of |op| have the digest of a statement in |table|. */
static int64_t num_of(const char *op, const char *entry, const char *field) {
  char condition[300];
  snprintf(
      condition, sizeof(condition),
      "op = '%s' AND entry = '%s' AND field = '%s' AND length(statement) = 32 AND outcome = 'done' AND tenant = '' "
      "AND actor = 'tester'",
      op, entry, field);
  return count_details(condition);
}

Test(actors, each_has_a_key_a_number_and_a_lane) {
  struct bulla_actor *worker = create_actor("worker");
  struct bulla_actor *front = create_actor("front-end");
  assert_actors("1 worker;2 front-end;");
  TEST_OK(opens(worker));
  TEST_OK(opens(front));
  cr_expect_eq(num_of("actor-create", "worker", ""), 1);
  cr_expect_eq(num_of("actor-create", "front-end", ""), 1);
  cr_expect_eq(run_sql("SELECT count(*) FROM lane WHERE number IN (64, 128)"), 2);
  cr_expect_eq(run_sql("SELECT count(*) FROM lane"), 3);
  cr_expect_eq(count_details("op = 'lane-open' AND entry IN ('64', '128')"), 2, "it cannot go without a trace");
  struct bulla_audit_verdict verdict = BULLA_AUDIT_VERDICT_INIT;
  TEST_OK(bulla_vault_audit_verify(house.vault, &verdict));
  cr_expect_eq(verdict.bad_seq, 0);
  bulla_actor_free(&worker);
  bulla_actor_free(&front);
}

Test(actors, the_statement_in_the_log_is_that_of_the_row) {
  enroll("worker");
  char condition[200];
  uint8_t digest[BULLA_SHA256_LEN];
  struct bulla_actor_row row;
  TEST_OK(bulla_actor_by_name(&row, &house.vault->keyring, house.vault->db, TEXT("worker")));
  TEST_OK(bulla_sha256(digest, row.statement));
  int len = snprintf(condition, sizeof(condition), "op = 'actor-create' AND hex(statement) = '");
  for (size_t i = 0; i < sizeof(digest); i++) {
    len += snprintf(condition + len, sizeof(condition) - (size_t)len, "%02X", digest[i]);
  }
  strcat(condition, "'");
  cr_expect_eq(count_details(condition), 1);
}

/* Who looks at the log reads a name: it must not come to be another one's. */
Test(actors, a_name_is_given_once) {
  enroll("worker");
  TEST_STATUS(create(house.vault, "worker"), BULLA_EXISTS);
  TEST_OK(revoke_actor("worker"));
  TEST_STATUS(create(house.vault, "worker"), BULLA_EXISTS);
  TEST_OK(create(house.vault, "worker-2"));
  assert_actors("1 worker revoked;2 worker-2;");
}

Test(actors, what_is_no_name_or_nobody_is_refused) {
  const struct bulla_who nobody = {.origin = TEXT("here")};
  struct bulla_secret *key = NULL;
  static const char *const names[] = {"", "a b", "a\nb"};
  for (size_t i = 0; i < N(names); i++) {
    TEST_STATUS(create(house.vault, names[i]), BULLA_INVALID_NAME);
    TEST_STATUS(revoke_actor(names[i]), BULLA_INVALID_NAME);
  }
  TEST_STATUS(bulla_vault_actor_create(house.vault, &key, &nobody, TEXT("worker")), BULLA_INVALID_ARGUMENT);
  TEST_STATUS(bulla_vault_actor_create(NULL, &key, &who, TEXT("worker")), BULLA_INVALID_ARGUMENT);
  enroll("worker");
  TEST_STATUS(bulla_vault_actor_revoke(house.vault, NULL, &nobody, TEXT("worker"), false, NULL, NULL),
              BULLA_INVALID_ARGUMENT);
  TEST_STATUS(bulla_vault_actor_revoke(NULL, NULL, &who, TEXT("worker"), false, NULL, NULL), BULLA_INVALID_ARGUMENT);
  assert_actors("1 worker;");
}

Test(actors, one_that_is_revoked_opens_nothing_from_then_on) {
  struct bulla_actor *worker = create_actor("worker");
  TEST_OK(try_grant("worker", BULLA_ROLE_USE, "acme"));
  TEST_OK(try_grant("worker", BULLA_ROLE_SHOW, ""));
  struct bulla_vault *vault = open_by(worker);
  TEST_OK(use_password(vault, "acme"));
  int calls = used.calls;
  TEST_OK(revoke_actor("worker"));
  TEST_STATUS(use_password(vault, "acme"), BULLA_REVOKED);
  TEST_STATUS(list_of(vault, "beta"), BULLA_REVOKED);
  cr_expect_eq(used.calls, calls);
  bulla_vault_close(&vault);
  TEST_STATUS(opens(worker), BULLA_REVOKED);
  assert_actors("1 worker revoked;");
  cr_expect_eq(run_sql("SELECT count(*) FROM actor_grant WHERE ended = 0"), 0);
  cr_expect_eq(run_sql("SELECT count(*) FROM actor_grant WHERE ended > 0"), 2);
  cr_expect_eq(num_of("actor-revoke", "worker", "0"), 1);
  struct bulla_actor_row row;
  TEST_OK(bulla_actor_by_name(&row, &house.vault->keyring, house.vault->db, TEXT("worker")));
  cr_expect_eq(row.said.common_box.len, 0, "nothing is sealed to it any more");
  bulla_actor_free(&worker);
}

Test(actors, who_is_not_there_or_was_revoked_is_not_revoked) {
  int64_t num = 7;
  enroll("worker");
  TEST_STATUS(revoke_actor("nobody"), BULLA_NOT_FOUND);
  TEST_OK(bulla_vault_actor_revoke(house.vault, &num, &who, TEXT("worker"), true, NULL, NULL));
  cr_expect_eq(num, 0);
  cr_expect_eq(num_of("actor-revoke", "worker", "distrust"), 1);
  TEST_STATUS(revoke_actor("worker"), BULLA_REVOKED);
  TEST_STATUS(bulla_vault_actor_revoke(house.vault, &num, &who, TEXT("worker"), true, NULL, NULL), BULLA_REVOKED);
  cr_expect_eq(count_details("op = 'actor-revoke'"), 1);
}

/* put_by puts |value| as the password of the entry db in |vault|. */
static enum bulla_status put_by(struct bulla_vault *vault, const char *tenant, const char *value) {
  const struct bulla_field field = {TEXT("password"), test_text(value), true};
  return bulla_vault_put(vault, &who, AT(test_text(tenant), TEXT("db")), &field, 1);
}

/* What an actor signed is worth nothing once it is revoked: what is to be kept is sealed anew before. */
Test(actors, what_one_has_put_is_kept_or_not_as_the_root_says) {
  static const struct {
    bool distrust;
    int64_t num_adopted;
    const char *told;
    enum bulla_status use;
  } rows[] = {{false, 2, "2", BULLA_OK}, {true, 0, "distrust", BULLA_REFUSED}};
  struct bulla_actor *front = create_actor("front-end");
  TEST_OK(try_grant("front-end", BULLA_ROLE_PUT, "acme"));
  TEST_OK(try_grant("front-end", BULLA_ROLE_PUT, ""));
  struct bulla_vault *vault = open_by(front);
  TEST_OK(put_by(vault, "acme", "put by the front end"));
  TEST_OK(put_by(vault, "beta", "that too"));
  bulla_vault_close(&vault);
  struct bulla_span file = image();
  for (size_t i = 0; i < N(rows); i++) {
    int64_t num_adopted = 7;
    restore(file, "");
    TEST_OK(bulla_vault_actor_revoke(house.vault, &num_adopted, &who, TEXT("front-end"), rows[i].distrust, NULL, NULL));
    cr_expect_eq(num_adopted, rows[i].num_adopted, "row %zu: %lld", i, (long long)num_adopted);
    cr_expect_eq(num_of("actor-revoke", "front-end", rows[i].told), 1, "row %zu", i);
    int calls = used.calls;
    TEST_STATUS(use("acme", "db", "password"), rows[i].use);
    TEST_STATUS(use("beta", "db", "password"), rows[i].use);
    cr_expect_eq(used.calls - calls, rows[i].use == BULLA_OK ? 2 : 0);
  }
  bulla_actor_free(&front);
}

/* An actor that goes on to put while what it has put is sealed anew. */
struct busy {
  struct bulla_vault *vault;
  int num_put;
};

static void put_meanwhile(void *arg, int64_t done, int64_t total) {
  struct busy *busy = arg;
  char value[40];
  cr_expect_leq(done, total);
  if (busy->num_put < 5) {
    snprintf(value, sizeof(value), "put meanwhile %d", ++busy->num_put);
    TEST_OK(put_by(busy->vault, "acme", value));
  }
}

Test(actors, what_one_puts_while_it_is_revoked_is_kept_too) {
  struct bulla_actor *front = create_actor("front-end");
  TEST_OK(try_grant("front-end", BULLA_ROLE_PUT, "acme"));
  struct busy busy = {.vault = open_by(front)};
  TEST_OK(put_by(busy.vault, "acme", "put before"));
  int64_t num_adopted;
  TEST_OK(bulla_vault_actor_revoke(house.vault, &num_adopted, &who, TEXT("front-end"), false, put_meanwhile, &busy));
  cr_expect_geq(busy.num_put, 1);
  cr_expect_eq(num_adopted, 1 + busy.num_put);
  TEST_STATUS(put_by(busy.vault, "acme", "put behind"), BULLA_REVOKED);
  char value[40];
  snprintf(value, sizeof(value), "put meanwhile %d", busy.num_put);
  assert_use("acme", "db", "password", value);
  cr_expect_eq(run_sql("SELECT count(*) FROM field WHERE writer IS NOT NULL"), 0);
  bulla_vault_close(&busy.vault);
  bulla_actor_free(&front);
}

Test(actors, what_was_put_by_a_grant_stays_when_that_ends) {
  struct bulla_actor *front = create_actor("front-end");
  TEST_OK(try_grant("front-end", BULLA_ROLE_PUT, "acme"));
  TEST_OK(try_grant("front-end", BULLA_ROLE_PUT, "beta"));
  struct bulla_vault *vault = open_by(front);
  TEST_OK(put_by(vault, "acme", "put by the front end"));
  TEST_OK(put_by(vault, "beta", "that too"));
  TEST_OK(try_end_grant("front-end", BULLA_ROLE_PUT, "acme"));
  cr_expect_eq(run_sql("SELECT count(*) FROM field WHERE writer IS NOT NULL"), 1, "that for beta is in force");
  assert_use("acme", "db", "password", "put by the front end");
  TEST_STATUS(put_by(vault, "acme", "no more"), BULLA_DENIED);
  TEST_OK(put_by(vault, "beta", "goes on"));
  assert_use("beta", "db", "password", "goes on");
  bulla_vault_close(&vault);
  bulla_actor_free(&front);
}

Test(actors, an_actor_makes_and_revokes_none) {
  struct bulla_actor *worker = create_actor("worker");
  TEST_OK(try_grant("worker", BULLA_ROLE_USE, ""));
  struct bulla_vault *vault = open_by(worker);
  TEST_STATUS(create(vault, "friend"), BULLA_DENIED);
  TEST_STATUS(bulla_vault_actor_revoke(vault, NULL, &who, TEXT("worker"), false, NULL, NULL), BULLA_DENIED);
  TEST_STATUS(bulla_vault_actor_list(vault, note_actor, NULL), BULLA_DENIED);
  TEST_STATUS(bulla_vault_grant(vault, &who, TEXT("worker"), BULLA_ROLE_AUDIT, TEXT("")), BULLA_DENIED);
  TEST_STATUS(bulla_vault_grant_end(vault, &who, TEXT("worker"), BULLA_ROLE_USE, TEXT("")), BULLA_DENIED);
  TEST_STATUS(bulla_vault_grant_list(vault, TEXT(""), NULL, NULL), BULLA_DENIED);
  assert_actors("1 worker;");
  cr_expect_eq(run_sql("SELECT count(*) FROM actor_grant WHERE ended = 0"), 1);
  bulla_vault_close(&vault);
  bulla_actor_free(&worker);
}

/* What somebody with the database writes, and what becomes of making, listing, revoking and of opening as the actor. */
static const struct {
  const char *sql;
  enum bulla_status create;
  enum bulla_status list;
  enum bulla_status revoke;
  enum bulla_status open;
} forgeries[] = {
    {"UPDATE actor SET signature = (SELECT signature FROM vault)", BULLA_OK, BULLA_REFUSED, BULLA_REFUSED,
     BULLA_REFUSED},
    {"UPDATE actor SET name = 'other' WHERE name = 'worker'", BULLA_REFUSED, BULLA_REFUSED, BULLA_NOT_FOUND,
     BULLA_REFUSED},
    {"UPDATE actor SET number = 9 WHERE name = 'worker'", BULLA_REFUSED, BULLA_REFUSED, BULLA_REFUSED, BULLA_REFUSED},
    {"UPDATE actor SET statement = (SELECT statement FROM actor WHERE name = 'second'), signature = (SELECT signature "
     "FROM actor WHERE name = 'second') WHERE name = 'worker'",
     BULLA_REFUSED, BULLA_REFUSED, BULLA_REFUSED, BULLA_REFUSED},
    {"DELETE FROM actor WHERE name = 'worker'", BULLA_REFUSED, BULLA_REFUSED, BULLA_NOT_FOUND, BULLA_ROOT_WRONG},
    {"DELETE FROM actor", BULLA_REFUSED, BULLA_REFUSED, BULLA_NOT_FOUND, BULLA_ROOT_WRONG},
};

Test(actors, a_row_that_was_changed_or_is_missing_is_noticed) {
  struct bulla_actor *worker = create_actor("worker");
  enroll("second");
  struct bulla_span whole = image();
  for (size_t i = 0; i < N(forgeries); i++) {
    restore(whole, forgeries[i].sql);
    const struct {
      enum bulla_status status;
      enum bulla_status wanted;
    } tries[] = {
        {opens(worker), forgeries[i].open},
        {list(), forgeries[i].list},
        {revoke_actor("worker"), forgeries[i].revoke},
        {create(house.vault, "third"), forgeries[i].create},
    };
    for (size_t j = 0; j < N(tries); j++) {
      cr_expect_eq(tries[j].status, tries[j].wanted, "%s, %zu: %s", forgeries[i].sql, j,
                   bulla_status_name(tries[j].status));
    }
  }
  bulla_actor_free(&worker);
}

#define OLD_ACTORS                                                                                              \
  "UPDATE actor SET (statement, signature) = (SELECT o.statement, o.signature FROM other.actor o WHERE o.id = " \
  "actor.id);"
#define OLD_LEAVES "DELETE FROM directory; INSERT INTO directory SELECT * FROM other.directory;"
#define OLD_VAULT "UPDATE vault SET (statement, signature) = (SELECT statement, signature FROM other.vault);"

/* What was said of it before it was revoked is signed well. */
Test(actors, what_was_said_of_one_before_it_was_revoked_does_not_come_back) {
  static const struct {
    const char *sql;
    enum bulla_status open;
  } rows[] = {
      {OLD_ACTORS, BULLA_REFUSED},
      {OLD_ACTORS OLD_LEAVES, BULLA_REFUSED},
  };
  struct bulla_actor *worker = create_actor("worker");
  TEST_OK(try_grant("worker", BULLA_ROLE_USE, "acme"));
  struct bulla_span early = image();
  TEST_OK(revoke_actor("worker"));
  struct bulla_span late = image();
  for (size_t i = 0; i < N(rows); i++) {
    restore(late, "");
    close_vault();
    lay_beside("other", early);
    run_sql(beside("other", rows[i].sql));
    open_vault();
    enum bulla_status status = opens(worker);
    cr_expect_eq(status, rows[i].open, "row %zu: %s", i, bulla_status_name(status));
    TEST_STATUS(list(), BULLA_REFUSED);
    TEST_STATUS(try_grant("worker", BULLA_ROLE_USE, "beta"), BULLA_REFUSED);
    TEST_STATUS(create(house.vault, "another"), BULLA_REFUSED);
  }
  bulla_actor_free(&worker);
}

Test(actors, changes_are_limited) {
  const struct bulla_limit limit = {.kind = BULLA_LIMIT_CHANGE, .scope = BULLA_LIMIT_ACTOR, .rate = 3, .period = 3600};
  TEST_OK(bulla_vault_limit_set(house.vault, &who, &limit));
  enum bulla_status status = BULLA_OK;
  char name[20];
  int num = 0;
  while (status == BULLA_OK && num < 10) {
    snprintf(name, sizeof(name), "a%d", num++);
    status = create(house.vault, name);
  }
  TEST_STATUS(status, BULLA_LIMITED);
  cr_expect_leq(run_sql("SELECT count(*) FROM actor"), 3);
  cr_expect_eq(count_details("op = 'actor-create' AND outcome = 'limited'"), 1);
}

/* Limits are for what goes wrong; whoever does is to be stopped. */
Test(actors, an_actor_is_revoked_whatever_the_limits) {
  const struct bulla_limit limit = {.kind = BULLA_LIMIT_CHANGE, .scope = BULLA_LIMIT_ACTOR, .rate = 0, .period = 3600};
  enroll("worker");
  TEST_OK(try_grant("worker", BULLA_ROLE_USE, "acme"));
  TEST_OK(bulla_vault_limit_set(house.vault, &who, &limit));
  TEST_STATUS(create(house.vault, "another"), BULLA_LIMITED);
  TEST_OK(revoke_actor("worker"));
  assert_actors("1 worker revoked;");
  cr_expect_eq(num_of("actor-revoke", "worker", "0"), 1);
}

enum { EACH = 12 };

static int make_some(const char *prefix) {
  struct bulla_vault *vault = enter();
  for (int i = 0; i < EACH; i++) {
    char name[30];
    struct bulla_secret *key = NULL;
    snprintf(name, sizeof(name), "%s-%d", prefix, i);
    enum bulla_status status = bulla_vault_actor_create(vault, &key, &who, test_text(name));
    bulla_secret_free(&key);
    if (status != BULLA_OK) {
      return (int)status;
    }
  }
  bulla_vault_close(&vault);
  return 0;
}

static enum bulla_status count_actor(void *arg, const struct bulla_actor_view *actor) {
  int64_t *last = arg;
  cr_expect_eq(actor->number, *last + 1);
  *last = actor->number;
  return BULLA_OK;
}

Test(actors_shared, two_roots_at_once_give_each_a_number_of_its_own) {
  static const char *const prefixes[] = {"a", "b"};
  pid_t children[N(prefixes)];
  for (size_t i = 0; i < N(prefixes); i++) {
    children[i] = fork();
    if (children[i] == 0) {
      _exit(make_some(prefixes[i]));
    }
  }
  for (size_t i = 0; i < N(prefixes); i++) {
    int status;
    waitpid(children[i], &status, 0);
    cr_assert(WIFEXITED(status));
    TEST_OK((enum bulla_status)WEXITSTATUS(status));
  }
  open_vault();
  int64_t last = 0;
  TEST_OK(bulla_vault_actor_list(house.vault, count_actor, &last));
  cr_expect_eq(last, 2 * EACH);
  struct bulla_audit_verdict verdict = BULLA_AUDIT_VERDICT_INIT;
  TEST_OK(bulla_vault_audit_verify(house.vault, &verdict));
}

Test(actors, there_are_at_most_a_thousand_and_24) {
  char name[20];
  SQLITE_ONLY();
  for (int i = 1; i <= BULLA_ACTORS_MAX; i++) {
    snprintf(name, sizeof(name), "a%d", i);
    TEST_OK(create(house.vault, name));
  }
  TEST_STATUS(create(house.vault, "one-more"), BULLA_TOO_LARGE);
  int64_t last = 0;
  TEST_OK(bulla_vault_actor_list(house.vault, count_actor, &last));
  cr_expect_eq(last, BULLA_ACTORS_MAX);
  TEST_OK(revoke_actor("a1"));
  TEST_STATUS(create(house.vault, "one-more"), BULLA_TOO_LARGE);
}
