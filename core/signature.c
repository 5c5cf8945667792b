/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Ed25519: key pairs, which hold their seed expanded in the slab, and core/signature.h, which expands it for each
 * call. */

#include "core/signature.h"

#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/crypto.h"
#include "core/cursor.h"
#include "core/slab.h"

struct bulla_signing_key {
  void *expanded;      /* BULLA_ED25519_KEY_LEN bytes of the slab */
  uint64_t fork_epoch; /* of the process that has them */
  uint8_t public_key[BULLA_SIGNATURE_PUBLIC_LEN];
};

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

enum bulla_status bulla_signing_key_new(struct bulla_signing_key **key, const struct bulla_secret *seed) {
  *key = NULL;
  struct bulla_signing_key *made BULLA_CLEANUP(bulla_signing_key_free) = calloc(1, sizeof(*made));
  if (made == NULL) {
    return BULLA_NO_MEMORY;
  }
  made->fork_epoch = bulla_fork_epoch();
  BULLA_TRY(expand(&made->expanded, made->public_key, seed));
  *key = made;
  made = NULL;
  return BULLA_OK;
}

void bulla_signing_key_free(struct bulla_signing_key **key) {
  if (*key == NULL) {
    return;
  }
  if ((*key)->fork_epoch == bulla_fork_epoch()) {
    free_key(&(*key)->expanded);
  }
  free(*key);
  *key = NULL;
}

struct bulla_span bulla_signing_key_public(const struct bulla_signing_key *key) {
  return bulla_span(key->public_key, BULLA_SIGNATURE_PUBLIC_LEN);
}

enum bulla_status bulla_sign(const struct bulla_signing_key *key, struct bulla_buffer *signature,
                             struct bulla_span message) {
  if (key->fork_epoch != bulla_fork_epoch()) {
    return bulla_fail(signature, BULLA_FORKED);
  }
  struct bulla_writer out = bulla_writer(signature);
  uint8_t *room = bulla_give(&out, BULLA_SIGNATURE_LEN);
  BULLA_TRY(bulla_writer_finish(&out));
  enum bulla_status status = bulla_ed25519_sign(room, key->expanded, message);
  return status == BULLA_OK ? BULLA_OK : bulla_fail(signature, status);
}

enum bulla_status bulla_verify(struct bulla_span public_key, struct bulla_span signature, struct bulla_span message) {
  if (public_key.len != BULLA_SIGNATURE_PUBLIC_LEN) {
    return BULLA_INVALID_ARGUMENT;
  }
  if (signature.len != BULLA_SIGNATURE_LEN) {
    return BULLA_REFUSED;
  }
  return bulla_ed25519_verify(public_key.data, signature.data, message);
}
