/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* AES-256-GCM (FIPS 197, SP 800-38D) and the derivation of XAES-256-GCM (C2SP), for processors with VAES and
 * VPCLMULQDQ. Meson builds this file twice: with vectors of 512 bits, four blocks, and of 256 bits, two blocks.
 *
 * Nothing branches on a secret, and no address comes of one: what is compared and counted are lengths. Secrets do not
 * pass through general registers either; the one bit that leaves is whether a tag is right.
 *
 * A block as GHASH sees it. SP 800-38D (6.3) makes its first bit, the top one of byte 0, the coefficient of x^0. With
 * the bytes turned round, in a register, bit 127 is that of x^0 and bit 0 that of x^127. Blocks are turned round when
 * they are loaded, and "reversed" below.
 *
 * Product of reversed blocks. The carry-less product of two such numbers has 255 bits, of which bit k is the
 * coefficient of x^(254 - k). One more place up and it would fill 256: high half x^0 to x^127, low half what must be
 * reduced. One factor is always a power of H, and is kept multiplied by x^-1, which moves the product up that place.
 * Two kept so give one kept so: (a x^-1)(b x^-1) x = (ab) x^-1.
 *
 * Reduction modulo x^128 + x^7 + x^2 + x + 1. The product is low + middle * 2^64 + high * 2^128, each 128 bits. Bit j
 * of the lowest 64 is the coefficient of x^(255 - j), which is x^(127 - j) (1 + x + x^2 + x^7): bits 128 + j, 127 + j,
 * 126 + j and 121 + j. So the lowest 64 bits l become l * 2^128 + (l * FOLD) * 2^64 with FOLD = 2^63 + 2^62 + 2^57.
 * Both go to |middle|: the first to its high half, where swapping the halves of |low| takes it, with the other half of
 * |low| in the low one, which is its place. |middle| goes into |high| in the same way. */

#include "core/engine.h"

#ifdef __x86_64__

#include <cpuid.h>
#include <immintrin.h>

enum {
  /* Bytes below the caller where what the compiler spills may be secret: there are fewer registers of 256 bits. */
  SCRUB_DEPTH = BULLA_VAES_BITS == 512 ? 512 : 1536,

  ROUNDS = 14,                   /* FIPS 197, 5: of a key of 256 bits */
  BLOCK = 16,                    /* bytes */
  NONCE = 12,                    /* bytes, where J0 needs no hash */
  LANES = BULLA_VAES_BITS / 128, /* blocks in a vector */
  WIDTH = BLOCK * LANES,         /* bytes of a vector */
  POWERS = 36,                   /* blocks that are hashed with one reduction */
  MOST_AT_ONCE = 4,
  VECTORS = 8,
  STRIDE = VECTORS * LANES, /* blocks that are enciphered at once, of long messages */
};

/* An expanded key. */
struct context {
  __m128i round_keys[ROUNDS + 1];
  size_t num_powers; /* of H, a multiple of LANES; 16 at least if not all that the message needs */

  /* Powers of H times x^-1, the last H^1, before it H^2. After them come bytes that are multiplied by zero. */
  _Alignas(64) __m128i powers[2 * POWERS + LANES - 1];
};

struct xaes_key {
  __m128i round_keys[ROUNDS + 1];
  __m128i k1;
};

#ifdef __clang__
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif
#define INLINE VAES __attribute__((always_inline)) static inline

#if BULLA_VAES_BITS == 512

#define VAES __attribute__((target("avx512f,avx512bw,avx512vl,bmi2,aes,pclmul,vaes,vpclmulqdq")))

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

static bool is_wide_enough(void) {
  return __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512bw") != 0 &&
         __builtin_cpu_supports("avx512vl") != 0 && __builtin_cpu_supports("bmi2") != 0;
}

/* The mask of the first |len| bytes, 64 at most. */
INLINE __mmask64 first(size_t len) {
  return _bzhi_u64(UINT64_MAX, (unsigned)len);
}

/* The first |len| bytes of |x|, then zeros. */
INLINE vector keep(vector x, size_t len) {
  return _mm512_maskz_mov_epi8(first(len), x);
}

/* |len| bytes, fewer than WIDTH or as many, then zeros. What is not there is not read. */
INLINE vector load_part(const uint8_t *from, size_t len) {
  return _mm512_maskz_loadu_epi8(first(len), from);
}

INLINE void store_part(uint8_t *to, vector x, size_t len) {
  _mm512_mask_storeu_epi8(to, first(len), x);
}

/* The first |len| bytes of |x|, then |tail_len| of |tail|, in all at most WIDTH, then zeros, which |x| has there. */
INLINE vector append(vector x, size_t len, const uint8_t *tail, size_t tail_len) {
  __mmask64 taken = first(len + tail_len) & ~first(len);
  /* The address that byte 0 would have. Only bytes of |tail| are read. */
  return _mm512_mask_loadu_epi8(x, taken, (const void *)((uintptr_t)tail - len));
}

/* |x| with |block| in lane |lane|. */
INLINE vector with_lane(vector x, size_t lane, __m128i block) {
  return _mm512_mask_broadcast_i32x4(x, (__mmask16)(0xf << 4 * lane), block);
}

/* The last lane of |x|, others zero. */
INLINE vector only_last_lane(vector x) {
  return _mm512_maskz_mov_epi64(0xc0, x);
}

INLINE __m128i sum_of_lanes(vector x) {
  __m256i half = _mm256_xor_si256(_mm512_castsi512_si256(x), _mm512_extracti64x4_epi64(x, 1));
  return _mm_xor_si128(_mm256_castsi256_si128(half), _mm256_extracti128_si256(half, 1));
}

#else

#define VAES __attribute__((target("avx2,aes,pclmul,vaes,vpclmulqdq")))

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

static bool is_wide_enough(void) {
  return __builtin_cpu_supports("avx2") != 0;
}

/* Bytes to load masks and shuffles from, at an offset that depends on a length. */
static const uint8_t ones_then_zeros[2 * WIDTH] = {
    255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
};
static const uint8_t places[3 * BLOCK] = {
    255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    0,   1,   2,   3,   4,   5,   6,   7,   8,   9,   10,  11,  12,  13,  14,  15,
    255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
};

/* The block, its bytes |by| places up, zeros before them; or down, zeros after them. */
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

/* |len| bytes, at most BLOCK, then zeros: the first and the last eight, four or one of them, which may overlap. */
INLINE __m128i load_block(const uint8_t *from, size_t len) {
  if (len == BLOCK) {
    return _mm_loadu_si128((const void *)from);
  }
  if (len >= 8) {
    __m128i end = _mm_loadl_epi64((const void *)(from + len - 8));
    return _mm_or_si128(_mm_loadl_epi64((const void *)from), bytes_up(end, len - 8));
  }
  if (len >= 4) {
    return _mm_or_si128(_mm_loadu_si32(from), bytes_up(_mm_loadu_si32(from + len - 4), len - 4));
  }
  __m128i x = _mm_setzero_si128();
  for (size_t i = len; i > 0; i--) {
    x = _mm_insert_epi8(_mm_slli_si128(x, 1), from[i - 1], 0);
  }
  return x;
}

INLINE void store_block(uint8_t *to, __m128i x, size_t len) {
  if (len == BLOCK) {
    _mm_storeu_si128((void *)to, x);
  } else if (len >= 8) {
    _mm_storel_epi64((void *)to, x);
    _mm_storel_epi64((void *)(to + len - 8), bytes_down(x, len - 8));
  } else if (len >= 4) {
    _mm_storeu_si32(to, x);
    _mm_storeu_si32(to + len - 4, bytes_down(x, len - 4));
  } else {
    for (size_t i = 0; i < len; i++) {
      to[i] = (uint8_t)_mm_extract_epi8(x, 0);
      x = _mm_srli_si128(x, 1);
    }
  }
}

/* |len| bytes, fewer than WIDTH or as many, then zeros. What is not there is not read. */
INLINE vector load_part(const uint8_t *from, size_t len) {
  if (len == WIDTH) {
    return LOAD(from);
  }
  if (len <= BLOCK) {
    return IN_FIRST(load_block(from, len));
  }
  return _mm256_set_m128i(load_block(from + BLOCK, len - BLOCK), _mm_loadu_si128((const void *)from));
}

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

/* The first |len| bytes of |x|, then |tail_len| of |tail|, in all at most WIDTH, then zeros, which |x| has there. */
INLINE vector append(vector x, size_t len, const uint8_t *tail, size_t tail_len) {
  vector y = load_part(tail, tail_len);
  __m128i low = FIRST_LANE(y);
  __m128i high = LAST_LANE(y);
  if (len >= BLOCK) {
    return XOR(x, _mm256_set_m128i(bytes_up(low, len - BLOCK), _mm_setzero_si128()));
  }
  return XOR(x, _mm256_set_m128i(_mm_or_si128(bytes_up(high, len), bytes_down(low, BLOCK - len)), bytes_up(low, len)));
}

/* |x| with |block| in lane |lane|. */
INLINE vector with_lane(vector x, size_t lane, __m128i block) {
  return lane == 0 ? _mm256_blend_epi32(x, IN_EACH(block), 0x0f) : _mm256_blend_epi32(x, IN_EACH(block), 0xf0);
}

/* The last lane of |x|, others zero. */
INLINE vector only_last_lane(vector x) {
  return _mm256_blend_epi32(ZERO, x, 0xf0);
}

INLINE __m128i sum_of_lanes(vector x) {
  return _mm_xor_si128(FIRST_LANE(x), LAST_LANE(x));
}

#endif

struct products {
  vector low;
  vector high; /* 64 places above */
};

#define FOLD UINT64_C(0xc200000000000000)
#define REVERSED 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0
static const _Alignas(64) uint8_t reversed[64] = {REVERSED, REVERSED, REVERSED, REVERSED};

/* 1, 2 and so on, in the lowest words of blocks. */
static const _Alignas(64) uint32_t one_two[16] = {1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0};

INLINE __m128i reverse_block(__m128i block) {
  return _mm_shuffle_epi8(block, _mm_load_si128((const void *)reversed));
}

INLINE vector reverse(vector x) {
  return SHUFFLE(x, LOAD(reversed));
}

INLINE size_t least(size_t a, size_t b) {
  return a < b ? a : b;
}

INLINE size_t blocks(size_t len) {
  return (len + BLOCK - 1) / BLOCK;
}

static const _Alignas(64) uint64_t fold_by[8] = {FOLD, FOLD, FOLD, FOLD, FOLD, FOLD, FOLD, FOLD};

/* Times x^64, reduced, in each lane. */
INLINE vector fold(vector x) {
  return XOR(SWAP_HALVES(x), MULTIPLY(x, LOAD(fold_by), 0x00));
}

/* Adds the products of |x| with powers, and with powers times x^64. */
INLINE void add_products(struct products *products, vector x, vector powers, vector folded) {
  products->low = XOR3(products->low, MULTIPLY(x, powers, 0x01), MULTIPLY(x, folded, 0x00));
  products->high = XOR3(products->high, MULTIPLY(x, powers, 0x11), MULTIPLY(x, folded, 0x10));
}

/* Adds the products of reversed blocks with the powers from |power| on. */
INLINE void absorb(struct products *products, const __m128i *power, vector x) {
  add_products(products, x, LOAD(power), LOAD(power + POWERS));
}

/* The place of H^|exponent|, before lower ones. */
INLINE const __m128i *power_of(const struct context *context, size_t exponent) {
  return context->powers + POWERS - exponent;
}

/* The sum of all products, reduced, and of the lanes of |added|. Begins anew. */
INLINE __m128i reduce(struct products *products, vector added) {
  vector x = XOR3(products->high, SWAP_HALVES(products->low), added);
  x = XOR(x, MULTIPLY(products->low, LOAD(fold_by), 0x00));
  *products = (struct products){ZERO, ZERO};
  return sum_of_lanes(x);
}

/* Products of powers, lane by lane. */
INLINE vector multiply(vector a, vector b) {
  struct products products = {ZERO, ZERO};
  add_products(&products, a, b, fold(b));
  return XOR(products.high, fold(products.low));
}

/* FIPS 197, 5.1. */
INLINE __m128i encrypt_block(const __m128i *round_keys, __m128i x) {
  x = _mm_xor_si128(x, round_keys[0]);
  UNROLL
  for (int i = 1; i < ROUNDS; i++) {
    x = _mm_aesenc_si128(x, round_keys[i]);
  }
  return _mm_aesenclast_si128(x, round_keys[ROUNDS]);
}

/* The round key that follows two others (FIPS 197, 5.2). AESENCLAST of four equal columns is SubWord of each, and adds
 * |added|: ShiftRows moves nothing. |spread| puts the last word, or its RotWord, into each column. */
INLINE __m128i next_round_key(__m128i before, __m128i last, __m128i spread, __m128i added) {
  before = _mm_xor_si128(before, _mm_slli_si128(before, 4));
  before = _mm_xor_si128(before, _mm_slli_si128(before, 8));
  return _mm_xor_si128(before, _mm_aesenclast_si128(_mm_shuffle_epi8(last, spread), added));
}

INLINE void expand_aes(__m128i *round_keys, __m128i first_half, __m128i second_half) {
  const __m128i word = _mm_set1_epi32(0x0f0e0d0c);
  const __m128i rot_word = _mm_set1_epi32(0x0c0f0e0d);
  round_keys[0] = first_half;
  round_keys[1] = second_half;
  UNROLL
  for (int i = 2; i <= ROUNDS; i += 2) {
    first_half = next_round_key(first_half, second_half, rot_word, _mm_set1_epi32(1 << (i / 2 - 1)));
    round_keys[i] = first_half;
    if (i < ROUNDS) {
      second_half = next_round_key(second_half, first_half, word, _mm_setzero_si128());
      round_keys[i + 1] = second_half;
    }
  }
}

/* The block one place up, plus |carry| if that loses a bit. */
INLINE __m128i shift_up(__m128i x, __m128i carry) {
  __m128i lost = _mm_srai_epi32(_mm_shuffle_epi32(x, 0xff), 31);
  __m128i up = _mm_or_si128(_mm_slli_epi64(x, 1), _mm_slli_si128(_mm_srli_epi64(x, 63), 8));
  return _mm_xor_si128(up, _mm_and_si128(lost, carry));
}

INLINE void store_powers(struct context *context, size_t first, vector powers) {
  STORE(context->powers + POWERS - first, powers);
  STORE(context->powers + 2 * POWERS - first, fold(powers));
}

/* H = AES(0) and |num| of its powers. x^-1 = x^127 + x^6 + x + 1: reversed, times x^-1 is a shift up, and what is lost
 * comes back as these. */
INLINE void make_powers(struct context *context, size_t num) {
  __m128i h = reverse_block(encrypt_block(context->round_keys, _mm_setzero_si128()));
  vector each = IN_EACH(shift_up(h, _mm_set_epi64x((long long)(FOLD), 1)));
  vector square = multiply(each, each);
  vector made = with_lane(square, LANES - 1, FIRST_LANE(each));
  if (LANES == 4) {
    vector three_four = multiply(made, square);
    made = with_lane(with_lane(made, 1, LAST_LANE(three_four)), 0, FIRST_LANE(three_four));
  }
  store_powers(context, LANES, made);
  for (size_t half = LANES; half < num; half *= 2) {
    vector by = IN_EACH(*power_of(context, half));
    for (size_t i = LANES; i <= half && half + i <= num; i += LANES) {
      store_powers(context, half + i, multiply(LOAD(power_of(context, i)), by));
    }
  }
  context->num_powers = num;
}

VAES static enum bulla_status expand(void *context, struct bulla_span key) {
  struct context *made = context;
  expand_aes(made->round_keys, _mm_loadu_si128((const void *)key.data),
             _mm_loadu_si128((const void *)(key.data + BLOCK)));
  make_powers(made, POWERS);
  return BULLA_OK;
}

VAES static enum bulla_status expand_xaes(void *xaes_key, const uint8_t *key) {
  struct xaes_key *made = xaes_key;
  expand_aes(made->round_keys, _mm_loadu_si128((const void *)key), _mm_loadu_si128((const void *)(key + BLOCK)));
  __m128i l = reverse_block(encrypt_block(made->round_keys, _mm_setzero_si128()));
  made->k1 = reverse_block(shift_up(l, _mm_set_epi64x(0, 0x87)));
  return BULLA_OK;
}

/* The 12 bytes of |nonce| above |word|. */
INLINE __m128i nonce_and(const uint8_t *nonce, uint32_t word) {
  __m128i eight = _mm_loadl_epi64((const void *)nonce);
  __m128i four = _mm_loadu_si32(nonce + 8);
  return _mm_unpacklo_epi64(eight, _mm_unpacklo_epi32(four, _mm_cvtsi32_si128((int)word)));
}

VAES static enum bulla_status derive(void *context, const void *xaes_key, const uint8_t *nonce, size_t len) {
  const struct xaes_key *from = xaes_key;
  struct context *made = context;
  __m128i n = nonce_and(nonce, 0);
  __m128i m1 = _mm_or_si128(_mm_slli_si128(n, 4), _mm_setr_epi8(0, 1, 'X', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0));
  __m128i m2 = _mm_xor_si128(m1, _mm_cvtsi32_si128(3 << 8));
  m1 = encrypt_block(from->round_keys, _mm_xor_si128(m1, from->k1));
  m2 = encrypt_block(from->round_keys, _mm_xor_si128(m2, from->k1));
  expand_aes(made->round_keys, m1, m2);
  size_t num = len >= POWERS * BLOCK ? POWERS : least((len / BLOCK + 3 + LANES - 1) / LANES * LANES, POWERS);
  make_powers(made, num);
  return BULLA_OK;
}

/* J0 of a nonce that has not 12 bytes, reversed (SP 800-38D, 7.1, step 2). */
VAES __attribute__((noinline)) static __m128i hash_nonce(const struct context *context, const uint8_t *nonce,
                                                         size_t len) {
  struct products products = {ZERO, ZERO};
  __m128i hash = _mm_setzero_si128();
  for (size_t done = 0; done < len; done += BLOCK) {
    vector part = load_part(nonce + done, least(len - done, BLOCK));
    absorb(&products, power_of(context, 1), XOR(reverse(part), IN_FIRST(hash)));
    hash = reduce(&products, ZERO);
  }
  __m128i len_in_bits = _mm_cvtsi64_si128((long long)(8 * len));
  absorb(&products, power_of(context, 1), IN_FIRST(_mm_xor_si128(hash, len_in_bits)));
  return reduce(&products, ZERO);
}

/* Counter blocks (SP 800-38D, 6.5). */
struct counter {
  vector nonce;  /* in each lane: what all blocks have in common, already with the first round key */
  vector number; /* in each lane: the last word of the block, reversed, so that it is the first one */
  __m128i first; /* that of J0 */
};

INLINE struct counter counter_new(const struct context *context, const uint8_t *nonce, size_t nonce_len) {
  __m128i number = _mm_cvtsi32_si128(1);
  __m128i rest;
  if (nonce_len == NONCE) {
    rest = nonce_and(nonce, 0);
  } else {
    __m128i j0 = hash_nonce(context, nonce, nonce_len);
    number = _mm_blend_epi16(_mm_setzero_si128(), j0, 3);
    rest = reverse_block(_mm_xor_si128(j0, number));
  }
  return (struct counter){XOR(IN_EACH(rest), IN_EACH(context->round_keys[0])), ADD32(IN_EACH(number), LOAD(one_two)),
                          number};
}

/* The next vector's blocks, after the first AddRoundKey. */
INLINE vector counter_next(struct counter *counter) {
  vector x = XOR(counter->nonce, reverse(counter->number));
  counter->number = ADD32(counter->number, IN_EACH(_mm_cvtsi32_si128(LANES))); /* inc32 */
  return x;
}

/* All rounds but the last. */
INLINE void rounds(const struct context *context, vector *x, int num) {
  UNROLL
  for (int round = 1; round < ROUNDS; round++) {
    vector key = IN_EACH(context->round_keys[round]);
    UNROLL
    for (int i = 0; i < num; i++) {
      x[i] = ROUND(x[i], key);
    }
  }
}

/* Absorbs additional data, of which the first block takes |power|. */
INLINE void absorb_data(struct products *products, const __m128i *power, const struct bulla_aad *aad) {
  const uint8_t *head = aad->head;
  const uint8_t *tail = aad->tail;
  size_t head_len = aad->head_len;
  size_t tail_len = aad->tail_len;
  for (; head_len >= WIDTH; head_len -= WIDTH) {
    absorb(products, power, reverse(LOAD(head)));
    power += LANES;
    head += WIDTH;
  }
  if (head_len > 0) {
    vector x = load_part(head, head_len);
    if (tail_len > 0) {
      size_t fitting = least(tail_len, WIDTH - head_len);
      x = append(x, head_len, tail, fitting);
      tail += fitting;
      tail_len -= fitting;
    }
    absorb(products, power, reverse(x));
    power += LANES;
  }
  while (tail_len > 0) {
    size_t part = least(tail_len, WIDTH);
    absorb(products, power, reverse(load_part(tail, part)));
    power += LANES;
    tail += part;
    tail_len -= part;
  }
}

/* The hash of additional data of any length. */
VAES __attribute__((noinline)) static __m128i hash_data(const struct context *context, const struct bulla_aad *aad) {
  struct products products = {ZERO, ZERO};
  __m128i hash = _mm_setzero_si128();
  size_t most = context->num_powers * BLOCK;
  size_t head_done = 0;
  size_t tail_done = 0;
  while (head_done + tail_done < aad->head_len + aad->tail_len) {
    size_t head_len = least(aad->head_len - head_done, most);
    size_t tail_len = least(aad->tail_len - tail_done, most - head_len);
    const struct bulla_aad part = {head_len > 0 ? aad->head + head_done : NULL, head_len,
                                   tail_len > 0 ? aad->tail + tail_done : NULL, tail_len};
    const __m128i *power = power_of(context, blocks(head_len + tail_len));
    absorb(&products, power, IN_FIRST(hash));
    absorb_data(&products, power, &part);
    hash = reduce(&products, ZERO);
    head_done += head_len;
    tail_done += tail_len;
  }
  return hash;
}

/* Enciphers a stride, and leaves its ciphertext, reversed, in |ciphertext|. Meanwhile absorbs a stride: when it opens
 * the same one, and when it seals the one before, which |ciphertext| has, but for the |first|. */
INLINE void stride(bool seal, bool first, const struct context *context, struct counter *counter, uint8_t *out,
                   const uint8_t *in, vector *ciphertext, struct products *products, __m128i *hash) {
  vector x[VECTORS];
  UNROLL
  for (int i = 0; i < VECTORS; i++) {
    x[i] = counter_next(counter);
    ciphertext[i] = seal ? ciphertext[i] : reverse(LOAD(in + i * WIDTH));
  }
  UNROLL
  for (int round = 1; round < ROUNDS; round++) {
    vector key = IN_EACH(context->round_keys[round]);
    UNROLL
    for (int i = 0; i < VECTORS; i++) {
      x[i] = ROUND(x[i], key);
    }
    if (!first && round <= VECTORS) {
      int i = round - 1;
      absorb(products, power_of(context, STRIDE) + i * LANES,
             i == 0 ? XOR(ciphertext[0], IN_FIRST(*hash)) : ciphertext[i]);
    }
    if (!first && round == VECTORS + 1) {
      *hash = reduce(products, ZERO);
    }
  }
  vector last_key = IN_EACH(context->round_keys[ROUNDS]);
  UNROLL
  for (int i = 0; i < VECTORS; i++) {
    x[i] = LAST_ROUND(x[i], XOR(LOAD(in + i * WIDTH), last_key));
    STORE(out + i * WIDTH, x[i]);
    ciphertext[i] = seal ? reverse(x[i]) : ciphertext[i];
  }
}

/* Enciphers |num| strides, one or more, and returns the hash of what |products| holds and of them. */
INLINE __m128i strides(bool seal, const struct context *context, uint8_t *out, const uint8_t *in, size_t num,
                       struct counter *counter, struct products *products) {
  vector ciphertext[VECTORS];
  __m128i hash = _mm_setzero_si128();
  if (seal) {
    stride(seal, true, context, counter, out, in, ciphertext, products, &hash);
  }
  for (size_t i = seal ? 1 : 0; i < num; i++) {
    stride(seal, false, context, counter, out + i * STRIDE * BLOCK, in + i * STRIDE * BLOCK, ciphertext, products,
           &hash);
  }
  if (seal) {
    UNROLL
    for (int i = 0; i < VECTORS; i++) {
      absorb(products, power_of(context, STRIDE) + i * LANES,
             i == 0 ? XOR(ciphertext[0], IN_FIRST(hash)) : ciphertext[i]);
    }
    hash = reduce(products, ZERO);
  }
  return hash;
}

/* Enciphers |num| vectors, of which the last has |part| bytes but no fewer blocks than others, and absorbs them. Where
 * |last| is not NULL it goes through the same rounds. */
INLINE void group(bool seal, int num, size_t part, const struct context *context, struct counter *counter, vector *last,
                  uint8_t *out, const uint8_t *in, struct products *products, const __m128i *power) {
  vector x[MOST_AT_ONCE + 1];
  UNROLL
  for (int i = 0; i < num; i++) {
    x[i] = counter_next(counter);
  }
  if (last != NULL) {
    x[num] = *last;
  }
  rounds(context, x, last != NULL ? num + 1 : num);
  if (last != NULL) {
    *last = x[num];
  }
  vector last_key = IN_EACH(context->round_keys[ROUNDS]);
  UNROLL
  for (int i = 0; i < num; i++) {
    bool whole = i < num - 1;
    vector text = whole ? LOAD(in + i * WIDTH) : load_part(in + i * WIDTH, part);
    x[i] = LAST_ROUND(x[i], XOR(text, last_key));
    if (whole) {
      STORE(out + i * WIDTH, x[i]);
    } else {
      x[i] = keep(x[i], part);
      store_part(out + i * WIDTH, x[i], part);
    }
    absorb(products, power + i * LANES, reverse(seal ? x[i] : text));
  }
}

/* SP 800-38D, 7.1 and 7.2: enciphers |len| bytes and returns the tag of what is ciphertext of |in| and |out|. */
INLINE __m128i run(bool seal, const struct context *context, uint8_t *out, const uint8_t *in, size_t len,
                   const uint8_t *nonce, size_t nonce_len, const struct bulla_aad *aad) {
  struct counter counter = counter_new(context, nonce, nonce_len);
  struct products products = {ZERO, ZERO};
  size_t num_strides = len / (STRIDE * BLOCK);
  size_t left = len % (STRIDE * BLOCK);
  size_t data_blocks = blocks(aad->head_len + aad->tail_len);
  size_t after = num_strides > 0 ? STRIDE : blocks(left) + 1;
  bool data_fits = data_blocks + after <= context->num_powers;
  if (!data_fits) {
    absorb(&products, power_of(context, after), IN_FIRST(hash_data(context, aad)));
  }
  if (num_strides > 0) {
    if (data_fits) {
      absorb_data(&products, power_of(context, data_blocks + after), aad);
    }
    __m128i hash = strides(seal, context, out, in, num_strides, &counter, &products);
    out += len - left;
    in += len - left;
    absorb(&products, power_of(context, blocks(left) + 1), IN_FIRST(hash));
  }

  /* What is left is vectors with all their blocks, fewer blocks than a vector has, and the block of lengths. */
  const __m128i *power = power_of(context, blocks(left) + 1);
  size_t num = (left + BLOCK - 1) / WIDTH;
  if (num > MOST_AT_ONCE) {
    group(seal, MOST_AT_ONCE, WIDTH, context, &counter, NULL, out, in, &products, power);
    out += MOST_AT_ONCE * WIDTH;
    in += MOST_AT_ONCE * WIDTH;
    left -= MOST_AT_ONCE * WIDTH;
    power += MOST_AT_ONCE * LANES;
    num -= MOST_AT_ONCE;
  }
  size_t rest = left > num * WIDTH ? left - num * WIDTH : 0;
  size_t part = left - rest - (num - 1) * WIDTH;
  vector last = ADD32(counter.number, IN_EACH(_mm_cvtsi32_si128((int)(num * LANES))));
  last = XOR(counter.nonce, reverse(with_lane(last, LANES - 1, counter.first)));
  switch (num) {
    case 0:
      group(seal, 0, 0, context, &counter, &last, out, in, &products, power);
      break;
    case 1:
      group(seal, 1, part, context, &counter, &last, out, in, &products, power);
      break;
    case 2:
      group(seal, 2, part, context, &counter, &last, out, in, &products, power);
      break;
    case 3:
      group(seal, 3, part, context, &counter, &last, out, in, &products, power);
      break;
    default:
      group(seal, 4, part, context, &counter, &last, out, in, &products, power);
      break;
  }
  if (num_strides == 0 && data_fits) {
    absorb_data(&products, power_of(context, data_blocks + after), aad);
  }
  __m128i lengths = _mm_set_epi64x((long long)(8 * (aad->head_len + aad->tail_len)), (long long)(8 * len));
  vector x = with_lane(ZERO, blocks(rest), lengths);
  vector last_key = IN_EACH(context->round_keys[ROUNDS]);
  if (rest > 0) {
    out += left - rest;
    in += left - rest;
    vector text = load_part(in, rest);
    last = LAST_ROUND(last, XOR(text, last_key));
    store_part(out, last, rest);
    x = XOR(x, reverse(seal ? keep(last, rest) : text));
  } else {
    last = LAST_ROUND(last, last_key);
  }
  absorb(&products, power_of(context, blocks(rest) + 1), x);
  return reverse_block(reduce(&products, only_last_lane(reverse(last))));
}

VAES static enum bulla_status seal(const void *context, uint8_t *ciphertext, uint8_t *tag, const uint8_t *nonce,
                                   size_t nonce_len, const uint8_t *plaintext, size_t len,
                                   const struct bulla_aad *aad) {
  _mm_storeu_si128((void *)tag, run(true, context, ciphertext, plaintext, len, nonce, nonce_len, aad));
  return BULLA_OK;
}

VAES static enum bulla_status open(const void *context, uint8_t *plaintext, const uint8_t *tag, const uint8_t *nonce,
                                   size_t nonce_len, const uint8_t *ciphertext, size_t len,
                                   const struct bulla_aad *aad) {
  __m128i expected = _mm_loadu_si128((const void *)tag);
  __m128i found = run(false, context, plaintext, ciphertext, len, nonce, nonce_len, aad);
  return _mm_movemask_epi8(_mm_cmpeq_epi8(found, expected)) == 0xffff ? BULLA_OK : BULLA_REFUSED;
}

static bool is_usable(void) {
  unsigned eax;
  unsigned ebx;
  unsigned ecx;
  unsigned edx;
  __builtin_cpu_init();
  return is_wide_enough() && __builtin_cpu_supports("aes") != 0 && __builtin_cpu_supports("pclmul") != 0 &&
         __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) != 0 && (ecx & bit_VAES) != 0 && (ecx & bit_VPCLMULQDQ) != 0;
}

_Static_assert(sizeof(struct context) <= BULLA_ENGINE_CONTEXT_MAX, "an expanded key has room");

#if BULLA_VAES_BITS == 512
const struct bulla_engine bulla_engine_vaes_512 = {
    .name = "vaes-512",
#else
const struct bulla_engine bulla_engine_vaes_256 = {
    .name = "vaes-256",
#endif
    .only_256 = true,
    .context_len = sizeof(struct context),
    .xaes_len = sizeof(struct xaes_key),
    .scrub_depth = SCRUB_DEPTH,
    .version = bulla_version,
    .is_usable = is_usable,
    .expand = expand,
    .expand_xaes = expand_xaes,
    .derive = derive,
    .seal = seal,
    .open = open,
};

#endif
