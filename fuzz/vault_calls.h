/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The calls of the model of a vault (fuzz/vault_model.h), made on a vault. */

#ifndef BULLA_FUZZ_VAULT_CALLS_H
#define BULLA_FUZZ_VAULT_CALLS_H

#include "fuzz/vault_model.h"

/* fuzz_calls_set_up makes the keys that calls need. */
void fuzz_calls_set_up(void);

/* fuzz_calls_make makes |call|, which is not FUZZ_REOPEN. |model| is as before it: what is handed out, in callbacks or
 * otherwise, must be what it says. Of an import that fails, |*failed| becomes the row at fault. */
enum bulla_status fuzz_calls_make(struct bulla_vault *vault, size_t *failed, const struct fuzz_model *model,
                                  const struct fuzz_call *call);

#endif
