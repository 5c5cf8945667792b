/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* A vault whose files move while it is open: nothing opens, and nothing is told done that is not in the file which the
 * path leads to now. */

#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "tests/vault_support.h"

static void build_used_house(void) {
  build_house();
  TEST_OK(put("acme", "db", "password", "hunter2", true));
  TEST_OK(put_apikey(TEXT("acme"), RECORD_ID, "", 7));
}

TestSuite(vault_moved, .init = build_used_house, .fini = leave_house, .timeout = 100);

/* Everything that a living service does: each says that the files have moved, and gives nothing away. */
static void assert_nothing_works(const char *how) {
  int calls = 0;
  bool is = true;
  struct bulla_audit_verdict verdict = BULLA_AUDIT_VERDICT_INIT;
  const enum bulla_status statuses[] = {
      use("acme", "db", "password"),
      put("acme", "db", "host", "h", false),
      bulla_vault_remove(house.vault, &who, AT(TEXT("acme"), TEXT("db"))),
      bulla_vault_show(house.vault, AT(TEXT("acme"), TEXT("db")), count_field, &calls),
      bulla_vault_list(house.vault, TEXT(""), count_entry, &calls),
      bulla_vault_audit_log(house.vault, 1, TEXT(""), count_record, &calls),
      bulla_vault_audit_verify(house.vault, &verdict),
      bulla_vault_apikey_use(house.vault, &who, RECORD_ID, count_root, &calls),
      put_apikey(TEXT("acme"), TEXT("fedcba9876543210"), "", 7),
      bulla_vault_apikey_revoke(house.vault, &who, RECORD_ID),
      bulla_vault_token_revoke(house.vault, &who, TEXT("acme"), TEXT("t"), INT64_MAX),
      bulla_vault_token_revoked(house.vault, &is, TEXT("acme"), TEXT("t")),
      bulla_vault_apikey_live(house.vault, RECORD_ID),
  };
  for (size_t i = 0; i < sizeof(statuses) / sizeof(*statuses); i++) {
    cr_expect_eq(statuses[i], BULLA_VAULT_MOVED, "%s, call %zu: %s", how, i, bulla_status_text(statuses[i]));
  }
  cr_expect_eq(calls + used.calls, 0, "%s", how);
  cr_expect_not(is, "%s", how);
  cr_expect_eq(bulla_vault_generation(house.vault) % 2, 1, "%s", how);
}

/* What is known from before is believed no longer than a look is good for. */
static void wait_for_the_look(void) {
  usleep((BULLA_LOOK_MS + 20) * 1000);
}

static void begin_to_live(void) {
  bool is;
  TEST_OK(bulla_vault_token_revoked(house.vault, &is, TEXT("acme"), TEXT("t")));
  TEST_OK(bulla_vault_apikey_live(house.vault, RECORD_ID));
}

/* Has |name| of the house lead elsewhere by |how|, and back. */
static void move_away(const char *name) {
  cr_assert_eq(rename(in_house(name), in_house("elsewhere")), 0);
}

static void move_back(const char *name) {
  cr_assert_eq(rename(in_house("elsewhere"), in_house(name)), 0);
}

static void replace(const char *name) {
  write_file(in_house("copy"), read_file(in_house(name)));
  cr_assert_eq(link(in_house(name), in_house("elsewhere")), 0);
  cr_assert_eq(rename(in_house("copy"), in_house(name)), 0);
}

/* What happened to the files meanwhile nobody knows: the open vault is not gone on with, a new one is. */
static void open_anew(void) {
  TEST_STATUS(use("acme", "db", "password"), BULLA_VAULT_MOVED);
  close_vault();
  open_vault();
  begin_to_live();
  assert_use("acme", "db", "password", "hunter2");
  used.calls = 0;
}

Test(vault_moved, a_service_that_lives_on_notices_each_file_that_moved_and_goes_on_only_when_it_opens_it_anew) {
  static const char *const names[] = {"v.db", "v.db-wal", "v.db-shm"};
  static void (*const ways[])(const char *) = {move_away, replace};
  begin_to_live();
  for (size_t i = 0; i < 6; i++) {
    char how[100];
    snprintf(how, sizeof(how), "%s, %s", names[i % 3], i < 3 ? "moved away" : "replaced");
    ways[i / 3](names[i % 3]);
    wait_for_the_look();
    assert_nothing_works(how);
    move_back(names[i % 3]);
    open_anew();
  }
  assert_unbroken(9);
}

Test(vault_moved, what_is_removed_for_good_stays_an_error) {
  static const char *const names[] = {"v.db-wal", "v.db-shm", "v.db"};
  begin_to_live();
  for (size_t i = 0; i < 3; i++) {
    cr_assert_eq(unlink(in_house(names[i])), 0);
    wait_for_the_look();
    assert_nothing_works(names[i]);
  }
}

Test(vault_moved, a_folder_that_was_renamed_is_a_vault_that_moved) {
  char other[400];
  snprintf(other, sizeof(other), "%s.other", house.folder);
  begin_to_live();
  cr_assert_eq(rename(house.folder, other), 0);
  wait_for_the_look();
  assert_nothing_works("folder");
  cr_assert_eq(rename(other, house.folder), 0);
  open_anew();
}

Test(vault_moved, a_link_that_leads_to_another_vault_now_is_a_vault_that_moved) {
  bulla_vault_close(&house.vault);
  TEST_OK(bulla_vault_create(url_of("other.db"), house.root));
  cr_assert_eq(symlink("v.db", in_house("current.db")), 0);
  TEST_OK(bulla_vault_open(&house.vault, url_of("current.db"), house.root, NULL));
  begin_to_live();
  cr_assert_eq(unlink(in_house("current.db")), 0);
  cr_assert_eq(symlink("other.db", in_house("current.db")), 0);
  wait_for_the_look();
  assert_nothing_works("link");
}

/* Moves the database while a use holds the value, and so between two commits. */
static enum bulla_status move_meanwhile(void *arg, struct bulla_span value) {
  (void)arg;
  (void)value;
  move_away("v.db");
  return BULLA_OK;
}

Test(vault_moved, a_use_after_the_move_opens_nothing_however_soon) {
  TEST_OK(bulla_vault_use(house.vault, &who, AT(TEXT("acme"), TEXT("db"), TEXT("password")), move_meanwhile, NULL));
  TEST_STATUS(use("acme", "db", "password"), BULLA_VAULT_MOVED);
  cr_expect_eq(used.calls, 0);
  move_back("v.db");
  close_vault();
  open_vault();
  assert_unbroken(4);
}

Test(vault_moved, what_would_be_committed_after_the_move_is_undone) {
  struct bulla_db *transaction = NULL;
  TEST_OK(bulla_db_begin(&transaction, house.vault->db, BULLA_DB_WRITE));
  cr_assert(behind_run(behind_handle(house.vault), "DELETE FROM field"));
  move_away("v.db");
  TEST_STATUS(bulla_db_commit(&transaction), BULLA_VAULT_MOVED);
  bulla_db_rollback(&transaction);
  move_back("v.db");
  close_vault();
  open_vault();
  assert_use("acme", "db", "password", "hunter2");
}

Test(vault_moved, a_file_with_a_second_name_is_not_opened_by_either) {
  struct bulla_vault *vault = NULL;
  close_vault();
  cr_assert_eq(link(house.path, in_house("other.db")), 0);
  TEST_STATUS(bulla_vault_open(&vault, url_of("other.db"), house.root, NULL), BULLA_VAULT_SHARED);
  TEST_STATUS(bulla_vault_open(&vault, house.url, house.root, NULL), BULLA_VAULT_SHARED);
  cr_assert_eq(unlink(in_house("other.db")), 0);
  open_vault();
  assert_use("acme", "db", "password", "hunter2");
}

/* In another process: opens the vault at |arg|. */
static int open_elsewhere(void *arg) {
  struct bulla_vault *vault = NULL;
  struct bulla_root *root = NULL;
  char url[400];
  snprintf(url, sizeof(url), "file:%s", in_house("root"));
  if (bulla_root_open(&root, url) != BULLA_OK) {
    return 254;
  }
  snprintf(url, sizeof(url), "sqlite:%s", (const char *)arg);
  return (int)bulla_vault_open(&vault, url, root, NULL);
}

/* In a name space of its own: mounts |arg|, a file, over another, and opens that. */
static int open_mounted_alone(void *arg) {
  if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
      mount(house.path, arg, NULL, MS_BIND, NULL) != 0) {
    return TEST_CANNOT;
  }
  return open_elsewhere(arg);
}

Test(vault_moved, a_file_that_is_mounted_without_its_folder_is_not_opened) {
  char alone[400];
  snprintf(alone, sizeof(alone), "%s", in_house("alone.db"));
  close_vault();
  write_file(alone, TEXT("x"));
  int status = test_in_child_or_skip(open_mounted_alone, alone, "cannot mount here");
  cr_expect_eq(WEXITSTATUS(status), TEST_EXIT(BULLA_VAULT_SHARED), "%d", status);
}

/* The child is forked before the vault is open here, waits until it is and has moved, and opens it by its new name. */
Test(vault_moved, who_opens_a_vault_by_its_new_name_is_refused_while_another_has_it_by_the_old) {
  char name[400];
  int ready[2];
  snprintf(name, sizeof(name), "%s", in_house("moved.db"));
  close_vault();
  cr_assert_eq(pipe(ready), 0);
  pid_t child = fork();
  if (child == 0) {
    char go;
    _exit(read(ready[0], &go, 1) == 1 ? open_elsewhere(name) : 253);
  }
  open_vault();
  begin_to_live();
  cr_assert_eq(rename(house.path, name), 0);
  cr_assert_eq(write(ready[1], "x", 1), 1);
  int status;
  cr_assert_eq(waitpid(child, &status, 0), child);
  cr_expect_eq(WEXITSTATUS(status), TEST_EXIT(BULLA_VAULT_SHARED), "%d", WEXITSTATUS(status));
  TEST_STATUS(use("acme", "db", "password"), BULLA_VAULT_MOVED);
}

Test(vault_moved, a_log_of_changes_that_was_emptied_in_its_place_is_noticed_by_the_next_commit) {
  for (int i = 0; i < 2; i++) {
    struct stat seen;
    cr_assert_eq(stat(in_house("v.db-wal"), &seen), 0);
    cr_assert_eq(truncate(in_house("v.db-wal"), i == 0 ? 0 : seen.st_size / 2), 0);
    TEST_STATUS(put("acme", "db", "host", "h", false), BULLA_VAULT_MOVED);
    TEST_STATUS(use("acme", "db", "password"), BULLA_VAULT_MOVED);
    cr_expect_eq(used.calls, 0);
    leave_house();
    build_used_house();
  }
}

Test(vault_moved, files_beside_the_database_that_another_user_made_are_not_taken) {
  if (geteuid() != 0) {
    cr_skip_test("cannot make files of another user");
  }
  /* SQLite itself gives root's files to whom the database belongs; other users cannot. */
  struct bulla_site site;
  close_vault();
  TEST_OK(bulla_site_begin(&site, house.path));
  write_file(in_house("v.db-wal"), TEXT("x"));
  write_file(in_house("v.db-shm"), TEXT("x"));
  TEST_STATUS(bulla_site_complete(&site), BULLA_VAULT_SHARED);
  cr_assert_eq(chmod(in_house("v.db-wal"), 0600) | chmod(in_house("v.db-shm"), 0600), 0);
  TEST_OK(bulla_site_complete(&site));
  site.num_known = 1;
  cr_assert_eq(chown(in_house("v.db-shm"), 65534, 65534), 0);
  TEST_STATUS(bulla_site_complete(&site), BULLA_VAULT_SHARED);
}

static int open_after_the_fork(void *arg) {
  bulla_vault_close(&house.vault);
  return open_elsewhere(arg);
}

Test(vault_moved, a_child_of_a_process_that_has_a_vault_open_cannot_open_one) {
  cr_expect_eq(WEXITSTATUS(test_in_child(open_after_the_fork, house.path)), TEST_EXIT(BULLA_FORKED));
  assert_use("acme", "db", "password", "hunter2");
}

Test(vault_moved, another_vault_of_the_same_root_is_not_the_one_of_the_id) {
  struct bulla_vault_options options = BULLA_VAULT_OPTIONS_INIT;
  struct bulla_span id = test_copy(bulla_vault_id(house.vault));
  cr_assert_eq(id.len, BULLA_VAULT_ID_LEN);
  close_vault();
  TEST_OK(bulla_vault_create(url_of("other.db"), house.root));
  options.id = id;
  TEST_OK(bulla_vault_open(&house.vault, house.url, house.root, &options));
  close_vault();
  cr_assert_eq(rename(in_house("other.db"), house.path), 0);
  TEST_STATUS(bulla_vault_open(&house.vault, house.url, house.root, &options), BULLA_WRONG_VAULT);
  options.id.len--;
  TEST_STATUS(bulla_vault_open(&house.vault, house.url, house.root, &options), BULLA_INVALID_ARGUMENT);
  const struct bulla_vault_options unsized = {.id = id};
  TEST_STATUS(bulla_vault_open(&house.vault, house.url, house.root, &unsized), BULLA_INVALID_ARGUMENT);
}

Test(vault_moved, the_log_names_the_file) {
  test_listen();
  begin_to_live();
  move_away("v.db-shm");
  TEST_STATUS(use("acme", "db", "password"), BULLA_VAULT_MOVED);
  cr_expect_not_null(strstr(test_told.text, "-shm"), "%s", test_told.text);
  bulla_log_set(NULL, NULL);
}
