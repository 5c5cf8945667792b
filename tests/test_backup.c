/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Backups and restores as a program makes them: what they are told and tell, and who has the vault open meanwhile. What
 * comes of bad files, full disks and kills is for tests/cli/test_backup.py and test_postgres_backup.py. */

#include "tests/vault_support.h"

#include <pthread.h>
#include <stdatomic.h>

TestSuite(backup, .init = build_house, .fini = leave_house, .timeout = 60);

static uint8_t fingerprint[BULLA_VAULT_FINGERPRINT_LEN];

/* options_of are those that every call needs, and the fingerprint. */
static struct bulla_backup_options options_of(void) {
  struct bulla_backup_options options = BULLA_BACKUP_OPTIONS_INIT;
  TEST_OK(bulla_vault_fingerprint(house.vault, fingerprint));
  options.root = house.root;
  options.who = &who;
  options.fingerprint = bulla_span(fingerprint, sizeof(fingerprint));
  return options;
}

static enum bulla_status back_up(struct bulla_backup_report *report, const struct bulla_backup_options *options) {
  return bulla_vault_backup(house.vault, report, in_house("b"), options);
}

static bool is_there(const char *name) {
  return access(in_house(name), F_OK) == 0;
}

/* is_cleared returns whether a report has nothing but its size. */
static bool is_cleared(const struct bulla_backup_report *report) {
  const struct bulla_backup_report empty = BULLA_BACKUP_REPORT_INIT;
  return memcmp(report, &empty, sizeof(empty)) == 0;
}

Test(backup, what_is_asked_for_wrongly_is_refused) {
  const struct bulla_backup_options good = options_of();
  struct bulla_backup_options bad[3] = {good, good, good};
  struct bulla_backup_report report = BULLA_BACKUP_REPORT_INIT;
  bad[0].root = NULL;
  bad[1].who = NULL;
  bad[2].size = 8;
  for (size_t i = 0; i < 3; i++) {
    report.num_bytes = 1;
    cr_expect_eq(back_up(&report, &bad[i]), BULLA_INVALID_ARGUMENT, "%zu", i);
    cr_expect_eq(bulla_vault_restore(url_of("new"), &report, in_house("b"), &bad[i]), BULLA_INVALID_ARGUMENT, "%zu", i);
    cr_expect(is_cleared(&report), "%zu", i);
  }
  cr_expect_eq(back_up(&report, NULL), BULLA_INVALID_ARGUMENT);
  cr_expect_eq(bulla_vault_backup(house.vault, &report, "", &good), BULLA_INVALID_ARGUMENT);
  cr_expect_eq(bulla_vault_backup(NULL, &report, in_house("b"), &good), BULLA_INVALID_ARGUMENT);
  cr_expect_eq(bulla_vault_restore("nowhere:", &report, in_house("b"), &good), BULLA_UNSUPPORTED);
  report.size = 3;
  cr_expect_eq(back_up(&report, &good), BULLA_INVALID_ARGUMENT);
  cr_expect(!is_there("b"));
}

/* The backup is opened with the root: with another there is none. */
Test(backup, a_root_that_does_not_open_the_vault_makes_no_backup) {
  SQLITE_ONLY();
  struct bulla_backup_options options = options_of();
  struct bulla_backup_report report = BULLA_BACKUP_REPORT_INIT;
  struct bulla_root *other BULLA_CLEANUP(bulla_root_free) = NULL;
  setenv("BULLA_TEST_ROOT", "another", 1);
  TEST_OK(bulla_root_open(&other, "sha256-env:BULLA_TEST_ROOT"));
  options.root = other;
  cr_expect_eq(back_up(&report, &options), BULLA_ROOT_WRONG);
  cr_expect(is_cleared(&report) && !is_there("b"));
}

static void count_lane(void *arg, const struct bulla_backup_head *head) {
  int64_t *sums = arg;
  cr_expect_eq(head->mac.len, 32);
  sums[0]++;
  sums[1] += head->seq;
  sums[2] += head->num_missing;
}

Test(backup, both_report_the_same) {
  int64_t sums[2][3] = {{0}};
  struct bulla_backup_options options = options_of();
  struct bulla_backup_report made[2] = {BULLA_BACKUP_REPORT_INIT, BULLA_BACKUP_REPORT_INIT};
  uint8_t bytes[BULLA_ANCHOR_MAX];
  struct bulla_buffer anchor = bulla_buffer(bytes, sizeof(bytes));
  TEST_OK(put("acme", "db", "password", "hunter2", true));
  options.each = count_lane;
  options.each_arg = sums[0];
  TEST_OK(back_up(&made[0], &options));
  cr_expect_eq(made[0].num_bytes, (int64_t)read_file(in_house("b")).len);
  cr_expect(made[0].num_lanes == 1 && made[0].num_records == 3 && made[0].time > 0);
  cr_expect(sums[0][0] == 1 && sums[0][1] == 3 && sums[0][2] == 0);
  TEST_OK(put("acme", "db", "password", "hunter3", true));
  TEST_OK(bulla_vault_audit_anchor(house.vault, &anchor, &who));
  options.anchor = bulla_written(&anchor);
  options.each_arg = sums[1];
  TEST_OK(bulla_vault_restore(url_of("new"), &made[1], in_house("b"), &options));
  cr_expect_eq(memcmp(&made[0], &made[1], sizeof(made[0])), 0);
  cr_expect(sums[1][0] == 1 && sums[1][1] == 3 && sums[1][2] == 2);
  made[1].num_lanes = 7;
  cr_expect_eq(bulla_vault_restore(url_of("new"), &made[1], in_house("b"), &options), BULLA_EXISTS);
  cr_expect(is_cleared(&made[1]));
}

static atomic_bool is_done;

static void *use_on(void *arg) {
  int *calls = arg;
  while (!atomic_load(&is_done)) {
    TEST_OK(bulla_vault_use(house.vault, &who, AT(TEXT("acme"), TEXT("db"), TEXT("password")), count_value, calls));
  }
  return NULL;
}

/* Also in the same process: a backup has no lock but for its record. */
Test(backup, other_threads_use_the_vault_meanwhile) {
  pthread_t thread;
  int calls = 0;
  const struct bulla_backup_options options = options_of();
  struct bulla_backup_report report = BULLA_BACKUP_REPORT_INIT;
  TEST_OK(put("acme", "db", "password", "hunter2", true));
  cr_assert_eq(pthread_create(&thread, NULL, use_on, &calls), 0);
  for (int i = 0; i < 3; i++) {
    TEST_OK(back_up(&report, &options));
    cr_assert_eq(unlink(in_house("b")), 0);
  }
  atomic_store(&is_done, true);
  pthread_join(thread, NULL);
  cr_expect_gt(calls, 3);
}

/* It could not be told of in the log. */
Test(backup, a_vault_that_is_read_only_has_no_backup) {
  struct bulla_vault_options reading = BULLA_VAULT_OPTIONS_INIT;
  const struct bulla_backup_options options = options_of();
  struct bulla_backup_report report = BULLA_BACKUP_REPORT_INIT;
  reading.read_only = true;
  close_vault();
  TEST_OK(bulla_vault_open(&house.vault, house.url, house.root, &reading));
  cr_expect_eq(back_up(&report, &options), BULLA_READ_ONLY);
  cr_expect(!is_there("b"));
}
