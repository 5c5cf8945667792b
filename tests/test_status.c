/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

#include "tests/support.h"

static const enum bulla_status_class classes[] = {
    [BULLA_OK] = BULLA_CLASS_OK,

    [BULLA_REFUSED] = BULLA_CLASS_REFUSED,
    [BULLA_EXPIRED] = BULLA_CLASS_REFUSED,
    [BULLA_NOT_YET_VALID] = BULLA_CLASS_REFUSED,
    [BULLA_CLAIM_REFUSED] = BULLA_CLASS_REFUSED,
    [BULLA_REVOKED] = BULLA_CLASS_REFUSED,
    [BULLA_KEY_EXHAUSTED] = BULLA_CLASS_REFUSED,
    [BULLA_ROOT_WRONG] = BULLA_CLASS_REFUSED,
    [BULLA_AUDIT_BROKEN] = BULLA_CLASS_REFUSED,
    [BULLA_WRONG_VAULT] = BULLA_CLASS_REFUSED,

    [BULLA_INVALID_ARGUMENT] = BULLA_CLASS_USAGE,
    [BULLA_INVALID_NAME] = BULLA_CLASS_USAGE,
    [BULLA_INVALID_TEXT] = BULLA_CLASS_USAGE,
    [BULLA_BUFFER_TOO_SMALL] = BULLA_CLASS_USAGE,
    [BULLA_TOO_LARGE] = BULLA_CLASS_USAGE,
    [BULLA_UNSUPPORTED] = BULLA_CLASS_USAGE,
    [BULLA_EXISTS] = BULLA_CLASS_USAGE,
    [BULLA_ROOT_MALFORMED] = BULLA_CLASS_USAGE,
    [BULLA_STAYS_SECRET] = BULLA_CLASS_USAGE,
    [BULLA_IN_USE] = BULLA_CLASS_USAGE,

    [BULLA_NOT_FOUND] = BULLA_CLASS_NOT_FOUND,

    [BULLA_NO_MEMORY] = BULLA_CLASS_ENVIRONMENT,
    [BULLA_LOCK_LIMIT] = BULLA_CLASS_ENVIRONMENT,
    [BULLA_ARENA_FULL] = BULLA_CLASS_ENVIRONMENT,
    [BULLA_FORKED] = BULLA_CLASS_ENVIRONMENT,
    [BULLA_NO_CRYPTO] = BULLA_CLASS_ENVIRONMENT,
    [BULLA_IO] = BULLA_CLASS_ENVIRONMENT,
    [BULLA_DISK_FULL] = BULLA_CLASS_ENVIRONMENT,
    [BULLA_READ_ONLY] = BULLA_CLASS_ENVIRONMENT,
    [BULLA_BUSY] = BULLA_CLASS_ENVIRONMENT,
    [BULLA_NO_VAULT] = BULLA_CLASS_ENVIRONMENT,
    [BULLA_NOT_A_VAULT] = BULLA_CLASS_ENVIRONMENT,
    [BULLA_NEWER_VAULT] = BULLA_CLASS_ENVIRONMENT,
    [BULLA_ROOT_UNAVAILABLE] = BULLA_CLASS_ENVIRONMENT,
    [BULLA_ROOT_EXPOSED] = BULLA_CLASS_ENVIRONMENT,
    [BULLA_VAULT_MOVED] = BULLA_CLASS_ENVIRONMENT,
    [BULLA_VAULT_SHARED] = BULLA_CLASS_ENVIRONMENT,
};

enum { NUM_STATUSES = sizeof(classes) / sizeof(*classes) };

static const char *text_of(size_t status) {
  return bulla_status_text((enum bulla_status)status);
}

Test(status, every_status_has_its_class) {
  for (size_t i = 0; i < NUM_STATUSES; i++) {
    cr_expect_eq(bulla_status_class((enum bulla_status)i), classes[i], "status %zu: %s", i, text_of(i));
  }
}

Test(status, only_success_is_zero) {
  for (size_t i = 1; i < NUM_STATUSES; i++) {
    cr_expect_neq(classes[i], BULLA_CLASS_OK, "status %zu is in no table", i);
  }
  cr_expect_eq((int)BULLA_OK, 0);
}

Test(status, every_text_is_one_line_without_a_final_period) {
  for (size_t i = 0; i < NUM_STATUSES; i++) {
    const char *text = text_of(i);
    cr_assert_not_null(text, "status %zu", i);
    size_t len = strlen(text);
    cr_assert_gt(len, 0, "status %zu", i);
    cr_expect_neq(text[len - 1], '.', "%s", text);
    for (size_t at = 0; at < len; at++) {
      cr_expect(text[at] >= ' ' && text[at] <= '~', "status %zu, character %zu", i, at);
    }
  }
}

Test(status, every_text_is_unique) {
  for (size_t i = 0; i < NUM_STATUSES; i++) {
    for (size_t j = 0; j < i; j++) {
      cr_expect_str_neq(text_of(i), text_of(j), "statuses %zu and %zu", i, j);
    }
  }
}

Test(status, a_number_that_is_no_status_has_a_text_of_its_own_and_is_no_success) {
  const int strangers[] = {NUM_STATUSES, 1000, -1};
  for (size_t i = 0; i < sizeof(strangers) / sizeof(*strangers); i++) {
    const char *text = bulla_status_text((enum bulla_status)strangers[i]);
    cr_assert_not_null(text);
    for (size_t j = 0; j < NUM_STATUSES; j++) {
      cr_expect_str_neq(text, text_of(j), "%d reads as status %zu", strangers[i], j);
    }
    cr_expect_neq(bulla_status_class((enum bulla_status)strangers[i]), BULLA_CLASS_OK);
  }
}
