/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Threads that share a vault, processes that share a file, and a process that is killed in the middle. */

#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>

#include "tests/vault_support.h"

TestSuite(vault_shared, .init = build_shared_house, .fini = leave_house);

static enum bulla_status same(void *arg, struct bulla_span value) {
  const struct bulla_span *wanted = arg;
  return bulla_span_equal(*wanted, value) ? BULLA_OK : BULLA_REFUSED;
}

/* |rounds| times puts a value of its own into a field of its own, and one that all write, and uses the first. */
static enum bulla_status work(struct bulla_vault *vault, int id, int rounds) {
  char name[20];
  char text[40];
  int name_len = snprintf(name, sizeof(name), "worker%d", id);
  struct bulla_span entry = bulla_span(name, (size_t)name_len);
  for (int i = 0; i < rounds; i++) {
    int len = snprintf(text, sizeof(text), "value %d of worker %d", i, id);
    struct bulla_span value = bulla_span(text, (size_t)len);
    struct bulla_field fields[] = {{TEXT("password"), value, true}};
    struct bulla_field shared[] = {{TEXT("counter"), value, true}};
    BULLA_TRY(bulla_vault_put(vault, &who, AT(TEXT("acme"), entry), fields, 1));
    BULLA_TRY(bulla_vault_put(vault, &who, AT(TEXT("acme"), TEXT("shared")), shared, 1));
    BULLA_TRY(bulla_vault_use(vault, &who, AT(TEXT("acme"), entry, TEXT("password")), same, &value));
  }
  return BULLA_OK;
}

enum { ROUNDS = 30 };
enum { WORKERS = 4 };

/* After WORKERS have worked ROUNDS each: nothing lost, nothing broken. */
static void assert_all_there(void) {
  assert_unbroken(1 + 3 * WORKERS * ROUNDS);
  cr_assert_eq(run_sql("SELECT max(revision) FROM field WHERE name = 'counter'"), WORKERS * ROUNDS);
  cr_assert_eq(run_sql("SELECT count(*) FROM field WHERE name = 'password' AND revision = 30"), WORKERS);
  cr_assert_eq(run_sql("SELECT count(*) FROM tenant_secret"), 1);
  assert_sound();
}

static void *run_thread(void *arg) {
  return (void *)(uintptr_t)work(house.vault, (int)(uintptr_t)arg, ROUNDS);
}

Test(vault_shared, threads_lose_nothing) {
  struct test_threads threads;
  open_vault();
  test_start(&threads, WORKERS, run_thread, NULL, 1);
  test_join(&threads);
  assert_all_there();
}

Test(vault_shared, processes_lose_nothing) {
  pid_t children[WORKERS];
  for (int i = 0; i < WORKERS; i++) {
    children[i] = fork();
    if (children[i] == 0) {
      struct bulla_vault *vault = enter();
      enum bulla_status status = work(vault, i, ROUNDS);
      bulla_vault_close(&vault);
      _exit((int)status);
    }
  }
  for (int i = 0; i < WORKERS; i++) {
    int status;
    waitpid(children[i], &status, 0);
    cr_assert(WIFEXITED(status));
    TEST_OK((enum bulla_status)WEXITSTATUS(status));
  }
  open_vault();
  assert_all_there();
}

static enum bulla_status slow(void *arg, struct bulla_span value) {
  (void)value;
  /* The other thread puts while this one holds an opened value. */
  struct test_threads other;
  test_start(&other, 1, run_thread, arg, 0);
  test_join(&other);
  return BULLA_OK;
}

Test(vault_shared, a_slow_user_of_a_value_holds_up_nobody) {
  alarm(60);
  open_vault();
  TEST_OK(put("acme", "db", "password", "x", true));
  TEST_OK(bulla_vault_use(house.vault, &who, AT(TEXT("acme"), TEXT("db"), TEXT("password")), slow, NULL));
}

/* Another process writes while this one verifies: each verification sees one state of the log. */
Test(vault_shared, verification_is_not_disturbed_by_writers) {
  pid_t child = fork();
  if (child == 0) {
    _exit((int)work(enter(), 0, 100));
  }
  open_vault();
  int64_t last = 0;
  int status;
  int num_grown = 0;
  while (waitpid(child, &status, WNOHANG) == 0) {
    struct bulla_audit_verdict verdict = BULLA_AUDIT_VERDICT_INIT;
    TEST_OK(bulla_vault_audit_verify(house.vault, &verdict));
    cr_assert_geq(verdict.num_records, last);
    num_grown += verdict.num_records > last;
    last = verdict.num_records;
  }
  cr_assert_eq(status, 0);
  cr_assert_gt(num_grown, 2, "they ran at the same time");
  assert_unbroken(301);
}

/* Puts 1, 2, 3, ... and tells |ack| of each when it is done, until killed. */
static void count_up(int ack) {
  struct bulla_vault *vault = enter();
  for (int i = 1;; i++) {
    char text[20];
    int len = snprintf(text, sizeof(text), "%d", i);
    struct bulla_field field = {TEXT("counter"), bulla_span(text, (size_t)len), true};
    if (bulla_vault_put(vault, &who, AT(TEXT("acme"), TEXT("db")), &field, 1) != BULLA_OK ||
        write(ack, &i, sizeof(i)) != sizeof(i)) {
      _exit(2);
    }
  }
}

static enum bulla_status read_number(void *arg, struct bulla_span value) {
  char text[20] = "";
  memcpy(text, value.data, value.len);
  *(int *)arg = atoi(text);
  return BULLA_OK;
}

Test(vault_shared, a_process_that_is_killed_loses_nothing_it_was_told_is_done, .timeout = 100) {
  unsigned random = (unsigned)getpid();
  int64_t num_acknowledged = 0;
  for (int round = 0; round < 25; round++) {
    int ends[2];
    cr_assert_eq(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
      count_up(ends[1]);
    }
    close(ends[1]);
    int first;
    cr_assert_eq(read(ends[0], &first, sizeof(first)), (ssize_t)sizeof(first));
    random = random * 1103515245u + 12345u;
    usleep((random >> 8) % 30000);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    int last = first;
    int number;
    while (read(ends[0], &number, sizeof(number)) == (ssize_t)sizeof(number)) {
      last = number;
    }
    close(ends[0]);
    open_vault();
    struct bulla_audit_verdict verdict = BULLA_AUDIT_VERDICT_INIT;
    TEST_OK(bulla_vault_audit_verify(house.vault, &verdict));
    TEST_OK(bulla_vault_use(house.vault, &who, AT(TEXT("acme"), TEXT("db"), TEXT("counter")), read_number, &number));
    cr_assert(number == last || number == last + 1, "%d was acknowledged, %d is there", last, number);
    num_acknowledged += last;
    close_vault();
  }
  await_the_dead();
  cr_assert_geq(count_records("op = 'put'"), num_acknowledged);
  cr_assert_leq(count_records("op = 'put'"), num_acknowledged + 25);
  assert_sound();
}
