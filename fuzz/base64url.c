/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Base64url against a plain model that goes bit by bit: the two accept the same texts and give the same bytes;
 * and encoding undoes decoding, as decoding undoes encoding. */

#include "core/base64url.h"

#include "fuzz/fuzz.h"

static int digit_value(uint8_t digit) {
  const char *alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const char *found = digit != 0 ? strchr(alphabet, digit) : NULL;
  return found != NULL ? (int)(found - alphabet) : -1;
}

/* model_decode writes every whole byte of |text| to |bytes| and says whether RFC 4648 §5, read strictly, accepts
 * it: digits alone, and less than a digit of final bits, all zero. */
static bool model_decode(uint8_t *bytes, struct bulla_span text) {
  size_t num_bits = text.len * 6;
  if (num_bits % 8 >= 6) {
    return false;
  }
  memset(bytes, 0, num_bits / 8);
  for (size_t bit = 0; bit < num_bits; bit++) {
    int value = digit_value(text.data[bit / 6]);
    if (value < 0) {
      return false;
    }
    int one = value >> (5 - bit % 6) & 1;
    if (bit / 8 < num_bits / 8) {
      bytes[bit / 8] |= (uint8_t)(one << (7 - bit % 8));
    } else if (one != 0) {
      return false;
    }
  }
  return true;
}

static void check_text(struct bulla_span text) {
  size_t len = bulla_base64url_decoded_len(text.len);
  uint8_t *bytes = fuzz_alloc(len);
  uint8_t *wanted = fuzz_alloc(len);
  bool accepted = bulla_base64url_decode(bytes, text);
  FUZZ_ASSERT(accepted == model_decode(wanted, text));
  if (accepted) {
    FUZZ_ASSERT(memcmp(bytes, wanted, len) == 0);
    FUZZ_ASSERT(bulla_base64url_encoded_len(len) == text.len);
    uint8_t *again = fuzz_alloc(text.len);
    bulla_base64url_encode(again, bulla_span(bytes, len));
    FUZZ_ASSERT(bulla_span_equal(bulla_span(again, text.len), text));
    free(again);
  }
  free(wanted);
  free(bytes);
}

static void check_bytes(struct bulla_span bytes) {
  size_t text_len = bulla_base64url_encoded_len(bytes.len);
  uint8_t *text = fuzz_alloc(text_len);
  uint8_t *back = fuzz_alloc(bytes.len);
  bulla_base64url_encode(text, bytes);
  FUZZ_ASSERT(bulla_base64url_decoded_len(text_len) == bytes.len);
  FUZZ_ASSERT(model_decode(back, bulla_span(text, text_len)));
  FUZZ_ASSERT(bulla_span_equal(bulla_span(back, bytes.len), bytes));
  memset(back, 0xa5, bytes.len);
  FUZZ_ASSERT(bulla_base64url_decode(back, bulla_span(text, text_len)));
  FUZZ_ASSERT(bulla_span_equal(bulla_span(back, bytes.len), bytes));
  free(back);
  free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  check_text(bulla_span(data, size));
  check_bytes(bulla_span(data, size));
  return 0;
}
