/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Hexadecimal, and the foreign triple, sealed and opened in place. */

#include "tests/proof/proof.h"

#include "core/hex.h"

enum { HEX_BOUND = 40, PLAINTEXT_BOUND = 2, SHORT_BOUND = 8, TEXT_BOUND = 68 + 2 * PLAINTEXT_BOUND + 1 };

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

static void open(struct bulla_span text) {
  uint8_t room[PLAINTEXT_BOUND];
  size_t size = any_len(PLAINTEXT_BOUND);
  //@ split size;
  ;
  struct bulla_buffer plaintext = room_for(room, PLAINTEXT_BOUND, size);
  (void)!bulla_triple_open(NULL, &plaintext, text, NULL);
}

static void open_any(void) {
  uint8_t room[SHORT_BOUND];
  size_t len = any_len(SHORT_BOUND);
  //@ split len;
  ;
  open(any_bytes(room, SHORT_BOUND, len));
}

/* An IV of a length that fits or nearly does, a tag, a few bytes of ciphertext, whose digits are any but colons.
 */
static void open_shaped(void) {
  uint8_t room[TEXT_BOUND];
  size_t iv_len = Frama_C_nondet(0, 1) ? 24 : Frama_C_unsigned_long_interval(31, 33);
  //@ split iv_len;
  ;
  size_t tag_len = Frama_C_unsigned_long_interval(31, 33);
  //@ split tag_len;
  ;
  size_t len = iv_len + 1 + tag_len + 1 + any_len(2 * PLAINTEXT_BOUND + 1);
  //@ split len;
  ;
  uint8_t *text = room + (TEXT_BOUND - len);
  for (size_t i = 0; i < len; i++) {
    text[i] = i == iv_len || i == iv_len + 1 + tag_len ? ':' : Frama_C_unsigned_char_interval(';', 255);
  }
  open(bulla_span(text, len));
}

void prove(void) {
  hex();
  seal();
  open_any();
  open_shaped();
}
