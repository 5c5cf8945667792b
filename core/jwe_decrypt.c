/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Decryption, RFC 7516 §5.2. The key says which "alg" and "enc" there may be; headers are compared with that. From the
 * encrypted key on, whatever is wrong ends in the same way: a random key takes the place of one that was not found
 * (§11.5), and the tag is computed all the same. */

#include <stdlib.h>

#include "core/base64url.h"
#include "core/cleanup.h"
#include "core/jwe_content.h"
#include "core/jwe_key.h"
#include "core/jwe_message.h"
#include "core/mask.h"
#include "core/sized.h"
#include "core/slab.h"

/* What is found out about a message before anything is decrypted. */
struct found {
  struct bulla_jwe_message message;
  struct bulla_jwe_recipient recipient;
  struct bulla_jose_header header;
  uint8_t room[BULLA_JWE_HEADER_MAX];
};

/* Says whether |header| is of a message for |key|. */
static bool agrees(const struct bulla_jwe_key *key, const struct bulla_jose_header *header) {
  bool enc_agrees = key->alg->integrated != NULL ? header->enc.type == BULLA_JSON_NULL
                                                 : bulla_json_equal(&header->enc, key->enc->name);
  return bulla_json_equal(&header->alg, key->alg->name) && enc_agrees &&
         (key->key_id_len == 0 || bulla_json_equal(&header->kid, bulla_span(key->key_id, key->key_id_len)));
}

/* Finds the one recipient that |key| is for, whose header is then in |found|. */
static enum bulla_status find_recipient(struct found *found, const struct bulla_jwe_key *key) {
  struct bulla_jwe_walk walk = bulla_jwe_walk(&found->message);
  struct bulla_jwe_recipient recipient;
  struct bulla_jwe_shared shared;
  struct bulla_jose_header header;
  size_t num_found = 0;
  BULLA_TRY(bulla_jwe_read_shared(&shared, found->room, &found->message));
  while (bulla_jwe_next(&walk, &recipient)) {
    BULLA_TRY(bulla_jwe_read_header_of(&header, &shared, &recipient));
    if (agrees(key, &header)) {
      found->recipient = recipient;
      found->header = header;
      found->header.names = NULL;
      num_found++;
    }
  }
  /* A key that is shared or agreed has no place beside others: §5.1 step 3, §7.2.1. */
  bool is_misplaced = key->alg->management->is_direct && found->message.form == BULLA_JWE_GENERAL && walk.num > 1;
  return walk.status == BULLA_OK && num_found == 1 && !is_misplaced ? BULLA_OK : BULLA_REFUSED;
}

/* The compact form whose header is what |key| writes needs no look inside. */
static bool is_own_header(const struct found *found, const struct bulla_jwe_key *key) {
  return !key->alg->management->adds_header && found->message.form == BULLA_JWE_COMPACT &&
         bulla_span_equal(found->message.protected_header, bulla_span(key->header, key->header_len));
}

/* Decodes the encrypted key to |bytes|, BULLA_JWE_ENCRYPTED_KEY_MAX_LEN of them. It has the length of the algorithm. */
static bool take_encrypted_key(struct bulla_span *encrypted_key, uint8_t *bytes, const struct bulla_jwe_key *key,
                               const struct found *found) {
  size_t len = key->alg->management->encrypted_key_len(key->keep, key->enc->cek_len);
  *encrypted_key = bulla_span(bytes, len);
  return len <= BULLA_JWE_ENCRYPTED_KEY_MAX_LEN && bulla_jose_take_digits(bytes, len, found->recipient.encrypted_key);
}

/* Unwraps |cek|. */
static enum bulla_status unwrap(uint8_t *cek, const struct bulla_jwe_key *key, const struct found *found) {
  uint8_t bytes[BULLA_JWE_ENCRYPTED_KEY_MAX_LEN];
  struct bulla_span encrypted_key;
  return take_encrypted_key(&encrypted_key, bytes, key, found)
             ? key->alg->management->unwrap(key->keep, cek, key->enc->cek_len, encrypted_key, &found->header)
             : BULLA_REFUSED;
}

/* A content encryption key, and what its cipher keeps of it. */
struct unwrapped {
  const struct bulla_jwe_encryption *enc;
  struct bulla_jwe_content *content;
  void *cek;
};

static void unwrapped_free(struct unwrapped *unwrapped) {
  unwrapped->enc->cipher->free(&unwrapped->content);
  if (unwrapped->cek != NULL) {
    bulla_slab_free(&unwrapped->cek, BULLA_CEK_MAX_LEN);
  }
}

/* Puts |other| in the place of |cek| if that was not found. Whether it is done shows in nothing but the bytes. */
static void substitute(uint8_t *cek, struct bulla_span other, enum bulla_status verdict) {
  uint32_t mask = bulla_mask(0 - (uint32_t)(verdict != BULLA_OK));
  for (size_t i = 0; i < other.len; i++) {
    cek[i] = (uint8_t)(cek[i] ^ (mask & (cek[i] ^ other.data[i])));
  }
}

/* Says whether |status| tells nothing of the bytes that were sent. No branch parts the two that do. */
static bool is_error(enum bulla_status status) {
  return (bulla_mask(status != BULLA_OK) & bulla_mask(status != BULLA_REFUSED)) != 0;
}

/* Decrypts with the key that was sent or agreed. */
static enum bulla_status open_wrapped(const struct bulla_jwe_key *key, struct bulla_buffer *plaintext,
                                      const struct found *found, const struct bulla_jwe_sealed *sealed,
                                      struct bulla_span additional_data) {
  struct unwrapped unwrapped BULLA_CLEANUP(unwrapped_free) = {key->enc, NULL, NULL};
  size_t cek_len = key->enc->cek_len;
  BULLA_TRY(bulla_slab_new(&unwrapped.cek, BULLA_CEK_MAX_LEN));
  enum bulla_status verdict = unwrap(unwrapped.cek, key, found);
  if (is_error(verdict)) {
    return verdict;
  }
  substitute(unwrapped.cek, bulla_secret_bytes(key->substitute), verdict);
  BULLA_TRY(key->enc->cipher->expand(&unwrapped.content, bulla_span(unwrapped.cek, cek_len)));
  enum bulla_status status = bulla_jwe_open_digits(key->enc, unwrapped.content, plaintext, sealed, additional_data);
  return status == BULLA_OK ? verdict : status;
}

/* Decrypts with the management itself. */
static enum bulla_status open_integrated(const struct bulla_jwe_key *key, struct bulla_buffer *plaintext,
                                         const struct found *found, const struct bulla_jwe_sealed *sealed,
                                         struct bulla_span additional_data) {
  uint8_t bytes[BULLA_JWE_ENCRYPTED_KEY_MAX_LEN];
  struct bulla_span encrypted_key;
  const struct bulla_jwe_integrated integrated = {key->keep, bytes, sizeof(bytes)};
  return take_encrypted_key(&encrypted_key, bytes, key, found)
             ? bulla_jwe_open_digits(key->enc, (const struct bulla_jwe_content *)(const void *)&integrated, plaintext,
                                     sealed, additional_data)
             : BULLA_REFUSED;
}

static enum bulla_status open_content(const struct bulla_jwe_key *key, struct bulla_buffer *plaintext,
                                      const struct found *found, struct bulla_span additional_data) {
  const struct bulla_jwe_message *message = &found->message;
  const struct bulla_jwe_sealed sealed = {message->iv, message->ciphertext, message->tag};
  /* Nobody sends another length by chance, and none is worth an operation with the private key. */
  if (message->iv.len != bulla_base64url_encoded_len(key->enc->iv_len) ||
      message->tag.len != bulla_base64url_encoded_len(key->enc->tag_len)) {
    return BULLA_REFUSED;
  }
  if (key->alg->integrated != NULL) {
    return open_integrated(key, plaintext, found, &sealed, additional_data);
  }
  if (key->content == NULL) {
    return open_wrapped(key, plaintext, found, &sealed, additional_data);
  }
  return found->recipient.encrypted_key.len != 0
             ? BULLA_REFUSED
             : bulla_jwe_open_digits(key->enc, key->content, plaintext, &sealed, additional_data);
}

static void free_bytes(uint8_t **bytes) {
  free(*bytes);
}

/* §5.2 step 15: the protected header, and if there is "aad" a dot and that. */
static enum bulla_status open_message(const struct bulla_jwe_key *key, struct bulla_buffer *plaintext,
                                      const struct found *found) {
  struct bulla_span header = found->message.protected_header;
  struct bulla_span aad = found->message.aad;
  if (aad.len == 0) {
    return open_content(key, plaintext, found, header);
  }
  size_t len = header.len + 1 + aad.len;
  uint8_t *joined BULLA_CLEANUP(free_bytes) = malloc(len);
  if (joined == NULL) {
    return BULLA_NO_MEMORY;
  }
  /* What is authentic must be base64url all the same. */
  if (!bulla_base64url_decode(joined, aad)) {
    return BULLA_REFUSED;
  }
  memcpy(joined, header.data, header.len);
  joined[header.len] = '.';
  memcpy(joined + header.len + 1, aad.data, aad.len);
  return open_content(key, plaintext, found, bulla_span(joined, len));
}

/* Checks that the base64url of |text| goes into |out|, if that is asked for. */
static enum bulla_status needs_room(const struct bulla_buffer *out, struct bulla_span text) {
  return out->size > 0 && out->size < bulla_base64url_decoded_len(text.len) ? BULLA_BUFFER_TOO_SMALL : BULLA_OK;
}

static enum bulla_status hand_out(struct bulla_buffer *out, struct bulla_span text) {
  if (out->size > 0 && text.len > 0) {
    if (!bulla_base64url_decode(out->data, text)) {
      return BULLA_REFUSED;
    }
    out->len = bulla_base64url_decoded_len(text.len);
  }
  return BULLA_OK;
}

static enum bulla_status find(struct found *found, const struct bulla_jwe_key *key) {
  if (!is_own_header(found, key)) {
    return find_recipient(found, key);
  }
  found->recipient = (struct bulla_jwe_recipient){.encrypted_key = found->message.encrypted_key};
  return BULLA_OK;
}

static enum bulla_status check_key(const struct bulla_jwe_key *key) {
  if (!bulla_jwe_key_is_here(key)) {
    return BULLA_FORKED;
  }
  return key->can_decrypt ? BULLA_OK : BULLA_INVALID_ARGUMENT;
}

static enum bulla_status decrypt_compact(const struct bulla_jwe_key *key, struct bulla_buffer *plaintext,
                                         struct bulla_span token) {
  struct found found;
  BULLA_TRY(check_key(key));
  BULLA_TRY(bulla_jwe_parse(&found.message, token));
  if (found.message.form != BULLA_JWE_COMPACT) {
    return BULLA_REFUSED;
  }
  BULLA_TRY(find(&found, key));
  return open_message(key, plaintext, &found);
}

enum bulla_status bulla_jwe_decrypt(const struct bulla_jwe_key *key, struct bulla_buffer *plaintext,
                                    struct bulla_span token) {
  enum bulla_status status = decrypt_compact(key, plaintext, token);
  return status == BULLA_OK ? BULLA_OK : bulla_fail(plaintext, status);
}

static enum bulla_status decrypt_any(const struct bulla_jwe_key *key, struct bulla_buffer *plaintext,
                                     struct bulla_jwe_opened *opened, struct bulla_span jwe) {
  struct found found;
  BULLA_TRY(check_key(key));
  BULLA_TRY(bulla_jwe_parse(&found.message, jwe));
  BULLA_TRY(find(&found, key));
  BULLA_TRY(needs_room(&opened->header, found.message.protected_header));
  BULLA_TRY(needs_room(&opened->aad, found.message.aad));
  BULLA_TRY(open_message(key, plaintext, &found));
  BULLA_TRY(hand_out(&opened->header, found.message.protected_header));
  return hand_out(&opened->aad, found.message.aad);
}

enum bulla_status bulla_jwe_decrypt_any(const struct bulla_jwe_key *key, struct bulla_buffer *plaintext,
                                        struct bulla_jwe_opened *opened, struct bulla_span jwe) {
  struct bulla_jwe_opened taken = BULLA_JWE_OPENED_INIT;
  enum bulla_status status =
      opened == NULL ? BULLA_OK
                     : bulla_sized_take(&taken, sizeof(taken), opened, BULLA_SIZE_TO(struct bulla_jwe_opened, aad));
  if (status == BULLA_OK && !bulla_sized_is_zero(taken.reserved, sizeof(taken.reserved))) {
    status = BULLA_INVALID_ARGUMENT;
  }
  if (status != BULLA_OK) {
    return bulla_fail(plaintext, status);
  }
  taken.header.len = taken.aad.len = 0;
  status = decrypt_any(key, plaintext, &taken, jwe);
  if (status != BULLA_OK) {
    (void)bulla_fail(plaintext, status);
    (void)bulla_fail(&taken.header, status);
    (void)bulla_fail(&taken.aad, status);
  }
  if (opened != NULL) {
    opened->header.len = taken.header.len;
    opened->aad.len = taken.aad.len;
  }
  return status;
}
