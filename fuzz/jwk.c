/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* bulla_apikey_day_jwk.
 *
 * Input: one byte, whose key; sixteen, a key id; four, a day; and a token root, of a stranger's key.
 *
 * Oracle: docs/FORMAT.md §6 by nettle says which arguments are good and every byte of the JWK. jansson reads it,
 * and what is in it: "k" of an own key opens the token that the key mints on that day. */

#include <bulla/jose.h>
#include <bulla/token.h>

#include "fuzz/fuzz.h"
#include "fuzz/model_crypto.h"
#include "fuzz/model_json.h"

enum { STRANGER = 1, SECONDS_PER_DAY = 86400, KEY_DIGITS = 43 };

static struct bulla_apikey *apikey;
static struct bulla_minter *minter;

static void set_up(void) {
  const char *string = "bulla_0001020304050607_66757a7a20746172676574732073686172652074686973206f70656e206b6579";
  char whole[BULLA_APIKEY_LEN + 1];
  uint8_t digest[32];
  model_sha256(digest, bulla_span(string, strlen(string)));
  (void)snprintf(whole, sizeof(whole), "%s%02x%02x%02x%02x", string, (unsigned)digest[0], (unsigned)digest[1],
                 (unsigned)digest[2], (unsigned)digest[3]);
  FUZZ_ASSERT(bulla_apikey_parse(&apikey, bulla_span(whole, BULLA_APIKEY_LEN)) == BULLA_OK);
  FUZZ_ASSERT(bulla_minter_new(&minter, apikey) == BULLA_OK);
}

/* model_jwk writes the JWK as the format has it. */
static void model_jwk(char *jwk, size_t size, struct bulla_span root, struct bulla_span key_id, int64_t day) {
  uint8_t info[] = {"bulla/v1/token????"};
  uint8_t cek[BULLA_KEY_LEN];
  uint8_t digits[KEY_DIGITS + 4];
  for (size_t i = 0; i < 4; i++) {
    info[sizeof(info) - 5 + i] = (uint8_t)(day >> (24 - 8 * i));
  }
  model_expand(cek, sizeof(cek), root, bulla_span(info, sizeof(info) - 1));
  FUZZ_ASSERT(model_base64url_encode(digits, bulla_span(cek, sizeof(cek))) == KEY_DIGITS);
  (void)snprintf(jwk, size,
                 "{\"kty\":\"oct\",\"alg\":\"A256GCM\",\"use\":\"enc\",\"kid\":\"%.*s.%lld\",\"k\":\"%.*s\"}",
                 (int)key_id.len, (const char *)key_id.data, (long long)day, KEY_DIGITS, (const char *)digits);
}

/* check_opens opens a token that the own key mints on |day| with what |jwk| says, and nothing else. */
static void check_opens(struct bulla_span jwk, int64_t day) {
  uint8_t bytes[KEY_DIGITS];
  uint8_t room[512];
  uint8_t plaintext_room[sizeof(room)];
  struct bulla_buffer token = bulla_buffer(room, sizeof(room));
  struct bulla_buffer plaintext = bulla_buffer(plaintext_room, sizeof(plaintext_room));
  struct bulla_secret *material = NULL;
  struct bulla_jwe_key *key = NULL;
  size_t len = 0;
  const struct bulla_claims claims = {.size = sizeof(struct bulla_claims),
                                      .org = BULLA_LITERAL("acme"),
                                      .sub = BULLA_LITERAL("alice"),
                                      .iat = day * SECONDS_PER_DAY + day % 1000};
  json_t *tree = model_json_load(jwk);
  FUZZ_ASSERT(json_object_size(tree) == 5);
  FUZZ_ASSERT(model_base64url_decode(bytes, &len, model_json_string(json_object_get(tree, "k"))));
  FUZZ_ASSERT(bulla_secret_copy(&material, bulla_span(bytes, len)) == BULLA_OK);
  FUZZ_ASSERT(bulla_jwe_key_new(&key, BULLA_JWE_DIR, BULLA_JWE_A256GCM, material,
                                model_json_string(json_object_get(tree, "kid"))) == BULLA_OK);
  FUZZ_ASSERT(bulla_token_mint(minter, &token, &claims) == BULLA_OK);
  FUZZ_ASSERT(bulla_jwe_decrypt(key, &plaintext, bulla_written(&token)) == BULLA_OK);
  json_t *opened = model_json_load(bulla_written(&plaintext));
  FUZZ_ASSERT(json_integer_value(json_object_get(opened, "iat")) == claims.iat);
  bulla_jwe_key_free(&key);
  bulla_secret_free(&material);
}

static bool is_key_id(struct bulla_span text) {
  for (size_t i = 0; i < text.len; i++) {
    if (text.data[i] == 0 || strchr("0123456789abcdef", text.data[i]) == NULL) {
      return false;
    }
  }
  return text.len == BULLA_APIKEY_ID_LEN;
}

static void check_jwk(bool is_own, struct bulla_span root, struct bulla_span key_id, int64_t day) {
  struct bulla_secret *secret = NULL;
  struct bulla_secret *jwk = NULL;
  char wanted[192];
  FUZZ_ASSERT(bulla_secret_copy(&secret, root) == BULLA_OK);
  bool good = is_key_id(key_id) && day >= 0 && day <= BULLA_DAY_LAST && root.len == BULLA_KEY_LEN;
  enum bulla_status status = bulla_apikey_day_jwk(&jwk, secret, key_id, day);
  FUZZ_ASSERT(status == (good ? BULLA_OK : BULLA_INVALID_ARGUMENT));
  FUZZ_ASSERT((jwk != NULL) == good);
  if (good) {
    model_jwk(wanted, sizeof(wanted), root, key_id, day);
    FUZZ_ASSERT(bulla_span_equal(bulla_secret_bytes(jwk), bulla_span(wanted, strlen(wanted))));
    /* The last day has no second that a whole lifetime could follow. */
    if (is_own && day < BULLA_DAY_LAST) {
      check_opens(bulla_secret_bytes(jwk), day);
    }
  }
  bulla_secret_free(&jwk);
  bulla_secret_free(&secret);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct bulla_reader in = bulla_reader(bulla_span(data, size));
  uint8_t key_id_room[BULLA_APIKEY_ID_LEN];
  uint8_t day_room[4];
  uint8_t whose;
  if (apikey == NULL) {
    set_up();
  }
  model_json_begin();
  (void)fuzz_take(&in, &whose, 1);
  struct bulla_span key_id = fuzz_take(&in, key_id_room, sizeof(key_id_room));
  (void)fuzz_take(&in, day_room, sizeof(day_room));
  uint32_t bits = 0;
  for (size_t i = 0; i < sizeof(day_room); i++) {
    bits = bits << 8 | day_room[i];
  }
  int64_t day = (int32_t)bits;
  if (whose % 2 == STRANGER) {
    check_jwk(false, bulla_span(in.at, in.left), key_id, day);
    check_jwk(false, MODEL_KEY, bulla_span(in.at, in.left), day);
  } else {
    check_jwk(true, bulla_secret_bytes(bulla_apikey_token_root(apikey)), bulla_apikey_id(apikey), day);
  }
  return 0;
}
