/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What no AES-256-GCM can beat on this processor: the 14 rounds alone, on counter blocks, with vectors of four
 * blocks. No GHASH, no message. Sixteen blocks are side by side; the processor begins the next ones meanwhile. */

#include "bench/support.h"

#ifdef __x86_64__

#include <cpuid.h>
#include <immintrin.h>

#define VAES __attribute__((target("vaes,avx512f")))
#define EACH_ROUND(ROUND) \
  ROUND(1)                \
  ROUND(2) ROUND(3) ROUND(4) ROUND(5) ROUND(6) ROUND(7) ROUND(8) ROUND(9) ROUND(10) ROUND(11) ROUND(12) ROUND(13)

enum { LAST_ROUND = 14, BLOCKS = 4, VECTOR_LEN = 64 };

struct rounds {
  size_t num_vectors;
  __m512i keys[LAST_ROUND + 1];
  __m512i sum; /* of all blocks, so that none can be left out */
};

VAES static const char *run(void *state) {
  struct rounds *rounds = state;
  const __m512i *keys = rounds->keys;
  const __m512i step = _mm512_set_epi32(BLOCKS, 0, 0, 0, BLOCKS, 0, 0, 0, BLOCKS, 0, 0, 0, BLOCKS, 0, 0, 0);
  __m512i counter = _mm512_set_epi32(3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0);
  __m512i sum = rounds->sum;
  size_t left = rounds->num_vectors;
  for (; left >= 4; left -= 4) {
    __m512i a = _mm512_xor_si512(counter, keys[0]);
    counter = _mm512_add_epi32(counter, step);
    __m512i b = _mm512_xor_si512(counter, keys[0]);
    counter = _mm512_add_epi32(counter, step);
    __m512i c = _mm512_xor_si512(counter, keys[0]);
    counter = _mm512_add_epi32(counter, step);
    __m512i d = _mm512_xor_si512(counter, keys[0]);
    counter = _mm512_add_epi32(counter, step);
#define ROUND(i)                        \
  a = _mm512_aesenc_epi128(a, keys[i]); \
  b = _mm512_aesenc_epi128(b, keys[i]); \
  c = _mm512_aesenc_epi128(c, keys[i]); \
  d = _mm512_aesenc_epi128(d, keys[i]);
    EACH_ROUND(ROUND)
#undef ROUND
    a = _mm512_xor_si512(_mm512_aesenclast_epi128(a, keys[LAST_ROUND]), _mm512_aesenclast_epi128(b, keys[LAST_ROUND]));
    c = _mm512_xor_si512(_mm512_aesenclast_epi128(c, keys[LAST_ROUND]), _mm512_aesenclast_epi128(d, keys[LAST_ROUND]));
    sum = _mm512_xor_si512(sum, _mm512_xor_si512(a, c));
  }
  for (; left > 0; left--) {
    __m512i a = _mm512_xor_si512(counter, keys[0]);
    counter = _mm512_add_epi32(counter, step);
#define ROUND(i) a = _mm512_aesenc_epi128(a, keys[i]);
    EACH_ROUND(ROUND)
#undef ROUND
    sum = _mm512_xor_si512(sum, _mm512_aesenclast_epi128(a, keys[LAST_ROUND]));
  }
  rounds->sum = sum;
  return NULL;
}

/* The builtin asks whether the system keeps the registers; it does not know VAES under every compiler. */
static bool have_vaes(void) {
  unsigned a;
  unsigned b;
  unsigned c = 0;
  unsigned d;
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx512f") != 0 && __get_cpuid_count(7, 0, &a, &b, &c, &d) == 1 && (c & bit_VAES) != 0;
}

static const char *set_up(void **state, const struct bench *bench, void *first) {
  static _Thread_local struct rounds rounds;
  (void)first;
  if (!have_vaes()) {
    return "this processor has no VAES with vectors of 512 bits";
  }
  memset(&rounds, 0x5a, sizeof(rounds));
  rounds.num_vectors = (bench->size + VECTOR_LEN - 1) / VECTOR_LEN;
  *state = &rounds;
  return NULL;
}

#else

static const char *run(void *state) {
  (void)state;
  return NULL;
}

static const char *set_up(void **state, const struct bench *bench, void *first) {
  (void)state;
  (void)bench;
  (void)first;
  return "this processor has no VAES";
}

#endif

static void tear_down(void *state) {
  (void)state;
}

struct bench_table bench_limit(void) {
  static const struct bench benches[] = {BENCH_SIZES("limit/vaes_rounds", 0, run)};
  return BENCH_TABLE(benches);
}
