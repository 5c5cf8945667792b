/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/wrap.h. */

#include "store/wrap.h"

#include "core/cleanup.h"

enum bulla_status bulla_wrap(struct bulla_buffer *wrapped, struct bulla_key *under, const struct bulla_secret *key,
                             const struct bulla_context *context) {
  if (under == NULL || key == NULL) {
    return BULLA_DENIED;
  }
  return bulla_seal(under, wrapped, bulla_secret_bytes(key), bulla_context_span(context));
}

enum bulla_status bulla_unwrap(struct bulla_secret **key, const struct bulla_key *under, struct bulla_span wrapped,
                               const struct bulla_context *context) {
  if (under == NULL) {
    return BULLA_DENIED;
  }
  struct bulla_secret *opened BULLA_CLEANUP(bulla_secret_free) = NULL;
  BULLA_TRY(bulla_secret_new(&opened, BULLA_KEY_LEN));
  struct bulla_buffer buffer = bulla_buffer(bulla_secret_data(opened), BULLA_KEY_LEN);
  enum bulla_status status = bulla_open(under, &buffer, wrapped, bulla_context_span(context));
  if (status == BULLA_BUFFER_TOO_SMALL || (status == BULLA_OK && buffer.len != BULLA_KEY_LEN)) {
    return BULLA_REFUSED;
  }
  BULLA_TRY(status);
  *key = opened;
  opened = NULL;
  return BULLA_OK;
}

enum bulla_status bulla_unwrap_key(struct bulla_key **key, const struct bulla_key *under, struct bulla_span wrapped,
                                   const struct bulla_context *context) {
  struct bulla_secret *material BULLA_CLEANUP(bulla_secret_free) = NULL;
  BULLA_TRY(bulla_unwrap(&material, under, wrapped, context));
  return bulla_key_new(key, BULLA_XAES_256_GCM, material);
}
