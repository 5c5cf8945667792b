/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The curves of core/crypto_keys.h, from BoringSSL. A private key of a curve of NIST becomes a fresh EC_KEY for each
 * operation: BoringSSL clears what it frees, and a thirtieth of the time goes there. */

#include <string.h>

#include <openssl/nid.h>

#include "core/cleanup.h"
#include "core/crypto.h"
#include "core/crypto_boringssl.h"
#include "core/crypto_keys.h"

static const struct row {
  size_t len; /* of a private key, a coordinate and a shared secret */
  int nid;    /* BoringSSL's name, 0 for X25519, which has functions of its own */
} rows[] = {
    [BULLA_CURVE_P256] = {32, NID_X9_62_prime256v1},
    [BULLA_CURVE_P384] = {48, NID_secp384r1},
    [BULLA_CURVE_P521] = {66, NID_secp521r1},
    [BULLA_CURVE_X25519] = {BULLA_X25519_LEN, 0},
};

size_t bulla_curve_len(enum bulla_curve curve) {
  return rows[curve].len;
}

size_t bulla_point_len(enum bulla_curve curve) {
  return curve == BULLA_CURVE_X25519 ? BULLA_X25519_LEN : 2 * rows[curve].len;
}

/* SEC 1 §2.3.3: a point without compression. */
enum { UNCOMPRESSED = 4, UNCOMPRESSED_MAX_LEN = 1 + BULLA_POINT_MAX_LEN };

static void free_key(EC_KEY **key) {
  if (*key != NULL) {
    bulla_boringssl.EC_KEY_free(*key);
  }
}

static void free_point(EC_POINT **point) {
  if (*point != NULL) {
    bulla_boringssl.EC_POINT_free(*point);
  }
}

static enum bulla_status new_key(EC_KEY **key, enum bulla_curve curve) {
  BULLA_TRY(bulla_boringssl_need());
  *key = bulla_boringssl.EC_KEY_new_by_curve_name(rows[curve].nid);
  return *key != NULL ? BULLA_OK : BULLA_NO_MEMORY;
}

static enum bulla_status new_point(EC_POINT **point, const EC_KEY *key) {
  *point = bulla_boringssl.EC_POINT_new(bulla_boringssl.EC_KEY_get0_group(key));
  return *point != NULL ? BULLA_OK : BULLA_NO_MEMORY;
}

/* Reads |bytes|, which BoringSSL refuses unless both coordinates are less than p and the point is on the curve. This
 * form has no point at infinity. */
static enum bulla_status read_point(EC_POINT *point, const EC_KEY *key, enum bulla_curve curve, const uint8_t *bytes) {
  uint8_t form[UNCOMPRESSED_MAX_LEN];
  size_t len = bulla_point_len(curve);
  form[0] = UNCOMPRESSED;
  memcpy(form + 1, bytes, len);
  bool read =
      bulla_boringssl.EC_POINT_oct2point(bulla_boringssl.EC_KEY_get0_group(key), point, form, 1 + len, NULL) == 1;
  return read ? BULLA_OK : BULLA_REFUSED;
}

static enum bulla_status write_point(uint8_t *bytes, const EC_POINT *point, const EC_KEY *key, enum bulla_curve curve) {
  uint8_t form[UNCOMPRESSED_MAX_LEN];
  size_t len = bulla_point_len(curve);
  if (bulla_boringssl.EC_POINT_point2oct(bulla_boringssl.EC_KEY_get0_group(key), point, POINT_CONVERSION_UNCOMPRESSED,
                                         form, sizeof(form), NULL) != 1 + len) {
    return BULLA_NO_CRYPTO;
  }
  memcpy(bytes, form + 1, len);
  return BULLA_OK;
}

/* Gives |key| the bytes of a private key. BoringSSL compares it with the order in constant time. That a key is out of
 * range, which it then is for everybody, is not secret. */
static enum bulla_status read_private(EC_KEY *key, enum bulla_curve curve, const uint8_t *bytes) {
  static const uint8_t zero[BULLA_CURVE_MAX_LEN];
  size_t len = rows[curve].len;
  if (bulla_secret_equal(bulla_span(bytes, len), bulla_span(zero, len))) {
    return BULLA_REFUSED;
  }
  BIGNUM *number = bulla_boringssl.BN_bin2bn(bytes, len, NULL);
  if (number == NULL) {
    return BULLA_NO_MEMORY;
  }
  bool read = bulla_boringssl.EC_KEY_set_private_key(key, number) == 1;
  bulla_boringssl.BN_clear_free(number);
  return read ? BULLA_OK : BULLA_REFUSED;
}

/* Ends what worked on a curve of NIST: nothing of it stays on the stack, nor in BoringSSL's list of errors. Always
 * inlined, as bulla_scrub. */
__attribute__((always_inline)) static inline enum bulla_status done(enum bulla_status status) {
  if (status != BULLA_OK && bulla_boringssl_need() == BULLA_OK) {
    bulla_boringssl.ERR_clear_error();
  }
  bulla_scrub(BULLA_POINT_SCRUB_DEPTH);
  return status;
}

__attribute__((noinline)) static enum bulla_status agree_x25519(uint8_t *shared, const uint8_t *private_key,
                                                                const uint8_t *point) {
  BULLA_TRY(bulla_boringssl_need());
  return bulla_boringssl.X25519(shared, private_key, point) == 1 ? BULLA_OK : BULLA_REFUSED;
}

/* The points of small order on Curve25519 and on its twist, RFC 7748 §6.1: u is 0, 1, p - 1, one of two of order 8, or
 * p and p + 1, which are 0 and 1 again. Multiplying the point instead would cost as much as an agreement. A point is
 * not secret. */
static bool has_small_order(const uint8_t *point) {
  static const uint8_t points[][BULLA_X25519_LEN] = {
      {0},
      {1},
      {0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
       0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
      {0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
       0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
      {0xee, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
       0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
      {0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f, 0xc4, 0x6a,
       0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32, 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00},
      {0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1, 0x55, 0x9c, 0x83, 0xef, 0x5b,
       0x04, 0x44, 0x5c, 0xc4, 0x58, 0x1c, 0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f, 0x11, 0x57},
  };
  uint8_t u[BULLA_X25519_LEN];
  memcpy(u, point, sizeof(u));
  u[BULLA_X25519_LEN - 1] &= 0x7f; /* the top bit is ignored: §5 */
  for (size_t i = 0; i < sizeof(points) / sizeof(points[0]); i++) {
    if (memcmp(u, points[i], sizeof(u)) == 0) {
      return true;
    }
  }
  return false;
}

__attribute__((noinline)) static enum bulla_status check(enum bulla_curve curve, const uint8_t *bytes) {
  EC_KEY *key BULLA_CLEANUP(free_key) = NULL;
  EC_POINT *point BULLA_CLEANUP(free_point) = NULL;
  BULLA_TRY(new_key(&key, curve));
  BULLA_TRY(new_point(&point, key));
  return read_point(point, key, curve, bytes);
}

enum bulla_status bulla_curve_check(enum bulla_curve curve, const uint8_t *point) {
  if (curve == BULLA_CURVE_X25519) {
    return has_small_order(point) ? BULLA_REFUSED : BULLA_OK;
  }
  return done(check(curve, point));
}

__attribute__((noinline)) static enum bulla_status make_public(enum bulla_curve curve, uint8_t *bytes,
                                                               const uint8_t *private_key) {
  EC_KEY *key BULLA_CLEANUP(free_key) = NULL;
  EC_POINT *point BULLA_CLEANUP(free_point) = NULL;
  BULLA_TRY(new_key(&key, curve));
  BULLA_TRY(new_point(&point, key));
  BULLA_TRY(read_private(key, curve, private_key));
  if (bulla_boringssl.EC_POINT_mul(bulla_boringssl.EC_KEY_get0_group(key), point,
                                   bulla_boringssl.EC_KEY_get0_private_key(key), NULL, NULL, NULL) != 1) {
    return BULLA_NO_CRYPTO;
  }
  return write_point(bytes, point, key, curve);
}

enum bulla_status bulla_curve_public(enum bulla_curve curve, uint8_t *point, const uint8_t *private_key) {
  return curve == BULLA_CURVE_X25519 ? bulla_x25519_public(point, private_key)
                                     : done(make_public(curve, point, private_key));
}

__attribute__((noinline)) static enum bulla_status generate(enum bulla_curve curve, uint8_t *private_key,
                                                            uint8_t *point) {
  EC_KEY *key BULLA_CLEANUP(free_key) = NULL;
  BULLA_TRY(new_key(&key, curve));
  if (bulla_boringssl.EC_KEY_generate_key(key) != 1 ||
      bulla_boringssl.BN_bn2bin_padded(private_key, rows[curve].len, bulla_boringssl.EC_KEY_get0_private_key(key)) !=
          1) {
    return BULLA_NO_CRYPTO;
  }
  return write_point(point, bulla_boringssl.EC_KEY_get0_public_key(key), key, curve);
}

static enum bulla_status generate_x25519(uint8_t *private_key, uint8_t *point) {
  BULLA_TRY(bulla_random(private_key, BULLA_X25519_LEN));
  return bulla_x25519_public(point, private_key);
}

enum bulla_status bulla_curve_generate(enum bulla_curve curve, uint8_t *private_key, uint8_t *point) {
  enum bulla_status status =
      curve == BULLA_CURVE_X25519 ? generate_x25519(private_key, point) : done(generate(curve, private_key, point));
  if (status != BULLA_OK) {
    bulla_wipe(private_key, rows[curve].len);
  }
  return status;
}

__attribute__((noinline)) static enum bulla_status agree(enum bulla_curve curve, uint8_t *shared,
                                                         const uint8_t *private_key, const uint8_t *bytes) {
  EC_KEY *key BULLA_CLEANUP(free_key) = NULL;
  EC_POINT *point BULLA_CLEANUP(free_point) = NULL;
  BULLA_TRY(new_key(&key, curve));
  BULLA_TRY(new_point(&point, key));
  BULLA_TRY(read_point(point, key, curve, bytes));
  BULLA_TRY(read_private(key, curve, private_key));
  int len = bulla_boringssl.ECDH_compute_key(shared, rows[curve].len, point, key, NULL);
  return len > 0 && (size_t)len == rows[curve].len ? BULLA_OK : BULLA_NO_CRYPTO;
}

enum bulla_status bulla_curve_agree(enum bulla_curve curve, uint8_t *shared, const uint8_t *private_key,
                                    const uint8_t *point) {
  enum bulla_status status;
  if (curve == BULLA_CURVE_X25519) {
    status = agree_x25519(shared, private_key, point);
    bulla_scrub(BULLA_CURVE_SCRUB_DEPTH);
  } else {
    status = done(agree(curve, shared, private_key, point));
  }
  if (status != BULLA_OK) {
    bulla_wipe(shared, rows[curve].len);
  }
  return status;
}
