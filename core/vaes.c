/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* AES-256-GCM (FIPS 197, SP 800-38D) and the derivation of XAES-256-GCM (C2SP), for processors with VAES and
 * VPCLMULQDQ. Meson builds this file twice: with vectors of 512 bits, four blocks, and of 256 bits, two blocks.
 *
 * Nothing branches on a secret, and no address comes of one: what is compared and counted are lengths. Secrets do not
 * pass through general registers either; the one bit that leaves is whether a tag is right.
 *
 * Reversed blocks. GHASH takes the first bit of a block, the top one of byte 0, for the coefficient of x^0 (SP 800-38D,
 * 6.3). With the bytes turned round, bit k of the block, as a number, is the coefficient of x^(127 - k).
 *
 * Products. The carry-less product of two reversed blocks has 255 bits; bit k is the coefficient of x^(254 - k). One
 * factor is always a power of H, and is kept times x^-1. Then bit k is the coefficient of x^(255 - k): the upper 128
 * bits are a reversed block, and what is below them is to be reduced.
 *
 * Folding. Times x^64 is 64 places down. The lower half of a reversed block then falls out at the end: its bit k, of
 * x^(127 - k), becomes x^(191 - k) = x^(63 - k) (1 + x + x^2 + x^7), since x^128 = 1 + x + x^2 + x^7: bits 64 + k, 63 +
 * k, 62 + k and 57 + k. So fold(b) = b x^64 is b with its halves swapped, plus its lower half times 2^63 + 2^62 + 2^57.
 * The other way round, 64 places up is times x^-64: b stands for the same as fold(b) 64 places up from it.
 *
 * Product and reduction. Let a block be the halves u and l, and G a power as it is kept. Then l G is l fold(G) 64
 * places up, where u G is anyway. Their sum has 192 bits: |high|, at the place of a reversed block, and |low|, 64
 * places below it, of 128 bits each. So high + fold(low) is the product reduced. Sums of products are reduced once. */

#include "core/engine.h"

#ifdef __x86_64__
#include <cpuid.h>

#include "core/vaes_vector.h"

enum {
  /* Bytes below the caller where what the compiler spills may be secret: there are fewer registers of 256 bits. */
  SCRUB_DEPTH = BULLA_VAES_BITS == 512 ? 512 : 1536,
  ROUNDS = 14, /* FIPS 197, 5: of a key of 256 bits */
  NONCE = 12,  /* bytes, where J0 is not a hash */
  POWERS = 40, /* blocks that are hashed with one reduction */
  GROUP = 4,   /* vectors that are enciphered at once at the end of a message, besides the last */
  STRIDE = 8,  /* and before: as many as the processor has rounds under way */
  STRIDE_BLOCKS = STRIDE * LANES,
};

/* An expanded key. */
struct context {
  /* Powers of H times x^-1, the last H, before it H^2; then each of them folded. What a vector takes from behind the
   * end is multiplied by zeros. */
  _Alignas(64) __m128i powers[2 * POWERS];
  __m128i round_keys[ROUNDS + 1];
  size_t num_powers; /* a multiple of LANES: POWERS, or what the one message that the key is for needs */
};
_Static_assert(sizeof(struct context) <= BULLA_ENGINE_CONTEXT_MAX, "an expanded key has room");

struct xaes_key {
  __m128i round_keys[ROUNDS + 1];
  __m128i k1;
};

/* A sum of products, in each lane. */
struct products {
  vector low, high;
};

#define FOLD_BY UINT64_C(0xc200000000000000)
static const _Alignas(64) uint64_t fold_by[8] = {FOLD_BY, 0, FOLD_BY, 0, FOLD_BY, 0, FOLD_BY, 0};

INLINE vector fold(vector x) {
  return XOR(SWAP_HALVES(x), MULTIPLY(x, LOAD(fold_by), 0x00));
}

/* The place of H^|exponent|, from where on there are lower ones. */
INLINE const __m128i *power_of(const struct context *context, size_t exponent) {
  return context->powers + POWERS - exponent;
}

/* Adds reversed blocks times the powers from |power| on. */
INLINE void absorb(struct products *products, const __m128i *power, vector x) {
  vector powers = LOAD(power);
  vector folded = LOAD(power + POWERS);
  products->low = XOR3(products->low, MULTIPLY(x, powers, 0x01), MULTIPLY(x, folded, 0x00));
  products->high = XOR3(products->high, MULTIPLY(x, powers, 0x11), MULTIPLY(x, folded, 0x10));
}

/* The sum over all lanes of |products|, reduced, and of |added|. Begins a new sum. */
INLINE __m128i reduce(struct products *products, vector added) {
  vector x = XOR3(products->high, SWAP_HALVES(products->low), added);
  x = XOR(x, MULTIPLY(products->low, LOAD(fold_by), 0x00));
  *products = (struct products){ZERO, ZERO};
  return sum_of_lanes(x);
}

/* The product of powers, lane by lane. It is kept as they are: (a x^-1) (b x^-1) x = (a b) x^-1. */
INLINE vector multiply(vector a, vector b) {
  vector low = XOR(MULTIPLY(a, b, 0x01), MULTIPLY(a, fold(b), 0x00));
  return XOR3(MULTIPLY(a, b, 0x11), MULTIPLY(a, fold(b), 0x10), fold(low));
}

/* FIPS 197, 5.1 */
INLINE __m128i encrypt_block(const __m128i *round_keys, __m128i x) {
  x = _mm_xor_si128(x, round_keys[0]);
  UNROLL
  for (int i = 1; i < ROUNDS; i++) {
    x = _mm_aesenc_si128(x, round_keys[i]);
  }
  return _mm_aesenclast_si128(x, round_keys[ROUNDS]);
}

/* The round key after |last|, which itself comes after |before| (FIPS 197, 5.2). |spread| puts the last word, or its
 * RotWord, into each column; AESENCLAST of equal columns is SubWord of each, since ShiftRows moves nothing then, plus
 * |rcon|. Each column of |before| is added to all columns after it. */
INLINE __m128i next_round_key(__m128i before, __m128i last, __m128i spread, __m128i rcon) {
  before = _mm_xor_si128(before, _mm_slli_si128(before, 4));
  before = _mm_xor_si128(before, _mm_slli_si128(before, 8));
  return _mm_xor_si128(before, _mm_aesenclast_si128(_mm_shuffle_epi8(last, spread), rcon));
}

INLINE void expand_aes(__m128i *round_keys, __m128i even, __m128i odd) {
  const __m128i word = _mm_set1_epi32(0x0f0e0d0c);
  const __m128i rot_word = _mm_set1_epi32(0x0c0f0e0d);
  round_keys[0] = even;
  round_keys[1] = odd;
  UNROLL
  for (int i = 2; i <= ROUNDS; i += 2) {
    even = next_round_key(even, odd, rot_word, _mm_set1_epi32(1 << (i / 2 - 1)));
    round_keys[i] = even;
    if (i < ROUNDS) {
      odd = next_round_key(odd, even, word, _mm_setzero_si128());
      round_keys[i + 1] = odd;
    }
  }
}

/* The block, as a number, one place up; plus |carry| if that loses a bit. */
INLINE __m128i one_up(__m128i x, __m128i carry) {
  __m128i lost = _mm_srai_epi32(_mm_shuffle_epi32(x, 0xff), 31);
  __m128i up = _mm_or_si128(_mm_slli_epi64(x, 1), _mm_slli_si128(_mm_srli_epi64(x, 63), 8));
  return _mm_xor_si128(up, _mm_and_si128(lost, carry));
}

INLINE void store_powers(struct context *context, size_t exponent, vector powers) {
  STORE(context->powers + POWERS - exponent, powers);
  STORE(context->powers + 2 * POWERS - exponent, fold(powers));
}

/* H = AES(0), and |num| powers of it. Times x^-1 is one place up, and x^-1 = x^127 + x^6 + x + 1 for the bit that is
 * lost. */
INLINE void make_powers(struct context *context, size_t num) {
  __m128i h = reverse_block(encrypt_block(context->round_keys, _mm_setzero_si128()));
  vector each = IN_EACH(one_up(h, _mm_set_epi64x((long long)FOLD_BY, 1)));
  vector square = multiply(each, each);
  vector made = with_lane(square, LANES - 1, FIRST_LANE(each));
  if (LANES == 4) { /* H^4 and H^3 are H^2 times H^2 and H */
    vector more = multiply(made, square);
    made = with_lane(with_lane(made, 1, LAST_LANE(more)), 0, FIRST_LANE(more));
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
  const __m128i_u *halves = (const void *)key.data;
  expand_aes(made->round_keys, halves[0], halves[1]);
  make_powers(made, POWERS);
  return BULLA_OK;
}

/* K1 is L = AES(0), as a number with byte 0 the highest, one place up, plus 0x87 for the bit that is lost. */
VAES static enum bulla_status expand_xaes(void *xaes_key, const uint8_t *key) {
  struct xaes_key *made = xaes_key;
  const __m128i_u *halves = (const void *)key;
  expand_aes(made->round_keys, halves[0], halves[1]);
  __m128i l = reverse_block(encrypt_block(made->round_keys, _mm_setzero_si128()));
  made->k1 = reverse_block(one_up(l, _mm_cvtsi32_si128(0x87)));
  return BULLA_OK;
}

/* The 12 bytes of |nonce|, then zeros. Nonces are often just written, in such pieces. */
INLINE __m128i load_nonce(const uint8_t *nonce) {
  return _mm_unpacklo_epi64(_mm_loadl_epi64((const void *)nonce), _mm_loadu_si32(nonce + 8));
}

/* The key of |nonce|: AES of M1 + K1 and of M2 + K1, where M is 0, 1 or 2, "X", 0 and the nonce. */
VAES static enum bulla_status derive(void *context, const void *xaes_key, const uint8_t *nonce, size_t len) {
  const struct xaes_key *from = xaes_key;
  struct context *made = context;
  __m128i m = _mm_xor_si128(_mm_slli_si128(load_nonce(nonce), 4), from->k1);
  __m128i first = encrypt_block(from->round_keys, _mm_xor_si128(m, _mm_cvtsi32_si128('X' << 16 | 1 << 8)));
  __m128i second = encrypt_block(from->round_keys, _mm_xor_si128(m, _mm_cvtsi32_si128('X' << 16 | 2 << 8)));
  expand_aes(made->round_keys, first, second);
  /* Message and additional data may both end in a part of a block, and the lengths are a block. */
  make_powers(made, least((least(len, POWERS * BLOCK) / BLOCK + 3 + LANES - 1) / LANES * LANES, POWERS));
  return BULLA_OK;
}

/* J0 of a nonce that has not 12 bytes, reversed (SP 800-38D, 7.1, step 2). */
OUT_OF_LINE __m128i hash_nonce(const struct context *context, const uint8_t *nonce, size_t len) {
  struct products products = {ZERO, ZERO};
  __m128i hash = _mm_setzero_si128();
  for (size_t done = 0; done < len; done += BLOCK) {
    vector part = load_part(nonce + done, least(len - done, BLOCK));
    absorb(&products, power_of(context, 1), XOR(reverse(part), IN_FIRST(hash)));
    hash = reduce(&products, ZERO);
  }
  __m128i len_in_bits = _mm_cvtsi64_si128(8 * (long long)len);
  absorb(&products, power_of(context, 1), IN_FIRST(_mm_xor_si128(hash, len_in_bits)));
  return reduce(&products, ZERO);
}

/* Counter blocks (SP 800-38D, 6.5). */
struct counter {
  vector nonce;  /* what all blocks have in common, in each lane, after the first AddRoundKey */
  vector number; /* the last word of the next block of each lane, reversed: it is the first, and inc32 is an addition */
  __m128i first; /* that of J0 */
};

INLINE struct counter counter_new(const struct context *context, const uint8_t *nonce, size_t nonce_len) {
  static const _Alignas(64) uint32_t from_one[16] = {1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0};
  __m128i common;
  __m128i number = _mm_cvtsi32_si128(1);
  if (nonce_len == NONCE) {
    common = load_nonce(nonce);
  } else {
    __m128i j0 = hash_nonce(context, nonce, nonce_len);
    number = _mm_blend_epi16(_mm_setzero_si128(), j0, 3);
    common = reverse_block(_mm_xor_si128(j0, number));
  }
  return (struct counter){IN_EACH(_mm_xor_si128(common, context->round_keys[0])),
                          ADD32(IN_EACH(number), LOAD(from_one)), number};
}

/* The next vector of blocks, after the first AddRoundKey. */
INLINE vector counter_next(struct counter *counter) {
  vector x = XOR(counter->nonce, reverse(counter->number));
  counter->number = ADD32(counter->number, IN_EACH(_mm_cvtsi32_si128(LANES)));
  return x;
}

/* Absorbs additional data. */
INLINE void absorb_data(struct products *products, const __m128i *power, const struct bulla_aad *aad) {
  const uint8_t *head = aad->head;
  const uint8_t *tail = aad->tail;
  size_t head_len = aad->head_len;
  size_t tail_len = aad->tail_len;
  for (; head_len >= WIDTH; head_len -= WIDTH, head += WIDTH, power += LANES) {
    absorb(products, power, reverse(LOAD(head)));
  }
  if (head_len > 0) {
    vector x = load_part(head, head_len);
    if (tail_len > 0) {
      size_t part = least(tail_len, WIDTH - head_len);
      x = append(x, head_len, tail, part);
      tail += part;
      tail_len -= part;
    }
    absorb(products, power, reverse(x));
    power += LANES;
  }
  while (tail_len > 0) {
    size_t part = least(tail_len, WIDTH);
    absorb(products, power, reverse(load_part(tail, part)));
    tail += part;
    tail_len -= part;
    power += LANES;
  }
}

/* The hash of additional data of any length. */
OUT_OF_LINE __m128i hash_data(const struct context *context, const struct bulla_aad *aad) {
  struct products products = {ZERO, ZERO};
  __m128i hash = _mm_setzero_si128();
  size_t most = context->num_powers * BLOCK;
  size_t head_done = 0, tail_done = 0;
  while (head_done + tail_done < aad->head_len + aad->tail_len) {
    struct bulla_aad part = {.head_len = least(aad->head_len - head_done, most)};
    part.tail_len = least(aad->tail_len - tail_done, most - part.head_len);
    part.head = part.head_len > 0 ? aad->head + head_done : NULL; /* to NULL not even 0 may be added */
    part.tail = part.tail_len > 0 ? aad->tail + tail_done : NULL;
    const __m128i *power = power_of(context, blocks(part.head_len + part.tail_len));
    absorb(&products, power, IN_FIRST(hash));
    absorb_data(&products, power, &part);
    hash = reduce(&products, ZERO);
    head_done += part.head_len;
    tail_done += part.tail_len;
  }
  return hash;
}

/* Enciphers a stride, and leaves its ciphertext, reversed, in |ciphertext|. Meanwhile absorbs a stride into |hash|:
 * when it opens the same one, and when it seals the one before, which |ciphertext| has, but for the |first|. */
INLINE void stride(bool seal, bool first, const struct context *context, struct counter *counter, uint8_t *out,
                   const uint8_t *in, vector *ciphertext, struct products *products, __m128i *hash) {
  vector x[STRIDE];
  UNROLL
  for (int i = 0; i < STRIDE; i++) {
    x[i] = counter_next(counter);
    ciphertext[i] = seal ? ciphertext[i] : reverse(LOAD(in + i * WIDTH));
  }
  UNROLL
  for (int round = 1; round < ROUNDS; round++) {
    vector key = IN_EACH(context->round_keys[round]);
    UNROLL
    for (int i = 0; i < STRIDE; i++) {
      x[i] = ROUND(x[i], key);
    }
    if (!first && round <= STRIDE) {
      int i = round - 1;
      absorb(products, power_of(context, STRIDE_BLOCKS) + i * LANES,
             XOR(ciphertext[i], i == 0 ? IN_FIRST(*hash) : ZERO));
    }
    if (!first && round == STRIDE + 1) {
      *hash = reduce(products, ZERO);
    }
  }
  vector last_key = IN_EACH(context->round_keys[ROUNDS]);
  UNROLL
  for (int i = 0; i < STRIDE; i++) {
    x[i] = LAST_ROUND(x[i], XOR(LOAD(in + i * WIDTH), last_key));
    STORE(out + i * WIDTH, x[i]);
    ciphertext[i] = seal ? reverse(x[i]) : ciphertext[i];
  }
}

/* Enciphers and absorbs |num| strides, at least one; then |after| blocks are to come. */
INLINE void strides(bool seal, const struct context *context, struct counter *counter, uint8_t *out, const uint8_t *in,
                    size_t num, struct products *products, size_t after) {
  vector ciphertext[STRIDE];
  __m128i hash = _mm_setzero_si128();
  if (seal) {
    stride(seal, true, context, counter, out, in, ciphertext, products, &hash);
  }
  for (size_t i = seal ? 1 : 0; i < num; i++) {
    size_t done = i * STRIDE * WIDTH;
    stride(seal, false, context, counter, out + done, in + done, ciphertext, products, &hash);
  }
  bool merge = seal && num > 1 && STRIDE_BLOCKS + after <= POWERS; /* the last one and what is to come */
  if (seal) {
    const __m128i *power = power_of(context, merge ? STRIDE_BLOCKS + after : STRIDE_BLOCKS);
    UNROLL
    for (int i = 0; i < STRIDE; i++) {
      absorb(products, power + i * LANES, XOR(ciphertext[i], i == 0 ? IN_FIRST(hash) : ZERO));
    }
  }
  if (!merge) {
    hash = seal ? reduce(products, ZERO) : hash;
    absorb(products, power_of(context, after), IN_FIRST(hash));
  }
}

/* Enciphers and absorbs |num| vectors, at most GROUP; the last has |part| bytes, but a byte of each block. |last|, if
 * it is not NULL, goes through the same rounds, all but the last. */
INLINE void group(bool seal, int num, const struct context *context, struct counter *counter, vector *last,
                  uint8_t *out, const uint8_t *in, size_t part, struct products *products, const __m128i *power) {
  vector x[GROUP + 1];
  int num_states = last != NULL ? num + 1 : num;
  UNROLL
  for (int i = 0; i < num_states; i++) {
    x[i] = i < num ? counter_next(counter) : *last;
  }
  UNROLL
  for (int round = 1; round < ROUNDS; round++) {
    vector key = IN_EACH(context->round_keys[round]);
    UNROLL
    for (int i = 0; i < num_states; i++) {
      x[i] = ROUND(x[i], key);
    }
  }
  if (last != NULL) {
    *last = x[num];
  }
  vector last_key = IN_EACH(context->round_keys[ROUNDS]);
  UNROLL
  for (int i = 0; i < num; i++) {
    vector text = i < num - 1 ? LOAD(in + i * WIDTH) : load_part(in + i * WIDTH, part);
    x[i] = LAST_ROUND(x[i], XOR(text, last_key));
    if (i < num - 1) {
      STORE(out + i * WIDTH, x[i]);
    } else {
      x[i] = keep(x[i], part);
      store_part(out + i * WIDTH, x[i], part);
    }
    absorb(products, power + i * LANES, reverse(seal ? x[i] : text));
  }
}

/* Enciphers |len| bytes, and returns the tag (SP 800-38D, 7.1 and 7.2). Ciphertext is |out| if |seal|, else |in|. */
INLINE __m128i run(bool seal, const struct context *context, uint8_t *out, const uint8_t *in, size_t len,
                   const uint8_t *nonce, size_t nonce_len, const struct bulla_aad *aad) {
  size_t data_len = aad->head_len + aad->tail_len;
  size_t data_blocks = blocks(data_len);
  size_t num_blocks = data_blocks + blocks(len) + 1;
  bool at_once = num_blocks <= context->num_powers; /* with one reduction */
  size_t num_strides = at_once ? 0 : len / (STRIDE * WIDTH);
  size_t left = len - num_strides * STRIDE * WIDTH;
  struct counter counter = counter_new(context, nonce, nonce_len);
  struct products products = {ZERO, ZERO};
  if (!at_once) {
    size_t next = num_strides > 0 ? STRIDE_BLOCKS : blocks(left) + 1;
    if (data_blocks + next <= POWERS) {
      absorb_data(&products, power_of(context, data_blocks + next), aad);
    } else {
      absorb(&products, power_of(context, next), IN_FIRST(hash_data(context, aad)));
    }
  }
  if (num_strides > 0) {
    strides(seal, context, &counter, out, in, num_strides, &products, blocks(left) + 1);
    out += num_strides * STRIDE * WIDTH;
    in += num_strides * STRIDE * WIDTH;
  }
  /* What is left is vectors with a byte in each block, and the last vector: fewer blocks than it has lanes, and the
   * block of the lengths. Its last lane is enciphered from J0. */
  size_t num = (left + BLOCK - 1) / WIDTH;
  while (num > GROUP) {
    group(seal, GROUP, context, &counter, NULL, out, in, WIDTH, &products, power_of(context, blocks(left) + 1));
    num -= GROUP;
    left -= GROUP * WIDTH;
    out += GROUP * WIDTH;
    in += GROUP * WIDTH;
  }
  const __m128i *power = power_of(context, blocks(left) + 1);
  size_t rest = left > num * WIDTH ? left - num * WIDTH : 0;
  size_t part = left - rest - (num - 1) * WIDTH;
  vector last = ADD32(counter.number, IN_EACH(_mm_cvtsi32_si128((int)num * LANES)));
  last = XOR(counter.nonce, reverse(with_lane(last, LANES - 1, counter.first)));
  if (num == 0) {
    group(seal, 0, context, &counter, &last, out, in, part, &products, power);
  } else if (num == 1) {
    group(seal, 1, context, &counter, &last, out, in, part, &products, power);
  } else if (num == 2) {
    group(seal, 2, context, &counter, &last, out, in, part, &products, power);
  } else if (num == 3) {
    group(seal, 3, context, &counter, &last, out, in, part, &products, power);
  } else {
    group(seal, GROUP, context, &counter, &last, out, in, part, &products, power);
  }
  if (at_once) { /* now, while the rounds go on: sums have no order */
    absorb_data(&products, power_of(context, num_blocks), aad);
  }
  __m128i lengths = _mm_set_epi64x(8 * (long long)data_len, 8 * (long long)len);
  vector x = with_lane(ZERO, blocks(rest), lengths);
  vector text = rest > 0 ? load_part(in + num * WIDTH, rest) : ZERO;
  last = LAST_ROUND(last, XOR(text, IN_EACH(context->round_keys[ROUNDS])));
  if (rest > 0) {
    store_part(out + num * WIDTH, last, rest);
    x = XOR(x, reverse(seal ? keep(last, rest) : text));
  }
  absorb(&products, power_of(context, blocks(rest) + 1), x);
  return reverse_block(reduce(&products, ONLY_LAST_LANE(reverse(last))));
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
  unsigned regs[4]; /* eax, ebx, ecx, edx */
  __builtin_cpu_init();
  return is_wide_enough() && __builtin_cpu_supports("aes") != 0 && __builtin_cpu_supports("pclmul") != 0 &&
         __get_cpuid_count(7, 0, &regs[0], &regs[1], &regs[2], &regs[3]) != 0 && (regs[2] & bit_VAES) != 0 &&
         (regs[2] & bit_VPCLMULQDQ) != 0;
}

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
