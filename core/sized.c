/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See core/sized.h. */

#include "core/sized.h"

#include "core/cleanup.h"
#include "core/log.h"

/* Bytes that a later version may have added: more is not believed. */
enum { GROWTH_MAX = 256 };

enum bulla_status bulla_sized_read(size_t *their_size, const void *theirs, size_t min_size, size_t size) {
  memcpy(their_size, theirs, sizeof(*their_size));
  return *their_size >= min_size && *their_size <= size + GROWTH_MAX && *their_size % sizeof(uint64_t) == 0
             ? BULLA_OK
             : bulla_explain(BULLA_INVALID_ARGUMENT, "a structure does not begin with its size");
}

bool bulla_sized_is_zero(const void *reserved, size_t len) {
  const uint8_t *bytes = reserved;
  for (size_t i = 0; i < len; i++) {
    if (bytes[i] != 0) {
      return false;
    }
  }
  return true;
}

enum bulla_status bulla_sized_take(void *ours, size_t size, const void *theirs, size_t min_size) {
  size_t their_size;
  BULLA_TRY(bulla_sized_read(&their_size, theirs, min_size, size));
  if (their_size > size && !bulla_sized_is_zero((const uint8_t *)theirs + size, their_size - size)) {
    return bulla_explain(BULLA_UNSUPPORTED, "a structure asks for what a later version of this library can do");
  }
  memset(ours, 0, size);
  memcpy(ours, theirs, their_size < size ? their_size : size);
  memcpy(ours, &size, sizeof(size));
  return BULLA_OK;
}

void bulla_sized_clear(void *theirs, size_t their_size) {
  memset((uint8_t *)theirs + sizeof(size_t), 0, their_size - sizeof(size_t));
}

void bulla_sized_give(void *theirs, size_t their_size, const void *ours, size_t size) {
  size_t common = their_size < size ? their_size : size;
  uint8_t *bytes = theirs;
  memcpy(bytes + sizeof(size_t), (const uint8_t *)ours + sizeof(size_t), common - sizeof(size_t));
  memset(bytes + common, 0, their_size - common);
}
