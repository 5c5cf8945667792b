/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See core/jwe_content.h. */

#include "core/jwe_content.h"

#include "core/base64url.h"
#include "core/cleanup.h"

enum { CHUNK = 3072 };

/* Encodes |len| bytes that stand at the end of the room for their own digits. A chunk at a time is copied out of
 * the way; what is written never passes what is still to be read, since the digits of the bytes before it take
 * no more room than there is before it. */
static void encode_in_place(uint8_t *digits, size_t len) {
  uint8_t chunk[CHUNK];
  const uint8_t *in = digits + bulla_base64url_encoded_len(len) - len;
  while (len > 0) {
    size_t part = len < CHUNK ? len : CHUNK;
    memcpy(chunk, in, part);
    bulla_base64url_encode(digits, bulla_span(chunk, part));
    digits += bulla_base64url_encoded_len(part);
    in += part;
    len -= part;
  }
}

enum bulla_status bulla_jwe_seal_digits(const struct bulla_jwe_encryption *enc, const struct bulla_jwe_content *content,
                                        uint8_t *digits, size_t len, uint8_t *tag, const uint8_t *iv,
                                        struct bulla_span additional_data) {
  const struct bulla_jwe_cipher *cipher = enc->cipher;
  size_t sealed_len = cipher->sealed_len(len);
  if (sealed_len <= CHUNK) {
    uint8_t chunk[CHUNK];
    BULLA_TRY(cipher->seal(content, chunk, tag, iv, bulla_span(digits, len), additional_data));
    bulla_base64url_encode(digits, bulla_span(chunk, sealed_len));
    return BULLA_OK;
  }
  uint8_t *bytes = digits + bulla_base64url_encoded_len(sealed_len) - sealed_len;
  memmove(bytes, digits, len);
  BULLA_TRY(cipher->seal(content, bytes, tag, iv, bulla_span(bytes, len), additional_data));
  encode_in_place(digits, sealed_len);
  return BULLA_OK;
}

enum bulla_status bulla_jwe_open_digits(const struct bulla_jwe_encryption *enc, const struct bulla_jwe_content *content,
                                        struct bulla_buffer *plaintext, const struct bulla_jwe_sealed *sealed,
                                        struct bulla_span additional_data) {
  uint8_t iv[BULLA_JWE_IV_MAX_LEN];
  uint8_t tag[BULLA_JWE_TAG_MAX_LEN];
  if (!bulla_jose_take_digits(iv, enc->iv_len, sealed->iv) || !bulla_jose_take_digits(tag, enc->tag_len, sealed->tag)) {
    return bulla_fail(plaintext, BULLA_REFUSED);
  }
  size_t len = bulla_base64url_decoded_len(sealed->ciphertext.len);
  if (plaintext->size < len) {
    return bulla_fail(plaintext, BULLA_BUFFER_TOO_SMALL);
  }
  /* The ciphertext is decoded into the buffer and opened where it stands. */
  enum bulla_status status = BULLA_REFUSED;
  if (bulla_base64url_decode(plaintext->data, sealed->ciphertext)) {
    status = enc->cipher->open(content, plaintext->data, &plaintext->len, iv, bulla_span(plaintext->data, len), tag,
                               additional_data);
  }
  return status == BULLA_OK ? BULLA_OK : bulla_fail(plaintext, status);
}
