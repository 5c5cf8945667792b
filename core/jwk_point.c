/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Public keys of curves as JWKs, as "epk" has them: RFC 7518 §4.6.1.1. Nothing is allocated, and nothing logged: they
 * come with each message. */

#include "core/base64url.h"
#include "core/jwk_members.h"
#include "core/jwk_parts.h"

void bulla_jwk_put_base64url(struct bulla_json_writer *out, struct bulla_span name, struct bulla_span bytes) {
  bulla_json_name(out, name);
  bulla_json_text(out, BULLA_LITERAL("\""));
  uint8_t *room = bulla_give(&out->bytes, bulla_base64url_encoded_len(bytes.len));
  if (room != NULL) {
    bulla_base64url_encode_secret(room, bytes);
  }
  bulla_put_byte(&out->bytes, '"');
}

/* Decodes the coordinate |name|, of |len| bytes. */
static bool take_coordinate(uint8_t *bytes, size_t len, const struct bulla_jwk_members *members,
                            struct bulla_span name) {
  const struct bulla_json_value *value = bulla_jwk_member(members, name);
  return value->type == BULLA_JSON_STRING && value->text.len == bulla_base64url_encoded_len(len) &&
         bulla_base64url_decode(bytes, value->text);
}

enum bulla_status bulla_jwk_public_point(uint8_t *point, enum bulla_curve curve, struct bulla_span json) {
  const struct bulla_jwk_kind *kind = bulla_jwk_kind(bulla_curve_type(curve));
  struct bulla_jwk_members members;
  const char *why;
  size_t len = bulla_curve_len(curve);
  if (bulla_jwk_read_members(&members, &why, json) != BULLA_OK ||
      !bulla_json_equal(bulla_jwk_member(&members, BULLA_LITERAL("kty")), kind->name) ||
      !bulla_json_equal(bulla_jwk_member(&members, BULLA_LITERAL("crv")), bulla_curve_name(curve)) ||
      bulla_jwk_has(&members, kind->hidden[0])) {
    return BULLA_REFUSED;
  }
  for (size_t i = 0; i < kind->num_open; i++) {
    if (!take_coordinate(point + i * len, len, &members, kind->open[i])) {
      return BULLA_REFUSED;
    }
  }
  return BULLA_OK;
}

void bulla_jwk_put_point(struct bulla_json_writer *out, enum bulla_curve curve, const uint8_t *point) {
  const struct bulla_jwk_kind *kind = bulla_jwk_kind(bulla_curve_type(curve));
  size_t len = bulla_curve_len(curve);
  bulla_json_begin(out, '{');
  bulla_json_name(out, BULLA_LITERAL("kty"));
  bulla_json_string(out, kind->name);
  bulla_json_name(out, BULLA_LITERAL("crv"));
  bulla_json_string(out, bulla_curve_name(curve));
  for (size_t i = 0; i < kind->num_open; i++) {
    bulla_jwk_put_base64url(out, kind->open[i], bulla_span(point + i * len, len));
  }
  bulla_json_end(out, '}');
}
