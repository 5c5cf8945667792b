/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See core/sized.h. */

#include "core/sized.h"

#include "core/cleanup.h"
#include "core/log.h"

/* No structure of the API comes near: a size past it is no size. */
enum { SIZE_LIMIT = 4096 };

static size_t size_of(const void *theirs) {
  size_t size;
  memcpy(&size, theirs, sizeof(size));
  return size;
}

enum bulla_status bulla_sized_check(const void *theirs, size_t min_size) {
  size_t size = size_of(theirs);
  return size >= min_size && size <= SIZE_LIMIT
             ? BULLA_OK
             : bulla_explain(BULLA_INVALID_ARGUMENT, "a structure does not begin with its size");
}

enum bulla_status bulla_sized_take(void *ours, size_t size, const void *theirs, size_t min_size) {
  BULLA_TRY(bulla_sized_check(theirs, min_size));
  size_t their_size = size_of(theirs);
  if (their_size == size) {
    memcpy(ours, theirs, size);
    return BULLA_OK;
  }
  const uint8_t *bytes = theirs;
  for (size_t i = size; i < their_size; i++) {
    if (bytes[i] != 0) {
      return bulla_explain(BULLA_UNSUPPORTED,
                           "a structure sets a member that only a later version of this library knows");
    }
  }
  memset(ours, 0, size);
  memcpy(ours, theirs, their_size < size ? their_size : size);
  memcpy(ours, &size, sizeof(size));
  return BULLA_OK;
}

void bulla_sized_clear(void *theirs) {
  memset((uint8_t *)theirs + sizeof(size_t), 0, size_of(theirs) - sizeof(size_t));
}

void bulla_sized_give(void *theirs, const void *ours, size_t size) {
  size_t their_size = size_of(theirs);
  size_t common = their_size < size ? their_size : size;
  uint8_t *bytes = theirs;
  memcpy(bytes + sizeof(size_t), (const uint8_t *)ours + sizeof(size_t), common - sizeof(size_t));
  memset(bytes + common, 0, their_size - common);
}
