/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Wrapping: the stored form of the vault's own keys, sealed under the root. */

#ifndef BULLA_STORE_WRAP_H
#define BULLA_STORE_WRAP_H

#include "store/context.h"

/* bulla_wrap seals |key| of BULLA_KEY_LEN bytes in |context| into |wrapped|, at least BULLA_WRAPPED_MAX bytes. */
BULLA_NODISCARD enum bulla_status bulla_wrap(struct bulla_buffer *wrapped, const struct bulla_keyring *keyring,
                                             const struct bulla_secret *key, const struct bulla_context *context);

/* bulla_unwrap opens what bulla_wrap wrote as |*key|. Returns BULLA_REFUSED for anything else. */
BULLA_NODISCARD enum bulla_status bulla_unwrap(struct bulla_secret **key, const struct bulla_keyring *keyring,
                                               struct bulla_span wrapped, const struct bulla_context *context);

#endif
