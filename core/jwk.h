/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* JSON Web Keys: what the handle of include/bulla/jose.h holds, for core/jwk_*.c and core/jwe_*.c. */

#ifndef BULLA_CORE_JWK_H
#define BULLA_CORE_JWK_H

#include <bulla/jose.h>

#include "core/crypto_keys.h"

enum bulla_key_type { BULLA_KEY_OCT = 1, BULLA_KEY_EC = 2, BULLA_KEY_OKP = 3, BULLA_KEY_RSA = 4 };

/* Purposes that "use" and "key_ops" (RFC 7517 §4.2, §4.3) leave open. Without either all are. */
enum bulla_key_purpose {
  BULLA_KEY_ENCRYPTS = 1, /* encrypt, wrapKey; of a public key that agrees deriveKey or deriveBits, or nothing */
  BULLA_KEY_DECRYPTS = 2, /* decrypt, unwrapKey, deriveKey, deriveBits */
};

/* What "key_ops" lists: RFC 7517 §4.3. */
enum bulla_key_op {
  BULLA_OP_SIGN = 1,
  BULLA_OP_VERIFY = 2,
  BULLA_OP_ENCRYPT = 4,
  BULLA_OP_DECRYPT = 8,
  BULLA_OP_WRAP_KEY = 16,
  BULLA_OP_UNWRAP_KEY = 32,
  BULLA_OP_DERIVE_KEY = 64,
  BULLA_OP_DERIVE_BITS = 128,
};

/* |secret| is there in the process that made the key alone: see bulla_jwk_is_here. */
struct bulla_jwk {
  enum bulla_key_type type;
  enum bulla_curve curve;       /* of EC and OKP */
  struct bulla_secret *secret;  /* k; d; or of RSA d, p, q, dp, dq, qi; NULL without a private part */
  uint8_t *open;                /* on the heap: the point, or of RSA n and e; and the texts of kid and alg_name */
  struct bulla_span point;      /* into |open| */
  struct bulla_rsa_private rsa; /* into |open| and |secret| */
  struct bulla_span kid;        /* into |open|, unescaped, or empty */
  struct bulla_span alg_name;   /* "alg", into |open|, unescaped, or empty */
  enum bulla_jwe_alg alg;       /* that "alg" names, BULLA_JWE_DIR if it names an "enc"; or 0 */
  enum bulla_jwe_enc enc;       /* that "alg" names; or 0 */
  bool other_alg;               /* "alg" names what is not for JWE, or not for bulla */
  unsigned purposes;            /* of enum bulla_key_purpose */
  struct bulla_span use;        /* a constant: "enc", "sig" or empty */
  bool has_key_ops;
  unsigned key_ops; /* of enum bulla_key_op */
};

/* bulla_jwk_is_here returns whether the private part of |jwk| is there, if it has one: not in a forked child. */
static inline bool bulla_jwk_is_here(const struct bulla_jwk *jwk) {
  return jwk->secret == NULL || bulla_secret_bytes(jwk->secret).data != NULL;
}

/* bulla_jwk_public_point reads the public key of "epk" (RFC 7518 §4.6.1.1) from |json|, a checked object, to |point|,
 * for |curve|. Returns BULLA_REFUSED for whatever else it is, a private key among them. Whether the point is on the
 * curve bulla_curve_agree finds out. */
BULLA_NODISCARD enum bulla_status bulla_jwk_public_point(uint8_t *point, enum bulla_curve curve,
                                                         struct bulla_span json);

/* The JSON of a public key of |curve|, as "epk" has it: BULLA_EPK_MAX bytes are enough. */
struct bulla_json_writer;
#define BULLA_EPK_MAX 256
void bulla_jwk_put_point(struct bulla_json_writer *out, enum bulla_curve curve, const uint8_t *point);

#endif
