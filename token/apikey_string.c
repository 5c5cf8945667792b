/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* API keys (docs/FORMAT.md §5):
 *
 *   "bulla_" | id, 16 digits | "_" | secret, 64 digits | checksum, 8 digits
 *
 * One word to a double click, a fixed prefix for scanners. The checksum catches slips; it proves nothing. */

#include <stdlib.h>
#include <string.h>

#include <bulla/token.h>

#include "core/cleanup.h"
#include "core/crypto.h"
#include "core/cursor.h"
#include "core/hex.h"
#include "token/day_key.h"

enum {
  ID_BYTES = BULLA_APIKEY_ID_LEN / 2,
  CHECKSUM_BYTES = 4,
  CHECKED_LEN = BULLA_APIKEY_LEN - 2 * CHECKSUM_BYTES, /* digits that the checksum is over */
};

struct bulla_apikey {
  uint8_t id[BULLA_APIKEY_ID_LEN];
  uint8_t hash[BULLA_APIKEY_HASH_LEN];
  struct bulla_secret *root;
};

void bulla_apikey_free(struct bulla_apikey **apikey) {
  struct bulla_apikey *handle = *apikey;
  if (handle == NULL) {
    return;
  }
  bulla_secret_free(&handle->root);
  free(handle);
  *apikey = NULL;
}

/* Fills |digits| with the checksum of the beginning of a key string. The digest is not secret where the string
 * is not, and the slab holds it. */
static enum bulla_status checksum(uint8_t *digits, struct bulla_span string) {
  struct bulla_secret *digest BULLA_CLEANUP(bulla_secret_free) = NULL;
  BULLA_TRY(bulla_secret_new(&digest, BULLA_SHA256_LEN));
  BULLA_TRY(bulla_sha256(bulla_secret_data(digest), bulla_span(string.data, CHECKED_LEN)));
  bulla_hex_encode(digits, bulla_span(bulla_secret_data(digest), CHECKSUM_BYTES));
  return BULLA_OK;
}

/* The id and the secret's digits in a string of the right form. */
struct parts {
  struct bulla_span id;
  struct bulla_span secret;
  struct bulla_span checksum;
};

static bool split(struct parts *parts, struct bulla_span string) {
  struct bulla_reader in = bulla_reader(string);
  struct bulla_span prefix;
  struct bulla_span mark;
  return string.len == BULLA_APIKEY_LEN && bulla_take(&in, &prefix, 6) &&
         bulla_span_equal(prefix, BULLA_LITERAL("bulla_")) && bulla_take(&in, &parts->id, BULLA_APIKEY_ID_LEN) &&
         bulla_take(&in, &mark, 1) && bulla_span_equal(mark, BULLA_LITERAL("_")) &&
         bulla_take(&in, &parts->secret, 2 * BULLA_KEY_LEN) && bulla_take(&in, &parts->checksum, 2 * CHECKSUM_BYTES);
}

/* Drops what the end of a line adds to |string|. No byte that may be one of the key is looked at. */
static struct bulla_span without_newline(struct bulla_span string) {
  if (string.len <= BULLA_APIKEY_LEN) {
    return string;
  }
  struct bulla_span rest = bulla_span(string.data + BULLA_APIKEY_LEN, string.len - BULLA_APIKEY_LEN);
  bool is_newline = bulla_span_equal(rest, BULLA_LITERAL("\n")) || bulla_span_equal(rest, BULLA_LITERAL("\r\n"));
  return is_newline ? bulla_span(string.data, BULLA_APIKEY_LEN) : string;
}

static enum bulla_status fill(struct bulla_apikey *apikey, struct bulla_span string) {
  struct parts parts;
  struct bulla_secret *expected BULLA_CLEANUP(bulla_secret_free) = NULL;
  BULLA_TRY(bulla_secret_new(&expected, 2 * CHECKSUM_BYTES));
  if (!split(&parts, string) || !bulla_is_key_id(parts.id)) {
    return BULLA_REFUSED;
  }
  BULLA_TRY(checksum(bulla_secret_data(expected), string));
  if (!bulla_secret_equal(bulla_secret_bytes(expected), parts.checksum)) {
    return BULLA_REFUSED;
  }
  struct bulla_secret *secret BULLA_CLEANUP(bulla_secret_free) = NULL;
  BULLA_TRY(bulla_secret_new(&secret, BULLA_KEY_LEN));
  if (!bulla_hex_decode(bulla_secret_data(secret), parts.secret)) {
    return BULLA_REFUSED;
  }
  /* Digits are read in either case; a key is to have one string, and so one hash. */
  struct bulla_secret *digits BULLA_CLEANUP(bulla_secret_free) = NULL;
  BULLA_TRY(bulla_secret_new(&digits, 2 * BULLA_KEY_LEN));
  bulla_hex_encode(bulla_secret_data(digits), bulla_secret_bytes(secret));
  if (!bulla_secret_equal(bulla_secret_bytes(digits), parts.secret)) {
    return BULLA_REFUSED;
  }
  memcpy(apikey->id, parts.id.data, BULLA_APIKEY_ID_LEN);
  BULLA_TRY(bulla_sha256(apikey->hash, string));
  return bulla_secret_expand(&apikey->root, secret, BULLA_LITERAL("bulla/v1/token-root"));
}

enum bulla_status bulla_apikey_parse(struct bulla_apikey **apikey, struct bulla_span string) {
  *apikey = NULL;
  struct bulla_apikey *made = calloc(1, sizeof(*made));
  if (made == NULL) {
    return BULLA_NO_MEMORY;
  }
  enum bulla_status status = fill(made, without_newline(string));
  if (status != BULLA_OK) {
    bulla_apikey_free(&made);
  }
  *apikey = made;
  return status;
}

/* Writes the string of a new key into |string|. */
static enum bulla_status compose(struct bulla_secret *string) {
  struct bulla_secret *bytes BULLA_CLEANUP(bulla_secret_free) = NULL;
  BULLA_TRY(bulla_secret_random(&bytes, ID_BYTES + BULLA_KEY_LEN));
  const uint8_t *random = bulla_secret_data(bytes);
  struct bulla_buffer room = bulla_buffer(bulla_secret_data(string), BULLA_APIKEY_LEN);
  struct bulla_writer out = bulla_writer(&room);
  bulla_put(&out, BULLA_LITERAL("bulla_"));
  bulla_hex_encode(bulla_give(&out, BULLA_APIKEY_ID_LEN), bulla_span(random, ID_BYTES));
  bulla_put_byte(&out, '_');
  bulla_hex_encode(bulla_give(&out, 2 * BULLA_KEY_LEN), bulla_span(random + ID_BYTES, BULLA_KEY_LEN));
  return checksum(bulla_give(&out, 2 * CHECKSUM_BYTES), bulla_span(room.data, CHECKED_LEN));
}

enum bulla_status bulla_apikey_generate(struct bulla_apikey **apikey, struct bulla_secret **string) {
  *apikey = NULL;
  BULLA_TRY(bulla_secret_new(string, BULLA_APIKEY_LEN));
  enum bulla_status status = compose(*string);
  if (status == BULLA_OK) {
    status = bulla_apikey_parse(apikey, bulla_secret_bytes(*string));
  }
  if (status != BULLA_OK) {
    bulla_secret_free(string);
  }
  return status;
}

struct bulla_span bulla_apikey_id(const struct bulla_apikey *apikey) {
  return bulla_span(apikey->id, BULLA_APIKEY_ID_LEN);
}

struct bulla_span bulla_apikey_hash(const struct bulla_apikey *apikey) {
  return bulla_span(apikey->hash, BULLA_APIKEY_HASH_LEN);
}

const struct bulla_secret *bulla_apikey_token_root(const struct bulla_apikey *apikey) {
  return apikey->root;
}
