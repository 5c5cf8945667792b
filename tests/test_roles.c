/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What each role may and may not, and what becomes of it when somebody without the root writes to the rows that say
 * so, or a grant ends. tests/test_second_wall.c has what an actor can do with its keys beside the public functions. */

#include <bulla/service.h>
#include <time.h>

#include "tests/actor_support.h"

TestSuite(roles, .init = build_house, .fini = leave_house);

#define N(array) (sizeof(array) / sizeof((array)[0]))
#define OTHER_ID TEXT("abcdef0123456789")

static void furnish(void) {
  TEST_OK(put("acme", "db", "password", "acme db password", true));
  TEST_OK(put("acme", "db", "host", "acme.example", false));
  TEST_OK(put("beta", "db", "password", "beta db password", true));
  TEST_OK(put_apikey(TEXT("acme"), RECORD_ID, "x", 7));
  TEST_OK(put_apikey(TEXT("beta"), OTHER_ID, "y", 8));
}

/* The secret field that was put last. */
static char put_last[20];

/* What can be asked for of a tenant. */
static enum bulla_status do_put(struct bulla_vault *vault, struct bulla_span tenant) {
  static int num;
  char name[20];
  snprintf(name, sizeof(name), "new%d", num++);
  struct bulla_field fields[] = {{.name = test_text(name), .value = TEXT("a new value"), .secret = true},
                                 {.name = TEXT("port"), .value = TEXT("5432")}};
  enum bulla_status status = bulla_vault_put(vault, &who, AT(tenant, TEXT("db")), fields, N(fields));
  if (status == BULLA_OK) {
    memcpy(put_last, name, sizeof(name));
  }
  return status;
}

static enum bulla_status do_list(struct bulla_vault *vault, struct bulla_span tenant) {
  return bulla_vault_list(vault, tenant, count_entry, NULL);
}

static enum bulla_status do_show(struct bulla_vault *vault, struct bulla_span tenant) {
  return bulla_vault_show(vault, AT(tenant, TEXT("db")), count_field, NULL);
}

static enum bulla_status do_history(struct bulla_vault *vault, struct bulla_span tenant) {
  return bulla_vault_history(vault, AT(tenant, TEXT("db"), TEXT("password")), count_revision, NULL);
}

static enum bulla_status do_use(struct bulla_vault *vault, struct bulla_span tenant) {
  return bulla_vault_use(vault, &who, AT(tenant, TEXT("db"), TEXT("password")), remember, NULL);
}

static enum bulla_status do_use_plain(struct bulla_vault *vault, struct bulla_span tenant) {
  return bulla_vault_use(vault, &who, AT(tenant, TEXT("db"), TEXT("host")), remember, NULL);
}

static enum bulla_status do_use_revision(struct bulla_vault *vault, struct bulla_span tenant) {
  struct bulla_place place = {.tenant = tenant, .entry = TEXT("db"), .field = TEXT("password"), .revision = 1};
  return bulla_vault_use(vault, &who, &place, remember, NULL);
}

static enum bulla_status do_read(struct bulla_vault *vault, struct bulla_span tenant) {
  struct bulla_secret *value = NULL;
  enum bulla_status status = bulla_vault_read(vault, &value, &who, AT(tenant, TEXT("db"), TEXT("password")));
  bulla_secret_free(&value);
  return status;
}

static enum bulla_status any_values(void *arg, const struct bulla_span *values, size_t num_values) {
  (void)arg;
  (void)values;
  (void)num_values;
  return BULLA_OK;
}

static enum bulla_status do_use_many(struct bulla_vault *vault, struct bulla_span tenant) {
  size_t failed;
  const struct bulla_place places[] = {{.tenant = tenant, .entry = TEXT("db"), .field = TEXT("password")},
                                       {.tenant = tenant, .entry = TEXT("db"), .field = TEXT("host")}};
  return bulla_vault_use_many(vault, &failed, &who, places, N(places), any_values, NULL);
}

static struct bulla_span apikey_of(struct bulla_span tenant) {
  return bulla_span_equal(tenant, TEXT("beta")) ? OTHER_ID : RECORD_ID;
}

static enum bulla_status do_apikey_use(struct bulla_vault *vault, struct bulla_span tenant) {
  return bulla_vault_apikey_use(vault, &who, apikey_of(tenant), count_root, NULL);
}

static enum bulla_status do_apikey_live(struct bulla_vault *vault, struct bulla_span tenant) {
  return bulla_vault_apikey_live(vault, apikey_of(tenant));
}

static enum bulla_status do_apikey_list(struct bulla_vault *vault, struct bulla_span tenant) {
  return bulla_vault_apikey_list(vault, tenant, count_apikey, NULL);
}

static enum bulla_status do_audit(struct bulla_vault *vault, struct bulla_span tenant) {
  return bulla_vault_audit_log(vault, 1, tenant, count_record, NULL);
}

static enum bulla_status do_audit_all(struct bulla_vault *vault, struct bulla_span tenant) {
  (void)tenant;
  return bulla_vault_audit_log(vault, 1, TEXT(""), count_record, NULL);
}

static enum bulla_status do_verify_log(struct bulla_vault *vault, struct bulla_span tenant) {
  struct bulla_audit_verdict verdict = BULLA_AUDIT_VERDICT_INIT;
  (void)tenant;
  return bulla_vault_audit_verify(vault, &verdict);
}

enum {
  PUT = 1 << BULLA_ROLE_PUT,
  SHOW = 1 << BULLA_ROLE_SHOW,
  USE = 1 << BULLA_ROLE_USE,
  VERIFY = 1 << BULLA_ROLE_VERIFY,
  AUDIT = 1 << BULLA_ROLE_AUDIT,
};

/* What is asked for, which roles on the tenant it takes, and whether one for all is needed. */
static const struct {
  const char *name;
  enum bulla_status (*ask)(struct bulla_vault *vault, struct bulla_span tenant);
  unsigned roles;
  bool takes_all;
  bool leaves_record; /* of what is denied */
} asked[] = {
    {"put", do_put, PUT, false, true},
    {"list", do_list, SHOW | USE, false, true},
    {"show", do_show, SHOW | USE, false, true},
    {"history", do_history, SHOW | USE, false, true},
    {"use", do_use, USE, false, true},
    {"use of a plain field", do_use_plain, USE, false, true},
    {"use of a revision", do_use_revision, USE, false, true},
    {"read", do_read, USE, false, true},
    {"use of many", do_use_many, USE, false, true},
    {"apikey use", do_apikey_use, VERIFY, false, false},
    {"apikey live", do_apikey_live, VERIFY, false, false},
    {"apikey list", do_apikey_list, VERIFY, false, true},
    {"audit log", do_audit, AUDIT, false, true},
    {"audit log of all", do_audit_all, AUDIT, true, true},
    {"audit verify", do_verify_log, AUDIT, true, true},
};

/* Asserts that |vault|, whose actor has |roles| on |tenant|, may do what they give and nothing else, and that of what
 * is denied there is a record in the lane |lane|. */
static void assert_may(struct bulla_vault *vault, unsigned roles, bool for_all, const char *tenant, int64_t lane) {
  char condition[100];
  snprintf(condition, sizeof(condition), "lane / 64 = %lld AND outcome = 'denied'", (long long)(lane / 64));
  for (size_t i = 0; i < N(asked); i++) {
    bool may = (asked[i].roles & roles) != 0 && (for_all || !asked[i].takes_all);
    bool is_plain = asked[i].ask == do_use_plain || asked[i].ask == do_use_many;
    if (is_plain && may && strcmp(tenant, "acme") != 0) {
      continue; /* the others have no plain field, which only who may use them is told */
    }
    int64_t before = count_records(condition);
    used.calls = 0;
    enum bulla_status status = asked[i].ask(vault, test_text(tenant));
    cr_expect_eq(status, may ? BULLA_OK : BULLA_DENIED, "%s of %s by roles %u: %s", asked[i].name, tenant, roles,
                 bulla_status_text(status));
    int64_t told = count_records(condition) - before;
    bool is_told = !may && asked[i].leaves_record;
    cr_expect(is_told ? told > 0 : told == 0, "%s of %s by roles %u: %ld", asked[i].name, tenant, roles, (long)told);
    cr_expect(may || used.calls == 0, "%s of %s by roles %u", asked[i].name, tenant, roles);
  }
}

/* Each role alone, and pairs of them. */
Test(roles, of_one_tenant_give_what_they_say_and_no_more) {
  static const unsigned sets[] = {0, PUT, SHOW, USE, VERIFY, AUDIT, PUT | SHOW, PUT | USE, SHOW | VERIFY | AUDIT};
  furnish();
  for (size_t i = 0; i < N(sets); i++) {
    char name[20];
    snprintf(name, sizeof(name), "actor%zu", i);
    struct bulla_span key = make_actor(name);
    for (unsigned role = 0; role < BULLA_NUM_ROLES; role++) {
      if ((sets[i] >> role & 1) != 0) {
        grant(name, (enum bulla_role)role, "acme");
      }
    }
    struct bulla_vault *vault = open_as(key);
    assert_may(vault, sets[i], false, "acme", 64 * ((int64_t)i + 1));
    assert_may(vault, 0, false, "beta", 64 * ((int64_t)i + 1));
    bulla_vault_close(&vault);
  }
  struct bulla_audit_verdict verdict = BULLA_AUDIT_VERDICT_INIT;
  TEST_OK(bulla_vault_audit_verify(house.vault, &verdict));
  assert_use("acme", "db", put_last, "a new value");
}

/* Who may show a tenant has the key that tells its canaries. */
Test(roles, a_canary_that_may_not_be_used_is_denied_as_all_else) {
  struct bulla_field lure = {TEXT("token"), TEXT("a lure"), true, .canary = 1};
  furnish();
  TEST_OK(bulla_vault_put(house.vault, &who, AT(TEXT("acme"), TEXT("db")), &lure, 1));
  struct bulla_vault *vault = open_as(make_actor("worker"));
  grant("worker", BULLA_ROLE_SHOW, "acme");
  TEST_STATUS(use_as(vault, "acme", "db", "token"), BULLA_DENIED);
  cr_expect_eq(count_details("op = 'use' AND outcome = 'denied' AND field = 'token'"), 1);
  cr_expect_eq(count_records("outcome = 'canary'"), 0);
  grant("worker", BULLA_ROLE_USE, "acme");
  TEST_STATUS(use_as(vault, "acme", "db", "token"), BULLA_NOT_FOUND);
  cr_expect_eq(count_details("op = 'use' AND outcome = 'canary' AND field = 'token'"), 1);
  bulla_vault_close(&vault);
}

/* Also of tenants that are made and rotated after the grant, while the process has the vault open. */
Test(roles, for_all_tenants_give_the_same_of_those_to_come) {
  int64_t version;
  furnish();
  for (unsigned role = 0; role < BULLA_NUM_ROLES; role++) {
    char name[20];
    snprintf(name, sizeof(name), "actor%u", role);
    struct bulla_span key = make_actor(name);
    int64_t lane = 64 * ((int64_t)role + 1);
    grant(name, (enum bulla_role)role, "");
    struct bulla_vault *vault = open_as(key);
    assert_may(vault, 1U << role, true, "acme", lane);
    assert_may(vault, 1U << role, true, "beta", lane);
    TEST_OK(bulla_vault_rotate_tenant(house.vault, &version, &who, TEXT("beta")));
    TEST_OK(put("beta", "db", "password", "beta db password", true));
    assert_may(vault, 1U << role, true, "beta", lane);
    bulla_vault_close(&vault);
  }
}

/* A list of all has what is for the actor to know, however many tenants are not. */
Test(roles, a_list_of_all_passes_by_what_is_not_to_be_known) {
  char name[20];
  int num = 0;
  for (int i = 0; i < 150; i++) {
    snprintf(name, sizeof(name), "tenant%03d", i);
    TEST_OK(put(name, "db", "password", "secret", true));
  }
  for (int i = 0; i < 150; i++) {
    snprintf(name, sizeof(name), "%016d", i);
    TEST_OK(put_apikey(TEXT("tenant000"), test_text(name), "y", 8));
  }
  TEST_OK(put_apikey(TEXT("tenant140"), RECORD_ID, "x", 7));
  struct bulla_vault *vault = open_as(make_actor("worker"));
  TEST_OK(bulla_vault_list(vault, TEXT(""), count_entry, &num));
  TEST_OK(bulla_vault_apikey_list(vault, TEXT(""), count_apikey, &num));
  cr_expect_eq(num, 0);
  grant("worker", BULLA_ROLE_SHOW, "tenant140");
  grant("worker", BULLA_ROLE_VERIFY, "tenant140");
  grant("worker", BULLA_ROLE_SHOW, "tenant003");
  grant("worker", BULLA_ROLE_PUT, "tenant004");
  TEST_OK(bulla_vault_list(vault, TEXT(""), count_entry, &num));
  cr_expect_eq(num, 2);
  TEST_OK(bulla_vault_apikey_list(vault, TEXT(""), count_apikey, &num));
  cr_expect_eq(num, 3);
  bulla_vault_close(&vault);
}

/* A grant that ended gives nothing from the next call on, also to a process that has used it. */
Test(roles, what_has_ended_gives_nothing_more) {
  furnish();
  static const char *const tenants[] = {"acme", ""};
  struct bulla_vault *vault = open_as(make_actor("worker"));
  for (size_t i = 0; i < N(tenants); i++) {
    for (int times = 0; times < 2; times++) {
      grant("worker", BULLA_ROLE_USE, tenants[i]);
      grant("worker", BULLA_ROLE_SHOW, "acme");
      TEST_OK(do_use(vault, TEXT("acme")));
      end_grant("worker", BULLA_ROLE_USE, tenants[i]);
      TEST_STATUS(do_use(vault, TEXT("acme")), BULLA_DENIED);
      TEST_OK(do_show(vault, TEXT("acme")));
      end_grant("worker", BULLA_ROLE_SHOW, "acme");
      TEST_STATUS(do_show(vault, TEXT("acme")), BULLA_DENIED);
    }
  }
  bulla_vault_close(&vault);
}

/* Somebody without the root writes to what a process is about to read that comes by what its actor was granted. */
Test(roles, rows_of_grants_and_handouts_that_were_not_made_for_it_give_nothing) {
  static const struct {
    const char *sql;
    enum bulla_status status;
  } rows[] = {
      {"UPDATE actor_grant SET actor = (SELECT id FROM actor WHERE number = 1) WHERE tenant = (SELECT id FROM tenant "
       "WHERE name = 'beta'); DELETE FROM actor_grant WHERE role = 'show'",
       BULLA_DENIED},
      {"UPDATE actor_grant SET tenant = (SELECT id FROM tenant WHERE name = 'beta'), role = 'use' WHERE role = 'show'",
       BULLA_REFUSED},
      {"UPDATE actor_grant SET tenant = (SELECT id FROM tenant WHERE name = 'beta'), actor = (SELECT id FROM actor "
       "WHERE number = 1) WHERE actor = (SELECT id FROM actor WHERE number = 2)",
       BULLA_REFUSED},
      {"UPDATE actor_grant SET role = 'use' WHERE role = 'show'", BULLA_DENIED},
  };
  furnish();
  struct bulla_span key = make_actor("worker");
  (void)make_actor("other");
  grant("worker", BULLA_ROLE_SHOW, "acme");
  grant("other", BULLA_ROLE_USE, "acme");
  struct bulla_span file = image();
  for (size_t i = 0; i < N(rows); i++) {
    restore(file, rows[i].sql);
    struct bulla_vault *vault = open_as(key);
    enum bulla_status status = do_use(vault, TEXT("beta"));
    cr_expect_eq(status, rows[i].status, "row %zu: %s", i, bulla_status_text(status));
    cr_expect_neq(do_use(vault, TEXT("acme")), BULLA_OK, "row %zu", i);
    bulla_vault_close(&vault);
  }
}

#define HANDOUT(of_tenant, of_role, of_secret)                                                  \
  "(SELECT h.sealed FROM handout h JOIN tenant t ON t.id = h.tenant WHERE t.name = '" of_tenant \
  "' AND h.role = '" of_role "' AND " of_secret ")"

/* A handout is bound to its place, and what it gives is what was signed, or nothing. */
Test(roles, handouts_that_were_moved_are_refused) {
  static const char *const edits[] = {
      "UPDATE handout SET sealed = " HANDOUT("beta", "use", "length(h.secret) > 0") " WHERE length(secret) > 0",
      "UPDATE handout SET sealed = " HANDOUT("beta", "use", "length(h.secret) = 0") " WHERE length(secret) = 0",
      "UPDATE handout SET sealed = " HANDOUT("acme", "use", "length(h.secret) = 0") " WHERE length(secret) > 0",
      "UPDATE handout SET sealed = " HANDOUT("acme", "show", "length(h.secret) > 0") " WHERE length(secret) > 0",
      "DELETE FROM handout",
      "DELETE FROM handout WHERE length(secret) > 0",
  };
  furnish();
  struct bulla_span key = make_actor("worker");
  grant("worker", BULLA_ROLE_USE, "acme");
  struct bulla_span file = image();
  for (size_t i = 0; i < N(edits); i++) {
    restore(file, edits[i]);
    struct bulla_vault *vault = open_as(key);
    TEST_STATUS(do_use(vault, TEXT("acme")), BULLA_REFUSED);
    bulla_vault_close(&vault);
  }
  restore(file, "");
  struct bulla_vault *vault = open_as(key);
  TEST_OK(do_use(vault, TEXT("acme")));
  bulla_vault_close(&vault);
}

#define OF_EARLY(table, columns, key)                                                                                \
  "UPDATE " table " SET (" columns ") = (SELECT " columns " FROM early." table " o WHERE o." key " = " table "." key \
  ");"

/* What an actor seals to must be what the vault says now: a former secret somebody may have stolen. */
Test(roles, nothing_is_sealed_to_what_somebody_without_the_root_says) {
  static const struct {
    const char *sql;
    enum bulla_status status;
  } rows[] = {
      {OF_EARLY("tenant", "statement, signature", "id"), BULLA_REFUSED},
      {OF_EARLY("tenant", "statement, signature",
                "id") "DELETE FROM directory; INSERT INTO directory SELECT * FROM early.directory;",
       BULLA_REFUSED},
      {"UPDATE tenant SET signature = zeroblob(64)", BULLA_REFUSED},
      {"UPDATE tenant SET statement = (SELECT t.statement FROM tenant t WHERE t.name = 'beta'), signature = (SELECT "
       "t.signature FROM tenant t WHERE t.name = 'beta') WHERE name = 'acme'",
       BULLA_REFUSED},
      {OF_EARLY("actor_grant", "ended, statement, signature", "id"), BULLA_REFUSED},
      {"UPDATE actor_grant SET ended = 0", BULLA_REFUSED},
  };
  int64_t version;
  furnish();
  struct bulla_span key = make_actor("feeder");
  grant("feeder", BULLA_ROLE_PUT, "acme");
  struct bulla_span early = image();
  TEST_OK(bulla_vault_rotate_tenant(house.vault, &version, &who, TEXT("acme")));
  struct bulla_span late = image();
  end_grant("feeder", BULLA_ROLE_PUT, "acme");
  struct bulla_span ended = image();
  lay_beside("early", early);
  for (size_t i = 0; i < N(rows); i++) {
    bool is_grant = strstr(rows[i].sql, "actor_grant") != NULL;
    restore(is_grant ? ended : late,
            postgres_is_tested() || strstr(rows[i].sql, "early") == NULL ? rows[i].sql : beside("early", rows[i].sql));
    int64_t num = run_sql("SELECT count(*) FROM field");
    struct bulla_vault *vault = NULL;
    enum bulla_status status = try_as(&vault, house.url, key, NULL);
    status = status == BULLA_OK ? do_put(vault, TEXT("acme")) : status;
    cr_expect_eq(status, rows[i].status, "row %zu: %s", i, bulla_status_text(status));
    bulla_vault_close(&vault);
    cr_expect_eq(run_sql("SELECT count(*) FROM field"), num, "row %zu", i);
  }
  /* What the table says of the states of secrets counts for nothing. */
  restore(
      late,
      "UPDATE tenant_secret SET state = 'decrypt-only' WHERE version = 2; UPDATE tenant_secret SET state = 'active' "
      "WHERE version = 1");
  struct bulla_vault *vault = open_as(key);
  TEST_OK(do_put(vault, TEXT("acme")));
  cr_expect_eq(run_sql("SELECT count(*) FROM field f JOIN tenant_secret k ON k.id = f.secret_id WHERE f.writer IS NOT "
                       "NULL AND k.version = 2"),
               1);
  cr_expect_eq(run_sql("SELECT count(*) FROM field WHERE writer IS NOT NULL"), 1);
  TEST_STATUS(do_put(vault, TEXT("gamma")), BULLA_NOT_FOUND);
  bulla_vault_close(&vault);
}

static struct bulla_minter *minter;

/* Makes an API key of "acme", and what mints under it. */
static void make_minter(uint8_t id[BULLA_APIKEY_ID_LEN]) {
  struct bulla_secret *string = NULL;
  struct bulla_apikey *apikey = NULL;
  TEST_OK(bulla_vault_apikey_create(house.vault, &string, id, &who, TEXT("acme"), TEXT("web")));
  TEST_OK(bulla_apikey_parse(&apikey, bulla_secret_bytes(string)));
  TEST_OK(bulla_minter_new(&minter, apikey));
  bulla_apikey_free(&apikey);
  bulla_secret_free(&string);
}

static struct bulla_span minted(const char *jti) {
  struct bulla_claims claims = BULLA_CLAIMS_INIT;
  struct bulla_buffer token = test_room(BULLA_TOKEN_MAX);
  claims.org = TEXT("acme");
  claims.sub = TEXT("alice");
  claims.jti = test_text(jti);
  claims.iat = (int64_t)time(NULL);
  TEST_OK(bulla_token_mint(minter, &token, &claims));
  return bulla_written(&token);
}

static enum bulla_status verify(struct bulla_verifier *verifier, struct bulla_span token) {
  struct bulla_claims claims = BULLA_CLAIMS_INIT;
  struct bulla_buffer payload = test_room(BULLA_PAYLOAD_SIZE);
  return bulla_token_verify(verifier, &claims, &payload, token, (int64_t)time(NULL));
}

/* Asserts that |token|, which the verifier has just taken, is refused within a second, for good. */
static void assert_refused_soon(struct bulla_verifier *verifier, struct bulla_span token, enum bulla_status wanted) {
  enum bulla_status status = BULLA_OK;
  for (int i = 0; i < 1000 && status == BULLA_OK; i++) {
    usleep(1000);
    status = verify(verifier, token);
  }
  cr_expect_eq(status, wanted, "%s", bulla_status_text(status));
  TEST_STATUS(verify(verifier, token), wanted);
}

Test(roles, a_verifier_needs_no_root_and_hears_of_its_end) {
  uint8_t id[BULLA_APIKEY_ID_LEN];
  struct bulla_verifier *verifier = NULL;
  struct bulla_buffer fresh = test_room(BULLA_TOKEN_MAX);
  struct bulla_buffer payload = test_room(BULLA_PAYLOAD_SIZE);
  struct bulla_secret *jwk = NULL;
  make_minter(id);
  struct bulla_span key = make_actor("web");
  grant("web", BULLA_ROLE_VERIFY, "acme");
  struct bulla_vault *vault = open_as(key);
  TEST_OK(bulla_vault_verifier_new(&verifier, vault, &who, NULL));
  struct bulla_span token = minted("one");
  TEST_OK(verify(verifier, token));
  TEST_OK(bulla_token_refresh(verifier, &fresh, &payload, token, (int64_t)time(NULL) + 600));
  TEST_STATUS(bulla_vault_session_revoke(vault, verifier, &who, token, (int64_t)time(NULL)), BULLA_DENIED);
  TEST_STATUS(bulla_vault_apikey_jwk(vault, &jwk, &who, bulla_span(id, sizeof(id)), 20000), BULLA_DENIED);
  TEST_OK(bulla_vault_token_revoke(house.vault, &who, TEXT("acme"), TEXT("one"), (int64_t)time(NULL) + 600));
  TEST_STATUS(verify(verifier, token), BULLA_REVOKED);
  token = minted("two");
  TEST_OK(verify(verifier, token));
  /* What is said of others costs it nothing. */
  uint64_t generation = bulla_vault_generation(vault);
  TEST_OK(put("beta", "db", "password", "secret", true));
  (void)make_actor("other");
  grant("other", BULLA_ROLE_VERIFY, "acme");
  end_grant("other", BULLA_ROLE_VERIFY, "acme");
  usleep(50000);
  TEST_OK(verify(verifier, token));
  cr_expect_eq(bulla_vault_generation(vault), generation);
  cr_expect_eq(count_details("op = 'apikey-use' AND outcome = 'granted'"), 1);
  end_grant("web", BULLA_ROLE_VERIFY, "acme");
  assert_refused_soon(verifier, token, BULLA_REFUSED);
  grant("web", BULLA_ROLE_VERIFY, "acme");
  usleep(50000);
  TEST_OK(verify(verifier, token));
  TEST_OK(bulla_vault_actor_revoke(house.vault, NULL, &who, TEXT("web"), false, NULL, NULL));
  assert_refused_soon(verifier, token, BULLA_DENIED);
  bulla_verifier_free(&verifier);
  bulla_vault_close(&vault);
  bulla_minter_free(&minter);
}
