/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Reading a JWK: RFC 7517 §4, RFC 7518 §6, RFC 8037 §2. Which members a kind of key has stands in core/jwk_parts.c;
 * what is private goes from the caller's text straight to the slab, in core/jwk_make.c. */

#include "core/cleanup.h"
#include "core/jwk_members.h"
#include "core/jwk_parts.h"
#include "core/log.h"
#include "core/scrub.h"

/* What "kid" and "alg" are unescaped to. */
struct room {
  uint8_t kid[BULLA_JWK_TEXT_MAX];
  uint8_t alg[BULLA_JWK_TEXT_MAX];
};

static enum bulla_status is_missing(struct bulla_span name) {
  return bulla_explain(BULLA_INVALID_TEXT, "JWK: \"%s\" is missing", name.data);
}

static enum bulla_status is_no_string(struct bulla_span name) {
  return bulla_explain(BULLA_INVALID_TEXT, "JWK: \"%s\" is no string", name.data);
}

/* Takes the string |name|, which must be there. */
static enum bulla_status take_string(const struct bulla_json_value **value, const struct bulla_jwk_members *members,
                                     struct bulla_span name) {
  *value = bulla_jwk_member(members, name);
  if (!bulla_jwk_has(members, name)) {
    return is_missing(name);
  }
  return (*value)->type == BULLA_JSON_STRING ? BULLA_OK : is_no_string(name);
}

static enum bulla_status take_kind(struct bulla_jwk_source *source, const struct bulla_jwk_kind **kind,
                                   const struct bulla_jwk_members *members) {
  const struct bulla_json_value *name;
  BULLA_TRY(take_string(&name, members, BULLA_LITERAL("kty")));
  size_t i = 0;
  while ((*kind = bulla_jwk_kind_at(i)) != NULL && !bulla_json_equal(name, (*kind)->name)) {
    i++;
  }
  if (*kind == NULL) {
    return bulla_explain(BULLA_UNSUPPORTED, "JWK: \"kty\" is none of oct, EC, OKP, RSA");
  }
  source->type = (*kind)->type;
  return BULLA_OK;
}

static enum bulla_status take_curve(struct bulla_jwk_source *source, const struct bulla_jwk_members *members) {
  if (source->type != BULLA_KEY_EC && source->type != BULLA_KEY_OKP) {
    return BULLA_OK;
  }
  const struct bulla_json_value *name;
  BULLA_TRY(take_string(&name, members, BULLA_LITERAL("crv")));
  for (enum bulla_curve curve = BULLA_CURVE_P256; curve <= BULLA_CURVE_X25519; curve++) {
    if (bulla_curve_type(curve) == source->type && bulla_json_equal(name, bulla_curve_name(curve))) {
      source->curve = curve;
      return BULLA_OK;
    }
  }
  return bulla_explain(BULLA_UNSUPPORTED, "JWK: \"crv\" is none of %s",
                       source->type == BULLA_KEY_EC ? "P-256, P-384, P-521" : "X25519");
}

/* Unescapes the string |name|, if it is there, into |room|. */
static enum bulla_status take_text(struct bulla_span *text, uint8_t room[BULLA_JWK_TEXT_MAX],
                                   const struct bulla_jwk_members *members, struct bulla_span name) {
  const struct bulla_json_value *value = bulla_jwk_member(members, name);
  if (!bulla_jwk_has(members, name)) {
    return BULLA_OK;
  }
  if (value->type != BULLA_JSON_STRING) {
    return is_no_string(name);
  }
  struct bulla_buffer plain = bulla_buffer(room, BULLA_JWK_TEXT_MAX);
  struct bulla_writer out = bulla_writer(&plain);
  bulla_json_unescape(&out, value);
  if (bulla_writer_finish(&out) != BULLA_OK) {
    return bulla_explain(BULLA_TOO_LARGE, "JWK: \"%s\" is longer than %d bytes", name.data, BULLA_JWK_TEXT_MAX);
  }
  *text = bulla_written(&plain);
  return BULLA_OK;
}

static enum bulla_status take_purposes(struct bulla_jwk_source *source, struct room *room,
                                       const struct bulla_jwk_members *members) {
  BULLA_TRY(take_text(&source->kid, room->kid, members, BULLA_LITERAL("kid")));
  BULLA_TRY(take_text(&source->alg, room->alg, members, BULLA_LITERAL("alg")));
  if (bulla_jwk_has(members, BULLA_LITERAL("use"))) {
    BULLA_TRY(bulla_jwk_read_use(source, bulla_jwk_member(members, BULLA_LITERAL("use"))));
  }
  return bulla_jwk_has(members, BULLA_LITERAL("key_ops"))
             ? bulla_jwk_read_key_ops(source, bulla_jwk_member(members, BULLA_LITERAL("key_ops")))
             : BULLA_OK;
}

static enum bulla_status take_parts(struct bulla_span *parts, const struct bulla_jwk_members *members,
                                    const struct bulla_span *names, size_t num) {
  for (size_t i = 0; i < num; i++) {
    const struct bulla_json_value *value;
    BULLA_TRY(take_string(&value, members, names[i]));
    parts[i] = value->text;
  }
  return BULLA_OK;
}

/* RFC 7518 §6.3.2: the others may be absent together, which takes too long to open with, and so is not for us. */
static enum bulla_status check_rsa_members(const struct bulla_jwk_members *members, const struct bulla_jwk_kind *kind) {
  if (bulla_jwk_has(members, BULLA_LITERAL("oth"))) {
    return bulla_explain(BULLA_UNSUPPORTED, "JWK: an RSA key of more than two primes");
  }
  size_t num_others = 0;
  for (size_t i = 1; i < kind->num_hidden; i++) {
    num_others += bulla_jwk_has(members, kind->hidden[i]) ? 1 : 0;
  }
  bool has_exponent = bulla_jwk_has(members, kind->hidden[0]);
  if (num_others > 0 && !has_exponent) {
    return is_missing(kind->hidden[0]);
  }
  return num_others == 0 && has_exponent ? bulla_explain(BULLA_UNSUPPORTED, "JWK: a private RSA key without its primes")
                                         : BULLA_OK;
}

static enum bulla_status make_from(struct bulla_jwk **jwk, const struct bulla_jwk_members *members) {
  struct bulla_jwk_source source = {.is_text = true};
  const struct bulla_jwk_kind *kind;
  struct room room;
  BULLA_TRY(take_kind(&source, &kind, members));
  BULLA_TRY(take_curve(&source, members));
  BULLA_TRY(take_purposes(&source, &room, members));
  if (source.type == BULLA_KEY_RSA) {
    BULLA_TRY(check_rsa_members(members, kind));
  }
  BULLA_TRY(take_parts(source.open, members, kind->open, kind->num_open));
  source.has_private = source.type == BULLA_KEY_OCT || bulla_jwk_has(members, kind->hidden[0]);
  if (source.has_private) {
    BULLA_TRY(take_parts(source.hidden, members, kind->hidden, kind->num_hidden));
  }
  return bulla_jwk_make(jwk, &source);
}

enum bulla_status bulla_jwk_parse(struct bulla_jwk **jwk, struct bulla_span json) {
  struct bulla_jwk_members members;
  const char *why = "";
  *jwk = NULL;
  if (json.len > BULLA_JWK_MAX) {
    return bulla_explain(BULLA_TOO_LARGE, "JWK: longer than %d bytes", BULLA_JWK_MAX);
  }
  enum bulla_status status = bulla_jwk_read_members(&members, &why, json);
  status = status == BULLA_OK ? make_from(jwk, &members) : bulla_explain(status, "JWK: %s", why);
  /* The reader of JSON has had the text of the private part in registers. */
  bulla_scrub(BULLA_SCRUB_DEPTH);
  return status;
}
