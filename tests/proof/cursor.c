/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The cursors, in any order of two takes, and of two puts, with lengths up to the largest there is. */

#include "tests/proof/proof.h"

enum { BOUND = 6, STEPS = 2 };

/* A length that fits or nearly does, or one at the end of what there is. */
static size_t small_or_huge(void) {
  return Frama_C_nondet(0, 1) ? any_len(BOUND + 1) : SIZE_MAX - any_len(1);
}

static void take_any(struct bulla_reader *in) {
  struct bulla_span span = bulla_span(NULL, 0);
  uint8_t byte;
  size_t len = small_or_huge();
  //@ split len;
  ;
  switch (Frama_C_interval(0, 2)) {
    case 0:
      if (bulla_take(in, &span, len)) {
        read_all(span);
      }
      break;
    case 1:
      (void)!bulla_take_byte(in, &byte);
      break;
    default:
      if (bulla_take_until(in, &span, Frama_C_unsigned_char_interval(0, 255))) {
        read_all(span);
      }
  }
}

static void read_any(void) {
  uint8_t room[BOUND];
  size_t len = any_len(BOUND);
  //@ split len;
  ;
  struct bulla_reader in = bulla_reader(any_bytes(room, BOUND, len));
  for (int i = 0; i < STEPS; i++) {
    take_any(&in);
    //@ split in.left;
    ;
    read_all(bulla_span(in.at, in.left));
  }
}

static void put_any(struct bulla_writer *out, struct bulla_span bytes) {
  uint8_t *room;
  size_t len = small_or_huge();
  //@ split len;
  ;
  switch (Frama_C_interval(0, 4)) {
    case 0:
      room = bulla_give(out, len);
      if (room != NULL) {
        write_any(room, len);
      }
      break;
    case 1:
      bulla_put(out, bytes);
      break;
    case 2:
      bulla_put_byte(out, bytes.len > 0 ? bytes.data[0] : 0);
      break;
    case 3:
      bulla_put_be(out, len, len < 8 ? len : 8);
      break;
    default:
      bulla_put_prefixed(out, bytes);
  }
}

static void write_any_order(void) {
  uint8_t room[BOUND];
  uint8_t source[BOUND];
  size_t size = any_len(BOUND);
  //@ split size;
  ;
  struct bulla_buffer bytes = room_for(room, BOUND, size);
  struct bulla_writer out = bulla_writer(&bytes);
  for (int i = 0; i < STEPS; i++) {
    size_t len = any_len(BOUND);
    //@ split len;
    ;
    put_any(&out, any_bytes(source, BOUND, len));
    //@ split bytes.len;
    ;
  }
  if (bulla_writer_finish(&out) == BULLA_OK) {
    read_all(bulla_written(&bytes));
  }
}

void prove(void) {
  read_any();
  write_any_order();
}
