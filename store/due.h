/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What is due: whoever had a role that has ended knows the keys that it gave while it was in force. Nothing of this is
 * stored: it follows from the signed statements of grants and tenants. */

#ifndef BULLA_STORE_DUE_H
#define BULLA_STORE_DUE_H

#include "store/vault.h"

/* When the last grants ended, as generations of the directory, 0 for never. */
struct bulla_due {
  int64_t secrets; /* of a role that gives keys of secrets: what was made before is due */
  int64_t apikeys; /* of one that gives those of API keys */
};

/* bulla_due_begin fills |due| with what is known of the grants for all tenants, after bulla_check_whole: what a row
 * that was taken away told of is due too. It locks the vault. */
BULLA_NODISCARD enum bulla_status bulla_due_begin(struct bulla_due *due, struct bulla_vault *vault);

/* bulla_due_mark says of the versions |views| of |tenant|, one for each secret in its statement, what of them is due,
 * with |of_all| from bulla_due_begin. In the transaction of the caller that read them. */
BULLA_NODISCARD enum bulla_status bulla_due_mark(struct bulla_version_view *views, struct bulla_vault *vault,
                                                 const struct bulla_tenant *tenant, const struct bulla_due *of_all);

#endif
