/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* One stream of output, with asterisks in place of the values of a mask. Each run of bytes that belong to values
 * becomes eight of them, so that neither its length nor the number of values is seen. */

#ifndef BULLA_CLI_MASK_STREAM_H
#define BULLA_CLI_MASK_STREAM_H

#include "cli/mask.h"

struct bulla_mask_stream;

/* bulla_mask_stream_new makes |*stream|, with its input in locked memory. |mask| must live as long. */
BULLA_NODISCARD enum bulla_status bulla_mask_stream_new(struct bulla_mask_stream **stream,
                                                        const struct bulla_mask *mask);

void bulla_mask_stream_free(struct bulla_mask_stream **stream);

/* bulla_mask_stream_len returns how much locked memory a stream takes. */
size_t bulla_mask_stream_len(void);

/* bulla_mask_stream_room returns where input goes next, at least a page. All output must have been taken. */
struct bulla_buffer bulla_mask_stream_room(struct bulla_mask_stream *stream);

/* bulla_mask_stream_add makes output of |len| bytes that were put there, but for what may be the beginning of a value:
 * that is held until more input decides it, or |is_last|. */
void bulla_mask_stream_add(struct bulla_mask_stream *stream, size_t len, bool is_last);

/* bulla_mask_stream_show makes output of what is held, as far as that gives little away: for somebody at a terminal
 * who waits for what he has typed, or for a prompt. Of a value no more than its first quarter is shown, and no more
 * than three bytes; what follows is hidden. */
void bulla_mask_stream_show(struct bulla_mask_stream *stream);

/* bulla_mask_stream_holds returns whether there is something that bulla_mask_stream_show has not been asked for. */
bool bulla_mask_stream_holds(const struct bulla_mask_stream *stream);

/* bulla_mask_stream_output returns the output that was not taken yet; bulla_mask_stream_taken takes |len| bytes of it.
 */
struct bulla_span bulla_mask_stream_output(const struct bulla_mask_stream *stream);

void bulla_mask_stream_taken(struct bulla_mask_stream *stream, size_t len);

#endif
