/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The last step of minting and refreshing: claims are composed in the caller's buffer and encrypted in place, so that
 * no other copy of them exists. */

#ifndef BULLA_TOKEN_COMPOSE_H
#define BULLA_TOKEN_COMPOSE_H

#include "token/day_cache.h"

/* bulla_compose_begin sets |claims| to the room inside |token| for the claims of a token under |key|. Returns
 * BULLA_BUFFER_TOO_SMALL. */
BULLA_NODISCARD enum bulla_status bulla_compose_begin(struct bulla_buffer *claims, const struct bulla_buffer *token,
                                                      const struct bulla_day_key *key);

/* bulla_compose_end fills |token| from the |claims| that were written there; |written| is the status of that.
 * Returns |written| unless it is BULLA_OK, BULLA_TOO_LARGE past BULLA_TOKEN_MAX, BULLA_KEY_EXHAUSTED, and the
 * statuses of bulla_jwe_seal_composed. */
BULLA_NODISCARD enum bulla_status bulla_compose_end(struct bulla_buffer *token, const struct bulla_day_pin *pin,
                                                    const struct bulla_buffer *claims, enum bulla_status written);

/* bulla_compose_counted is bulla_compose_end for a token that was counted before, with |fresh| mixed into its IV
 * (core/nonce.h). */
BULLA_NODISCARD enum bulla_status bulla_compose_counted(struct bulla_buffer *token, const struct bulla_day_pin *pin,
                                                        uint64_t fresh, const struct bulla_buffer *claims,
                                                        enum bulla_status written);

#endif
