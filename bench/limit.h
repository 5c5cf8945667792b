/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The work of bench/limit_gcm.c, which is compiled once for vectors of 512 bits and once for vectors of 256. */

#ifndef BULLA_BENCH_LIMIT_H
#define BULLA_BENCH_LIMIT_H

#include <stddef.h>
#include <stdint.h>

enum {
  BENCH_LIMIT_ROUND_KEYS = 15, /* of AES-256: FIPS 197, section 5.2 */
  BENCH_LIMIT_SIDE_BY_SIDE = 8,
  BENCH_LIMIT_VECTOR_LEN = 64, /* of the longest */
};

struct bench_limit {
  _Alignas(BENCH_LIMIT_VECTOR_LEN) uint8_t round_keys[BENCH_LIMIT_ROUND_KEYS][BENCH_LIMIT_VECTOR_LEN];
  uint8_t powers[BENCH_LIMIT_SIDE_BY_SIDE][BENCH_LIMIT_VECTOR_LEN]; /* of the hash key */
  uint8_t halves[BENCH_LIMIT_SIDE_BY_SIDE][BENCH_LIMIT_VECTOR_LEN]; /* both halves of each power, added */
  uint8_t sum[BENCH_LIMIT_VECTOR_LEN];
  const uint8_t *plaintext;
  uint8_t *ciphertext;
  size_t len; /* of both; whole vectors are read and written */
};

void bench_limit_gcm_512(struct bench_limit *limit);
void bench_limit_gcm_256(struct bench_limit *limit);

#endif
