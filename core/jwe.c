/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* JWE keys: one key, one "alg", one "enc", one protected header, all fixed before any token is read. */

#include <stdlib.h>
#include <string.h>

#include <bulla/jose.h>

#include "core/base64url.h"
#include "core/cleanup.h"
#include "core/jwe_compact.h"
#include "core/key.h"
#include "core/slab.h"

enum { MAX_TOKEN_LEN = 1 << 20, MAX_KEY_ID_LEN = 256, MAX_OWN_HEADER_LEN = 64 + 6 * MAX_KEY_ID_LEN };

static const struct {
  struct bulla_span name;
  size_t key_len;
} encryptions[] = {
    [BULLA_JWE_A128GCM] = {{(const uint8_t *)"A128GCM", 7}, 16},
    [BULLA_JWE_A192GCM] = {{(const uint8_t *)"A192GCM", 7}, 24},
    [BULLA_JWE_A256GCM] = {{(const uint8_t *)"A256GCM", 7}, 32},
};

struct bulla_jwe_key {
  struct bulla_seal_count seals;
  struct bulla_aead *aead;
  uint64_t fork_epoch; /* of the process in whose slab |aead| lies */
  size_t key_id_len;
  size_t header_len; /* digits */
  enum bulla_jwe_enc enc;
  uint8_t key_id[MAX_KEY_ID_LEN];
  uint8_t header[(MAX_OWN_HEADER_LEN + 2) / 3 * 4];
};

/* Writes the protected header of every token that the key makes. */
static enum bulla_status write_header(struct bulla_jwe_key *key) {
  uint8_t room[MAX_OWN_HEADER_LEN];
  struct bulla_buffer json = bulla_buffer(room, sizeof(room));
  struct bulla_json_writer out = bulla_json_writer(&json);
  bulla_json_begin(&out, '{');
  bulla_json_name(&out, BULLA_LITERAL("alg"));
  bulla_json_string(&out, BULLA_LITERAL("dir"));
  bulla_json_name(&out, BULLA_LITERAL("enc"));
  bulla_json_string(&out, encryptions[key->enc].name);
  if (key->key_id_len > 0) {
    bulla_json_name(&out, BULLA_LITERAL("kid"));
    bulla_json_string(&out, bulla_span(key->key_id, key->key_id_len));
  }
  bulla_json_end(&out, '}');
  if (bulla_json_finish(&out) != BULLA_OK || json.len > BULLA_JWE_TOKEN_HEADER_MAX) {
    return BULLA_INVALID_ARGUMENT;
  }
  bulla_base64url_encode(key->header, bulla_written(&json));
  key->header_len = bulla_base64url_encoded_len(json.len);
  return BULLA_OK;
}

enum bulla_status bulla_jwe_key_new(struct bulla_jwe_key **key, enum bulla_jwe_alg alg, enum bulla_jwe_enc enc,
                                    const struct bulla_secret *material, struct bulla_span key_id) {
  *key = NULL;
  struct bulla_span bytes = bulla_secret_bytes(material);
  if (bytes.data == NULL) {
    return BULLA_FORKED;
  }
  if (alg != BULLA_JWE_DIR || enc < BULLA_JWE_A128GCM || enc > BULLA_JWE_A256GCM ||
      bytes.len != encryptions[enc].key_len || key_id.len > MAX_KEY_ID_LEN) {
    return BULLA_INVALID_ARGUMENT;
  }
  struct bulla_jwe_key *made = aligned_alloc(BULLA_CACHE_LINE, sizeof(*made));
  if (made == NULL) {
    return BULLA_NO_MEMORY;
  }
  memset(made, 0, sizeof(*made));
  made->enc = enc;
  made->fork_epoch = bulla_fork_epoch();
  bulla_seal_count_start(&made->seals);
  made->key_id_len = key_id.len;
  if (key_id.len > 0) {
    memcpy(made->key_id, key_id.data, key_id.len);
  }
  enum bulla_status status = write_header(made);
  if (status == BULLA_OK) {
    status = bulla_aead_new(&made->aead, bytes);
  }
  if (status != BULLA_OK) {
    bulla_jwe_key_free(&made);
  }
  *key = made;
  return status;
}

void bulla_jwe_key_free(struct bulla_jwe_key **key) {
  struct bulla_jwe_key *handle = *key;
  if (handle == NULL) {
    return;
  }
  if (handle->fork_epoch == bulla_fork_epoch()) {
    bulla_aead_free(&handle->aead);
  }
  free(handle);
  *key = NULL;
}

size_t bulla_jwe_len(const struct bulla_jwe_key *key, size_t plaintext_len) {
  return plaintext_len > SIZE_MAX / 8 ? 0 : bulla_jwe_compact_len(key->header_len, plaintext_len);
}

enum bulla_status bulla_jwe_encrypt(struct bulla_jwe_key *key, struct bulla_buffer *token,
                                    struct bulla_span plaintext) {
  size_t len = bulla_jwe_len(key, plaintext.len);
  enum bulla_status status = BULLA_OK;
  if (key->fork_epoch != bulla_fork_epoch()) {
    status = BULLA_FORKED;
  } else if (len == 0 || len > MAX_TOKEN_LEN) {
    status = BULLA_TOO_LARGE;
  } else if (token->size < len) {
    status = BULLA_BUFFER_TOO_SMALL;
  } else {
    status = bulla_count_seal(&key->seals);
  }
  return status != BULLA_OK ? bulla_fail(token, status)
                            : bulla_jwe_seal(key->aead, token, bulla_span(key->header, key->header_len), plaintext);
}

/* A header that is not our own to the byte is read and must say the same. */
static bool header_agrees(const struct bulla_jwe_key *key, struct bulla_span digits) {
  if (bulla_span_equal(digits, bulla_span(key->header, key->header_len))) {
    return true;
  }
  struct bulla_jwe_header header;
  return bulla_jwe_read_header(&header, digits) == BULLA_OK && bulla_json_equal(&header.alg, BULLA_LITERAL("dir")) &&
         bulla_json_equal(&header.enc, encryptions[key->enc].name) &&
         (key->key_id_len == 0 || bulla_json_equal(&header.kid, bulla_span(key->key_id, key->key_id_len)));
}

enum bulla_status bulla_jwe_decrypt(const struct bulla_jwe_key *key, struct bulla_buffer *plaintext,
                                    struct bulla_span token) {
  if (key->fork_epoch != bulla_fork_epoch()) {
    return bulla_fail(plaintext, BULLA_FORKED);
  }
  struct bulla_jwe_parts parts;
  if (token.len > MAX_TOKEN_LEN || bulla_jwe_split(&parts, token) != BULLA_OK || !header_agrees(key, parts.header)) {
    return bulla_fail(plaintext, BULLA_REFUSED);
  }
  return bulla_jwe_open(key->aead, plaintext, &parts);
}
