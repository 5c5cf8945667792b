/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Inspecting: what a token says in the open. Nothing of it has been proven. */

#include <string.h>

#include "core/base64url.h"
#include "core/cleanup.h"
#include "core/jwe_compact.h"
#include "token/verifier.h"

enum bulla_status bulla_token_inspect(struct bulla_token_outline *outline, struct bulla_span token) {
  struct bulla_token_outline read = BULLA_TOKEN_OUTLINE_INIT;
  struct bulla_jwe_parts parts;
  struct bulla_kid kid;
  size_t size;
  BULLA_TRY(bulla_sized_read(&size, outline, BULLA_SIZE_TO(struct bulla_token_outline, ciphertext_len), sizeof(read)));
  bulla_sized_clear(outline, size);
  if (token.len > BULLA_TOKEN_MAX) {
    return BULLA_REFUSED;
  }
  BULLA_TRY(bulla_jwe_split(&parts, token));
  BULLA_TRY(bulla_kid_read(&kid, parts.header));
  memcpy(read.key_id, kid.key_id, BULLA_APIKEY_ID_LEN);
  read.day = kid.day;
  read.ciphertext_len = bulla_base64url_decoded_len(parts.ciphertext.len);
  bulla_sized_give(outline, size, &read, sizeof(read));
  return BULLA_OK;
}
