/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

#include "core/log.h"
#include "tests/support.h"

static const enum bulla_status statuses[] = {
    BULLA_OK,

    BULLA_REFUSED,
    BULLA_EXPIRED,
    BULLA_NOT_YET_VALID,
    BULLA_CLAIM_REFUSED,
    BULLA_REVOKED,
    BULLA_KEY_EXHAUSTED,
    BULLA_ROOT_WRONG,
    BULLA_AUDIT_BROKEN,
    BULLA_LIMITED,
    BULLA_WRONG_VAULT,

    BULLA_INVALID_ARGUMENT,
    BULLA_INVALID_NAME,
    BULLA_INVALID_TEXT,
    BULLA_BUFFER_TOO_SMALL,
    BULLA_TOO_LARGE,
    BULLA_UNSUPPORTED,
    BULLA_EXISTS,
    BULLA_ROOT_MALFORMED,
    BULLA_STAYS_SECRET,
    BULLA_CONFLICT,
    BULLA_IN_USE,

    BULLA_NOT_FOUND,

    BULLA_NO_MEMORY,
    BULLA_LOCK_LIMIT,
    BULLA_ARENA_FULL,
    BULLA_FORKED,
    BULLA_NO_CRYPTO,
    BULLA_IO,
    BULLA_DISK_FULL,
    BULLA_READ_ONLY,
    BULLA_NOT_PERMITTED,
    BULLA_BUSY,
    BULLA_UNREACHABLE,
    BULLA_UNCERTAIN,
    BULLA_NO_VAULT,
    BULLA_NOT_A_VAULT,
    BULLA_NEWER_VAULT,
    BULLA_OLDER_VAULT,
    BULLA_SECRET_UNAVAILABLE,
    BULLA_SECRET_EXPOSED,
    BULLA_VAULT_MOVED,
    BULLA_VAULT_SHARED,
};

enum { NUM_STATUSES = sizeof(statuses) / sizeof(statuses[0]) };

/* What programs were compiled with: a number that is given does not change. */
Test(status, the_numbers_are_those_of_the_first_program) {
  cr_expect_eq((int)BULLA_OK, 0);
  cr_expect_eq((int)BULLA_REFUSED, 100);
  cr_expect_eq((int)BULLA_EXPIRED, 110);
  cr_expect_eq((int)BULLA_REVOKED, 113);
  cr_expect_eq((int)BULLA_AUDIT_BROKEN, 140);
  cr_expect_eq((int)BULLA_INVALID_ARGUMENT, 200);
  cr_expect_eq((int)BULLA_ROOT_MALFORMED, 220);
  cr_expect_eq((int)BULLA_NOT_FOUND, 300);
  cr_expect_eq((int)BULLA_NO_MEMORY, 400);
  cr_expect_eq((int)BULLA_SECRET_EXPOSED, 441);
}

Test(status, the_class_is_in_the_hundreds_also_of_statuses_that_do_not_exist_yet) {
  for (int number = 0; number < 500; number++) {
    int wanted = number == 0 ? BULLA_CLASS_OK : number < 100 ? BULLA_CLASS_ENVIRONMENT : number / 100;
    cr_expect_eq((int)bulla_status_class((enum bulla_status)number), wanted, "%d", number);
  }
  const int strangers[] = {-1, -100, 500, 1000, INT32_MAX, INT32_MIN};
  for (size_t i = 0; i < sizeof(strangers) / sizeof(strangers[0]); i++) {
    cr_expect_eq(bulla_status_class((enum bulla_status)strangers[i]), BULLA_CLASS_ENVIRONMENT, "%d", strangers[i]);
  }
}

Test(status, every_text_is_one_line_without_a_final_period) {
  for (size_t i = 0; i < NUM_STATUSES; i++) {
    const char *text = bulla_status_text(statuses[i]);
    cr_assert_not_null(text, "status %zu", i);
    size_t len = strlen(text);
    cr_assert_gt(len, 0, "status %zu", i);
    cr_expect_neq(text[len - 1], '.', "%s", text);
    for (size_t at = 0; at < len; at++) {
      cr_expect(text[at] >= ' ' && text[at] <= '~', "status %zu, character %zu", i, at);
    }
  }
}

Test(status, every_text_and_every_name_is_unique) {
  for (size_t i = 0; i < NUM_STATUSES; i++) {
    for (size_t j = 0; j < i; j++) {
      cr_expect_str_neq(bulla_status_text(statuses[i]), bulla_status_text(statuses[j]), "statuses %zu and %zu", i, j);
      cr_expect_str_neq(bulla_status_name(statuses[i]), bulla_status_name(statuses[j]), "statuses %zu and %zu", i, j);
    }
    cr_expect_eq(strncmp(bulla_status_name(statuses[i]), "BULLA_", 6), 0);
  }
  cr_expect_str_eq(bulla_status_name(BULLA_REFUSED), "BULLA_REFUSED");
}

Test(status, a_number_that_is_no_status_has_a_text_of_its_own_and_is_no_success) {
  const int strangers[] = {1, 199, 1000, -1};
  for (size_t i = 0; i < sizeof(strangers) / sizeof(strangers[0]); i++) {
    enum bulla_status stranger = (enum bulla_status)strangers[i];
    cr_assert_not_null(bulla_status_text(stranger));
    cr_expect_str_eq(bulla_status_name(stranger), "BULLA_STATUS_UNKNOWN");
    for (size_t j = 0; j < NUM_STATUSES; j++) {
      cr_expect_str_neq(bulla_status_text(stranger), bulla_status_text(statuses[j]), "%d", strangers[i]);
    }
    cr_expect_neq(bulla_status_class(stranger), BULLA_CLASS_OK);
  }
}

Test(status, the_version_of_the_library_is_that_of_its_headers) {
  char version[32];
  snprintf(version, sizeof(version), "%d.%d.%d", BULLA_VERSION_MAJOR, BULLA_VERSION_MINOR, BULLA_VERSION_PATCH);
  cr_expect_str_eq(bulla_version(), version);
}

static void take_line(void *arg, enum bulla_log_level level, enum bulla_status status, const char *detail) {
  cr_expect_eq(level, BULLA_LOG_ERROR);
  cr_expect_eq(status, BULLA_IO);
  snprintf(arg, 32, "%s", detail);
}

Test(status, what_the_log_gets_is_one_line_of_ascii) {
  char line[32] = "";
  bulla_log_set(take_line, line);
  cr_expect_eq(bulla_explain(BULLA_IO, "a%cb%s", '\n', "\x1b[2J \xff\t"), BULLA_IO);
  bulla_log_set(NULL, NULL);
  cr_expect_str_eq(line, "a?b?[2J ??");
}
