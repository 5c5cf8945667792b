/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Sealed blobs, version 1 (docs/FORMAT.md §2): the layout and the text form of all; sealing and opening under a key.
 *
 *   version 1 | suite 1 | key id 16 | nonce 12, 24 or 32 | ciphertext | tag 16
 */

#include <string.h>

#include "core/base64url.h"
#include "core/blob.h"
#include "core/cleanup.h"
#include "core/crypto.h"
#include "core/cursor.h"
#include "core/key.h"
#include "core/nonce.h"
#include "core/slab.h"
#include "core/xaes.h"

enum { VERSION = BULLA_BLOB_VERSION, HEADER_LEN = BULLA_BLOB_HEADER_LEN };

static const char text_prefix[] = "bulla1:";
enum { TEXT_PREFIX_LEN = sizeof(text_prefix) - 1 };

/* Of a boxed blob the encapsulated key stands there. 0 for what is no suite. */
static size_t nonce_len(enum bulla_suite suite) {
  switch (suite) {
    case BULLA_AES_256_GCM:
    case BULLA_AES_256_GCM_SIV:
      return BULLA_NONCE_LEN;
    case BULLA_XAES_256_GCM:
      return BULLA_XAES_NONCE_LEN;
    case BULLA_BOXED:
      return BULLA_X25519_LEN;
  }
  return 0;
}

size_t bulla_sealed_len(enum bulla_suite suite, size_t plaintext_len) {
  size_t overhead = HEADER_LEN + nonce_len(suite) + BULLA_TAG_LEN;
  return nonce_len(suite) == 0 || plaintext_len > SIZE_MAX - overhead ? 0 : plaintext_len + overhead;
}

static bool parse(struct bulla_blob *blob, struct bulla_span bytes) {
  struct bulla_reader in = bulla_reader(bytes);
  if (!bulla_take(&in, &blob->header, HEADER_LEN) || blob->header.data[0] != VERSION) {
    return false;
  }
  blob->suite = blob->header.data[1];
  blob->key_id = bulla_span(blob->header.data + BULLA_BLOB_ID_AT, BULLA_KEY_ID_LEN);
  size_t len = nonce_len(blob->suite);
  return len > 0 && bulla_take(&in, &blob->nonce, len) && in.left >= BULLA_TAG_LEN &&
         in.left - BULLA_TAG_LEN <= BULLA_AES_GCM_MAX && bulla_take(&in, &blob->ciphertext, in.left - BULLA_TAG_LEN) &&
         bulla_take(&in, &blob->tag, BULLA_TAG_LEN);
}

enum bulla_status bulla_blob_parse(struct bulla_blob *blob, struct bulla_span bytes) {
  if (!parse(blob, bytes)) {
    *blob = (struct bulla_blob){0};
    return BULLA_REFUSED;
  }
  return BULLA_OK;
}

enum bulla_status bulla_blob_write(struct bulla_buffer *bytes, const struct bulla_blob *blob) {
  size_t len = nonce_len(blob->suite);
  if (len == 0 || blob->nonce.len != len || blob->key_id.len != BULLA_KEY_ID_LEN || blob->tag.len != BULLA_TAG_LEN) {
    return bulla_fail(bytes, BULLA_INVALID_ARGUMENT);
  }
  struct bulla_writer out = bulla_writer(bytes);
  bulla_put_byte(&out, VERSION);
  bulla_put_byte(&out, (uint8_t)blob->suite);
  bulla_put(&out, blob->key_id);
  bulla_put(&out, blob->nonce);
  bulla_put(&out, blob->ciphertext);
  bulla_put(&out, blob->tag);
  return bulla_writer_finish(&out);
}

/* Says whether a header and |context| together have a length. */
static bool can_bind(struct bulla_span context) {
  return context.len <= SIZE_MAX - HEADER_LEN;
}

enum bulla_status bulla_blob_fits(const struct bulla_buffer *blob, enum bulla_suite suite, struct bulla_span plaintext,
                                  struct bulla_span context) {
  if (plaintext.len > BULLA_AES_GCM_MAX || !can_bind(context)) {
    return BULLA_TOO_LARGE;
  }
  return blob->size < bulla_sealed_len(suite, plaintext.len) ? BULLA_BUFFER_TOO_SMALL : BULLA_OK;
}

enum bulla_status bulla_blob_seal(struct bulla_buffer *blob, const struct bulla_key *key, uint64_t fresh,
                                  struct bulla_span plaintext, struct bulla_span context) {
  size_t len = nonce_len(key->suite);
  struct bulla_blob_room room = bulla_blob_begin(blob, key, len, plaintext.len);
  struct bulla_aad aad = bulla_blob_bound_to(key, context);
  BULLA_TRY(bulla_nonce_mixed(room.nonce, len, fresh));
  return key->suite == BULLA_XAES_256_GCM
             ? bulla_xaes_seal(key->xaes, room.ciphertext, room.tag, room.nonce, plaintext, &aad)
             : bulla_aead_seal_bound(key->aead, room.ciphertext, room.tag, room.nonce, plaintext, &aad);
}

enum bulla_status bulla_seal(struct bulla_key *key, struct bulla_buffer *blob, struct bulla_span plaintext,
                             struct bulla_span context) {
  /* Drawn first: the count, which costs a locked operation, is then made while the processor waits for the word. */
  uint64_t fresh = bulla_fresh_word();
  if (key->fork_epoch != bulla_fork_epoch()) {
    return bulla_fail(blob, BULLA_FORKED);
  }
  enum bulla_status status = bulla_blob_fits(blob, key->suite, plaintext, context);
  if (status == BULLA_OK && key->suite == BULLA_AES_256_GCM) {
    status = bulla_count_seal(&key->seals);
  }
  if (status == BULLA_OK) {
    status = bulla_blob_seal(blob, key, fresh, plaintext, context);
  }
  return status == BULLA_OK ? BULLA_OK : bulla_fail(blob, status);
}

static enum bulla_status open_parsed(const struct bulla_key *key, struct bulla_buffer *plaintext,
                                     const struct bulla_blob *blob, struct bulla_span context) {
  if (plaintext->size < blob->ciphertext.len) {
    return BULLA_BUFFER_TOO_SMALL;
  }
  if (!can_bind(context)) {
    return BULLA_TOO_LARGE;
  }
  struct bulla_aad aad = bulla_blob_bound_to(key, context);
  BULLA_TRY(key->suite == BULLA_XAES_256_GCM
                ? bulla_xaes_open(key->xaes, plaintext->data, blob->nonce.data, blob->tag.data, blob->ciphertext, &aad)
                : bulla_aead_open_bound(key->aead, plaintext->data, blob->nonce.data, blob->tag.data, blob->ciphertext,
                                        &aad));
  plaintext->len = blob->ciphertext.len;
  return BULLA_OK;
}

enum bulla_status bulla_open(const struct bulla_key *key, struct bulla_buffer *plaintext, struct bulla_span blob,
                             struct bulla_span context) {
  struct bulla_blob parts;
  enum bulla_status status = BULLA_FORKED;
  if (key->fork_epoch == bulla_fork_epoch()) {
    status = bulla_blob_parse(&parts, blob);
  }
  /* Suite and key id are public: comparing them tells nothing that the blob does not say itself. */
  if (status == BULLA_OK && memcmp(parts.header.data, key->header, HEADER_LEN) != 0) {
    status = BULLA_REFUSED;
  }
  if (status == BULLA_OK) {
    status = open_parsed(key, plaintext, &parts, context);
  }
  return status == BULLA_OK ? BULLA_OK : bulla_fail(plaintext, status);
}

size_t bulla_blob_text_len(size_t blob_len) {
  const size_t max_digits = SIZE_MAX - TEXT_PREFIX_LEN;
  if (blob_len / 3 > max_digits / 4) {
    return 0;
  }
  size_t digits = bulla_base64url_encoded_len(blob_len);
  return digits > max_digits ? 0 : TEXT_PREFIX_LEN + digits;
}

enum bulla_status bulla_blob_to_text(struct bulla_buffer *text, struct bulla_span blob) {
  struct bulla_blob parts;
  enum bulla_status status = bulla_blob_parse(&parts, blob);
  if (status != BULLA_OK) {
    return bulla_fail(text, status);
  }
  struct bulla_writer out = bulla_writer(text);
  bulla_put(&out, BULLA_LITERAL(text_prefix));
  uint8_t *digits = bulla_give(&out, bulla_base64url_encoded_len(blob.len));
  if (digits != NULL) {
    bulla_base64url_encode(digits, blob);
  }
  return bulla_writer_finish(&out);
}

enum bulla_status bulla_blob_from_text(struct bulla_buffer *blob, struct bulla_span text) {
  struct bulla_reader in = bulla_reader(text);
  struct bulla_span prefix;
  struct bulla_span digits;
  if (!bulla_take(&in, &prefix, TEXT_PREFIX_LEN) || !bulla_span_equal(prefix, BULLA_LITERAL(text_prefix)) ||
      !bulla_take(&in, &digits, in.left)) {
    return bulla_fail(blob, BULLA_REFUSED);
  }
  struct bulla_writer out = bulla_writer(blob);
  uint8_t *bytes = bulla_give(&out, bulla_base64url_decoded_len(digits.len));
  if (bytes == NULL) {
    return bulla_fail(blob, BULLA_BUFFER_TOO_SMALL);
  }
  struct bulla_blob parts;
  if (!bulla_base64url_decode(bytes, digits) || bulla_blob_parse(&parts, bulla_written(blob)) != BULLA_OK) {
    return bulla_fail(blob, BULLA_REFUSED);
  }
  return BULLA_OK;
}
