/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* DER (X.690) of keys, both ways: PKCS #8 (RFC 5958), ECPrivateKey (RFC 5915), SubjectPublicKeyInfo (RFC 5280
 * §4.1.2.7), RSAPrivateKey and RSAPublicKey (RFC 8017 appendix A.1), X25519 (RFC 8410). The reader gives views of what
 * it reads, so that private numbers are nowhere but where the DER is. Tags and lengths decide branches; of numbers no
 * byte does. */

#ifndef BULLA_CORE_DER_H
#define BULLA_CORE_DER_H

#include "core/crypto_keys.h"

enum bulla_der {
  BULLA_DER_PKCS8 = 1,
  BULLA_DER_EC = 2,
  BULLA_DER_RSA = 3,
  BULLA_DER_SPKI = 4,
  BULLA_DER_RSA_PUBLIC = 5,
};

/* A key as DER has it: of a curve the bytes of its halves, of RSA the numbers, without zeroes before them. |curve| is 0
 * for RSA. Without |has_private| the private ones are empty; with it |point| may be. */
struct bulla_der_key {
  enum bulla_curve curve;
  bool has_private;
  struct bulla_span private_key;
  struct bulla_span point;
  struct bulla_rsa_private rsa;
};

/* bulla_der_read reads |der|, of the form |form|, all of it, into views of it. Returns BULLA_INVALID_TEXT, or
 * BULLA_UNSUPPORTED for another kind of key. That the key is safe and its halves go together is not yet known. */
BULLA_NODISCARD enum bulla_status bulla_der_read(struct bulla_der_key *key, enum bulla_der form, struct bulla_span der);

/* bulla_der_write creates |*der|, in locked memory: BULLA_DER_PKCS8 of a private |key|, else BULLA_DER_SPKI. Numbers
 * may have zeroes before them. */
BULLA_NODISCARD enum bulla_status bulla_der_write(struct bulla_secret **der, const struct bulla_der_key *key);

/* The object identifiers, as they are encoded. */
struct bulla_oid {
  uint8_t len;
  uint8_t bytes[10];
};

extern const struct bulla_oid bulla_oid_rsa;    /* RFC 8017 appendix A.1: rsaEncryption */
extern const struct bulla_oid bulla_oid_ec;     /* RFC 5480 §2.1.1: id-ecPublicKey */
extern const struct bulla_oid bulla_oid_x25519; /* RFC 8410 §3 */

/* bulla_oid_curve returns the identifier of |curve|, one of EC, in RFC 5480 §2.1.1.1. */
const struct bulla_oid *bulla_oid_curve(enum bulla_curve curve);

enum bulla_der_tag {
  BULLA_DER_INTEGER = 0x02,
  BULLA_DER_BIT_STRING = 0x03,
  BULLA_DER_OCTET_STRING = 0x04,
  BULLA_DER_NULL = 0x05,
  BULLA_DER_OID = 0x06,
  BULLA_DER_SEQUENCE = 0x30,
  BULLA_DER_CONTEXT_1 = 0x81, /* [1] IMPLICIT, primitive */
  BULLA_DER_EXPLICIT_0 = 0xa0,
  BULLA_DER_EXPLICIT_1 = 0xa1,
};

#endif
