/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* See fuzz/model_jwk.h. The rules stand in the order in which bulla has them: what is not supported is told from what
 * is bad, since a set leaves it out. */

#include "fuzz/model_jwk.h"

#include <gmp.h>
#include <nettle/curve25519.h>
#include <nettle/ecc-curve.h>
#include <nettle/ecc.h>
#include <strings.h>

#include "fuzz/fuzz.h"
#include "fuzz/model_crypto.h"
#include "fuzz/model_json.h"

enum { PART_MAX = 2048, TEXT_MAX = 256, OCT_MAX = 1024, RSA_MIN = 256, RSA_MAX = 512, MEMBERS_MAX = 64 };

static const char *const registered[] = {"kty", "crv", "kid", "use", "key_ops", "alg", "k",       "x",
                                         "y",   "d",   "n",   "e",   "p",       "q",   "dp",      "dq",
                                         "qi",  "oth", "x5u", "x5c", "x5t",     "ext", "x5t#S256"};
static const char *const rsa_parts[] = {"d", "p", "q", "dp", "dq", "qi"};
static const char *const operations[] = {"sign",    "verify",    "encrypt",   "decrypt",
                                         "wrapKey", "unwrapKey", "deriveKey", "deriveBits"};

#define NUM_OF(table) (sizeof(table) / sizeof((table)[0]))

static bool is_text(const json_t *string, const char *wanted) {
  return json_is_string(string) && bulla_span_equal(model_json_string(string), bulla_span(wanted, strlen(wanted)));
}

static bool names_are_good(json_t *jwk) {
  const char *name;
  json_t *value;
  json_object_foreach(jwk, name, value) {
    for (size_t i = 0; i < NUM_OF(registered); i++) {
      if (strcasecmp(name, registered[i]) == 0 && strcmp(name, registered[i]) != 0) {
        return false;
      }
    }
  }
  return json_object_size(jwk) <= MEMBERS_MAX;
}

static enum model_jwk_verdict judge_about(const json_t *jwk) {
  static const char *const texts[] = {"kid", "alg"};
  for (size_t i = 0; i < 2; i++) {
    const json_t *text = json_object_get(jwk, texts[i]);
    if (text != NULL && (!json_is_string(text) || json_string_length(text) > TEXT_MAX)) {
      return MODEL_JWK_BAD;
    }
  }
  const json_t *use = json_object_get(jwk, "use");
  if (use != NULL && !is_text(use, "enc") && !is_text(use, "sig")) {
    return json_is_string(use) ? MODEL_JWK_UNSUPPORTED : MODEL_JWK_BAD;
  }
  const json_t *ops = json_object_get(jwk, "key_ops");
  if (ops != NULL && !json_is_array(ops)) {
    return MODEL_JWK_BAD;
  }
  for (size_t i = 0; i < json_array_size(ops); i++) {
    if (!json_is_string(json_array_get(ops, i))) {
      return MODEL_JWK_BAD;
    }
  }
  for (size_t i = 0; i < json_array_size(ops); i++) {
    bool is_known = false;
    for (size_t j = 0; j < NUM_OF(operations); j++) {
      is_known = is_known || is_text(json_array_get(ops, i), operations[j]);
    }
    if (!is_known) {
      return MODEL_JWK_UNSUPPORTED;
    }
    for (size_t j = 0; j < i; j++) {
      if (json_equal(json_array_get(ops, i), json_array_get(ops, j))) {
        return MODEL_JWK_BAD;
      }
    }
  }
  return MODEL_JWK_GOOD;
}

static bool is_contradiction(const json_t *jwk) {
  const json_t *use = json_object_get(jwk, "use");
  const json_t *ops = json_object_get(jwk, "key_ops");
  for (size_t i = 0; i < json_array_size(ops); i++) {
    const json_t *op = json_array_get(ops, i);
    bool is_of_sig = is_text(op, "sign") || is_text(op, "verify");
    if (use != NULL && is_of_sig != is_text(use, "sig")) {
      return true;
    }
  }
  return false;
}

/* A decoded part. */
struct part {
  size_t text_len;
  size_t len;
  bool good;
  uint8_t bytes[PART_MAX];
};

static bool take_part(struct part *part, const json_t *jwk, const char *name) {
  const json_t *value = json_object_get(jwk, name);
  struct bulla_span text = model_json_string(value);
  uint8_t room[2 * PART_MAX];
  *part = (struct part){.text_len = text.len};
  if (!json_is_string(value)) {
    return false;
  }
  part->len = text.len * 3 / 4;
  if (text.len <= sizeof(room)) {
    size_t len = 0;
    part->good = model_base64url_decode(room, &len, text) && len <= PART_MAX && len == part->len;
    memcpy(part->bytes, room, part->good ? len : 0);
  }
  return true;
}

static enum model_jwk_verdict judge_oct(const json_t *jwk) {
  struct part k;
  return take_part(&k, jwk, "k") && k.len > 0 && k.len <= OCT_MAX && k.good ? MODEL_JWK_GOOD : MODEL_JWK_BAD;
}

static void number_of(mpz_t number, const struct part *part) {
  mpz_init(number);
  mpz_import(number, part->len, 1, 1, 1, 0, part->bytes);
}

static bool is_on_curve(const struct ecc_curve *curve, const struct part *x, const struct part *y,
                        const struct part *d) {
  struct ecc_point point;
  struct ecc_point of_d;
  struct ecc_scalar scalar;
  mpz_t numbers[5];
  /* cppcheck-suppress legacyUninitvar; it is made there. */
  number_of(numbers[0], x);
  number_of(numbers[1], y);
  number_of(numbers[2], d);
  mpz_init(numbers[3]);
  mpz_init(numbers[4]);
  ecc_point_init(&point, curve);
  ecc_point_init(&of_d, curve);
  ecc_scalar_init(&scalar, curve);
  bool good = ecc_point_set(&point, numbers[0], numbers[1]) == 1;
  if (good && d->len > 0) {
    good = ecc_scalar_set(&scalar, numbers[2]) == 1;
    if (good) {
      ecc_point_mul_g(&of_d, &scalar);
      ecc_point_get(&of_d, numbers[3], numbers[4]);
      good = mpz_cmp(numbers[3], numbers[0]) == 0 && mpz_cmp(numbers[4], numbers[1]) == 0;
    }
  }
  ecc_scalar_clear(&scalar);
  ecc_point_clear(&of_d);
  ecc_point_clear(&point);
  for (size_t i = 0; i < NUM_OF(numbers); i++) {
    mpz_clear(numbers[i]);
  }
  return good;
}

static enum model_jwk_verdict judge_ec(const json_t *jwk) {
  const json_t *crv = json_object_get(jwk, "crv");
  const struct ecc_curve *curve = is_text(crv, "P-256")   ? nettle_get_secp_256r1()
                                  : is_text(crv, "P-384") ? nettle_get_secp_384r1()
                                                          : nettle_get_secp_521r1();
  size_t len = (ecc_bit_size(curve) + 7) / 8;
  struct part x;
  struct part y;
  struct part d = {.good = true};
  bool has_d = model_jwk_has_private(jwk);
  bool good = take_part(&x, jwk, "x") && take_part(&y, jwk, "y") && (!has_d || take_part(&d, jwk, "d")) &&
              x.len == len && y.len == len && (!has_d || d.len == len) && x.good && y.good && d.good;
  return good && is_on_curve(curve, &x, &y, &d) ? MODEL_JWK_GOOD : MODEL_JWK_BAD;
}

static enum model_jwk_verdict judge_okp(const json_t *jwk) {
  struct part x;
  struct part d = {.good = true};
  bool has_d = model_jwk_has_private(jwk);
  if (!take_part(&x, jwk, "x") || (has_d && !take_part(&d, jwk, "d")) || x.len != CURVE25519_SIZE ||
      (has_d && d.len != CURVE25519_SIZE) || !x.good || !d.good) {
    return MODEL_JWK_BAD;
  }
  static const uint8_t any[CURVE25519_SIZE] = {8};
  static const uint8_t zero[CURVE25519_SIZE];
  uint8_t shared[CURVE25519_SIZE];
  uint8_t of_d[CURVE25519_SIZE];
  curve25519_mul(shared, any, x.bytes);
  curve25519_mul_g(of_d, d.bytes);
  return memcmp(shared, zero, sizeof(zero)) != 0 && (!has_d || memcmp(of_d, x.bytes, sizeof(of_d)) == 0)
             ? MODEL_JWK_GOOD
             : MODEL_JWK_BAD;
}

static bool is_rsa_public(const struct part *n, const struct part *e) {
  return n->bytes[0] >= (n->len == RSA_MIN ? 0x80 : 1) && (n->bytes[n->len - 1] & 1) == 1 && e->bytes[0] != 0 &&
         (e->bytes[e->len - 1] & 1) == 1 && (e->len < 5 || (e->len == 5 && e->bytes[0] == 1)) &&
         (e->len > 1 || e->bytes[0] > 1);
}

/* RFC 8017 §3.2, with p and q above 1 and of half of the bits each. */
static bool is_rsa_private(const struct part *n, const struct part *e, const struct part *hidden) {
  enum { N, E, D, P, Q, DP, DQ, QI, T, NUM };
  mpz_t v[NUM];
  /* cppcheck-suppress legacyUninitvar; it is made there. */
  number_of(v[N], n);
  number_of(v[E], e);
  for (size_t i = 0; i < NUM_OF(rsa_parts); i++) {
    number_of(v[D + i], &hidden[i]);
  }
  mpz_init(v[T]);
  mpz_mul(v[T], v[P], v[Q]);
  bool good = mpz_cmp_ui(v[P], 1) > 0 && mpz_cmp_ui(v[Q], 1) > 0 && mpz_cmp(v[T], v[N]) == 0;
  size_t half = (mpz_sizeinbase(v[N], 2) + 1) / 2;
  good = good && mpz_sizeinbase(v[P], 2) == half && mpz_sizeinbase(v[Q], 2) == half;
  for (size_t i = 0; i < 2 && good; i++) {
    /* e times the exponent is 1 modulo the prime less 1, and d is the same there. */
    mpz_t prime_less_1;
    mpz_init(prime_less_1);
    mpz_sub_ui(prime_less_1, v[P + i], 1);
    mpz_mul(v[T], v[E], v[D]);
    mpz_mod(v[T], v[T], prime_less_1);
    good = mpz_cmp_ui(v[T], 1) == 0;
    mpz_mod(v[T], v[D], prime_less_1);
    good = good && mpz_cmp(v[T], v[DP + i]) == 0;
    mpz_clear(prime_less_1);
  }
  mpz_mul(v[T], v[QI], v[Q]);
  if (good) {
    mpz_mod(v[T], v[T], v[P]);
    good = mpz_cmp_ui(v[T], 1) == 0 && mpz_cmp(v[QI], v[P]) < 0;
  }
  for (size_t i = 0; i < NUM; i++) {
    mpz_clear(v[i]);
  }
  return good;
}

static enum model_jwk_verdict judge_rsa(const json_t *jwk) {
  struct part n;
  struct part e;
  struct part hidden[NUM_OF(rsa_parts)];
  size_t num_others = 0;
  for (size_t i = 1; i < NUM_OF(rsa_parts); i++) {
    num_others += json_object_get(jwk, rsa_parts[i]) != NULL;
  }
  bool has_d = model_jwk_has_private(jwk);
  if (json_object_get(jwk, "oth") != NULL || (num_others == 0 && has_d)) {
    return MODEL_JWK_UNSUPPORTED;
  }
  bool good = (num_others == 0 || has_d) && take_part(&n, jwk, "n") && take_part(&e, jwk, "e");
  for (size_t i = 0; i < NUM_OF(rsa_parts) && good && has_d; i++) {
    good = take_part(&hidden[i], jwk, rsa_parts[i]);
  }
  if (!good || n.len > RSA_MAX) {
    return good ? MODEL_JWK_UNSUPPORTED : MODEL_JWK_BAD;
  }
  good = n.len >= RSA_MIN && e.len > 0 && e.len <= n.len && n.good && e.good;
  for (size_t i = 0; i < NUM_OF(rsa_parts) && good && has_d; i++) {
    good = hidden[i].len > 0 && hidden[i].len <= n.len && hidden[i].good;
  }
  return good && is_rsa_public(&n, &e) && (!has_d || is_rsa_private(&n, &e, hidden)) ? MODEL_JWK_GOOD : MODEL_JWK_BAD;
}

bool model_jwk_has_private(const json_t *jwk) {
  return is_text(json_object_get(jwk, "kty"), "oct") || json_object_get(jwk, "d") != NULL;
}

enum model_jwk_verdict model_jwk(json_t *jwk) {
  const json_t *kty = json_object_get(jwk, "kty");
  const json_t *crv = json_object_get(jwk, "crv");
  if (!json_is_object(jwk) || !names_are_good(jwk) || !json_is_string(kty)) {
    return MODEL_JWK_BAD;
  }
  bool is_ec = is_text(kty, "EC");
  bool is_okp = is_text(kty, "OKP");
  if (!is_ec && !is_okp && !is_text(kty, "oct") && !is_text(kty, "RSA")) {
    return MODEL_JWK_UNSUPPORTED;
  }
  if ((is_ec || is_okp) && !json_is_string(crv)) {
    return MODEL_JWK_BAD;
  }
  if ((is_ec && !is_text(crv, "P-256") && !is_text(crv, "P-384") && !is_text(crv, "P-521")) ||
      (is_okp && !is_text(crv, "X25519"))) {
    return MODEL_JWK_UNSUPPORTED;
  }
  enum model_jwk_verdict about = judge_about(jwk);
  if (about != MODEL_JWK_GOOD) {
    return about;
  }
  enum model_jwk_verdict key = is_ec                 ? judge_ec(jwk)
                               : is_okp              ? judge_okp(jwk)
                               : is_text(kty, "oct") ? judge_oct(jwk)
                                                     : judge_rsa(jwk);
  return key == MODEL_JWK_GOOD && is_contradiction(jwk) ? MODEL_JWK_BAD : key;
}

void model_jwk_thumbprint(uint8_t *digest, const json_t *jwk) {
  static const char *const required[] = {"crv", "e", "k", "kty", "n", "x", "y"};
  const json_t *kty = json_object_get(jwk, "kty");
  json_t *hashed = json_object();
  for (size_t i = 0; i < NUM_OF(required); i++) {
    const char *of = is_text(kty, "RSA")   ? "e kty n"
                     : is_text(kty, "oct") ? "k kty"
                     : is_text(kty, "EC")  ? "crv kty x y"
                                           : "crv kty x";
    size_t len = strlen(required[i]);
    for (const char *at = of; at != NULL; at = strchr(at, ' ')) {
      at += *at == ' ' ? 1 : 0;
      if (strncmp(at, required[i], len) == 0 && (at[len] == ' ' || at[len] == '\0')) {
        FUZZ_ASSERT(json_object_set(hashed, required[i], json_object_get(jwk, required[i])) == 0);
      }
    }
  }
  char *text = json_dumps(hashed, JSON_COMPACT | JSON_SORT_KEYS);
  FUZZ_ASSERT(text != NULL);
  model_sha256(digest, bulla_span(text, strlen(text)));
  free(text);
  json_decref(hashed);
}
