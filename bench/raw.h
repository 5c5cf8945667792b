/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Buffers for a library's bare calls of AES-256-GCM on the bytes that ours works on: as long a message, as much
 * additional data. The nonce stays the same, since drawing one is not the library's work. */

#ifndef BULLA_BENCH_RAW_H
#define BULLA_BENCH_RAW_H

#include <stdlib.h>

#include "bench/support.h"

enum bench_raw_kind { BENCH_RAW_BLOB, BENCH_RAW_TOKEN };

struct bench_raw {
  uint8_t key[BULLA_KEY_LEN];
  uint8_t nonce[12];
  uint8_t data[BENCH_HEADER_LEN]; /* additional data */
  size_t data_len;
  uint8_t tag[BULLA_TAG_LEN];
  size_t len; /* of each of the two */
  uint8_t *plaintext;
  uint8_t *ciphertext;
};

void bench_raw_free(struct bench_raw *raw);

/* bench_raw_make returns false if there is no memory; then there is nothing to free. */
bool bench_raw_make(struct bench_raw *raw, const struct bench *bench);

/* bench_raw_try seals and opens once with a library's two functions, and says what is not as it should be, or NULL:
 * the tag is to be that of AES-256-GCM, and what is opened what was sealed. */
const char *bench_raw_try(struct bench_raw *raw, const char *(*seal)(void *state), const char *(*open)(void *state),
                          void *state);

/* bench_load loads the library at |path| so that it finds its own names first and nobody else finds them: libraries
 * with the same names can then be in one process. Returns NULL on failure. */
void *bench_load(const char *path);

/* bench_find fills |function|, a pointer to a function, or returns false if |library| has no |name|. */
bool bench_find(void *library, void *function, const char *name);

#endif
