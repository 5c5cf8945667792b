/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Day keys, see token/day_key.h. */

#include "token/day_key.h"

#include <string.h>

#include "core/base64url.h"
#include "core/cleanup.h"
#include "core/json.h"

enum { MAX_HEADER_JSON = BULLA_DAY_HEADER_MAX / 4 * 3 };

void bulla_day_kid(struct bulla_buffer *kid, struct bulla_span key_id, int64_t day) {
  struct bulla_writer out = bulla_writer(kid);
  bulla_put(&out, key_id);
  bulla_put_byte(&out, '.');
  struct bulla_buffer rest = bulla_buffer(kid->data + kid->len, kid->size - kid->len);
  struct bulla_json_writer number = bulla_json_writer(&rest);
  bulla_json_int(&number, day);
  kid->len += rest.len;
}

void bulla_day_key_name(struct bulla_day_key *key, struct bulla_span key_id, int64_t day) {
  uint8_t kid_room[BULLA_KID_MAX];
  struct bulla_buffer kid = bulla_buffer(kid_room, sizeof(kid_room));
  bulla_day_kid(&kid, key_id, day);

  uint8_t json_room[MAX_HEADER_JSON];
  struct bulla_buffer json = bulla_buffer(json_room, sizeof(json_room));
  struct bulla_json_writer out = bulla_json_writer(&json);
  bulla_json_begin(&out, '{');
  bulla_json_name(&out, BULLA_LITERAL("alg"));
  bulla_json_string(&out, BULLA_LITERAL("dir"));
  bulla_json_name(&out, BULLA_LITERAL("enc"));
  bulla_json_string(&out, BULLA_LITERAL("A256GCM"));
  bulla_json_name(&out, BULLA_LITERAL("typ"));
  bulla_json_string(&out, BULLA_LITERAL("JWT"));
  bulla_json_name(&out, BULLA_LITERAL("kid"));
  bulla_json_string(&out, bulla_written(&kid));
  bulla_json_end(&out, '}');

  memcpy(key->key_id, key_id.data, BULLA_APIKEY_ID_LEN);
  key->day = day;
  key->header_len = bulla_base64url_encoded_len(json.len);
  bulla_base64url_encode(key->header, bulla_written(&json));
}

enum bulla_status bulla_day_cek(struct bulla_secret **cek, const struct bulla_secret *root, int64_t day) {
  uint8_t info_room[32];
  struct bulla_buffer info = bulla_buffer(info_room, sizeof(info_room));
  struct bulla_writer out = bulla_writer(&info);
  bulla_put(&out, BULLA_LITERAL("bulla/v1/token"));
  bulla_put_be(&out, (uint64_t)day, 4);
  return bulla_secret_expand(cek, root, bulla_written(&info));
}

enum bulla_status bulla_day_key_derive(struct bulla_day_key *key, const struct bulla_secret *root) {
  struct bulla_secret *cek BULLA_CLEANUP(bulla_secret_free) = NULL;
  BULLA_TRY(bulla_day_cek(&cek, root, key->day));
  return bulla_aead_new(&key->aead, bulla_secret_bytes(cek));
}

void bulla_day_key_clear(struct bulla_day_key *key) {
  bulla_aead_free(&key->aead);
}
