/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What the fuzz targets share: the engine's entry point, and an assertion that no build can turn off. */

#ifndef BULLA_FUZZ_FUZZ_H
#define BULLA_FUZZ_FUZZ_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cursor.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* fuzz_tries_all says that there is time to try everything with an input: there is no engine, or it has but one. */
__attribute__((weak)) int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*test)(const uint8_t *data, size_t size));
static inline bool fuzz_tries_all(void) {
  return LLVMFuzzerRunDriver == NULL || getenv("BULLA_FUZZ_ALL") != NULL;
}

#define FUZZ_ASSERT(condition)                                                            \
  do {                                                                                    \
    if (!(condition)) {                                                                   \
      (void)fprintf(stderr, "%s:%d: %s does not hold\n", __FILE__, __LINE__, #condition); \
      abort();                                                                            \
    }                                                                                     \
  } while (0)

enum { FUZZ_FILL = 0xa5 };

/* fuzz_alloc returns a heap block of exactly |len| bytes of FUZZ_FILL: AddressSanitizer sees one byte too many. */
static inline uint8_t *fuzz_alloc(size_t len) {
  uint8_t *block = malloc(len > 0 ? len : 1);
  FUZZ_ASSERT(block != NULL);
  memset(block, FUZZ_FILL, len);
  return block;
}

/* fuzz_failed says whether |buffer|, of fuzz_alloc, is as a failed call must leave it: empty, and every byte zero
 * or never written. */
static inline bool fuzz_failed(const struct bulla_buffer *buffer) {
  bool clean = buffer->len == 0;
  for (size_t i = 0; i < buffer->size; i++) {
    clean = clean && (buffer->data[i] == 0 || buffer->data[i] == FUZZ_FILL);
  }
  return clean;
}

/* fuzz_is_clean_behind says whether behind what is in |buffer|, of fuzz_alloc, nothing was left. */
static inline bool fuzz_is_clean_behind(const struct bulla_buffer *buffer) {
  struct bulla_buffer behind = {.data = buffer->data + buffer->len, .size = buffer->size - buffer->len};
  return fuzz_failed(&behind);
}

/* fuzz_take moves |len| bytes from |in| to |room|; those that are not there are zero. So every input means something,
 * the empty one included, without which libFuzzer does not start. */
static inline struct bulla_span fuzz_take(struct bulla_reader *in, uint8_t *room, size_t len) {
  struct bulla_span taken = {NULL, 0};
  memset(room, 0, len);
  if (bulla_take(in, &taken, len < in->left ? len : in->left) && taken.len > 0) {
    memcpy(room, taken.data, taken.len);
  }
  return bulla_span(room, len);
}

#endif
