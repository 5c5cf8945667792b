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

static inline void bench_raw_free(struct bench_raw *raw) {
  free(raw->plaintext);
  free(raw->ciphertext);
}

/* bench_raw_make returns false if there is no memory; then there is nothing to free. */
static inline bool bench_raw_make(struct bench_raw *raw, const struct bench *bench) {
  const bool token = bench->variant == BENCH_RAW_TOKEN;
  memset(raw, 0, sizeof(*raw));
  memset(raw->key, 0x4b, sizeof(raw->key));
  memset(raw->data, 0x61, sizeof(raw->data));
  raw->data_len = token ? (size_t)BENCH_HEADER_LEN : (size_t)BENCH_BLOB_DATA_LEN;
  raw->len = token ? BENCH_CLAIMS_LEN : bench->size;
  raw->plaintext = calloc(1, raw->len);
  raw->ciphertext = calloc(1, raw->len);
  if (raw->plaintext == NULL || raw->ciphertext == NULL) {
    bench_raw_free(raw);
    return false;
  }
  return true;
}

#endif
