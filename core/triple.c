/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The foreign form iv:authTag:ciphertext (docs/FORMAT.md §4): AES-256-GCM. It is written in hexadecimal and
 * without additional data, and read in the forms that other systems give it. */

#include "core/base64url.h"
#include "core/cleanup.h"
#include "core/crypto.h"
#include "core/cursor.h"
#include "core/hex.h"
#include "core/log.h"

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

static enum bulla_status seal(const struct bulla_aead *aead, struct bulla_buffer *text, struct bulla_span plaintext) {
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
  struct bulla_aead *aead BULLA_CLEANUP(bulla_aead_free) = NULL;
  if (status == BULLA_OK) {
    status = bulla_aead_new(&aead, bulla_secret_bytes(key));
  }
  if (status == BULLA_OK) {
    status = seal(aead, text, plaintext);
  }
  return status == BULLA_OK ? BULLA_OK : bulla_fail(text, status);
}

/* The parts of a triple as they are spelled. */
struct parts {
  struct bulla_span iv;
  struct bulla_span tag;
  struct bulla_span ciphertext;
};

static const struct bulla_triple_format usual = {.encoding = BULLA_TRIPLE_HEX};

static bool split(struct parts *parts, struct bulla_span text, enum bulla_triple_order order) {
  struct bulla_reader in = bulla_reader(text);
  struct bulla_span second;
  if (!bulla_take_until(&in, &parts->iv, ':') || !bulla_take_until(&in, &second, ':')) {
    return false;
  }
  struct bulla_span last = bulla_span(in.at, in.left);
  parts->tag = order == BULLA_TRIPLE_TAG_SECOND ? second : last;
  parts->ciphertext = order == BULLA_TRIPLE_TAG_SECOND ? last : second;
  return true;
}

/* The digits of |part| without what only fills them up. */
static struct bulla_span digits_of(struct bulla_span part, enum bulla_triple_encoding encoding) {
  return encoding == BULLA_TRIPLE_HEX ? part : bulla_base64_without_padding(part);
}

static size_t decoded_len(struct bulla_span part, enum bulla_triple_encoding encoding) {
  struct bulla_span digits = digits_of(part, encoding);
  return encoding == BULLA_TRIPLE_HEX ? digits.len / 2 : bulla_base64url_decoded_len(digits.len);
}

static bool decode_digits(uint8_t *bytes, struct bulla_span digits, enum bulla_triple_encoding encoding) {
  switch (encoding) {
    case BULLA_TRIPLE_HEX:
      return bulla_hex_decode(bytes, digits);
    case BULLA_TRIPLE_BASE64:
      return bulla_base64_decode_secret(bytes, digits);
    case BULLA_TRIPLE_BASE64URL:
      return bulla_base64url_decode_secret(bytes, digits);
  }
  return false;
}

/* Decodes |part| to the decoded_len() bytes of |bytes|. */
static bool decode(uint8_t *bytes, struct bulla_span part, enum bulla_triple_encoding encoding) {
  return decode_digits(bytes, digits_of(part, encoding), encoding);
}

static bool is_iv_len(size_t len) {
  return len == IV_LEN || len == SHORT_IV_LEN;
}

static enum bulla_status open_text(const struct bulla_aead *aead, struct bulla_buffer *plaintext,
                                   struct bulla_span text, const struct bulla_triple_format *format) {
  uint8_t iv[IV_LEN];
  uint8_t tag[BULLA_TAG_LEN];
  struct parts parts;
  if (!split(&parts, text, format->order)) {
    return BULLA_REFUSED;
  }
  size_t iv_len = decoded_len(parts.iv, format->encoding);
  if (!is_iv_len(iv_len) || decoded_len(parts.tag, format->encoding) != BULLA_TAG_LEN ||
      !decode(iv, parts.iv, format->encoding) || !decode(tag, parts.tag, format->encoding)) {
    return BULLA_REFUSED;
  }
  size_t len = decoded_len(parts.ciphertext, format->encoding);
  if (plaintext->size < len) {
    return BULLA_BUFFER_TOO_SMALL;
  }
  /* The ciphertext is decoded into the buffer and opened where it stands, which the engines allow. */
  if (!decode(plaintext->data, parts.ciphertext, format->encoding)) {
    return BULLA_REFUSED;
  }
  BULLA_TRY(bulla_aead_open(aead, plaintext->data, bulla_span(iv, iv_len), bulla_span(plaintext->data, len),
                            bulla_span(tag, sizeof(tag)), format->additional_data));
  plaintext->len = len;
  return BULLA_OK;
}

static bool is_format(const struct bulla_triple_format *format) {
  return (unsigned)format->encoding <= BULLA_TRIPLE_BASE64URL && (unsigned)format->order <= BULLA_TRIPLE_TAG_LAST &&
         (format->reserved[0] | format->reserved[1]) == 0;
}

enum bulla_status bulla_triple_open(const struct bulla_secret *key, struct bulla_buffer *plaintext,
                                    struct bulla_span text, const struct bulla_triple_format *format) {
  struct bulla_aead *aead BULLA_CLEANUP(bulla_aead_free) = NULL;
  format = format == NULL ? &usual : format;
  enum bulla_status status = is_format(format) ? check_key(key) : BULLA_INVALID_ARGUMENT;
  if (status == BULLA_OK) {
    status = bulla_aead_new(&aead, bulla_secret_bytes(key));
  }
  if (status == BULLA_OK) {
    status = open_text(aead, plaintext, text, format);
  }
  return status == BULLA_OK ? BULLA_OK : bulla_fail(plaintext, status);
}

/* Whether |part| is spelled in |encoding|. It is public: this is asked of values that are yet to be opened. */
static bool is_spelled(struct bulla_span part, enum bulla_triple_encoding encoding) {
  struct bulla_span digits = digits_of(part, encoding);
  uint8_t bytes[3];
  size_t whole = encoding == BULLA_TRIPLE_HEX ? 2 : 4;
  while (digits.len > 0) {
    size_t len = digits.len < whole ? digits.len : whole;
    if (!decode_digits(bytes, bulla_span(digits.data, len), encoding)) {
      return false;
    }
    digits = bulla_span(digits.data + len, digits.len - len);
  }
  return true;
}

static enum bulla_status check_form(const struct parts *parts, const struct bulla_triple_format *format) {
  static const char *const names[] = {"hexadecimal", "base64", "base64url"};
  const char *name = names[format->encoding];
  size_t iv_len = decoded_len(parts->iv, format->encoding);
  size_t tag_len = decoded_len(parts->tag, format->encoding);
  if (!is_spelled(parts->iv, format->encoding)) {
    return bulla_explain(BULLA_INVALID_TEXT, "the IV is not in %s", name);
  }
  if (!is_iv_len(iv_len)) {
    return bulla_explain(BULLA_INVALID_TEXT, "the IV has %zu bytes, not %d or %d", iv_len, SHORT_IV_LEN, IV_LEN);
  }
  if (!is_spelled(parts->tag, format->encoding)) {
    return bulla_explain(BULLA_INVALID_TEXT, "the tag is not in %s", name);
  }
  if (tag_len != BULLA_TAG_LEN) {
    return bulla_explain(BULLA_INVALID_TEXT, "the tag, which is the %s part, has %zu bytes, not %d",
                         format->order == BULLA_TRIPLE_TAG_SECOND ? "second" : "last", tag_len, BULLA_TAG_LEN);
  }
  return is_spelled(parts->ciphertext, format->encoding)
             ? BULLA_OK
             : bulla_explain(BULLA_INVALID_TEXT, "the ciphertext is not in %s", name);
}

enum bulla_status bulla_triple_check(size_t *plaintext_len, struct bulla_span text,
                                     const struct bulla_triple_format *format) {
  struct parts parts;
  *plaintext_len = 0;
  format = format == NULL ? &usual : format;
  if (!is_format(format)) {
    return BULLA_INVALID_ARGUMENT;
  }
  if (!split(&parts, text, format->order)) {
    return bulla_explain(BULLA_INVALID_TEXT, "it does not have three parts separated by colons");
  }
  BULLA_TRY(check_form(&parts, format));
  *plaintext_len = decoded_len(parts.ciphertext, format->encoding);
  return BULLA_OK;
}
