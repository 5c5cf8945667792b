/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See token/compose.h. */

#include "token/compose.h"

#include "core/cleanup.h"
#include "core/jwe_compact.h"
#include "core/nonce.h"

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

/* Says whether a token of |claims| was written and is not too long. */
static enum bulla_status check(const struct bulla_buffer *token, const struct bulla_day_key *key,
                               const struct bulla_buffer *claims, enum bulla_status written) {
  if (written == BULLA_BUFFER_TOO_SMALL && token->size >= BULLA_TOKEN_MAX) {
    return BULLA_TOO_LARGE;
  }
  BULLA_TRY(written);
  return bulla_jwe_compact_len(key->header_len, claims->len) > BULLA_TOKEN_MAX ? BULLA_TOO_LARGE : BULLA_OK;
}

static enum bulla_status seal(struct bulla_buffer *token, const struct bulla_day_key *key, size_t len, uint64_t fresh) {
  return bulla_jwe_seal_composed(key->aead, token, bulla_span(key->header, key->header_len), len, fresh);
}

enum bulla_status bulla_compose_end(struct bulla_buffer *token, const struct bulla_day_pin *pin,
                                    const struct bulla_buffer *claims, enum bulla_status written) {
  BULLA_TRY(check(token, pin->key, claims, written));
  BULLA_TRY(bulla_count_seal(pin->seals));
  return seal(token, pin->key, claims->len, bulla_fresh_word());
}

enum bulla_status bulla_compose_counted(struct bulla_buffer *token, const struct bulla_day_pin *pin, uint64_t fresh,
                                        const struct bulla_buffer *claims, enum bulla_status written) {
  BULLA_TRY(check(token, pin->key, claims, written));
  return seal(token, pin->key, claims->len, fresh);
}
