/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The curves of fuzz/model_pairs.h. */

#include <nettle/bignum.h>
#include <nettle/curve25519.h>
#include <nettle/ecc-curve.h>
#include <nettle/ecc.h>

#include "fuzz/fuzz.h"
#include "fuzz/model_pairs.h"

static const struct {
  const char *name;
  size_t len;
  const struct ecc_curve *(*get)(void);
} curves[] = {
    [MODEL_NO_CURVE] = {"", 0, NULL},
    [MODEL_P256] = {"P-256", 32, nettle_get_secp_256r1},
    [MODEL_P384] = {"P-384", 48, nettle_get_secp_384r1},
    [MODEL_P521] = {"P-521", 66, nettle_get_secp_521r1},
    [MODEL_X25519] = {"X25519", 32, NULL},
};

const char *model_curve_name(enum model_curve curve) {
  return curves[curve].name;
}

size_t model_curve_len(enum model_curve curve) {
  return curves[curve].len;
}

size_t model_point_len(enum model_curve curve) {
  return curve == MODEL_X25519 ? curves[curve].len : 2 * curves[curve].len;
}

/* Writes |point| as x and y, of which each is |len| bytes long. */
static void put_point(uint8_t *bytes, size_t len, const struct ecc_point *point) {
  mpz_t x;
  mpz_t y;
  mpz_inits(x, y, NULL);
  ecc_point_get(point, x, y);
  nettle_mpz_get_str_256(len, bytes, x);
  nettle_mpz_get_str_256(len, bytes + len, y);
  mpz_clears(x, y, NULL);
}

static void set_scalar(struct ecc_scalar *scalar, enum model_curve curve, const uint8_t *private_key) {
  mpz_t number;
  ecc_scalar_init(scalar, curves[curve].get());
  nettle_mpz_init_set_str_256_u(number, curves[curve].len, private_key);
  FUZZ_ASSERT(ecc_scalar_set(scalar, number));
  mpz_clear(number);
}

static bool set_point(struct ecc_point *point, enum model_curve curve, const uint8_t *bytes) {
  size_t len = curves[curve].len;
  mpz_t x;
  mpz_t y;
  nettle_mpz_init_set_str_256_u(x, len, bytes);
  nettle_mpz_init_set_str_256_u(y, len, bytes + len);
  ecc_point_init(point, curves[curve].get());
  bool good = ecc_point_set(point, x, y);
  mpz_clears(x, y, NULL);
  return good;
}

void model_curve_public(enum model_curve curve, uint8_t *point, const uint8_t *private_key) {
  struct ecc_scalar scalar;
  struct ecc_point product;
  if (curve == MODEL_X25519) {
    curve25519_mul_g(point, private_key);
    return;
  }
  set_scalar(&scalar, curve, private_key);
  ecc_point_init(&product, curves[curve].get());
  ecc_point_mul_g(&product, &scalar);
  put_point(point, curves[curve].len, &product);
  ecc_point_clear(&product);
  ecc_scalar_clear(&scalar);
}

static bool agree(enum model_curve curve, uint8_t *shared, const uint8_t *private_key, const uint8_t *bytes) {
  struct ecc_scalar scalar;
  struct ecc_point point;
  uint8_t both[MODEL_POINT_MAX];
  bool good = set_point(&point, curve, bytes);
  if (good) {
    set_scalar(&scalar, curve, private_key);
    ecc_point_mul(&point, &scalar, &point);
    put_point(both, curves[curve].len, &point);
    memcpy(shared, both, curves[curve].len);
    ecc_scalar_clear(&scalar);
  }
  ecc_point_clear(&point);
  return good;
}

/* The last two of each curve, which are most often the next ones, too. */
static struct known {
  bool is_set;
  bool good;
  uint8_t private_key[MODEL_CURVE_MAX];
  uint8_t point[MODEL_POINT_MAX];
  uint8_t shared[MODEL_CURVE_MAX];
} last[MODEL_X25519 + 1][2];

static void make(struct known *known, enum model_curve curve, const uint8_t *private_key, const uint8_t *point) {
  static const uint8_t zero[MODEL_CURVE_MAX];
  size_t len = model_curve_len(curve);
  known->is_set = true;
  memcpy(known->private_key, private_key, len);
  memcpy(known->point, point, model_point_len(curve));
  if (curve == MODEL_X25519) {
    curve25519_mul(known->shared, private_key, point);
    known->good = memcmp(known->shared, zero, len) != 0;
  } else {
    known->good = agree(curve, known->shared, private_key, point);
  }
}

bool model_curve_agree(enum model_curve curve, uint8_t *shared, const uint8_t *private_key, const uint8_t *point) {
  static size_t next;
  size_t len = model_curve_len(curve);
  struct known *known = NULL;
  for (size_t i = 0; i < 2; i++) {
    struct known *one = &last[curve][i];
    if (one->is_set && memcmp(one->private_key, private_key, len) == 0 &&
        memcmp(one->point, point, model_point_len(curve)) == 0) {
      known = one;
    }
  }
  if (known == NULL) {
    known = &last[curve][next++ % 2];
    make(known, curve, private_key, point);
  }
  memcpy(shared, known->shared, len);
  return known->good;
}
