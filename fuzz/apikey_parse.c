/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* bulla_apikey_parse (docs/FORMAT.md §5).
 *
 * Input: the string of an API key, or what is meant to be one. If it is one, its characters choose one of them to
 * be changed.
 *
 * Oracle: the format read plainly, with nettle's SHA-256 and HKDF: the same strings are keys, with the same id,
 * hash and token root; printing id, secret and checksum again gives the string; with any character changed it is
 * none. */

#include <bulla/token.h>

#include "fuzz/fuzz.h"
#include "fuzz/model_crypto.h"
#include "fuzz/model_hex.h"
#include "fuzz/mutate.h"

enum { ID_AT = 6, SECRET_AT = 23, CHECKSUM_AT = 87, DIGEST_LEN = 32 };

/* print writes a key string. */
static void print(char *string, const uint8_t *id, const uint8_t *secret) {
  uint8_t digest[DIGEST_LEN];
  memcpy(string, "bulla_", ID_AT);
  model_put_digits(string + ID_AT, id, BULLA_APIKEY_ID_LEN / 2);
  string[SECRET_AT - 1] = '_';
  model_put_digits(string + SECRET_AT, secret, BULLA_KEY_LEN);
  model_sha256(digest, bulla_span(string, CHECKSUM_AT));
  model_put_digits(string + CHECKSUM_AT, digest, 4);
}

static bool model_parse(uint8_t *secret, struct bulla_span string) {
  uint8_t id[BULLA_APIKEY_ID_LEN / 2] = {0};
  char printed[BULLA_APIKEY_LEN + 1];
  if (string.len != BULLA_APIKEY_LEN || !model_read_digits(id, string.data + ID_AT, sizeof(id)) ||
      !model_read_digits(secret, string.data + SECRET_AT, BULLA_KEY_LEN)) {
    return false;
  }
  print(printed, id, secret);
  return memcmp(printed, string.data, string.len) == 0;
}

/* without_newline drops one newline, with or without a carriage return, from the end. */
static struct bulla_span without_newline(struct bulla_span string) {
  if (string.len > 0 && string.data[string.len - 1] == '\n') {
    string.len--;
    string.len -= string.len > 0 && string.data[string.len - 1] == '\r' ? 1 : 0;
  }
  return string;
}

static void check_parsed(const struct bulla_apikey *apikey, struct bulla_span string, const uint8_t *secret) {
  uint8_t hash[DIGEST_LEN];
  uint8_t root[BULLA_KEY_LEN];
  model_sha256(hash, string);
  model_expand(root, sizeof(root), bulla_span(secret, BULLA_KEY_LEN), BULLA_LITERAL("bulla/v1/token-root"));
  FUZZ_ASSERT(bulla_span_equal(bulla_apikey_id(apikey), bulla_span(string.data + ID_AT, BULLA_APIKEY_ID_LEN)));
  FUZZ_ASSERT(bulla_span_equal(bulla_apikey_hash(apikey), bulla_span(hash, sizeof(hash))));
  FUZZ_ASSERT(bulla_span_equal(bulla_secret_bytes(bulla_apikey_token_root(apikey)), bulla_span(root, sizeof(root))));
}

/* check_changed parses |string| with one character changed, which its digits choose. */
static void check_changed(struct bulla_span string) {
  struct bulla_apikey *apikey = NULL;
  uint8_t *changed = fuzz_alloc(string.len);
  memcpy(changed, string.data, string.len);
  changed[(string.data[SECRET_AT] * 16U + string.data[SECRET_AT + 1]) % string.len] ^=
      (uint8_t)(1 + (string.data[SECRET_AT + 2] * 16U + string.data[SECRET_AT + 3]) % 255);
  FUZZ_ASSERT(bulla_apikey_parse(&apikey, bulla_span(changed, string.len)) == BULLA_REFUSED && apikey == NULL);
  free(changed);
}

/* check_generated has a key made, once. */
static void check_generated(void) {
  static bool done;
  struct bulla_apikey *apikey = NULL;
  struct bulla_secret *string = NULL;
  uint8_t secret[BULLA_KEY_LEN] = {0};
  if (!done) {
    done = true;
    FUZZ_ASSERT(bulla_apikey_generate(&apikey, &string) == BULLA_OK);
    FUZZ_ASSERT(model_parse(secret, bulla_secret_bytes(string)));
    check_parsed(apikey, bulla_secret_bytes(string), secret);
    bulla_apikey_free(&apikey);
    bulla_secret_free(&string);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct bulla_span string = bulla_span(data, size);
  struct bulla_apikey *apikey = NULL;
  uint8_t secret[BULLA_KEY_LEN] = {0};
  check_generated();
  enum bulla_status status = bulla_apikey_parse(&apikey, string);
  string = without_newline(string);
  bool good = model_parse(secret, string);
  FUZZ_ASSERT(status == (good ? BULLA_OK : BULLA_REFUSED));
  FUZZ_ASSERT((apikey != NULL) == good);
  if (good) {
    fuzz_num_passed++;
    check_parsed(apikey, string, secret);
    check_changed(string);
  }
  bulla_apikey_free(&apikey);
  return 0;
}

/* The second part is id and secret. */
static bool open_string(struct fuzz_part *parts, const uint8_t *choices, struct bulla_span string) {
  (void)choices;
  memset(parts[1].bytes, 0, BULLA_APIKEY_LEN);
  parts[0].len = 0;
  parts[1].len = BULLA_APIKEY_ID_LEN / 2 + BULLA_KEY_LEN;
  return string.len == BULLA_APIKEY_LEN &&
         model_read_digits(parts[1].bytes, string.data + ID_AT, BULLA_APIKEY_ID_LEN / 2) &&
         model_read_digits(parts[1].bytes + BULLA_APIKEY_ID_LEN / 2, string.data + SECRET_AT, BULLA_KEY_LEN);
}

static size_t seal_string(uint8_t *string, size_t max_len, const uint8_t *choices, const struct fuzz_part *parts) {
  char printed[BULLA_APIKEY_LEN + 1];
  uint8_t bytes[BULLA_APIKEY_ID_LEN / 2 + BULLA_KEY_LEN] = {0};
  (void)choices;
  if (max_len < BULLA_APIKEY_LEN) {
    return 0;
  }
  memcpy(bytes, parts[1].bytes, parts[1].len < sizeof(bytes) ? parts[1].len : sizeof(bytes));
  print(printed, bytes, bytes + BULLA_APIKEY_ID_LEN / 2);
  memcpy(string, printed, BULLA_APIKEY_LEN);
  return BULLA_APIKEY_LEN;
}

const struct fuzz_form fuzz_form = {0, open_string, seal_string, {false, false}, {NULL, 0}};
