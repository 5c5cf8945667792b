/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The -wal of a vault in a long life stays short, whatever the mix of calls, and writers come through in turn. */

#include <dirent.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "tests/vault_support.h"

#define WAL_MAX (8 << 20)

static void build_used_house(void) {
  build_shared_house();
  open_vault();
  TEST_OK(put("acme", "db", "password", "hunter2", true));
}

TestSuite(vault_wal, .init = build_used_house, .fini = leave_house, .timeout = 200);

static off_t wal_len(void) {
  struct stat seen;
  cr_assert_eq(stat(in_house("v.db-wal"), &seen), 0);
  return seen.st_size;
}

static enum bulla_status use_once(struct bulla_vault *vault) {
  return bulla_vault_use(vault, &who, AT(TEXT("acme"), TEXT("db"), TEXT("password")), count_value, NULL);
}

static void use_often(int times) {
  for (int i = 0; i < times; i++) {
    TEST_OK(use_once(house.vault));
    cr_assert_leq(wal_len(), WAL_MAX, "after %d uses", i + 1);
  }
}

Test(vault_wal, uses_alone_keep_it_short) {
  use_often(2500);
}

static enum bulla_status write_from_within(void *arg, const struct bulla_audit_record *record) {
  /* As long as a pager that nobody scrolls. */
  if (record->seq == 1) {
    use_often(*(const int *)arg);
  }
  return BULLA_OK;
}

Test(vault_wal, a_reader_of_the_log_that_takes_its_time_holds_nothing_up) {
  int times = 2500;
  TEST_OK(bulla_vault_audit_log(house.vault, 1, TEXT(""), write_from_within, &times));
}

static enum bulla_status put_large(int i) {
  char name[30];
  snprintf(name, sizeof(name), "e%d", i % 7);
  struct bulla_field field = {TEXT("blob"), test_filled('x', 40000), true};
  return bulla_vault_put(house.vault, &who, AT(TEXT("acme"), test_text(name)), &field, 1);
}

static void verify_until_killed(void) {
  struct bulla_vault *vault = enter();
  for (;;) {
    struct bulla_audit_verdict verdict = BULLA_AUDIT_VERDICT_INIT;
    bool is;
    if (bulla_vault_audit_verify(vault, &verdict) != BULLA_OK ||
        bulla_vault_token_revoked(vault, &is, TEXT("acme"), TEXT("t")) != BULLA_OK) {
      _exit(1);
    }
  }
}

Test(vault_wal, a_mix_of_calls_in_two_processes_keeps_it_short) {
  TEST_OK(put_apikey(TEXT("acme"), RECORD_ID, "", 7));
  close_vault();
  pid_t child = fork();
  if (child == 0) {
    verify_until_killed();
  }
  open_vault();
  off_t longest = 0;
  for (int i = 0; i < 1200; i++) {
    TEST_OK(use_once(house.vault));
    TEST_OK(bulla_vault_apikey_use(house.vault, &who, RECORD_ID, count_root, NULL));
    if (i % 5 == 0) {
      TEST_OK(put_large(i));
    }
    longest = wal_len() > longest ? wal_len() : longest;
  }
  cr_expect_leq(longest, WAL_MAX, "%ld", (long)longest);
  int status;
  cr_assert_eq(waitpid(child, &status, WNOHANG), 0, "the other process lives");
  kill(child, SIGKILL);
  waitpid(child, &status, 0);
}

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void flood(void) {
  struct bulla_vault *vault = enter();
  for (;;) {
    if (use_once(vault) != BULLA_OK) {
      _exit(1);
    }
  }
}

Test(vault_wal, writers_of_other_processes_come_through_beside_a_flood) {
  enum { FLOODS = 2, ROUNDS = 30 };
  pid_t floods[FLOODS];
  close_vault();
  for (int i = 0; i < FLOODS; i++) {
    floods[i] = fork();
    if (floods[i] == 0) {
      flood();
    }
  }
  open_vault();
  double longest = 0;
  usleep(300000);
  for (int i = 0; i < ROUNDS; i++) {
    char jti[20];
    snprintf(jti, sizeof(jti), "t-%d", i);
    double start = seconds();
    TEST_OK(put("acme", "other", "host", jti, false));
    double between = seconds();
    TEST_OK(bulla_vault_token_revoke(house.vault, &who, TEXT("acme"), test_text(jti), INT64_MAX));
    double end = seconds();
    longest = between - start > longest ? between - start : longest;
    longest = end - between > longest ? end - between : longest;
  }
  cr_expect_lt(longest, 1.0, "%g s", longest);
  for (int i = 0; i < FLOODS; i++) {
    int status;
    cr_expect_eq(waitpid(floods[i], &status, WNOHANG), 0, "the flood goes on");
    kill(floods[i], SIGKILL);
    waitpid(floods[i], &status, 0);
  }
}

Test(vault_wal, the_turn_is_one_at_a_time_and_what_revokes_goes_first) {
  const struct bulla_turn *ours = behind_turn(house.vault);
  struct bulla_vault *other = enter();
  const struct bulla_turn *theirs = behind_turn(other);
  cr_assert(bulla_turn_try(ours, false));
  cr_expect_not(bulla_turn_try(theirs, false));
  cr_expect_not(bulla_turn_try(theirs, true));
  bulla_turn_announce(theirs);
  bulla_turn_give(ours);
  cr_expect_not(bulla_turn_try(ours, false), "somebody waits who goes first");
  cr_assert(bulla_turn_try(theirs, true));
  bulla_turn_give(theirs);
  cr_expect(bulla_turn_try(ours, false));
  bulla_turn_give(ours);
  bulla_vault_close(&other);
}

Test(vault_wal, a_turn_that_nobody_gives_back_holds_up_nobody_for_long) {
  struct bulla_vault *other = enter();
  cr_assert(bulla_turn_try(behind_turn(other), false));
  bulla_turn_announce(behind_turn(other));
  double start = seconds();
  TEST_OK(put("acme", "db", "host", "h", false));
  TEST_OK(bulla_vault_token_revoke(house.vault, &who, TEXT("acme"), TEXT("t"), INT64_MAX));
  cr_expect_lt(seconds() - start, 3.0);
  bulla_vault_close(&other);
}

/* Holds the write lock of SQLite, and so everybody else up. */
static void *put_once(void *arg) {
  *(enum bulla_status *)arg = put("acme", "db", "host", "h", false);
  return NULL;
}

Test(vault_wal, who_waits_is_told_after_five_seconds_also_behind_other_threads, .timeout = 60) {
  enum { THREADS = 4 };
  struct test_threads threads;
  enum bulla_status statuses[THREADS];
  struct sqlite3 *db = hold("BEGIN IMMEDIATE");
  double start = seconds();
  test_start(&threads, THREADS, put_once, statuses, sizeof(*statuses));
  test_join(&threads);
  for (int i = 0; i < THREADS; i++) {
    TEST_STATUS(statuses[i], BULLA_BUSY);
  }
  double took = seconds() - start;
  cr_expect(took > 4.5 && took < 7.5, "%g s", took);
  let_go(db);
}

static void *use_for_ever(void *arg) {
  (void)arg;
  for (;;) {
    if (use_once(house.vault) != BULLA_OK) {
      return NULL;
    }
    pthread_testcancel();
  }
}

Test(vault_wal, a_thread_that_is_cancelled_leaves_the_vault_to_the_others) {
  for (int i = 0; i < 60; i++) {
    pthread_t thread;
    cr_assert_eq(pthread_create(&thread, NULL, use_for_ever, NULL), 0);
    usleep((useconds_t)(i * 137 % 5000));
    cr_assert_eq(pthread_cancel(thread), 0);
    void *result = NULL;
    pthread_join(thread, &result);
    cr_assert_eq(result, PTHREAD_CANCELED);
    alarm(10);
    TEST_OK(use_once(house.vault));
    TEST_OK(put("acme", "db", "host", "h", false));
    alarm(0);
  }
}

/* In a file system of its own of |*arg| KiB: makes a vault, and, if it is told that it was made, opens it. */
static int create_on_a_small_disk(void *arg) {
  struct bulla_root *root = NULL;
  struct bulla_vault *vault = NULL;
  struct bulla_audit_verdict verdict = BULLA_AUDIT_VERDICT_INIT;
  char options[40];
  snprintf(options, sizeof(options), "size=%dk", *(int *)arg);
  if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
      mount("small", house.folder, "tmpfs", 0, options) != 0) {
    return TEST_CANNOT;
  }
  if (bulla_root_open(&root, "sha256-env:BULLA_TEST_ROOT") != BULLA_OK) {
    return 254;
  }
  enum bulla_status status = bulla_vault_create(url_of("small.db"), root);
  if (status != BULLA_OK) {
    struct dirent **left = NULL;
    int num_left = scandir(house.folder, &left, NULL, NULL);
    return status == BULLA_DISK_FULL && num_left == 2 ? 1 : 100 + (int)status;
  }
  status = bulla_vault_open(&vault, url_of("small.db"), root, NULL);
  status = status == BULLA_OK ? bulla_vault_audit_verify(vault, &verdict) : status;
  /* There may be no room to be open for writing; what may not be is a vault that is no vault. */
  return status == BULLA_OK || status == BULLA_DISK_FULL || status == BULLA_IO ? 2 : 100 + (int)status;
}

Test(vault_wal, a_vault_that_was_made_on_a_nearly_full_disk_is_whole) {
  bool seen[3] = {false};
  close_vault();
  for (int kib = 4; kib <= 400; kib += 4) {
    int status = test_in_child_or_skip(create_on_a_small_disk, &kib, "cannot mount here");
    int result = WEXITSTATUS(status);
    cr_assert(WIFEXITED(status) && (result == 1 || result == 2), "%d KiB: %s", kib,
              bulla_status_text((enum bulla_status)(result - 100)));
    seen[result] = true;
  }
  cr_assert(seen[1] && seen[2], "both too small and large enough");
}

/* Opens the vault in a name space of its own, where the folder is read-only. */
static struct bulla_vault *enter_read_only(void) {
  if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
      mount(house.folder, house.folder, NULL, MS_BIND, NULL) != 0 ||
      mount(NULL, house.folder, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL) != 0) {
    _exit(TEST_CANNOT);
  }
  return enter();
}

/* Returns 0, or the number of the step that failed. */
static int first_failed(const bool *steps, size_t num) {
  for (size_t i = 0; i < num; i++) {
    if (!steps[i]) {
      return (int)i + 1;
    }
  }
  return 0;
}

static int read_on_read_only_media(void *arg) {
  int64_t records = *(const int64_t *)arg;
  struct bulla_vault *vault = enter_read_only();
  struct bulla_audit_verdict verdict = BULLA_AUDIT_VERDICT_INIT;
  int num = 0;
  struct bulla_field field = {TEXT("host"), TEXT("h"), false};
  const bool steps[] = {
      bulla_vault_list(vault, TEXT(""), count_entry, NULL) == BULLA_OK,
      bulla_vault_show(vault, AT(TEXT("acme"), TEXT("db")), count_field, NULL) == BULLA_OK,
      bulla_vault_audit_log(vault, 1, TEXT(""), count_record, &num) == BULLA_OK && num == records,
      bulla_vault_audit_verify(vault, &verdict) == BULLA_OK && verdict.num_records == records,
      bulla_vault_put(vault, &who, AT(TEXT("acme"), TEXT("db")), &field, 1) == BULLA_READ_ONLY,
      use_once(vault) == BULLA_READ_ONLY,
      bulla_vault_token_revoke(vault, &who, TEXT("acme"), TEXT("t"), INT64_MAX) == BULLA_READ_ONLY,
  };
  bulla_vault_close(&vault);
  return first_failed(steps, sizeof(steps) / sizeof(*steps));
}

/* While somebody else may revoke. */
static int ask_on_read_only_media(void *arg) {
  (void)arg;
  bool is = false;
  struct bulla_vault *vault = enter_read_only();
  struct bulla_audit_verdict verdict = BULLA_AUDIT_VERDICT_INIT;
  const bool steps[] = {
      bulla_vault_token_revoked(vault, &is, TEXT("acme"), TEXT("t")) == BULLA_READ_ONLY,
      bulla_vault_apikey_live(vault, RECORD_ID) == BULLA_READ_ONLY,
      bulla_vault_generation(vault) % 2 == 1,
      bulla_vault_audit_verify(vault, &verdict) == BULLA_OK,
  };
  return first_failed(steps, sizeof(steps) / sizeof(*steps));
}

Test(vault_wal, what_is_open_for_reading_only_says_of_no_key_or_token_that_it_is_not_revoked) {
  close_vault();
  int status = test_in_child_or_skip(ask_on_read_only_media, NULL, "cannot mount here");
  cr_expect_eq(status, 0, "step %d", WEXITSTATUS(status));
}

Test(vault_wal, on_read_only_media_all_that_only_reads_works) {
  static const char *const files[] = {"v.db", "v.db-wal", "v.db-shm"};
  struct bulla_span bytes[3];
  TEST_OK(use_once(house.vault));
  for (int i = 0; i < 3; i++) {
    bytes[i] = read_file(in_house(files[i]));
  }
  cr_assert_gt(bytes[1].len, 0);
  close_vault();
  /* Closed well; as a crash left it, with both files, and with the -wal alone, in which the last records are. */
  for (int files_there = 1; files_there <= 3; files_there++) {
    int64_t records = 3;
    for (int i = 0; files_there > 1 && i < 3; i++) {
      unlink(in_house(files[i]));
      if (i == 0 || files_there == 2 || i == 1) {
        write_file(in_house(files[i]), bytes[i]);
      }
    }
    int status = test_in_child_or_skip(read_on_read_only_media, &records, "cannot mount here");
    cr_expect_eq(status, 0, "%d: step %d", files_there, WEXITSTATUS(status));
  }
  open_vault();
  assert_unbroken(3);
}
