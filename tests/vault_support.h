/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What the tests of the vault share: a vault in a folder of the test's own, and SQL behind its back. Include it in
 * one file of a program. */

#ifndef BULLA_TESTS_VAULT_SUPPORT_H
#define BULLA_TESTS_VAULT_SUPPORT_H

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <bulla/store.h>

#include "core/cleanup.h"
#include "tests/behind.h"
#include "tests/behind_postgres.h"
#include "tests/place.h"
#include "tests/support.h"

#define UNUSED __attribute__((unused))
#define TEXT(literal) BULLA_LITERAL(literal)

/* The vault of this test, closed until open_vault(). */
static struct {
  const char *folder;
  char path[300];
  char url[320];
  struct bulla_root *root;
  struct bulla_vault *vault;
} house;

/* in_house returns the path of |name| in the folder. */
UNUSED static const char *in_house(const char *name) {
  char *path = (char *)test_alloc(400);
  snprintf(path, 400, "%s/%s", house.folder, name);
  return path;
}

/* url_of returns the URL of a vault |name|: in the folder, or in another database. */
UNUSED static const char *url_of(const char *name) {
  if (postgres_is_tested()) {
    char *url = (char *)test_alloc(sizeof(house.url));
    postgres_make_other(url, sizeof(house.url), name);
    return url;
  }
  return (const char *)test_concat(test_text("sqlite:"), bulla_span(in_house(name), strlen(in_house(name)) + 1)).data;
}

static void open_vault(void) {
  TEST_OK(bulla_vault_open(&house.vault, house.url, house.root, NULL));
  test_keep(house.vault); /* a forked child cannot free it */
}

UNUSED static void close_vault(void) {
  bulla_vault_close(&house.vault);
}

/* Where the vault is going to be: a database of its own, on the server if the tests run beside one. */
UNUSED static void make_place(void) {
  if (postgres_is_tested()) {
    postgres_make(house.url, sizeof(house.url));
  } else {
    snprintf(house.url, sizeof(house.url), "sqlite:%s", house.path);
  }
}

/* remove_left removes what records of uses leave beside a closed vault: with a file that is put in its place by hand
 * the vault is not opened (tests/test_vault_left.c). */
UNUSED static void remove_left(void) {
  static const char *const endings[] = {"-wal", "-shm"};
  for (size_t i = 0; i < 2; i++) {
    char name[320];
    snprintf(name, sizeof(name), "%s%s", house.path, endings[i]);
    unlink(name);
  }
}

/* remove_vault makes that place empty. The vault must be closed. */
UNUSED static void remove_vault(void) {
  if (postgres_is_tested()) {
    (void)postgres_run("DROP SCHEMA bulla CASCADE");
  } else {
    cr_assert_eq(unlink(house.path), 0);
    remove_left();
  }
}

/* SQLITE_ONLY ends a test as skipped on any other back end: it is about files, or speaks SQLite behind the vault. */
#define SQLITE_ONLY()                         \
  if (postgres_is_tested()) {                 \
    cr_skip_test("this is a test of SQLite"); \
  }

/* For the .init and .fini of a suite. build_folder makes the folder alone. */
UNUSED static void build_folder(void) {
  house.folder = test_folder();
}

UNUSED static void leave_folder(void) {
  test_remove_folder(house.folder);
}

UNUSED static void build_house(void) {
  house.folder = test_folder();
  snprintf(house.path, sizeof(house.path), "%s/v.db", house.folder);
  make_place();
  char provider[330];
  snprintf(provider, sizeof(provider), "file:%s/root", house.folder);
  TEST_OK(bulla_root_create(&house.root, provider));
  TEST_OK(bulla_vault_create(house.url, house.root));
  open_vault();
}

/* build_shared_house is for tests with other processes, which find the root key in the environment, since locked memory
 * does not pass a fork. The vault is closed. */
UNUSED static void build_shared_house(void) {
  house.folder = test_folder();
  snprintf(house.path, sizeof(house.path), "%s/v.db", house.folder);
  make_place();
  setenv("BULLA_TEST_ROOT", "shared", 1);
  TEST_OK(bulla_root_open(&house.root, "sha256-env:BULLA_TEST_ROOT"));
  TEST_OK(bulla_vault_create(house.url, house.root));
}

/* enter opens the vault of a shared house anew, in a child, which ends if that fails. */
UNUSED static struct bulla_vault *enter(void) {
  struct bulla_root *root = NULL;
  struct bulla_vault *vault = NULL;
  if (bulla_root_open(&root, "sha256-env:BULLA_TEST_ROOT") != BULLA_OK ||
      bulla_vault_open(&vault, house.url, root, NULL) != BULLA_OK) {
    _exit(99);
  }
  bulla_root_free(&root);
  return vault;
}

UNUSED static void leave_house(void) {
  bulla_vault_close(&house.vault);
  bulla_root_free(&house.root);
  test_remove_folder(house.folder);
  if (postgres_is_tested()) {
    postgres_drop();
  }
}

/* A file as it is, and back to it. */
UNUSED static struct bulla_span read_file(const char *path) {
  FILE *file = fopen(path, "rbe");
  if (file == NULL) {
    return bulla_span(NULL, 0);
  }
  fseek(file, 0, SEEK_END);
  size_t len = (size_t)ftell(file);
  rewind(file);
  uint8_t *bytes = test_alloc(len);
  cr_assert_eq(fread(bytes, 1, len, file), len);
  fclose(file);
  return bulla_span(bytes, len);
}

UNUSED static void write_file(const char *path, struct bulla_span bytes) {
  FILE *file = fopen(path, "wbe");
  cr_assert_not_null(file, "%s", path);
  cr_assert(bytes.len == 0 || fwrite(bytes.data, 1, bytes.len, file) == bytes.len);
  cr_assert_eq(fclose(file), 0);
}

/* image closes the vault for a moment, and returns its file; on a server, the name of a schema with a copy of its
 * tables. */
UNUSED static struct bulla_span image(void) {
  static int num_images;
  struct bulla_span file;
  close_vault();
  if (postgres_is_tested()) {
    char name[20];
    snprintf(name, sizeof(name), "image%d", ++num_images);
    postgres_copy_tables("bulla", name);
    file = test_copy(bulla_span(name, strlen(name) + 1));
  } else {
    file = read_file(house.path);
  }
  open_vault();
  return file;
}

/* put_back has the closed vault as |file| has it. */
UNUSED static void put_back(struct bulla_span file) {
  if (postgres_is_tested()) {
    postgres_copy_tables((const char *)file.data, "bulla");
  } else {
    remove_left();
    write_file(house.path, file);
  }
}

/* lay_beside makes the tables of |file| those of |name| in what beside returns for it. */
UNUSED static void lay_beside(const char *name, struct bulla_span file) {
  if (postgres_is_tested()) {
    postgres_copy_tables((const char *)file.data, name);
  } else {
    write_file(in_house(name), file);
  }
}

/* beside returns |sql|, in which the tables of |name| are there. */
UNUSED static const char *beside(const char *name, const char *sql) {
  char *text = (char *)test_alloc(2000);
  if (postgres_is_tested()) {
    return sql;
  }
  cr_assert_lt(snprintf(text, 2000, "ATTACH '%s' AS %s; %s", in_house(name), name, sql), 2000);
  return text;
}

/* run_sql runs |text| on the file by a connection of its own, without any of the vault's precautions, and returns
 * the first column of the last row as a number. */
UNUSED static int64_t run_sql(const char *text) {
  if (postgres_is_tested()) {
    return postgres_run(text);
  }
  sqlite3 *db = NULL;
  int64_t number = 0;
  cr_assert_eq(sqlite3_open_v2(house.path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
  sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 0, NULL);
  sqlite3_busy_timeout(db, 5000);
  while (*text != '\0') {
    sqlite3_stmt *statement = NULL;
    cr_assert_eq(sqlite3_prepare_v2(db, text, -1, &statement, &text), SQLITE_OK, "%s: %s", text, sqlite3_errmsg(db));
    int result;
    while ((result = sqlite3_step(statement)) == SQLITE_ROW) {
      number = sqlite3_column_int64(statement, 0);
    }
    cr_assert_eq(result == SQLITE_DONE || statement == NULL, true, "%s", sqlite3_errmsg(db));
    sqlite3_finalize(statement);
  }
  sqlite3_close(db);
  return number;
}

/* restore has the vault go on with |file|, on which |sql| has been run. */
UNUSED static void restore(struct bulla_span file, const char *sql) {
  close_vault();
  put_back(file);
  run_sql(sql);
  open_vault();
}

/* assert_sound asserts that the file is not damaged. A server has no such question. */
UNUSED static void assert_sound(void) {
  if (!postgres_is_tested()) {
    cr_assert_eq(run_sql("SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'"), 0);
  }
}

/* hold opens the file by a connection of its own, and runs |text| there; let_go closes it. */
UNUSED static void *hold(const char *text) {
  struct sqlite3 *db = NULL;
  if (postgres_is_tested()) {
    return postgres_hold(text);
  }
  cr_assert_eq(sqlite3_open(house.path, &db), SQLITE_OK);
  cr_assert(behind_run(db, text), "%s", text);
  return db;
}

UNUSED static void let_go(void *db) {
  if (postgres_is_tested()) {
    postgres_let_go(db);
  } else {
    sqlite3_close(db);
  }
}

/* hold_turn holds what whoever writes waits for. */
UNUSED static void *hold_turn(void) {
  return hold(postgres_is_tested() ? "BEGIN; SELECT id FROM bulla.turn WHERE id = 1 FOR NO KEY UPDATE"
                                   : "BEGIN IMMEDIATE");
}

/* num_commits returns how many commits the records behind |seq| came by, which only a server knows. */
UNUSED static int64_t num_commits(int64_t seq) {
  char text[100];
  snprintf(text, sizeof(text), "SELECT count(DISTINCT xmin::text) FROM audit WHERE seq > %lld", (long long)seq);
  return run_sql(text);
}

/* await_the_dead waits until the server has seen the end of all who were connected, and ended what they had begun. */
UNUSED static void await_the_dead(void) {
  while (postgres_is_tested() && run_sql("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND "
                                         "pid <> pg_backend_pid()") > 0) {
    usleep(1000);
  }
}

/* num_past returns how many revisions there are that are not what their field is now. */
UNUSED static int64_t num_past(void) {
  return run_sql(
      "SELECT count(*) FROM field f WHERE f.revision < (SELECT max(n.revision) FROM field n WHERE n.entry = f.entry "
      "AND "
      "n.name = f.name)");
}

/* sqlite_scans prepares |query| on the file, and returns the step of its plan that reads a whole table, or NULL. */
UNUSED static const char *sqlite_scans(const char *query) {
  char explain[2000];
  const char *scan = NULL;
  sqlite3 *db = NULL;
  sqlite3_stmt *statement = NULL;
  snprintf(explain, sizeof(explain), "EXPLAIN QUERY PLAN %s", query);
  cr_assert_eq(sqlite3_open_v2(house.path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
  cr_assert_eq(sqlite3_prepare_v2(db, explain, -1, &statement, NULL), SQLITE_OK, "%s: %s", query, sqlite3_errmsg(db));
  while (sqlite3_step(statement) == SQLITE_ROW) {
    const char *step = (const char *)sqlite3_column_text(statement, 3);
    if (strncmp(step, "SCAN", 4) == 0 || strstr(step, "TEMP B-TREE") != NULL) {
      scan = (const char *)test_concat(test_text(step), bulla_span("", 1)).data;
    }
  }
  sqlite3_finalize(statement);
  sqlite3_close(db);
  return scan;
}

/* put puts one field. */
UNUSED static enum bulla_status put(const char *tenant, const char *entry, const char *name, const char *value,
                                    bool secret) {
  struct bulla_field field = {test_text(name), test_text(value), secret};
  return bulla_vault_put(house.vault, &who, AT(test_text(tenant), test_text(entry)), &field, 1);
}

/* put_apikey puts one, with |root| as each byte of its token root. */
UNUSED static enum bulla_status put_apikey(struct bulla_span tenant, struct bulla_span id, const char *name,
                                           uint8_t root) {
  struct bulla_secret *secret BULLA_CLEANUP(bulla_secret_free) = test_secret(test_filled(root, BULLA_KEY_LEN));
  const struct bulla_apikey_record record = {
      .tenant = tenant, .id = id, .name = test_text(name), .hash = test_filled(1, 32), .root = secret};
  return bulla_vault_apikey_put(house.vault, &who, &record);
}

/* Callbacks that count what they are given, where there is an int to count in. */
#define COUNTS(name, type)                                             \
  UNUSED static enum bulla_status name(void *arg, UNUSED type given) { \
    if (arg != NULL) {                                                 \
      ++*(int *)arg;                                                   \
    }                                                                  \
    return BULLA_OK;                                                   \
  }
COUNTS(count_value, struct bulla_span)
COUNTS(count_field, const struct bulla_field_view *)
COUNTS(count_revision, const struct bulla_revision_view *)
COUNTS(count_entry, const struct bulla_entry_view *)
COUNTS(count_apikey, const struct bulla_apikey_view *)
COUNTS(count_record, const struct bulla_audit_record *)

UNUSED static enum bulla_status count_root(void *arg, struct bulla_span tenant, UNUSED struct bulla_span root) {
  return count_value(arg, tenant);
}

/* What the last use was given. */
static struct {
  int calls;
  struct bulla_span value;
} used;

UNUSED static enum bulla_status remember(void *arg, struct bulla_span value) {
  (void)arg;
  used.calls++;
  used.value = test_copy(value);
  return BULLA_OK;
}

UNUSED static enum bulla_status use(const char *tenant, const char *entry, const char *field) {
  return bulla_vault_use(house.vault, &who, AT(test_text(tenant), test_text(entry), test_text(field)), remember, NULL);
}

/* assert_use asserts that a field holds |value|. */
UNUSED static void assert_use(const char *tenant, const char *entry, const char *field, const char *value) {
  TEST_OK(use(tenant, entry, field));
  TEST_SPAN(used.value, test_text(value), "%s/%s:%s", tenant, entry, field);
}

/* count_records returns how many audit records |condition| holds for, by what they have in clear. */
UNUSED static int64_t count_records(const char *condition) {
  char text[500];
  snprintf(text, sizeof(text), "SELECT count(*) FROM audit WHERE %s", condition);
  return run_sql(text);
}

/* Copies a record, opened, into the table of count_details. */
static enum bulla_status copy_record(void *arg, const struct bulla_audit_record *record) {
  const struct bulla_span parts[] = {record->tenant, record->actor, record->origin, record->reason,
                                     record->op,     record->entry, record->field,  record->outcome};
  sqlite3_stmt *statement = arg;
  sqlite3_bind_int64(statement, 1, record->seq);
  for (int i = 0; i < 8; i++) {
    sqlite3_bind_text(statement, i + 2, (const char *)parts[i].data, (int)parts[i].len, SQLITE_TRANSIENT);
  }
  sqlite3_bind_blob(statement, 10, record->tenant_id.data, (int)record->tenant_id.len, SQLITE_TRANSIENT);
  sqlite3_bind_blob(statement, 11, record->statement.data, (int)record->statement.len, SQLITE_TRANSIENT);
  cr_assert_eq(sqlite3_step(statement), SQLITE_DONE);
  sqlite3_reset(statement);
  return BULLA_OK;
}

/* count_details is count_records for records as the open vault reads them, with all that is sealed of them. */
UNUSED static int64_t count_details(const char *condition) {
  sqlite3 *db = NULL;
  sqlite3_stmt *statement = NULL;
  char text[500];
  cr_assert_eq(sqlite3_open(":memory:", &db), SQLITE_OK);
  cr_assert(behind_run(db,
                       "CREATE TABLE audit(seq, tenant, actor, origin, reason, op, entry, field, outcome, tenant_id, "
                       "statement)"));
  cr_assert_eq(
      sqlite3_prepare_v2(db, "INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", -1, &statement, NULL),
      SQLITE_OK);
  TEST_OK(bulla_vault_audit_log(house.vault, 1, TEXT(""), copy_record, statement));
  sqlite3_finalize(statement);
  snprintf(text, sizeof(text), "SELECT count(*) FROM audit WHERE %s", condition);
  cr_assert_eq(sqlite3_prepare_v2(db, text, -1, &statement, NULL), SQLITE_OK, "%s", sqlite3_errmsg(db));
  cr_assert_eq(sqlite3_step(statement), SQLITE_ROW);
  int64_t number = sqlite3_column_int64(statement, 0);
  sqlite3_finalize(statement);
  sqlite3_close(db);
  return number;
}

/* mend puts the rows of tenants back as |file| has them, so that the details of their records can be read. */
UNUSED static void mend(struct bulla_span file) {
  close_vault();
  lay_beside("whole", file);
  run_sql(beside("whole", "DELETE FROM tenant; INSERT INTO tenant SELECT * FROM whole.tenant"));
  open_vault();
}

/* Counts the record |record| in the int64_t |arg| if it tells of a lane. */
UNUSED static enum bulla_status count_lane_record(void *arg, const struct bulla_audit_record *record) {
  bool is_one = record->op.len > 5 && memcmp(record->op.data, "lane-", 5) == 0;
  *(int64_t *)arg += is_one ? 1 : 0;
  return BULLA_OK;
}

/* Asserts that the log is good and has |num_records|, beside those that tell of lanes: on a server who uses a vault
 * often has one of its own. */
UNUSED static void assert_unbroken(int64_t num_records) {
  struct bulla_audit_verdict verdict = BULLA_AUDIT_VERDICT_INIT;
  int64_t of_lanes = 0;
  TEST_OK(bulla_vault_audit_verify(house.vault, &verdict));
  if (postgres_is_tested()) {
    TEST_OK(bulla_vault_audit_log(house.vault, 1, TEXT(""), count_lane_record, &of_lanes));
  }
  cr_assert_eq(verdict.bad_seq, 0);
  cr_assert_eq(verdict.num_records, num_records + of_lanes, "%ld records, %ld of lanes, not %ld",
               (long)verdict.num_records, (long)of_lanes, (long)num_records);
}

/* The arguments of "%.*s". */
#define S(span) (int)(span).len, (const char *)(span).data

/* note appends one line to the buffer |arg|. */
UNUSED __attribute__((format(printf, 2, 3))) static void note(void *arg, const char *text, ...) {
  struct bulla_buffer *out = arg;
  va_list arguments;
  va_start(arguments, text);
  int len = vsnprintf((char *)out->data + out->len, out->size - out->len, text, arguments);
  va_end(arguments);
  cr_assert(len > 0 && (size_t)len < out->size - out->len);
  out->len += (size_t)len;
}

#endif
