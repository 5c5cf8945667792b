/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See token/compose.h. */

#include "token/compose.h"

#include "core/cleanup.h"
#include "core/jwe_compact.h"

enum bulla_status bulla_compose_begin(struct bulla_buffer *claims, const struct bulla_buffer *token,
                                      const struct bulla_day_key *key) {
  size_t offset = bulla_jwe_payload_offset(key->header_len);
  if (token->size < offset) {
    return BULLA_BUFFER_TOO_SMALL;
  }
  size_t room = token->size - offset;
  *claims = bulla_buffer(token->data + offset, room < BULLA_TOKEN_MAX ? room : BULLA_TOKEN_MAX);
  return BULLA_OK;
}

enum bulla_status bulla_compose_end(struct bulla_buffer *token, const struct bulla_day_pin *pin,
                                    const struct bulla_buffer *claims, enum bulla_status written) {
  struct bulla_span header = bulla_span(pin->key->header, pin->key->header_len);
  if (written == BULLA_BUFFER_TOO_SMALL && token->size >= BULLA_TOKEN_MAX) {
    return BULLA_TOO_LARGE;
  }
  BULLA_TRY(written);
  if (bulla_jwe_compact_len(header.len, claims->len) > BULLA_TOKEN_MAX) {
    return BULLA_TOO_LARGE;
  }
  BULLA_TRY(bulla_count_seal(pin->seals));
  return bulla_jwe_seal_composed(pin->key->aead, token, header, claims->len);
}
