/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The variants of the codec for public bytes. Each is one constant pair of functions; core/base64url_choice.c picks
 * one at first use. All give the same results and stay within their spans. */

#ifndef BULLA_CORE_BASE64URL_VARIANTS_H
#define BULLA_CORE_BASE64URL_VARIANTS_H

#include "core/base64url.h"

struct bulla_base64url_variant {
  const char *name;

  /* Returns whether the processor and the system support it. */
  bool (*is_usable)(void);

  /* As bulla_base64url_encode and bulla_base64url_decode. */
  void (*encode)(uint8_t *text, struct bulla_span bytes);
  bool (*decode)(uint8_t *bytes, struct bulla_span text);

  /* As bulla_base64url_decode_two; NULL where |decode| does it twice. */
  bool (*decode_two)(uint8_t *bytes, const uint8_t *first, struct bulla_span second);
};

extern const struct bulla_base64url_variant bulla_base64url_portable;
#ifdef __x86_64__
extern const struct bulla_base64url_variant bulla_base64url_avx2;
extern const struct bulla_base64url_variant bulla_base64url_avx512vbmi;
#endif

/* bulla_base64url_variants returns all that are built in, the fastest first, and sets |*num_variants|. The last
 * is the portable one, which is always usable. */
const struct bulla_base64url_variant *const *bulla_base64url_variants(size_t *num_variants);

/* The digit of each value. */
extern const uint8_t bulla_base64url_digits[64];

/* The value of each digit plus one; 0 for every other byte. */
extern const uint8_t bulla_base64url_values[256];

#endif
