/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Cursors: the only way to parse and compose bytes from outside. Neither can run past its end, and neither does
 * arithmetic on a length from the input.
 *
 * A reader fails at once and then stays where it is. A writer remembers that something did not fit, writes nothing
 * more, and bulla_writer_finish() reports it. */

#ifndef BULLA_CORE_CURSOR_H
#define BULLA_CORE_CURSOR_H

#include <string.h>

#include <bulla/core.h>

#define BULLA_LITERAL(text) bulla_span((text), sizeof(text) - 1)

struct bulla_reader {
  const uint8_t *at;
  size_t left;
};

static inline struct bulla_reader bulla_reader(struct bulla_span bytes) {
  struct bulla_reader reader = {bytes.data, bytes.len};
  return reader;
}

/* bulla_take moves |len| bytes from |reader| to |span|, or returns false and changes neither. */
static inline bool bulla_take(struct bulla_reader *reader, struct bulla_span *span, size_t len) {
  if (len > reader->left) {
    return false;
  }
  *span = bulla_span(reader->at, len);
  if (len > 0) {
    reader->at += len;
    reader->left -= len;
  }
  return true;
}

/* bulla_take_byte takes one byte, or returns false. */
static inline bool bulla_take_byte(struct bulla_reader *reader, uint8_t *byte) {
  if (reader->left == 0) {
    return false;
  }
  *byte = *reader->at;
  reader->at++;
  reader->left--;
  return true;
}

/* bulla_take_until takes what comes before the first |mark|, and the mark, or returns false if there is none. */
static inline bool bulla_take_until(struct bulla_reader *reader, struct bulla_span *span, uint8_t mark) {
  const uint8_t *found = reader->left > 0 ? (const uint8_t *)memchr(reader->at, mark, reader->left) : NULL;
  if (found == NULL) {
    return false;
  }
  size_t len = (size_t)(found - reader->at);
  *span = bulla_span(reader->at, len);
  reader->at += len + 1;
  reader->left -= len + 1;
  return true;
}

/* bulla_take_prefixed takes what bulla_put_prefixed wrote, bulla_take_number what bulla_put_number did. */
static inline bool bulla_take_prefixed(struct bulla_reader *reader, struct bulla_span *span) {
  struct bulla_reader ahead = *reader;
  struct bulla_span len;
  if (!bulla_take(&ahead, &len, 4)) {
    return false;
  }
  size_t num = (size_t)len.data[0] << 24 | (size_t)len.data[1] << 16 | (size_t)len.data[2] << 8 | len.data[3];
  if (!bulla_take(&ahead, span, num)) {
    return false;
  }
  *reader = ahead;
  return true;
}

static inline bool bulla_take_number(struct bulla_reader *reader, int64_t *number) {
  struct bulla_reader ahead = *reader;
  struct bulla_span bytes;
  if (!bulla_take_prefixed(&ahead, &bytes) || bytes.len != 8) {
    return false;
  }
  uint64_t value = 0;
  for (size_t i = 0; i < bytes.len; i++) {
    value = value << 8 | bytes.data[i];
  }
  *number = (int64_t)value;
  *reader = ahead;
  return true;
}

/* bulla_span_equal compares public bytes; use bulla_secret_equal for secrets. */
static inline bool bulla_span_equal(struct bulla_span a, struct bulla_span b) {
  return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

/* bulla_without_newline returns |text| without one newline at its end, LF or CRLF, if it has one, as keys, tokens
 * and text forms from files, descriptors and variables often do. It does not look at the first |least| bytes, which may
 * be secret. */
static inline struct bulla_span bulla_without_newline(struct bulla_span text, size_t least) {
  size_t len = text.len;
  if (len > least && text.data[len - 1] == '\n') {
    len--;
    len -= len > least && text.data[len - 1] == '\r' ? 1 : 0;
  }
  return bulla_span(text.data, len);
}

struct bulla_writer {
  struct bulla_buffer *out;
  bool overflow;
};

/* bulla_writer empties |out| and writes to it from its beginning. */
static inline struct bulla_writer bulla_writer(struct bulla_buffer *out) {
  out->len = 0;
  struct bulla_writer writer = {out, false};
  return writer;
}

/* bulla_give returns room for |len| bytes, which the caller fills, or NULL if there is not enough. */
static inline uint8_t *bulla_give(struct bulla_writer *writer, size_t len) {
  struct bulla_buffer *out = writer->out;
  if (writer->overflow || len > out->size - out->len) {
    writer->overflow = true;
    return NULL;
  }
  if (len == 0) {
    return out->data;
  }
  uint8_t *room = out->data + out->len;
  out->len += len;
  return room;
}

static inline void bulla_put(struct bulla_writer *writer, struct bulla_span bytes) {
  uint8_t *room = bulla_give(writer, bytes.len);
  if (room != NULL && bytes.len > 0) {
    memcpy(room, bytes.data, bytes.len);
  }
}

static inline void bulla_put_byte(struct bulla_writer *writer, uint8_t byte) {
  uint8_t *room = bulla_give(writer, 1);
  if (room != NULL) {
    *room = byte;
  }
}

/* bulla_put_be writes the |len| low bytes of |value|, most significant first. */
static inline void bulla_put_be(struct bulla_writer *writer, uint64_t value, size_t len) {
  uint8_t *room = bulla_give(writer, len);
  for (size_t i = 0; room != NULL && i < len; i++) {
    room[i] = (uint8_t)(value >> (8 * (len - 1 - i)));
  }
}

/* bulla_put_prefixed writes the length of |bytes| as four bytes, most significant first, and |bytes|, so that
 * a list of such parts is unambiguous. */
static inline void bulla_put_prefixed(struct bulla_writer *writer, struct bulla_span bytes) {
  if (bytes.len > UINT32_MAX) {
    writer->overflow = true;
  }
  bulla_put_be(writer, bytes.len, 4);
  bulla_put(writer, bytes);
}

/* bulla_put_number writes |number| as a part of eight bytes. */
static inline void bulla_put_number(struct bulla_writer *writer, int64_t number) {
  bulla_put_be(writer, 8, 4);
  bulla_put_be(writer, (uint64_t)number, 8);
}

/* bulla_writer_finish returns BULLA_BUFFER_TOO_SMALL if something did not fit, with the buffer wiped and empty. */
BULLA_NODISCARD enum bulla_status bulla_writer_finish(struct bulla_writer *writer);

/* bulla_fail wipes the |size| bytes of |out|, empties it, and returns |status|. */
enum bulla_status bulla_fail(struct bulla_buffer *out, enum bulla_status status);

#endif
