/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See core/signature.h. The seed is expanded for each call, into the slab. */

#include "core/signature.h"

#include <string.h>

#include "core/cleanup.h"
#include "core/crypto.h"
#include "core/slab.h"

static void free_key(void **key) {
  if (*key != NULL) {
    bulla_slab_free(key, BULLA_ED25519_KEY_LEN);
  }
}

/* Expands |seed| into |*key|, which the caller frees with free_key whatever is returned. */
static enum bulla_status expand(void **key, uint8_t *public_key, const struct bulla_secret *seed) {
  struct bulla_span bytes = bulla_secret_bytes(seed);
  if (bytes.data == NULL) {
    return BULLA_FORKED;
  }
  if (bytes.len != BULLA_SIGNATURE_SEED_LEN) {
    return BULLA_INVALID_ARGUMENT;
  }
  BULLA_TRY(bulla_slab_new(key, BULLA_ED25519_KEY_LEN));
  return bulla_ed25519_expand(*key, public_key, bytes.data);
}

enum bulla_status bulla_signature_public(uint8_t *public_key, const struct bulla_secret *seed) {
  void *key BULLA_CLEANUP(free_key) = NULL;
  memset(public_key, 0, BULLA_SIGNATURE_PUBLIC_LEN);
  return expand(&key, public_key, seed);
}

enum bulla_status bulla_signature_sign(uint8_t *signature, const struct bulla_secret *seed, struct bulla_span message) {
  void *key BULLA_CLEANUP(free_key) = NULL;
  uint8_t public_key[BULLA_SIGNATURE_PUBLIC_LEN];
  memset(signature, 0, BULLA_SIGNATURE_LEN);
  BULLA_TRY(expand(&key, public_key, seed));
  enum bulla_status status = bulla_ed25519_sign(signature, key, message);
  if (status != BULLA_OK) {
    memset(signature, 0, BULLA_SIGNATURE_LEN);
  }
  return status;
}

enum bulla_status bulla_signature_verify(const uint8_t *public_key, const uint8_t *signature,
                                         struct bulla_span message) {
  return bulla_ed25519_verify(public_key, signature, message);
}
