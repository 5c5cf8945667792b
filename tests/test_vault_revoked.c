/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Revocations in the vault: the list of tokens, and the generation that all processes see. */

#include <pthread.h>
#include <sys/stat.h>
#include <time.h>

#include "tests/vault_support.h"

TestSuite(vault_revoked, .init = build_house, .fini = leave_house);

#define KEY_ID TEXT("0123456789abcdef")

static void add_key(void) {
  uint8_t hash[32] = {1};
  struct bulla_secret *root = test_secret(test_filled(7, BULLA_KEY_LEN));
  TEST_OK(
      bulla_vault_apikey_put(house.vault, &who, TEXT("acme"), KEY_ID, TEXT("key"), bulla_span(hash, 32), root));
}

static bool revoked(const char *tenant, const char *jti) {
  bool is = false;
  TEST_OK(bulla_vault_token_revoked(house.vault, &is, test_text(tenant), test_text(jti)));
  return is;
}

static const char *counter_path(void) {
  return in_house("v.db-generation");
}

/* The counter as the file has it, and another in its place, in the same file. */
static uint64_t counter(void) {
  uint64_t number = 0;
  struct bulla_span bytes = read_file(counter_path());
  cr_assert_eq(bytes.len, sizeof number);
  memcpy(&number, bytes.data, sizeof number);
  return number;
}

static void set_counter(uint64_t number) {
  FILE *file = fopen(counter_path(), "r+be");
  cr_assert_not_null(file);
  cr_assert_eq(fwrite(&number, sizeof number, 1, file), 1);
  cr_assert_eq(fclose(file), 0);
}

Test(vault_revoked, a_token_is_revoked_for_its_tenant_alone_and_for_good) {
  static const char odd[] = "urn:\xc3\xa4/'\" \n";
  TEST_OK(put("acme", "db", "host", "h", false));
  TEST_OK(put("globex", "db", "host", "h", false));
  cr_expect_not(revoked("acme", "t-1"));
  TEST_OK(bulla_vault_token_revoke(house.vault, &who, TEXT("acme"), TEXT("t-1"), INT64_MAX));
  TEST_OK(bulla_vault_token_revoke(house.vault, &who, TEXT("acme"), test_text(odd), INT64_MAX));
  cr_expect(revoked("acme", "t-1") && revoked("acme", odd));
  cr_expect_not(revoked("globex", "t-1"));
  cr_expect_not(revoked("acme", "t-"));
  cr_expect_not(revoked("acme", "T-1"));
  close_vault();
  open_vault();
  cr_expect(revoked("acme", "t-1"));
}

Test(vault_revoked, each_revocation_is_recorded_by_the_digest_of_the_jti) {
  TEST_OK(put("acme", "db", "host", "h", false));
  TEST_OK(bulla_vault_token_revoke(house.vault, &who, TEXT("acme"), TEXT("t-1"), INT64_MAX));
  cr_expect_eq(count_records("op = 'token-revoke' AND tenant = 'acme' AND outcome = 'done' AND reason = 'to test' "
                             "AND entry = '46e9bc3476c92ea24fb17adac6cd9cdacff7a34a5c753100787da5a29984f836'"),
               1);
  cr_expect_eq(run_sql("SELECT instr(hex(jti), '742D31') FROM revoked_token"), 0, "the jti is in the file");
  assert_unbroken(3);
}

Test(vault_revoked, expired_rows_go_when_one_is_added_and_the_later_expiry_counts) {
  int64_t now = (int64_t)time(NULL);
  TEST_OK(put("acme", "db", "host", "h", false));
  TEST_OK(bulla_vault_token_revoke(house.vault, &who, TEXT("acme"), TEXT("old"), now - 1));
  TEST_OK(bulla_vault_token_revoke(house.vault, &who, TEXT("acme"), TEXT("twice"), now + 1000));
  TEST_OK(bulla_vault_token_revoke(house.vault, &who, TEXT("acme"), TEXT("twice"), now - 1));
  TEST_OK(bulla_vault_token_revoke(house.vault, &who, TEXT("acme"), TEXT("new"), now + 1000));
  cr_expect_not(revoked("acme", "old"));
  cr_expect(revoked("acme", "twice") && revoked("acme", "new"));
  cr_expect_eq(run_sql("SELECT count(*) FROM revoked_token"), 2);
}

Test(vault_revoked, what_cannot_be_revoked_is_refused_and_changes_nothing) {
  TEST_OK(put("acme", "db", "host", "h", false));
  struct bulla_who nobody = {.reason = TEXT("x")};
  struct bulla_span longest = test_filled('j', BULLA_JTI_MAX);
  struct bulla_span too_long = test_filled('j', BULLA_JTI_MAX + 1);
  const struct {
    const struct bulla_who *who;
    struct bulla_span tenant, jti;
    enum bulla_status wanted;
  } rows[] = {
      {&who, TEXT("nobody"), TEXT("t"), BULLA_NOT_FOUND},
      {&who, TEXT("a/b"), TEXT("t"), BULLA_INVALID_NAME},
      {&who, TEXT(""), TEXT("t"), BULLA_INVALID_NAME},
      {&who, TEXT("acme"), TEXT(""), BULLA_INVALID_ARGUMENT},
      {&who, TEXT("acme"), too_long, BULLA_INVALID_ARGUMENT},
      {&nobody, TEXT("acme"), TEXT("t"), BULLA_INVALID_ARGUMENT},
      {&who, TEXT("acme"), longest, BULLA_OK},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    TEST_STATUS(bulla_vault_token_revoke(house.vault, rows[i].who, rows[i].tenant, rows[i].jti, INT64_MAX),
                rows[i].wanted);
    bool is = true;
    if (rows[i].who == &who) {
      TEST_STATUS(bulla_vault_token_revoked(house.vault, &is, rows[i].tenant, rows[i].jti), rows[i].wanted);
      cr_expect_eq(is, rows[i].wanted == BULLA_OK, "row %zu", i);
    }
  }
  cr_expect_eq(run_sql("SELECT count(*) FROM revoked_token"), 1);
  assert_unbroken(3);
}

Test(vault_revoked, revoking_a_key_ends_the_generation_for_all_who_have_the_vault_open) {
  struct bulla_vault *other = NULL;
  TEST_OK(bulla_vault_open(&other, house.url, house.root, NULL));
  add_key();
  uint64_t before = bulla_vault_generation(house.vault);
  cr_expect_eq(bulla_vault_generation(other), before);
  cr_expect_eq(bulla_vault_generation(house.vault), before, "nothing was revoked");
  TEST_STATUS(bulla_vault_apikey_revoke(other, &who, TEXT("fedcba9876543210")), BULLA_NOT_FOUND);
  cr_expect_eq(bulla_vault_generation(house.vault), before, "nothing was revoked");
  TEST_OK(bulla_vault_apikey_revoke(other, &who, KEY_ID));
  uint64_t after = bulla_vault_generation(house.vault);
  cr_expect_neq(after, before);
  cr_expect_eq(bulla_vault_generation(other), after);
  cr_expect_eq(counter(), before + 2);
  bulla_vault_close(&other);
  close_vault();
  open_vault();
  cr_expect_eq(bulla_vault_generation(house.vault), after);
}

static _Atomic bool stop;
static _Atomic size_t num_odd;

static void *watch(void *vault) {
  while (!stop) {
    num_odd += bulla_vault_generation(vault) % 2;
  }
  return NULL;
}

Test(vault_revoked, nothing_cached_is_good_while_a_revocation_is_committed, .timeout = 60) {
  struct bulla_vault *other = NULL;
  pthread_t watcher;
  TEST_OK(bulla_vault_open(&other, house.url, house.root, NULL));
  cr_assert_eq(pthread_create(&watcher, NULL, watch, other), 0);
  /* A commit waits for the disk: it takes few of them until the watcher has seen one. */
  for (int i = 0; i < 500 && num_odd == 0; i++) {
    uint8_t hash[32] = {1};
    char id[17];
    snprintf(id, sizeof id, "%016x", (unsigned)i);
    struct bulla_secret *root = test_secret(test_filled(7, BULLA_KEY_LEN));
    TEST_OK(bulla_vault_apikey_put(house.vault, &who, TEXT("acme"), bulla_span(id, 16), TEXT("key"),
                                   bulla_span(hash, 32), root));
    bulla_secret_free(&root);
    TEST_OK(bulla_vault_apikey_revoke(house.vault, &who, bulla_span(id, 16)));
  }
  stop = true;
  pthread_join(watcher, NULL);
  cr_expect_gt(num_odd, 0);
  bulla_vault_close(&other);
}

Test(vault_revoked, an_odd_counter_gives_numbers_that_never_repeat_until_the_next_write) {
  add_key();
  uint64_t even = counter();
  set_counter(even + 1);
  uint64_t last = bulla_vault_generation(house.vault);
  for (size_t i = 0; i < 1000; i++) {
    uint64_t next = bulla_vault_generation(house.vault);
    cr_assert(next != last && next % 2 == 1);
    last = next;
  }
  TEST_OK(put("acme", "db", "host", "h", false));
  cr_expect_eq(bulla_vault_generation(house.vault), even + 2);
  set_counter(even + 3);
  TEST_OK(bulla_vault_apikey_revoke(house.vault, &who, KEY_ID));
  cr_expect_eq(bulla_vault_generation(house.vault), even + 6, "one generation for the killed, one for this");
}

Test(vault_revoked, a_counter_that_is_missing_or_cut_short_is_made_anew_and_never_as_it_was) {
  struct stat status;
  cr_assert_eq(stat(counter_path(), &status), 0);
  cr_expect_eq(status.st_mode & 07777, 0600);
  uint64_t seen[8];
  for (size_t i = 0; i < 8; i++) {
    close_vault();
    if (i % 2 == 0) {
      cr_assert_eq(unlink(counter_path()), 0);
    } else {
      cr_assert_eq(truncate(counter_path(), (off_t)i), 0);
    }
    open_vault();
    seen[i] = bulla_vault_generation(house.vault);
    cr_assert_eq(seen[i] % 2, 0);
    cr_assert_eq(counter(), seen[i]);
    for (size_t j = 0; j < i; j++) {
      cr_assert_neq(seen[i], seen[j]);
    }
  }
}

Test(vault_revoked, a_counter_that_is_a_link_or_no_file_opens_no_vault) {
  close_vault();
  cr_assert_eq(unlink(counter_path()), 0);
  write_file(in_house("elsewhere"), test_text("01234567"));
  cr_assert_eq(symlink("elsewhere", counter_path()), 0);
  TEST_STATUS(bulla_vault_open(&house.vault, house.url, house.root, NULL), BULLA_IO);
  cr_assert_eq(unlink(counter_path()), 0);
  cr_assert_eq(mkfifo(counter_path(), 0700), 0);
  TEST_STATUS(bulla_vault_open(&house.vault, house.url, house.root, NULL), BULLA_IO);
  struct stat status;
  cr_assert_eq(stat(counter_path(), &status), 0);
  cr_expect_eq(status.st_mode & 07777, 0700, "it was made to look like the database");
  cr_assert_eq(unlink(counter_path()), 0);
  cr_assert_eq(mkdir(counter_path(), 0700), 0);
  TEST_STATUS(bulla_vault_open(&house.vault, house.url, house.root, NULL), BULLA_IO);
  cr_assert_eq(rmdir(counter_path()), 0);
  open_vault();
}

static int reads_and_cannot_revoke(void *argument) {
  (void)argument;
  struct bulla_root *root BULLA_CLEANUP(bulla_root_free) = NULL;
  struct bulla_vault *vault BULLA_CLEANUP(bulla_vault_close) = NULL;
  setenv("BULLA_TEST_ROOT", "ignored", 1);
  if (setgid(65534) != 0 || setuid(65534) != 0 ||
      bulla_root_open(&root, "sha256-env:BULLA_TEST_ROOT") != BULLA_OK ||
      bulla_vault_open(&vault, house.url, root, NULL) != BULLA_OK) {
    return 1;
  }
  uint64_t before = bulla_vault_generation(vault);
  if (bulla_vault_apikey_revoke(vault, &who, KEY_ID) != BULLA_READ_ONLY) {
    return 2;
  }
  struct bulla_field field = {TEXT("host"), TEXT("h"), false};
  if (bulla_vault_put(vault, &who, TEXT("acme"), TEXT("db"), &field, 1) != BULLA_OK) {
    return 3;
  }
  return bulla_vault_generation(vault) == before ? 0 : 4;
}

Test(vault_revoked, who_may_only_read_the_counter_can_use_the_vault_and_revoke_nothing) {
  if (geteuid() != 0) {
    cr_skip("needs another user");
  }
  setenv("BULLA_TEST_ROOT", "ignored", 1);
  leave_house();
  house.folder = test_folder();
  snprintf(house.path, sizeof house.path, "%s/v.db", house.folder);
  snprintf(house.url, sizeof house.url, "sqlite:%s", house.path);
  TEST_OK(bulla_root_open(&house.root, "sha256-env:BULLA_TEST_ROOT"));
  TEST_OK(bulla_vault_create(house.url, house.root));
  open_vault();
  add_key();
  close_vault();
  cr_assert_eq(chown(house.folder, 65534, 65534) | chown(house.path, 65534, 65534), 0);
  cr_assert_eq(chmod(counter_path(), 0644), 0);
  cr_expect_eq(test_in_child(reads_and_cannot_revoke, NULL), 0);
  cr_expect_eq(run_sql("SELECT revoked FROM apikey"), 0);
}

Test(vault_revoked, the_counter_belongs_to_whom_the_database_does) {
  struct stat status;
  if (geteuid() != 0) {
    cr_skip("needs another user");
  }
  close_vault();
  cr_assert_eq(unlink(counter_path()), 0);
  cr_assert_eq(chown(house.path, 65534, 65534) | chmod(house.path, 0660), 0);
  open_vault();
  cr_assert_eq(stat(counter_path(), &status), 0);
  cr_expect_eq(status.st_uid, 65534);
  cr_expect_eq(status.st_mode & 07777, 0660);
}
