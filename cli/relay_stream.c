/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See cli/relay_stream.h. Only what poll(2) has found ready is touched: a reader that is slow holds up its stream, and
 * nothing else. */

#include "cli/relay_stream.h"

#include <errno.h>
#include <unistd.h>

enum { WRITE_LEN = 4096 }; /* a pipe that is ready takes as much without blocking (PIPE_BUF) */

enum bulla_status bulla_relay_stream_begin(struct bulla_relay_stream *stream, const struct bulla_mask *mask, int to) {
  stream->to = to;
  stream->is_terminal = isatty(to) == 1;
  return bulla_mask_stream_new(&stream->masked, mask);
}

static void end_input(struct bulla_relay_stream *stream) {
  if (stream->from >= 0 && !stream->is_lent) {
    (void)close(stream->from);
  }
  stream->from = -1;
}

void bulla_relay_stream_end(struct bulla_relay_stream *stream) {
  end_input(stream);
  bulla_mask_stream_free(&stream->masked);
}

static bool has_output(const struct bulla_relay_stream *stream) {
  return bulla_mask_stream_output(stream->masked).len > 0;
}

bool bulla_relay_stream_reads(const struct bulla_relay_stream *stream) {
  return stream->from >= 0 && !has_output(stream);
}

bool bulla_relay_stream_goes_on(const struct bulla_relay_stream *stream) {
  return stream->from >= 0 || has_output(stream);
}

struct pollfd bulla_relay_stream_wait(const struct bulla_relay_stream *stream) {
  struct pollfd output = {.fd = stream->to, .events = POLLOUT};
  struct pollfd input = {.fd = stream->from, .events = POLLIN};
  return has_output(stream) ? output : input;
}

static void read_on(struct bulla_relay_stream *stream, bool is_leaving) {
  struct bulla_buffer room = bulla_mask_stream_room(stream->masked);
  ssize_t got = read(stream->from, room.data, room.size);
  bool nothing_yet = got < 0 && (errno == EINTR || errno == EAGAIN);
  if (got > 0) {
    bulla_mask_stream_add(stream->masked, (size_t)got, false);
  } else if (!nothing_yet || is_leaving) {
    bulla_mask_stream_add(stream->masked, 0, true);
    end_input(stream);
  }
}

/* If nobody takes it, the command finds that nobody does. */
static void write_on(struct bulla_relay_stream *stream) {
  struct bulla_span output = bulla_mask_stream_output(stream->masked);
  ssize_t done = write(stream->to, output.data, output.len < WRITE_LEN ? output.len : WRITE_LEN);
  if (done < 0 && errno != EINTR && errno != EAGAIN) {
    stream->error = errno;
    end_input(stream);
    bulla_mask_stream_taken(stream->masked, output.len);
  } else if (done > 0) {
    bulla_mask_stream_taken(stream->masked, (size_t)done);
  }
}

void bulla_relay_stream_move(struct bulla_relay_stream *stream, bool is_ready, bool is_leaving) {
  if (!bulla_relay_stream_reads(stream)) {
    if (is_ready) {
      write_on(stream);
    }
  } else if (is_ready || is_leaving) {
    read_on(stream, is_leaving);
  }
}
