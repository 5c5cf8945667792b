/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Hexadecimal, and the foreign triple, sealed and opened in place. */

#include "tests/proof/proof.h"

#include "core/hex.h"

enum { HEX_BOUND = 40, PLAINTEXT_BOUND = 2, TEXT_BOUND = 66 + 2 * PLAINTEXT_BOUND + 2 };

static void hex(void) {
  uint8_t room[HEX_BOUND];
  uint8_t text[2 * HEX_BOUND];
  size_t len = any_len(HEX_BOUND);
  //@ split len;
  ;
  struct bulla_span bytes = any_bytes(room, HEX_BOUND, len);
  bulla_hex_encode(text + (sizeof(text) - 2 * len), bytes);
  uint8_t decoded[HEX_BOUND / 2];
  (void)!bulla_hex_decode(decoded + (sizeof(decoded) - len / 2), bytes);
}

static void seal(void) {
  uint8_t room[PLAINTEXT_BOUND];
  uint8_t text_room[TEXT_BOUND];
  size_t len = any_len(PLAINTEXT_BOUND);
  //@ split len;
  ;
  size_t size = bulla_triple_len(len) - (size_t)Frama_C_interval(0, 1);
  //@ split size;
  ;
  struct bulla_buffer text = room_for(text_room, TEXT_BOUND, size);
  (void)!bulla_triple_seal(NULL, &text, any_bytes(room, PLAINTEXT_BOUND, len));
}

static void open(void) {
  uint8_t text_room[TEXT_BOUND];
  uint8_t room[PLAINTEXT_BOUND];
  size_t len = any_len(TEXT_BOUND);
  //@ split len;
  ;
  size_t size = any_len(PLAINTEXT_BOUND);
  //@ split size;
  ;
  struct bulla_buffer plaintext = room_for(room, PLAINTEXT_BOUND, size);
  (void)!bulla_triple_open(NULL, &plaintext, any_bytes(text_room, TEXT_BOUND, len));
}

void prove(void) {
  hex();
  seal();
  open();
}
