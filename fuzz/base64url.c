/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* core/base64url.h: every variant for public bytes that the processor can run, the one for key material, and the
 * one that is chosen.
 *
 * Input: any bytes, taken for digits and for what is to be encoded.
 *
 * Oracle: nettle's codec, made strict. All accept the same texts and give the same bytes, which encode to the same
 * text again; and all encode the same. */

#include "core/base64url_variants.h"

#include "fuzz/fuzz.h"
#include "fuzz/model_crypto.h"

typedef void encode_fn(uint8_t *text, struct bulla_span bytes);
typedef bool decode_fn(uint8_t *bytes, struct bulla_span text);

enum { MAX_CODECS = 8 };

static struct {
  encode_fn *encode;
  decode_fn *decode;
  bool zeroes_failure;
} codecs[MAX_CODECS] = {
    {bulla_base64url_encode, bulla_base64url_decode, false},
    {bulla_base64url_encode_secret, bulla_base64url_decode_secret, true},
};
static size_t num_codecs;

static void set_up(void) {
  size_t num_variants;
  const struct bulla_base64url_variant *const *variants = bulla_base64url_variants(&num_variants);
  num_codecs = 2;
  for (size_t i = 0; i < num_variants; i++) {
    if (variants[i]->is_usable()) {
      FUZZ_ASSERT(num_codecs < MAX_CODECS);
      codecs[num_codecs].encode = variants[i]->encode;
      codecs[num_codecs].decode = variants[i]->decode;
      num_codecs++;
    }
  }
}

/* check_two has every variant decode |text| in two parts that stand apart. */
static void check_two(struct bulla_span text, bool wanted_good, struct bulla_span wanted) {
  size_t num_variants;
  const struct bulla_base64url_variant *const *variants = bulla_base64url_variants(&num_variants);
  if (text.len <= BULLA_FIRST_DIGITS || text.len > BULLA_FIRST_DIGITS + BULLA_SECOND_DIGITS_MAX) {
    return;
  }
  uint8_t *first = fuzz_alloc(BULLA_FIRST_DIGITS);
  uint8_t *second = fuzz_alloc(text.len - BULLA_FIRST_DIGITS);
  memcpy(first, text.data, BULLA_FIRST_DIGITS);
  memcpy(second, text.data + BULLA_FIRST_DIGITS, text.len - BULLA_FIRST_DIGITS);
  for (size_t i = 0; i <= num_variants; i++) {
    if (i == num_variants || (variants[i]->is_usable() && variants[i]->decode_two != NULL)) {
      uint8_t *bytes = fuzz_alloc(BULLA_TWO_ROOM);
      struct bulla_span rest = bulla_span(second, text.len - BULLA_FIRST_DIGITS);
      bool good = i == num_variants ? bulla_base64url_decode_two(bytes, first, rest)
                                    : variants[i]->decode_two(bytes, first, rest);
      FUZZ_ASSERT(good == wanted_good);
      FUZZ_ASSERT(!good || memcmp(bytes, wanted.data, wanted.len) == 0);
      free(bytes);
    }
  }
  free(first);
  free(second);
}

/* check_decoding has every codec decode |text|. The |wanted| bytes are what the model makes of it. */
static void check_decoding(struct bulla_span text, bool wanted_good, struct bulla_span wanted) {
  size_t len = bulla_base64url_decoded_len(text.len);
  FUZZ_ASSERT(!wanted_good || (len == wanted.len && bulla_base64url_encoded_len(len) == text.len));
  for (size_t i = 0; i < num_codecs; i++) {
    struct bulla_buffer bytes = bulla_buffer(fuzz_alloc(len), len);
    FUZZ_ASSERT(codecs[i].decode(bytes.data, text) == wanted_good);
    FUZZ_ASSERT(!wanted_good || bulla_span_equal(bulla_span(bytes.data, len), wanted));
    FUZZ_ASSERT(wanted_good || !codecs[i].zeroes_failure || fuzz_failed(&bytes));
    free(bytes.data);
  }
  check_two(text, wanted_good, wanted);
}

/* check_encoding has every codec encode |bytes|, which must give the |wanted| text. */
static void check_encoding(struct bulla_span bytes, struct bulla_span wanted) {
  FUZZ_ASSERT(bulla_base64url_encoded_len(bytes.len) == wanted.len);
  FUZZ_ASSERT(bulla_base64url_decoded_len(wanted.len) == bytes.len);
  for (size_t i = 0; i < num_codecs; i++) {
    uint8_t *text = fuzz_alloc(wanted.len);
    codecs[i].encode(text, bytes);
    FUZZ_ASSERT(bulla_span_equal(bulla_span(text, wanted.len), wanted));
    free(text);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (num_codecs == 0) {
    set_up();
  }
  struct bulla_span input = bulla_span(data, size);
  uint8_t *bytes = fuzz_alloc(size);
  size_t len = 0;
  bool good = model_base64url_decode(bytes, &len, input);
  check_decoding(input, good, bulla_span(bytes, len));
  if (good) {
    check_encoding(bulla_span(bytes, len), input);
  }
  free(bytes);

  uint8_t *text = fuzz_alloc(bulla_base64url_encoded_len(size) + 3);
  check_encoding(input, bulla_span(text, model_base64url_encode(text, input)));
  free(text);
  return 0;
}
