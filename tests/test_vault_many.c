/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Several fields with one commit: bulla_vault_use_many. */

#include <errno.h>
#include <sys/syscall.h>

#include "tests/vault_support.h"

static struct {
  int num;
  bool fails;
} flushes;

__attribute__((visibility("default"))) int fdatasync(int file);

int fdatasync(int file) {
  flushes.num++;
  errno = EIO;
  return flushes.fails ? -1 : (int)syscall(SYS_fdatasync, file);
}

static void build_full_house(void) {
  build_shared_house();
  open_vault();
  TEST_OK(put("acme", "db", "password", "hunter2", true));
  TEST_OK(put("acme", "db", "host", "db.internal", false));
  TEST_OK(put("umbrella", "mail", "token", "s3cret", true));
}

TestSuite(vault_many, .init = build_full_house, .fini = leave_house);

#define PLACE(t, e, f) \
  { .tenant = TEXT(t), .entry = TEXT(e), .field = TEXT(f) }

/* What the callback was given, and what it is to return. */
static struct {
  int calls;
  size_t num;
  struct bulla_span values[BULLA_PLACES_MAX];
  enum bulla_status returns;
} seen;

static enum bulla_status see(void *arg, const struct bulla_span *values, size_t num_values) {
  (void)arg;
  seen.calls++;
  seen.num = num_values;
  for (size_t i = 0; i < num_values; i++) {
    seen.values[i] = test_copy(values[i]);
  }
  return seen.returns;
}

static enum bulla_status use_many(size_t *failed, const struct bulla_place *places, size_t num) {
  *failed = 1000;
  return bulla_vault_use_many(house.vault, failed, &who, places, num, see, NULL);
}

Test(vault_many, all_values_are_passed_at_once_with_one_commit_and_a_record_each) {
  const struct bulla_place places[] = {PLACE("umbrella", "mail", "token"), PLACE("acme", "db", "password"),
                                       PLACE("acme", "db", "host"), PLACE("acme", "db", "password")};
  size_t failed;
  TEST_OK(use_many(&failed, places, 4)); /* the first commit of a connection may flush more */
  flushes.num = 0;
  TEST_OK(use_many(&failed, places, 4));
  cr_expect_eq(postgres_is_tested() ? num_commits(4 + 4) : flushes.num, 1);
  cr_expect_eq(failed, 4);
  cr_expect_eq(seen.calls, 2);
  cr_assert_eq(seen.num, 4);
  TEST_SPAN(seen.values[0], TEXT("s3cret"), "0");
  TEST_SPAN(seen.values[1], TEXT("hunter2"), "1");
  TEST_SPAN(seen.values[2], TEXT("db.internal"), "2");
  TEST_SPAN(seen.values[3], TEXT("hunter2"), "3");
  cr_expect_eq(count_details("op = 'use' AND outcome = 'granted' AND field = 'password'"), 4);
  cr_expect_eq(count_details("op = 'use' AND outcome = 'granted' AND tenant = 'umbrella'"), 2);
  assert_unbroken(4 + 8);
}

Test(vault_many, nothing_is_passed_if_one_is_not_found_and_all_are_recorded) {
  const struct bulla_place places[] = {PLACE("acme", "db", "password"), PLACE("acme", "nothing", "here"),
                                       PLACE("nobody", "db", "password")};
  size_t failed;
  TEST_STATUS(use_many(&failed, places, 3), BULLA_NOT_FOUND);
  cr_expect_eq(failed, 1);
  cr_expect_eq(seen.calls, 0);
  cr_expect_eq(count_records("op = 'use' AND outcome = 'granted'"), 1);
  cr_expect_eq(count_records("op = 'use' AND outcome = 'not-found'"), 2);
  assert_unbroken(4 + 3);
}

Test(vault_many, nothing_is_passed_if_one_is_refused_which_is_recorded) {
  const struct bulla_place places[] = {PLACE("acme", "db", "password"), PLACE("umbrella", "mail", "token")};
  size_t failed;
  restore(image(), "UPDATE field SET value = zeroblob(length(value)) WHERE name = 'token'");
  TEST_STATUS(use_many(&failed, places, 2), BULLA_REFUSED);
  cr_expect_eq(failed, 1);
  cr_expect_eq(seen.calls, 0);
  cr_expect_eq(count_records("op = 'use' AND outcome = 'granted'"), 2);
  cr_expect_eq(count_details("op = 'use' AND outcome = 'failed' AND field = 'token'"), 1);
  assert_unbroken(4 + 3);
}

Test(vault_many, nothing_is_opened_if_the_records_cannot_be_written) {
  const struct bulla_place places[] = {PLACE("acme", "db", "password"), PLACE("umbrella", "mail", "token")};
  size_t failed;
  if (postgres_is_tested()) {
    postgres_at_commit("RAISE EXCEPTION USING ERRCODE = 'disk_full'");
  }
  flushes.fails = true;
  TEST_STATUS(use_many(&failed, places, 2), postgres_is_tested() ? BULLA_DISK_FULL : BULLA_IO);
  flushes.fails = false;
  cr_expect_eq(failed, 2);
  cr_expect_eq(seen.calls, 0);
  cr_expect_eq(count_records("op = 'use'"), 0);
}

/* As a pooler says that it lost the server, which may have committed. */
Test(vault_many, nothing_is_opened_if_nobody_knows_whether_the_records_are_written) {
  const struct bulla_place places[] = {PLACE("acme", "db", "password"), PLACE("umbrella", "mail", "token")};
  size_t failed;
  if (!postgres_is_tested()) {
    TEST_SKIP("this is a test of PostgreSQL: see vault_many-postgres");
  }
  postgres_at_commit("RAISE EXCEPTION USING ERRCODE = 'connection_failure'");
  TEST_STATUS(use_many(&failed, places, 2), BULLA_UNCERTAIN);
  postgres_at_commit(NULL);
  cr_expect_eq(seen.calls, 0);
  TEST_OK(use_many(&failed, places, 2));
  assert_unbroken(4 + 2);
}

Test(vault_many, what_does_not_fit_into_locked_memory_together_is_not_passed) {
  struct bulla_place places[BULLA_PLACES_MAX];
  struct bulla_field field = {TEXT("large"), test_filled('x', BULLA_VALUE_MAX), true};
  size_t failed;
  TEST_OK(bulla_vault_put(house.vault, &who, AT(TEXT("acme"), TEXT("db")), &field, 1));
  for (size_t i = 0; i < BULLA_PLACES_MAX; i++) {
    places[i] = (struct bulla_place)PLACE("acme", "db", "large");
  }
  TEST_STATUS(use_many(&failed, places, BULLA_PLACES_MAX), BULLA_ARENA_FULL);
  cr_expect_lt(failed, BULLA_PLACES_MAX);
  cr_expect_eq(seen.calls, 0);
  cr_expect_eq(count_records("op = 'use' AND outcome = 'failed'"), 1);
  /* And what was open of them is no more, nor what was passed. */
  for (int i = 0; i < 3; i++) {
    TEST_OK(use_many(&failed, places, 8));
    cr_expect_eq(seen.values[7].len, BULLA_VALUE_MAX);
  }
}

Test(vault_many, as_many_as_are_promised_and_no_more_or_none) {
  struct bulla_place places[BULLA_PLACES_MAX + 1];
  size_t failed;
  for (size_t i = 0; i <= BULLA_PLACES_MAX; i++) {
    places[i] = (struct bulla_place)PLACE("acme", "db", "password");
  }
  TEST_OK(use_many(&failed, places, BULLA_PLACES_MAX));
  cr_expect_eq(seen.num, BULLA_PLACES_MAX);
  TEST_STATUS(use_many(&failed, places, BULLA_PLACES_MAX + 1), BULLA_TOO_LARGE);
  cr_expect_eq(failed, BULLA_PLACES_MAX + 1);
  TEST_STATUS(use_many(&failed, places, 0), BULLA_INVALID_ARGUMENT);
  assert_unbroken(4 + BULLA_PLACES_MAX);
}

Test(vault_many, what_is_asked_for_is_checked_before_anything_is_recorded) {
  struct bulla_place places[] = {PLACE("acme", "db", "password"), PLACE("acme", "db", "-no-name")};
  const struct bulla_who nobody = {.actor = TEXT("x")};
  size_t failed;
  TEST_STATUS(use_many(&failed, places, 2), BULLA_INVALID_NAME);
  cr_expect_eq(failed, 1);
  places[1] = places[0];
  places[1].reserved[0] = 1;
  TEST_STATUS(use_many(&failed, places, 2), BULLA_INVALID_ARGUMENT);
  cr_expect_eq(failed, 1);
  TEST_STATUS(bulla_vault_use_many(house.vault, &failed, &nobody, places, 1, see, NULL), BULLA_INVALID_ARGUMENT);
  cr_expect_eq(failed, 1, "none is at fault");
  assert_unbroken(4);
}

static enum bulla_status use_from_within(void *arg, const struct bulla_span *values, size_t num_values) {
  (void)arg;
  (void)values;
  (void)num_values;
  return use("acme", "db", "password");
}

Test(vault_many, the_callback_may_use_the_vault_and_its_status_is_the_calls) {
  const struct bulla_place places[] = {PLACE("acme", "db", "password")};
  size_t failed;
  alarm(20);
  TEST_OK(bulla_vault_use_many(house.vault, &failed, &who, places, 1, use_from_within, NULL));
  seen.returns = BULLA_EXPIRED;
  TEST_STATUS(use_many(&failed, places, 1), BULLA_EXPIRED);
  cr_expect_eq(failed, 1, "none is at fault");
}

Test(vault_many, what_could_not_be_prepared_is_prepared_anew) {
  if (!postgres_is_tested()) {
    TEST_SKIP("this is a test of PostgreSQL: see vault_many-postgres");
  }
  close_vault();
  open_vault();
  run_sql("ALTER TABLE field RENAME TO gone");
  cr_expect_neq(use("acme", "db", "password"), BULLA_OK);
  run_sql("ALTER TABLE gone RENAME TO field");
  TEST_OK(use("acme", "db", "password"));
}
