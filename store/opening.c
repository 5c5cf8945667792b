/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See store/opening.h. */

#include "store/opening.h"

#include "core/cleanup.h"

enum bulla_status bulla_secret_room(struct bulla_secret **secret, struct bulla_buffer *buffer, size_t len) {
  BULLA_TRY(bulla_secret_new(secret, len > 0 ? len : 1));
  *buffer = bulla_buffer(bulla_secret_data(*secret), len);
  return BULLA_OK;
}

enum bulla_status bulla_open_secret(struct bulla_secret **opened, const struct bulla_key *key, struct bulla_span blob,
                                    struct bulla_span context) {
  struct bulla_blob parts;
  if (key == NULL) {
    return BULLA_DENIED;
  }
  BULLA_TRY(bulla_blob_parse(&parts, blob));
  struct bulla_secret *secret BULLA_CLEANUP(bulla_secret_free) = NULL;
  struct bulla_buffer buffer;
  BULLA_TRY(bulla_secret_room(&secret, &buffer, parts.ciphertext.len));
  BULLA_TRY(bulla_open(key, &buffer, blob, context));
  bulla_secret_truncate(secret, buffer.len);
  *opened = secret;
  secret = NULL;
  return BULLA_OK;
}
