/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The kinds of keys, see core/jwk_parts.h. */

#include "core/jwk_parts.h"

#define TEXT(text) \
  { (const uint8_t *)(text), sizeof(text) - 1 }

static const struct bulla_jwk_kind kinds[] = {
    {BULLA_KEY_OCT, TEXT("oct"), 0, 1, {TEXT("")}, {TEXT("k")}},
    {BULLA_KEY_EC, TEXT("EC"), 2, 1, {TEXT("x"), TEXT("y")}, {TEXT("d")}},
    {BULLA_KEY_OKP, TEXT("OKP"), 1, 1, {TEXT("x")}, {TEXT("d")}},
    {BULLA_KEY_RSA,
     TEXT("RSA"),
     2,
     6,
     {TEXT("n"), TEXT("e")},
     {TEXT("d"), TEXT("p"), TEXT("q"), TEXT("dp"), TEXT("dq"), TEXT("qi")}},
};

static const struct bulla_span curve_names[] = {
    [BULLA_CURVE_P256] = TEXT("P-256"),
    [BULLA_CURVE_P384] = TEXT("P-384"),
    [BULLA_CURVE_P521] = TEXT("P-521"),
    [BULLA_CURVE_X25519] = TEXT("X25519"),
};

#define NUM_OF(table) (sizeof(table) / sizeof((table)[0]))

const struct bulla_jwk_kind *bulla_jwk_kind_at(size_t i) {
  return i < NUM_OF(kinds) ? &kinds[i] : NULL;
}

const struct bulla_jwk_kind *bulla_jwk_kind(enum bulla_key_type type) {
  size_t i = 0;
  while (i < NUM_OF(kinds) && kinds[i].type != type) {
    i++;
  }
  return bulla_jwk_kind_at(i);
}

struct bulla_span bulla_curve_name(enum bulla_curve curve) {
  return curve < NUM_OF(curve_names) ? curve_names[curve] : bulla_span(NULL, 0);
}

enum bulla_key_type bulla_curve_type(enum bulla_curve curve) {
  return curve == BULLA_CURVE_X25519 ? BULLA_KEY_OKP : BULLA_KEY_EC;
}

struct bulla_span bulla_jwk_open_part(const struct bulla_jwk *jwk, size_t i) {
  if (jwk->type == BULLA_KEY_RSA) {
    return i == 0 ? jwk->rsa.open.n : jwk->rsa.open.e;
  }
  size_t len = bulla_curve_len(jwk->curve);
  return bulla_span(jwk->point.data + i * len, len);
}

struct bulla_span bulla_jwk_hidden_part(const struct bulla_jwk *jwk, size_t i) {
  if (jwk->secret == NULL) {
    return bulla_span(NULL, 0);
  }
  struct bulla_span bytes = bulla_secret_bytes(jwk->secret);
  if (jwk->type != BULLA_KEY_RSA || bytes.data == NULL) {
    return bytes;
  }
  const struct bulla_span numbers[BULLA_JWK_HIDDEN] = {jwk->rsa.d,  jwk->rsa.p,  jwk->rsa.q,
                                                       jwk->rsa.dp, jwk->rsa.dq, jwk->rsa.qi};
  return numbers[i];
}
