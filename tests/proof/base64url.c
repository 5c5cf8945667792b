/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Base64url: the portable codec and the one for secrets, into outputs of just the length that they are to fill. */

#include "tests/proof/proof.h"

#include "core/base64url_variants.h"

enum { BOUND = 40 };

static void encode(void) {
  uint8_t room[BOUND];
  uint8_t text[(BOUND + 2) / 3 * 4];
  size_t len = any_len(BOUND);
  //@ split len;
  ;
  struct bulla_span bytes = any_bytes(room, BOUND, len);
  uint8_t *at = text + (sizeof(text) - bulla_base64url_encoded_len(len));
  bulla_base64url_portable.encode(at, bytes);
  bulla_base64url_encode_secret(at, bytes);
}

static void decode(void) {
  uint8_t room[BOUND];
  uint8_t bytes[BOUND];
  size_t len = any_len(BOUND);
  //@ split len;
  ;
  struct bulla_span text = any_bytes(room, BOUND, len);
  uint8_t *at = bytes + (sizeof(bytes) - bulla_base64url_decoded_len(len));
  (void)!bulla_base64url_portable.decode(at, text);
  (void)!bulla_base64url_decode_secret(at, text);
}

void prove(void) {
  encode();
  decode();
}
