/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What the drivers of Frama-C's Eva share. An input is any length up to a bound, of any bytes; it ends where its
 * array ends, so that one byte too many is out of bounds, and begins where its array begins if it is as long as
 * the bound. An output is all that is left of an array in the same way. A driver splits on each length, so that
 * the analysis takes each by itself. */

#ifndef BULLA_TESTS_PROOF_H
#define BULLA_TESTS_PROOF_H

#include "__fc_builtin.h"

#include "core/cursor.h"

/* any_len returns any number up to |max|. */
static inline size_t any_len(size_t max) {
  return Frama_C_unsigned_long_interval(0, max);
}

/* any_bytes returns |len| bytes at the end of the |size| at |room|, any bytes at all. */
static inline struct bulla_span any_bytes(uint8_t *room, size_t size, size_t len) {
  Frama_C_make_unknown((char *)room, size);
  return bulla_span(room + (size - len), len);
}

/* room_for returns the last |len| of the |size| bytes at |room|, uninitialised. */
static inline struct bulla_buffer room_for(uint8_t *room, size_t size, size_t len) {
  return bulla_buffer(room + (size - len), len);
}

/* write_any writes any |len| bytes to |bytes|. */
static inline void write_any(uint8_t *bytes, size_t len) {
  for (size_t i = 0; i < len; i++) {
    bytes[i] = Frama_C_unsigned_char_interval(0, 255);
  }
}

/* read_all reads each byte of |span|: a view that an input was taken apart into must lie inside it. */
static inline void read_all(struct bulla_span span) {
  volatile uint8_t sink = 0;
  for (size_t i = 0; i < span.len; i++) {
    sink = span.data[i];
  }
  (void)sink;
}

#endif
