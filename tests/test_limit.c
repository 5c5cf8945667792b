/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Limits of uses, changes and misses, on a vault. */

#include <errno.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <time.h>

#include "tests/vault_support.h"

/* How many seconds the clocks of this program are ahead. */
static _Atomic time_t wall_ahead;
static _Atomic time_t both_ahead;

int clock_gettime(clockid_t clock, struct timespec *now) {
  long result = syscall(SYS_clock_gettime, clock, now);
  now->tv_sec += clock == CLOCK_REALTIME ? wall_ahead + both_ahead : clock == CLOCK_MONOTONIC ? both_ahead : 0;
  return (int)result;
}

/* Whether flushes of files fail. */
static _Atomic bool flushes_fail;

__attribute__((visibility("default"))) int fdatasync(int file);

int fdatasync(int file) {
  errno = EIO;
  return flushes_fail ? -1 : (int)syscall(SYS_fdatasync, file);
}

static void build_used_house(void) {
  build_house();
  TEST_OK(put("acme", "db", "password", "hunter2", true));
}

TestSuite(limit, .init = build_used_house, .fini = leave_house, .timeout = 100);

static void set(enum bulla_limit_kind kind, enum bulla_limit_scope scope, const char *name, int64_t rate,
                int64_t period) {
  const struct bulla_limit limit = {
      .kind = kind, .scope = scope, .name = test_text(name), .rate = rate, .period = period};
  TEST_OK(bulla_vault_limit_set(house.vault, &who, &limit));
}

static enum bulla_status use_by(struct bulla_vault *vault, const char *actor, const char *field) {
  const struct bulla_who me = {.actor = test_text(actor), .reason = TEXT("why")};
  return bulla_vault_use(vault, &me, AT(TEXT("acme"), TEXT("db"), test_text(field)), remember, NULL);
}

/* Uses the field until that is refused, and returns how often it was not. */
static int64_t use_up(struct bulla_vault *vault, const char *actor) {
  int64_t num = 0;
  int calls = used.calls;
  enum bulla_status status;
  while ((status = use_by(vault, actor, "password")) == BULLA_OK) {
    cr_assert_lt(++num, 10000);
  }
  TEST_STATUS(status, BULLA_LIMITED);
  cr_expect_eq(used.calls - calls, num, "a use that was refused opened something");
  return num;
}

/* Another process, as far as the limits know. */
static struct bulla_vault *open_other(void) {
  struct bulla_vault *other;
  TEST_OK(bulla_vault_open(&other, house.url, house.root, NULL));
  test_keep(other);
  return other;
}

Test(limit, uses_pass_up_to_the_burst_and_then_by_the_rate) {
  set(BULLA_LIMIT_USE, BULLA_LIMIT_ACTOR, "", 40, 3600);
  cr_expect_eq(use_up(house.vault, "me"), 40);
  cr_expect_eq(count_records("op = 'use' AND outcome = 'granted'"), 40, "a use that was refused is granted in the log");
  cr_expect_eq(use_up(house.vault, "another"), 40);
  both_ahead = 90 * 4;
  cr_expect_eq(use_up(house.vault, "me"), 4);
  close_vault();
  open_vault();
  cr_expect_eq(use_up(house.vault, "me"), 0, "the limit did not survive");
  cr_expect_eq(count_records("op = 'use' AND outcome = 'granted'"), 84);
}

Test(limit, each_scope_is_limited_and_a_name_has_a_limit_of_its_own) {
  set(BULLA_LIMIT_USE, BULLA_LIMIT_ACTOR, "", 3, 3600);
  set(BULLA_LIMIT_USE, BULLA_LIMIT_ACTOR, "batch", 20, 3600);
  set(BULLA_LIMIT_USE, BULLA_LIMIT_ACTOR, "banned", 0, 1);
  cr_expect_eq(use_up(house.vault, "me"), 3);
  cr_expect_eq(use_up(house.vault, "batch"), 20);
  cr_expect_eq(use_up(house.vault, "banned"), 0);
  set(BULLA_LIMIT_USE, BULLA_LIMIT_TENANT, "acme", 5, 3600);
  cr_expect_eq(use_up(house.vault, "a") + use_up(house.vault, "b"), 5);
  set(BULLA_LIMIT_USE, BULLA_LIMIT_TENANT, "acme", 100, 3600);
  cr_expect_eq(use_up(house.vault, "c"), 0, "a limit that was raised is full at once");
  both_ahead = 3600;
  set(BULLA_LIMIT_USE, BULLA_LIMIT_ORIGIN, "", 2, 3600);
  cr_expect_eq(use_up(house.vault, "c"), 2);
}

Test(limit, several_processes_share_a_limit) {
  set(BULLA_LIMIT_USE, BULLA_LIMIT_ACTOR, "", 60, 3600);
  struct bulla_vault *other = open_other();
  for (int i = 0; i < 12; i++) {
    TEST_OK(use_by(house.vault, "me", "password"));
    TEST_OK(use_by(other, "me", "password"));
  }
  int64_t rest = use_up(other, "me") + use_up(house.vault, "me");
  cr_expect(rest <= 36 && rest >= 34, "%ld", (long)rest); /* what the first has drawn it may not have used */
  bulla_vault_close(&other);
}

/* Uses until one is refused, and counts at |arg| how often; what several threads would write, it leaves alone. */
static void *use_up_beside(void *arg) {
  const struct bulla_place place = *AT(TEXT("acme"), TEXT("db"), TEXT("password"));
  const struct bulla_who me = {.actor = TEXT("me"), .reason = TEXT("why")};
  while (bulla_vault_use(house.vault, &me, &place, count_value, arg) == BULLA_OK) {
  }
  return NULL;
}

Test(limit, threads_share_a_limit) {
  enum { THREADS = 8 };
  pthread_t threads[THREADS];
  int nums[THREADS] = {0};
  int64_t sum = 0;
  set(BULLA_LIMIT_USE, BULLA_LIMIT_ACTOR, "", 100, 3600);
  for (size_t i = 0; i < THREADS; i++) {
    cr_assert_eq(pthread_create(&threads[i], NULL, use_up_beside, &nums[i]), 0);
  }
  for (size_t i = 0; i < THREADS; i++) {
    pthread_join(threads[i], NULL);
    sum += nums[i];
  }
  cr_expect_eq(sum, 100, "%ld", (long)sum);
  cr_expect_eq(count_records("op = 'use' AND outcome = 'granted'"), 100);
}

Test(limit, another_process_hears_of_a_limit_within_a_second) {
  struct bulla_vault *other = open_other();
  TEST_OK(use_by(other, "me", "password"));
  set(BULLA_LIMIT_USE, BULLA_LIMIT_ACTOR, "", 0, 1);
  TEST_STATUS(use_by(house.vault, "me", "password"), BULLA_LIMITED); /* where it was set at once */
  both_ahead = 1;
  TEST_STATUS(use_by(other, "me", "password"), BULLA_LIMITED);
  bulla_vault_close(&other);
}

static enum bulla_status never(void *arg, const struct bulla_span *values, size_t num_values) {
  (void)arg;
  (void)values;
  cr_expect_eq(num_values, 0, "what was refused was opened");
  return BULLA_OK;
}

static enum bulla_status take_two(void *arg, const struct bulla_span *values, size_t num_values) {
  (void)arg;
  cr_expect_eq(num_values, 2);
  TEST_SPAN(values[1], TEXT("hunter2"), "the second");
  return BULLA_OK;
}

Test(limit, several_uses_pass_together_or_take_nothing) {
  const struct bulla_place place = {.tenant = TEXT("acme"), .entry = TEXT("db"), .field = TEXT("password")};
  const struct bulla_place places[] = {place, place, place, place};
  size_t failed;
  test_listen();
  set(BULLA_LIMIT_USE, BULLA_LIMIT_ACTOR, "", 3, 3600);
  set(BULLA_LIMIT_USE, BULLA_LIMIT_TENANT, "closed", 0, 1);
  for (int i = 0; i < 5; i++) { /* one limit lets it pass, and must not pay for the other */
    TEST_STATUS(use("closed", "db", "password"), BULLA_LIMITED);
  }
  TEST_STATUS(bulla_vault_use_many(house.vault, &failed, &who, places, 4, never, NULL), BULLA_LIMITED);
  cr_expect_eq(failed, 0);
  cr_expect_not_null(strstr(test_told.text, "4 uses at once of this actor are more than its burst of 3"), "%s",
                     test_told.text);
  int calls = used.calls;
  for (int i = 0; i < 3; i++) {
    TEST_OK(use("acme", "db", "password"));
  }
  TEST_STATUS(use("acme", "db", "password"), BULLA_LIMITED);
  cr_expect_eq(used.calls - calls, 3);
  both_ahead = 1200;
  for (int i = 0; i < 2; i++) { /* what is refused takes nothing of what came */
    TEST_STATUS(bulla_vault_use_many(house.vault, &failed, &who, places, 2, never, NULL), BULLA_LIMITED);
    cr_expect_not_null(strstr(test_told.text, "wait 1200 s: uses of this actor"), "%s", test_told.text);
    close_vault();
    open_vault();
  }
  TEST_OK(use("acme", "db", "password"));
}

Test(limit, after_too_many_misses_nothing_is_looked_for) {
  set(BULLA_LIMIT_MISS, BULLA_LIMIT_ACTOR, "", 4, 3600);
  for (int i = 0; i < 20; i++) {
    TEST_OK(use_by(house.vault, "me", "password")); /* what is found is no miss */
  }
  for (int i = 0; i < 4; i++) {
    TEST_STATUS(use_by(house.vault, "me", "pasword"), BULLA_NOT_FOUND);
  }
  TEST_STATUS(use_by(house.vault, "me", "pasword"), BULLA_LIMITED);
  TEST_STATUS(use_by(house.vault, "me", "password"), BULLA_LIMITED); /* that would tell what is there */
  TEST_OK(use_by(house.vault, "another", "password"));
}

Test(limit, what_is_found_takes_nothing_of_the_misses) {
  const struct bulla_place place = {.tenant = TEXT("acme"), .entry = TEXT("db"), .field = TEXT("password")};
  const struct bulla_place places[] = {place, place};
  size_t failed;
  set(BULLA_LIMIT_MISS, BULLA_LIMIT_ACTOR, "", 1, 3600);
  for (int i = 0; i < 3; i++) {
    TEST_OK(use("acme", "db", "password"));
    TEST_OK(bulla_vault_use_many(house.vault, &failed, &who, places, 2, take_two, NULL));
    close_vault();
    open_vault();
  }
  TEST_STATUS(use("acme", "db", "pasword"), BULLA_NOT_FOUND);
  TEST_STATUS(use("acme", "db", "password"), BULLA_LIMITED);
}

Test(limit, processes_that_looked_before_let_one_more_miss_pass_each) {
  set(BULLA_LIMIT_MISS, BULLA_LIMIT_ACTOR, "", 1, 3600);
  struct bulla_vault *other = open_other();
  TEST_OK(use_by(other, "me", "password"));
  TEST_STATUS(use_by(house.vault, "me", "pasword"), BULLA_NOT_FOUND);
  TEST_STATUS(use_by(other, "me", "pasword"), BULLA_NOT_FOUND);
  for (int i = 0; i < 3; i++) {
    TEST_STATUS(use_by(house.vault, "me", "password"), BULLA_LIMITED);
    TEST_STATUS(use_by(other, "me", "password"), BULLA_LIMITED);
  }
  bulla_vault_close(&other);
}

Test(limit, changes_are_limited_but_those_of_limits) {
  set(BULLA_LIMIT_CHANGE, BULLA_LIMIT_ACTOR, "", 2, 3600);
  TEST_OK(put("acme", "db", "password", "hunter3", true));
  TEST_STATUS(put("acme", "db", "password", "plain", false), BULLA_STAYS_SECRET); /* which takes nothing */
  TEST_OK(put("acme", "db", "user", "me", false));
  TEST_STATUS(put("acme", "db", "user", "you", false), BULLA_LIMITED);
  TEST_STATUS(bulla_vault_remove(house.vault, &who, AT(TEXT("acme"), TEXT("db"))), BULLA_LIMITED);
  TEST_STATUS(bulla_vault_rename_entry(house.vault, &who, AT(TEXT("acme"), TEXT("db")), TEXT("bd")), BULLA_LIMITED);
  TEST_STATUS(put_apikey(TEXT("acme"), TEXT("0123456789abcdef"), "", 1), BULLA_LIMITED);
  TEST_STATUS(bulla_vault_root_remove(house.vault, &who, TEXT("spare")), BULLA_LIMITED);
  cr_expect_eq(count_records("op = 'put' AND outcome = 'done'"), 3);
  assert_use("acme", "db", "user", "me");
  set(BULLA_LIMIT_CHANGE, BULLA_LIMIT_ACTOR, "", 200, 60);
  both_ahead = 60;
  TEST_OK(put("acme", "db", "user", "you", false));
}

Test(limit, revocations_are_never_refused) {
  TEST_OK(put_apikey(TEXT("acme"), TEXT("0123456789abcdef"), "", 1));
  set(BULLA_LIMIT_CHANGE, BULLA_LIMIT_ACTOR, "", 0, 3600);
  TEST_STATUS(put("acme", "db", "user", "you", false), BULLA_LIMITED);
  TEST_OK(bulla_vault_token_revoke(house.vault, &who, TEXT("acme"), TEXT("jti"), 1));
  TEST_OK(bulla_vault_apikey_revoke(house.vault, &who, TEXT("0123456789abcdef")));
}

Test(limit, a_flood_makes_one_record_a_minute_with_a_number) {
  set(BULLA_LIMIT_USE, BULLA_LIMIT_ACTOR, "", 1, 86400);
  TEST_OK(use_by(house.vault, "me", "password"));
  for (int i = 0; i < 50; i++) {
    TEST_STATUS(use_by(house.vault, "me", "password"), BULLA_LIMITED);
  }
  struct bulla_vault *other = open_other();
  TEST_STATUS(use_by(other, "me", "password"), BULLA_LIMITED);
  bulla_vault_close(&other);
  cr_expect_eq(count_details("outcome = 'limited'"), 1);
  cr_expect_eq(count_details("op = 'use' AND outcome = 'limited' AND actor = 'me' AND reason = 'why' AND "
                             "tenant = 'acme' AND entry = 'db' AND field = 'password'"),
               1);
  both_ahead = 61;
  for (int i = 0; i < 50; i++) {
    TEST_STATUS(use_by(house.vault, "me", "password"), BULLA_LIMITED);
  }
  cr_expect_eq(count_details("outcome = 'limited'"), 2);
  cr_expect_eq(count_details("op = 'limit-refused' AND outcome = 'limited' AND actor = 'me' AND entry = 'use' AND "
                             "field = '51'"),
               1);
  close_vault();
  open_vault();
  both_ahead = 2 * 86400;
  TEST_OK(use_by(house.vault, "me", "password"));
  cr_expect_eq(count_details("op = 'limit-refused' AND field = '49'"), 1, "those before a use that passes");
  assert_unbroken(1 + 1 + 1 + 2 + 3);
}

Test(limit, what_is_not_committed_takes_nothing) {
  SQLITE_ONLY();
  set(BULLA_LIMIT_USE, BULLA_LIMIT_ACTOR, "", 160, 86400);
  TEST_OK(use_by(house.vault, "me", "password"));
  flushes_fail = true;
  for (int i = 0; i < 20; i++) {
    enum bulla_status status = use_by(house.vault, "me", "password");
    cr_expect(status != BULLA_OK && status != BULLA_LIMITED, "%d", status);
  }
  flushes_fail = false;
  cr_expect_eq(use_up(house.vault, "me"), 159);
}

Test(limit, a_clock_that_is_set_gives_no_more_than_a_burst) {
  set(BULLA_LIMIT_USE, BULLA_LIMIT_ACTOR, "", 10, 3600);
  cr_expect_eq(use_up(house.vault, "me"), 10);
  wall_ahead = 400 * 86400;
  both_ahead = 2;
  cr_expect_eq(use_up(house.vault, "me"), 10);
  wall_ahead = 0;
  both_ahead = 4;
  cr_expect_eq(use_up(house.vault, "me"), 0);
  both_ahead = 4 + 360;
  cr_expect_eq(use_up(house.vault, "me"), 1, "the clock that went back stopped it");
}

Test(limit, who_is_forgotten_finds_an_empty_bucket) {
  char actor[16];
  set(BULLA_LIMIT_USE, BULLA_LIMIT_ACTOR, "", 1, 86400);
  for (int i = 0; i < BULLA_LIMIT_SUBJECTS + 8; i++) {
    snprintf(actor, sizeof(actor), "a%d", i);
    TEST_OK(use_by(house.vault, actor, "password"));
  }
  cr_expect_eq(house.vault->limits.subjects.num, BULLA_LIMIT_SUBJECTS);
  TEST_STATUS(use_by(house.vault, "a0", "password"), BULLA_LIMITED);
}

Test(limit, names_that_are_made_up_fill_no_database) {
  SQLITE_ONLY();
  set(BULLA_LIMIT_USE, BULLA_LIMIT_ACTOR, "", 2, 86400);
  int64_t wait;
  const struct bulla_who two = {.actor = TEXT("two"), .reason = TEXT("why")};
  run_sql(
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 16384) INSERT INTO limit_bucket "
      "SELECT 1, 1, randomblob(16), 0, 1, 9000000000000000000, 1, 1 FROM n");
  cr_expect_eq(use_up(house.vault, "one"), 2);
  cr_expect_eq(use_up(house.vault, "two"), 0, "there is more than one bucket for all further names");
  TEST_OK(bulla_vault_limit_wait(house.vault, &wait, &two, BULLA_LIMIT_USE, TEXT("")));
  cr_expect_gt(wait, 0, "the bucket that is shared is not asked");
  cr_expect_eq(run_sql("SELECT count(*) FROM limit_bucket"), 16385);
  run_sql("UPDATE limit_bucket SET full_at = 0 WHERE subject <> zeroblob(16)");
  TEST_OK(bulla_vault_limit_wait(house.vault, &wait, &two, BULLA_LIMIT_USE, TEXT("")));
  cr_expect_eq(wait, 0);
  both_ahead = 2;
  cr_expect_eq(use_up(house.vault, "two"), 2, "who shared a bucket has none of its own later");
  cr_expect_eq(run_sql("SELECT count(*) FROM limit_bucket"), 2, "buckets that are full stay");
}

static enum bulla_status list_one(void *arg, const struct bulla_limit *limit) {
  char *text = arg;
  size_t len = strlen(text);
  snprintf(text + len, 200 - len, "%d %d %.*s %ld/%ld %ld; ", limit->kind, limit->scope, (int)limit->name.len,
           (const char *)limit->name.data, (long)limit->rate, (long)limit->period, (long)limit->burst);
  return BULLA_OK;
}

Test(limit, limits_are_listed_set_anew_and_removed) {
  char text[200] = "";
  struct bulla_limit limit = {.kind = BULLA_LIMIT_USE, .scope = BULLA_LIMIT_TENANT, .name = TEXT("acme")};
  set(BULLA_LIMIT_MISS, BULLA_LIMIT_ORIGIN, "", 7, 60);
  set(BULLA_LIMIT_USE, BULLA_LIMIT_TENANT, "acme", 1, 1);
  set(BULLA_LIMIT_USE, BULLA_LIMIT_TENANT, "acme", 2, 86400);
  TEST_OK(bulla_vault_limit_list(house.vault, list_one, text));
  cr_expect_str_eq(text, "1 2 acme 2/86400 2; 3 3  7/60 7; ");
  TEST_OK(bulla_vault_limit_remove(house.vault, &who, &limit));
  TEST_STATUS(bulla_vault_limit_remove(house.vault, &who, &limit), BULLA_NOT_FOUND);
  text[0] = '\0';
  TEST_OK(bulla_vault_limit_list(house.vault, list_one, text));
  cr_expect_str_eq(text, "3 3  7/60 7; ");
  cr_expect_eq(count_details("op = 'limit-set' AND entry = 'acme' AND field = 'use tenant 2/86400 burst 2'"), 1);
  cr_expect_eq(count_details("op = 'limit-remove' AND entry = 'acme' AND field = 'use tenant'"), 1);
}

Test(limit, limits_that_make_no_sense_are_refused) {
  static const struct {
    struct bulla_limit limit;
    enum bulla_status status;
  } cases[] = {
      {{.kind = 0, .scope = 1, .rate = 1, .period = 1}, BULLA_INVALID_ARGUMENT},
      {{.kind = 4, .scope = 1, .rate = 1, .period = 1}, BULLA_INVALID_ARGUMENT},
      {{.kind = 1, .scope = 0, .rate = 1, .period = 1}, BULLA_INVALID_ARGUMENT},
      {{.kind = 1, .scope = 4, .rate = 1, .period = 1}, BULLA_INVALID_ARGUMENT},
      {{.kind = 1, .scope = 1, .rate = -1, .period = 1}, BULLA_INVALID_ARGUMENT},
      {{.kind = 1, .scope = 1, .rate = 1, .period = 0}, BULLA_INVALID_ARGUMENT},
      {{.kind = 1, .scope = 1, .rate = 1, .period = 86401}, BULLA_INVALID_ARGUMENT},
      {{.kind = 1, .scope = 1, .rate = 1, .period = 1, .burst = -1}, BULLA_INVALID_ARGUMENT},
      {{.kind = 1, .scope = 1, .rate = 0, .period = 1, .burst = 1}, BULLA_INVALID_ARGUMENT},
      {{.kind = 1, .scope = 1, .rate = 1, .period = 1, .reserved = {0, 1}}, BULLA_INVALID_ARGUMENT},
      {{.kind = 1, .scope = 1, .rate = BULLA_LIMIT_MAX + 1, .period = 1}, BULLA_TOO_LARGE},
      {{.kind = 1, .scope = 1, .rate = INT64_MAX, .period = 86400, .burst = INT64_MAX}, BULLA_TOO_LARGE},
      {{.kind = 1, .scope = 1, .rate = 1, .period = 1, .burst = BULLA_LIMIT_MAX + 1}, BULLA_TOO_LARGE},
      {{.kind = 1, .scope = 1, .rate = BULLA_LIMIT_MAX, .period = 86400}, BULLA_OK},
  };
  for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
    TEST_STATUS(bulla_vault_limit_set(house.vault, &who, &cases[i].limit), cases[i].status);
  }
  TEST_OK(use("acme", "db", "password"));
}

Test(limit, a_vault_has_so_many_limits_at_most) {
  char name[16];
  for (int i = 0; i <= BULLA_LIMITS_MAX; i++) {
    snprintf(name, sizeof(name), "a%d", i);
    const struct bulla_limit limit = {.kind = 1, .scope = 1, .name = test_text(name), .rate = 1, .period = 1};
    TEST_STATUS(bulla_vault_limit_set(house.vault, &who, &limit), i < BULLA_LIMITS_MAX ? BULLA_OK : BULLA_TOO_LARGE);
  }
  set(1, 1, "a7", 2, 1);
  TEST_OK(use("acme", "db", "password"));
}

Test(limit, a_limit_that_nobody_can_have_set_is_refused) {
  set(BULLA_LIMIT_USE, BULLA_LIMIT_ACTOR, "", 5, 1);
  run_sql("UPDATE limit_rule SET rate = -1");
  both_ahead = 2;
  TEST_STATUS(use("acme", "db", "password"), BULLA_REFUSED);
  TEST_STATUS(put("acme", "db", "password", "x", true), BULLA_REFUSED);
  set(BULLA_LIMIT_USE, BULLA_LIMIT_ACTOR, "", 5, 1);
  TEST_OK(use("acme", "db", "password"));
  run_sql("UPDATE limit_bucket SET level = 9223372036854775807, refused = 9223372036854775807, told = 0");
  close_vault();
  open_vault();
  cr_expect_leq(use_up(house.vault, "tester"), 5 + 5);
}

Test(limit, the_wait_is_told) {
  int64_t wait = -1;
  const struct bulla_who me = {.actor = TEXT("me"), .reason = TEXT("why")};
  set(BULLA_LIMIT_USE, BULLA_LIMIT_ACTOR, "", 1, 60);
  set(BULLA_LIMIT_CHANGE, BULLA_LIMIT_TENANT, "acme", 0, 60);
  TEST_OK(bulla_vault_limit_wait(house.vault, &wait, &me, BULLA_LIMIT_USE, TEXT("acme")));
  cr_expect_eq(wait, 0);
  cr_expect_eq(use_up(house.vault, "me"), 1);
  TEST_OK(bulla_vault_limit_wait(house.vault, &wait, &me, BULLA_LIMIT_USE, TEXT("acme")));
  cr_expect(wait > 50 * 1000000 && wait <= 60 * 1000000, "%ld", (long)wait);
  TEST_OK(bulla_vault_limit_wait(house.vault, &wait, &me, BULLA_LIMIT_CHANGE, TEXT("acme")));
  cr_expect_eq(wait, INT64_MAX);
  TEST_OK(bulla_vault_limit_wait(house.vault, &wait, &me, BULLA_LIMIT_CHANGE, TEXT("")));
  cr_expect_eq(wait, 0);
}
