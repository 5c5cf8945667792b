/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Values that actors put: who reads them, how they are taken in, and what becomes of them as a grant or an actor ends.
 */

#include "store/entry.h"
#include "store/field.h"
#include "store/posted.h"
#include "store/put.h"
#include "store/tenant.h"
#include "store/vault.h"
#include "tests/actor_support.h"

/* The tenants acme and beta, which the root made, and actors of acme: one that puts, one that uses, one that shows. */
static struct {
  struct bulla_vault *front;
  struct bulla_vault *worker;
  struct bulla_vault *desk;
} staff;

static struct bulla_vault *hire(const char *name, enum bulla_role role) {
  struct bulla_span key = make_actor(name);
  grant(name, role, "acme");
  return open_as(key);
}

static void furnish(void) {
  build_house();
  TEST_OK(put("acme", "db", "host", "db.internal", false));
  TEST_OK(put("acme", "db", "password", "of the root, and long", true));
  TEST_OK(put("beta", "db", "password", "of beta", true));
  staff.front = hire("front", BULLA_ROLE_PUT);
  staff.worker = hire("worker", BULLA_ROLE_USE);
  staff.desk = hire("desk", BULLA_ROLE_SHOW);
}

static void leave(void) {
  bulla_vault_close(&staff.front);
  bulla_vault_close(&staff.worker);
  bulla_vault_close(&staff.desk);
  leave_house();
}

TestSuite(posted, .init = furnish, .fini = leave, .timeout = 60);

static enum bulla_status put_in(struct bulla_vault *vault, const char *tenant, const char *entry,
                                struct bulla_field field) {
  return bulla_vault_put(vault, &who, AT(test_text(tenant), test_text(entry)), &field, 1);
}

/* put_by puts a secret field of acme's entry db. */
static enum bulla_status put_by(struct bulla_vault *vault, const char *name, const char *value) {
  return put_in(vault, "acme", "db", (struct bulla_field){test_text(name), test_text(value), true});
}

static void assert_use_by(struct bulla_vault *vault, const char *field, const char *value) {
  TEST_OK(use_as(vault, "acme", "db", field));
  TEST_SPAN(used.value, test_text(value), "%s: %.*s", field, S(used.value));
}

/* num_posted returns how many values are as an actor has put them. */
static int64_t num_posted(void) {
  return run_sql("SELECT count(*) FROM field WHERE writer IS NOT NULL AND signature IS NOT NULL");
}

static enum bulla_status note_shown(void *arg, const struct bulla_field_view *field) {
  note(arg, "%.*s=%.*s %lld %lld;", S(field->name), S(field->text), (long long)field->revision,
       (long long)field->expires);
  return BULLA_OK;
}

/* assert_shown asserts what is shown of acme's entry |entry|. */
static void assert_shown(struct bulla_vault *vault, const char *entry, const char *wanted) {
  struct bulla_buffer out = test_room(1000);
  TEST_OK(bulla_vault_show(vault, AT(TEXT("acme"), test_text(entry)), note_shown, &out));
  TEST_SPAN(bulla_written(&out), test_text(wanted), "%.*s", S(bulla_written(&out)));
}

Test(posted, what_an_actor_puts_is_used_and_taken_in_by_the_first_use) {
  TEST_OK(put_by(staff.front, "password", "of the front end"));
  cr_assert_eq(num_posted(), 1);
  cr_assert_eq(
      run_sql("SELECT count(*) FROM field WHERE writer IS NOT NULL AND length(signature) = 64 AND length(value) "
              "= 66 + 64 AND length(mask) = 66 + 32 AND revision = 2"),
      1);
  int64_t num_records = run_sql("SELECT count(*) FROM audit");
  assert_use_by(staff.worker, "password", "of the front end");
  cr_expect_eq(num_posted(), 0);
  cr_expect_eq(run_sql("SELECT count(*) FROM audit"), num_records + 1, "to be taken in has no record");
  cr_expect_eq(
      run_sql("SELECT count(*) FROM field WHERE length(value) = 58 + 64 AND length(mask) = 58 + 32 AND revision "
              "= 2"),
      1);
  assert_use_by(staff.worker, "password", "of the front end");
  assert_use_by(house.vault, "password", "of the front end");
  assert_sound();
}

Test(posted, a_root_takes_it_in_as_well) {
  TEST_OK(put_by(staff.front, "token", "of the front end"));
  assert_use_by(house.vault, "token", "of the front end");
  cr_expect_eq(num_posted(), 0);
  assert_use_by(staff.worker, "token", "of the front end");
}

Test(posted, an_actor_that_puts_reads_nothing_back) {
  TEST_OK(put_by(staff.front, "token", "of the front end"));
  TEST_STATUS(use_as(staff.front, "acme", "db", "token"), BULLA_DENIED);
  TEST_STATUS(bulla_vault_show(staff.front, AT(TEXT("acme"), TEXT("db")), count_field, NULL), BULLA_DENIED);
  TEST_STATUS(use_as(staff.desk, "acme", "db", "token"), BULLA_DENIED);
  cr_expect_eq(used.calls, 0);
  cr_expect_eq(num_posted(), 1);
}

Test(posted, who_may_show_sees_the_mask_and_takes_nothing_in) {
  TEST_OK(put_by(staff.front, "token", "of the front end, and long"));
  assert_shown(staff.desk, "db", "host=db.internal 1 0;password=********long 1 0;token=******** 1 0;");
  cr_expect_eq(num_posted(), 1);
  assert_use_by(staff.worker, "token", "of the front end, and long");
  assert_shown(staff.desk, "db", "host=db.internal 1 0;password=********long 1 0;token=******** 1 0;");
  assert_shown(house.vault, "db", "host=db.internal 1 0;password=********long 1 0;token=******** 1 0;");
}

/* The actor cannot see what they were. */
Test(posted, without_the_role_to_show_traits_that_are_not_given_are_none) {
  const struct bulla_field before = {TEXT("token"),         TEXT("a token of the root"), true,
                                     .expires = 1893456000, .mask = BULLA_MASK_LAST4,    .padding = BULLA_PADDING_NONE};
  struct bulla_field given = before;
  given.value = TEXT("another, of the actor");
  TEST_OK(put_in(house.vault, "acme", "x", before));
  TEST_OK(put_in(staff.front, "acme", "x", (struct bulla_field){before.name, given.value, true}));
  assert_shown(house.vault, "x", "token=******** 2 0;");
  cr_expect_eq(run_sql("SELECT count(*) FROM field WHERE length(value) = 66 + 64"), 1, "it is padded");
  TEST_OK(put_in(staff.front, "acme", "x", given));
  assert_shown(house.vault, "x", "token=********ctor 3 1893456000;");
  TEST_OK(use_as(staff.worker, "acme", "x", "token"));
  assert_shown(house.vault, "x", "token=********ctor 3 1893456000;");
  cr_expect_eq(run_sql("SELECT count(*) FROM field WHERE length(value) = 58 + 4 + 21"), 1, "it stays bare");
}

Test(posted, with_the_role_to_show_or_use_traits_are_kept) {
  static const enum bulla_role roles[] = {BULLA_ROLE_SHOW, BULLA_ROLE_USE};
  static const char *const names[] = {"a", "b"};
  for (size_t i = 0; i < 2; i++) {
    struct bulla_vault *both = hire(names[i], BULLA_ROLE_PUT);
    grant(names[i], roles[i], "acme");
    struct bulla_field field = {TEXT("token"), TEXT("a token of the root"), true, .expires = 1893456000, .canary = 1};
    TEST_OK(put_in(house.vault, "acme", names[i], field));
    field = (struct bulla_field){TEXT("token"), TEXT("another, of the actor"), true};
    TEST_OK(put_in(both, "acme", names[i], field));
    assert_shown(house.vault, names[i], "token=********ctor 2 1893456000;");
    TEST_STATUS(use_as(staff.worker, "acme", names[i], "token"), BULLA_NOT_FOUND);
    cr_expect_eq(num_posted(), (int64_t)i + 1, "a canary is not opened");
    bulla_vault_close(&both);
  }
  cr_expect_eq(count_details("outcome = 'canary'"), 2);
}

/* A mask is the word of the actor until the value is read. */
Test(posted, the_mask_is_made_anew_of_the_value) {
  struct bulla_span writer = bulla_span(staff.front->keyring.self->id, BULLA_ID_LEN);
  const struct bulla_tenant *owner;
  uint8_t entry_id[BULLA_ID_LEN];
  uint8_t signature[BULLA_SIGNATURE_LEN];
  struct bulla_buffer blobs[4] = {{0}};
  struct bulla_field field = {TEXT("token"), TEXT("0123456789abcdefTRUE"), true, .mask = BULLA_MASK_LAST4};
  TEST_OK(put_in(staff.front, "acme", "db", field));
  TEST_OK(bulla_tenant_find(&owner, staff.front, TEXT("acme")));
  TEST_OK(bulla_entry_find(&owner, entry_id, staff.front, TEXT("acme"), TEXT("db")));
  const struct bulla_binding binding = {bulla_tenant_id(owner), bulla_span(entry_id, sizeof(entry_id)), field.name, 1};
  const struct bulla_secret_entry *to = &owner->said.secrets[0];
  TEST_OK(bulla_posting_seal(&blobs[0], &blobs[1], signature, &staff.front->keyring, to, &binding, &field));
  field.value = TEXT("0123456789abcdefLIES");
  TEST_OK(bulla_posting_seal(&blobs[2], &blobs[3], signature, &staff.front->keyring, to, &binding, &field));
  struct bulla_context message;
  TEST_OK(bulla_context_put(&message, &staff.front->keyring, &binding, to->id, writer, bulla_written(&blobs[0]),
                            bulla_written(&blobs[3])));
  TEST_OK(bulla_signature_sign(signature, staff.front->keyring.self->signing_seed, bulla_context_span(&message)));
  run_sql("DELETE FROM field WHERE name = 'token'");
  struct bulla_db *transaction = NULL;
  TEST_OK(bulla_db_begin(&transaction, house.vault->db, BULLA_DB_WRITE));
  struct bulla_statement row = bulla_statement(house.vault->db, BULLA_QUERY_PUT_FIELD);
  bulla_bind_blob(&row, binding.entry_id);
  bulla_bind_text(&row, field.name);
  bulla_bind_int(&row, 1);
  bulla_bind_int(&row, 1);
  bulla_bind_blob(&row, bulla_written(&blobs[0]));
  bulla_bind_blob(&row, bulla_written(&blobs[3]));
  bulla_bind_blob(&row, to->id);
  bulla_bind_int(&row, 1700000000);
  bulla_bind_blob(&row, writer);
  bulla_bind_blob(&row, bulla_span(signature, sizeof(signature)));
  TEST_OK(bulla_finish(&row));
  bulla_statement_end(&row);
  TEST_OK(bulla_db_commit(&transaction));
  assert_shown(staff.desk, "db", "host=db.internal 1 0;password=********long 1 0;token=********LIES 1 0;");
  assert_use_by(staff.worker, "token", "0123456789abcdefTRUE");
  assert_shown(staff.desk, "db", "host=db.internal 1 0;password=********long 1 0;token=********TRUE 1 0;");
  for (size_t i = 0; i < 4; i++) {
    bulla_field_free(&blobs[i]);
  }
}

Test(posted, an_actor_adds_and_changes_nothing) {
  char value[20];
  TEST_OK(put_by(staff.front, "password", "first"));
  for (int i = 0; i < 6; i++) {
    (void)snprintf(value, sizeof(value), "value %d", i);
    TEST_OK(put_by(staff.front, "password", value));
  }
  cr_expect_eq(run_sql("SELECT count(*) FROM field WHERE name = 'password' AND revision > 1"), 7, "nothing is pruned");
  TEST_STATUS(put_in(staff.front, "acme", "db", (struct bulla_field){TEXT("password"), TEXT("plain"), false}),
              BULLA_STAYS_SECRET);
  TEST_STATUS(put_by(staff.front, "host", "secret"), BULLA_DENIED);
  cr_expect_eq(count_details("op = 'put' AND entry = 'db' AND outcome = 'denied'"), 1);
  cr_expect_eq(run_sql("SELECT max(revision) FROM field WHERE name = 'host'"), 1);
  struct bulla_field field = {TEXT("password"), TEXT("late"), true, .if_revision = 7};
  TEST_STATUS(put_in(staff.front, "acme", "db", field), BULLA_CONFLICT);
  field.if_revision = BULLA_REVISION_NONE;
  TEST_STATUS(put_in(staff.front, "acme", "db", field), BULLA_EXISTS);
  field.if_revision = 8;
  TEST_OK(put_in(staff.front, "acme", "db", field));
  TEST_OK(put("acme", "db", "password", "of the root again", true));
  cr_expect_eq(run_sql("SELECT count(*) FROM field f JOIN entry e ON e.id = f.entry JOIN tenant t ON t.id = e.tenant "
                       "WHERE f.name = 'password' AND t.name = 'acme'"),
               4, "a root keeps three before it");
}

Test(posted, a_plain_value_of_an_actor_is_proven_as_any) {
  TEST_OK(put_in(staff.front, "acme", "db", (struct bulla_field){TEXT("host"), TEXT("other.internal"), false}));
  TEST_OK(put_in(staff.front, "acme", "new", (struct bulla_field){TEXT("port"), TEXT("5432"), false}));
  cr_expect_eq(num_posted(), 0);
  assert_use_by(staff.worker, "host", "other.internal");
  TEST_OK(use_as(house.vault, "acme", "new", "port"));
  TEST_SPAN(used.value, test_text("5432"), "%.*s", S(used.value));
}

Test(posted, an_actor_makes_no_tenant_and_puts_in_no_other) {
  TEST_STATUS(put_in(staff.front, "gamma", "db", (struct bulla_field){TEXT("f"), TEXT("v"), true}), BULLA_NOT_FOUND);
  TEST_STATUS(put_in(staff.front, "beta", "db", (struct bulla_field){TEXT("f"), TEXT("v"), true}), BULLA_DENIED);
  TEST_STATUS(put_in(staff.worker, "acme", "db", (struct bulla_field){TEXT("f"), TEXT("v"), true}), BULLA_DENIED);
  TEST_STATUS(put_in(staff.desk, "acme", "db", (struct bulla_field){TEXT("f"), TEXT("v"), true}), BULLA_DENIED);
  cr_expect_eq(run_sql("SELECT count(*) FROM tenant"), 2);
  cr_expect_eq(run_sql("SELECT count(*) FROM field WHERE name = 'f'"), 0);
}

/* A grant may end once it was asked for. */
Test(posted, who_may_put_is_asked_again_beside_what_is_put) {
  struct bulla_putter putter;
  struct bulla_change change BULLA_CLEANUP(bulla_change_end) = {.vault = NULL};
  TEST_OK(bulla_change_begin(&change, staff.desk, &who, BULLA_DB_WRITE));
  TEST_STATUS(bulla_putter_begin(&putter, &change, TEXT("put"), TEXT("acme")), BULLA_DENIED);
}

Test(posted, former_revisions_are_told_and_opened_by_their_numbers) {
  int calls = 0;
  TEST_OK(put_by(staff.front, "password", "second"));
  TEST_OK(put_by(staff.front, "password", "third"));
  struct bulla_place second = {TEXT("acme"), TEXT("db"), TEXT("password"), .revision = 2};
  TEST_OK(bulla_vault_history(staff.desk, AT(TEXT("acme"), TEXT("db"), TEXT("password")), count_revision, &calls));
  cr_expect_eq(calls, 3);
  TEST_OK(bulla_vault_use(staff.worker, &who, &second, remember, NULL));
  TEST_SPAN(used.value, test_text("second"), "%.*s", S(used.value));
  cr_expect_eq(num_posted(), 2, "what came before is left to rewrap");
  TEST_OK(bulla_vault_restore_field(house.vault, &who, &second));
  assert_use_by(staff.worker, "password", "second");
  cr_expect_eq(run_sql("SELECT max(revision) FROM field WHERE name = 'password'"), 4);
}

Test(posted, a_field_with_a_new_name_is_taken_in_with_all_that_it_was) {
  TEST_OK(put_by(staff.front, "password", "second"));
  TEST_OK(put_by(staff.front, "password", "third"));
  TEST_OK(bulla_vault_rename_field(house.vault, &who, AT(TEXT("acme"), TEXT("db"), TEXT("password")), TEXT("secret")));
  cr_expect_eq(num_posted(), 0);
  assert_use_by(staff.worker, "secret", "third");
  struct bulla_place second = {TEXT("acme"), TEXT("db"), TEXT("secret"), .revision = 2};
  TEST_OK(bulla_vault_use(staff.worker, &who, &second, remember, NULL));
  TEST_SPAN(used.value, test_text("second"), "%.*s", S(used.value));
}

static struct bulla_rewrap_report rewrap(enum bulla_status wanted) {
  struct bulla_rewrap_report report = BULLA_REWRAP_REPORT_INIT;
  TEST_STATUS(bulla_vault_rewrap(house.vault, &report, &who, TEXT(""), NULL, NULL), wanted);
  return report;
}

Test(posted, rewrap_takes_in_what_is_under_any_version) {
  int64_t version;
  TEST_OK(put_by(staff.front, "password", "second"));
  TEST_OK(put_by(staff.front, "a", "under the first"));
  TEST_OK(bulla_vault_rotate_tenant(house.vault, &version, &who, TEXT("acme")));
  TEST_OK(put_by(staff.front, "b", "under the second"));
  TEST_OK(put_by(staff.front, "b", "under the second too"));
  struct bulla_rewrap_report report = rewrap(BULLA_OK);
  cr_expect_eq(report.num_total, 5);
  cr_expect_eq(report.num_done, 5);
  cr_expect_eq(num_posted(), 0);
  cr_expect_eq(rewrap(BULLA_OK).num_total, 0);
  assert_use_by(staff.worker, "a", "under the first");
  assert_use_by(staff.worker, "b", "under the second too");
  assert_use_by(staff.worker, "password", "second");
  cr_expect_eq(run_sql("SELECT count(*) FROM field f JOIN tenant_secret k ON k.id = f.secret_id WHERE k.version = 1"),
               1, "that of beta");
  assert_sound();
}

/* An actor whose database is behind seals to what was active. */
Test(posted, a_use_takes_in_what_is_under_an_older_version) {
  int64_t version;
  TEST_OK(put_by(staff.front, "a", "under the first"));
  TEST_OK(bulla_vault_rotate_tenant(house.vault, &version, &who, TEXT("acme")));
  assert_use_by(staff.worker, "a", "under the first");
  cr_expect_eq(run_sql("SELECT count(*) FROM field f JOIN tenant_secret k ON k.id = f.secret_id WHERE f.name = 'a' AND "
                       "k.version = 2 AND f.writer IS NULL"),
               1);
}

/* let_go_of revokes an actor and returns how many values were taken in before. */
static int64_t let_go_of(const char *name, bool distrust) {
  int64_t num = -1;
  TEST_OK(bulla_vault_actor_revoke(house.vault, &num, &who, test_text(name), distrust, NULL, NULL));
  return num;
}

Test(posted, what_was_put_before_a_grant_or_an_actor_ended_stays) {
  struct bulla_vault *other = hire("other", BULLA_ROLE_PUT);
  TEST_OK(put_by(staff.front, "a", "of front"));
  TEST_OK(put_by(staff.front, "a", "of front again"));
  TEST_OK(put_by(other, "b", "of other"));
  end_grant("front", BULLA_ROLE_PUT, "acme");
  cr_expect_eq(num_posted(), 1);
  TEST_STATUS(put_by(staff.front, "a", "late"), BULLA_DENIED);
  cr_expect_eq(let_go_of("other", false), 1);
  cr_expect_eq(num_posted(), 0);
  assert_use_by(staff.worker, "a", "of front again");
  assert_use_by(staff.worker, "b", "of other");
  cr_expect_eq(count_details("op = 'actor-revoke' AND entry = 'other' AND field = '1'"), 1);
  bulla_vault_close(&other);
}

Test(posted, what_an_actor_has_put_that_is_distrusted_is_refused_until_it_is_put_again) {
  int calls = 0;
  int64_t version;
  TEST_OK(put_by(staff.front, "a", "of front"));
  TEST_OK(put_by(staff.front, "b", "of front too"));
  assert_use_by(staff.worker, "b", "of front too");
  cr_expect_eq(let_go_of("front", true), 0);
  cr_expect_eq(num_posted(), 1);
  TEST_STATUS(use_as(staff.worker, "acme", "db", "a"), BULLA_REFUSED);
  TEST_STATUS(use_as(house.vault, "acme", "db", "a"), BULLA_REFUSED);
  TEST_STATUS(bulla_vault_show(house.vault, AT(TEXT("acme"), TEXT("db")), count_field, &calls), BULLA_REFUSED);
  cr_expect_eq(rewrap(BULLA_REFUSED).num_refused, 1);
  TEST_OK(bulla_vault_rotate_tenant(house.vault, &version, &who, TEXT("acme")));
  cr_expect_eq(rewrap(BULLA_REFUSED).num_refused, 1);
  cr_expect_eq(num_posted(), 1);
  assert_use_by(staff.worker, "b", "of front too");
  TEST_OK(put("acme", "db", "a", "of the root, again", true));
  assert_use_by(staff.worker, "a", "of the root, again");
  cr_expect_eq(rewrap(BULLA_REFUSED).num_refused, 1, "what it was before is kept as well");
  TEST_OK(bulla_vault_keep(house.vault, &who, AT(TEXT("acme"), TEXT("db")), 0));
  cr_expect_eq(rewrap(BULLA_OK).num_refused, 0);
  assert_shown(house.vault, "db", "a=********gain 2 0;b=******** 1 0;host=db.internal 1 0;password=********long 1 0;");
}

/* Both know the actor from before. */
Test(posted, an_open_vault_hears_of_the_end_before_it_opens_anything) {
  struct bulla_vault *second = NULL;
  TEST_OK(bulla_vault_open(&second, house.url, house.root, NULL));
  TEST_OK(put_by(staff.front, "a", "of front"));
  TEST_OK(put_by(staff.front, "b", "of front"));
  TEST_OK(put_by(staff.front, "c", "of front"));
  TEST_OK(use_as(second, "acme", "db", "a"));
  TEST_OK(use_as(staff.worker, "acme", "db", "b"));
  let_go_of("front", true);
  TEST_STATUS(use_as(second, "acme", "db", "c"), BULLA_REFUSED);
  TEST_STATUS(use_as(staff.worker, "acme", "db", "c"), BULLA_REFUSED);
  cr_expect_eq(num_posted(), 1);
  bulla_vault_close(&second);
}

/* So is the row of the vault, which says in which state of the directory the actor was seen. */
Test(posted, an_open_vault_does_not_forget_the_end) {
  struct bulla_vault *second = NULL;
  TEST_OK(bulla_vault_open(&second, house.url, house.root, NULL));
  TEST_OK(put_by(staff.front, "a", "of front"));
  TEST_OK(put_by(staff.front, "b", "of front"));
  TEST_OK(use_as(second, "acme", "db", "a"));
  run_sql("CREATE TABLE kept AS SELECT statement, signature FROM vault");
  let_go_of("front", true);
  TEST_STATUS(use_as(second, "acme", "db", "b"), BULLA_REFUSED);
  run_sql("UPDATE vault SET (statement, signature) = (SELECT statement, signature FROM kept); DROP TABLE kept");
  used.calls = 0;
  TEST_STATUS(use_as(second, "acme", "db", "b"), BULLA_AUDIT_BROKEN);
  cr_expect_eq(used.calls, 0);
  bulla_vault_close(&second);
}

#define KEEP_DIRECTORY                                                                                           \
  "CREATE TABLE k_vault AS SELECT statement, signature FROM vault; CREATE TABLE k_actor AS SELECT * FROM actor;" \
  "CREATE TABLE k_grant AS SELECT * FROM actor_grant; CREATE TABLE k_directory AS SELECT * FROM directory;"      \
  "CREATE TABLE k_tenant AS SELECT * FROM tenant;"
#define PUT_BACK_DIRECTORY                                                                                     \
  "DELETE FROM actor; INSERT INTO actor SELECT * FROM k_actor; DELETE FROM actor_grant;"                       \
  "INSERT INTO actor_grant SELECT * FROM k_grant; DELETE FROM directory; INSERT INTO directory SELECT * FROM " \
  "k_directory; DELETE FROM tenant; INSERT INTO tenant SELECT * FROM k_tenant;"
#define DROP_KEPT \
  "DROP TABLE k_vault; DROP TABLE k_actor; DROP TABLE k_grant; DROP TABLE k_directory; DROP TABLE k_tenant"

/* A process that could not check the directory has checked none, whatever it is shown next. */
Test(posted, a_signature_of_zeros_is_not_one_that_was_checked) {
  SQLITE_ONLY();
  struct bulla_vault *second = NULL;
  TEST_OK(put_by(staff.front, "b", "of front"));
  TEST_OK(bulla_vault_open(&second, house.url, house.root, NULL));
  run_sql(KEEP_DIRECTORY);
  let_go_of("front", true);
  run_sql("UPDATE directory SET bytes = (SELECT k.bytes FROM k_directory k WHERE k.number = 256) WHERE number = 256");
  TEST_STATUS(use_as(second, "acme", "db", "b"), BULLA_REFUSED);
  run_sql(PUT_BACK_DIRECTORY "UPDATE vault SET signature = zeroblob(64);" DROP_KEPT);
  used.calls = 0;
  TEST_STATUS(use_as(second, "acme", "db", "b"), BULLA_REFUSED);
  cr_expect_eq(used.calls, 0);
  bulla_vault_close(&second);
}

/* The log tells of a later directory than the one that was checked, whose signature comes back. */
Test(posted, a_signature_that_was_checked_vouches_for_no_other_statement) {
  SQLITE_ONLY();
  struct bulla_vault *second = NULL;
  TEST_OK(put("beta", "db", "password", "of beta", true));
  TEST_OK(bulla_vault_open(&second, house.url, house.root, NULL));
  TEST_OK(put_by(staff.front, "a", "of front"));
  TEST_OK(put_by(staff.front, "b", "of front"));
  TEST_OK(use_as(second, "acme", "db", "a"));
  TEST_OK(use_as(second, "beta", "db", "password"));
  run_sql(KEEP_DIRECTORY);
  let_go_of("front", true);
  TEST_OK(use_as(second, "beta", "db", "password"));
  run_sql(PUT_BACK_DIRECTORY "UPDATE vault SET signature = (SELECT k.signature FROM k_vault k);" DROP_KEPT);
  used.calls = 0;
  TEST_STATUS(use_as(second, "acme", "db", "b"), BULLA_REFUSED);
  cr_expect_eq(used.calls, 0);
  bulla_vault_close(&second);
}

/* What was taken in, or replaced, is put back as it was: |end| ends the actor, or its grant. */
static void assert_put_back_is_refused(void (*end)(void)) {
  TEST_OK(put_by(staff.front, "a", "of front"));
  run_sql("CREATE TABLE kept AS SELECT * FROM field WHERE name = 'a'");
  end();
  assert_use_by(staff.worker, "a", "of front");
  run_sql(
      "UPDATE field SET (value, mask, writer, signature) = (SELECT value, mask, writer, signature FROM kept) WHERE "
      "name = 'a'; DROP TABLE kept");
  TEST_STATUS(use_as(staff.worker, "acme", "db", "a"), BULLA_REFUSED);
  TEST_STATUS(use_as(house.vault, "acme", "db", "a"), BULLA_REFUSED);
  cr_expect_eq(num_posted(), 1);
}

static void end_actor(void) {
  let_go_of("front", false);
}

static void end_role(void) {
  end_grant("front", BULLA_ROLE_PUT, "acme");
}

Test(posted, a_row_that_is_put_back_after_the_actor_was_revoked_is_refused) {
  assert_put_back_is_refused(end_actor);
}

/* Another role of the actor, and the same one for another tenant, do not matter. */
Test(posted, a_row_that_is_put_back_after_the_grant_has_ended_is_refused) {
  grant("front", BULLA_ROLE_PUT, "beta");
  grant("front", BULLA_ROLE_SHOW, "acme");
  assert_put_back_is_refused(end_role);
}

/* Who only writes to the database adds an entry with it. */
Test(posted, a_name_that_is_none_keeps_neither_a_grant_nor_an_actor_from_ending) {
  SQLITE_ONLY(); /* a server takes no such row */
  TEST_OK(put_by(staff.front, "a", "of front"));
  TEST_OK(put_in(staff.front, "acme", "x", (struct bulla_field){TEXT("a"), TEXT("of front"), true}));
  TEST_OK(put_by(staff.front, "b", "of front"));
  run_sql("UPDATE entry SET name = 'no name' WHERE name = 'x'");
  end_grant("front", BULLA_ROLE_PUT, "acme");
  cr_expect_eq(num_posted(), 1);
  assert_use_by(staff.worker, "a", "of front");
  assert_use_by(staff.worker, "b", "of front");
  grant("front", BULLA_ROLE_PUT, "acme");
  TEST_OK(put_by(staff.front, "b", "of front again"));
  cr_expect_eq(let_go_of("front", false), 1);
  cr_expect_eq(num_posted(), 1);
  assert_use_by(staff.worker, "b", "of front again");
}

Test(posted, a_grant_for_all_is_as_good) {
  TEST_OK(put_by(staff.front, "a", "of front"));
  TEST_OK(put_by(staff.front, "b", "of front"));
  grant("front", BULLA_ROLE_PUT, "");
  end_grant("front", BULLA_ROLE_PUT, "acme");
  assert_use_by(staff.worker, "a", "of front");
  TEST_OK(put_by(staff.front, "c", "of front"));
  assert_use_by(staff.worker, "c", "of front");
  end_grant("front", BULLA_ROLE_PUT, "");
  cr_expect_eq(num_posted(), 0);
  assert_use_by(staff.worker, "b", "of front");
}

Test(posted, a_copy_of_the_vault_has_the_values_alone) {
  struct bulla_vault *copy = NULL;
  struct bulla_export_report report = BULLA_EXPORT_REPORT_INIT;
  TEST_OK(put_by(staff.front, "a", "of front"));
  const char *url = url_of("copy");
  TEST_OK(bulla_vault_create(url, house.root));
  TEST_OK(bulla_vault_open(&copy, url, house.root, NULL));
  TEST_OK(bulla_vault_export(house.vault, &report, copy, &who, NULL, NULL));
  TEST_OK(use_as(copy, "acme", "db", "a"));
  TEST_SPAN(used.value, test_text("of front"), "%.*s", S(used.value));
  assert_shown(copy, "db", "a=******** 1 0;host=db.internal 1 0;password=********long 1 0;");
  bulla_vault_close(&copy);
}
