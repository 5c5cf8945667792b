/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* A vault by what its API tells of it, and whether it is as it must be. */

#ifndef BULLA_TESTS_CRASH_VAULT_H
#define BULLA_TESTS_CRASH_VAULT_H

#include <bulla/store.h>

#include "tests/crash/support.h"

#define CRASH_TEXT_MAX 65536

/* The one vault in a folder. crash_root is its root key, which crash_set_up makes in this process. */
void crash_set_up(void);
enum bulla_status crash_create(const char *folder);
enum bulla_status crash_open(struct bulla_vault **vault, const char *folder);

/* crash_describe writes all that can be seen in |vault| without opening a value to |text|, but for times. */
enum bulla_status crash_describe(struct bulla_vault *vault, char text[CRASH_TEXT_MAX]);

/* What a vault may be after a crash. */
struct crash_wanted {
  const char *before; /* its description; NULL: it need not be there */
  const char *after;  /* with the operation that was in progress; NULL: there was none */
  bool recorded;      /* that operation has opened something */
  bool done;          /* it was acknowledged */
  bool may_fail;      /* it may also have left a record that it failed */
};

/* crash_judge opens the vault in |folder| and compares. |why| says what is wrong. */
enum crash_verdict crash_judge(const char *folder, const struct crash_wanted *wanted, const char **why);

/* crash_has_integrity says whether the database in |folder|, closed, is whole to SQLite. */
bool crash_has_integrity(const char *folder);

#endif
