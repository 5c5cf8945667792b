/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Wrapping: the stored form of the vault's own keys, sealed under the vault key, and the vault key's under a root. */

#ifndef BULLA_STORE_WRAP_H
#define BULLA_STORE_WRAP_H

#include "store/context.h"

/* bulla_wrap seals |key| of BULLA_KEY_LEN bytes under |under| in |context| into |wrapped|, at least BULLA_WRAPPED_MAX
 * bytes. Returns BULLA_DENIED if either is NULL: an actor has not the keys that its roles do not give. */
BULLA_NODISCARD enum bulla_status bulla_wrap(struct bulla_buffer *wrapped, struct bulla_key *under,
                                             const struct bulla_secret *key, const struct bulla_context *context);

/* bulla_unwrap opens what bulla_wrap wrote as |*key|. Returns BULLA_REFUSED for anything else, BULLA_DENIED
 * if |under| is NULL. */
BULLA_NODISCARD enum bulla_status bulla_unwrap(struct bulla_secret **key, const struct bulla_key *under,
                                               struct bulla_span wrapped, const struct bulla_context *context);

/* bulla_unwrap_key is bulla_unwrap for a key of suite 2. */
BULLA_NODISCARD enum bulla_status bulla_unwrap_key(struct bulla_key **key, const struct bulla_key *under,
                                                   struct bulla_span wrapped, const struct bulla_context *context);

#endif
