/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* A JWK under another name, or for another "alg": what a key from PEM has not. */

#include "core/cleanup.h"
#include "core/jwe_table.h"
#include "core/jwk_parts.h"
#include "core/log.h"

/* Says whether |jwk| is of the type, and if it is symmetric of the length, that the "alg" |name| is for. */
static bool goes_with(const struct bulla_jwk *jwk, struct bulla_span name) {
  const struct bulla_jwe_encryption *enc = bulla_jwe_encryption(bulla_jwe_enc_named(name));
  const struct bulla_jwe_algorithm *alg = bulla_jwe_algorithm(bulla_jwe_alg_named(name));
  size_t len = jwk->type == BULLA_KEY_OCT ? bulla_secret_bytes(jwk->secret).len : 0;
  if (enc != NULL) {
    return jwk->type == BULLA_KEY_OCT && len == enc->cek_len;
  }
  if (alg == NULL) {
    return false;
  }
  if (alg->type == BULLA_KEY_EC) {
    bool is_on_its_curve = alg->integrated == NULL || jwk->curve == BULLA_CURVE_X25519;
    return (jwk->type == BULLA_KEY_EC || jwk->type == BULLA_KEY_OKP) && is_on_its_curve;
  }
  return alg->type == jwk->type && (alg->key_len == 0 || alg->key_len == len);
}

static bool is_kid(struct bulla_span kid) {
  return kid.len <= BULLA_JWK_TEXT_MAX && bulla_json_valid_string(kid) &&
         (kid.len == 0 || memchr(kid.data, 0, kid.len) == NULL);
}

static void take_parts(struct bulla_jwk_source *source, const struct bulla_jwk *jwk) {
  const struct bulla_jwk_kind *kind = bulla_jwk_kind(jwk->type);
  for (size_t i = 0; i < kind->num_open; i++) {
    source->open[i] = bulla_jwk_open_part(jwk, i);
  }
  for (size_t i = 0; i < kind->num_hidden && source->has_private; i++) {
    source->hidden[i] = bulla_jwk_hidden_part(jwk, i);
  }
}

enum bulla_status bulla_jwk_with(struct bulla_jwk **with, const struct bulla_jwk *jwk, struct bulla_span kid,
                                 struct bulla_span alg) {
  *with = NULL;
  if (!bulla_jwk_is_here(jwk)) {
    return BULLA_FORKED;
  }
  if (!is_kid(kid)) {
    return bulla_explain(BULLA_INVALID_ARGUMENT, "\"kid\" is no text of at most %d bytes", BULLA_JWK_TEXT_MAX);
  }
  if (alg.len > 0 && !goes_with(jwk, alg)) {
    return bulla_explain(BULLA_INVALID_ARGUMENT, "this \"alg\" is none that the key is for");
  }
  struct bulla_jwk_source source = {
      .type = jwk->type,
      .curve = jwk->curve,
      .has_private = jwk->secret != NULL,
      .kid = kid.len > 0 ? kid : jwk->kid,
      .alg = alg.len > 0 ? alg : jwk->alg_name,
      .use = jwk->use,
      .has_key_ops = jwk->has_key_ops,
      .key_ops = jwk->key_ops,
  };
  take_parts(&source, jwk);
  return bulla_jwk_make(with, &source);
}
