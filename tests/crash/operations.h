/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The operations that are interrupted: every call on a vault that reads or writes it. What they do follows from their
 * number alone, so that two runs of the same leave the same behind. */

#ifndef BULLA_TESTS_CRASH_OPERATIONS_H
#define BULLA_TESTS_CRASH_OPERATIONS_H

#include <bulla/store.h>

/* Runs on |vault| as the operation |number|, which is in the reason of its records. */
typedef enum bulla_status (*crash_run)(struct bulla_vault *vault, size_t number);

struct crash_operation {
  const char *name;
  crash_run run;
  size_t number; /* with which it goes well after crash_furnish */
};

extern const struct crash_operation crash_operations[];
extern const size_t crash_num_operations;

/* crash_furnish puts into a new vault what the operations need. */
enum bulla_status crash_furnish(struct bulla_vault *vault);

/* How often a callback got a plaintext, which a trace has too. */
extern size_t crash_num_opened;

/* The beginning of every secret; it ends with the four digits that its mask shows. */
#define CRASH_VALUE "the value of a secret, number "

/* The ids of API keys and of tokens there may be. */
enum { CRASH_TENANTS = 2, CRASH_KEYS = 6, CRASH_TOKENS = 6 };
extern const char *const crash_tenants[CRASH_TENANTS];
struct bulla_span crash_token(char text[16], size_t number);

#endif
