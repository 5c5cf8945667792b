/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Sealed blobs: parsed from any bytes and written again, and their text form in both directions. */

#include "tests/proof/proof.h"

#include "core/base64url.h"

enum { BOUND = 60, TEXT_BOUND = 72 };

static void parse_and_write(void) {
  uint8_t room[BOUND];
  uint8_t written[BOUND];
  struct bulla_blob blob;
  size_t len = any_len(BOUND);
  //@ split len;
  ;
  struct bulla_buffer out = room_for(written, BOUND, len);
  if (bulla_blob_parse(&blob, any_bytes(room, BOUND, len)) == BULLA_OK) {
    read_all(blob.header);
    read_all(blob.key_id);
    read_all(blob.nonce);
    read_all(blob.ciphertext);
    read_all(blob.tag);
    (void)!bulla_blob_write(&out, &blob);
  }
}

static void write_text(void) {
  uint8_t room[BOUND];
  uint8_t text_room[TEXT_BOUND + 16];
  size_t len = any_len(BOUND);
  //@ split len;
  ;
  size_t size = bulla_blob_text_len(len) - (size_t)Frama_C_interval(0, 1);
  //@ split size;
  ;
  struct bulla_buffer text = room_for(text_room, sizeof(text_room), size);
  (void)!bulla_blob_to_text(&text, any_bytes(room, BOUND, len));
}

static void read_text(void) {
  uint8_t text_room[TEXT_BOUND];
  uint8_t room[BOUND];
  size_t len = any_len(TEXT_BOUND);
  //@ split len;
  ;
  size_t size = len < 12 ? len : bulla_base64url_decoded_len(len - 7) - (size_t)Frama_C_interval(0, 1);
  //@ split size;
  ;
  struct bulla_buffer blob = room_for(room, BOUND, size);
  (void)!bulla_blob_from_text(&blob, any_bytes(text_room, TEXT_BOUND, len));
}

void prove(void) {
  parse_and_write();
  write_text();
  read_text();
}
