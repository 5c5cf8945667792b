/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Base64url without padding, RFC 4648 §5, strict: no padding, no white space, no other alphabet, no nonzero
 * final bits. Byte strings and encodings correspond one to one.
 *
 * Input and output must not overlap. */

#ifndef BULLA_CORE_BASE64URL_H
#define BULLA_CORE_BASE64URL_H

#include "core/cursor.h"

/* bulla_base64url_encoded_len returns the number of digits for |len| bytes, at most SIZE_MAX / 2. */
static inline size_t bulla_base64url_encoded_len(size_t len) {
  return len / 3 * 4 + (len % 3 == 0 ? 0 : len % 3 + 1);
}

/* bulla_base64url_decoded_len returns the number of bytes in |len| digits; for a |len| that no encoding has, of
 * the whole bytes. */
static inline size_t bulla_base64url_decoded_len(size_t len) {
  return len / 4 * 3 + len % 4 * 3 / 4;
}

/* bulla_base64url_encode writes bulla_base64url_encoded_len(|bytes.len|) digits to |text|. For public bytes: its
 * time and memory accesses may depend on them. */
void bulla_base64url_encode(uint8_t *text, struct bulla_span bytes);

/* bulla_base64url_decode writes bulla_base64url_decoded_len(|text.len|) bytes to |bytes|, or returns false, and
 * then |bytes| is undefined. For public bytes, as bulla_base64url_encode. */
BULLA_NODISCARD bool bulla_base64url_decode(uint8_t *bytes, struct bulla_span text);

/* bulla_base64url_decode_two decodes two texts that stand in different places, one behind the other, in the time of
 * one: BULLA_FIRST_DIGITS digits |first|, and |second|, 1 to BULLA_SECOND_DIGITS_MAX. |bytes| has room for
 * BULLA_TWO_ROOM; what is behind the last of them is undefined. */
#define BULLA_FIRST_DIGITS 16
#define BULLA_SECOND_DIGITS_MAX 48
#define BULLA_TWO_ROOM 64
BULLA_NODISCARD bool bulla_base64url_decode_two(uint8_t *bytes, const uint8_t *first, struct bulla_span second);

/* bulla_base64url_encode_secret is bulla_base64url_encode for key material: its time and memory accesses depend
 * only on the length. */
void bulla_base64url_encode_secret(uint8_t *text, struct bulla_span bytes);

/* bulla_base64url_decode_secret is bulla_base64url_decode for key material: its time and memory accesses depend
 * only on the length. On failure |bytes| is zeroed. */
BULLA_NODISCARD bool bulla_base64url_decode_secret(uint8_t *bytes, struct bulla_span text);

/* bulla_base64_decode_secret is bulla_base64url_decode_secret for the alphabet of RFC 4648 §4, with + and /, which
 * other systems write. */
BULLA_NODISCARD bool bulla_base64_decode_secret(uint8_t *bytes, struct bulla_span text);

/* bulla_base64_encode_secret is bulla_base64url_encode_secret for that alphabet. It writes no padding. */
void bulla_base64_encode_secret(uint8_t *text, struct bulla_span bytes);

/* bulla_base64_without_padding returns |text| without the one or two = that pad it to groups of four. */
struct bulla_span bulla_base64_without_padding(struct bulla_span text);

#endif
