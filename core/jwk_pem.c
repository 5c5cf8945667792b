/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* JWKs from PEM and to PEM. */

#include "core/cleanup.h"
#include "core/jwk_parts.h"
#include "core/log.h"
#include "core/pem.h"

/* Makes a key of |key|, views of locked memory. */
static enum bulla_status make_from(struct bulla_jwk **jwk, const struct bulla_der_key *key) {
  struct bulla_jwk_source source = {.has_private = key->has_private, .curve = key->curve};
  if (key->curve == 0) {
    source.type = BULLA_KEY_RSA;
    bulla_jwk_source_rsa(&source, &key->rsa);
    return bulla_jwk_make(jwk, &source);
  }
  size_t len = bulla_curve_len(key->curve);
  source.type = bulla_curve_type(key->curve);
  source.hidden[0] = key->private_key;
  if (key->point.len > 0) {
    source.open[0] = bulla_span(key->point.data, len);
    source.open[1] = bulla_span(key->point.data + len, key->point.len - len);
  }
  return bulla_jwk_make(jwk, &source);
}

enum bulla_status bulla_jwk_from_pem(struct bulla_jwk **jwk, struct bulla_span pem) {
  struct bulla_secret *der BULLA_CLEANUP(bulla_secret_free) = NULL;
  struct bulla_der_key key;
  enum bulla_der form;
  *jwk = NULL;
  if (pem.len > BULLA_JWK_MAX) {
    return bulla_explain(BULLA_TOO_LARGE, "PEM: longer than %d bytes", BULLA_JWK_MAX);
  }
  BULLA_TRY(bulla_pem_read(&der, &form, pem));
  BULLA_TRY(bulla_der_read(&key, form, bulla_secret_bytes(der)));
  return make_from(jwk, &key);
}

enum bulla_status bulla_jwk_to_pem(struct bulla_secret **pem, const struct bulla_jwk *jwk, bool is_public) {
  struct bulla_secret *der BULLA_CLEANUP(bulla_secret_free) = NULL;
  *pem = NULL;
  if (jwk->type == BULLA_KEY_OCT) {
    return BULLA_INVALID_ARGUMENT;
  }
  struct bulla_der_key key = {.curve = jwk->curve,
                              .has_private = jwk->secret != NULL && !is_public,
                              .point = jwk->point,
                              .rsa = {.open = jwk->rsa.open}};
  if (key.has_private) {
    if (!bulla_jwk_is_here(jwk)) {
      return BULLA_FORKED;
    }
    key.rsa = jwk->rsa;
    key.private_key = jwk->type == BULLA_KEY_RSA ? key.private_key : bulla_jwk_hidden_part(jwk, 0);
  }
  BULLA_TRY(bulla_der_write(&der, &key));
  return bulla_pem_write(pem, key.has_private ? BULLA_DER_PKCS8 : BULLA_DER_SPKI, bulla_secret_bytes(der));
}
