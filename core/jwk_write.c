/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Writing a JWK, and its thumbprint (RFC 7638). What is secret is written in the slab. */

#include "core/cleanup.h"
#include "core/crypto.h"
#include "core/jwk_parts.h"
#include "core/number.h"
#include "core/scrub.h"

/* Enough for what is not a part: names, "kid" and "alg" with all of it escaped. */
enum { FRAME_LEN = 512 + 2 * 6 * BULLA_JWK_TEXT_MAX, PUBLIC_LEN = FRAME_LEN + 2 * 4 * BULLA_RSA_MAX_LEN / 3 };

_Static_assert(PUBLIC_LEN <= BULLA_JWK_MAX, "BULLA_JWK_MAX bytes are enough");

static void put_string(struct bulla_json_writer *out, struct bulla_span name, struct bulla_span text) {
  bulla_json_name(out, name);
  bulla_json_string(out, text);
}

static void put_curve(struct bulla_json_writer *out, enum bulla_curve curve) {
  if (curve != 0) {
    put_string(out, BULLA_LITERAL("crv"), bulla_curve_name(curve));
  }
}

/* What is no part of the key. */
static void put_about(struct bulla_json_writer *out, const struct bulla_jwk *jwk, bool is_public) {
  if (jwk->kid.len > 0) {
    put_string(out, BULLA_LITERAL("kid"), jwk->kid);
  }
  if (jwk->use.len > 0) {
    put_string(out, BULLA_LITERAL("use"), jwk->use);
  }
  if (jwk->has_key_ops) {
    bulla_jwk_put_key_ops(out, jwk, is_public);
  }
  if (jwk->alg_name.data != NULL) {
    put_string(out, BULLA_LITERAL("alg"), jwk->alg_name);
  }
}

/* RFC 7518 §6.3.2: private numbers without zeroes before them. How many there were anybody sees who sees the length. */
static struct bulla_span hidden_part(const struct bulla_jwk *jwk, size_t i) {
  struct bulla_span part = bulla_jwk_hidden_part(jwk, i);
  size_t num_zeroes = jwk->type == BULLA_KEY_RSA ? bulla_number_zeroes(part) : 0;
  return bulla_span(part.data + num_zeroes, part.len - num_zeroes);
}

static void put_key(struct bulla_json_writer *out, const struct bulla_jwk *jwk, bool is_public) {
  const struct bulla_jwk_kind *kind = bulla_jwk_kind(jwk->type);
  bulla_json_begin(out, '{');
  put_string(out, BULLA_LITERAL("kty"), kind->name);
  put_curve(out, jwk->curve);
  put_about(out, jwk, is_public);
  for (size_t i = 0; i < kind->num_open; i++) {
    bulla_jwk_put_base64url(out, kind->open[i], bulla_jwk_open_part(jwk, i));
  }
  for (size_t i = 0; i < kind->num_hidden && !is_public; i++) {
    bulla_jwk_put_base64url(out, kind->hidden[i], hidden_part(jwk, i));
  }
  bulla_json_end(out, '}');
}

/* Begins to write in |*json|, which has |size| bytes. */
static enum bulla_status begin(struct bulla_secret **json, struct bulla_buffer *room, size_t size) {
  BULLA_TRY(bulla_secret_new(json, size));
  *room = bulla_buffer(bulla_secret_data(*json), size);
  return BULLA_OK;
}

static enum bulla_status write_private(struct bulla_secret *json, struct bulla_buffer *room,
                                       const struct bulla_jwk *jwk) {
  struct bulla_json_writer out = bulla_json_writer(room);
  put_key(&out, jwk, false);
  BULLA_TRY(bulla_json_finish(&out));
  bulla_secret_truncate(json, room->len);
  return BULLA_OK;
}

enum bulla_status bulla_jwk_write(struct bulla_secret **json, const struct bulla_jwk *jwk) {
  *json = NULL;
  if (jwk->secret == NULL) {
    return BULLA_INVALID_ARGUMENT;
  }
  if (!bulla_jwk_is_here(jwk)) {
    return BULLA_FORKED;
  }
  struct bulla_buffer room;
  BULLA_TRY(begin(json, &room, PUBLIC_LEN + 2 * bulla_secret_bytes(jwk->secret).len));
  enum bulla_status status = write_private(*json, &room, jwk);
  bulla_scrub(BULLA_SCRUB_DEPTH);
  if (status != BULLA_OK) {
    bulla_secret_free(json);
  }
  return status;
}

enum bulla_status bulla_jwk_write_public(struct bulla_buffer *json, const struct bulla_jwk *jwk) {
  if (jwk->type == BULLA_KEY_OCT) {
    return bulla_fail(json, BULLA_INVALID_ARGUMENT);
  }
  struct bulla_json_writer out = bulla_json_writer(json);
  put_key(&out, jwk, true);
  return bulla_json_finish(&out);
}

/* RFC 7638 §3.2: the required members alone, in the order of their names. */
static void put_required(struct bulla_json_writer *out, const struct bulla_jwk *jwk) {
  const struct bulla_jwk_kind *kind = bulla_jwk_kind(jwk->type);
  bulla_json_begin(out, '{');
  put_curve(out, jwk->curve);
  if (jwk->type == BULLA_KEY_OCT) {
    bulla_jwk_put_base64url(out, kind->hidden[0], bulla_jwk_hidden_part(jwk, 0));
  }
  if (jwk->type == BULLA_KEY_RSA) {
    bulla_jwk_put_base64url(out, kind->open[1], bulla_jwk_open_part(jwk, 1));
  }
  put_string(out, BULLA_LITERAL("kty"), kind->name);
  size_t num_behind = jwk->type == BULLA_KEY_RSA ? 1 : kind->num_open;
  for (size_t i = 0; i < num_behind; i++) {
    bulla_jwk_put_base64url(out, kind->open[i], bulla_jwk_open_part(jwk, i));
  }
  bulla_json_end(out, '}');
}

enum bulla_status bulla_jwk_thumbprint(struct bulla_buffer *thumbprint, const struct bulla_jwk *jwk) {
  struct bulla_secret *json BULLA_CLEANUP(bulla_secret_free) = NULL;
  struct bulla_buffer room;
  if (thumbprint->size < BULLA_SHA256_LEN) {
    return bulla_fail(thumbprint, BULLA_BUFFER_TOO_SMALL);
  }
  if (jwk->type == BULLA_KEY_OCT && !bulla_jwk_is_here(jwk)) {
    return bulla_fail(thumbprint, BULLA_FORKED);
  }
  enum bulla_status status = begin(&json, &room, PUBLIC_LEN);
  if (status == BULLA_OK) {
    struct bulla_json_writer out = bulla_json_writer(&room);
    put_required(&out, jwk);
    status = bulla_json_finish(&out);
  }
  if (status == BULLA_OK) {
    status = bulla_sha256(thumbprint->data, bulla_written(&room));
  }
  if (status != BULLA_OK) {
    return bulla_fail(thumbprint, status);
  }
  thumbprint->len = BULLA_SHA256_LEN;
  return BULLA_OK;
}
