/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* One stream of a relay: from a descriptor that a command writes to, through a mask, to one of this process. */

#ifndef BULLA_CLI_RELAY_STREAM_H
#define BULLA_CLI_RELAY_STREAM_H

#include <poll.h>

#include "cli/mask_stream.h"

struct bulla_relay_stream {
  int from;         /* or -1 at its end */
  bool is_lent;     /* it is closed by its owner */
  int to;           /* which stays open */
  bool is_terminal; /* it is one, where somebody may wait for a prompt */
  int error;        /* why it could not be written on, or 0 */
  struct bulla_mask_stream *masked;
};

/* bulla_relay_stream_begin prepares |stream|, whose `from` and `is_lent` are set. */
BULLA_NODISCARD enum bulla_status bulla_relay_stream_begin(struct bulla_relay_stream *stream,
                                                           const struct bulla_mask *mask, int to);

/* bulla_relay_stream_end closes and frees what it has. */
void bulla_relay_stream_end(struct bulla_relay_stream *stream);

/* bulla_relay_stream_wait returns what to wait for with poll(2). */
struct pollfd bulla_relay_stream_wait(const struct bulla_relay_stream *stream);

/* bulla_relay_stream_move reads or writes once, without blocking, if that |is_ready|. If |is_leaving| it reads without
 * having waited, and what is not there is not waited for. */
void bulla_relay_stream_move(struct bulla_relay_stream *stream, bool is_ready, bool is_leaving);

/* bulla_relay_stream_reads returns whether it goes on by reading, and not by writing; bulla_relay_stream_goes_on
 * whether it does at all. */
bool bulla_relay_stream_reads(const struct bulla_relay_stream *stream);

bool bulla_relay_stream_goes_on(const struct bulla_relay_stream *stream);

#endif
