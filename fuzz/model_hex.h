/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Lower-case hexadecimal digits a second time, with a table and branches. */

#ifndef BULLA_FUZZ_MODEL_HEX_H
#define BULLA_FUZZ_MODEL_HEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* model_put_digits writes the digits of |bytes|, and a NUL. */
static inline void model_put_digits(char *text, const uint8_t *bytes, size_t len) {
  for (size_t i = 0; i < 2 * len; i++) {
    text[i] = "0123456789abcdef"[i % 2 == 0 ? bytes[i / 2] >> 4 : bytes[i / 2] & 15];
  }
  text[2 * len] = '\0';
}

/* model_read_digits reads |len| bytes from lower-case digits, or returns false. */
static inline bool model_read_digits(uint8_t *bytes, const uint8_t *text, size_t len) {
  for (size_t i = 0; i < 2 * len; i++) {
    bool is_decimal = text[i] >= '0' && text[i] <= '9';
    if (!is_decimal && (text[i] < 'a' || text[i] > 'f')) {
      return false;
    }
    int value = is_decimal ? text[i] - '0' : text[i] - 'a' + 10;
    bytes[i / 2] = (uint8_t)(i % 2 == 0 ? value << 4 : bytes[i / 2] | value);
  }
  return true;
}

#endif
