/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See core/places.h. A text is looked through in blocks of 64 bytes, for each of which there is a word of marks: a bit
 * for each byte, the lowest for the first. No byte past the end of the text is read. */

#include "core/places.h"

#include <string.h>

#ifdef __x86_64__
#include <immintrin.h>
#endif

#include "core/json_string.h"

enum { BLOCK = 64 };

#define INLINE __attribute__((always_inline)) static inline

#ifdef __SSE2__
typedef __m128i vector;

static inline vector load(const uint8_t *at) {
  return _mm_loadu_si128((const void *)at);
}

static inline uint64_t is_byte(vector bytes, uint8_t byte) {
  return (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8((char)byte)));
}

static inline uint64_t is_special(vector bytes) {
  return bulla_json_special_in(bytes);
}
#else
typedef uint8_t vector;

static inline vector load(const uint8_t *at) {
  return *at;
}

static inline uint64_t is_byte(vector bytes, uint8_t byte) {
  return bytes == byte;
}

static inline uint64_t is_special(vector bytes) {
  return bytes < ' ' || bytes >= 0x80 || bytes == '"' || bytes == '\\';
}
#endif

/* The marks of a block: of |byte|, or of what is special if that is negative. */
INLINE uint64_t marks_of(const uint8_t *at, int byte) {
  uint64_t marks = 0;
#pragma GCC unroll 4
  for (size_t i = 0; i < BLOCK; i += sizeof(vector)) {
    vector bytes = load(at + i);
    marks |= (byte < 0 ? is_special(bytes) : is_byte(bytes, (uint8_t)byte)) << i;
  }
  return marks;
}

/* The marks of the last |left| bytes of |text|, less than a block: as the end of a whole one, or where one has room. */
INLINE uint64_t last_marks_of(struct bulla_span text, size_t left, int byte) {
  const uint8_t *end = text.data + text.len;
  if (text.len >= BLOCK) {
    return marks_of(end - BLOCK, byte) >> (BLOCK - left);
  }
  uint8_t room[BLOCK];
  memcpy(room, end - left, left);
  memset(room + left, 0, BLOCK - left);
  return marks_of(room, byte) & ((UINT64_C(1) << left) - 1);
}

static bool always(void) {
  return true;
}

/* Adds the places that |marks| has of the block at |start|, until there are |max|. */
INLINE size_t add_places(size_t *places, size_t num, size_t max, uint64_t marks, size_t start) {
  for (; marks != 0 && num < max; marks &= marks - 1) {
    places[num++] = start + (size_t)__builtin_ctzll(marks);
  }
  return num;
}

static size_t places_of(size_t *places, size_t max, struct bulla_span text, uint8_t byte) {
  size_t num = 0;
  size_t start = 0;
  for (; text.len - start >= BLOCK && num < max; start += BLOCK) {
    num = add_places(places, num, max, marks_of(text.data + start, byte), start);
  }
  return start < text.len && num < max
             ? add_places(places, num, max, last_marks_of(text, text.len - start, byte), start)
             : num;
}

static size_t places_special(uint16_t *places, struct bulla_span text) {
  size_t num = 0;
  for (size_t start = 0; start < text.len && num <= BULLA_PLACES_MAX; start += BLOCK) {
    size_t left = text.len - start;
    uint64_t marks = left < BLOCK ? last_marks_of(text, left, -1) : marks_of(text.data + start, -1);
    for (; marks != 0; marks &= marks - 1) {
      places[num++] = (uint16_t)(start + (size_t)__builtin_ctzll(marks));
    }
  }
  places[num] = (uint16_t)text.len;
  return num;
}

#ifdef __x86_64__
#define VBMI2 __attribute__((target("avx512f,avx512bw,avx512vl,avx512vbmi2,popcnt")))

static bool have_avx512vbmi2(void) {
  return __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512bw") != 0 &&
         __builtin_cpu_supports("avx512vl") != 0 && __builtin_cpu_supports("avx512vbmi2") != 0 &&
         __builtin_cpu_supports("popcnt") != 0;
}

/* The mask of the first |len| bytes of a block, at least one. */
static inline __mmask64 first(size_t len) {
  return len < BLOCK ? UINT64_MAX >> (BLOCK - len) : UINT64_MAX;
}

VBMI2 static size_t places_of_vbmi2(size_t *places, size_t max, struct bulla_span text, uint8_t byte) {
  const __m512i wanted = _mm512_set1_epi8((char)byte);
  size_t num = 0;
  size_t start = 0;
  for (; text.len - start >= BLOCK && num < max; start += BLOCK) {
    uint64_t marks = _mm512_cmpeq_epi8_mask(_mm512_loadu_si512(text.data + start), wanted);
    num = add_places(places, num, max, marks, start);
  }
  if (start < text.len && num < max) {
    __mmask64 there = first(text.len - start);
    __m512i bytes = _mm512_maskz_loadu_epi8(there, text.data + start);
    num = add_places(places, num, max, _mm512_mask_cmpeq_epi8_mask(there, bytes, wanted), start);
  }
  return num;
}

VBMI2 static size_t places_special_vbmi2(uint16_t *places, struct bulla_span text) {
  /* The numbers of the 64 bytes of a block: those of marked ones close up, and become words of 16 bits. */
  static const _Alignas(64) uint8_t numbers[BLOCK] = {
      0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
      22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43,
      44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63,
  };
  size_t num = 0;
  for (size_t start = 0; start < text.len && num <= BULLA_PLACES_MAX; start += BLOCK) {
    __mmask64 there = first(text.len - start);
    __m512i bytes = _mm512_maskz_loadu_epi8(there, text.data + start);
    __mmask64 marks = there & (_mm512_cmplt_epi8_mask(bytes, _mm512_set1_epi8(' ')) |
                               _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8('"')) |
                               _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8('\\')));
    __m512i found = _mm512_maskz_compress_epi8(marks, _mm512_load_si512(numbers));
    size_t num_found = (size_t)_mm_popcnt_u64(marks);
    __m512i base = _mm512_set1_epi16((short)start);
    __m512i low = _mm512_cvtepu8_epi16(_mm512_castsi512_si256(found));
    _mm512_storeu_si512(places + num, _mm512_add_epi16(low, base));
    if (num_found > BLOCK / 2) {
      __m512i high = _mm512_cvtepu8_epi16(_mm512_extracti64x4_epi64(found, 1));
      _mm512_storeu_si512(places + num + BLOCK / 2, _mm512_add_epi16(high, base));
    }
    num += num_found;
  }
  places[num] = (uint16_t)text.len;
  return num;
}
#endif

static const struct bulla_places_variant variants[] = {
#ifdef __x86_64__
    {"avx512vbmi2", have_avx512vbmi2, places_of_vbmi2, places_special_vbmi2},
#endif
    {"portable", always, places_of, places_special},
};

enum { NUM_VARIANTS = sizeof(variants) / sizeof(variants[0]) };

const struct bulla_places_variant *bulla_places_variants(size_t *num_variants) {
  *num_variants = NUM_VARIANTS;
  return variants;
}

static inline const struct bulla_places_variant *fastest(void) {
  size_t i = 0;
  while (i + 1 < NUM_VARIANTS && !variants[i].is_usable()) {
    i++;
  }
  return &variants[i];
}

size_t bulla_places_of(size_t *places, size_t max, struct bulla_span text, uint8_t byte) {
  return fastest()->of(places, max, text, byte);
}

size_t bulla_places_special(uint16_t *places, struct bulla_span text) {
  return text.len <= UINT16_MAX ? fastest()->special(places, text) : SIZE_MAX;
}
