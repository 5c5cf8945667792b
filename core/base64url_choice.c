/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Base64url for public bytes: the choice between the portable codec and those of core/base64url_x86.c. */

#include <stdatomic.h>

#include "core/base64url_variants.h"

static const struct bulla_base64url_variant *const variants[] = {
#ifdef __x86_64__
    &bulla_base64url_avx512vbmi,
    &bulla_base64url_avx2,
#endif
    &bulla_base64url_portable,
};

const struct bulla_base64url_variant *const *bulla_base64url_variants(size_t *num_variants) {
  *num_variants = sizeof(variants) / sizeof(variants[0]);
  return variants;
}

static void choose_and_encode(uint8_t *text, struct bulla_span bytes);
static bool choose_and_decode(uint8_t *bytes, struct bulla_span text);

static const struct bulla_base64url_variant unchosen = {"unchosen", NULL, choose_and_encode, choose_and_decode, NULL};

/* Threads that come first together all choose, and choose the same. What it points to is constant, so that no
 * order of memory accesses matters. */
static const struct bulla_base64url_variant *_Atomic chosen = &unchosen;

static const struct bulla_base64url_variant *choose(void) {
  const size_t last = sizeof(variants) / sizeof(variants[0]) - 1;
  size_t i = 0;
  while (i < last && !variants[i]->is_usable()) {
    i++;
  }
  atomic_store_explicit(&chosen, variants[i], memory_order_relaxed);
  return variants[i];
}

static void choose_and_encode(uint8_t *text, struct bulla_span bytes) {
  choose()->encode(text, bytes);
}

static bool choose_and_decode(uint8_t *bytes, struct bulla_span text) {
  return choose()->decode(bytes, text);
}

void bulla_base64url_encode(uint8_t *text, struct bulla_span bytes) {
  atomic_load_explicit(&chosen, memory_order_relaxed)->encode(text, bytes);
}

bool bulla_base64url_decode(uint8_t *bytes, struct bulla_span text) {
  return atomic_load_explicit(&chosen, memory_order_relaxed)->decode(bytes, text);
}

bool bulla_base64url_decode_two(uint8_t *bytes, const uint8_t *first, struct bulla_span second) {
  const struct bulla_base64url_variant *variant = atomic_load_explicit(&chosen, memory_order_relaxed);
  if (variant->decode_two != NULL) {
    return variant->decode_two(bytes, first, second);
  }
  return variant->decode(bytes, bulla_span(first, BULLA_FIRST_DIGITS)) &&
         variant->decode(bytes + bulla_base64url_decoded_len(BULLA_FIRST_DIGITS), second);
}
