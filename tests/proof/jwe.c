/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* JWE compact: split at its dots, opened from any parts, sealed into a token of just the length it is to have. */

#include "tests/proof/proof.h"

#include "core/base64url.h"
#include "core/jwe_compact.h"

enum { BOUND = 12, HEADER_BOUND = 4, PLAINTEXT_BOUND = 7, TOKEN_BOUND = 64 + HEADER_BOUND };

static void split(void) {
  uint8_t room[BOUND];
  struct bulla_jwe_parts parts;
  size_t len = any_len(BOUND);
  //@ split len;
  ;
  if (bulla_jwe_split(&parts, any_bytes(room, BOUND, len)) == BULLA_OK) {
    read_all(parts.header);
    read_all(parts.encrypted_key);
    read_all(parts.iv);
    read_all(parts.ciphertext);
    read_all(parts.tag);
  }
}

static void open(void) {
  uint8_t iv_room[17];
  uint8_t tag_room[23];
  uint8_t text_room[BOUND];
  uint8_t room[BOUND];
  size_t iv_len = Frama_C_unsigned_long_interval(15, 17);
  //@ split iv_len;
  ;
  size_t tag_len = Frama_C_unsigned_long_interval(21, 23);
  //@ split tag_len;
  ;
  size_t len = any_len(BOUND);
  //@ split len;
  ;
  struct bulla_jwe_parts parts = {.iv = any_bytes(iv_room, sizeof(iv_room), iv_len),
                                  .ciphertext = any_bytes(text_room, BOUND, len),
                                  .tag = any_bytes(tag_room, sizeof(tag_room), tag_len)};
  size_t size = Frama_C_nondet(0, 1) ? bulla_base64url_decoded_len(len) : any_len(2);
  //@ split size;
  ;
  struct bulla_buffer plaintext = room_for(room, BOUND, size);
  (void)!bulla_jwe_open(NULL, &plaintext, &parts);
}

static void seal(void) {
  uint8_t header_room[HEADER_BOUND];
  uint8_t room[PLAINTEXT_BOUND];
  uint8_t token_room[TOKEN_BOUND];
  size_t header_len = any_len(HEADER_BOUND);
  //@ split header_len;
  ;
  size_t len = any_len(PLAINTEXT_BOUND);
  //@ split len;
  ;
  size_t size = bulla_jwe_compact_len(header_len, len);
  struct bulla_buffer token = room_for(token_room, TOKEN_BOUND, size);
  (void)!bulla_jwe_seal(NULL, &token, any_bytes(header_room, HEADER_BOUND, header_len),
                        any_bytes(room, PLAINTEXT_BOUND, len));
}

void prove(void) {
  split();
  open();
  seal();
}
