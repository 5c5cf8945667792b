/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The rows of revoked tokens. */

#ifndef BULLA_STORE_REVOKED_H
#define BULLA_STORE_REVOKED_H

#include "store/vault.h"

/* bulla_token_store writes that the token of |owner| with the |digest| of its jti is revoked, and has those who follow
 * revocations told. No record. */
BULLA_NODISCARD enum bulla_status bulla_token_store(struct bulla_vault *vault, const struct bulla_tenant *owner,
                                                    struct bulla_span digest, int64_t expires);

#endif
