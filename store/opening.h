/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Opening a sealed blob into locked memory of its own. */

#ifndef BULLA_STORE_OPENING_H
#define BULLA_STORE_OPENING_H

#include <bulla/core.h>

/* bulla_secret_room is bulla_secret_new for a length that may be 0; |buffer| is set to the bytes of |*secret|. */
BULLA_NODISCARD enum bulla_status bulla_secret_room(struct bulla_secret **secret, struct bulla_buffer *buffer,
                                                    size_t len);

/* bulla_open_secret opens |blob| under |key| in |context| as |*opened|. Returns BULLA_REFUSED. */
BULLA_NODISCARD enum bulla_status bulla_open_secret(struct bulla_secret **opened, const struct bulla_key *key,
                                                    struct bulla_span blob, struct bulla_span context);

#endif
