/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See core/pkcs7.h. */

#include "core/pkcs7.h"

#include "core/mask.h"

enum { BLOCK = 16 };

bool bulla_pkcs7_len(size_t *len, struct bulla_span padded) {
  const uint8_t *last = padded.data + padded.len - BLOCK;
  uint32_t num = last[BLOCK - 1];
  uint32_t bad = bulla_mask(0 - ((num - 1) >> 31)) | bulla_mask(0 - ((BLOCK - num) >> 31));
  for (uint32_t i = 0; i < BLOCK; i++) {
    uint32_t is_padding = bulla_mask(0 - ((BLOCK - 1 - i - num) >> 31));
    bad |= is_padding & (last[i] ^ num);
  }
  *len = padded.len - num;
  return bad == 0;
}
