/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Versions of a tenant's secret: rotating, sealing anew by a use and by rewrap, destroying. */

#include "store/vault.h"
#include "tests/vault_support.h"

TestSuite(rotate, .init = build_house, .fini = leave_house, .timeout = 60);

#define KEY_ID TEXT("0123456789abcdef")

static int64_t rotate(const char *tenant) {
  int64_t version = 0;
  TEST_OK(bulla_vault_rotate_tenant(house.vault, &version, &who, test_text(tenant)));
  return version;
}

static enum bulla_status note_version(void *arg, const struct bulla_version_view *version) {
  note(arg, "%.*s %lld %.*s %lld %lld %lld;", S(version->tenant), (long long)version->version, S(version->state),
       (long long)version->num_fields, (long long)version->num_past, (long long)version->num_apikeys);
  cr_expect_gt(version->created, 1700000000);
  return BULLA_OK;
}

/* assert_versions asserts that the versions of all tenants are as |wanted| says: tenant, version, state, fields, past,
 * API keys. */
static void assert_versions(const char *wanted) {
  struct bulla_buffer list = test_room(4000);
  TEST_OK(bulla_vault_versions(house.vault, TEXT(""), note_version, &list));
  TEST_SPAN(bulla_written(&list), test_text(wanted), "%.*s", S(bulla_written(&list)));
}

static struct bulla_rewrap_report rewrap(enum bulla_status wanted) {
  struct bulla_rewrap_report report = BULLA_REWRAP_REPORT_INIT;
  TEST_STATUS(bulla_vault_rewrap(house.vault, &report, &who, TEXT(""), NULL, NULL), wanted);
  return report;
}

static int64_t destroy(void) {
  int64_t num = -1;
  TEST_OK(bulla_vault_destroy_versions(house.vault, &num, &who, TEXT("")));
  return num;
}

/* fill_house puts a tenant with two secret values, one of them once before, a plain one, and an API key; and another
 * tenant. */
static void fill_house(void) {
  TEST_OK(put("acme", "db", "password", "hunter1", true));
  TEST_OK(put("acme", "db", "password", "hunter2", true));
  TEST_OK(put("acme", "db", "host", "db.internal", false));
  TEST_OK(put("acme", "mail", "password", "swordfish", true));
  TEST_OK(put_apikey(TEXT("acme"), KEY_ID, "embed", 7));
  TEST_OK(put("beta", "db", "password", "xyzzy", true));
}

/* mask_of returns what is shown of acme's password. */
static enum bulla_status keep_mask(void *arg, const struct bulla_field_view *field) {
  if (field->secret) {
    note(arg, "%.*s %.*s %lld;", S(field->name), S(field->text), (long long)field->revision);
  }
  return BULLA_OK;
}

static struct bulla_span masks(void) {
  struct bulla_buffer list = test_room(1000);
  TEST_OK(bulla_vault_show(house.vault, AT(TEXT("acme"), TEXT("db")), keep_mask, &list));
  return bulla_written(&list);
}

Test(rotate, new_values_are_sealed_under_the_new_version) {
  char wanted[200];
  fill_house();
  long long past = num_past();
  snprintf(wanted, sizeof(wanted), "acme 1 active 2 %lld 1;beta 1 active 1 0 0;", past);
  assert_versions(wanted);
  cr_assert_eq(rotate("acme"), 2);
  snprintf(wanted, sizeof(wanted), "acme 1 decrypt-only 2 %lld 1;acme 2 active 0 0 0;beta 1 active 1 0 0;", past);
  assert_versions(wanted);
  TEST_OK(put("acme", "new", "password", "plugh", true));
  snprintf(wanted, sizeof(wanted), "acme 1 decrypt-only 2 %lld 1;acme 2 active 1 0 0;beta 1 active 1 0 0;", past);
  assert_versions(wanted);
  cr_assert_eq(count_details("op = 'rotate-tenant' AND tenant = 'acme' AND field = '2' AND length(statement) = 32"), 1);
  int64_t version;
  TEST_STATUS(bulla_vault_rotate_tenant(house.vault, &version, &who, TEXT("gamma")), BULLA_NOT_FOUND);
  TEST_STATUS(bulla_vault_rotate_tenant(house.vault, &version, &who, TEXT("../x")), BULLA_INVALID_NAME);
  assert_sound();
}

Test(rotate, a_use_seals_what_it_has_opened_anew) {
  int calls = 0;
  fill_house();
  struct bulla_span shown = masks();
  rotate("acme");
  assert_use("acme", "db", "password", "hunter2");
  cr_assert_eq(run_sql("SELECT count(*) FROM field f JOIN tenant_secret k ON k.id = f.secret_id WHERE k.version = 2"),
               1);
  TEST_SPAN(masks(), shown, "%.*s", S(masks()));
  assert_use("acme", "db", "password", "hunter2");
  /* A plain one is sealed under nothing. */
  assert_use("acme", "db", "host", "db.internal");
  TEST_OK(bulla_vault_apikey_use(house.vault, &who, KEY_ID, count_root, &calls));
  cr_assert_eq(run_sql("SELECT count(*) FROM apikey a JOIN tenant_secret k ON k.id = a.secret_id WHERE k.version = 2"),
               1);
  TEST_OK(bulla_vault_apikey_use(house.vault, &who, KEY_ID, count_root, &calls));
  cr_assert_eq(calls, 2);
  assert_sound();
}

static void count_warning(void *arg, enum bulla_log_level level, enum bulla_status status, const char *detail) {
  bool is_it = level == BULLA_LOG_WARNING && status == BULLA_REFUSED && strstr(detail, "older version") != NULL;
  *(int *)arg += is_it ? 1 : 0;
}

/* Somebody has broken the new secret. */
Test(rotate, what_cannot_be_sealed_anew_is_read) {
  int warnings = 0;
  fill_house();
  rotate("acme");
  close_vault();
  run_sql("UPDATE tenant_secret SET wrapped = x'00' WHERE version = 2");
  open_vault();
  bulla_log_set(count_warning, &warnings);
  assert_use("acme", "db", "password", "hunter2");
  cr_assert_eq(warnings, 1);
  bulla_log_set(NULL, NULL);
}

Test(rotate, rewrap_seals_all_of_the_rest_anew) {
  char wanted[200];
  fill_house();
  long long past = num_past();
  struct bulla_span shown = masks();
  rotate("acme");
  rotate("acme");
  TEST_OK(put("acme", "new", "password", "plugh", true));
  struct bulla_rewrap_report report = rewrap(BULLA_OK);
  cr_assert_eq(report.num_total, 3 + past);
  cr_assert_eq(report.num_done, 3 + past);
  snprintf(wanted, sizeof(wanted),
           "acme 1 decrypt-only 0 0 0;acme 2 decrypt-only 0 0 0;acme 3 active 3 %lld 1;beta 1 active 1 0 0;", past);
  assert_versions(wanted);
  TEST_SPAN(masks(), shown, "%.*s", S(masks()));
  assert_use("acme", "db", "password", "hunter2");
  assert_use("acme", "mail", "password", "swordfish");
  cr_assert_gt(count_details("op = 'rewrap' AND tenant = 'acme' AND field <> '0'"), 0);
  report = rewrap(BULLA_OK);
  cr_assert_eq(report.num_total, 0);
  cr_assert_eq(report.num_done, 0);
  assert_sound();
}

Test(rotate, rewrap_leaves_what_somebody_changed_and_says_so) {
  fill_house();
  close_vault();
  run_sql(
      "UPDATE field SET value = (SELECT g.value FROM field g JOIN entry e ON e.id = g.entry WHERE e.name = 'mail') "
      "WHERE secret = 1 AND entry = (SELECT e.id FROM entry e JOIN tenant t ON t.id = e.tenant "
      "WHERE e.name = 'db' AND t.name = 'acme') "
      "AND revision = (SELECT max(n.revision) FROM field n WHERE n.entry = field.entry AND n.name = field.name)");
  open_vault();
  rotate("acme");
  struct bulla_rewrap_report report = rewrap(BULLA_REFUSED);
  cr_assert_eq(report.num_refused, 1);
  cr_assert_eq(report.num_done, report.num_total - 1);
  cr_assert_eq(destroy(), 0);
  /* Once it is gone, and no former revision of what was put in its place, the version can go, too. */
  TEST_OK(put("acme", "db", "password", "hunter3", true));
  (void)rewrap(BULLA_REFUSED);
  TEST_OK(bulla_vault_keep(house.vault, &who, AT(TEXT("acme"), TEXT("db")), 0));
  (void)rewrap(BULLA_OK);
  cr_assert_eq(destroy(), 1);
}

static bool stop_at_once(void *arg, int64_t done, int64_t total) {
  ++*(int *)arg;
  return done > total;
}

Test(rotate, rewrap_ends_when_it_is_told_to_and_goes_on_later) {
  struct bulla_rewrap_report report = BULLA_REWRAP_REPORT_INIT;
  int calls = 0;
  fill_house();
  rotate("acme");
  rotate("beta");
  TEST_OK(bulla_vault_rewrap(house.vault, &report, &who, TEXT(""), stop_at_once, &calls));
  cr_assert(report.is_stopped);
  cr_assert_eq(calls, 1);
  cr_assert_lt(report.num_done, report.num_total);
  int64_t left = report.num_total - report.num_done;
  report = rewrap(BULLA_OK);
  cr_assert_eq(report.num_done, left);
  cr_assert_not(report.is_stopped);
}

Test(rotate, rewrap_of_one_tenant_leaves_the_others) {
  struct bulla_rewrap_report report = BULLA_REWRAP_REPORT_INIT;
  fill_house();
  rotate("acme");
  rotate("beta");
  TEST_OK(bulla_vault_rewrap(house.vault, &report, &who, TEXT("beta"), NULL, NULL));
  cr_assert_eq(report.num_done, 1);
  cr_assert_eq(run_sql("SELECT count(*) FROM field f JOIN tenant_secret k ON k.id = f.secret_id WHERE k.version = 1"),
               2 + num_past());
  TEST_STATUS(bulla_vault_rewrap(house.vault, &report, &who, TEXT("gamma"), NULL, NULL), BULLA_NOT_FOUND);
}

static bool shred_beta(void *arg, int64_t done, int64_t total) {
  (void)total;
  if (done > 0 && !*(bool *)arg) {
    *(bool *)arg = true;
    TEST_OK(bulla_vault_shred(house.vault, &who, TEXT("beta")));
  }
  return true;
}

Test(rotate, a_tenant_that_goes_meanwhile_is_passed_over) {
  struct bulla_rewrap_report report = BULLA_REWRAP_REPORT_INIT;
  bool is_shredded = false;
  fill_house();
  TEST_OK(put("gamma", "db", "password", "plugh", true));
  rotate("acme");
  rotate("beta");
  rotate("gamma");
  TEST_OK(bulla_vault_rewrap(house.vault, &report, &who, TEXT(""), shred_beta, &is_shredded));
  cr_assert_eq(report.num_done, report.num_total - 1);
  cr_assert_eq(destroy(), 2);
  assert_use("gamma", "db", "password", "plugh");
}

Test(rotate, a_row_that_no_bulla_wrote_stops_no_other_and_is_named) {
  fill_house();
  close_vault();
  run_sql("UPDATE field SET name = '-bad' WHERE entry IN (SELECT id FROM entry WHERE name = 'mail')");
  open_vault();
  rotate("acme");
  test_listen();
  struct bulla_rewrap_report report = rewrap(BULLA_REFUSED);
  cr_assert_eq(report.num_refused, 1);
  cr_assert_eq(report.num_done, report.num_total - 1);
  cr_assert_not_null(strstr(test_told.text, "the first is acme/mail "), "%s", test_told.text);
}

/* What somebody put there keeps its version from being destroyed, until it is removed. */
Test(rotate, a_value_that_no_bulla_put_there_can_be_removed) {
  fill_house();
  run_sql(
      "INSERT INTO field(entry, name, revision, secret, value, mask, secret_id, updated) "
      "SELECT entry, 'ghost', 1, secret, value, mask, secret_id, updated FROM field "
      "WHERE entry = (SELECT e.id FROM entry e WHERE e.name = 'mail') LIMIT 1");
  const struct bulla_span ghost = TEXT("ghost");
  rotate("acme");
  rewrap(BULLA_REFUSED);
  cr_assert_eq(destroy(), 0);
  TEST_OK(bulla_vault_remove_fields(house.vault, &who, AT(TEXT("acme"), TEXT("mail")), &ghost, 1));
  TEST_STATUS(bulla_vault_remove_fields(house.vault, &who, AT(TEXT("acme"), TEXT("mail")), &ghost, 1), BULLA_NOT_FOUND);
  cr_assert_eq(destroy(), 1);
  assert_use("acme", "mail", "password", "swordfish");
}

static void *rotate_and_destroy(void *arg) {
  struct bulla_vault *vault = arg;
  enum bulla_status status = BULLA_OK;
  for (int i = 0; i < 40 && (status == BULLA_OK || status == BULLA_BUSY); i++) {
    struct bulla_rewrap_report report = BULLA_REWRAP_REPORT_INIT;
    int64_t num;
    status = bulla_vault_rotate_tenant(vault, &num, &who, TEXT("acme"));
    status = status == BULLA_OK ? bulla_vault_rewrap(vault, &report, &who, TEXT(""), NULL, NULL) : status;
    status = status == BULLA_OK ? bulla_vault_destroy_versions(vault, &num, &who, TEXT("")) : status;
  }
  return status == BULLA_OK || status == BULLA_BUSY ? NULL : vault;
}

Test(rotate, who_destroys_while_another_does_sees_nothing_amiss) {
  struct bulla_vault *vaults[2] = {NULL, NULL};
  struct test_threads threads = {.num = 0};
  fill_house();
  for (int i = 0; i < 2; i++) {
    TEST_OK(bulla_vault_open(&vaults[i], house.url, house.root, NULL));
    threads.num++;
    cr_assert_eq(pthread_create(&threads.ids[i], NULL, rotate_and_destroy, vaults[i]), 0);
  }
  test_join(&threads);
  for (int i = 0; i < 2; i++) {
    bulla_vault_close(&vaults[i]);
  }
  assert_use("acme", "db", "password", "hunter2");
}

/* Two vaults over one database, as two processes have. */
struct twin {
  struct bulla_vault *vault;
  int64_t num_done;
};

static void *rewrap_twin(void *arg) {
  struct twin *twin = arg;
  struct bulla_rewrap_report report = BULLA_REWRAP_REPORT_INIT;
  enum bulla_status status;
  do {
    status = bulla_vault_rewrap(twin->vault, &report, &who, TEXT(""), NULL, NULL);
    twin->num_done += report.num_done;
  } while (status == BULLA_BUSY);
  return status == BULLA_OK ? NULL : twin;
}

/* put_entries puts |num| entries of acme, with MANY_FIELDS secret fields each. */
enum { MANY_FIELDS = 20 };

static void put_entries(int num) {
  struct bulla_field fields[MANY_FIELDS];
  for (int i = 0; i < MANY_FIELDS; i++) {
    char *name = (char *)test_alloc(10);
    snprintf(name, 10, "f%d", i);
    fields[i] = (struct bulla_field){.name = test_text(name), .value = TEXT("value"), .secret = true};
  }
  for (int i = 0; i < num; i++) {
    char *name = (char *)test_alloc(10);
    snprintf(name, 10, "e%d", i);
    TEST_OK(bulla_vault_put(house.vault, &who, AT(TEXT("acme"), test_text(name)), fields, MANY_FIELDS));
  }
}

Test(rotate, two_who_rewrap_at_once_seal_each_value_once) {
  enum { ENTRIES = 40 };
  struct twin twins[2] = {{.num_done = 0}};
  struct test_threads threads = {.num = 0};
  put_entries(ENTRIES);
  rotate("acme");
  for (int i = 0; i < 2; i++) {
    TEST_OK(bulla_vault_open(&twins[i].vault, house.url, house.root, NULL));
  }
  test_start(&threads, 2, rewrap_twin, twins, sizeof(twins[0]));
  test_join(&threads);
  cr_assert_eq(twins[0].num_done + twins[1].num_done, ENTRIES * MANY_FIELDS);
  for (int i = 0; i < 2; i++) {
    bulla_vault_close(&twins[i].vault);
  }
  assert_versions("acme 1 decrypt-only 0 0 0;acme 2 active 800 0 0;");
  assert_use("acme", "e7", "f3", "value");
}

/* Uses a value again and again through a connection of its own, until |done|. */
struct user {
  struct bulla_vault *vault;
  _Atomic bool done;
  _Atomic int num;
};

static void *use_until_done(void *arg) {
  struct user *user = arg;
  while (!user->done) {
    TEST_OK(bulla_vault_use(user->vault, &who, AT(TEXT("beta"), TEXT("db"), TEXT("password")), count_value, NULL));
    user->num++;
  }
  return NULL;
}

static bool count_batch(void *arg, UNUSED int64_t done, UNUSED int64_t total) {
  ++*(int *)arg;
  return true;
}

Test(rotate, rewrap_lets_go_of_a_vault_that_others_wait_for) {
  SQLITE_ONLY();
  struct user user = {.num = 0};
  struct test_threads threads = {.num = 0};
  struct bulla_rewrap_report report = BULLA_REWRAP_REPORT_INIT;
  int num_batches = 0;
  put_entries(150); /* 3,000 values take some 30 ms, less than a transaction may that nobody waits for */
  TEST_OK(put("beta", "db", "password", "xyzzy", true));
  rotate("acme");
  TEST_OK(bulla_vault_open(&user.vault, house.url, house.root, NULL));
  test_start(&threads, 1, use_until_done, &user, sizeof(user));
  while (user.num < 5) {
    usleep(1000);
  }
  int num_before = user.num;
  TEST_OK(bulla_vault_rewrap(house.vault, &report, &who, TEXT("acme"), count_batch, &num_batches));
  int num_beside = user.num - num_before;
  user.done = true;
  test_join(&threads);
  cr_expect_eq(report.num_done, 3000);
  cr_expect_geq(num_batches, 8, "%d", num_batches);
  cr_expect_geq(num_beside, num_batches - 3, "%d uses beside %d batches", num_beside, num_batches);
  bulla_vault_close(&user.vault);
}

Test(rotate, a_version_is_destroyed_once_nothing_needs_it) {
  fill_house();
  rotate("acme");
  cr_assert_eq(destroy(), 0);
  rewrap(BULLA_OK);
  cr_assert_eq(destroy(), 1);
  cr_assert_eq(destroy(), 0);
  cr_assert_eq(run_sql("SELECT count(*) FROM tenant_secret WHERE version = 1"), 1); /* beta's */
  cr_assert_eq(count_details("op = 'destroy-version' AND tenant = 'acme' AND field = '1' AND length(statement) = 32"),
               1);
  cr_assert_eq(rotate("acme"), 3);
  assert_use("acme", "db", "password", "hunter2");
  assert_sound();
}

/* num_of returns how often |bytes| are in the files of the vault. */
static int num_of(struct bulla_span bytes) {
  int num = 0;
  const char *const ends[] = {"", "-wal"};
  for (size_t i = 0; i < 2; i++) {
    struct bulla_span file =
        read_file((const char *)test_concat(test_text(house.path), bulla_span(ends[i], strlen(ends[i]) + 1)).data);
    for (size_t at = 0; file.len >= bytes.len && at <= file.len - bytes.len; at++) {
      num += memcmp(file.data + at, bytes.data, bytes.len) == 0 ? 1 : 0;
    }
  }
  return num;
}

/* column_of returns a blob of the file. */
static struct bulla_span blob_of(const char *text) {
  sqlite3 *db = NULL;
  sqlite3_stmt *statement = NULL;
  cr_assert_eq(sqlite3_open(house.path, &db), SQLITE_OK);
  cr_assert_eq(sqlite3_prepare_v2(db, text, -1, &statement, NULL), SQLITE_OK, "%s", sqlite3_errmsg(db));
  cr_assert_eq(sqlite3_step(statement), SQLITE_ROW);
  struct bulla_span blob =
      test_copy(bulla_span(sqlite3_column_blob(statement, 0), (size_t)sqlite3_column_bytes(statement, 0)));
  sqlite3_finalize(statement);
  sqlite3_close(db);
  return blob;
}

Test(rotate, nothing_of_a_destroyed_version_is_left_in_the_files) {
  SQLITE_ONLY();
  fill_house();
  struct bulla_span wrapped = blob_of(
      "SELECT k.wrapped FROM tenant_secret k JOIN tenant t ON t.id = k.tenant "
      "WHERE t.name = 'acme'");
  struct bulla_span value = blob_of("SELECT f.value FROM field f JOIN entry e ON e.id = f.entry WHERE e.name = 'mail'");
  rotate("acme");
  rewrap(BULLA_OK);
  cr_assert_gt(num_of(wrapped), 0);
  cr_assert_eq(destroy(), 1);
  cr_assert_gt(num_of(wrapped), 0, "in the -wal, where this test must see it");
  /* Whoever reads an older state keeps it there. */
  void *reader = hold("BEGIN; SELECT count(*) FROM field");
  bulla_db_set_patience(house.vault->db, 50);
  TEST_STATUS(bulla_vault_scrub(house.vault), BULLA_BUSY);
  let_go(reader);
  bulla_db_set_patience(house.vault->db, 5000);
  TEST_OK(bulla_vault_scrub(house.vault));
  cr_assert_eq(num_of(wrapped), 0);
  cr_assert_eq(num_of(value), 0);
  /* And the vault goes on. */
  assert_use("acme", "mail", "password", "swordfish");
  TEST_OK(put("acme", "mail", "password", "xyzzy", true));
  assert_use("acme", "mail", "password", "xyzzy");
  assert_sound();
}

/* num_cached returns how many secrets of |version| the vault has in memory. */
static int num_cached(const struct bulla_vault *vault, int64_t version) {
  int num = 0;
  for (size_t i = 0; i < BULLA_CACHED_SECRETS; i++) {
    num += vault->keyring.secrets[i] != NULL && vault->keyring.secrets[i]->version == version ? 1 : 0;
  }
  return num;
}

/* Another process has what was destroyed in its memory. */
Test(rotate, a_version_that_another_process_remembers_opens_nothing_there) {
  struct bulla_vault *other = NULL;
  struct bulla_secret *value = NULL;
  fill_house();
  struct bulla_span before = image();
  TEST_OK(bulla_vault_open(&other, house.url, house.root, NULL));
  TEST_OK(bulla_vault_read(other, &value, &who, AT(TEXT("acme"), TEXT("db"), TEXT("password"))));
  bulla_secret_free(&value);
  rotate("acme");
  rewrap(BULLA_OK);
  cr_assert_eq(destroy(), 1);
  cr_assert_eq(num_cached(other, 1), 1);
  /* It seals under the new version, and forgets the old one; */
  const struct bulla_field field = {TEXT("password"), TEXT("plugh"), true};
  TEST_OK(bulla_vault_put(other, &who, AT(TEXT("acme"), TEXT("db")), &field, 1));
  assert_use("acme", "db", "password", "plugh");
  cr_assert_eq(num_cached(other, 1), 0);
  /* it does not open what somebody put back, row and key. */
  lay_beside("old", before);
  run_sql(beside("old",
                 "INSERT INTO tenant_secret SELECT k.id, k.tenant, k.version, 'decrypt-only', k.wrapped, k.created "
                 "FROM old.tenant_secret k WHERE k.id NOT IN (SELECT id FROM tenant_secret); "
                 "DELETE FROM field WHERE entry IN (SELECT id FROM entry WHERE name = 'mail'); "
                 "INSERT INTO field(entry, name, revision, secret, value, mask, secret_id, updated) "
                 "SELECT f.entry, f.name, f.revision, f.secret, f.value, f.mask, f.secret_id, f.updated "
                 "FROM old.field f WHERE f.entry IN (SELECT id FROM entry WHERE name = 'mail')"));
  TEST_STATUS(bulla_vault_read(other, &value, &who, AT(TEXT("acme"), TEXT("mail"), TEXT("password"))), BULLA_REFUSED);
  bulla_vault_close(&other);
}

Test(rotate, no_more_than_32_versions_are_kept) {
  int64_t version;
  TEST_OK(put("acme", "db", "password", "hunter2", true));
  for (int i = 2; i <= 32; i++) {
    cr_assert_eq(rotate("acme"), i);
  }
  TEST_STATUS(bulla_vault_rotate_tenant(house.vault, &version, &who, TEXT("acme")), BULLA_TOO_LARGE);
  assert_use("acme", "db", "password", "hunter2");
  rewrap(BULLA_OK);
  cr_assert_eq(destroy(), 31);
  cr_assert_eq(rotate("acme"), 33);
}

Test(rotate, arguments_are_checked) {
  struct bulla_rewrap_report report = BULLA_REWRAP_REPORT_INIT;
  const struct bulla_who nobody = {.reason = TEXT("none")};
  int64_t num;
  fill_house();
  TEST_STATUS(bulla_vault_rotate_tenant(house.vault, &num, &nobody, TEXT("acme")), BULLA_INVALID_ARGUMENT);
  TEST_STATUS(bulla_vault_rewrap(house.vault, &report, &nobody, TEXT(""), NULL, NULL), BULLA_INVALID_ARGUMENT);
  TEST_STATUS(bulla_vault_destroy_versions(house.vault, &num, &nobody, TEXT("")), BULLA_INVALID_ARGUMENT);
  TEST_STATUS(bulla_vault_rewrap(house.vault, &report, &who, TEXT(".x"), NULL, NULL), BULLA_INVALID_NAME);
  TEST_STATUS(bulla_vault_versions(house.vault, TEXT(".x"), note_version, NULL), BULLA_INVALID_NAME);
  TEST_STATUS(bulla_vault_versions(house.vault, TEXT("gamma"), note_version, NULL), BULLA_NOT_FOUND);
  report.size = 8;
  TEST_STATUS(bulla_vault_rewrap(house.vault, &report, &who, TEXT(""), NULL, NULL), BULLA_INVALID_ARGUMENT);
}
