/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* How long a JWE will be, and the options that it depends on. */

#include "core/jwe_len.h"

#include "core/base64url.h"
#include "core/cleanup.h"
#include "core/jwe_key.h"
#include "core/sized.h"

enum bulla_status bulla_jwe_take_options(struct bulla_jwe_options *taken, const struct bulla_jwe_options *options) {
  BULLA_TRY(bulla_sized_take(taken, sizeof(*taken), options, BULLA_SIZE_TO(struct bulla_jwe_options, apv)));
  return bulla_sized_is_zero(taken->reserved, sizeof(taken->reserved)) ? BULLA_OK : BULLA_INVALID_ARGUMENT;
}

size_t bulla_jwe_len(const struct bulla_jwe_key *key, size_t plaintext_len) {
  const struct bulla_jwe_management *management = key->alg->management;
  size_t header_len = key->header_len;
  size_t encrypted_key_len = 0;
  if (plaintext_len > SIZE_MAX / 8) {
    return 0;
  }
  if (!management->is_shared) {
    encrypted_key_len = management->encrypted_key_len(key->keep, key->enc->cek_len);
  }
  if (management->adds_header) {
    header_len = bulla_base64url_encoded_len(key->json_len + key->added_len + 1);
  }
  return header_len + bulla_base64url_encoded_len(encrypted_key_len) + bulla_base64url_encoded_len(key->enc->iv_len) +
         bulla_base64url_encoded_len(key->enc->cipher->sealed_len(plaintext_len)) +
         bulla_base64url_encoded_len(key->enc->tag_len) + 4;
}

/* More than the names of the members of a JSON form, or of one recipient, and what stands between them. */
enum { JSON_OVERHEAD = 128 };

size_t bulla_jwe_len_for(struct bulla_jwe_key *const *keys, size_t num_keys, size_t plaintext_len,
                         const struct bulla_jwe_options *options) {
  struct bulla_jwe_options taken = BULLA_JWE_OPTIONS_INIT;
  if (options != NULL && bulla_jwe_take_options(&taken, options) != BULLA_OK) {
    return 0;
  }
  if (num_keys == 0 || num_keys > BULLA_JWE_MAX_RECIPIENTS || plaintext_len > BULLA_JWE_MAX ||
      taken.header.len > BULLA_JWE_MAX || taken.aad.len > BULLA_JWE_MAX || taken.apu.len > BULLA_JWE_MAX_PARTY ||
      taken.apv.len > BULLA_JWE_MAX_PARTY) {
    return 0;
  }
  size_t extra = taken.header.len + 2 * (taken.apu.len + taken.apv.len) + JSON_OVERHEAD;
  size_t len = JSON_OVERHEAD + 2 * taken.aad.len;
  for (size_t i = 0; i < num_keys; i++) {
    len += bulla_jwe_len(keys[i], i == 0 ? plaintext_len : 0) + 2 * extra;
  }
  return len;
}
