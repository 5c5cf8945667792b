/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Vectors of blocks of 16 bytes for core/vaes.c: four blocks in 512 bits or two in 256, by BULLA_VAES_BITS. A block's
 * place in a vector is its lane. What depends on lengths, and on nothing else, may branch and address. Bytes of
 * messages do not pass through general registers, and none is read or written that is not there. */

#ifndef BULLA_CORE_VAES_VECTOR_H
#define BULLA_CORE_VAES_VECTOR_H

#include <immintrin.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
  BLOCK = 16,                    /* bytes */
  LANES = BULLA_VAES_BITS / 128, /* blocks in a vector */
  WIDTH = BLOCK * LANES,         /* bytes of a vector */
};

/* Loops over vectors in registers must be unrolled: registers have no index. */
#ifdef __clang__
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif

#if BULLA_VAES_BITS == 512
#define VAES __attribute__((target("avx512f,avx512bw,avx512vl,bmi2,aes,pclmul,vaes,vpclmulqdq")))
#else
#define VAES __attribute__((target("avx2,aes,pclmul,vaes,vpclmulqdq")))
#endif
#define INLINE VAES __attribute__((always_inline)) static inline
#define OUT_OF_LINE VAES __attribute__((noinline)) static

INLINE size_t least(size_t a, size_t b) {
  return a < b ? a : b;
}

INLINE size_t blocks(size_t len) {
  return (len + BLOCK - 1) / BLOCK;
}

#if BULLA_VAES_BITS == 512

typedef __m512i vector;
#define ZERO _mm512_setzero_si512()
#define LOAD(from) _mm512_loadu_si512(from)
#define STORE(to, x) _mm512_storeu_si512(to, x)
#define XOR(a, b) _mm512_xor_si512(a, b)
#define XOR3(a, b, c) _mm512_ternarylogic_epi64(a, b, c, 0x96)
#define ADD32(a, b) _mm512_add_epi32(a, b)
#define SHUFFLE(x, from) _mm512_shuffle_epi8(x, from)
#define SWAP_HALVES(x) _mm512_shuffle_epi32(x, _MM_PERM_BADC)
#define MULTIPLY(a, b, halves) _mm512_clmulepi64_epi128(a, b, halves)
#define ROUND(x, key) _mm512_aesenc_epi128(x, key)
#define LAST_ROUND(x, key) _mm512_aesenclast_epi128(x, key)
#define IN_EACH(block) _mm512_broadcast_i32x4(block)
#define IN_FIRST(block) _mm512_zextsi128_si512(block)
#define FIRST_LANE(x) _mm512_castsi512_si128(x)
#define LAST_LANE(x) _mm512_extracti32x4_epi32(x, 3)
#define ONLY_LAST_LANE(x) _mm512_maskz_mov_epi64(0xc0, x)

static inline bool is_wide_enough(void) {
  return __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512bw") != 0 &&
         __builtin_cpu_supports("avx512vl") != 0 && __builtin_cpu_supports("bmi2") != 0;
}

/* The mask of the first |len| bytes, at most WIDTH. */
INLINE __mmask64 first(size_t len) {
  return _bzhi_u64(UINT64_MAX, (unsigned)len);
}

/* The first |len| bytes of |x|, then zeros. */
INLINE vector keep(vector x, size_t len) {
  return _mm512_maskz_mov_epi8(first(len), x);
}

/* |len| bytes, 1 to WIDTH, then zeros. */
INLINE vector load_part(const uint8_t *from, size_t len) {
  return _mm512_maskz_loadu_epi8(first(len), from);
}

/* The first |len| bytes of |x|, 1 to WIDTH. */
INLINE void store_part(uint8_t *to, vector x, size_t len) {
  _mm512_mask_storeu_epi8(to, first(len), x);
}

/* |x|, of |len| bytes and then zeros, with the |tail_len| bytes of |tail| after them, in all at most WIDTH. */
INLINE vector append(vector x, size_t len, const uint8_t *tail, size_t tail_len) {
  /* The address is where byte 0 would be. What the mask leaves out is not read. */
  /* NOLINTNEXTLINE(performance-no-int-to-ptr): it may be outside what |tail| points to. */
  return _mm512_mask_loadu_epi8(x, first(len + tail_len) & ~first(len), (const void *)((uintptr_t)tail - len));
}

/* |x| with |block| in |lane|. */
INLINE vector with_lane(vector x, size_t lane, __m128i block) {
  return _mm512_mask_broadcast_i32x4(x, (__mmask16)(0xf << 4 * lane), block);
}

INLINE __m128i sum_of_lanes(vector x) {
  __m256i half = _mm256_xor_si256(_mm512_castsi512_si256(x), _mm512_extracti64x4_epi64(x, 1));
  return _mm_xor_si128(_mm256_castsi256_si128(half), _mm256_extracti128_si256(half, 1));
}

#else

typedef __m256i vector;
#define ZERO _mm256_setzero_si256()
#define LOAD(from) _mm256_loadu_si256((const void *)(from))
#define STORE(to, x) _mm256_storeu_si256((void *)(to), x)
#define XOR(a, b) _mm256_xor_si256(a, b)
#define XOR3(a, b, c) XOR(XOR(a, b), c)
#define ADD32(a, b) _mm256_add_epi32(a, b)
#define SHUFFLE(x, from) _mm256_shuffle_epi8(x, from)
#define SWAP_HALVES(x) _mm256_shuffle_epi32(x, 0x4e)
#define MULTIPLY(a, b, halves) _mm256_clmulepi64_epi128(a, b, halves)
#define ROUND(x, key) _mm256_aesenc_epi128(x, key)
#define LAST_ROUND(x, key) _mm256_aesenclast_epi128(x, key)
#define IN_EACH(block) _mm256_broadcastsi128_si256(block)
#define IN_FIRST(block) _mm256_zextsi128_si256(block)
#define FIRST_LANE(x) _mm256_castsi256_si128(x)
#define LAST_LANE(x) _mm256_extracti128_si256(x, 1)
#define ONLY_LAST_LANE(x) _mm256_blend_epi32(ZERO, x, 0xf0)

static inline bool is_wide_enough(void) {
  return __builtin_cpu_supports("avx2") != 0;
}

#define SIXTEEN(byte) byte, byte, byte, byte, byte, byte, byte, byte, byte, byte, byte, byte, byte, byte, byte, byte

/* Masks of the first bytes begin in here, the longer the earlier. */
static const uint8_t ones_then_zeros[2 * WIDTH] = {SIXTEEN(255), SIXTEEN(255)};

/* Shuffles that move bytes up or down begin in here: 255 makes a zero. */
static const uint8_t places[3 * BLOCK] = {SIXTEEN(255), 0,  1,  2,  3,  4,  5,           6, 7, 8, 9,
                                          10,           11, 12, 13, 14, 15, SIXTEEN(255)};

INLINE __m128i bytes_up(__m128i x, size_t by) {
  return _mm_shuffle_epi8(x, _mm_loadu_si128((const void *)(places + BLOCK - by)));
}

INLINE __m128i bytes_down(__m128i x, size_t by) {
  return _mm_shuffle_epi8(x, _mm_loadu_si128((const void *)(places + BLOCK + by)));
}

/* The first |len| bytes of |x|, then zeros. */
INLINE vector keep(vector x, size_t len) {
  return _mm256_and_si256(x, LOAD(ones_then_zeros + WIDTH - len));
}

/* |len| bytes, 1 to BLOCK, then zeros. They are loaded in two parts, of eight, four or two, which may overlap. */
INLINE __m128i load_block(const uint8_t *from, size_t len) {
  __m128i start;
  __m128i end;
  size_t part = 8;
  if (len >= 8) {
    start = _mm_loadl_epi64((const void *)from);
    end = _mm_loadl_epi64((const void *)(from + len - 8));
  } else if (len >= 4) {
    part = 4;
    start = _mm_loadu_si32(from);
    end = _mm_loadu_si32(from + len - 4);
  } else {
    part = 1;
    start = _mm_insert_epi8(_mm_setzero_si128(), from[0], 0);
    start = _mm_or_si128(start, bytes_up(_mm_insert_epi8(_mm_setzero_si128(), from[len / 2], 0), len / 2));
    end = _mm_insert_epi8(_mm_setzero_si128(), from[len - 1], 0);
  }
  return _mm_or_si128(start, bytes_up(end, len - part));
}

/* The first |len| bytes of |x|, 1 to BLOCK, in the same way. */
INLINE void store_block(uint8_t *to, __m128i x, size_t len) {
  if (len >= 8) {
    _mm_storel_epi64((void *)to, x);
    _mm_storel_epi64((void *)(to + len - 8), bytes_down(x, len - 8));
  } else if (len >= 4) {
    _mm_storeu_si32(to, x);
    _mm_storeu_si32(to + len - 4, bytes_down(x, len - 4));
  } else {
    to[0] = (uint8_t)_mm_extract_epi8(x, 0);
    to[len / 2] = (uint8_t)_mm_extract_epi8(bytes_down(x, len / 2), 0);
    to[len - 1] = (uint8_t)_mm_extract_epi8(bytes_down(x, len - 1), 0);
  }
}

/* |len| bytes, 1 to WIDTH, then zeros. */
INLINE vector load_part(const uint8_t *from, size_t len) {
  if (len == WIDTH) {
    return LOAD(from);
  }
  if (len <= BLOCK) {
    return IN_FIRST(load_block(from, len));
  }
  return _mm256_set_m128i(load_block(from + BLOCK, len - BLOCK), _mm_loadu_si128((const void *)from));
}

/* The first |len| bytes of |x|, 1 to WIDTH. */
INLINE void store_part(uint8_t *to, vector x, size_t len) {
  if (len == WIDTH) {
    STORE(to, x);
  } else if (len <= BLOCK) {
    store_block(to, FIRST_LANE(x), len);
  } else {
    _mm_storeu_si128((void *)to, FIRST_LANE(x));
    store_block(to + BLOCK, LAST_LANE(x), len - BLOCK);
  }
}

/* |x|, of |len| bytes and then zeros, with the |tail_len| bytes of |tail| after them, in all at most WIDTH. */
INLINE vector append(vector x, size_t len, const uint8_t *tail, size_t tail_len) {
  vector y = load_part(tail, tail_len);
  __m128i low = FIRST_LANE(y);
  if (len >= BLOCK) {
    return XOR(x, _mm256_set_m128i(bytes_up(low, len - BLOCK), _mm_setzero_si128()));
  }
  __m128i high = _mm_or_si128(bytes_up(LAST_LANE(y), len), bytes_down(low, BLOCK - len));
  return XOR(x, _mm256_set_m128i(high, bytes_up(low, len)));
}

/* |x| with |block| in |lane|. */
INLINE vector with_lane(vector x, size_t lane, __m128i block) {
  return lane == 0 ? _mm256_blend_epi32(x, IN_EACH(block), 0x0f) : _mm256_blend_epi32(x, IN_EACH(block), 0xf0);
}

INLINE __m128i sum_of_lanes(vector x) {
  return _mm_xor_si128(FIRST_LANE(x), LAST_LANE(x));
}

#endif

/* The bytes of each block turned round. */
#define REVERSED 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0
static const _Alignas(64) uint8_t reversed[64] = {REVERSED, REVERSED, REVERSED, REVERSED};

INLINE __m128i reverse_block(__m128i block) {
  return _mm_shuffle_epi8(block, _mm_load_si128((const void *)reversed));
}

INLINE vector reverse(vector x) {
  return SHUFFLE(x, LOAD(reversed));
}

#endif
