/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What lies beside a vault that nobody has open: a short -wal after records of uses, nothing after anything else. The
 * one file has everything either way, and another file in its place is not mistaken for it. */

#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "store/db.h"
#include "tests/behind.h"
#include "tests/vault_support.h"

#define LEFT_MAX (32 + 64 * (24 + 4096)) /* store/db_sqlite_log.c */

static void build_closed_house(void) {
  umask(077); /* a log that more may read than the database is refused */
  build_house();
  TEST_OK(put("acme", "db", "password", "hunter2", true));
  close_vault();
}

TestSuite(vault_left, .init = build_closed_house, .fini = leave_house, .timeout = 120);

static int num_flushes;

/* In the place of the C library's, for SQLite too. */
int fdatasync(int file) {
  num_flushes++;
  return (int)syscall(SYS_fdatasync, file);
}

static off_t len_of(const char *ending) {
  struct stat seen;
  char name[20];
  snprintf(name, sizeof(name), "v.db%s", ending);
  return stat(in_house(name), &seen) == 0 ? seen.st_size : -1;
}

static void use_once(void) {
  open_vault();
  TEST_OK(use("acme", "db", "password"));
  close_vault();
}

static void put_once(void) {
  open_vault();
  TEST_OK(put("acme", "db", "host", "db.acme.example", false));
  close_vault();
}

/* The number of records in the vault |name|, which are unbroken. */
static int64_t records_of(const char *name) {
  struct bulla_vault *vault = NULL;
  struct bulla_audit_verdict verdict = BULLA_AUDIT_VERDICT_INIT;
  TEST_OK(bulla_vault_open(&vault, url_of(name), house.root, NULL));
  TEST_OK(bulla_vault_audit_verify(vault, &verdict));
  bulla_vault_close(&vault);
  return verdict.num_records;
}

static void copy_alone(const char *name) {
  char ends[2][20];
  snprintf(ends[0], sizeof(ends[0]), "%s-wal", name);
  snprintf(ends[1], sizeof(ends[1]), "%s-shm", name);
  unlink(in_house(ends[0]));
  unlink(in_house(ends[1]));
  write_file(in_house(name), read_file(house.path));
}

Test(vault_left, records_leave_a_log_and_the_next_process_goes_on_with_it) {
  cr_assert_eq(len_of("-wal"), -1);
  use_once();
  off_t first = len_of("-wal");
  cr_assert_gt(first, 0);
  uint8_t start[32];
  memcpy(start, read_file(in_house("v.db-wal")).data, sizeof(start));
  use_once();
  cr_expect_gt(len_of("-wal"), first);
  cr_expect_arr_eq(read_file(in_house("v.db-wal")).data, start, sizeof(start), "the log was begun anew");
}

Test(vault_left, a_use_flushes_once_where_a_log_was_left) {
  use_once();
  cr_expect_gt(num_flushes, 1, "the log was made, with its folder");
  num_flushes = 0;
  use_once();
  cr_expect_eq(num_flushes, 1, "%d flushes", num_flushes);
}

static int64_t cookie_of(const struct bulla_vault *vault) {
  sqlite3_stmt *statement = NULL;
  cr_assert_eq(sqlite3_prepare_v2(behind_handle(vault), "PRAGMA schema_version", -1, &statement, NULL), SQLITE_OK);
  cr_assert_eq(sqlite3_step(statement), SQLITE_ROW);
  int64_t cookie = sqlite3_column_int64(statement, 0);
  sqlite3_finalize(statement);
  return cookie;
}

/* Each new mark has all connections read the schema anew. */
Test(vault_left, a_log_is_marked_once_whatever_is_rolled_back) {
  open_vault();
  int64_t unmarked = cookie_of(house.vault);
  TEST_OK(use("acme", "db", "password"));
  int64_t marked = cookie_of(house.vault);
  cr_expect_neq(marked, unmarked);
  struct bulla_db *transaction = NULL;
  TEST_OK(bulla_db_begin(&transaction, house.vault->db, BULLA_DB_WRITE));
  bulla_db_rollback(&transaction);
  TEST_OK(use("acme", "db", "password"));
  cr_expect_eq(cookie_of(house.vault), marked);
}

Test(vault_left, an_emptied_log_is_marked_by_the_first_transaction) {
  open_vault();
  TEST_OK(use("acme", "db", "password"));
  int64_t marked = cookie_of(house.vault);
  TEST_OK(bulla_db_scrub(house.vault->db));
  cr_assert_eq(len_of("-wal"), 0);
  TEST_OK(use("acme", "db", "password"));
  cr_expect_neq(cookie_of(house.vault), marked);
}

/* What marks a log may itself be rolled back. */
Test(vault_left, a_mark_that_was_rolled_back_is_made_again) {
  open_vault();
  int64_t unmarked = cookie_of(house.vault);
  struct bulla_db *transaction = NULL;
  TEST_OK(bulla_db_begin(&transaction, house.vault->db, BULLA_DB_WRITE));
  cr_expect_neq(cookie_of(house.vault), unmarked);
  bulla_db_rollback(&transaction);
  cr_expect_eq(cookie_of(house.vault), unmarked);
  TEST_OK(use("acme", "db", "password"));
  cr_expect_neq(cookie_of(house.vault), unmarked);
}

Test(vault_left, the_database_alone_has_what_is_in_the_log) {
  for (int64_t i = 1; i <= 3; i++) {
    use_once();
    cr_assert_gt(len_of("-wal"), 0);
    copy_alone("copy.db");
    cr_expect_eq(records_of("copy.db"), 2 + i);
  }
}

Test(vault_left, after_a_power_cut_the_log_has_what_is_not_in_the_database) {
  struct bulla_span before = read_file(house.path);
  use_once();
  use_once();
  struct bulla_span after = read_file(house.path);
  struct bulla_span log = read_file(in_house("v.db-wal"));
  /* Nothing of it came to the disk; one page or the other did. */
  for (size_t lost = 0; lost <= after.len / 4096; lost++) {
    uint8_t *bytes = test_alloc(after.len);
    memcpy(bytes, after.data, after.len);
    for (size_t i = 0; i < after.len / 4096; i++) {
      if ((lost == 0 || lost == i + 1) && (i + 1) * 4096 <= before.len) {
        memcpy(bytes + i * 4096, before.data + i * 4096, 4096);
      }
    }
    remove_left();
    write_file(house.path, bulla_span(bytes, lost == 0 ? before.len : after.len));
    write_file(in_house("v.db-wal"), log);
    open_vault();
    assert_unbroken(4);
    close_vault();
  }
}

Test(vault_left, a_change_leaves_nothing_of_a_log) {
  use_once();
  cr_assert_gt(len_of("-wal"), 0);
  put_once();
  cr_expect_eq(len_of("-wal"), -1);
  cr_expect_eq(len_of("-shm"), -1);
  /* Also one that uses too. */
  open_vault();
  TEST_OK(put("acme", "db", "host", "db2.acme.example", false));
  TEST_OK(use("acme", "db", "password"));
  close_vault();
  cr_expect_eq(len_of("-wal"), -1);
}

/* Whoever does not own the database, or is in another group, makes the files beside it as its own: others, who may open
 * the database, would not open the vault. */
Test(vault_left, what_others_could_not_open_is_not_left) {
  const char *const names[] = {"v.db-wal", "v.db-shm"};
  for (size_t i = 0; i < 6; i++) {
    open_vault();
    TEST_OK(use("acme", "db", "password"));
    const char *name = in_house(names[i % 2]);
    if (i < 4 && chown(name, i < 2 ? 65534 : (uid_t)-1, i < 2 ? (gid_t)-1 : 65534) != 0) {
      cr_skip_test("not root: cannot give a file away");
    }
    if (i >= 4) {
      cr_assert_eq(chmod(i == 4 ? house.path : name, i == 4 ? 0640 : 0600), 0);
    }
    close_vault();
    cr_expect_eq(len_of("-wal"), -1, "%zu", i);
    cr_expect_eq(len_of("-shm"), -1, "%zu", i);
  }
  use_once();
  cr_expect_gt(len_of("-wal"), 0, "for all who may open the database");
  cr_expect_eq(records_of("v.db"), 9);
}

Test(vault_left, who_only_reads_leaves_it_as_it_is) {
  open_vault();
  assert_unbroken(2);
  close_vault();
  cr_expect_eq(len_of("-wal"), -1);
  use_once();
  struct bulla_span before = read_file(in_house("v.db-wal"));
  open_vault();
  assert_unbroken(3);
  close_vault();
  TEST_SPAN(read_file(in_house("v.db-wal")), before, "the log of one who only read");
}

Test(vault_left, it_stays_short_however_often_the_vault_is_opened) {
  int times_begun = 0;
  off_t last = 0;
  for (int i = 0; i < 120; i++) {
    use_once();
    off_t len = len_of("-wal");
    cr_assert_leq(len, LEFT_MAX, "after %d uses", i + 1);
    times_begun += len < last ? 1 : 0;
    last = len;
  }
  cr_expect_gt(times_begun, 1);
  cr_expect_eq(records_of("v.db"), 122);
}

/* What another connection wrote and did not flush comes into no database before it is in the log. */
Test(vault_left, what_another_did_not_flush_is_flushed_first) {
  sqlite3 *other = NULL;
  open_vault();
  TEST_OK(use("acme", "db", "password"));
  cr_assert_eq(sqlite3_open(house.path, &other), SQLITE_OK);
  cr_assert_eq(sqlite3_exec(other, "PRAGMA synchronous = OFF; PRAGMA wal_autocheckpoint = 0; PRAGMA user_version = 2",
                            NULL, NULL, NULL),
               SQLITE_OK);
  cr_assert_eq(sqlite3_close(other), SQLITE_OK);
  num_flushes = 0;
  close_vault();
  cr_expect_eq(num_flushes, 2, "%d flushes, of the log and of the database", num_flushes);
  cr_expect_eq(len_of("-wal"), -1);
  cr_expect_eq(records_of("v.db"), 3);
}

/* A process that has the vault open, does nothing, and is the last to close it. */
Test(vault_left, what_others_changed_meanwhile_is_not_left_by_one_who_only_read) {
  struct bulla_vault *idle = NULL;
  use_once();
  TEST_OK(bulla_vault_open(&idle, house.url, house.root, NULL));
  put_once();
  cr_assert_gt(len_of("-wal"), 0, "it is in use");
  bulla_vault_close(&idle);
  cr_expect_eq(len_of("-wal"), -1);
  copy_alone("copy.db");
  cr_expect_eq(records_of("copy.db"), 4);
}

/* A log as a process leaves it that is killed after a commit. */
Test(vault_left, a_log_that_is_in_no_database_is_moved_by_one_who_only_reads) {
  open_vault();
  TEST_OK(use("acme", "db", "password"));
  struct bulla_span file = read_file(house.path);
  struct bulla_span log = read_file(in_house("v.db-wal"));
  close_vault();
  remove_left();
  write_file(house.path, file);
  write_file(in_house("v.db-wal"), log);
  cr_expect_eq(records_of("v.db"), 3);
  cr_expect_eq(len_of("-wal"), -1);
  copy_alone("copy.db");
  cr_expect_eq(records_of("copy.db"), 3);
}

/* A log as it is left by who is killed while it is moved into the database: the last frame's page is there. */
Test(vault_left, a_log_that_is_moved_by_half_is_moved_by_one_who_only_reads) {
  struct bulla_span file = read_file(house.path);
  use_once();
  struct bulla_span moved = read_file(house.path);
  struct bulla_span log = read_file(in_house("v.db-wal"));
  const uint8_t *last = log.data + log.len - 4096 - 24;
  size_t at = 4096 * ((size_t)last[2] << 8 | last[3]) - 4096;
  uint8_t *half = test_alloc(file.len);
  cr_assert(at > 0 && at + 4096 <= file.len && moved.len == file.len);
  memcpy(half, file.data, file.len);
  memcpy(half + at, last + 24, 4096);
  cr_assert_arr_eq(moved.data + at, last + 24, 4096);
  cr_assert_neq(memcmp(half, moved.data, file.len), 0);
  remove_left();
  write_file(house.path, bulla_span(half, file.len));
  write_file(in_house("v.db-wal"), log);
  cr_expect_eq(records_of("v.db"), 3);
  copy_alone("copy.db");
  cr_expect_eq(records_of("copy.db"), 3);
}

static void assert_not_taken(const char *which) {
  struct bulla_vault *vault = NULL;
  struct bulla_vault_options options = BULLA_VAULT_OPTIONS_INIT;
  struct bulla_span before = read_file(house.path);
  struct bulla_span log = read_file(in_house("v.db-wal"));
  enum bulla_status status = bulla_vault_open(&vault, house.url, house.root, NULL);
  cr_expect_eq(status, BULLA_VAULT_MOVED, "%s: %s", which, bulla_status_text(status));
  options.read_only = true;
  status = bulla_vault_open(&vault, house.url, house.root, &options);
  cr_expect_eq(status, BULLA_VAULT_MOVED, "%s, for reading: %s", which, bulla_status_text(status));
  TEST_SPAN(read_file(house.path), before, "%s: the database was written to", which);
  TEST_SPAN(read_file(in_house("v.db-wal")), log, "%s: the log was written to", which);
}

static void put_into(const char *name) {
  struct bulla_vault *vault = NULL;
  struct bulla_field field = {TEXT("host"), TEXT("db3.acme.example"), false};
  TEST_OK(bulla_vault_open(&vault, url_of(name), house.root, NULL));
  TEST_OK(bulla_vault_put(vault, &who, AT(TEXT("acme"), TEXT("db")), &field, 1));
  bulla_vault_close(&vault);
}

/* The vault as it is after it was moved away without its log, used there, and moved back. */
static void use_elsewhere(void) {
  cr_assert_eq(rename(house.path, in_house("w.db")), 0);
  put_into("w.db");
  cr_assert_eq(rename(in_house("w.db"), house.path), 0);
}

Test(vault_left, a_database_of_another_state_is_not_read_with_it) {
  struct bulla_span older = read_file(house.path);
  put_once();
  use_once();
  struct bulla_span same = read_file(house.path);
  struct bulla_span log = read_file(in_house("v.db-wal"));
  write_file(house.path, older);
  assert_not_taken("older");
  /* Once the log is moved away the database is what it is. */
  remove_left();
  cr_expect_eq(records_of("v.db"), 2);
  write_file(house.path, same);
  write_file(in_house("v.db-wal"), log);
  cr_expect_eq(records_of("v.db"), 4);
  use_elsewhere();
  assert_not_taken("newer");
  remove_left();
  cr_expect_eq(records_of("v.db"), 5);
}

/* A copy that has as many changes behind it as the one that the log is of, and other ones. */
Test(vault_left, a_database_that_went_another_way_is_not_read_with_it) {
  struct bulla_span before = read_file(house.path);
  put_once();
  struct bulla_span other_way = read_file(house.path);
  write_file(house.path, before);
  use_once();
  struct bulla_span log = read_file(in_house("v.db-wal"));
  cr_assert_arr_eq(read_file(house.path).data + 24, other_way.data + 24, 4,
                   "the change counter alone tells them apart");
  write_file(house.path, other_way);
  assert_not_taken("another way");
  /* Nor with a log that follows one of as many changes. */
  write_file(house.path, before);
  remove_left();
  put_once();
  use_once();
  log = read_file(in_house("v.db-wal"));
  write_file(house.path, other_way);
  assert_not_taken("another way, one change ago");
  /* What the log follows may be there without anything that is in it. */
  write_file(house.path, before);
  remove_left();
  use_once();
  log = read_file(in_house("v.db-wal"));
  remove_left();
  write_file(house.path, before);
  write_file(in_house("v.db-wal"), log);
  cr_expect_eq(records_of("v.db"), 3);
}

/* With as many changes as there were in another vault. */
Test(vault_left, a_new_vault_is_not_read_with_the_log_of_another) {
  use_once();
  struct bulla_span own = read_file(house.path);
  TEST_OK(bulla_vault_create(url_of("x.db"), house.root));
  struct bulla_span new = read_file(in_house("x.db"));
  while (memcmp(new.data + 24, own.data + 24, 4) < 0) {
    put_into("x.db");
    new = read_file(in_house("x.db"));
  }
  cr_assert_arr_eq(new.data + 24, own.data + 24, 4);
  write_file(house.path, new);
  assert_not_taken("new");
  write_file(house.path, own);
  cr_expect_eq(records_of("v.db"), 3);
}

/* Whatever one connection has done, the log is that of its database. */
Test(vault_left, another_opens_it_at_any_time) {
  int times_begun = 0;
  uint8_t start[32] = {0};
  open_vault();
  for (int i = 0; i < 150; i++) {
    char name[20];
    struct bulla_vault *another = NULL;
    struct bulla_field field = {TEXT("blob"), test_filled('x', 30000), true};
    snprintf(name, sizeof(name), "e%d", i);
    TEST_OK(bulla_vault_put(house.vault, &who, AT(TEXT("acme"), test_text(name)), &field, 1));
    TEST_OK(bulla_vault_open(&another, house.url, house.root, NULL));
    bulla_vault_close(&another);
    struct bulla_span log = read_file(in_house("v.db-wal"));
    times_begun += memcmp(start, log.data, sizeof(start)) != 0 ? 1 : 0;
    memcpy(start, log.data, sizeof(start));
  }
  cr_expect_gt(times_begun, 2);
}

Test(vault_left, a_database_of_an_earlier_log_is_not_read_with_it) {
  uint8_t start[32];
  open_vault();
  TEST_OK(use("acme", "db", "password"));
  struct bulla_span earlier = read_file(house.path);
  memcpy(start, read_file(in_house("v.db-wal")).data, sizeof(start));
  struct bulla_span log;
  do {
    TEST_OK(use("acme", "db", "password"));
    log = read_file(in_house("v.db-wal"));
  } while (memcmp(log.data, start, sizeof(start)) == 0);
  close_vault();
  cr_expect_eq(len_of("-wal"), -1, "its file is long, whatever is in it");
  remove_left();
  write_file(house.path, earlier);
  write_file(in_house("v.db-wal"), log);
  assert_not_taken("earlier");
}

/* Another connection moves the log into the database: whoever writes next begins it anew. */
static void move_from_behind(void) {
  sqlite3 *db = NULL;
  cr_assert_eq(sqlite3_open(house.path, &db), SQLITE_OK);
  cr_assert_eq(sqlite3_exec(db, "PRAGMA wal_checkpoint(RESTART)", NULL, NULL, NULL), SQLITE_OK);
  cr_assert_eq(sqlite3_close(db), SQLITE_OK);
}

Test(vault_left, a_log_without_a_mark_is_not_left) {
  uint8_t start[32];
  for (int num_more = 0; num_more < 2; num_more++) {
    open_vault();
    TEST_OK(use("acme", "db", "password"));
    memcpy(start, read_file(in_house("v.db-wal")).data, sizeof(start));
    move_from_behind();
    TEST_OK(use("acme", "db", "password"));
    cr_assert_neq(memcmp(read_file(in_house("v.db-wal")).data, start, sizeof(start)), 0);
    if (num_more > 0) { /* which marks it */
      TEST_OK(use("acme", "db", "password"));
    }
    close_vault();
    cr_expect_eq(len_of("-wal") > 0, num_more > 0, "%d more uses", num_more);
    cr_expect_eq(records_of("v.db"), 4 + 3 * num_more);
  }
}

Test(vault_left, a_torn_log_is_none) {
  struct bulla_span before = read_file(house.path);
  use_once();
  struct bulla_span log = read_file(in_house("v.db-wal"));
  /* The first frame, with the first page, came to the disk in part: what was never acknowledged is not there. */
  uint8_t *torn = test_alloc(log.len);
  memcpy(torn, log.data, log.len);
  memset(torn + 32 + 24, 0, 2048);
  remove_left();
  write_file(house.path, before);
  write_file(in_house("v.db-wal"), bulla_span(torn, log.len));
  cr_expect_eq(records_of("v.db"), 2);
}
