/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What is known to all whose roles have ended, and what is left to do about it: for actor revoke and grant rm. It is
 * what status says, and not what one of them knew: what is due of a tenant is due by whoever came last. */

#ifndef BULLA_CLI_DUE_H
#define BULLA_CLI_DUE_H

#include <bulla/store.h>

#include "cli/cli.h"

struct bulla_due_tenant {
  char name[BULLA_NAME_MAX + 1];
};

struct bulla_due {
  struct bulla_due_tenant *tenants; /* whose active version is due */
  int64_t num_active;
  int64_t num_rotated; /* of these, by now */
  int64_t num_former;  /* decrypt-only versions that are due */
  int64_t num_apikeys; /* API keys that are */
  int64_t generation;  /* of the directory */
};

/* bulla_due_take looks at the vault. |due| must be zero; bulla_due_free frees what it has, also after a failure. */
BULLA_NODISCARD enum bulla_status bulla_due_take(struct bulla_due *due, struct bulla_vault *vault);

void bulla_due_free(struct bulla_due *due);

/* bulla_due_rotate rotates the tenants that are due, and looks again. One that cannot be rotated keeps none of the
 * others from it; the first failure is returned, also after a signal, which ends it between two tenants. */
BULLA_NODISCARD enum bulla_status bulla_due_rotate(struct bulla_cli *cli, struct bulla_due *due,
                                                   struct bulla_vault *vault, const struct bulla_who *who);

/* bulla_due_print says what is due, by which commands it ends, and the generation. */
void bulla_due_print(const struct bulla_due *due);

#endif
