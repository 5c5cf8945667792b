/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* JWE compact serialization, see core/jwe_compact.h. */

#include "core/jwe_compact.h"

#include <string.h>

#include "core/base64url.h"
#include "core/cleanup.h"
#include "core/jwe_content.h"
#include "core/nonce.h"
#include "core/places.h"

enum { IV_DIGITS = 16, TAG_DIGITS = 22 };

/* Content encryption with a key that was expanded before. */
static const struct bulla_jwe_encryption gcm = {
    .iv_len = BULLA_JWE_GCM_IV_LEN, .tag_len = BULLA_TAG_LEN, .cipher = &bulla_jwe_gcm};

enum bulla_status bulla_jwe_split(struct bulla_jwe_parts *parts, struct bulla_span token) {
  enum { NUM_DOTS = 4 };
  size_t dots[NUM_DOTS + 1];
  if (bulla_places_of(dots, NUM_DOTS + 1, token, '.') != NUM_DOTS) {
    *parts = (struct bulla_jwe_parts){0};
    return BULLA_REFUSED;
  }
  parts->header = bulla_span(token.data, dots[0]);
  parts->encrypted_key = bulla_span(token.data + dots[0] + 1, dots[1] - dots[0] - 1);
  parts->iv = bulla_span(token.data + dots[1] + 1, dots[2] - dots[1] - 1);
  parts->ciphertext = bulla_span(token.data + dots[2] + 1, dots[3] - dots[2] - 1);
  parts->tag = bulla_span(token.data + dots[3] + 1, token.len - dots[3] - 1);
  return BULLA_OK;
}

enum bulla_status bulla_jwe_read_header(struct bulla_jwe_header *header, struct bulla_span digits) {
  struct bulla_jose_header read = {.alg = {.type = BULLA_JSON_NULL}};
  size_t len = bulla_base64url_decoded_len(digits.len);
  header->alg = header->enc = header->kid = header->typ = read.alg;
  if (len > sizeof(header->json) || !bulla_base64url_decode(header->json, digits) ||
      bulla_jose_read(&read, BULLA_JOSE_PROTECTED, bulla_span(header->json, len)) != BULLA_OK ||
      read.alg.text.len == 0 || read.enc.text.len == 0) {
    return BULLA_REFUSED;
  }
  header->alg = read.alg;
  header->enc = read.enc;
  header->kid = read.kid;
  header->typ = read.typ;
  return BULLA_OK;
}

size_t bulla_jwe_payload_offset(size_t header_len) {
  return header_len + 2 + IV_DIGITS + 1;
}

size_t bulla_jwe_compact_len(size_t header_len, size_t plaintext_len) {
  return bulla_jwe_payload_offset(header_len) + bulla_base64url_encoded_len(plaintext_len) + 1 + TAG_DIGITS;
}

enum bulla_status bulla_jwe_seal_composed(const struct bulla_aead *aead, struct bulla_buffer *token,
                                          struct bulla_span header, size_t plaintext_len, uint64_t fresh) {
  uint8_t iv[BULLA_JWE_GCM_IV_LEN];
  uint8_t tag[BULLA_TAG_LEN];
  enum bulla_status status = bulla_nonce_mixed(iv, sizeof(iv), fresh);
  if (status != BULLA_OK) {
    return bulla_fail(token, status);
  }
  struct bulla_writer out = bulla_writer(token);
  bulla_put(&out, header);
  bulla_put(&out, BULLA_LITERAL(".."));
  uint8_t *iv_digits = bulla_give(&out, IV_DIGITS);
  bulla_put_byte(&out, '.');
  uint8_t *digits = bulla_give(&out, bulla_base64url_encoded_len(plaintext_len));
  uint8_t *dot = bulla_give(&out, 1);
  uint8_t *tag_digits = bulla_give(&out, TAG_DIGITS);
  BULLA_TRY(bulla_writer_finish(&out));

  bulla_base64url_encode(iv_digits, bulla_span(iv, sizeof(iv)));
  status = bulla_jwe_seal_digits(&gcm, (const struct bulla_jwe_content *)aead, digits, plaintext_len, tag, iv, header);
  if (status != BULLA_OK) {
    return bulla_fail(token, status);
  }
  *dot = '.';
  bulla_base64url_encode(tag_digits, bulla_span(tag, sizeof(tag)));
  return BULLA_OK;
}

/* Both are decoded at once: it is why tokens do not go through bulla_jwe_open_digits, which knows no lengths. */
static bool decode_iv_and_tag(uint8_t *bytes, const struct bulla_jwe_parts *parts) {
  _Static_assert(IV_DIGITS == BULLA_FIRST_DIGITS && TAG_DIGITS <= BULLA_SECOND_DIGITS_MAX, "as it can be done");
  return parts->iv.len == IV_DIGITS && parts->tag.len == TAG_DIGITS &&
         bulla_base64url_decode_two(bytes, parts->iv.data, parts->tag);
}

enum bulla_status bulla_jwe_open(const struct bulla_aead *aead, struct bulla_buffer *plaintext,
                                 const struct bulla_jwe_parts *parts) {
  uint8_t bytes[BULLA_TWO_ROOM]; /* the IV, then the tag */
  if (parts->encrypted_key.len != 0 || !decode_iv_and_tag(bytes, parts)) {
    return bulla_fail(plaintext, BULLA_REFUSED);
  }
  size_t len = bulla_base64url_decoded_len(parts->ciphertext.len);
  if (plaintext->size < len) {
    return bulla_fail(plaintext, BULLA_BUFFER_TOO_SMALL);
  }
  /* The ciphertext is decoded into the buffer and opened where it stands. */
  enum bulla_status status = BULLA_REFUSED;
  if (bulla_base64url_decode(plaintext->data, parts->ciphertext)) {
    status = bulla_aead_open(aead, plaintext->data, bulla_span(bytes, BULLA_JWE_GCM_IV_LEN),
                             bulla_span(plaintext->data, len), bulla_span(bytes + BULLA_JWE_GCM_IV_LEN, BULLA_TAG_LEN),
                             parts->header);
    plaintext->len = len;
  }
  return status == BULLA_OK ? BULLA_OK : bulla_fail(plaintext, status);
}
