/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* A day's key as a JWK (RFC 7517, RFC 7518 §6.4). "alg" names the content encryption, as there is no other use for
 * the key: libraries that compare it with a token's header take that for "dir", and some do not take "dir". */

#include "core/base64url.h"
#include "core/cleanup.h"
#include "core/json.h"
#include "token/day_key.h"

enum { MAX_JWK = 192, KEY_DIGITS = 43 };

static void put_member(struct bulla_json_writer *out, struct bulla_span name, struct bulla_span text) {
  bulla_json_name(out, name);
  bulla_json_string(out, text);
}

static enum bulla_status write_jwk(struct bulla_buffer *json, const struct bulla_secret *cek, struct bulla_span kid) {
  struct bulla_json_writer out = bulla_json_writer(json);
  bulla_json_begin(&out, '{');
  put_member(&out, BULLA_LITERAL("kty"), BULLA_LITERAL("oct"));
  put_member(&out, BULLA_LITERAL("alg"), BULLA_LITERAL("A256GCM"));
  put_member(&out, BULLA_LITERAL("use"), BULLA_LITERAL("enc"));
  put_member(&out, BULLA_LITERAL("kid"), kid);
  bulla_json_name(&out, BULLA_LITERAL("k"));
  /* Not by bulla_json_string, which looks at every character. */
  bulla_put_byte(&out.bytes, '"');
  uint8_t *digits = bulla_give(&out.bytes, KEY_DIGITS);
  bulla_put_byte(&out.bytes, '"');
  bulla_json_end(&out, '}');
  BULLA_TRY(bulla_json_finish(&out));
  bulla_base64url_encode_secret(digits, bulla_secret_bytes(cek));
  return BULLA_OK;
}

enum bulla_status bulla_apikey_day_jwk(struct bulla_secret **jwk, const struct bulla_secret *root,
                                       struct bulla_span key_id, int64_t day) {
  *jwk = NULL;
  if (!bulla_is_key_id(key_id) || day < 0 || day > BULLA_DAY_LAST) {
    return BULLA_INVALID_ARGUMENT;
  }
  uint8_t kid_room[BULLA_KID_MAX];
  struct bulla_buffer kid = bulla_buffer(kid_room, sizeof(kid_room));
  bulla_day_kid(&kid, key_id, day);
  struct bulla_secret *cek BULLA_CLEANUP(bulla_secret_free) = NULL;
  struct bulla_secret *made BULLA_CLEANUP(bulla_secret_free) = NULL;
  BULLA_TRY(bulla_day_cek(&cek, root, day));
  BULLA_TRY(bulla_secret_new(&made, MAX_JWK));
  struct bulla_buffer json = bulla_buffer(bulla_secret_data(made), MAX_JWK);
  BULLA_TRY(write_jwk(&json, cek, bulla_written(&kid)));
  bulla_secret_truncate(made, json.len);
  *jwk = made;
  made = NULL;
  return BULLA_OK;
}
