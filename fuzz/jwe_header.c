/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* bulla_jwe_read_header.
 *
 * Input: any bytes, taken for a protected header: the JSON, which is then encoded, or if they do not begin with a
 * brace or white space the digits.
 *
 * Oracle: fuzz/model_jwe.h on jansson. The two accept the same headers and see the same "alg", "enc", "kid" and
 * "typ" in them. */

#include "core/jwe_compact.h"

#include "fuzz/fuzz.h"
#include "fuzz/model_jwe.h"
#include "fuzz/mutate.h"

static void check_member(const struct bulla_json_value *value, struct bulla_span wanted) {
  FUZZ_ASSERT(value->type == BULLA_JSON_STRING || (value->type == BULLA_JSON_NULL && wanted.data == NULL));
  FUZZ_ASSERT(value->type == BULLA_JSON_NULL ? value->text.len == 0 : bulla_json_equal(value, wanted));
}

static void check_header(struct bulla_span digits, bool is_text, struct bulla_span json) {
  struct bulla_jwe_header *header = (struct bulla_jwe_header *)(void *)fuzz_alloc(sizeof(*header));
  struct model_header wanted = {0};
  bool good = is_text && model_header_read(&wanted, json);
  enum bulla_status status = bulla_jwe_read_header(header, digits);
  FUZZ_ASSERT(status == (good ? BULLA_OK : BULLA_REFUSED));
  if (good) {
    fuzz_num_passed++;
    check_member(&header->alg, wanted.alg);
    check_member(&header->enc, wanted.enc);
    check_member(&header->kid, wanted.kid);
    check_member(&header->typ, wanted.typ);
  }
  model_header_free(&wanted);
  free(header);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct bulla_span input = bulla_span(data, size);
  model_json_begin();
  if (size > 0 && (data[0] == '{' || data[0] <= ' ')) {
    uint8_t *digits = fuzz_alloc((size + 2) / 3 * 4);
    size_t len = model_base64url_encode(digits, input);
    check_header(bulla_span(digits, len), true, input);
    free(digits);
  } else {
    uint8_t *json = fuzz_alloc(size);
    size_t len = 0;
    bool is_text = model_base64url_decode(json, &len, input);
    check_header(input, is_text, bulla_span(json, len));
    free(json);
  }
  return 0;
}

const struct fuzz_form fuzz_form = FUZZ_FORM_OF_JSON;
