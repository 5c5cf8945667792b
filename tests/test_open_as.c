/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Opening the vault as an actor: with the right key alone, and only the vault that the key names. What somebody without
 * the root does to the rows that are read then is refused. */

#include "store/actor_key.h"
#include "tests/actor_support.h"

TestSuite(open_as, .init = build_house, .fini = leave_house);

#define N(array) (sizeof(array) / sizeof((array)[0]))

static void furnish(void) {
  TEST_OK(put("acme", "db", "password", "acme db password", true));
  TEST_OK(put("acme", "db", "host", "acme.example", false));
  TEST_OK(put("beta", "db", "password", "beta db password", true));
}

Test(open_as, an_actor_opens_the_vault_and_uses_what_it_was_granted) {
  uint8_t fingerprint[BULLA_VAULT_FINGERPRINT_LEN];
  uint8_t same[BULLA_VAULT_FINGERPRINT_LEN];
  int64_t generation;
  furnish();
  struct bulla_span key = make_actor("worker");
  struct bulla_vault *vault = open_as(key);
  TEST_SPAN(bulla_vault_id(vault), bulla_vault_id(house.vault), "the id");
  TEST_OK(bulla_vault_fingerprint(vault, fingerprint));
  TEST_OK(bulla_vault_fingerprint(house.vault, same));
  cr_expect_arr_eq(fingerprint, same, sizeof(same));
  TEST_OK(bulla_vault_directory(vault, &generation));
  cr_expect_geq(generation, 1);
  TEST_STATUS(use_as(vault, "acme", "db", "password"), BULLA_DENIED);
  grant("worker", BULLA_ROLE_USE, "acme");
  TEST_OK(use_as(vault, "acme", "db", "password"));
  TEST_SPAN(used.value, TEXT("acme db password"), "the value");
  TEST_OK(use_as(vault, "acme", "db", "host"));
  TEST_STATUS(use_as(vault, "beta", "db", "password"), BULLA_DENIED);
  TEST_STATUS(use_as(vault, "gamma", "db", "password"), BULLA_NOT_FOUND);
  grant("worker", BULLA_ROLE_USE, "");
  TEST_OK(use_as(vault, "beta", "db", "password"));
  TEST_SPAN(used.value, TEXT("beta db password"), "the value");
  bulla_vault_close(&vault);
  vault = open_as(key);
  TEST_OK(use_as(vault, "beta", "db", "password"));
  bulla_vault_close(&vault);
}

Test(open_as, what_is_no_key_of_an_actor_of_this_vault_opens_nothing) {
  struct bulla_actor *actor = NULL;
  struct bulla_span key = make_actor("worker");
  for (size_t at = 0; at < key.len; at += 7) {
    uint8_t digits[BULLA_ACTOR_KEY_LEN];
    memcpy(digits, key.data, sizeof(digits));
    digits[at] = digits[at] == '0' ? '1' : '0';
    struct bulla_span mistyped = bulla_span(digits, sizeof(digits));
    enum bulla_status status = read_actor(&actor, mistyped);
    cr_expect(status == BULLA_ROOT_WRONG || status == BULLA_ROOT_MALFORMED, "at %zu: %s", at,
              bulla_status_text(status));
    cr_expect_null(actor);
  }
  test_listen();
  TEST_STATUS(read_actor(&actor, bulla_span(key.data, 64)), BULLA_ROOT_MALFORMED);
  cr_expect(strstr(test_told.text, "bullaa_ and has 177 characters: this has 64") != NULL, "%s", test_told.text);
  TEST_STATUS(bulla_actor_open(&actor, "front.key"), BULLA_UNSUPPORTED);
  cr_expect(strstr(test_told.text, "before the first colon") != NULL, "%s", test_told.text);
  TEST_STATUS(read_actor(&actor, TEXT("")), BULLA_SECRET_UNAVAILABLE);
  TEST_STATUS(bulla_actor_open(&actor, NULL), BULLA_INVALID_ARGUMENT);
  struct bulla_vault *vault = NULL;
  TEST_STATUS(bulla_vault_open_as(&vault, house.url, NULL, NULL), BULLA_INVALID_ARGUMENT);

  const char *other = url_of("other");
  TEST_OK(bulla_vault_create(other, house.root));
  TEST_STATUS(try_as(&vault, other, key, NULL), BULLA_WRONG_VAULT);
  cr_expect(strstr(test_told.text, "another vault") != NULL, "%s", test_told.text);
  cr_expect_null(vault);
}

/* Another vault of the same root in its place, whole or in part: what it says is signed by a key, but not by the one
 * that the actor's key names. */
Test(open_as, a_vault_in_the_place_of_the_one_that_the_key_names_is_refused) {
  struct bulla_vault *vault = NULL;
  furnish();
  struct bulla_span key = make_actor("worker");
  grant("worker", BULLA_ROLE_PUT, "");
  struct bulla_span file = image();
  close_vault();
  remove_vault();
  TEST_OK(bulla_vault_create(house.url, house.root));
  open_vault();
  furnish();
  (void)make_actor("worker");
  grant("worker", BULLA_ROLE_PUT, "");
  TEST_STATUS(try_as(&vault, house.url, key, NULL), BULLA_WRONG_VAULT);
  struct bulla_span other = image();
  lay_beside("other", other);
  close_vault();
  put_back(file);
  TEST_OK(can_open(key));
  run_sql(beside("other", "UPDATE vault SET (statement, signature) = (SELECT statement, signature FROM other.vault)"));
  TEST_STATUS(try_as(&vault, house.url, key, NULL), BULLA_WRONG_VAULT);
}

/* Who knows the id of an actor, and the vault, is not that actor. */
Test(open_as, a_key_with_another_seed_is_refused) {
  struct bulla_actor_key key;
  struct bulla_secret *text = NULL;
  TEST_OK(bulla_actor_key_read(&key, make_actor("worker")));
  bulla_secret_free(&key.seed);
  key.seed = test_secret(test_filled(7, BULLA_KEY_LEN));
  TEST_OK(bulla_actor_key_write(&text, &key));
  test_listen();
  TEST_STATUS(can_open(bulla_secret_bytes(text)), BULLA_REFUSED);
  cr_expect(strstr(test_told.text, "not of this key") != NULL, "%s", test_told.text);
  bulla_secret_free(&text);
  bulla_actor_key_free(&key);
}

Test(open_as, what_is_known_of_the_vault_beforehand_must_be_so) {
  uint8_t fingerprint[BULLA_VAULT_FINGERPRINT_LEN];
  int64_t generation;
  struct bulla_vault *vault = NULL;
  struct bulla_span key = make_actor("worker");
  TEST_OK(bulla_vault_fingerprint(house.vault, fingerprint));
  TEST_OK(bulla_vault_directory(house.vault, &generation));
  struct bulla_span print = bulla_span(fingerprint, sizeof(fingerprint));
  const struct {
    struct bulla_span id;
    struct bulla_span fingerprint;
    int64_t generation;
    enum bulla_status status;
  } rows[] = {
      {bulla_vault_id(house.vault), print, generation, BULLA_OK},
      {test_flipped(bulla_vault_id(house.vault), 3), print, 0, BULLA_WRONG_VAULT},
      {bulla_vault_id(house.vault), test_flipped(print, 3), 0, BULLA_WRONG_VAULT},
      {bulla_span(NULL, 0), bulla_span(NULL, 0), generation + 1, BULLA_AUDIT_BROKEN},
      {bulla_span(NULL, 0), bulla_span(NULL, 0), -1, BULLA_INVALID_ARGUMENT},
  };
  for (size_t i = 0; i < N(rows); i++) {
    struct bulla_vault_options options = BULLA_VAULT_OPTIONS_INIT;
    options.id = rows[i].id;
    options.fingerprint = rows[i].fingerprint;
    options.generation = rows[i].generation;
    enum bulla_status status = try_as(&vault, house.url, key, &options);
    cr_expect_eq(status, rows[i].status, "row %zu: %s", i, bulla_status_text(status));
    bulla_vault_close(&vault);
    options.id = bulla_span(NULL, 0);
    options.fingerprint = bulla_span(NULL, 0);
    if (rows[i].status != BULLA_WRONG_VAULT) {
      status = bulla_vault_open(&vault, house.url, house.root, &options);
      cr_expect_eq(status, rows[i].status, "a root, row %zu: %s", i, bulla_status_text(status));
      bulla_vault_close(&vault);
    }
  }
}

/* Rows that are read as an actor opens the vault. */
Test(open_as, what_was_done_to_the_rows_of_an_actor_is_refused) {
  static const struct {
    const char *sql;
    enum bulla_status status;
  } rows[] = {
      {"UPDATE actor SET signature = (SELECT a.signature FROM actor a WHERE a.number = 2) WHERE number = 1",
       BULLA_REFUSED},
      {"UPDATE actor SET statement = (SELECT a.statement FROM actor a WHERE a.number = 2), signature = "
       "(SELECT a.signature FROM actor a WHERE a.number = 2) WHERE number = 1",
       BULLA_REFUSED},
      {"UPDATE lane SET statement = (SELECT l.statement FROM lane l WHERE l.number = 128), signature = "
       "(SELECT l.signature FROM lane l WHERE l.number = 128) WHERE number = 64",
       BULLA_AUDIT_BROKEN},
      {"DELETE FROM lane WHERE number = 64", BULLA_AUDIT_BROKEN},
      {"DELETE FROM audit_head WHERE lane = 64", BULLA_AUDIT_BROKEN},
      {"UPDATE audit_head SET key = (SELECT h.key FROM audit_head h WHERE h.lane = 128) WHERE lane = 64",
       BULLA_AUDIT_BROKEN},
      {"UPDATE audit_head SET tag = (SELECT h.tag FROM audit_head h WHERE h.lane = 128) WHERE lane = 64",
       BULLA_AUDIT_BROKEN},
      {"UPDATE actor SET number = 3 WHERE number = 1", BULLA_REFUSED},
      {"DELETE FROM directory WHERE number = 256", BULLA_REFUSED},
      {"UPDATE vault SET signature = zeroblob(64)", BULLA_REFUSED},
  };
  struct bulla_span key = make_actor("worker");
  (void)make_actor("other");
  struct bulla_span file = image();
  close_vault();
  for (size_t i = 0; i < N(rows); i++) {
    put_back(file);
    run_sql(rows[i].sql);
    enum bulla_status status = can_open(key);
    cr_expect_eq(status, rows[i].status, "row %zu: %s", i, bulla_status_text(status));
  }
  put_back(file);
  TEST_OK(can_open(key));
}

/* A database that was put back with all that is in it, but the actor's own head, which it has moved since. */
Test(open_as, a_directory_older_than_the_actor_has_seen_is_refused) {
  furnish();
  struct bulla_span key = make_actor("worker");
  grant("worker", BULLA_ROLE_USE, "acme");
  struct bulla_span early = image();
  end_grant("worker", BULLA_ROLE_USE, "acme");
  struct bulla_vault *vault = open_as(key);
  TEST_STATUS(use_as(vault, "acme", "db", "password"), BULLA_DENIED);
  bulla_vault_close(&vault);
  struct bulla_span late = image();
  lay_beside("early", early);
  restore(late, beside("early",
                       "UPDATE vault SET (statement, signature) = (SELECT statement, signature FROM "
                       "early.vault); DELETE FROM directory; INSERT INTO directory SELECT * FROM "
                       "early.directory; DELETE FROM actor_grant; INSERT INTO actor_grant SELECT * FROM "
                       "early.actor_grant"));
  TEST_STATUS(can_open(key), BULLA_AUDIT_BROKEN);
}

Test(open_as, a_revoked_actor_is_refused_and_so_is_its_row_of_before) {
  furnish();
  struct bulla_span key = make_actor("worker");
  grant("worker", BULLA_ROLE_USE, "acme");
  struct bulla_span early = image();
  struct bulla_vault *vault = open_as(key);
  TEST_OK(use_as(vault, "acme", "db", "password"));
  TEST_OK(bulla_vault_actor_revoke(house.vault, NULL, &who, TEXT("worker"), true, NULL, NULL));
  /* At its next call, whatever it remembers. */
  TEST_STATUS(use_as(vault, "acme", "db", "password"), BULLA_REVOKED);
  TEST_STATUS(bulla_vault_list(vault, TEXT("acme"), count_entry, NULL), BULLA_REVOKED);
  TEST_STATUS(use_as(vault, "acme", "db", "password"), BULLA_REVOKED);
  bulla_vault_close(&vault);
  TEST_STATUS(can_open(key), BULLA_REVOKED);
  lay_beside("early", early);
  struct bulla_span late = image();
  restore(late, beside("early",
                       "UPDATE actor SET (statement, signature) = (SELECT statement, signature FROM "
                       "early.actor)"));
  TEST_STATUS(can_open(key), BULLA_REFUSED);
  restore(late, "DELETE FROM actor_grant; DELETE FROM actor");
  TEST_STATUS(can_open(key), BULLA_ROOT_WRONG);
}

static enum bulla_status ask_directory(struct bulla_vault *vault) {
  int64_t generation;
  return bulla_vault_directory(vault, &generation);
}

static enum bulla_status ask_wait(struct bulla_vault *vault) {
  int64_t wait;
  return bulla_vault_limit_wait(vault, &wait, &who, BULLA_LIMIT_USE, TEXT("acme"));
}

static enum bulla_status ask_scrub(struct bulla_vault *vault) {
  return bulla_vault_scrub(vault);
}

static enum bulla_status ask_use(struct bulla_vault *vault) {
  return use_as(vault, "nobody", "db", "password");
}

static enum bulla_status ask_put(struct bulla_vault *vault) {
  const struct bulla_field field = {.name = TEXT("x"), .value = TEXT("y")};
  return bulla_vault_put(vault, &who, AT(TEXT("nobody"), TEXT("db")), &field, 1);
}

static enum bulla_status ask_list(struct bulla_vault *vault) {
  return bulla_vault_list(vault, TEXT(""), count_entry, NULL);
}

static enum bulla_status ask_list_of(struct bulla_vault *vault) {
  return bulla_vault_list(vault, TEXT("nobody"), count_entry, NULL);
}

static enum bulla_status ask_apikeys(struct bulla_vault *vault) {
  return bulla_vault_apikey_list(vault, TEXT(""), count_apikey, NULL);
}

static enum bulla_status ask_log(struct bulla_vault *vault) {
  return bulla_vault_audit_log(vault, 1, TEXT(""), count_record, NULL);
}

/* No row of a tenant tells it then. Each call is the first after the revocation; its lane has ended. */
Test(open_as, a_revoked_actor_hears_so_of_each_call_and_writes_nothing_more) {
  static enum bulla_status (*const asked[])(struct bulla_vault * vault) = {
      ask_directory, ask_wait, ask_scrub, ask_use, ask_put, ask_list, ask_list_of, ask_apikeys, ask_log,
  };
  struct bulla_vault *vaults[N(asked)];
  struct bulla_span key = make_actor("worker");
  grant("worker", BULLA_ROLE_USE, "");
  for (size_t i = 0; i < N(asked); i++) {
    vaults[i] = open_as(key);
    TEST_STATUS(use_as(vaults[i], "acme", "db", "password"), BULLA_NOT_FOUND);
  }
  TEST_OK(bulla_vault_actor_revoke(house.vault, NULL, &who, TEXT("worker"), true, NULL, NULL));
  int64_t num = count_records("lane >= 64");
  for (size_t i = 0; i < N(asked); i++) {
    for (int times = 0; times < 2; times++) {
      enum bulla_status status = asked[i](vaults[i]);
      cr_expect_eq(status, BULLA_REVOKED, "call %zu: %s", i, bulla_status_text(status));
    }
    bulla_vault_close(&vaults[i]);
  }
  cr_expect_eq(count_records("lane >= 64"), num);
}

static enum bulla_status any_finding(void *arg, const struct bulla_finding *finding) {
  (void)arg;
  (void)finding;
  return BULLA_OK;
}

static enum bulla_status any_root(void *arg, const struct bulla_root_view *root) {
  (void)arg;
  (void)root;
  return BULLA_OK;
}

static enum bulla_status any_secret(void *arg, const struct bulla_secret_view *secret) {
  (void)arg;
  (void)secret;
  return BULLA_OK;
}

static enum bulla_status any_version(void *arg, const struct bulla_version_view *version) {
  (void)arg;
  (void)version;
  return BULLA_OK;
}

static enum bulla_status any_limit(void *arg, const struct bulla_limit *limit) {
  (void)arg;
  (void)limit;
  return BULLA_OK;
}

static enum bulla_status any_head(void *arg, const struct bulla_audit_head_view *head) {
  (void)arg;
  (void)head;
  return BULLA_OK;
}

static enum bulla_status any_actor(void *arg, const struct bulla_actor_view *actor) {
  (void)arg;
  (void)actor;
  return BULLA_OK;
}

static enum bulla_status any_grant(void *arg, const struct bulla_grant_view *given) {
  (void)arg;
  (void)given;
  return BULLA_OK;
}

/* An actor with every role for all tenants is no root. */
Test(open_as, what_is_for_a_root_alone_is_denied_to_every_actor_and_recorded) {
  int64_t number;
  int kept;
  size_t failed;
  struct bulla_secret *made = NULL;
  struct bulla_buffer anchor = test_room(BULLA_ANCHOR_MAX);
  struct bulla_rewrap_report rewrapped = BULLA_REWRAP_REPORT_INIT;
  struct bulla_backup_report backed = BULLA_BACKUP_REPORT_INIT;
  struct bulla_backup_options options = BULLA_BACKUP_OPTIONS_INIT;
  const struct bulla_limit limit = {.kind = BULLA_LIMIT_USE, .scope = BULLA_LIMIT_ACTOR, .rate = 1, .period = 1};
  furnish();
  struct bulla_span key = make_actor("worker");
  for (unsigned role = 0; role < BULLA_NUM_ROLES; role++) {
    grant("worker", (enum bulla_role)role, "");
  }
  struct bulla_secret *key_32 = test_secret(test_filled(1, BULLA_KEY_LEN));
  struct bulla_import row = {.entry = TEXT("db"), .field = TEXT("x"), .triple = TEXT("00:00:00")};
  struct bulla_field field = {.name = TEXT("x"), .value = TEXT("y")};
  struct bulla_vault *vault = open_as(key);
  options.root = house.root;
  options.who = &who;
  const struct bulla_place *entry = AT(TEXT("acme"), TEXT("db"));
  const struct bulla_place *place = AT(TEXT("acme"), TEXT("db"), TEXT("password"));
  struct bulla_place past = *place;
  past.revision = 1;
  struct bulla_apikey_record record = {
      .tenant = TEXT("acme"), .id = RECORD_ID, .hash = test_filled(1, 32), .root = key_32};
  const enum bulla_status statuses[] = {
      bulla_vault_actor_create(vault, &made, &who, TEXT("more")),
      bulla_vault_actor_revoke(vault, NULL, &who, TEXT("worker"), true, NULL, NULL),
      bulla_vault_actor_list(vault, any_actor, NULL),
      bulla_vault_grant(vault, &who, TEXT("worker"), BULLA_ROLE_USE, TEXT("acme")),
      bulla_vault_grant_end(vault, &who, TEXT("worker"), BULLA_ROLE_USE, TEXT("")),
      bulla_vault_grant_list(vault, TEXT(""), any_grant, NULL),
      bulla_vault_root_list(vault, any_root, NULL),
      bulla_vault_root_add(vault, &who, house.root, TEXT("mine")),
      bulla_vault_root_remove(vault, &who, TEXT("mine")),
      bulla_vault_root_rotate(vault, &who, house.root, TEXT("mine")),
      bulla_vault_put_keep(vault, &who, entry, &field, 1, 1),
      bulla_vault_import(vault, &failed, &who, TEXT("acme"), key_32, NULL, &row, 1),
      bulla_vault_restore_field(vault, &who, &past),
      bulla_vault_keep(vault, &who, entry, 1),
      bulla_vault_kept(vault, &kept, entry),
      bulla_vault_remove(vault, &who, entry),
      bulla_vault_remove_fields(vault, &who, entry, &place->field, 1),
      bulla_vault_remove_tenant(vault, &who, TEXT("acme")),
      bulla_vault_rename_tenant(vault, &who, TEXT("acme"), TEXT("mine")),
      bulla_vault_rename_entry(vault, &who, entry, TEXT("mine")),
      bulla_vault_rename_field(vault, &who, place, TEXT("mine")),
      bulla_vault_versions(vault, TEXT("acme"), any_version, NULL),
      bulla_vault_secrets(vault, TEXT("acme"), any_secret, NULL),
      bulla_vault_rotate_tenant(vault, &number, &who, TEXT("acme")),
      bulla_vault_rewrap(vault, &rewrapped, &who, TEXT("acme"), NULL, NULL),
      bulla_vault_destroy_versions(vault, &number, &who, TEXT("acme")),
      bulla_vault_shred(vault, &who, TEXT("acme")),
      bulla_vault_scrub(vault),
      bulla_vault_apikey_put(vault, &who, &record),
      bulla_vault_apikey_revoke(vault, &who, RECORD_ID),
      bulla_vault_apikey_export(vault, &who, RECORD_ID, 20000, count_root, NULL),
      bulla_vault_token_revoke(vault, &who, TEXT("acme"), TEXT("jti"), 1),
      bulla_vault_audit_anchor(vault, &anchor, &who),
      bulla_vault_limit_set(vault, &who, &limit),
      bulla_vault_limit_remove(vault, &who, &limit),
      bulla_vault_limit_list(vault, any_limit, NULL),
      bulla_vault_backup(vault, &backed, in_house("backup"), &options),
  };
  for (size_t i = 0; i < N(statuses); i++) {
    cr_expect_eq(statuses[i], BULLA_DENIED, "call %zu: %s", i, bulla_status_text(statuses[i]));
  }
  struct bulla_export_report report = BULLA_EXPORT_REPORT_INIT;
  struct bulla_vault *target = NULL;
  const char *other = url_of("other");
  TEST_OK(bulla_vault_create(other, house.root));
  TEST_OK(bulla_vault_open(&target, other, house.root, NULL));
  TEST_STATUS(bulla_vault_export(vault, &report, target, &who, NULL, NULL), BULLA_DENIED);
  TEST_STATUS(bulla_vault_export(target, &report, vault, &who, NULL, NULL), BULLA_DENIED);
  bulla_vault_close(&target);
  cr_expect_eq(count_records("lane = 64 AND outcome = 'denied'"), (int64_t)N(statuses) + 2);
  cr_expect_eq(count_records("lane <> 64 AND outcome = 'denied'"), 0);
  cr_expect_eq(count_details("op = 'rename-from' AND outcome = 'denied' AND tenant = 'acme' AND entry = 'db'"), 2);
  TEST_OK(bulla_vault_audit_heads(vault, any_head, NULL));
  TEST_OK(bulla_vault_examine(vault, any_finding, NULL));
  bulla_vault_close(&vault);
  bulla_secret_free(&key_32);
  struct bulla_audit_verdict verdict = BULLA_AUDIT_VERDICT_INIT;
  TEST_OK(bulla_vault_audit_verify(house.vault, &verdict));
  assert_use("acme", "db", "password", "acme db password");
}

/* The log proves who an actor is: on behalf of whom it acts it need not say. */
Test(open_as, an_actor_need_not_say_who_it_is) {
  static const struct bulla_who nameless = {.reason = {(const uint8_t *)"to test", 7}};
  const struct bulla_field field = {.name = TEXT("x"), .value = TEXT("y")};
  int64_t wait;
  furnish();
  struct bulla_span key = make_actor("worker");
  grant("worker", BULLA_ROLE_USE, "acme");
  grant("worker", BULLA_ROLE_PUT, "acme");
  struct bulla_vault *vault = open_as(key);
  struct bulla_vault *const vaults[] = {vault, house.vault};
  for (size_t i = 0; i < N(vaults); i++) {
    enum bulla_status wanted = i == 0 ? BULLA_OK : BULLA_INVALID_ARGUMENT;
    TEST_STATUS(bulla_vault_use(vaults[i], &nameless, AT(TEXT("acme"), TEXT("db"), TEXT("password")), remember, NULL),
                wanted);
    TEST_STATUS(bulla_vault_put(vaults[i], &nameless, AT(TEXT("acme"), TEXT("db")), &field, 1), wanted);
    TEST_STATUS(bulla_vault_limit_wait(vaults[i], &wait, &nameless, BULLA_LIMIT_USE, TEXT("acme")), wanted);
  }
  TEST_STATUS(bulla_vault_use(vault, NULL, AT(TEXT("acme"), TEXT("db"), TEXT("password")), remember, NULL),
              BULLA_INVALID_ARGUMENT);
  bulla_vault_close(&vault);
  cr_expect_eq(count_details("op = 'use' AND outcome = 'granted' AND actor = ''"), 1);
}

/* How long opening takes does not depend on what was granted. */
Test(open_as, no_grant_is_read_at_opening) {
  furnish();
  struct bulla_span key = make_actor("worker");
  grant("worker", BULLA_ROLE_USE, "acme");
  struct bulla_span file = image();
  restore(file, "UPDATE actor_grant SET signature = zeroblob(64)");
  struct bulla_vault *vault = open_as(key);
  TEST_STATUS(use_as(vault, "acme", "db", "password"), BULLA_REFUSED);
  bulla_vault_close(&vault);
}

#define OLD_DIRECTORY                                                                         \
  "UPDATE vault SET (statement, signature) = (SELECT statement, signature FROM other.vault);" \
  "DELETE FROM directory; INSERT INTO directory SELECT * FROM other.directory;"

/* Somebody puts back the directory of before a revocation. Who has seen a later one says so in the head of its lane. */
Test(open_as, an_older_directory_than_the_actor_has_seen_is_refused_by_a_new_process) {
  TEST_OK(put("acme", "db", "password", "acme db password", true));
  struct bulla_span text = make_actor("worker");
  grant("worker", BULLA_ROLE_USE, "acme");
  struct bulla_span early = image();
  for (int has_seen = 0; has_seen < 2; has_seen++) {
    restore(early, "");
    TEST_OK(put("gamma", "db", "host", "x", false));
    if (has_seen == 1) {
      struct bulla_vault *vault = open_as(text);
      TEST_OK(use_as(vault, "acme", "db", "password"));
      bulla_vault_close(&vault);
    }
    close_vault();
    lay_beside("other", early);
    run_sql(beside("other", OLD_DIRECTORY));
    TEST_STATUS(can_open(text), has_seen == 1 ? BULLA_AUDIT_BROKEN : BULLA_OK);
  }
}
