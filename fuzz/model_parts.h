/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The parts of statements (docs/FORMAT.md §1 and §8) a second time, plainly. */

#ifndef BULLA_FUZZ_MODEL_PARTS_H
#define BULLA_FUZZ_MODEL_PARTS_H

#include <string.h>

#include "core/cursor.h"

static inline bool model_is_text(struct bulla_span part, const char *text) {
  return bulla_span_equal(part, bulla_span(text, strlen(text)));
}

/* model_is_name says whether |part| is a name of a tenant or an actor. */
static inline bool model_is_name(struct bulla_span part) {
  static const char first[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_@+";
  bool good = part.len >= 1 && part.len <= 128 && memchr(first, part.data[0], sizeof(first) - 1) != NULL;
  for (size_t i = 1; good && i < part.len; i++) {
    good = memchr(first, part.data[i], sizeof(first) - 1) != NULL || part.data[i] == '.' || part.data[i] == '-';
  }
  return good;
}

/* model_is_number sets |*number|, and says whether it is one that has a next one. */
static inline bool model_is_number(int64_t *number, struct bulla_span part) {
  uint64_t value = 0;
  for (size_t i = 0; part.len == 8 && i < 8; i++) {
    value = value << 8 | part.data[i];
  }
  *number = (int64_t)value;
  return part.len == 8 && value < INT64_MAX;
}

/* model_take_part takes the first part off |rest|. */
static inline bool model_take_part(struct bulla_span *rest, struct bulla_span *part) {
  if (rest->len < 4) {
    return false;
  }
  const uint8_t *at = rest->data;
  size_t len = ((size_t)at[0] << 24) + ((size_t)at[1] << 16) + ((size_t)at[2] << 8) + at[3];
  if (len > rest->len - 4) {
    return false;
  }
  *part = bulla_span(at + 4, len);
  *rest = bulla_span(at + 4 + len, rest->len - 4 - len);
  return true;
}

#endif
