/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The foreign form iv:authTag:ciphertext (docs/FORMAT.md §4): AES-256-GCM, no additional data, hexadecimal. */

#include "core/cleanup.h"
#include "core/crypto.h"
#include "core/cursor.h"
#include "core/hex.h"

enum { IV_LEN = 16, SHORT_IV_LEN = 12, FIXED_DIGITS = 2 * IV_LEN + 1 + 2 * BULLA_TAG_LEN + 1 };

size_t bulla_triple_len(size_t plaintext_len) {
  return plaintext_len > (SIZE_MAX - FIXED_DIGITS) / 2 ? 0 : FIXED_DIGITS + 2 * plaintext_len;
}

static enum bulla_status check_key(const struct bulla_secret *key) {
  struct bulla_span bytes = bulla_secret_bytes(key);
  if (bytes.data == NULL) {
    return BULLA_FORKED;
  }
  return bytes.len == BULLA_KEY_LEN ? BULLA_OK : BULLA_INVALID_ARGUMENT;
}

static enum bulla_status seal(const struct bulla_aead *aead, struct bulla_buffer *text,
                              struct bulla_span plaintext) {
  uint8_t iv[IV_LEN];
  uint8_t tag[BULLA_TAG_LEN];
  BULLA_TRY(bulla_nonce(iv, sizeof(iv)));
  struct bulla_writer out = bulla_writer(text);
  uint8_t *iv_digits = bulla_give(&out, 2 * sizeof(iv));
  bulla_put_byte(&out, ':');
  uint8_t *tag_digits = bulla_give(&out, 2 * sizeof(tag));
  bulla_put_byte(&out, ':');
  uint8_t *digits = bulla_give(&out, 2 * plaintext.len);
  BULLA_TRY(bulla_writer_finish(&out));
  /* The ciphertext is made in the second half of its own digits: each digit is written at or before the byte
   * that it comes from has been read. */
  uint8_t *ciphertext = digits + plaintext.len;
  BULLA_TRY(bulla_aead_seal(aead, ciphertext, tag, bulla_span(iv, sizeof(iv)), plaintext, bulla_span(NULL, 0)));
  bulla_hex_encode(iv_digits, bulla_span(iv, sizeof(iv)));
  bulla_hex_encode(tag_digits, bulla_span(tag, sizeof(tag)));
  bulla_hex_encode(digits, bulla_span(ciphertext, plaintext.len));
  return BULLA_OK;
}

enum bulla_status bulla_triple_seal(const struct bulla_secret *key, struct bulla_buffer *text,
                                    struct bulla_span plaintext) {
  enum bulla_status status = check_key(key);
  size_t len = bulla_triple_len(plaintext.len);
  if (status == BULLA_OK && len == 0) {
    status = BULLA_TOO_LARGE;
  } else if (status == BULLA_OK && text->size < len) {
    status = BULLA_BUFFER_TOO_SMALL;
  }
  BULLA_CLEANUP(bulla_aead_free) struct bulla_aead *aead = NULL;
  if (status == BULLA_OK) {
    status = bulla_aead_new(&aead, bulla_secret_bytes(key));
  }
  if (status == BULLA_OK) {
    status = seal(aead, text, plaintext);
  }
  return status == BULLA_OK ? BULLA_OK : bulla_fail(text, status);
}

/* Takes the digits up to a colon and decodes them to |bytes|, which has room for |max_len|. */
static bool take_part(struct bulla_reader *in, uint8_t *bytes, size_t max_len, struct bulla_span *part) {
  struct bulla_span digits;
  if (!bulla_take_until(in, &digits, ':') || digits.len / 2 > max_len || !bulla_hex_decode(bytes, digits)) {
    return false;
  }
  *part = bulla_span(bytes, digits.len / 2);
  return true;
}

static enum bulla_status open_text(const struct bulla_aead *aead, struct bulla_buffer *plaintext,
                                   struct bulla_span text) {
  uint8_t iv_bytes[IV_LEN];
  uint8_t tag_bytes[BULLA_TAG_LEN];
  struct bulla_span iv;
  struct bulla_span tag;
  struct bulla_reader in = bulla_reader(text);
  if (!take_part(&in, iv_bytes, sizeof(iv_bytes), &iv) || !take_part(&in, tag_bytes, sizeof(tag_bytes), &tag) ||
      (iv.len != IV_LEN && iv.len != SHORT_IV_LEN) || tag.len != BULLA_TAG_LEN) {
    return BULLA_REFUSED;
  }
  struct bulla_span digits = bulla_span(in.at, in.left);
  size_t len = digits.len / 2;
  if (plaintext->size < len) {
    return BULLA_BUFFER_TOO_SMALL;
  }
  /* The ciphertext is decoded into the buffer and opened where it stands, which the engines allow. */
  if (!bulla_hex_decode(plaintext->data, digits)) {
    return BULLA_REFUSED;
  }
  BULLA_TRY(bulla_aead_open(aead, plaintext->data, iv, bulla_span(plaintext->data, len), tag, bulla_span(NULL, 0)));
  plaintext->len = len;
  return BULLA_OK;
}

enum bulla_status bulla_triple_open(const struct bulla_secret *key, struct bulla_buffer *plaintext,
                                    struct bulla_span text) {
  BULLA_CLEANUP(bulla_aead_free) struct bulla_aead *aead = NULL;
  enum bulla_status status = check_key(key);
  if (status == BULLA_OK) {
    status = bulla_aead_new(&aead, bulla_secret_bytes(key));
  }
  if (status == BULLA_OK) {
    status = open_text(aead, plaintext, text);
  }
  return status == BULLA_OK ? BULLA_OK : bulla_fail(plaintext, status);
}
