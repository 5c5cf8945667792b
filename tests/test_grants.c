/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Grants: roles given to actors and taken back by a root, what is renewed then, and what is due. */

#include <sys/wait.h>

#include "store/actor_box.h"
#include "store/actors.h"
#include "store/roles.h"
#include "store/tenant.h"
#include "tests/actor_support.h"

static void furnish(void) {
  build_house();
  TEST_OK(put("acme", "db", "password", "acme db password", true));
  TEST_OK(put("beta", "db", "password", "beta db password", true));
}

TestSuite(grants, .init = furnish, .fini = leave_house, .timeout = 60);
TestSuite(grants_shared, .init = build_shared_house, .fini = leave_house, .timeout = 60);

#define N(array) (sizeof(array) / sizeof((array)[0]))

static enum bulla_status note_grant(void *arg, const struct bulla_grant_view *given) {
  cr_expect_gt(given->created, 1700000000);
  note(arg, "%.*s %.*s %.*s%s%s;", S(given->actor), S(bulla_role_name(given->role)), S(given->tenant),
       given->is_for_all ? "*" : "", given->has_ended ? " ended" : "");
  return BULLA_OK;
}

static enum bulla_status list_grants(const char *name, struct bulla_buffer *text) {
  *text = test_room(4000);
  return bulla_vault_grant_list(house.vault, test_text(name), note_grant, text);
}

/* Asserts that |wanted| are the grants of |name|, by actor; those of an actor in any order. */
static void assert_grants(const char *name, const char *wanted) {
  struct bulla_buffer text;
  TEST_OK(list_grants(name, &text));
  cr_expect_eq(text.len, strlen(wanted), "%.*s", S(bulla_written(&text)));
  text.data[text.len] = '\0';
  char copy[500];
  snprintf(copy, sizeof(copy), "%s", wanted);
  for (char *state, *one = strtok_r(copy, ";", &state); one != NULL; one = strtok_r(NULL, ";", &state)) {
    cr_expect_not_null(strstr((const char *)text.data, one), "%s: %s", one, (const char *)text.data);
  }
}

static struct bulla_grant_row find_grant(const char *name, const char *tenant, enum bulla_role role,
                                         enum bulla_status wanted) {
  struct bulla_actor_row actor;
  struct bulla_grant_row row = {.signature = {0}};
  const struct bulla_tenant *owner = NULL;
  TEST_OK(bulla_actor_by_name(&actor, &house.vault->keyring, house.vault->db, test_text(name)));
  if (tenant[0] != '\0') {
    TEST_OK(bulla_tenant_look(&owner, house.vault, test_text(tenant)));
  }
  TEST_STATUS(bulla_grant_find(&row, &house.vault->keyring, house.vault->db, actor.said.id,
                               owner != NULL ? bulla_tenant_id(owner) : TEXT(""), role),
              wanted);
  return row;
}

/* The role key that is in force of |role| of |tenant|. */
static struct bulla_key *role_key(const char *tenant, enum bulla_role role, struct bulla_span *tenant_id) {
  const struct bulla_tenant *owner;
  struct bulla_secret *secret = NULL;
  struct bulla_key *key = NULL;
  TEST_OK(bulla_tenant_look(&owner, house.vault, test_text(tenant)));
  TEST_OK(bulla_role_key_of(&secret, &house.vault->keyring, &owner->said, role));
  TEST_OK(bulla_key_new(&key, BULLA_XAES_256_GCM, secret));
  bulla_secret_free(&secret);
  *tenant_id = test_copy(bulla_tenant_id(owner));
  return key;
}

/* opens_handouts returns how many handouts of |role| of the tenant |key| opens, of |*num|. */
static int opens_handouts(int *num, const struct bulla_key *key, struct bulla_span tenant_id, enum bulla_role role) {
  const struct bulla_tenant *owner;
  int num_opened = 0;
  *num = 0;
  TEST_OK(bulla_tenant_by_id(&owner, house.vault, tenant_id));
  for (size_t i = 0; i <= owner->said.num_secrets; i++) {
    struct bulla_secret *given = NULL;
    struct bulla_span what = i == 0 ? TEXT("") : owner->said.secrets[i - 1].id;
    enum bulla_status status =
        bulla_handout_open(&given, &house.vault->keyring, house.vault->db, key, tenant_id, role, what);
    *num += status == BULLA_NOT_FOUND ? 0 : 1;
    num_opened += status == BULLA_OK ? 1 : 0;
    bulla_secret_free(&given);
  }
  return num_opened;
}

static int64_t num_told(const char *op, const char *tenant, const char *entry, const char *field) {
  char condition[300];
  snprintf(
      condition, sizeof(condition),
      "op = '%s' AND tenant = '%s' AND entry = '%s' AND field = '%s' AND length(statement) = 32 AND outcome = 'done'",
      op, tenant, entry, field);
  return count_details(condition);
}

Test(grants, each_role_is_granted_for_a_tenant_or_for_all_and_told) {
  char wanted[400] = "";
  enroll("worker");
  enroll("idle");
  for (unsigned i = 0; i < BULLA_NUM_ROLES; i++) {
    enum bulla_role role = (enum bulla_role)i;
    const char *name = (const char *)test_concat(bulla_role_name(role), bulla_span("", 1)).data;
    TEST_OK(try_grant("worker", role, "acme"));
    TEST_OK(try_grant("worker", role, ""));
    cr_expect_eq(num_told("grant", "acme", "worker", name), 1);
    cr_expect_eq(num_told("grant", "", "worker", name), 1);
    snprintf(wanted + strlen(wanted), sizeof(wanted) - strlen(wanted), "worker %s acme;worker %s *;", name, name);
  }
  assert_grants("worker", wanted);
  assert_grants("", wanted);
  assert_grants("idle", "");
  TEST_OK(try_end_grant("worker", BULLA_ROLE_SHOW, "acme"));
  cr_expect_eq(num_told("grant-end", "acme", "worker", "show"), 1);
  TEST_OK(try_end_grant("worker", BULLA_ROLE_SHOW, ""));
  cr_expect_eq(num_told("grant-end", "", "worker", "show"), 1);
  struct bulla_buffer text;
  TEST_OK(list_grants("worker", &text));
  text.data[text.len] = '\0';
  cr_expect_not_null(strstr((const char *)text.data, "worker show acme ended;"));
  cr_expect_not_null(strstr((const char *)text.data, "worker show * ended;"));
  cr_expect_not_null(strstr((const char *)text.data, "worker use acme;"));
  struct bulla_audit_verdict verdict = BULLA_AUDIT_VERDICT_INIT;
  TEST_OK(bulla_vault_audit_verify(house.vault, &verdict));
}

/* Asserts that a record of |op| has the digest of the statement of the one grant there is. */
static void assert_digest_told(const char *op) {
  struct bulla_actor_row actor;
  struct bulla_grant_row rows[BULLA_ACTOR_ROWS];
  uint8_t digest[BULLA_SHA256_LEN];
  char condition[200];
  size_t num;
  TEST_OK(bulla_actor_by_name(&actor, &house.vault->keyring, house.vault->db, TEXT("worker")));
  TEST_OK(bulla_grants_of_actor(rows, &num, &house.vault->keyring, house.vault->db, actor.said.id, NULL));
  cr_assert_eq(num, 1);
  TEST_OK(bulla_sha256(digest, rows[0].statement));
  int len = snprintf(condition, sizeof(condition), "op = '%s' AND hex(statement) = '", op);
  for (size_t i = 0; i < sizeof(digest); i++) {
    len += snprintf(condition + len, sizeof(condition) - (size_t)len, "%02X", digest[i]);
  }
  strcat(condition, "'");
  cr_expect_eq(count_details(condition), 1, "%s", op);
}

Test(grants, the_log_has_the_statement_of_the_grant) {
  enroll("worker");
  TEST_OK(try_grant("worker", BULLA_ROLE_USE, "acme"));
  assert_digest_told("grant");
  TEST_OK(try_end_grant("worker", BULLA_ROLE_USE, "acme"));
  assert_digest_told("grant-end");
}

Test(grants, what_makes_no_sense_is_refused) {
  const struct bulla_who nobody = {.origin = TEXT("here")};
  enroll("worker");
  enroll("gone");
  TEST_OK(revoke_actor("gone"));
  TEST_OK(bulla_vault_remove(house.vault, &who, AT(TEXT("beta"), TEXT("db"))));
  TEST_OK(bulla_vault_remove_tenant(house.vault, &who, TEXT("beta")));
  TEST_STATUS(try_grant("nobody", BULLA_ROLE_USE, "acme"), BULLA_NOT_FOUND);
  TEST_STATUS(try_grant("worker", BULLA_ROLE_USE, "gamma"), BULLA_NOT_FOUND);
  TEST_STATUS(try_grant("worker", BULLA_ROLE_USE, "beta"), BULLA_NOT_FOUND);
  TEST_STATUS(try_grant("gone", BULLA_ROLE_USE, "acme"), BULLA_REVOKED);
  TEST_STATUS(try_grant("gone", BULLA_ROLE_USE, ""), BULLA_REVOKED);
  TEST_STATUS(try_grant("worker", (enum bulla_role)5, "acme"), BULLA_INVALID_ARGUMENT);
  TEST_STATUS(try_grant("worker", (enum bulla_role)(-1), "acme"), BULLA_INVALID_ARGUMENT);
  TEST_STATUS(try_grant("a b", BULLA_ROLE_USE, "acme"), BULLA_INVALID_NAME);
  TEST_STATUS(try_grant("worker", BULLA_ROLE_USE, "a b"), BULLA_INVALID_NAME);
  TEST_STATUS(bulla_vault_grant(house.vault, &nobody, TEXT("worker"), BULLA_ROLE_USE, TEXT("acme")),
              BULLA_INVALID_ARGUMENT);
  TEST_STATUS(bulla_vault_grant_end(house.vault, &nobody, TEXT("worker"), BULLA_ROLE_USE, TEXT("acme")),
              BULLA_INVALID_ARGUMENT);
  TEST_STATUS(bulla_vault_grant(NULL, &who, TEXT("worker"), BULLA_ROLE_USE, TEXT("acme")), BULLA_INVALID_ARGUMENT);
  TEST_STATUS(bulla_vault_grant_end(NULL, &who, TEXT("worker"), BULLA_ROLE_PUT, TEXT("acme")), BULLA_INVALID_ARGUMENT);
  for (unsigned i = 0; i < BULLA_NUM_ROLES; i++) {
    TEST_STATUS(try_end_grant("worker", (enum bulla_role)i, "acme"), BULLA_NOT_FOUND);
    TEST_STATUS(try_end_grant("worker", (enum bulla_role)i, ""), BULLA_NOT_FOUND);
  }
  TEST_STATUS(try_end_grant("worker", (enum bulla_role)5, "acme"), BULLA_INVALID_ARGUMENT);
  TEST_STATUS(try_end_grant("nobody", BULLA_ROLE_PUT, "acme"), BULLA_NOT_FOUND);
  struct bulla_buffer text;
  TEST_STATUS(list_grants("nobody", &text), BULLA_NOT_FOUND);
  cr_expect_eq(run_sql("SELECT count(*) FROM actor_grant"), 0);
  cr_expect_eq(count_details("op IN ('grant', 'grant-end')"), 0);
}

Test(grants, there_is_one_at_a_time_and_another_after_its_end) {
  enroll("worker");
  TEST_OK(try_grant("worker", BULLA_ROLE_USE, "acme"));
  TEST_STATUS(try_grant("worker", BULLA_ROLE_USE, "acme"), BULLA_EXISTS);
  TEST_OK(try_grant("worker", BULLA_ROLE_USE, ""));
  TEST_STATUS(try_grant("worker", BULLA_ROLE_USE, ""), BULLA_EXISTS);
  TEST_OK(try_end_grant("worker", BULLA_ROLE_USE, "acme"));
  TEST_STATUS(try_end_grant("worker", BULLA_ROLE_USE, "acme"), BULLA_NOT_FOUND);
  (void)find_grant("worker", "", BULLA_ROLE_USE, BULLA_OK);
  TEST_OK(try_grant("worker", BULLA_ROLE_USE, "acme"));
  TEST_OK(try_end_grant("worker", BULLA_ROLE_USE, "acme"));
  assert_grants("worker", "worker use acme ended;worker use acme ended;worker use *;");
}

Test(grants, an_actor_may_what_is_granted_until_that_ends) {
  struct bulla_actor *worker = create_actor("worker");
  struct bulla_vault *vault = open_by(worker);
  TEST_STATUS(use_password(vault, "acme"), BULLA_DENIED);
  TEST_OK(try_grant("worker", BULLA_ROLE_USE, "acme"));
  TEST_OK(use_password(vault, "acme"));
  TEST_SPAN(used.value, TEXT("acme db password"), "what was put");
  TEST_STATUS(use_password(vault, "beta"), BULLA_DENIED);
  TEST_OK(try_grant("worker", BULLA_ROLE_USE, ""));
  TEST_OK(use_password(vault, "beta"));
  TEST_OK(try_end_grant("worker", BULLA_ROLE_USE, "acme"));
  TEST_OK(use_password(vault, "acme"));
  TEST_OK(try_end_grant("worker", BULLA_ROLE_USE, ""));
  TEST_STATUS(use_password(vault, "acme"), BULLA_DENIED);
  TEST_STATUS(use_password(vault, "beta"), BULLA_DENIED);
  TEST_OK(try_grant("worker", BULLA_ROLE_USE, ""));
  TEST_OK(use_password(vault, "beta"));
  bulla_vault_close(&vault);
  bulla_actor_free(&worker);
}

/* Whoever kept the role key, and has the database, opens nothing with it that is there afterwards. */
Test(grants, the_end_of_one_renews_the_keys_of_its_tenant_and_role) {
  static const enum bulla_role roles[] = {BULLA_ROLE_PUT, BULLA_ROLE_SHOW, BULLA_ROLE_USE, BULLA_ROLE_VERIFY,
                                          BULLA_ROLE_AUDIT};
  int64_t version;
  TEST_OK(bulla_vault_rotate_tenant(house.vault, &version, &who, TEXT("acme")));
  enroll("worker");
  for (size_t i = 0; i < N(roles); i++) {
    struct bulla_span id;
    int num;
    TEST_OK(try_grant("worker", roles[i], "acme"));
    struct bulla_key *other = role_key("acme", roles[(i + 1) % N(roles)], &id);
    struct bulla_key *elsewhere = role_key("beta", roles[i], &id);
    struct bulla_span beta = id;
    struct bulla_key *former = role_key("acme", roles[i], &id);
    cr_expect_eq(opens_handouts(&num, former, id, roles[i]), num);
    cr_expect_eq(num, roles[i] == BULLA_ROLE_PUT || roles[i] == BULLA_ROLE_AUDIT ? 1 : 3);
    TEST_OK(try_end_grant("worker", roles[i], "acme"));
    cr_expect_eq(opens_handouts(&num, former, id, roles[i]), 0, "role %zu", i);
    struct bulla_key *now = role_key("acme", roles[i], &id);
    cr_expect_eq(opens_handouts(&num, now, id, roles[i]), num, "role %zu", i);
    enum bulla_role next = roles[(i + 1) % N(roles)];
    cr_expect_eq(opens_handouts(&num, other, id, next), num, "others stay");
    cr_expect_eq(opens_handouts(&num, elsewhere, beta, roles[i]), num, "others stay");
    bulla_key_free(&former);
    bulla_key_free(&now);
    bulla_key_free(&other);
    bulla_key_free(&elsewhere);
  }
}

enum { MANY = 2 * BULLA_ACTOR_ROWS + 3 };

/* Asserts that each actor but |but| uses the tenant; |but| does not. */
static void assert_users(struct bulla_actor *const actors[MANY], int but) {
  for (int i = 0; i < MANY; i++) {
    struct bulla_vault *vault = open_by(actors[i]);
    enum bulla_status status = use_password(vault, "acme");
    cr_expect_eq(status, i == but ? BULLA_DENIED : BULLA_OK, "%d: %s", i, bulla_status_name(status));
    bulla_vault_close(&vault);
  }
}

Test(grants, others_who_have_the_role_go_on) {
  struct bulla_actor *actors[MANY];
  for (int for_all = 0; for_all < 2; for_all++) {
    const char *tenant = for_all != 0 ? "" : "acme";
    char name[20];
    for (int i = 0; i < MANY; i++) {
      snprintf(name, sizeof(name), "a%d-%d", for_all, i);
      actors[i] = create_actor(name);
      TEST_OK(try_grant(name, BULLA_ROLE_USE, tenant));
    }
    snprintf(name, sizeof(name), "a%d-%d", for_all, BULLA_ACTOR_ROWS);
    TEST_OK(try_end_grant(name, BULLA_ROLE_USE, tenant));
    assert_users(actors, BULLA_ACTOR_ROWS);
    int64_t version;
    TEST_OK(bulla_vault_rotate_tenant(house.vault, &version, &who, TEXT("acme")));
    TEST_OK(put("acme", "db", "password", "another", true));
    assert_users(actors, BULLA_ACTOR_ROWS);
    for (int i = 0; i < MANY; i++) {
      bulla_actor_free(&actors[i]);
    }
  }
}

static struct bulla_tenant_statement said_of(const char *tenant) {
  const struct bulla_tenant *owner;
  TEST_OK(bulla_tenant_look(&owner, house.vault, test_text(tenant)));
  return owner->said;
}

/* opens_by says whether the ring key |ring| of the role use leads to the newest secret of |tenant|. */
static bool opens_by(const struct bulla_secret *ring, int64_t number, const char *tenant) {
  struct bulla_secret *walked = test_secret(bulla_secret_bytes(ring));
  struct bulla_secret *secret = NULL;
  struct bulla_key *key = NULL;
  struct bulla_secret *given = NULL;
  const struct bulla_tenant *owner;
  const struct bulla_keyring *keyring = &house.vault->keyring;
  TEST_OK(bulla_tenant_look(&owner, house.vault, test_text(tenant)));
  int64_t wanted = owner->said.roles[BULLA_ROLE_USE].ring;
  enum bulla_status status = wanted > number
                                 ? BULLA_OK /* there is no way up: it tries the one that it has */
                                 : bulla_ring_down(&walked, keyring, house.vault->db, BULLA_ROLE_USE, number, wanted);
  TEST_OK(status);
  TEST_OK(bulla_role_key(&secret, keyring, walked, owner->said.id, BULLA_ROLE_USE,
                         owner->said.roles[BULLA_ROLE_USE].epoch));
  TEST_OK(bulla_key_new(&key, BULLA_XAES_256_GCM, secret));
  status = bulla_handout_open(&given, keyring, house.vault->db, key, owner->said.id, BULLA_ROLE_USE,
                              owner->said.secrets[owner->said.num_secrets - 1].id);
  cr_expect(status == BULLA_OK || status == BULLA_REFUSED, "%s", bulla_status_name(status));
  bulla_secret_free(&given);
  bulla_key_free(&key);
  bulla_secret_free(&secret);
  bulla_secret_free(&walked);
  return status == BULLA_OK;
}

Test(grants, the_end_of_one_for_all_renews_each_tenant_when_it_is_rotated) {
  struct bulla_secret *former = NULL;
  struct bulla_secret *now = NULL;
  int64_t version;
  struct bulla_actor *stays = create_actor("stays");
  enroll("goes");
  TEST_OK(try_grant("stays", BULLA_ROLE_USE, ""));
  TEST_OK(try_grant("goes", BULLA_ROLE_USE, ""));
  TEST_OK(bulla_ring_key(&former, &house.vault->keyring, BULLA_ROLE_USE, 1));
  TEST_OK(try_end_grant("goes", BULLA_ROLE_USE, ""));
  cr_expect_eq(find_grant("stays", "", BULLA_ROLE_USE, BULLA_OK).said.epoch, 2);
  TEST_OK(bulla_ring_key(&now, &house.vault->keyring, BULLA_ROLE_USE, 2));
  cr_expect(opens_by(former, 1, "acme"), "what was made before it ended it knows");
  cr_expect(opens_by(now, 2, "acme"), "and so do those who stay");
  TEST_OK(bulla_vault_rotate_tenant(house.vault, &version, &who, TEXT("acme")));
  cr_expect_not(opens_by(former, 1, "acme"));
  cr_expect(opens_by(now, 2, "acme"));
  struct bulla_tenant_statement said = said_of("acme");
  cr_expect_eq(said.roles[BULLA_ROLE_USE].ring, 2);
  cr_expect_eq(said.roles[BULLA_ROLE_USE].epoch, 2);
  cr_expect_eq(said.roles[BULLA_ROLE_SHOW].ring, 1);
  cr_expect_eq(said.roles[BULLA_ROLE_SHOW].epoch, 1);
  cr_expect_eq(said_of("beta").roles[BULLA_ROLE_USE].ring, 1);
  TEST_OK(put("gamma", "db", "password", "gamma db password", true));
  cr_expect_not(opens_by(former, 1, "gamma"), "a tenant that is made afterwards");
  TEST_OK(bulla_vault_rotate_tenant(house.vault, &version, &who, TEXT("acme")));
  cr_expect_eq(said_of("acme").roles[BULLA_ROLE_USE].epoch, 2, "once is enough");
  struct bulla_vault *vault = open_by(stays);
  TEST_OK(use_password(vault, "acme"));
  TEST_OK(use_password(vault, "beta"));
  TEST_OK(use_password(vault, "gamma"));
  bulla_vault_close(&vault);
  bulla_secret_free(&former);
  bulla_secret_free(&now);
  bulla_actor_free(&stays);
}

Test(grants, several_ends_for_all_leave_a_way_down_to_what_is_old) {
  struct bulla_actor *stays = create_actor("stays");
  TEST_OK(try_grant("stays", BULLA_ROLE_USE, ""));
  for (int i = 0; i < 3; i++) {
    char name[20];
    snprintf(name, sizeof(name), "goes-%d", i);
    enroll(name);
    TEST_OK(try_grant(name, BULLA_ROLE_USE, ""));
    TEST_OK(revoke_actor(name));
  }
  cr_expect_eq(find_grant("stays", "", BULLA_ROLE_USE, BULLA_OK).said.epoch, 4);
  struct bulla_vault *vault = open_by(stays);
  TEST_OK(use_password(vault, "acme"));
  TEST_OK(try_grant("stays", BULLA_ROLE_AUDIT, ""));
  enroll("auditor");
  TEST_OK(try_grant("auditor", BULLA_ROLE_AUDIT, ""));
  TEST_OK(try_end_grant("auditor", BULLA_ROLE_AUDIT, ""));
  struct bulla_audit_verdict verdict = BULLA_AUDIT_VERDICT_INIT;
  TEST_OK(bulla_vault_audit_verify(vault, &verdict));
  cr_expect_eq(verdict.bad_seq, 0);
  bulla_vault_close(&vault);
  bulla_actor_free(&stays);
}

Test(grants, an_actor_is_revoked_whatever_became_of_its_tenants) {
  enroll("worker");
  TEST_OK(try_grant("worker", BULLA_ROLE_USE, "acme"));
  TEST_OK(try_grant("worker", BULLA_ROLE_USE, "beta"));
  TEST_OK(bulla_vault_remove(house.vault, &who, AT(TEXT("acme"), TEXT("db"))));
  TEST_OK(bulla_vault_remove_tenant(house.vault, &who, TEXT("acme")));
  TEST_OK(bulla_vault_shred(house.vault, &who, TEXT("beta")));
  assert_grants("worker", "worker use acme;worker use ;");
  TEST_OK(revoke_actor("worker"));
  assert_grants("worker", "worker use acme ended;worker use  ended;");
}

/* A root that revokes one who has a grant for each of many tenants keeps nobody waiting. */
Test(grants, an_actor_with_many_grants_is_revoked_step_by_step) {
  enum { TENANTS = 70 };
  char name[20];
  struct bulla_actor *worker = create_actor("worker");
  for (int i = 0; i < TENANTS; i++) {
    snprintf(name, sizeof(name), "t%d", i);
    TEST_OK(put(name, "db", "password", "x", true));
    TEST_OK(try_grant("worker", i % 2 == 0 ? BULLA_ROLE_USE : BULLA_ROLE_PUT, name));
  }
  struct bulla_vault *vault = open_by(worker);
  const struct bulla_field field = {TEXT("password"), TEXT("put by the worker"), true};
  TEST_OK(bulla_vault_put(vault, &who, AT(TEXT("t1"), TEXT("db")), &field, 1));
  TEST_OK(bulla_vault_put(vault, &who, AT(TEXT("t69"), TEXT("db")), &field, 1));
  bulla_vault_close(&vault);
  TEST_OK(bulla_vault_shred(house.vault, &who, TEXT("t3")));
  int64_t num;
  TEST_OK(bulla_vault_actor_revoke(house.vault, &num, &who, TEXT("worker"), false, NULL, NULL));
  cr_expect_eq(num, 2);
  cr_expect_eq(run_sql("SELECT count(*) FROM actor_grant WHERE ended = 0"), 0);
  cr_expect_eq(count_details("op = 'grant-end' AND entry = 'worker' AND length(statement) = 32"), 64);
  cr_expect_eq(count_details("op = 'actor-revoke'"), 1);
  assert_use("t1", "db", "password", "put by the worker");
  assert_use("t69", "db", "password", "put by the worker");
  struct bulla_audit_verdict verdict = BULLA_AUDIT_VERDICT_INIT;
  TEST_OK(bulla_vault_audit_verify(house.vault, &verdict));
  cr_expect_eq(verdict.bad_seq, 0);
  bulla_actor_free(&worker);
}

/* Grants |role| for acme, and returns how that went. */
static int grant_in_child(enum bulla_role role) {
  struct bulla_vault *vault = enter();
  enum bulla_status status = bulla_vault_grant(vault, &who, TEXT("worker"), role, TEXT("acme"));
  bulla_vault_close(&vault);
  return (int)status;
}

Test(grants_shared, of_two_roots_that_grant_the_same_one_is_told_so) {
  enum { ROUNDS = BULLA_NUM_ROLES };
  open_vault();
  enroll("worker");
  TEST_OK(put("acme", "db", "password", "acme db password", true));
  close_vault();
  for (unsigned round = 0; round < ROUNDS; round++) {
    pid_t children[3];
    int num_done = 0;
    for (size_t i = 0; i < N(children); i++) {
      children[i] = fork();
      if (children[i] == 0) {
        _exit(grant_in_child((enum bulla_role)round));
      }
    }
    for (size_t i = 0; i < N(children); i++) {
      int status;
      waitpid(children[i], &status, 0);
      cr_assert(WIFEXITED(status));
      cr_expect(WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == TEST_EXIT(BULLA_EXISTS), "%d", WEXITSTATUS(status));
      num_done += WEXITSTATUS(status) == 0 ? 1 : 0;
    }
    cr_expect_eq(num_done, 1);
  }
  open_vault();
  struct bulla_audit_verdict verdict = BULLA_AUDIT_VERDICT_INIT;
  TEST_OK(bulla_vault_audit_verify(house.vault, &verdict));
  cr_expect_eq(count_details("op = 'grant'"), ROUNDS);
}

Test(grants, a_grant_is_limited_as_a_change_and_its_end_is_not) {
  const struct bulla_limit limit = {.kind = BULLA_LIMIT_CHANGE, .scope = BULLA_LIMIT_ACTOR, .rate = 2, .period = 3600};
  const struct bulla_limit none = {.kind = BULLA_LIMIT_CHANGE, .scope = BULLA_LIMIT_ACTOR, .rate = 0, .period = 3600};
  enroll("worker");
  TEST_OK(try_grant("worker", BULLA_ROLE_PUT, ""));
  TEST_OK(bulla_vault_limit_set(house.vault, &who, &limit));
  enum bulla_status status = BULLA_OK;
  int num = 0;
  while (status == BULLA_OK && num < BULLA_NUM_ROLES) {
    status = try_grant("worker", (enum bulla_role)num++, "acme");
  }
  TEST_STATUS(status, BULLA_LIMITED);
  cr_expect_gt(num, 1);
  TEST_OK(bulla_vault_limit_set(house.vault, &who, &none));
  TEST_OK(try_end_grant("worker", BULLA_ROLE_PUT, "acme"));
  TEST_OK(try_end_grant("worker", BULLA_ROLE_PUT, ""));
  TEST_STATUS(try_grant("worker", BULLA_ROLE_PUT, ""), BULLA_LIMITED);
  cr_expect_eq(count_details("op = 'grant-end' AND outcome = 'done'"), 2);
}

/* Its name may be that of another tenant meanwhile. */
Test(grants, one_for_a_tenant_that_was_removed_ends_by_the_name_that_it_had) {
  enroll("other");
  enroll("worker");
  TEST_OK(try_grant("worker", BULLA_ROLE_AUDIT, ""));
  for (unsigned i = 0; i < BULLA_NUM_ROLES; i++) {
    TEST_OK(try_grant("worker", (enum bulla_role)i, "acme"));
    TEST_OK(try_grant("worker", (enum bulla_role)i, "beta")); /* there is more than one page of them */
  }
  TEST_OK(bulla_vault_remove(house.vault, &who, AT(TEXT("acme"), TEXT("db"))));
  TEST_OK(bulla_vault_remove_tenant(house.vault, &who, TEXT("acme")));
  for (unsigned i = BULLA_ROLE_SHOW; i < BULLA_NUM_ROLES; i++) {
    const char *role = (const char *)test_concat(bulla_role_name((enum bulla_role)i), bulla_span("", 1)).data;
    TEST_OK(try_end_grant("worker", (enum bulla_role)i, "acme"));
    TEST_STATUS(try_end_grant("worker", (enum bulla_role)i, "acme"), BULLA_NOT_FOUND);
    cr_expect_eq(num_told("grant-end", "acme", "worker", role), 1, "%s", role);
  }
  TEST_STATUS(try_end_grant("other", BULLA_ROLE_PUT, "acme"), BULLA_NOT_FOUND);
  TEST_STATUS(try_end_grant("worker", BULLA_ROLE_PUT, "gamma"), BULLA_NOT_FOUND);
  TEST_OK(put("acme", "db", "password", "of another tenant", true));
  TEST_OK(try_grant("worker", BULLA_ROLE_USE, "acme"));
  TEST_OK(try_end_grant("worker", BULLA_ROLE_PUT, "acme"));
  cr_expect_eq(run_sql("SELECT count(*) FROM actor_grant WHERE ended = 0"), 2 + BULLA_NUM_ROLES);
  (void)find_grant("worker", "acme", BULLA_ROLE_USE, BULLA_OK);
  for (unsigned i = 0; i < BULLA_NUM_ROLES; i++) {
    (void)find_grant("worker", "beta", (enum bulla_role)i, BULLA_OK);
  }
  (void)find_grant("worker", "", BULLA_ROLE_AUDIT, BULLA_OK);
  struct bulla_audit_verdict verdict = BULLA_AUDIT_VERDICT_INIT;
  TEST_OK(bulla_vault_audit_verify(house.vault, &verdict));
  cr_expect_eq(verdict.bad_seq, 0);
}

/* What an index counts and the table does not have. */
Test(grants, an_actor_whose_grants_are_counted_and_not_there_is_refused) {
  enum { TENANTS = 13 };
  char name[20];
  SQLITE_ONLY();
  enroll("worker");
  for (int i = 0; i < TENANTS; i++) {
    snprintf(name, sizeof(name), "t%d", i);
    TEST_OK(put(name, "db", "password", "x", true));
    for (unsigned role = 0; role < BULLA_NUM_ROLES; role++) {
      TEST_OK(try_grant("worker", (enum bulla_role)role, name));
    }
  }
  close_vault();
  run_sql(
      "CREATE TABLE kept AS SELECT rowid AS place, * FROM sqlite_schema WHERE name IN ('actor_grant', "
      "'sqlite_autoindex_actor_grant_2');"
      "PRAGMA writable_schema = ON; DELETE FROM sqlite_schema WHERE name = 'sqlite_autoindex_actor_grant_2';"
      "UPDATE sqlite_schema SET sql = replace(sql, ', UNIQUE(actor, tenant, role, ended)', '') WHERE name = "
      "'actor_grant'");
  run_sql(
      "DELETE FROM actor_grant; PRAGMA writable_schema = ON; DELETE FROM sqlite_schema WHERE name = 'actor_grant';"
      "INSERT INTO sqlite_schema(rowid, type, name, tbl_name, rootpage, sql) SELECT * FROM kept; DROP TABLE kept");
  open_vault();
  cr_assert_eq(run_sql("SELECT count(*) FROM actor_grant INDEXED BY sqlite_autoindex_actor_grant_2 WHERE actor = "
                       "(SELECT id FROM actor)"),
               TENANTS * BULLA_NUM_ROLES);
  TEST_STATUS(revoke_actor("worker"), BULLA_REFUSED);
}
