/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Sealed blobs, docs/FORMAT.md §2. Of any bytes: the parser accepts what a plain model of the layout accepts, and
 * writing what was parsed gives the same bytes; the text form is one-to-one; and nothing opens under a key that
 * never sealed it, not even when the bytes name that key. */

#include "fuzz/fuzz.h"

enum { HEADER_LEN = 18, KEY_ID_OFFSET = 2 };

/* model_nonce_len returns the length of the nonce if |bytes| have the form of a blob, or 0. */
static size_t model_nonce_len(struct bulla_span bytes) {
  if (bytes.len < HEADER_LEN || bytes.data[0] != 0xb1 || bytes.data[1] < 1 || bytes.data[1] > 3) {
    return 0;
  }
  size_t nonce_len = bytes.data[1] == BULLA_XAES_256_GCM ? 24 : 12;
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

/* check_forgery opens |bytes|, as they are and naming |key|. */
static void check_forgery(struct bulla_key *key, struct bulla_span bytes) {
  uint8_t *forged = fuzz_alloc(bytes.len);
  struct bulla_buffer plaintext = bulla_buffer(fuzz_alloc(bytes.len), bytes.len);
  FUZZ_ASSERT(bulla_open(key, &plaintext, bytes, BULLA_LITERAL("fuzz")) == BULLA_REFUSED);
  FUZZ_ASSERT(fuzz_failed(&plaintext));
  if (bytes.len >= HEADER_LEN) {
    memcpy(forged, bytes.data, bytes.len);
    forged[1] = (uint8_t)bulla_key_suite(key);
    memcpy(forged + KEY_ID_OFFSET, bulla_key_id(key).data, BULLA_KEY_ID_LEN);
    FUZZ_ASSERT(bulla_open(key, &plaintext, bulla_span(forged, bytes.len), BULLA_LITERAL("fuzz")) ==
                BULLA_REFUSED);
    FUZZ_ASSERT(fuzz_failed(&plaintext));
  }
  free(plaintext.data);
  free(forged);
}

/* check_seal seals the bytes, opens the blob, and opens it no more once the bit that they choose is changed. */
static void check_seal(struct bulla_key *key, struct bulla_span bytes) {
  size_t len = bulla_sealed_len(bulla_key_suite(key), bytes.len);
  struct bulla_buffer blob = bulla_buffer(fuzz_alloc(len), len);
  struct bulla_buffer plaintext = bulla_buffer(fuzz_alloc(bytes.len), bytes.len);
  FUZZ_ASSERT(bulla_seal(key, &blob, bytes, bytes) == BULLA_OK && blob.len == len);
  FUZZ_ASSERT(bulla_open(key, &plaintext, bulla_written(&blob), bytes) == BULLA_OK);
  FUZZ_ASSERT(bulla_span_equal(bulla_written(&plaintext), bytes));
  size_t choice = bytes.len == 0 ? 0 : (size_t)bytes.data[0] | (size_t)bytes.data[bytes.len - 1] << 8;
  blob.data[choice / 8 % len] ^= (uint8_t)(1 << choice % 8);
  FUZZ_ASSERT(bulla_open(key, &plaintext, bulla_written(&blob), bytes) == BULLA_REFUSED && plaintext.len == 0);
  free(plaintext.data);
  free(blob.data);
}

static struct bulla_key *new_key(enum bulla_suite suite) {
  struct bulla_secret *material = NULL;
  struct bulla_key *key = NULL;
  FUZZ_ASSERT(bulla_secret_random(&material, BULLA_KEY_LEN) == BULLA_OK);
  FUZZ_ASSERT(bulla_key_new(&key, suite, material) == BULLA_OK);
  bulla_secret_free(&material);
  return key;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static struct bulla_key *keys[2];
  if (keys[0] == NULL) {
    keys[0] = new_key(BULLA_AES_256_GCM);
    keys[1] = new_key(BULLA_XAES_256_GCM);
  }
  struct bulla_span bytes = bulla_span(data, size);
  size_t nonce_len = model_nonce_len(bytes);
  struct bulla_blob blob;
  enum bulla_status status = bulla_blob_parse(&blob, bytes);
  FUZZ_ASSERT(status == (nonce_len != 0 ? BULLA_OK : BULLA_REFUSED));
  if (status == BULLA_OK) {
    check_parts(&blob, bytes, nonce_len);
    check_write(&blob, bytes);
    check_text(bytes);
  }
  check_as_text(bytes);
  for (size_t i = 0; i < 2; i++) {
    check_forgery(keys[i], bytes);
    check_seal(keys[i], bytes);
  }
  return 0;
}
