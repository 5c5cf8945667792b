/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Base64url with AVX2 and with AVX-512 VBMI. No vector is read or written past the ends of the spans: with AVX2 what
 * does not fill one is copied to where a whole one has room, AVX-512 masks it. Decoding collects all doubts on the way
 * and asks once, at the end.
 *
 * Vectors are little-endian: byte 0 of a word is its lowest. */

#include "core/base64url_variants.h"

#ifdef __x86_64__

#include <immintrin.h>
#include <string.h>

#define AVX2 __attribute__((target("avx2")))
#define VBMI __attribute__((target("avx512f,avx512bw,avx512vl,avx512vbmi")))

/* __builtin_cpu_supports asks CPUID, and XGETBV whether the system keeps the registers. */

static bool have_avx2(void) {
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx2") != 0;
}

static bool have_avx512vbmi(void) {
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512bw") != 0 &&
         __builtin_cpu_supports("avx512vl") != 0 && __builtin_cpu_supports("avx512vbmi") != 0;
}

/* The same 16 bytes in both halves, for shuffles, which stay within halves. */
AVX2 static __m256i twice(__m128i half) {
  return _mm256_broadcastsi128_si256(half);
}

/* 32 digits of 24 bytes, twelve of them in each half. */
AVX2 static __m256i encode_24(__m256i bytes) {
  /* Three bytes a, b, c become the words a:b and b:c. The first has a digit at bit 10 and one at bit 4, the second at
   * bit 6 and at bit 0. */
  __m256i words = _mm256_shuffle_epi8(bytes, twice(_mm_setr_epi8(1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10)));
  /* The higher one goes down to bit 0 and the lower one up to bit 8, by a number of places that differs from word
   * to word. A product does that: its low half is a shift up, and the high half of w * 2^n is w >> (16 - n). */
  __m256i higher = _mm256_and_si256(words, _mm256_set1_epi32(0x0fc0fc00));
  __m256i lower = _mm256_and_si256(words, _mm256_set1_epi32(0x003f03f0));
  __m256i values = _mm256_or_si256(_mm256_mulhi_epu16(higher, _mm256_set1_epi32(1 << 26 | 1 << 6)),
                                   _mm256_mullo_epi16(lower, _mm256_set1_epi32(1 << 24 | 1 << 4)));
  /* The alphabet is five ranges, in each of which digit minus value is the same. Saturation makes the range's
   * number: 0 up to value 51, then 1 to 10, 11, 12; and one more from 26 on, since true is -1. */
  __m256i range =
      _mm256_sub_epi8(_mm256_subs_epu8(values, _mm256_set1_epi8(51)), _mm256_cmpgt_epi8(values, _mm256_set1_epi8(25)));
  __m256i offsets = twice(_mm_setr_epi8('A', 'a' - 26, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52,
                                        '0' - 52, '0' - 52, '0' - 52, '0' - 52, '-' - 62, '_' - 63, 0, 0));
  return _mm256_add_epi8(values, _mm256_shuffle_epi8(offsets, range));
}

/* The first 24 of |bytes|, or fewer and then zeros, twelve in each half. Words of 32 bits that are not there are not
 * read. */
AVX2 static __m256i load_24(struct bulla_span bytes) {
  size_t num_words = bytes.len / 4;
  uint32_t last = 0;
  for (size_t i = bytes.len; i > 4 * num_words; i--) {
    last = last << 8 | bytes.data[i - 1];
  }
  __m256i places = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  __m256i num = _mm256_set1_epi32((int)num_words);
  __m256i words = _mm256_maskload_epi32((const void *)bytes.data, _mm256_cmpgt_epi32(num, places));
  words = _mm256_blendv_epi8(words, _mm256_set1_epi32((int)last), _mm256_cmpeq_epi32(num, places));
  return _mm256_permutevar8x32_epi32(words, _mm256_setr_epi32(0, 1, 2, 2, 3, 4, 5, 5));
}

AVX2 static void encode_avx2(uint8_t *text, struct bulla_span bytes) {
  const uint8_t *in = bytes.data;
  size_t left = bytes.len;
  for (; left >= 28; left -= 24, in += 24, text += 32) {
    _mm256_storeu_si256((void *)text, encode_24(_mm256_loadu2_m128i((const void *)(in + 12), (const void *)in)));
  }
  while (left > 0) {
    size_t part = left < 24 ? left : 24;
    uint8_t digits[32];
    _mm256_storeu_si256((void *)digits, encode_24(load_24(bulla_span(in, part))));
    memcpy(text, digits, bulla_base64url_encoded_len(part));
    left -= part;
    in += part;
    text += 32;
  }
}

/* The 24 bytes of the 32 digits |text|; adds to |bad| what is not zero if one is no digit. */
AVX2 static __m256i decode_32(__m256i text, __m256i *bad) {
  /* A character is a row of the ASCII table, its high four bits, and a column, its low four. Rows with the same
   * digits share a bit: 1 for row 2, 2 for 3, 4 for 4 and 6, 8 for 5, 16 for 7, 32 for those without any. Each
   * column has the bits of the rows where it is no digit. */
  const __m256i row_bits = twice(_mm_setr_epi8(32, 32, 1, 2, 4, 8, 4, 16, 32, 32, 32, 32, 32, 32, 32, 32));
  const __m256i column_bits = twice(_mm_setr_epi8(0x25, 0x21, 0x21, 0x21, 0x21, 0x21, 0x21, 0x21,   /* 0 to 7 */
                                                  0x21, 0x21, 0x23, 0x3b, 0x3b, 0x3a, 0x3b, 0x33)); /* 8 to 15 */
  __m256i low_four = _mm256_set1_epi8(15);
  __m256i row = _mm256_and_si256(_mm256_srli_epi16(text, 4), low_four);
  __m256i column = _mm256_and_si256(text, low_four);
  __m256i wrong = _mm256_and_si256(_mm256_shuffle_epi8(row_bits, row), _mm256_shuffle_epi8(column_bits, column));
  *bad = _mm256_or_si256(*bad, wrong);
  /* The row says what to add to make the value, but for '_', which is told from its row by going to 5 + 8. */
  __m256i is_underscore = _mm256_cmpeq_epi8(text, _mm256_set1_epi8('_'));
  __m256i kind = _mm256_add_epi8(row, _mm256_and_si256(is_underscore, _mm256_set1_epi8(8)));
  const __m256i offsets =
      twice(_mm_setr_epi8(0, 0, 62 - '-', 52 - '0', -'A', -'A', 26 - 'a', 26 - 'a', 0, 0, 0, 0, 0, 63 - '_', 0, 0));
  __m256i values = _mm256_add_epi8(text, _mm256_shuffle_epi8(offsets, kind));
  /* Neighbours join: two values to twelve bits, two of those to 24, in a word of 32 bits. */
  __m256i twelves = _mm256_maddubs_epi16(values, _mm256_set1_epi16(1 << 8 | 1 << 6));
  __m256i groups = _mm256_madd_epi16(twelves, _mm256_set1_epi32(1 << 16 | 1 << 12));
  /* Their bytes, highest first, close up in each half, and then the two halves. */
  __m256i halves =
      _mm256_shuffle_epi8(groups, twice(_mm_setr_epi8(2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1)));
  return _mm256_permutevar8x32_epi32(halves, _mm256_setr_epi32(0, 1, 2, 4, 5, 6, 3, 7));
}

/* Writes the bytes of the groups of four digits in |text|, fewer than 32 digits, which stand in for a whole vector:
 * each is a word of 32 bits, of which those that are not there are not read. Returns how many groups there are. */
AVX2 static size_t decode_groups(uint8_t *bytes, struct bulla_span text, __m256i *bad) {
  size_t num_groups = text.len / 4;
  __m256i present = _mm256_cmpgt_epi32(_mm256_set1_epi32((int)num_groups), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
  __m256i digits = _mm256_maskload_epi32((const void *)text.data, present);
  uint8_t decoded[32];
  digits = _mm256_blendv_epi8(_mm256_set1_epi8('A'), digits, present);
  _mm256_storeu_si256((void *)decoded, decode_32(digits, bad));
  memcpy(bytes, decoded, 3 * num_groups);
  return num_groups;
}

AVX2 static bool decode_avx2(uint8_t *bytes, struct bulla_span text) {
  const uint8_t *in = text.data;
  size_t left = text.len;
  if (left == 0) {
    return true; /* |in| may be NULL, to which nothing may be added */
  }
  __m256i bad = _mm256_setzero_si256();
  for (; left >= 32; left -= 32, in += 32, bytes += 24) {
    __m256i block = decode_32(_mm256_loadu_si256((const void *)in), &bad);
    _mm_storeu_si128((void *)bytes, _mm256_castsi256_si128(block));
    _mm_storel_epi64((void *)(bytes + 16), _mm256_extracti128_si256(block, 1));
  }
  size_t num_groups = left < 4 ? 0 : decode_groups(bytes, bulla_span(in, left), &bad);
  return _mm256_testz_si256(bad, bad) != 0 &&
         bulla_base64url_portable.decode(bytes + 3 * num_groups, bulla_span(in + 4 * num_groups, left % 4));
}

const struct bulla_base64url_variant bulla_base64url_avx2 = {"avx2", have_avx2, encode_avx2, decode_avx2, NULL};

/* The mask of the first |len| bytes, 1 to 64. */
static __mmask64 first(size_t len) {
  return UINT64_MAX >> (64 - len);
}

/* The 64 digits of the first 48 of |bytes|. */
VBMI static __m512i encode_48(__m512i bytes) {
  /* Each six bytes, turned round, are a number of 48 bits in a word of 64. */
  __m512i turned = _mm512_setr_epi64(0x000102030405, 0x060708090a0b, 0x0c0d0e0f1011, 0x121314151617, 0x18191a1b1c1d,
                                     0x1e1f20212223, 0x242526272829, 0x2a2b2c2d2e2f);
  __m512i numbers = _mm512_permutexvar_epi8(turned, bytes);
  /* Its digits begin at bits 42, 36, and so on to 0. Multishift takes eight bits from each of these places; the
   * look-up goes by the low six of them. */
  __m512i places = _mm512_set1_epi64(0x00060c12181e242a);
  __m512i values = _mm512_multishift_epi64_epi8(places, numbers);
  return _mm512_permutexvar_epi8(values, _mm512_load_si512(bulla_base64url_digits));
}

VBMI static void encode_avx512vbmi(uint8_t *text, struct bulla_span bytes) {
  const uint8_t *in = bytes.data;
  size_t left = bytes.len;
  for (; left >= 48; left -= 48, in += 48, text += 64) {
    _mm512_storeu_si512(text, encode_48(_mm512_maskz_loadu_epi8(first(48), in)));
  }
  if (left > 0) {
    __m512i digits = encode_48(_mm512_maskz_loadu_epi8(first(left), in));
    _mm512_mask_storeu_epi8(text, first(bulla_base64url_encoded_len(left)), digits);
  }
}

/* The 48 bytes of the 64 digits |text|, then zeros; adds a top bit to |bad| if one is no digit. */
VBMI static __m512i decode_64(__m512i text, __m512i *bad) {
  /* The look-up goes by the low seven bits of a character. It gives the value plus one; less one, only what is
   * no digit has the top bit, and so has a character that is not ASCII. */
  __m512i found = _mm512_permutex2var_epi8(_mm512_load_si512(bulla_base64url_values), text,
                                           _mm512_load_si512(bulla_base64url_values + 64));
  __m512i values = _mm512_sub_epi8(found, _mm512_set1_epi8(1));
  *bad = _mm512_or_si512(*bad, _mm512_or_si512(values, text));
  /* Neighbours join: two values to twelve bits, two of those to 24, in a word of 32 bits. */
  __m512i twelves = _mm512_maddubs_epi16(values, _mm512_set1_epi16(1 << 8 | 1 << 6));
  __m512i groups = _mm512_madd_epi16(twelves, _mm512_set1_epi32(1 << 16 | 1 << 12));
  /* Their bytes, highest first, close up; byte 3 is one of those that are zero. */
  static const _Alignas(64) uint8_t closed_up[64] = {
      2,  1,  0,  6,  5,  4,  10, 9,  8,  14, 13, 12, 18, 17, 16, 22, 21, 20, 26, 25, 24, 30,
      29, 28, 34, 33, 32, 38, 37, 36, 42, 41, 40, 46, 45, 44, 50, 49, 48, 54, 53, 52, 58, 57,
      56, 62, 61, 60, 3,  3,  3,  3,  3,  3,  3,  3,  3,  3,  3,  3,  3,  3,  3,  3,
  };
  return _mm512_permutexvar_epi8(_mm512_load_si512(closed_up), groups);
}

VBMI static bool decode_avx512vbmi(uint8_t *bytes, struct bulla_span text) {
  const uint8_t *in = text.data;
  size_t left = text.len;
  if (left % 4 == 1) {
    return false;
  }
  __m512i bad = _mm512_setzero_si512();
  for (; left >= 64; left -= 64, in += 64, bytes += 48) {
    __m512i block = decode_64(_mm512_loadu_si512(in), &bad);
    _mm256_storeu_si256((void *)bytes, _mm512_castsi512_si256(block));
    _mm_storeu_si128((void *)(bytes + 32), _mm512_extracti32x4_epi32(block, 2));
  }
  __mmask64 spare = 0;
  if (left > 0) {
    /* 'A' stands for zero in the place of what is not there: then the bits that are left over at the end are the
     * only ones after the last byte. */
    __m512i block = decode_64(_mm512_mask_loadu_epi8(_mm512_set1_epi8('A'), first(left), in), &bad);
    __mmask64 room = first(bulla_base64url_decoded_len(left));
    _mm512_mask_storeu_epi8(bytes, room, block);
    spare = _mm512_test_epi8_mask(block, block) & ~room;
  }
  return (_mm512_movepi8_mask(bad) | spare) == 0;
}

VBMI static bool decode_two_avx512vbmi(uint8_t *bytes, const uint8_t *first_text, struct bulla_span second) {
  const __m512i zeros = _mm512_set1_epi8('A');
  __m512i bad = _mm512_setzero_si512();
  /* The second text, moved up by a quarter, and the first one in that. */
  __m512i text = _mm512_mask_loadu_epi8(zeros, first(second.len), second.data);
  text = _mm512_inserti32x4(_mm512_shuffle_i64x2(text, text, _MM_SHUFFLE(2, 1, 0, 3)),
                            _mm_loadu_si128((const void *)first_text), 0);
  __m512i block = decode_64(text, &bad);
  _mm512_storeu_si512(bytes, block);
  uint64_t spare = _mm512_test_epi8_mask(block, block) & ~first(12 + bulla_base64url_decoded_len(second.len));
  return second.len % 4 != 1 && (_mm512_movepi8_mask(bad) | spare) == 0;
}

const struct bulla_base64url_variant bulla_base64url_avx512vbmi = {"avx512vbmi", have_avx512vbmi, encode_avx512vbmi,
                                                                   decode_avx512vbmi, decode_two_avx512vbmi};

#endif
