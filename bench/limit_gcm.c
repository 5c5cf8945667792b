/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What no AES-256-GCM with these vectors goes without, and nothing else. For each vector of the message:
 * - the 14 rounds on counter blocks (SP 800-38D, section 6.5), a load, the addition, a store;
 * - its bytes in the order that the multiplication needs, and three carry-less multiplications (Karatsuba), whose
 *   products are added up (section 6.4). One reduction for the whole message.
 * There is no additional data, no length block, no tag, no expansion of a key. The order of instructions is the
 * fastest that was found: eight vectors side by side, and two multiplications of the eight before them in each round.
 */

#include <immintrin.h>
#include <stdbool.h>

#include "bench/limit.h"

#if BENCH_LIMIT_BITS == 512
#define RUN bench_limit_gcm_512
#define VECTOR __m512i
#define LOAD(from) _mm512_loadu_si512((const void *)(from))
#define STORE(to, vector) _mm512_storeu_si512((void *)(to), vector)
#define ALL(block) _mm512_broadcast_i32x4(block)
#define XOR _mm512_xor_si512
#define ADD _mm512_add_epi32
#define ROUND _mm512_aesenc_epi128
#define LAST_ROUND _mm512_aesenclast_epi128
#define MULTIPLY _mm512_clmulepi64_epi128
#define SWAP_HALVES(vector) _mm512_shuffle_epi32(vector, _MM_PERM_BADC)
#define SWAP_BYTES _mm512_shuffle_epi8
#else
#define RUN bench_limit_gcm_256
#define VECTOR __m256i
#define LOAD(from) _mm256_loadu_si256((const void *)(from))
#define STORE(to, vector) _mm256_storeu_si256((void *)(to), vector)
#define ALL(block) _mm256_broadcastsi128_si256(block)
#define XOR _mm256_xor_si256
#define ADD _mm256_add_epi32
#define ROUND _mm256_aesenc_epi128
#define LAST_ROUND _mm256_aesenclast_epi128
#define MULTIPLY _mm256_clmulepi64_epi128
#define SWAP_HALVES(vector) _mm256_shuffle_epi32(vector, 0x4e)
#define SWAP_BYTES _mm256_shuffle_epi8
#endif

#define INLINE static inline __attribute__((always_inline))

enum { LAST = BENCH_LIMIT_ROUND_KEYS - 1, MANY = BENCH_LIMIT_SIDE_BY_SIDE };

struct sums {
  VECTOR low;
  VECTOR middle;
  VECTOR high;
};

/* Where |run| is: the next counter blocks, and what is left of the message. */
struct place {
  VECTOR counter;
  const uint8_t *plaintext;
  uint8_t *ciphertext;
};

/* The three multiplications of one vector. */
#define LOW(i) sums->low = XOR(sums->low, MULTIPLY(before[i], LOAD(limit->powers[i]), 0x00))
#define HIGH(i) sums->high = XOR(sums->high, MULTIPLY(before[i], LOAD(limit->powers[i]), 0x11))
#define MIDDLE(i) \
  sums->middle = XOR(sums->middle, MULTIPLY(XOR(before[i], SWAP_HALVES(before[i])), LOAD(limit->halves[i]), 0x00))

#define EACH_OF_FOUR(DO) \
  DO(0);                 \
  DO(1);                 \
  DO(2);                 \
  DO(3)
#define EACH(DO)    \
  EACH_OF_FOUR(DO); \
  DO(4);            \
  DO(5);            \
  DO(6);            \
  DO(7)

INLINE VECTOR begin(const struct bench_limit *limit, struct place *place) {
  const VECTOR step = ALL(_mm_set_epi32((int)sizeof(VECTOR) / 16, 0, 0, 0));
  const VECTOR block = XOR(place->counter, LOAD(limit->round_keys[0]));
  place->counter = ADD(place->counter, step);
  return block;
}

/* finish stores a vector of ciphertext, and returns it in the order of bytes for multiplying. */
INLINE VECTOR finish(const struct bench_limit *limit, struct place *place, VECTOR block) {
  const VECTOR order = ALL(_mm_set_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
  const VECTOR stream = LAST_ROUND(block, LOAD(limit->round_keys[LAST]));
  const VECTOR ciphertext = XOR(stream, LOAD(place->plaintext));
  STORE(place->ciphertext, ciphertext);
  place->plaintext += sizeof(VECTOR);
  place->ciphertext += sizeof(VECTOR);
  return SWAP_BYTES(ciphertext, order);
}

/* eight encrypts eight vectors, |multiplies| the eight in |before| meanwhile, and takes their place. */
INLINE void eight(const struct bench_limit *limit, struct sums *sums, struct place *place, VECTOR before[MANY],
                  bool multiplies) {
  VECTOR block[MANY];
  VECTOR key;
#define BEGIN(i) block[i] = begin(limit, place)
#define BLOCK_ROUND(i) block[i] = ROUND(block[i], key)
#define FINISH(i) before[i] = finish(limit, place, block[i])
#define ROUND_AND(number, first, second) \
  key = LOAD(limit->round_keys[number]); \
  EACH(BLOCK_ROUND);                     \
  if (multiplies) {                      \
    first;                               \
    second;                              \
  }
#define THREE_ROUNDS(number, i)                    \
  ROUND_AND(number, LOW(i), HIGH(i))               \
  ROUND_AND((number) + 1, MIDDLE(i), LOW((i) + 1)) \
  ROUND_AND((number) + 2, HIGH((i) + 1), MIDDLE((i) + 1))
  EACH(BEGIN);
  THREE_ROUNDS(1, 0)
  THREE_ROUNDS(4, 2)
  THREE_ROUNDS(7, 4)
  THREE_ROUNDS(10, 6)
  key = LOAD(limit->round_keys[LAST - 1]);
  EACH(BLOCK_ROUND);
  EACH(FINISH);
}

#define MULTIPLY_ALL(i) \
  LOW(i);               \
  HIGH(i);              \
  MIDDLE(i)

INLINE void multiply(const struct bench_limit *limit, struct sums *sums, const VECTOR before[MANY]) {
  EACH(MULTIPLY_ALL);
}

/* four encrypts four vectors and multiplies them. */
INLINE void four(const struct bench_limit *limit, struct sums *sums, struct place *place) {
  VECTOR before[MANY / 2];
  VECTOR block[MANY / 2];
  EACH_OF_FOUR(BEGIN);
  _Pragma("GCC unroll 13") for (int number = 1; number < LAST; number++) {
    const VECTOR key = LOAD(limit->round_keys[number]);
    EACH_OF_FOUR(BLOCK_ROUND);
  }
  EACH_OF_FOUR(FINISH);
  EACH_OF_FOUR(MULTIPLY_ALL);
}

/* one encrypts a vector and multiplies it. Of several in a row the processor begins the next ones meanwhile. */
INLINE void one(const struct bench_limit *limit, struct sums *sums, struct place *place) {
  VECTOR before[1];
  VECTOR block = begin(limit, place);
  _Pragma("GCC unroll 13") for (int number = 1; number < LAST; number++) {
    block = ROUND(block, LOAD(limit->round_keys[number]));
  }
  before[0] = finish(limit, place, block);
  MULTIPLY_ALL(0);
}

/* reduce brings the sum of products back to 128 bits, by two multiplications: what is above x^128 is moved down by
 * x^128 = x^7 + x^2 + x + 1, 64 bits at a time. */
INLINE VECTOR reduce(const struct sums *sums) {
  const VECTOR polynomial = ALL(_mm_set_epi64x(0, (long long)0xc200000000000000ULL));
  const VECTOR middle = XOR(sums->middle, XOR(sums->low, sums->high));
  const VECTOR first = XOR(SWAP_HALVES(sums->low), MULTIPLY(sums->low, polynomial, 0x00));
  const VECTOR second = XOR(middle, first);
  return XOR(XOR(SWAP_HALVES(second), MULTIPLY(second, polynomial, 0x00)), sums->high);
}

void RUN(struct bench_limit *limit) {
  struct sums sums = {ALL(_mm_setzero_si128()), ALL(_mm_setzero_si128()), ALL(_mm_setzero_si128())};
  struct place place = {ALL(_mm_set_epi32(1, 0, 0, 0)), limit->plaintext, limit->ciphertext};
  size_t left = (limit->len + sizeof(VECTOR) - 1) / sizeof(VECTOR);
  if (left >= MANY) {
    VECTOR before[MANY];
    eight(limit, &sums, &place, before, false);
    for (left -= MANY; left >= MANY; left -= MANY) {
      eight(limit, &sums, &place, before, true);
    }
    multiply(limit, &sums, before);
  }
  if (left >= MANY / 2) {
    four(limit, &sums, &place);
    left -= MANY / 2;
  }
  for (; left > 0; left--) {
    one(limit, &sums, &place);
  }
  STORE(limit->sum, reduce(&sums));
}
