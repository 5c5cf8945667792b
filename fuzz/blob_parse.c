/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* bulla_blob_parse and bulla_blob_write, bulla_blob_to_text and bulla_blob_from_text (docs/FORMAT.md §2 and §3).
 *
 * Input: any bytes, taken for a blob, and for the text of one.
 *
 * Oracle: a plain model of the layout accepts the same bytes and sees the same parts; writing what was parsed
 * gives the same bytes; the text form is one-to-one. */

#include "fuzz/fuzz.h"

enum { HEADER_LEN = 18, KEY_ID_OFFSET = 2 };

/* model_nonce_len returns the length of the nonce if |bytes| have the form of a blob, or 0. */
static size_t model_nonce_len(struct bulla_span bytes) {
  if (bytes.len < HEADER_LEN || bytes.data[0] != 0xb1 || bytes.data[1] < 1 || bytes.data[1] > 4) {
    return 0;
  }
  static const size_t lens[] = {0, 12, 24, 12, 32};
  size_t nonce_len = lens[bytes.data[1]];
  return bytes.len >= HEADER_LEN + nonce_len + BULLA_TAG_LEN ? nonce_len : 0;
}

static void check_parts(const struct bulla_blob *blob, struct bulla_span bytes, size_t nonce_len) {
  const uint8_t *after_nonce = bytes.data + HEADER_LEN + nonce_len;
  FUZZ_ASSERT(blob->suite == bytes.data[1]);
  FUZZ_ASSERT(blob->header.data == bytes.data && blob->header.len == HEADER_LEN);
  FUZZ_ASSERT(blob->key_id.data == bytes.data + KEY_ID_OFFSET && blob->key_id.len == BULLA_KEY_ID_LEN);
  FUZZ_ASSERT(blob->nonce.data == bytes.data + HEADER_LEN && blob->nonce.len == nonce_len);
  FUZZ_ASSERT(blob->ciphertext.data == after_nonce);
  FUZZ_ASSERT(blob->tag.data == after_nonce + blob->ciphertext.len && blob->tag.len == BULLA_TAG_LEN);
  FUZZ_ASSERT(blob->tag.data + blob->tag.len == bytes.data + bytes.len);
}

static void check_write(const struct bulla_blob *blob, struct bulla_span bytes) {
  struct bulla_buffer again = bulla_buffer(fuzz_alloc(bytes.len), bytes.len);
  FUZZ_ASSERT(bulla_blob_write(&again, blob) == BULLA_OK);
  FUZZ_ASSERT(bulla_span_equal(bulla_written(&again), bytes));
  again.size--;
  FUZZ_ASSERT(bulla_blob_write(&again, blob) == BULLA_BUFFER_TOO_SMALL && fuzz_failed(&again));
  free(again.data);
}

/* check_text goes from a blob to text and back. */
static void check_text(struct bulla_span bytes) {
  size_t len = bulla_blob_text_len(bytes.len);
  struct bulla_buffer text = bulla_buffer(fuzz_alloc(len), len);
  struct bulla_buffer again = bulla_buffer(fuzz_alloc(bytes.len), bytes.len);
  FUZZ_ASSERT(bulla_blob_to_text(&text, bytes) == BULLA_OK && text.len == len);
  FUZZ_ASSERT(bulla_blob_from_text(&again, bulla_written(&text)) == BULLA_OK);
  FUZZ_ASSERT(bulla_span_equal(bulla_written(&again), bytes));
  free(again.data);
  free(text.data);
}

/* check_as_text takes the bytes for the text form, of which every blob has exactly one. */
static void check_as_text(struct bulla_span text) {
  struct bulla_buffer blob = bulla_buffer(fuzz_alloc(text.len), text.len);
  struct bulla_buffer again = bulla_buffer(fuzz_alloc(text.len), text.len);
  enum bulla_status status = bulla_blob_from_text(&blob, text);
  if (status == BULLA_OK) {
    FUZZ_ASSERT(model_nonce_len(bulla_written(&blob)) != 0);
    FUZZ_ASSERT(bulla_blob_to_text(&again, bulla_written(&blob)) == BULLA_OK);
    FUZZ_ASSERT(bulla_span_equal(bulla_written(&again), text));
  } else {
    FUZZ_ASSERT(status == BULLA_REFUSED && fuzz_failed(&blob));
  }
  free(again.data);
  free(blob.data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct bulla_span bytes = bulla_span(data, size);
  size_t nonce_len = model_nonce_len(bytes);
  struct bulla_blob blob;
  memset(&blob, FUZZ_FILL, sizeof(blob));
  enum bulla_status status = bulla_blob_parse(&blob, bytes);
  FUZZ_ASSERT(status == (nonce_len != 0 ? BULLA_OK : BULLA_REFUSED));
  if (status == BULLA_OK) {
    check_parts(&blob, bytes, nonce_len);
    check_write(&blob, bytes);
    check_text(bytes);
  } else {
    FUZZ_ASSERT(blob.tag.data == NULL && blob.header.len == 0);
  }
  check_as_text(bytes);
  return 0;
}
