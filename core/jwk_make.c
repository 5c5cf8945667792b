/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Making a key of its parts, see core/jwk_parts.h. The lengths are checked before anything is decoded, and the key
 * itself at the end, the same for every source. */

#include <stdlib.h>

#include "core/base64url.h"
#include "core/cleanup.h"
#include "core/jwk_parts.h"
#include "core/log.h"
#include "core/scrub.h"

void bulla_jwk_free(struct bulla_jwk **jwk) {
  struct bulla_jwk *handle = *jwk;
  if (handle == NULL) {
    return;
  }
  bulla_secret_free(&handle->secret);
  free(handle->open);
  free(handle);
  *jwk = NULL;
}

bool bulla_jwk_has_private(const struct bulla_jwk *jwk) {
  return jwk->secret != NULL;
}

struct bulla_span bulla_jwk_kid(const struct bulla_jwk *jwk) {
  return jwk->kid;
}

/* Bytes of a part that is |part| in the source. */
static size_t len_of(const struct bulla_jwk_source *source, struct bulla_span part) {
  return source->is_text ? bulla_base64url_decoded_len(part.len) : part.len;
}

static enum bulla_status wrong_len(struct bulla_span name) {
  return bulla_explain(BULLA_INVALID_TEXT, "JWK: \"%s\" has another length than its kind of key", name.data);
}

/* Coordinates and private keys of curves have the length of the curve, zeroes before them included (RFC 7518 §6.2). */
static enum bulla_status check_curve_lens(const struct bulla_jwk_source *source, const struct bulla_jwk_kind *kind) {
  size_t len = bulla_curve_len(source->curve);
  bool is_worked_out = !source->is_text && source->has_private && source->open[0].len == 0;
  for (size_t i = 0; i < kind->num_open && !is_worked_out; i++) {
    if (len_of(source, source->open[i]) != len) {
      return wrong_len(kind->open[i]);
    }
  }
  return !source->has_private || len_of(source, source->hidden[0]) == len ? BULLA_OK : wrong_len(kind->hidden[0]);
}

/* Some write private numbers without the zeroes before them (RFC 7518 §6.3.2), others as long as the modulus or half
 * of it. */
static enum bulla_status check_rsa_lens(const struct bulla_jwk_source *source, const struct bulla_jwk_kind *kind) {
  size_t modulus_len = len_of(source, source->open[0]);
  size_t exponent_len = len_of(source, source->open[1]);
  if (modulus_len > BULLA_RSA_MAX_LEN) {
    return bulla_explain(BULLA_UNSUPPORTED, "JWK: the modulus has more than 4096 bits");
  }
  if (modulus_len < BULLA_RSA_MIN_LEN) {
    return modulus_len == 0 ? wrong_len(kind->open[0])
                            : bulla_explain(BULLA_REFUSED, "JWK: the modulus has less than 2048 bits");
  }
  if (exponent_len == 0 || exponent_len > modulus_len) {
    return wrong_len(kind->open[1]);
  }
  for (size_t i = 0; i < kind->num_hidden && source->has_private; i++) {
    size_t len = len_of(source, source->hidden[i]);
    if (len == 0 || len > modulus_len) {
      return wrong_len(kind->hidden[i]);
    }
  }
  return BULLA_OK;
}

static enum bulla_status check_lens(const struct bulla_jwk_source *source, const struct bulla_jwk_kind *kind) {
  if (source->type == BULLA_KEY_RSA) {
    return check_rsa_lens(source, kind);
  }
  if (source->type != BULLA_KEY_OCT) {
    return check_curve_lens(source, kind);
  }
  size_t len = len_of(source, source->hidden[0]);
  return len > BULLA_JWK_OCT_MAX
             ? bulla_explain(BULLA_TOO_LARGE, "JWK: \"k\" is longer than %d bytes", BULLA_JWK_OCT_MAX)
         : len == 0 ? wrong_len(kind->hidden[0])
                    : BULLA_OK;
}

/* Fills |bytes| with an open part. */
static bool take_open(uint8_t *bytes, const struct bulla_jwk_source *source, struct bulla_span part) {
  if (source->is_text) {
    return bulla_base64url_decode(bytes, part);
  }
  if (part.len > 0) {
    memcpy(bytes, part.data, part.len);
  }
  return true;
}

/* Fills |bytes|, in the slab, with a hidden part. */
static bool take_hidden(uint8_t *bytes, const struct bulla_jwk_source *source, struct bulla_span part) {
  if (source->is_text) {
    return bulla_base64url_decode_secret(bytes, part);
  }
  if (part.len > 0) {
    memcpy(bytes, part.data, part.len);
  }
  return true;
}

/* An absent text stays absent. */
static struct bulla_span take_text(uint8_t **at, struct bulla_span text) {
  struct bulla_span taken = bulla_span(text.data == NULL ? NULL : *at, text.len);
  if (text.data != NULL && text.len > 0) {
    memcpy(*at, text.data, text.len);
    *at += text.len;
  }
  return taken;
}

/* Copies what is open: the parts, one after another, and the texts. */
static enum bulla_status fill_open(struct bulla_jwk *jwk, const struct bulla_jwk_source *source,
                                   const struct bulla_jwk_kind *kind) {
  size_t point_len = jwk->type == BULLA_KEY_EC || jwk->type == BULLA_KEY_OKP ? bulla_point_len(jwk->curve) : 0;
  size_t parts_len = jwk->type == BULLA_KEY_RSA ? 2 * BULLA_RSA_MAX_LEN : point_len;
  jwk->open = calloc(1, parts_len + source->kid.len + source->alg.len + 1);
  if (jwk->open == NULL) {
    return BULLA_NO_MEMORY;
  }
  struct bulla_span parts[BULLA_JWK_OPEN] = {{NULL, 0}, {NULL, 0}};
  uint8_t *at = jwk->open;
  for (size_t i = 0; i < kind->num_open; i++) {
    parts[i] = bulla_span(at, len_of(source, source->open[i]));
    if (parts[i].len > 0 && !take_open(at, source, source->open[i])) {
      return bulla_explain(BULLA_INVALID_TEXT, "JWK: \"%s\" is not base64url", kind->open[i].data);
    }
    at += parts[i].len;
  }
  at = jwk->open + parts_len;
  jwk->kid = take_text(&at, source->kid);
  jwk->alg_name = take_text(&at, source->alg);
  jwk->point = bulla_span(jwk->open, point_len);
  if (jwk->type == BULLA_KEY_RSA) {
    jwk->rsa.open = (struct bulla_rsa_public){parts[0], parts[1]};
  }
  return BULLA_OK;
}

static enum bulla_status fill_hidden(struct bulla_jwk *jwk, const struct bulla_jwk_source *source,
                                     const struct bulla_jwk_kind *kind) {
  size_t len = 0;
  for (size_t i = 0; i < kind->num_hidden; i++) {
    len += len_of(source, source->hidden[i]);
  }
  BULLA_TRY(bulla_secret_new(&jwk->secret, len));
  uint8_t *at = bulla_secret_data(jwk->secret);
  struct bulla_span parts[BULLA_JWK_HIDDEN];
  bool good = true;
  for (size_t i = 0; i < kind->num_hidden && good; i++) {
    parts[i] = bulla_span(at, len_of(source, source->hidden[i]));
    good = take_hidden(at, source, source->hidden[i]);
    at += parts[i].len;
    if (!good) {
      bulla_explain(BULLA_INVALID_TEXT, "JWK: \"%s\" is not base64url", kind->hidden[i].data);
    }
  }
  if (good && jwk->type == BULLA_KEY_RSA) {
    jwk->rsa.d = parts[0];
    jwk->rsa.p = parts[1];
    jwk->rsa.q = parts[2];
    jwk->rsa.dp = parts[3];
    jwk->rsa.dq = parts[4];
    jwk->rsa.qi = parts[5];
  }
  bulla_scrub(BULLA_SCRUB_DEPTH);
  return good ? BULLA_OK : BULLA_INVALID_TEXT;
}

void bulla_jwk_source_rsa(struct bulla_jwk_source *source, const struct bulla_rsa_private *rsa) {
  const struct bulla_span hidden[BULLA_JWK_HIDDEN] = {rsa->d, rsa->p, rsa->q, rsa->dp, rsa->dq, rsa->qi};
  source->open[0] = rsa->open.n;
  source->open[1] = rsa->open.e;
  memcpy(source->hidden, hidden, sizeof(hidden));
}

static enum bulla_status check_rsa(const struct bulla_jwk *jwk) {
  const struct bulla_rsa_public *open = &jwk->rsa.open;
  if (open->n.data[0] == 0 || open->e.data[0] == 0) {
    return bulla_explain(BULLA_INVALID_TEXT, "JWK: \"n\" or \"e\" begins with zeroes");
  }
  enum bulla_status status = bulla_rsa_check_public(open);
  if (status != BULLA_OK) {
    return status == BULLA_REFUSED ? bulla_explain(status, "JWK: \"n\" or \"e\" is not fit for RSA") : status;
  }
  status = jwk->secret == NULL ? BULLA_OK : bulla_rsa_check(&jwk->rsa);
  return status == BULLA_REFUSED ? bulla_explain(status, "JWK: the private numbers do not go with each other") : status;
}

static enum bulla_status check_curve(const struct bulla_jwk *jwk) {
  enum bulla_status status = bulla_curve_check(jwk->curve, jwk->point.data);
  if (status == BULLA_REFUSED) {
    return bulla_explain(status, "JWK: the public key is not a point of the curve, or of small order");
  }
  if (status != BULLA_OK || jwk->secret == NULL) {
    return status;
  }
  uint8_t point[BULLA_POINT_MAX_LEN];
  status = bulla_curve_public(jwk->curve, point, bulla_secret_bytes(jwk->secret).data);
  if (status == BULLA_OK && !bulla_secret_equal(bulla_span(point, jwk->point.len), jwk->point)) {
    status = BULLA_REFUSED;
  }
  return status == BULLA_REFUSED ? bulla_explain(status, "JWK: \"d\" is not the private key of the public one")
                                 : status;
}

static enum bulla_status check_key(const struct bulla_jwk *jwk) {
  switch (jwk->type) {
    case BULLA_KEY_RSA:
      return check_rsa(jwk);
    case BULLA_KEY_EC:
    case BULLA_KEY_OKP:
      return check_curve(jwk);
    case BULLA_KEY_OCT:
      break;
  }
  return BULLA_OK;
}

static enum bulla_status work_out_public(struct bulla_jwk *jwk) {
  enum bulla_status status = bulla_curve_public(jwk->curve, jwk->open, bulla_secret_bytes(jwk->secret).data);
  return status == BULLA_REFUSED
             ? bulla_explain(status, "JWK: the private key is zero or not less than the order of the curve")
             : status;
}

static enum bulla_status fill(struct bulla_jwk *jwk, const struct bulla_jwk_source *source,
                              const struct bulla_jwk_kind *kind) {
  jwk->type = source->type;
  jwk->curve = source->curve;
  jwk->use = source->use;
  jwk->has_key_ops = source->has_key_ops;
  jwk->key_ops = source->key_ops;
  BULLA_TRY(check_lens(source, kind));
  BULLA_TRY(fill_open(jwk, source, kind));
  if (source->has_private) {
    BULLA_TRY(fill_hidden(jwk, source, kind));
  }
  if (jwk->point.len > 0 && source->open[0].len == 0) {
    BULLA_TRY(work_out_public(jwk));
  }
  BULLA_TRY(bulla_jwk_set_purposes(jwk));
  return check_key(jwk);
}

enum bulla_status bulla_jwk_make(struct bulla_jwk **jwk, const struct bulla_jwk_source *source) {
  *jwk = NULL;
  struct bulla_jwk *made BULLA_CLEANUP(bulla_jwk_free) = calloc(1, sizeof(*made));
  if (made == NULL) {
    return BULLA_NO_MEMORY;
  }
  BULLA_TRY(fill(made, source, bulla_jwk_kind(source->type)));
  *jwk = made;
  made = NULL;
  return BULLA_OK;
}
