/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Comparing in constant time, wherever the bytes lie: secrets, tags and canaries. */

#include <string.h>

#include <bulla/core.h>

#include "core/mask.h"

bool bulla_secret_equal(struct bulla_span a, struct bulla_span b) {
  if (a.len != b.len) {
    return false;
  }
  const uint64_t zero = bulla_unknown_zero();
  uint64_t difference = 0;
  size_t i = 0;
  for (; a.len - i >= sizeof(difference); i += sizeof(difference)) {
    uint64_t word_a;
    uint64_t word_b;
    memcpy(&word_a, a.data + i, sizeof(word_a));
    memcpy(&word_b, b.data + i, sizeof(word_b));
    difference = (difference | (word_a ^ word_b)) ^ zero;
  }
  for (; i < a.len; i++) {
    difference = (difference | (uint64_t)(a.data[i] ^ b.data[i])) ^ zero;
  }
  return difference == 0;
}
