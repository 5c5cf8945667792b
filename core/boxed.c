/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Blobs that are sealed to a public key (docs/FORMAT.md §2, suite 4), and the key pairs that open them.
 *
 *   version 1 | suite 1 | key id 16 | encapsulated key 32 | ciphertext | tag 16
 *
 * From the encapsulated key on it is a box (core/box.h); header and context are its info. */

#include <stdlib.h>
#include <string.h>

#include "core/blob.h"
#include "core/box.h"
#include "core/cleanup.h"
#include "core/crypto.h"
#include "core/cursor.h"
#include "core/slab.h"

_Static_assert(BULLA_KEY_LEN == BULLA_X25519_LEN, "a key of X25519 is as long as any other");

struct bulla_box_key {
  struct bulla_hpke_key *private_key;
  uint64_t fork_epoch; /* of the process that has it */
  uint8_t public_key[BULLA_X25519_LEN];
  uint8_t id[BULLA_KEY_ID_LEN];
};

static const struct bulla_span no_additional_data;

enum bulla_status bulla_boxed_for(uint8_t *id, const uint8_t *public_key) {
  uint8_t room[64];
  uint8_t digest[BULLA_SHA256_LEN];
  struct bulla_buffer message = bulla_buffer(room, sizeof(room));
  struct bulla_writer out = bulla_writer(&message);
  bulla_put_prefixed(&out, BULLA_LITERAL("bulla/v2/boxed-for"));
  bulla_put_prefixed(&out, bulla_span(public_key, BULLA_X25519_LEN));
  BULLA_TRY(bulla_writer_finish(&out));
  BULLA_TRY(bulla_sha256(digest, bulla_written(&message)));
  memcpy(id, digest, BULLA_KEY_ID_LEN);
  return BULLA_OK;
}

enum bulla_status bulla_box_key_new(struct bulla_box_key **key, const struct bulla_secret *private_key) {
  *key = NULL;
  struct bulla_box_key *made BULLA_CLEANUP(bulla_box_key_free) = calloc(1, sizeof(*made));
  if (made == NULL) {
    return BULLA_NO_MEMORY;
  }
  made->fork_epoch = bulla_fork_epoch();
  BULLA_TRY(bulla_box_public(made->public_key, private_key));
  BULLA_TRY(bulla_boxed_for(made->id, made->public_key));
  BULLA_TRY(bulla_hpke_key_new(&made->private_key, bulla_secret_bytes(private_key).data));
  *key = made;
  made = NULL;
  return BULLA_OK;
}

void bulla_box_key_free(struct bulla_box_key **key) {
  if (*key == NULL) {
    return;
  }
  if ((*key)->fork_epoch == bulla_fork_epoch()) {
    bulla_hpke_key_free(&(*key)->private_key);
  }
  free(*key);
  *key = NULL;
}

struct bulla_span bulla_box_key_public(const struct bulla_box_key *key) {
  return bulla_span(key->public_key, BULLA_X25519_LEN);
}

struct bulla_span bulla_box_key_id(const struct bulla_box_key *key) {
  return bulla_span(key->id, BULLA_KEY_ID_LEN);
}

static enum bulla_status seal_blob(struct bulla_buffer *blob, struct bulla_span public_key, struct bulla_span plaintext,
                                   struct bulla_span context) {
  if (public_key.len != BULLA_X25519_LEN) {
    return BULLA_INVALID_ARGUMENT;
  }
  if (plaintext.len > BULLA_AES_GCM_MAX || bulla_sealed_len(BULLA_BOXED, plaintext.len) == 0) {
    return BULLA_TOO_LARGE;
  }
  struct bulla_writer out = bulla_writer(blob);
  uint8_t *header = bulla_give(&out, BULLA_BLOB_HEADER_LEN);
  uint8_t *encapsulated = bulla_give(&out, BULLA_X25519_LEN);
  uint8_t *ciphertext = bulla_give(&out, plaintext.len + BULLA_TAG_LEN);
  BULLA_TRY(bulla_writer_finish(&out));
  uint8_t id[BULLA_KEY_ID_LEN];
  BULLA_TRY(bulla_boxed_for(id, public_key.data));
  bulla_blob_header(header, BULLA_BOXED, id);
  const struct bulla_aad bound_to = {header, BULLA_BLOB_HEADER_LEN, context.data, context.len};
  struct bulla_joined info BULLA_CLEANUP(bulla_unjoin);
  BULLA_TRY(bulla_join(&info, &bound_to));
  return bulla_hpke_seal(encapsulated, ciphertext, public_key.data, plaintext, info.bytes, no_additional_data);
}

enum bulla_status bulla_boxed_seal(struct bulla_buffer *blob, struct bulla_span public_key, struct bulla_span plaintext,
                                   struct bulla_span context) {
  enum bulla_status status = seal_blob(blob, public_key, plaintext, context);
  return status == BULLA_OK ? BULLA_OK : bulla_fail(blob, status);
}

static enum bulla_status open_blob(const struct bulla_box_key *key, struct bulla_buffer *plaintext,
                                   struct bulla_span blob, struct bulla_span context) {
  struct bulla_blob parts;
  if (key->fork_epoch != bulla_fork_epoch()) {
    return BULLA_FORKED;
  }
  BULLA_TRY(bulla_blob_parse(&parts, blob));
  /* Both are public, as in bulla_open. */
  if (parts.suite != BULLA_BOXED || memcmp(parts.key_id.data, key->id, BULLA_KEY_ID_LEN) != 0) {
    return BULLA_REFUSED;
  }
  if (plaintext->size < parts.ciphertext.len) {
    return BULLA_BUFFER_TOO_SMALL;
  }
  const struct bulla_aad bound_to = {parts.header.data, BULLA_BLOB_HEADER_LEN, context.data, context.len};
  struct bulla_joined info BULLA_CLEANUP(bulla_unjoin);
  BULLA_TRY(bulla_join(&info, &bound_to));
  struct bulla_span ciphertext = bulla_span(parts.ciphertext.data, parts.ciphertext.len + BULLA_TAG_LEN);
  BULLA_TRY(bulla_hpke_open_with(plaintext->data, key->private_key, parts.nonce.data, ciphertext, info.bytes,
                                 no_additional_data));
  plaintext->len = parts.ciphertext.len;
  return BULLA_OK;
}

enum bulla_status bulla_boxed_open(const struct bulla_box_key *key, struct bulla_buffer *plaintext,
                                   struct bulla_span blob, struct bulla_span context) {
  enum bulla_status status = open_blob(key, plaintext, blob, context);
  return status == BULLA_OK ? BULLA_OK : bulla_fail(plaintext, status);
}
