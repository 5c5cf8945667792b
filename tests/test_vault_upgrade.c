/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The upgrade from format 1, on real files of it: tests/data/format1, made by the command of version 0.3.0. small.db
 * has every kind of row, large.db several epochs of the log, crashed.db a -wal that nobody had moved into the database.
 */

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <bulla/token.h>

#include "core/cursor.h"
#include "store/wrap.h"
#include "tests/vault_support.h"

#define ROOT_DIGITS "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define FIXTURES BULLA_SOURCE_FOLDER "/tests/data/format1/"

/* bring copies a file of format 1 to where the vault is. */
static void bring(const char *name, const char *ending) {
  char from[1000];
  char to[400];
  snprintf(from, sizeof(from), FIXTURES "%s%s", name, ending);
  snprintf(to, sizeof(to), "%s%s", house.path, ending);
  struct bulla_span file = read_file(from);
  cr_assert(file.len > 0, "%s", from);
  write_file(to, file);
}

/* NULL if it does not open. A child opens its own: locked memory does not pass a fork. */
static struct bulla_root *open_root(void) {
  struct bulla_root *root = NULL;
  setenv("BULLA_TEST_ROOT", ROOT_DIGITS, 1);
  return bulla_root_open(&root, "env:BULLA_TEST_ROOT") == BULLA_OK ? root : NULL;
}

static void build_old_house(void) {
  house.folder = test_folder();
  snprintf(house.path, sizeof(house.path), "%s/v.db", house.folder);
  snprintf(house.url, sizeof(house.url), "sqlite:%s", house.path);
  house.root = open_root();
  cr_assert_not_null(house.root);
  bring("small.db", "");
}

TestSuite(vault_upgrade, .init = build_old_house, .fini = leave_house, .timeout = 60);

#define ANY_ID bulla_span(NULL, 0)

static enum bulla_status upgrade_by(const struct bulla_root *root, const char *url, const char *backup,
                                    struct bulla_span id) {
  return bulla_vault_upgrade(url, in_house(backup), root, id, &who, NULL, NULL);
}

static enum bulla_status upgrade(void) {
  return upgrade_by(house.root, house.url, "backup", ANY_ID);
}

static bool exists(const char *path) {
  return access(path, F_OK) == 0;
}

Test(vault_upgrade, what_has_format_1_is_not_opened) {
  struct bulla_span before = read_file(house.path);
  TEST_STATUS(bulla_vault_open(&house.vault, house.url, house.root, NULL), BULLA_OLDER_VAULT);
  cr_expect_null(house.vault);
  TEST_SPAN(read_file(house.path), before, "it is left alone");
}

Test(vault_upgrade, every_value_is_there_afterwards) {
  static const struct {
    const char *tenant;
    const char *entry;
    const char *field;
    const char *value;
    bool secret;
    int64_t revision;
  } values[] = {
      {"acme", "db", "host", "db.acme.example", false, 1},
      {"acme", "db", "port", "5432", false, 1},
      {"acme", "db", "password", "hunter2", true, 2},
      {"acme", "openai", "key", "sk-ant-0123456789", true, 1},
      {"acme", "legacy", "key", "sk-ant-0123456789", true, 1},
      {"beta", "blob", "note", "", false, 1},
      {"beta", "tmp", "b", "2", false, 1},
      {"new", "e2", "h", "g", false, 1},
  };
  TEST_OK(upgrade());
  open_vault();
  for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
    assert_use(values[i].tenant, values[i].entry, values[i].field, values[i].value);
    char sql[300];
    snprintf(
        sql, sizeof(sql),
        "SELECT count(*) FROM field f JOIN entry e ON e.id = f.entry JOIN tenant t ON t.id = e.tenant WHERE "
        "t.name = '%s' AND e.name = '%s' AND f.name = '%s' AND f.secret = %d AND f.revision = %d AND f.updated > 0",
        values[i].tenant, values[i].entry, values[i].field, values[i].secret, (int)values[i].revision);
    cr_expect_eq(run_sql(sql), 1, "%s/%s:%s", values[i].tenant, values[i].entry, values[i].field);
  }
  TEST_OK(use("beta", "blob", "bytes"));
  TEST_SPAN(used.value, test_hex("00 01 02 62 69 6e 61 72 79 ff"), "bytes");
  cr_expect_eq(run_sql("SELECT count(*) FROM field"), 9);
  cr_expect_eq(run_sql("SELECT count(*) FROM tenant"), 3, "a tenant that was removed does not come back");
  TEST_STATUS(use("gone", "x", "a"), BULLA_NOT_FOUND);
}

static enum bulla_status note_field(void *arg, const struct bulla_field_view *field) {
  note(arg, "%.*s=%.*s %lld;", S(field->name), S(field->text), (long long)field->revision);
  return BULLA_OK;
}

Test(vault_upgrade, masks_are_shown_as_before) {
  struct bulla_buffer shown = test_room(1000);
  TEST_OK(upgrade());
  open_vault();
  TEST_OK(bulla_vault_show(house.vault, AT(TEXT("acme"), TEXT("db")), note_field, &shown));
  TEST_OK(bulla_vault_show(house.vault, AT(TEXT("acme"), TEXT("openai")), note_field, &shown));
  TEST_SPAN(bulla_written(&shown), TEXT("host=db.acme.example 1;password=******** 2;port=5432 1;key=********6789 1;"),
            "%.*s", S(bulla_written(&shown)));
}

static enum bulla_status note_apikey(void *arg, const struct bulla_apikey_view *apikey) {
  note(arg, "%.*s %.*s %s;", S(apikey->tenant), S(apikey->name), apikey->revoked != 0 ? "revoked" : "live");
  return BULLA_OK;
}

Test(vault_upgrade, api_keys_and_revocations_are_as_before) {
  struct bulla_buffer keys = test_room(1000);
  bool revoked;
  TEST_OK(upgrade());
  open_vault();
  TEST_OK(bulla_vault_apikey_list(house.vault, TEXT(""), note_apikey, &keys));
  TEST_SPAN(bulla_written(&keys), TEXT("acme embed live;beta dead revoked;"), "%.*s", S(bulla_written(&keys)));
  TEST_OK(bulla_vault_token_revoked(house.vault, &revoked, TEXT("acme"), TEXT("revoked-1")));
  cr_expect(revoked);
  TEST_OK(bulla_vault_token_revoked(house.vault, &revoked, TEXT("acme"), TEXT("ok-1")));
  cr_expect_not(revoked);
}

static enum bulla_status note_record(void *arg, const struct bulla_audit_record *record) {
  note(arg, "%lld %.*s %.*s %.*s %.*s %.*s %.*s %.*s\n", (long long)record->seq, S(record->tenant), S(record->actor),
       S(record->reason), S(record->op), S(record->entry), S(record->field), S(record->outcome));
  return BULLA_OK;
}

Test(vault_upgrade, the_log_goes_on_where_it_was) {
  struct bulla_buffer log = test_room(8000);
  TEST_OK(upgrade());
  open_vault();
  assert_unbroken(33);
  TEST_OK(bulla_vault_audit_log(house.vault, 1, TEXT(""), note_record, &log));
  log.data[log.len] = '\0';
  const char *text = (const char *)log.data;
  cr_expect_not_null(strstr(text, "1  bulla  init   done\n"));
  cr_expect_not_null(strstr(text,
                            " acme bob \xc3\xbcn\xc3\xaf"
                            "code \xe2\x98\x83 put openai key done\n"));
  cr_expect_not_null(strstr(text, " gone alice  remove   done\n"), "a tenant that is gone");
  cr_expect_not_null(strstr(text, " old alice  rename-from   done\n"), "a name that is gone");
  cr_expect_not_null(strstr(text, "28 acme alice nightly run use db password granted\n"));
  cr_expect_not_null(strstr(text, "30 nobody alice r use x y not-found\n"));
  /* The last mac of the old log, as its table has it. */
  close_vault();
  snprintf(house.path, sizeof(house.path), "%s/backup", house.folder);
  char last[100];
  sqlite3 *db = hold("SELECT 1");
  sqlite3_stmt *statement = NULL;
  cr_assert_eq(sqlite3_prepare_v2(db, "SELECT lower(hex(mac)) FROM audit WHERE seq = 32", -1, &statement, NULL), 0);
  cr_assert_eq(sqlite3_step(statement), SQLITE_ROW);
  snprintf(last, sizeof(last), "upgrade %s  done\n", (const char *)sqlite3_column_text(statement, 0));
  sqlite3_finalize(statement);
  let_go(db);
  cr_expect_not_null(strstr(text, last), "%s", last);
}

Test(vault_upgrade, times_of_records_stay) {
  TEST_OK(upgrade());
  int64_t first = run_sql("SELECT time FROM audit WHERE seq = 1");
  snprintf(house.path, sizeof(house.path), "%s/backup", house.folder);
  cr_expect_eq(first, run_sql("SELECT time FROM audit WHERE seq = 1"));
}

Test(vault_upgrade, the_id_stays_and_the_backup_is_the_old_vault) {
  struct bulla_vault_options options = BULLA_VAULT_OPTIONS_INIT;
  struct bulla_vault *backup = NULL;
  uint8_t id[BULLA_VAULT_ID_LEN];
  TEST_OK(upgrade());
  TEST_STATUS(bulla_vault_open(&backup, url_of("backup"), house.root, NULL), BULLA_OLDER_VAULT);
  open_vault();
  memcpy(id, bulla_vault_id(house.vault).data, sizeof(id));
  close_vault();
  options.id = bulla_span(id, sizeof(id));
  TEST_OK(upgrade_by(house.root, url_of("backup"), "backup-2", ANY_ID));
  TEST_OK(bulla_vault_open(&backup, url_of("backup"), house.root, &options));
  bulla_vault_close(&backup);
}

Test(vault_upgrade, nothing_of_the_old_tables_is_left_in_the_file) {
  struct bulla_span old = read_file(FIXTURES "small.db");
  TEST_OK(upgrade());
  struct bulla_span upgraded = read_file(house.path);
  /* The one row of the old tables that has the root's key id in clear. */
  const uint8_t *at = memmem(old.data, old.len, "\xb1\x02", 2);
  cr_assert_not_null(at);
  cr_expect_null(memmem(upgraded.data, upgraded.len, at, 58), "a wrapped key of the old vault");
  cr_expect_not(exists(in_house("v.db-wal")));
}

Test(vault_upgrade, a_large_one_a_crashed_one_and_one_with_a_passphrase) {
  static const struct {
    const char *name;
    bool has_log;
    const char *passphrase;
    int64_t records;
    const char *entry;
  } old[] = {
      {"large.db", false, NULL, 350, "entry-020"},
      {"crashed.db", true, NULL, 32, "entry-005"},
      {"passphrase.db", false, "open sesame", 5, "entry-000"},
  };
  for (size_t i = 0; i < sizeof(old) / sizeof(old[0]); i++) {
    bring(old[i].name, "");
    if (old[i].has_log) {
      bring(old[i].name, "-wal");
    }
    if (old[i].passphrase != NULL) {
      bulla_root_free(&house.root);
      TEST_OK(bulla_root_passphrase(&house.root, test_text(old[i].passphrase)));
    }
    unlink(in_house("backup"));
    TEST_OK(upgrade());
    open_vault();
    assert_unbroken(old[i].records);
    TEST_OK(use("tenant-00", old[i].entry, "password"));
    close_vault();
    remove_vault();
  }
}

Test(vault_upgrade, is_refused_a_second_time_and_where_the_backup_would_lie_on_something) {
  write_file(in_house("backup"), TEXT("mine"));
  struct bulla_span before = read_file(house.path);
  TEST_STATUS(upgrade(), BULLA_EXISTS);
  TEST_SPAN(read_file(in_house("backup")), TEXT("mine"), "what was there");
  TEST_SPAN(read_file(house.path), before, "the vault");
  unlink(in_house("backup"));
  TEST_OK(upgrade());
  unlink(in_house("backup"));
  TEST_STATUS(upgrade(), BULLA_EXISTS);
  cr_expect_not(exists(in_house("backup")));
}

Test(vault_upgrade, another_root_or_no_vault_changes_nothing) {
  struct bulla_root *other = NULL;
  struct bulla_span before = read_file(house.path);
  setenv("BULLA_TEST_ROOT", "x", 1);
  TEST_OK(bulla_root_open(&other, "sha256-env:BULLA_TEST_ROOT"));
  TEST_STATUS(upgrade_by(other, house.url, "backup", ANY_ID), BULLA_ROOT_WRONG);
  bulla_root_free(&other);
  TEST_OK(bulla_root_passphrase(&other, TEXT("x")));
  TEST_STATUS(upgrade_by(other, house.url, "backup", ANY_ID), BULLA_ROOT_WRONG);
  bulla_root_free(&other);
  TEST_STATUS(upgrade_by(house.root, url_of("none"), "backup", ANY_ID), BULLA_NO_VAULT);
  write_file(in_house("text"), TEXT("not a database at all"));
  TEST_STATUS(upgrade_by(house.root, url_of("text"), "backup", ANY_ID), BULLA_NOT_A_VAULT);
  cr_expect_not(exists(in_house("backup")));
  TEST_SPAN(read_file(house.path), before, "the vault");
}

Test(vault_upgrade, another_id_than_the_pinned_one_changes_nothing) {
  struct bulla_span before = read_file(house.path);
  uint8_t id[BULLA_VAULT_ID_LEN] = {0};
  TEST_STATUS(upgrade_by(house.root, house.url, "backup", bulla_span(id, sizeof(id))), BULLA_WRONG_VAULT);
  TEST_STATUS(upgrade_by(house.root, house.url, "backup", bulla_span(id, 3)), BULLA_INVALID_ARGUMENT);
  cr_expect_not(exists(in_house("backup")));
  TEST_SPAN(read_file(house.path), before, "the vault");
  TEST_OK(upgrade());
  open_vault();
  memcpy(id, bulla_vault_id(house.vault).data, sizeof(id));
  close_vault();
  bring("small.db", "");
  unlink(in_house("backup"));
  TEST_OK(upgrade_by(house.root, house.url, "backup", bulla_span(id, sizeof(id))));
}

Test(vault_upgrade, no_backup_is_given_a_name_that_sqlite_removes) {
  static const char *const names[] = {"v.db-journal", "other-wal", "other-shm"};
  struct bulla_span before = read_file(house.path);
  for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
    TEST_STATUS(upgrade_by(house.root, house.url, names[i], ANY_ID), BULLA_UNSUPPORTED);
    cr_expect_not(exists(in_house(names[i])));
  }
  TEST_SPAN(read_file(house.path), before, "the vault");
}

Test(vault_upgrade, what_is_put_in_the_place_of_the_backup_does_not_become_the_vault) {
  bring("large.db", "");
  write_file(in_house("other"), read_file(FIXTURES "small.db"));
  pid_t child = fork();
  cr_assert_geq(child, 0);
  if (child == 0) {
    while (!exists(in_house("backup"))) {
    }
    _exit(rename(in_house("other"), in_house("backup")));
  }
  TEST_OK(upgrade());
  int status = -1;
  cr_assert_eq(waitpid(child, &status, 0), child);
  cr_assert_eq(status, 0);
  open_vault();
  assert_unbroken(350);
}

Test(vault_upgrade, what_was_tampered_with_is_refused_and_left_as_it_is) {
  static const struct {
    const char *sql;
    enum bulla_status status;
  } tries[] = {
      {"UPDATE tenant SET name = 'evil' WHERE name = 'acme'", BULLA_REFUSED},
      {"UPDATE entry SET name = 'evil' WHERE name = 'db'", BULLA_REFUSED},
      {"UPDATE field SET value = CAST('evil.example' AS BLOB) WHERE name = 'host'", BULLA_REFUSED},
      {"UPDATE field SET secret = 0 WHERE name = 'password'", BULLA_REFUSED},
      {"UPDATE field SET revision = 7 WHERE name = 'password'", BULLA_REFUSED},
      {"UPDATE field SET entry = (SELECT id FROM entry WHERE name = 'openai') WHERE name = 'password'", BULLA_REFUSED},
      {"UPDATE tenant_key SET version = 2", BULLA_REFUSED},
      {"UPDATE apikey SET tenant = (SELECT id FROM tenant WHERE name = 'beta') WHERE revoked = 0", BULLA_REFUSED},
      {"UPDATE vault SET name_key = zeroblob(90)", BULLA_REFUSED},
      {"UPDATE vault SET uuid = zeroblob(16)", BULLA_REFUSED},
      {"UPDATE audit SET actor = 'mallory' WHERE seq = 5", BULLA_AUDIT_BROKEN},
      {"DELETE FROM audit WHERE seq = 5", BULLA_AUDIT_BROKEN},
      {"DELETE FROM audit WHERE seq = 32", BULLA_AUDIT_BROKEN},
      {"DELETE FROM audit WHERE seq = 32; UPDATE audit_head SET seq = 31", BULLA_AUDIT_BROKEN},
      {"UPDATE audit_head SET first_key = key", BULLA_OK}, /* the same epoch: it is the same key */
      {"UPDATE audit_head SET tag = zeroblob(32)", BULLA_AUDIT_BROKEN},
      {"DELETE FROM audit_head", BULLA_AUDIT_BROKEN},
      {"CREATE TABLE more(x)", BULLA_NOT_A_VAULT},
      {"CREATE TRIGGER t AFTER INSERT ON audit BEGIN DELETE FROM audit; END", BULLA_NOT_A_VAULT},
      {"PRAGMA user_version = 3", BULLA_NEWER_VAULT},
      {"PRAGMA application_id = 7", BULLA_NOT_A_VAULT},
      {"PRAGMA foreign_keys = 0; DELETE FROM tenant WHERE name = 'acme'", BULLA_REFUSED},
      {"PRAGMA foreign_keys = 0; DELETE FROM entry WHERE name = 'db'", BULLA_REFUSED},
  };
  struct bulla_span whole = read_file(house.path);
  for (size_t i = 0; i < sizeof(tries) / sizeof(tries[0]); i++) {
    write_file(house.path, whole);
    run_sql(tries[i].sql);
    struct bulla_span before = read_file(house.path);
    enum bulla_status status = upgrade();
    cr_expect_eq(status, tries[i].status, "%s: %s", tries[i].sql, bulla_status_name(status));
    if (status != BULLA_OK) {
      TEST_SPAN(read_file(house.path), before, "%s", tries[i].sql);
    }
    cr_expect_eq(exists(in_house("backup")), status == BULLA_OK, "%s", tries[i].sql);
    unlink(in_house("backup"));
  }
}

/* A context of format 1: a label, the uuid, other parts, a number. */
static struct bulla_context context_of(const char *label, const struct bulla_span *parts, size_t num, int64_t number) {
  struct bulla_context context;
  struct bulla_buffer buffer = bulla_buffer(context.bytes, sizeof(context.bytes));
  struct bulla_writer writer = bulla_writer(&buffer);
  bulla_put_prefixed(&writer, test_text(label));
  for (size_t i = 0; i < num; i++) {
    bulla_put_prefixed(&writer, parts[i]);
  }
  bulla_put_number(&writer, number);
  TEST_OK(bulla_writer_finish(&writer));
  context.len = buffer.len;
  return context;
}

static struct bulla_span column_of(sqlite3_stmt *statement, int at) {
  return test_copy(bulla_span(sqlite3_column_blob(statement, at), (size_t)sqlite3_column_bytes(statement, at)));
}

/* Puts a value for beta:blob/bytes into the old file that is sealed under the key of the tenant |name|: for its place,
 * but not by who may. */
static void seal_for_beta(const char *name) {
  struct bulla_secret *material BULLA_CLEANUP(bulla_secret_free) = test_secret(test_hex(ROOT_DIGITS));
  struct bulla_key *root BULLA_CLEANUP(bulla_key_free) = NULL;
  struct bulla_key *key BULLA_CLEANUP(bulla_key_free) = NULL;
  struct bulla_buffer sealed = test_room(200);
  sqlite3_stmt *statement = NULL;
  struct sqlite3 *db = hold("SELECT 1");
  cr_assert_eq(sqlite3_prepare_v2(db,
                                  "SELECT v.uuid, k.tenant, k.wrapped, k.version, b.id, e.id, f.revision FROM vault v, "
                                  "tenant a, tenant b, tenant_key k, entry e, field f WHERE a.name = ? AND b.name = "
                                  "'beta' AND k.tenant = a.id AND e.tenant = b.id AND e.name = 'blob' AND f.entry = "
                                  "e.id AND f.name = 'bytes'",
                                  -1, &statement, NULL),
               SQLITE_OK);
  sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
  cr_assert_eq(sqlite3_step(statement), SQLITE_ROW);
  struct bulla_span uuid = column_of(statement, 0);
  const struct bulla_span owner[] = {uuid, column_of(statement, 1)};
  struct bulla_span wrapped = column_of(statement, 2);
  const struct bulla_span place[] = {uuid, column_of(statement, 4), column_of(statement, 5), TEXT("bytes")};
  struct bulla_context of_key = context_of("bulla/v1/tenant-key", owner, 2, sqlite3_column_int64(statement, 3));
  struct bulla_context of_field = context_of("bulla/v1/field", place, 4, sqlite3_column_int64(statement, 6));
  sqlite3_finalize(statement);
  TEST_OK(bulla_key_new(&root, BULLA_XAES_256_GCM, material));
  TEST_OK(bulla_unwrap_key(&key, root, wrapped, &of_key));
  TEST_OK(bulla_seal(key, &sealed, TEXT("forged"), bulla_context_span(&of_field)));
  cr_assert_eq(sqlite3_prepare_v2(db, "UPDATE field SET value = ?, key_id = ? WHERE name = 'bytes'", -1, &statement, 0),
               SQLITE_OK);
  sqlite3_bind_blob(statement, 1, sealed.data, (int)sealed.len, SQLITE_STATIC);
  sqlite3_bind_blob(statement, 2, bulla_key_id(key).data, (int)bulla_key_id(key).len, SQLITE_STATIC);
  cr_assert_eq(sqlite3_step(statement), SQLITE_DONE);
  sqlite3_finalize(statement);
  let_go(db);
}

Test(vault_upgrade, a_key_opens_values_of_its_tenant_alone) {
  struct bulla_span whole = read_file(house.path);
  seal_for_beta("acme"); /* whose key was the last one to be unwrapped */
  TEST_STATUS(upgrade(), BULLA_REFUSED);
  write_file(house.path, whole);
  seal_for_beta("new");
  TEST_STATUS(upgrade(), BULLA_REFUSED);
  write_file(house.path, whole);
  seal_for_beta("beta");
  TEST_OK(upgrade());
  open_vault();
  assert_use("beta", "blob", "bytes", "forged");
}

static void kill_at_once(void *arg, int64_t done, int64_t total) {
  (void)arg;
  (void)done;
  (void)total;
  kill(getpid(), SIGKILL);
}

static int upgrade_and_die(void *arg) {
  (void)arg;
  return (int)bulla_vault_upgrade(house.url, in_house("backup"), open_root(), ANY_ID, &who, kill_at_once, NULL);
}

Test(vault_upgrade, who_is_killed_meanwhile_leaves_the_old_vault) {
  bring("large.db", "");
  int status = test_in_child(upgrade_and_die, NULL);
  cr_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "%x", (unsigned)status);
  TEST_STATUS(bulla_vault_open(&house.vault, house.url, house.root, NULL), BULLA_OLDER_VAULT);
  TEST_STATUS(upgrade(), BULLA_EXISTS);
  unlink(in_house("backup"));
  TEST_OK(upgrade());
  open_vault();
  assert_unbroken(350);
}

static int upgrade_on_a_full_disk(void *arg) {
  struct rlimit limit = {*(rlim_t *)arg, *(rlim_t *)arg};
  signal(SIGXFSZ, SIG_IGN);
  if (setrlimit(RLIMIT_FSIZE, &limit) != 0) {
    return 1;
  }
  enum bulla_status status = upgrade_by(open_root(), house.url, "backup", ANY_ID);
  return status == BULLA_DISK_FULL || status == BULLA_IO ? 0 : 2;
}

Test(vault_upgrade, where_there_is_no_room_the_old_vault_stays) {
  rlim_t limits[] = {4096, 60000, 80000}; /* the copy does not fit, twice, and then the -wal */
  struct bulla_span before = read_file(house.path);
  for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
    cr_assert_eq(test_in_child(upgrade_on_a_full_disk, &limits[i]), 0, "%lu", (unsigned long)limits[i]);
    cr_expect_not(exists(in_house("backup")));
    TEST_STATUS(bulla_vault_open(&house.vault, house.url, house.root, NULL), BULLA_OLDER_VAULT);
    TEST_SPAN(read_file(house.path), before, "%lu", (unsigned long)limits[i]);
  }
  TEST_OK(upgrade());
}

Test(vault_upgrade, beside_a_writer_it_is_told_so) {
  sqlite3 *db = hold("BEGIN IMMEDIATE");
  TEST_STATUS(upgrade(), BULLA_BUSY);
  let_go(db);
  cr_expect_not(exists(in_house("backup")));
  TEST_OK(upgrade());
}

static enum bulla_status compare_root(void *arg, struct bulla_span tenant, struct bulla_span root) {
  TEST_SPAN(tenant, TEXT("acme"), "%.*s", S(tenant));
  cr_expect(bulla_secret_equal(root, bulla_secret_bytes(*(const struct bulla_secret **)arg)));
  return BULLA_OK;
}

Test(vault_upgrade, an_api_key_opens_the_root_that_its_string_gives) {
  struct bulla_apikey *apikey = NULL;
  TEST_OK(bulla_apikey_parse(&apikey, read_file(FIXTURES "small.apikey")));
  TEST_OK(upgrade());
  open_vault();
  TEST_OK(bulla_vault_apikey_use(house.vault, &who, bulla_apikey_id(apikey), compare_root,
                                 &(const struct bulla_secret *){bulla_apikey_token_root(apikey)}));
  bulla_apikey_free(&apikey);
}
