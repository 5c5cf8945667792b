/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Secrets: bytes in the slab behind a handle outside it. The handle knows in which process the bytes exist, so
 * that a forked child finds nothing instead of faulting. */

#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/crypto.h"
#include "core/scrub.h"
#include "core/slab.h"

enum { MAX_INFO_LEN = 256 };

struct bulla_secret {
  void *slot;
  size_t slot_len;
  size_t len;          /* at most slot_len */
  uint64_t fork_epoch; /* of the process that has it */
};

static bool is_here(const struct bulla_secret *secret) {
  return secret->fork_epoch == bulla_fork_epoch();
}

enum bulla_status bulla_secret_new(struct bulla_secret **secret, size_t len) {
  *secret = NULL;
  struct bulla_secret *handle = calloc(1, sizeof(*handle));
  if (handle == NULL) {
    return BULLA_NO_MEMORY;
  }
  handle->fork_epoch = bulla_fork_epoch();
  enum bulla_status status = bulla_slab_new(&handle->slot, len);
  if (status != BULLA_OK) {
    free(handle);
    return status;
  }
  handle->slot_len = len;
  handle->len = len;
  *secret = handle;
  return BULLA_OK;
}

void bulla_secret_free(struct bulla_secret **secret) {
  struct bulla_secret *handle = *secret;
  if (handle == NULL) {
    return;
  }
  if (is_here(handle)) {
    bulla_slab_free(&handle->slot, handle->slot_len);
  }
  free(handle);
  *secret = NULL;
}

enum bulla_status bulla_secret_copy(struct bulla_secret **secret, struct bulla_span bytes) {
  BULLA_TRY(bulla_secret_new(secret, bytes.len));
  if (bytes.len > 0) {
    memcpy((*secret)->slot, bytes.data, bytes.len);
    bulla_scrub(0);
  }
  return BULLA_OK;
}

enum bulla_status bulla_secret_random(struct bulla_secret **secret, size_t len) {
  BULLA_TRY(bulla_secret_new(secret, len));
  enum bulla_status status = bulla_random((*secret)->slot, len);
  if (status != BULLA_OK) {
    bulla_secret_free(secret);
  }
  return status;
}

enum bulla_status bulla_secret_expand(struct bulla_secret **secret, const struct bulla_secret *from,
                                      struct bulla_span info) {
  *secret = NULL;
  if (!is_here(from)) {
    return BULLA_FORKED;
  }
  if (from->len != BULLA_KEY_LEN || info.len > MAX_INFO_LEN) {
    return BULLA_INVALID_ARGUMENT;
  }
  BULLA_TRY(bulla_secret_new(secret, BULLA_KEY_LEN));
  enum bulla_status status = bulla_hkdf_expand((*secret)->slot, BULLA_KEY_LEN, bulla_secret_bytes(from), info);
  if (status != BULLA_OK) {
    bulla_secret_free(secret);
  }
  return status;
}

uint8_t *bulla_secret_data(struct bulla_secret *secret) {
  return is_here(secret) ? secret->slot : NULL;
}

struct bulla_span bulla_secret_bytes(const struct bulla_secret *secret) {
  return is_here(secret) ? bulla_span(secret->slot, secret->len) : bulla_span(NULL, 0);
}

void bulla_secret_truncate(struct bulla_secret *secret, size_t len) {
  if (is_here(secret) && len < secret->len) {
    bulla_wipe((uint8_t *)secret->slot + len, secret->len - len);
    secret->len = len;
  }
}
