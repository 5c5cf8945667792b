/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See cli/mask_stream.h. Every byte is looked at as the beginning of a value, also within another value: of two that
 * overlap, both are hidden. What looking and moving leave in registers is cleared behind each piece: this process stays
 * while the command runs. */

#include "cli/mask_stream.h"

#include <stdlib.h>

#include "cli/session.h"
#include "core/scrub.h"

static const char stars[] = "********";

enum {
  CHUNK_LEN = 65536,
  INPUT_LEN = BULLA_MASK_WINDOW + CHUNK_LEN,
  STARS_LEN = sizeof(stars) - 1,
  /* At worst every four bytes that are hidden are followed by one that is not. */
  OUTPUT_LEN = 2 * INPUT_LEN + STARS_LEN,
  SHOWN_MAX = 3,      /* bytes of a value, */
  SHOWN_FRACTION = 4, /* and this part of it */
};

struct bulla_mask_stream {
  const struct bulla_mask *mask;
  struct bulla_secret *secret; /* INPUT_LEN bytes */
  uint8_t *input;
  size_t len;     /* of the input that is held */
  size_t covered; /* how many of its first bytes belong to a value that began before them */
  size_t shown;   /* how many of its first bytes were made output of already */
  bool is_hidden; /* the last output is asterisks, for what goes on */
  bool is_asked;  /* it was asked to be shown */
  uint8_t *output;
  size_t output_at;
  size_t output_len;
};

enum bulla_status bulla_mask_stream_new(struct bulla_mask_stream **stream, const struct bulla_mask *mask) {
  struct bulla_mask_stream *made = (struct bulla_mask_stream *)calloc(1, sizeof(*made));
  *stream = made;
  if (made == NULL) {
    return BULLA_NO_MEMORY;
  }
  made->mask = mask;
  made->output = (uint8_t *)malloc(OUTPUT_LEN);
  enum bulla_status status = made->output != NULL ? bulla_secret_new(&made->secret, INPUT_LEN) : BULLA_NO_MEMORY;
  if (status != BULLA_OK) {
    bulla_mask_stream_free(stream);
    return status;
  }
  made->input = bulla_secret_data(made->secret);
  return BULLA_OK;
}

void bulla_mask_stream_free(struct bulla_mask_stream **stream) {
  if (*stream != NULL) {
    bulla_secret_free(&(*stream)->secret);
    free((*stream)->output);
  }
  free(*stream);
  *stream = NULL;
}

size_t bulla_mask_stream_len(void) {
  return INPUT_LEN + BULLA_SLOT_ROOM;
}

struct bulla_buffer bulla_mask_stream_room(struct bulla_mask_stream *stream) {
  return bulla_buffer(stream->input + stream->len, INPUT_LEN - stream->len);
}

static void put(struct bulla_mask_stream *stream, const void *bytes, size_t len) {
  memcpy(stream->output + stream->output_len, bytes, len);
  stream->output_len += len;
}

static void put_stars(struct bulla_mask_stream *stream) {
  if (!stream->is_hidden) {
    put(stream, stars, STARS_LEN);
  }
  stream->is_hidden = true;
}

/* put_plain makes output of the input from |at| on, but for what was shown. */
static void put_plain(struct bulla_mask_stream *stream, size_t at, size_t len) {
  size_t shown = stream->shown > at ? stream->shown - at : 0;
  if (shown < len) {
    put(stream, stream->input + at + shown, len - shown);
  }
  if (len > 0) {
    stream->is_hidden = false;
  }
}

/* put_byte makes output of the byte |at|, hidden or not. */
static void put_byte(struct bulla_mask_stream *stream, size_t at) {
  if (stream->covered == 0) {
    put_plain(stream, at, 1);
    return;
  }
  stream->covered--;
  if (at >= stream->shown) {
    put_stars(stream);
  }
}

static struct bulla_span rest(const struct bulla_mask_stream *stream, size_t at) {
  return bulla_span(stream->input + at, stream->len - at);
}

/* scan makes output of what is decided, and returns its length. */
static size_t scan(struct bulla_mask_stream *stream, bool is_last) {
  size_t at = 0;
  while (at < stream->len) {
    if (stream->covered == 0) {
      size_t plain = bulla_mask_none(stream->mask, rest(stream, at));
      put_plain(stream, at, plain);
      at += plain;
    }
    if (at == stream->len) {
      break;
    }
    struct bulla_mask_found found = bulla_mask_find(stream->mask, rest(stream, at));
    if (found.is_open && !is_last && stream->len - at < BULLA_MASK_WINDOW) {
      break;
    }
    stream->covered = found.len > stream->covered ? found.len : stream->covered;
    put_byte(stream, at);
    at++;
  }
  return at;
}

void bulla_mask_stream_add(struct bulla_mask_stream *stream, size_t len, bool is_last) {
  stream->len += len;
  stream->is_asked = false;
  size_t done = scan(stream, is_last);
  stream->len -= done;
  stream->shown -= stream->shown < done ? stream->shown : done;
  memmove(stream->input, stream->input + done, stream->len);
  bulla_wipe(stream->input + stream->len, done);
  bulla_scrub(0);
}

/* gives_away returns whether what is held shows too much of a value that begins at |at|. */
static bool gives_away(const struct bulla_mask_stream *stream, size_t at) {
  struct bulla_mask_found found = bulla_mask_find(stream->mask, rest(stream, at));
  size_t len = stream->len - at;
  return found.len > 0 || (found.is_open && (len > SHOWN_MAX || len > found.least_open / SHOWN_FRACTION));
}

static void show(struct bulla_mask_stream *stream) {
  stream->is_asked = true;
  if (stream->len == 0 || stream->covered > 0) {
    return;
  }
  struct bulla_mask_found found = bulla_mask_find(stream->mask, rest(stream, 0));
  if (found.len > stream->shown) {
    /* A value is there, though a longer one may be. */
    put_stars(stream);
    stream->shown = found.len;
    return;
  }
  for (size_t at = 0; at < stream->len; at++) {
    if (gives_away(stream, at)) {
      return;
    }
  }
  put_plain(stream, 0, stream->len);
  stream->shown = stream->len;
}

void bulla_mask_stream_show(struct bulla_mask_stream *stream) {
  show(stream);
  bulla_scrub(0);
}

bool bulla_mask_stream_holds(const struct bulla_mask_stream *stream) {
  return stream->len > stream->shown && !stream->is_asked;
}

struct bulla_span bulla_mask_stream_output(const struct bulla_mask_stream *stream) {
  return bulla_span(stream->output + stream->output_at, stream->output_len - stream->output_at);
}

void bulla_mask_stream_taken(struct bulla_mask_stream *stream, size_t len) {
  stream->output_at += len;
  if (stream->output_at == stream->output_len) {
    stream->output_at = 0;
    stream->output_len = 0;
  }
}
