/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Threads that wait for a record are served by one of them, with one commit. */

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "store/group.h"
#include "tests/vault_support.h"

enum { THREADS = 16 };

/* What becomes of the flushes of this program: the library's and SQLite's own are the ones defined here. A server has
 * flushes of its own; there each commit fails, or takes its time. */
static struct {
  _Atomic int num;
  _Atomic bool fails;
  _Atomic int takes_ms;
} flushes;

__attribute__((visibility("default"))) int fdatasync(int file);

int fdatasync(int file) {
  flushes.num++;
  usleep((useconds_t)flushes.takes_ms * 1000);
  if (flushes.fails) {
    errno = EIO;
    return -1;
  }
  return (int)syscall(SYS_fdatasync, file);
}

#define COMMIT_FAILS "RAISE EXCEPTION USING ERRCODE = 'disk_full'"
#define COMMIT_WAITS "PERFORM pg_sleep(0.375)" /* for each record */

static void set_commits(bool fails, int takes_ms, const char *on_server) {
  flushes.fails = fails;
  flushes.takes_ms = takes_ms;
  if (postgres_is_tested()) {
    postgres_at_commit(on_server);
  }
}

static void build_used_house(void) {
  build_shared_house();
  open_vault();
  TEST_OK(put("acme", "db", "password", "hunter2", true));
}

TestSuite(vault_group, .init = build_used_house, .fini = leave_house, .timeout = 100);

/* One thread's use. */
struct user {
  pthread_t thread;
  const char *field;
  enum bulla_status status;
  int calls;
};

static void *use_once(void *arg) {
  struct user *user = arg;
  user->status = bulla_vault_use(house.vault, &who, AT(TEXT("acme"), TEXT("db"), test_text(user->field)), count_value,
                                 &user->calls);
  return NULL;
}

/* How many wait, and one for who has the vault. */
static size_t num_there(void) {
  pthread_mutex_lock(&house.vault->queue.mutex);
  size_t num = house.vault->queue.held ? 1 : 0;
  for (const struct bulla_waiter *waiter = house.vault->queue.first; waiter != NULL; waiter = waiter->next) {
    num++;
  }
  pthread_mutex_unlock(&house.vault->queue.mutex);
  return num;
}

static void wait_until_there(size_t num) {
  for (int tries = 0; num_there() < num; tries++) {
    cr_assert_lt(tries, 5000);
    usleep(1000);
  }
}

/* Starts |num| users, who cannot get the write lock, and returns it when all are in the queue, of whom the first leads.
 */
static void *gather(struct user *users, size_t num) {
  void *turn = hold_turn();
  for (size_t i = 0; i < num; i++) {
    users[i].field = users[i].field != NULL ? users[i].field : "password";
    cr_assert_eq(pthread_create(&users[i].thread, NULL, use_once, &users[i]), 0);
  }
  wait_until_there(num);
  return turn;
}

static void join(struct user *users, size_t num) {
  for (size_t i = 0; i < num; i++) {
    pthread_join(users[i].thread, NULL);
  }
}

Test(vault_group, those_who_wait_are_served_with_one_commit_and_a_record_each) {
  struct user users[THREADS] = {{.calls = 0}};
  TEST_OK(use("acme", "db", "password"));
  void *turn = gather(users, THREADS);
  flushes.num = 0;
  let_go(turn);
  join(users, THREADS);
  int64_t num = postgres_is_tested() ? num_commits(2 + 1) : flushes.num;
  cr_expect_eq(num, 1, "%ld commits", (long)num);
  for (size_t i = 0; i < THREADS; i++) {
    TEST_OK(users[i].status);
    cr_expect_eq(users[i].calls, 1);
  }
  cr_expect_eq(count_records("op = 'use' AND outcome = 'granted'"), 1 + THREADS);
  assert_unbroken(2 + 1 + THREADS);
}

Test(vault_group, what_is_not_found_is_so_for_its_user_alone) {
  struct user users[THREADS] = {{.calls = 0}};
  users[0].field = users[3].field = users[THREADS - 1].field = "nothing";
  void *turn = gather(users, THREADS);
  let_go(turn);
  join(users, THREADS);
  for (size_t i = 0; i < THREADS; i++) {
    bool is_there = strcmp(users[i].field, "password") == 0;
    TEST_STATUS(users[i].status, is_there ? BULLA_OK : BULLA_NOT_FOUND);
    cr_expect_eq(users[i].calls, is_there ? 1 : 0);
  }
  cr_expect_eq(count_details("op = 'use' AND outcome = 'granted' AND field = 'password'"), THREADS - 3);
  cr_expect_eq(count_details("op = 'use' AND outcome = 'not-found' AND field = 'nothing'"), 3);
  assert_unbroken(2 + THREADS);
}

Test(vault_group, a_commit_that_fails_opens_nothing_for_anybody) {
  struct user users[THREADS] = {{.calls = 0}};
  users[3].field = "nothing";
  void *turn = gather(users, THREADS);
  set_commits(true, 0, COMMIT_FAILS);
  let_go(turn);
  join(users, THREADS);
  set_commits(false, 0, NULL);
  for (size_t i = 0; i < THREADS; i++) {
    TEST_STATUS(users[i].status, postgres_is_tested() ? BULLA_DISK_FULL : BULLA_IO);
    cr_expect_eq(users[i].calls, 0);
  }
  cr_expect_eq(count_records("op = 'use'"), 0);
  TEST_OK(use("acme", "db", "password"));
  assert_unbroken(3);
}

/* A request of the tests: what its functions return, and how often they were called. */
struct trial {
  struct bulla_request request;
  enum bulla_status look;
  enum bulla_status append;
  int num_looks;
  pthread_t thread;
  enum bulla_status status;
};

static void try_ask(struct bulla_request *request, struct bulla_vault *vault) {
  (void)request;
  (void)vault;
}

static enum bulla_status try_look(struct bulla_request *request, struct bulla_vault *vault) {
  struct trial *trial = (struct trial *)request;
  (void)vault;
  trial->num_looks++;
  return trial->look;
}

static enum bulla_status try_append(struct bulla_request *request, struct bulla_change *change) {
  const struct trial *trial = (const struct trial *)request;
  struct bulla_audit_record record = bulla_audit_record(&who, TEXT("use"), TEXT("acme"), TEXT("trial"));
  BULLA_TRY(bulla_change_append(change, &record));
  return trial->append;
}

static void *commit_trial(void *arg) {
  static const struct bulla_request_kind kind = {try_ask, try_look, try_append};
  struct trial *trial = arg;
  trial->request = bulla_request(&kind, 1);
  trial->status = bulla_group_commit(house.vault, &trial->request);
  return NULL;
}

static void try_all(struct trial *trials, size_t num) {
  void *turn = hold_turn();
  for (size_t i = 0; i < num; i++) {
    cr_assert_eq(pthread_create(&trials[i].thread, NULL, commit_trial, &trials[i]), 0);
    wait_until_there(i + 1); /* in this order */
  }
  let_go(turn);
  for (size_t i = 0; i < num; i++) {
    pthread_join(trials[i].thread, NULL);
  }
}

Test(vault_group, who_cannot_look_fails_alone_and_leaves_no_record) {
  struct trial trials[4] = {{.look = BULLA_OK}, {.look = BULLA_NOT_A_VAULT}, {.look = BULLA_OK}, {.look = BULLA_IO}};
  try_all(trials, 4);
  TEST_OK(trials[0].status);
  TEST_STATUS(trials[1].status, BULLA_NOT_A_VAULT);
  TEST_OK(trials[2].status);
  TEST_STATUS(trials[3].status, BULLA_IO);
  cr_expect_eq(trials[0].num_looks, 3, "its transaction may have ended with the one that failed");
  cr_expect_eq(count_details("entry = 'trial'"), 2);
  assert_unbroken(4);
}

Test(vault_group, a_record_that_cannot_be_written_fails_all) {
  struct trial trials[3] = {{.append = BULLA_OK}, {.append = BULLA_DISK_FULL}, {.append = BULLA_OK}};
  try_all(trials, 3);
  for (size_t i = 0; i < 3; i++) {
    TEST_STATUS(trials[i].status, BULLA_DISK_FULL);
  }
  cr_expect_eq(count_details("entry = 'trial'"), 0);
  TEST_OK(use("acme", "db", "password"));
}

Test(vault_group, who_loses_patience_leaves_the_queue_with_nothing_done) {
  struct user users[4] = {{.calls = 0}};
  bulla_db_set_patience(house.vault->db, 200);
  void *turn = gather(users, 4);
  join(users, 4);
  for (size_t i = 0; i < 4; i++) {
    TEST_STATUS(users[i].status, BULLA_BUSY);
    cr_expect_eq(users[i].calls, 0);
  }
  let_go(turn);
  cr_expect_eq(num_there(), 0);
  bulla_db_set_patience(house.vault->db, 5000);
  TEST_OK(use("acme", "db", "password"));
  assert_unbroken(3);
}

Test(vault_group, whose_record_is_being_written_waits_for_the_outcome) {
  struct user users[4] = {{.calls = 0}};
  bulla_db_set_patience(house.vault->db, 1000);
  set_commits(false, 1500, COMMIT_WAITS);
  void *turn = gather(users, 4);
  let_go(turn);
  join(users, 4);
  set_commits(false, 0, NULL);
  for (size_t i = 0; i < 4; i++) {
    TEST_OK(users[i].status);
    cr_expect_eq(users[i].calls, 1);
  }
  assert_unbroken(6);
}

static int use_in_child(void *arg) {
  (void)arg;
  int calls = 0;
  enum bulla_status status =
      bulla_vault_use(house.vault, &who, AT(TEXT("acme"), TEXT("db"), TEXT("password")), count_value, &calls);
  return status == BULLA_FORKED && calls == 0 ? 0 : 1;
}

Test(vault_group, a_child_that_is_forked_meanwhile_waits_for_nobody) {
  struct user users[4] = {{.calls = 0}};
  void *turn = gather(users, 4);
  alarm(60);
  cr_expect_eq(test_in_child(use_in_child, NULL), 0);
  let_go(turn);
  join(users, 4);
  for (size_t i = 0; i < 4; i++) {
    TEST_OK(users[i].status);
  }
  assert_unbroken(6);
}

Test(vault_group, threads_that_are_cancelled_in_the_queue_hold_nobody_up) {
  struct user users[8] = {{.calls = 0}};
  void *turn = gather(users, 8);
  for (size_t i = 0; i < 8; i++) {
    cr_assert_eq(pthread_cancel(users[i].thread), 0);
  }
  usleep(20000);
  let_go(turn);
  alarm(60);
  join(users, 8);
  cr_expect_eq(num_there(), 0);
  TEST_OK(use("acme", "db", "password"));
  assert_unbroken(3 + 8);
}

enum { TIMES = 40 };

static void *use_often(void *arg) {
  struct user *user = arg;
  user->field = "password";
  for (int i = 0; i < TIMES; i++) {
    (void)use_once(user);
    cr_assert_eq(user->status, BULLA_OK);
  }
  return NULL;
}

Test(vault_group, each_use_of_many_threads_has_one_record) {
  struct user users[THREADS] = {{.calls = 0}};
  for (size_t i = 0; i < THREADS; i++) {
    cr_assert_eq(pthread_create(&users[i].thread, NULL, use_often, &users[i]), 0);
  }
  join(users, THREADS);
  for (size_t i = 0; i < THREADS; i++) {
    cr_expect_eq(users[i].calls, TIMES);
  }
  cr_expect_eq(count_records("op = 'use' AND outcome = 'granted'"), THREADS * TIMES);
  assert_unbroken(2 + THREADS * TIMES);
}

/* Whose turn came when. */
static struct { _Atomic int num; } order;

struct orderly {
  pthread_t thread;
  int came;
};

static void *have_the_vault(void *arg) {
  struct bulla_vault *locked BULLA_CLEANUP(bulla_vault_unlock) = NULL;
  if (bulla_vault_lock(&locked, house.vault) == BULLA_OK) {
    ((struct orderly *)arg)->came = order.num++;
  }
  return NULL;
}

Test(vault_group, the_vault_goes_to_whoever_came_first) {
  struct orderly waiting[8];
  struct bulla_vault *locked = NULL;
  TEST_OK(bulla_vault_lock(&locked, house.vault));
  TEST_STATUS(bulla_vault_lock(&(struct bulla_vault *){NULL}, house.vault), BULLA_INVALID_ARGUMENT);
  for (size_t i = 0; i < 8; i++) {
    cr_assert_eq(pthread_create(&waiting[i].thread, NULL, have_the_vault, &waiting[i]), 0);
    wait_until_there(i + 2);
  }
  bulla_vault_unlock(&locked);
  for (int i = 0; i < 8; i++) {
    pthread_join(waiting[i].thread, NULL);
    cr_expect_eq(waiting[i].came, i);
  }
}

static _Atomic bool flooding;

static void *flood(void *arg) {
  struct user *user = arg;
  user->field = "password";
  while (flooding && user->status == BULLA_OK) {
    (void)use_once(user);
  }
  return NULL;
}

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

Test(vault_group, changes_come_through_beside_a_flood_of_uses) {
  struct user users[THREADS] = {{.calls = 0}};
  double longest = 0;
  flooding = true;
  for (size_t i = 0; i < THREADS; i++) {
    cr_assert_eq(pthread_create(&users[i].thread, NULL, flood, &users[i]), 0);
  }
  for (int i = 0; i < 50; i++) {
    double start = seconds();
    TEST_OK(put("acme", "other", "host", "h", false));
    longest = seconds() - start > longest ? seconds() - start : longest;
  }
  flooding = false;
  join(users, THREADS);
  cr_expect_lt(longest, 1.0, "%g s", longest);
  for (size_t i = 0; i < THREADS; i++) {
    TEST_OK(users[i].status);
    cr_expect_gt(users[i].calls, 0);
  }
}

static int told; /* where those who are killed tell of what was opened */

static enum bulla_status tell(void *arg, struct bulla_span value) {
  (void)arg;
  return value.len == 7 && write(told, "x", 1) == 1 ? BULLA_OK : BULLA_REFUSED;
}

static void *use_and_tell(void *vault) {
  while (bulla_vault_use(vault, &who, AT(TEXT("acme"), TEXT("db"), TEXT("password")), tell, NULL) == BULLA_OK) {
  }
  _exit(2);
}

Test(vault_group, a_process_that_is_killed_has_opened_nothing_without_a_record) {
  int64_t num_opened = 0;
  close_vault();
  for (useconds_t round = 0; round < 10; round++) {
    int ends[2];
    cr_assert_eq(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
      struct bulla_vault *vault = enter();
      pthread_t threads[8];
      told = ends[1];
      for (size_t i = 0; i < 8; i++) {
        pthread_create(&threads[i], NULL, use_and_tell, vault);
      }
      pause();
    }
    close(ends[1]);
    char byte;
    cr_assert_eq(read(ends[0], &byte, 1), 1);
    num_opened++;
    usleep(round * 1371);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    while (read(ends[0], &byte, 1) == 1) {
      num_opened++;
    }
    close(ends[0]);
  }
  await_the_dead();
  open_vault();
  int64_t num_granted = count_records("op = 'use' AND outcome = 'granted'");
  cr_expect_geq(num_granted, num_opened);
  cr_expect_leq(num_granted, num_opened + 10 * 16);
  assert_unbroken(2 + num_granted);
}
