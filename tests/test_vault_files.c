/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* A file system that does not do what is asked of it: wrong files, wrong places, locks, full disks. */

#include <dirent.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "tests/vault_support.h"

TestSuite(vault_files, .init = build_house, .fini = leave_house);

Test(vault_files, a_file_that_is_no_vault_is_told_and_left_as_it_was) {
  close_vault();
  struct bulla_span file = read_file(house.path);
  struct bulla_span cut = bulla_span(file.data, file.len - 4096);
  const struct bulla_span files[] = {
      bulla_span(file.data, 0),    bulla_span(file.data, 50),   bulla_span(file.data, 100),
      bulla_span(file.data, 4096), bulla_span(file.data, 5000), cut,
      test_filled('x', 1),         test_filled('x', 10000),     test_filled(0, 10000),
  };
  for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
    write_file(house.path, files[i]);
    TEST_STATUS(bulla_vault_open(&house.vault, house.url, house.root, NULL), BULLA_NOT_A_VAULT);
    TEST_SPAN(read_file(house.path), files[i], "file %zu was written to", i);
    unlink(in_house("v.db-wal"));
    unlink(in_house("v.db-shm"));
  }
  unlink(house.path);
  let_go(hold("CREATE TABLE t(x); INSERT INTO t VALUES (1)"));
  struct bulla_span foreign = read_file(house.path);
  TEST_STATUS(bulla_vault_open(&house.vault, house.url, house.root, NULL), BULLA_NOT_A_VAULT);
  TEST_SPAN(read_file(house.path), foreign, "a foreign database was written to");
}

Test(vault_files, urls_and_places_that_cannot_be) {
  static const struct {
    const char *path; /* in the folder */
    enum bulla_status to_open;
    enum bulla_status to_create;
  } rows[] = {
      {"absent.db", BULLA_NO_VAULT, BULLA_OK},    {"", BULLA_NOT_A_VAULT, BULLA_EXISTS},
      {"nowhere/v.db", BULLA_NO_VAULT, BULLA_IO}, {"v.db/v.db", BULLA_NO_VAULT, BULLA_IO},
      {"pipe", BULLA_NOT_A_VAULT, BULLA_EXISTS},  {"v.db", BULLA_OK, BULLA_EXISTS},
      {"dangling", BULLA_NO_VAULT, BULLA_EXISTS},
  };
  alarm(20);
  cr_assert_eq(mkfifo(in_house("pipe"), 0600), 0);
  cr_assert_eq(symlink("target", in_house("dangling")), 0);
  struct bulla_vault *vault = NULL;
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    char url[400];
    snprintf(url, sizeof(url), "sqlite:%s/%s", house.folder, rows[i].path);
    enum bulla_status status = bulla_vault_open(&vault, url, house.root, NULL);
    cr_assert_eq(status, rows[i].to_open, "open %s: %s", url, bulla_status_text(status));
    bulla_vault_close(&vault);
    status = bulla_vault_create(url, house.root);
    cr_assert_eq(status, rows[i].to_create, "create %s: %s", url, bulla_status_text(status));
  }
  static const char *const urls[] = {"", "v.db", "postgres:x", "SQLITE:x", "file:x", "sqlite:"};
  for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
    TEST_STATUS(bulla_vault_open(&vault, urls[i], house.root, NULL), BULLA_UNSUPPORTED);
    TEST_STATUS(bulla_vault_create(urls[i], house.root), BULLA_UNSUPPORTED);
  }
  TEST_STATUS(bulla_vault_open(&vault, NULL, house.root, NULL), BULLA_INVALID_ARGUMENT);
  TEST_STATUS(bulla_vault_open(&vault, house.url, NULL, NULL), BULLA_INVALID_ARGUMENT);
  TEST_STATUS(bulla_vault_create("sqlite:x", NULL), BULLA_INVALID_ARGUMENT);
}

Test(vault_files, paths_that_mean_something_else_to_others_are_refused) {
  static const char *const urls[] = {"sqlite::memory:", "sqlite:file:x",    "sqlite:file:x?mode=memory",
                                     "sqlite::x",       "sqlite:x?mode=ro", "sqlite:x?",
                                     "sqlite://x",      "sqlite:///x",      "sqlite:////x",
                                     "sqlite:?x",       "sqlite://host/x",  "sqlite:///"};
  cr_assert_eq(chdir(house.folder), 0);
  for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
    struct bulla_vault *vault = NULL;
    TEST_STATUS(bulla_vault_create(urls[i], house.root), BULLA_UNSUPPORTED);
    TEST_STATUS(bulla_vault_open(&vault, urls[i], house.root, NULL), BULLA_UNSUPPORTED);
  }
  cr_assert_neq(access("x", F_OK), 0);
  cr_assert_neq(access("/x", F_OK), 0);
}

Test(vault_files, names_that_mean_something_to_sqlite_are_names_of_files_behind_a_folder) {
  static const char *const names[] = {"./:memory:", "./file:x", "relative.db", "a:b", "./#x"};
  cr_assert_eq(chdir(house.folder), 0);
  for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
    char url[100];
    struct bulla_vault *vault = NULL;
    snprintf(url, sizeof(url), "sqlite:%s", names[i]);
    TEST_OK(bulla_vault_create(url, house.root));
    cr_assert_eq(access(in_house(names[i]), F_OK), 0, "%s", names[i]);
    TEST_OK(bulla_vault_open(&vault, url, house.root, NULL));
    bulla_vault_close(&vault);
  }
}

Test(vault_files, a_vault_that_is_opened_for_reading_stays_as_it_is) {
  struct bulla_vault_options options = BULLA_VAULT_OPTIONS_INIT;
  const struct bulla_place entry = {.tenant = BULLA_LITERAL("acme"), .entry = BULLA_LITERAL("db")};
  TEST_OK(put("acme", "db", "password", "hunter2", true));
  close_vault();
  struct bulla_span before = read_file(house.path);
  options.read_only = true;
  TEST_OK(bulla_vault_open(&house.vault, house.url, house.root, &options));
  assert_unbroken(2);
  TEST_STATUS(bulla_vault_remove(house.vault, &who, &entry), BULLA_READ_ONLY);
  TEST_STATUS(use("acme", "db", "password"), BULLA_READ_ONLY);
  close_vault();
  TEST_SPAN(read_file(house.path), before, "a vault that was opened for reading");
  cr_expect_neq(access(in_house("v.db-wal"), F_OK), 0);
}

/* As another user, who may read and not write. */
static int open_as_nobody(void *arg) {
  (void)arg;
  if (setgid(65534) != 0 || setuid(65534) != 0) {
    return TEST_CANNOT;
  }
  setenv("BULLA_TEST_ROOT", "same", 1);
  struct bulla_root *root BULLA_CLEANUP(bulla_root_free) = NULL;
  struct bulla_vault *vault BULLA_CLEANUP(bulla_vault_close) = NULL;
  if (bulla_root_open(&root, "sha256-env:BULLA_TEST_ROOT") != BULLA_OK) {
    return 254;
  }
  enum bulla_status to_open = bulla_vault_open(&vault, house.url, root, NULL);
  enum bulla_status to_create = bulla_vault_create(url_of("new.db"), root);
  return to_create == BULLA_READ_ONLY ? (int)to_open : 253;
}

Test(vault_files, a_folder_or_file_that_cannot_be_written_is_only_read) {
  close_vault();
  static const struct {
    mode_t file;
    mode_t folder;
    enum bulla_status wanted;
  } rows[] = {
      /* That the root key is another one is told by whoever could read the file. */
      {0666, 0755, BULLA_ROOT_WRONG},
      {0644, 0755, BULLA_ROOT_WRONG},
      {0600, 0755, BULLA_READ_ONLY},
  };
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    cr_assert_eq(chmod(house.path, rows[i].file), 0);
    cr_assert_eq(chmod(house.folder, rows[i].folder), 0);
    int status = test_in_child_or_skip(open_as_nobody, NULL, "not root: cannot become another user");
    cr_assert_eq(WEXITSTATUS(status), TEST_EXIT(rows[i].wanted), "%zu: %d", i, WEXITSTATUS(status));
    cr_assert_neq(access(in_house("new.db"), F_OK), 0);
  }
}

Test(vault_files, a_locked_database_is_busy_and_nothing_opens) {
  TEST_OK(put("acme", "db", "password", "x", true));
  bulla_db_set_patience(house.vault->db, 50);
  struct sqlite3 *db = hold("BEGIN EXCLUSIVE");
  TEST_STATUS(use("acme", "db", "password"), BULLA_BUSY);
  TEST_STATUS(put("acme", "db", "password", "y", true), BULLA_BUSY);
  TEST_STATUS(bulla_vault_remove(house.vault, &who, AT(TEXT("acme"), TEXT("db"))), BULLA_BUSY);
  cr_assert_eq(used.calls, 0);
  /* Readers go on. */
  int num = 0;
  TEST_OK(bulla_vault_show(house.vault, AT(TEXT("acme"), TEXT("db")), count_field, &num));
  assert_unbroken(2);
  cr_assert(behind_run(db, "ROLLBACK"));
  let_go(db);
  assert_use("acme", "db", "password", "x");
}

Test(vault_files, without_room_for_the_record_nothing_opens) {
  TEST_OK(put("acme", "db", "password", "x", true));
  struct sqlite3 *db = behind_handle(house.vault);
  cr_assert(behind_run(db, "PRAGMA max_page_count = 1"));
  enum bulla_status status = BULLA_OK;
  for (int i = 0; i < 1000 && status == BULLA_OK; i++) {
    status = use("acme", "db", "password");
  }
  TEST_STATUS(status, BULLA_DISK_FULL);
  int calls = used.calls;
  for (int i = 0; i < 3; i++) {
    TEST_STATUS(use("acme", "db", "password"), BULLA_DISK_FULL);
  }
  cr_assert_eq(used.calls, calls);
  cr_assert_eq(count_records("outcome = 'granted'"), calls);
  /* A put that does not fit leaves what was there. */
  struct bulla_field fields[] = {{TEXT("password"), TEXT("new"), true},
                                 {TEXT("large"), test_filled('v', BULLA_VALUE_MAX), true}};
  TEST_STATUS(bulla_vault_put(house.vault, &who, AT(TEXT("acme"), TEXT("db")), fields, 2), BULLA_DISK_FULL);
  cr_assert(behind_run(db, "PRAGMA max_page_count = 100000"));
  assert_use("acme", "db", "password", "x");
  assert_unbroken(2 + calls + 1);
}

Test(vault_files, an_import_that_does_not_fit_blames_no_row) {
  struct bulla_secret *key BULLA_CLEANUP(bulla_secret_free) = test_secret(test_filled(1, 32));
  struct bulla_span value = test_filled('v', 30000);
  struct bulla_buffer triple = test_room(bulla_triple_len(value.len));
  TEST_OK(bulla_triple_seal(key, &triple, value));
  struct bulla_import rows[] = {{TEXT("a"), TEXT("key"), bulla_written(&triple)},
                                {TEXT("b"), TEXT("key"), bulla_written(&triple)}};
  size_t failed = 0;
  cr_assert(behind_run(behind_handle(house.vault), "PRAGMA max_page_count = 1"));
  TEST_STATUS(bulla_vault_import(house.vault, &failed, &who, TEXT("acme"), key, NULL, rows, 2), BULLA_DISK_FULL);
  cr_assert_eq(failed, 2);
}

Test(vault_files, a_vault_has_its_log_from_the_first_transaction_on) {
  TEST_OK(bulla_vault_create(url_of("new.db"), house.root));
  /* https://www.sqlite.org/fileformat.html, section 1.3: 2 stands for WAL. */
  TEST_SPAN(bulla_span(read_file(in_house("new.db")).data + 18, 2), TEXT("\2\2"), "write and read version");
}

Test(vault_files, what_makes_a_file_no_vault_is_named_and_what_analyze_leaves_is_harmless) {
  static const struct {
    const char *change;
    const char *undo;
    const char *named; /* NULL: it stays a vault */
  } rows[] = {
      {"ANALYZE", "DROP TABLE sqlite_stat1", NULL},
      {"CREATE TABLE _litestream_seq(id INTEGER PRIMARY KEY, seq INTEGER)", "DROP TABLE _litestream_seq",
       "_litestream_seq"},
      {"CREATE VIEW v AS SELECT 1", "DROP VIEW v", "the view v"},
      {"DROP INDEX revoked_token_expires", "CREATE INDEX revoked_token_expires ON revoked_token(expires)",
       "revoked_token_expires is missing"},
      {"PRAGMA application_id = 0; PRAGMA user_version = 0",
       "PRAGMA application_id = 1112886337; PRAGMA user_version = 2", "SQL dump"},
      {"PRAGMA application_id = 7", "PRAGMA application_id = 1112886337", "application_id is 7"},
  };
  for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
    close_vault();
    run_sql(rows[i].change);
    test_listen();
    TEST_STATUS(bulla_vault_open(&house.vault, house.url, house.root, NULL),
                rows[i].named == NULL ? BULLA_OK : BULLA_NOT_A_VAULT);
    cr_expect(rows[i].named == NULL || strstr(test_told.text, rows[i].named) != NULL, "row %zu: %s", i, test_told.text);
    bulla_vault_close(&house.vault);
    run_sql(rows[i].undo);
    open_vault();
  }
  bulla_log_set(NULL, NULL);
}

/* A disk that is full after |*arg| KiB: creates a vault, and uses it until that fails. */
static int fill_disk(void *arg) {
  rlim_t size = (rlim_t) * (int *)arg * 1024;
  struct rlimit small = {size, size};
  signal(SIGXFSZ, SIG_IGN);
  setrlimit(RLIMIT_FSIZE, &small);
  setenv("BULLA_TEST_ROOT", "same", 1);
  struct bulla_root *root BULLA_CLEANUP(bulla_root_free) = NULL;
  enum bulla_status status = bulla_root_open(&root, "sha256-env:BULLA_TEST_ROOT");
  if (status == BULLA_OK) {
    status = bulla_vault_create(url_of("small.db"), root);
  }
  if (status == BULLA_DISK_FULL) {
    return 1;
  }
  struct bulla_vault *vault = NULL;
  if (status == BULLA_OK) {
    status = bulla_vault_open(&vault, url_of("small.db"), root, NULL);
  }
  if (status != BULLA_OK) {
    return 100 + (int)status;
  }
  struct bulla_field field = {TEXT("password"), TEXT("a value"), true};
  status = bulla_vault_put(vault, &who, AT(TEXT("acme"), TEXT("db")), &field, 1);
  while (status == BULLA_OK) {
    status = bulla_vault_use(vault, &who, AT(TEXT("acme"), TEXT("db"), TEXT("password")), remember, NULL);
  }
  struct bulla_audit_verdict verdict = BULLA_AUDIT_VERDICT_INIT;
  if (status != BULLA_DISK_FULL || bulla_vault_audit_verify(vault, &verdict) != BULLA_OK) {
    return 100 + (int)status;
  }
  bulla_vault_close(&vault);
  return 2;
}

Test(vault_files, a_full_disk_is_told_and_creation_leaves_nothing_behind) {
  bool seen[3] = {false};
  close_vault();
  for (int kib = 0; kib <= 300; kib += kib < 100 ? 4 : 50) {
    int status = test_in_child(fill_disk, &kib);
    cr_assert(WIFEXITED(status), "%d KiB: %x", kib, (unsigned)status);
    int result = WEXITSTATUS(status);
    cr_assert(result == 1 || result == 2, "%d KiB: %s", kib, bulla_status_text((enum bulla_status)(result - 100)));
    seen[result] = true;
    DIR *folder = opendir(house.folder);
    const struct dirent *entry;
    while ((entry = readdir(folder)) != NULL) {
      bool small = strncmp(entry->d_name, "small", 5) == 0;
      cr_assert(!small || result == 2, "%d KiB: left %s behind", kib, entry->d_name);
    }
    closedir(folder);
    if (result == 2) {
      struct bulla_root *root = NULL;
      struct bulla_vault *vault = NULL;
      struct bulla_audit_verdict verdict = BULLA_AUDIT_VERDICT_INIT;
      setenv("BULLA_TEST_ROOT", "same", 1);
      TEST_OK(bulla_root_open(&root, "sha256-env:BULLA_TEST_ROOT"));
      TEST_OK(bulla_vault_open(&vault, url_of("small.db"), root, NULL));
      TEST_OK(bulla_vault_audit_verify(vault, &verdict));
      bulla_vault_close(&vault);
      bulla_root_free(&root);
      unlink(in_house("small.db"));
    }
  }
  cr_assert(seen[1] && seen[2], "both a creation and a use that fails");
}

Test(vault_files, stale_files_of_an_earlier_vault_are_not_taken_for_the_new_ones) {
  TEST_OK(put("acme", "db", "password", "x", true));
  struct bulla_span wal = read_file(in_house("v.db-wal"));
  cr_assert_gt(wal.len, 0);
  static const char *const stale[] = {"new.db-wal", "new.db-journal"};
  for (size_t i = 0; i < 2; i++) {
    write_file(in_house(stale[i]), wal);
    TEST_STATUS(bulla_vault_create(url_of("new.db"), house.root), BULLA_EXISTS);
    cr_expect_eq(read_file(in_house(stale[i])).len, wal.len, "what was there is untouched");
    unlink(in_house(stale[i]));
  }
  struct bulla_vault *vault = NULL;
  struct bulla_audit_verdict verdict = BULLA_AUDIT_VERDICT_INIT;
  TEST_OK(bulla_vault_create(url_of("new.db"), house.root));
  TEST_OK(bulla_vault_open(&vault, url_of("new.db"), house.root, NULL));
  TEST_OK(bulla_vault_audit_verify(vault, &verdict));
  cr_assert_eq(verdict.num_records, 1);
  bulla_vault_close(&vault);
}

Test(vault_files, nothing_of_what_was_removed_or_replaced_stays_in_the_file) {
  static const char *const values[] = {"first-value-of-the-host", "second-value-of-the-host"};
  TEST_OK(bulla_vault_keep(house.vault, &who, NULL, 0));
  for (size_t i = 0; i < 2; i++) {
    TEST_OK(put("acme", "db", "host", values[i], false));
    TEST_OK(put("acme", "other", "host", "a-neighbour-that-stays", false));
  }
  close_vault();
  struct bulla_span file = read_file(house.path);
  cr_assert_null(memmem(file.data, file.len, values[0], strlen(values[0])));
  cr_assert_not_null(memmem(file.data, file.len, values[1], strlen(values[1])));
  open_vault();
  TEST_OK(bulla_vault_remove(house.vault, &who, AT(TEXT("acme"), TEXT("db"))));
  close_vault();
  file = read_file(house.path);
  cr_assert_null(memmem(file.data, file.len, values[1], strlen(values[1])));
}
