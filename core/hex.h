/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Hexadecimal in constant time: no branch and no memory access depends on a digit's value, so it is safe for keys. */

#ifndef BULLA_CORE_HEX_H
#define BULLA_CORE_HEX_H

#include "core/cursor.h"

/* bulla_hex_encode writes 2 * |bytes.len| lower-case digits to |text|. */
void bulla_hex_encode(uint8_t *text, struct bulla_span bytes);

/* bulla_hex_decode writes |text.len| / 2 bytes to |bytes|, from digits of either case, or returns false for
 * an odd length or another character; then |bytes| is undefined. */
BULLA_NODISCARD bool bulla_hex_decode(uint8_t *bytes, struct bulla_span text);

#endif
