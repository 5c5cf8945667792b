/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What `exec --mask` makes of the output of a command.
 *
 * Input: up to four values, each behind a byte for its length, an empty one the last; then the output, in which a byte
 * 0x80 to 0x83 stands for a value, 0x84 to 0x87 for its hexadecimal digits, 0x88 to 0x8b for the first half of it.
 *
 * Oracle: however the output is cut, the result is the same. In none of them is a value, nor its digits without those
 * of line breaks at its end, also if what is held is shown in between. Without values it is as it was. */

#include "cli/mask_stream.h"
#include "core/hex.h"
#include "fuzz/fuzz.h"

enum { NUM_VALUES = 4, OUTPUT_MAX = 1 << 18 };

static struct bulla_span values[NUM_VALUES];
static size_t num_values;

static void take_values(struct bulla_reader *in) {
  uint8_t len;
  for (num_values = 0; num_values < NUM_VALUES && bulla_take_byte(in, &len) && len > 0; num_values++) {
    size_t left = in->left;
    FUZZ_ASSERT(bulla_take(in, &values[num_values], len < left ? len : left));
  }
}

/* expand writes what the bytes of |in| stand for. */
static void expand(struct bulla_writer *writer, struct bulla_reader *in) {
  uint8_t byte;
  while (bulla_take_byte(in, &byte)) {
    unsigned what = byte - 0x80U;
    if (what >= 3 * NUM_VALUES || what % NUM_VALUES >= num_values) {
      bulla_put_byte(writer, byte);
      continue;
    }
    struct bulla_span value = values[what % NUM_VALUES];
    uint8_t digits[2 * UINT8_MAX];
    bulla_hex_encode(digits, value);
    bulla_put(writer, what / NUM_VALUES == 0   ? value
                      : what / NUM_VALUES == 1 ? bulla_span(digits, 2 * value.len)
                                               : bulla_span(value.data, value.len / 2));
  }
}

static void take_output(struct bulla_writer *to, struct bulla_mask_stream *stream) {
  struct bulla_span output = bulla_mask_stream_output(stream);
  bulla_put(to, output);
  bulla_mask_stream_taken(stream, output.len);
}

/* run masks |output| in pieces of |len| bytes, and has what is held shown after each |shows|th. */
static struct bulla_buffer run(const struct bulla_mask *mask, struct bulla_span output, size_t len, size_t shows) {
  struct bulla_mask_stream *stream = NULL;
  struct bulla_buffer masked = bulla_buffer(fuzz_alloc(2 * output.len + 8), 2 * output.len + 8);
  struct bulla_writer writer = bulla_writer(&masked);
  struct bulla_reader reader = bulla_reader(output);
  FUZZ_ASSERT(bulla_mask_stream_new(&stream, mask) == BULLA_OK);
  for (size_t i = 1; reader.left > 0; i++) {
    struct bulla_buffer room = bulla_mask_stream_room(stream);
    struct bulla_span piece;
    size_t most = len < room.size ? len : room.size;
    FUZZ_ASSERT(bulla_take(&reader, &piece, most < reader.left ? most : reader.left));
    memcpy(room.data, piece.data, piece.len);
    bulla_mask_stream_add(stream, piece.len, false);
    take_output(&writer, stream);
    if (shows > 0 && i % shows == 0) {
      bulla_mask_stream_show(stream);
      take_output(&writer, stream);
    }
  }
  bulla_mask_stream_add(stream, 0, true);
  take_output(&writer, stream);
  FUZZ_ASSERT(bulla_writer_finish(&writer) == BULLA_OK);
  bulla_mask_stream_free(&stream);
  return masked;
}

/* Asterisks may make a value of what stands beside them. */
static bool may_look_for(struct bulla_span value) {
  return bulla_mask_text_len(value) >= BULLA_MASK_LEAST && memchr(value.data, '*', value.len) == NULL;
}

static void check_hidden(struct bulla_span masked) {
  for (size_t i = 0; i < num_values; i++) {
    struct bulla_span without_end = bulla_mask_without_end(values[i]);
    uint8_t digits[2 * UINT8_MAX];
    bulla_hex_encode(digits, without_end);
    if (may_look_for(without_end)) {
      FUZZ_ASSERT(memmem(masked.data, masked.len, values[i].data, values[i].len) == NULL);
      FUZZ_ASSERT(memmem(masked.data, masked.len, digits, 2 * without_end.len) == NULL);
    }
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct bulla_mask *mask = NULL;
  struct bulla_reader in = bulla_reader(bulla_span(data, size));
  struct bulla_buffer output = bulla_buffer(fuzz_alloc(OUTPUT_MAX), OUTPUT_MAX);
  struct bulla_writer writer = bulla_writer(&output);
  take_values(&in);
  expand(&writer, &in);
  FUZZ_ASSERT(bulla_mask_new(&mask, values, num_values) == BULLA_OK);
  struct bulla_buffer whole = run(mask, bulla_written(&output), OUTPUT_MAX, 0);
  check_hidden(bulla_written(&whole));
  FUZZ_ASSERT(num_values > 0 || bulla_span_equal(bulla_written(&whole), bulla_written(&output)));
  for (size_t len = 1; len <= 7; len += 3) {
    struct bulla_buffer cut = run(mask, bulla_written(&output), len, 0);
    FUZZ_ASSERT(bulla_span_equal(bulla_written(&cut), bulla_written(&whole)));
    free(cut.data);
    cut = run(mask, bulla_written(&output), len, 2);
    check_hidden(bulla_written(&cut));
    free(cut.data);
  }
  bulla_mask_free(&mask);
  free(whole.data);
  free(output.data);
  return 0;
}
