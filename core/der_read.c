/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The reader, see core/der.h. Each take_* takes one element, or returns false. */

#include "core/cleanup.h"
#include "core/cursor.h"
#include "core/der.h"
#include "core/log.h"
#include "core/mask.h"
#include "core/number.h"

static enum bulla_status malformed(void) {
  return bulla_explain(BULLA_INVALID_TEXT, "the DER of the key is malformed");
}

static enum bulla_status unsupported(const char *what) {
  return bulla_explain(BULLA_UNSUPPORTED, "the DER of the key has %s", what);
}

/* Takes a length, X.690 §10.1: as short as it can be, below 65536. */
static bool take_len(struct bulla_reader *in, size_t *len) {
  uint8_t first;
  struct bulla_span more;
  if (!bulla_take_byte(in, &first)) {
    return false;
  }
  *len = first;
  if (first < 0x80) {
    return true;
  }
  if (first > 0x82 || !bulla_take(in, &more, first & 0x7f)) {
    return false;
  }
  *len = 0;
  for (size_t i = 0; i < more.len; i++) {
    *len = *len << 8 | more.data[i];
  }
  return more.len == 1 ? *len >= 0x80 : more.len == 2 && *len >= 0x100;
}

static bool is_next(const struct bulla_reader *in, enum bulla_der_tag tag) {
  return in->left > 0 && *in->at == tag;
}

static bool take(struct bulla_reader *in, struct bulla_span *content, enum bulla_der_tag tag) {
  uint8_t byte;
  size_t len;
  return is_next(in, tag) && bulla_take_byte(in, &byte) && take_len(in, &len) && bulla_take(in, content, len);
}

/* Takes an element that has others inside. */
static bool take_inside(struct bulla_reader *in, struct bulla_reader *inside, enum bulla_der_tag tag) {
  struct bulla_span content;
  if (!take(in, &content, tag)) {
    return false;
  }
  *inside = bulla_reader(content);
  return true;
}

/* Takes the version, one byte. */
static bool take_version(struct bulla_reader *in, uint8_t *version) {
  struct bulla_span content;
  if (!take(in, &content, BULLA_DER_INTEGER) || content.len != 1) {
    return false;
  }
  *version = content.data[0];
  return true;
}

/* Takes an integer that is not negative and as short as it can be (X.690 §8.3), without the zero that says so. Of the
 * bytes only that is let out, and how many zeroes there are, which the length says too. */
static bool take_number(struct bulla_reader *in, struct bulla_span *number) {
  struct bulla_span content;
  if (!take(in, &content, BULLA_DER_INTEGER) || content.len == 0) {
    return false;
  }
  size_t num_zeroes = bulla_number_zeroes(content);
  *number = bulla_span(content.data + num_zeroes, content.len - num_zeroes);
  /* A zero stands before a high bit, and nowhere else; the number 0 is one byte. */
  uint32_t high = number->data[0] >> 7;
  return num_zeroes <= 1 && bulla_mask(high) == num_zeroes;
}

/* Takes a BIT STRING of whole bytes, or what is tagged instead of it. */
static bool take_bits(struct bulla_reader *in, struct bulla_span *bytes, enum bulla_der_tag tag) {
  struct bulla_span content;
  if (!take(in, &content, tag) || content.len == 0 || content.data[0] != 0) {
    return false;
  }
  *bytes = bulla_span(content.data + 1, content.len - 1);
  return true;
}

static bool is_oid(struct bulla_span oid, const struct bulla_oid *wanted) {
  return bulla_span_equal(oid, bulla_span(wanted->bytes, wanted->len));
}

/* Takes the name of a curve, RFC 5480 §2.1.1. */
static enum bulla_status take_curve(struct bulla_reader *in, enum bulla_curve *curve) {
  struct bulla_span oid;
  if (is_next(in, BULLA_DER_SEQUENCE)) {
    return unsupported("a curve that is no named one");
  }
  if (!take(in, &oid, BULLA_DER_OID)) {
    return malformed();
  }
  for (*curve = BULLA_CURVE_P256; *curve <= BULLA_CURVE_P521; (*curve)++) {
    if (is_oid(oid, bulla_oid_curve(*curve))) {
      return BULLA_OK;
    }
  }
  return unsupported("another curve than P-256, P-384, P-521, X25519");
}

/* Takes an AlgorithmIdentifier, RFC 5280 §4.1.1.2: |*curve| is 0 for RSA. */
static enum bulla_status take_algorithm(struct bulla_reader *in, enum bulla_curve *curve) {
  struct bulla_reader inside;
  struct bulla_span oid;
  struct bulla_span null = {NULL, 0};
  if (!take_inside(in, &inside, BULLA_DER_SEQUENCE) || !take(&inside, &oid, BULLA_DER_OID)) {
    return malformed();
  }
  *curve = 0;
  if (is_oid(oid, &bulla_oid_ec)) {
    BULLA_TRY(take_curve(&inside, curve));
  } else if (is_oid(oid, &bulla_oid_x25519)) {
    *curve = BULLA_CURVE_X25519;
  } else if (!is_oid(oid, &bulla_oid_rsa)) {
    return unsupported("another algorithm than RSA, EC, X25519");
  } else if (!take(&inside, &null, BULLA_DER_NULL) || null.len != 0) {
    return malformed();
  }
  return inside.left == 0 ? BULLA_OK : malformed();
}

/* Reads a public key of a curve: u of X25519, or an uncompressed point (SEC 1 §2.3.3). */
static enum bulla_status read_point(struct bulla_der_key *key, struct bulla_span bytes) {
  key->point = bytes;
  if (key->curve != BULLA_CURVE_X25519) {
    if (bytes.len > 0 && (bytes.data[0] == 2 || bytes.data[0] == 3)) {
      return unsupported("a compressed point");
    }
    if (bytes.len == 0 || bytes.data[0] != 4) {
      return malformed();
    }
    key->point = bulla_span(bytes.data + 1, bytes.len - 1);
  }
  return key->point.len == bulla_point_len(key->curve) ? BULLA_OK : malformed();
}

static enum bulla_status read_rsa_public(struct bulla_der_key *key, struct bulla_span der) {
  struct bulla_reader in = bulla_reader(der);
  struct bulla_reader inside;
  return take_inside(&in, &inside, BULLA_DER_SEQUENCE) && in.left == 0 && take_number(&inside, &key->rsa.open.n) &&
                 take_number(&inside, &key->rsa.open.e) && inside.left == 0
             ? BULLA_OK
             : malformed();
}

/* RFC 8017 appendix A.1.2. Version 1 has more than two primes. */
static enum bulla_status read_rsa(struct bulla_der_key *key, struct bulla_span der) {
  struct bulla_span *const numbers[] = {&key->rsa.open.n, &key->rsa.open.e, &key->rsa.d,  &key->rsa.p,
                                        &key->rsa.q,      &key->rsa.dp,     &key->rsa.dq, &key->rsa.qi};
  struct bulla_reader in = bulla_reader(der);
  struct bulla_reader inside;
  uint8_t version;
  if (!take_inside(&in, &inside, BULLA_DER_SEQUENCE) || in.left != 0 || !take_version(&inside, &version)) {
    return malformed();
  }
  if (version != 0) {
    return version == 1 ? unsupported("more than two primes") : malformed();
  }
  for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
    if (!take_number(&inside, numbers[i])) {
      return malformed();
    }
  }
  return inside.left == 0 ? BULLA_OK : malformed();
}

/* Takes [0] and [1] of an ECPrivateKey. The curve is |key->curve|, if that is known. */
static enum bulla_status take_ec_rest(struct bulla_reader *in, struct bulla_der_key *key) {
  struct bulla_reader inside;
  struct bulla_span bits;
  if (is_next(in, BULLA_DER_EXPLICIT_0)) {
    enum bulla_curve curve = 0;
    if (!take_inside(in, &inside, BULLA_DER_EXPLICIT_0)) {
      return malformed();
    }
    BULLA_TRY(take_curve(&inside, &curve));
    if (inside.left != 0 || (key->curve != 0 && key->curve != curve)) {
      return malformed();
    }
    key->curve = curve;
  }
  if (key->curve == 0) {
    return unsupported("no curve");
  }
  if (in->left == 0) {
    return BULLA_OK;
  }
  if (!take_inside(in, &inside, BULLA_DER_EXPLICIT_1) || !take_bits(&inside, &bits, BULLA_DER_BIT_STRING) ||
      inside.left != 0 || in->left != 0) {
    return malformed();
  }
  return read_point(key, bits);
}

/* RFC 5915 §3. */
static enum bulla_status read_ec(struct bulla_der_key *key, struct bulla_span der) {
  struct bulla_reader in = bulla_reader(der);
  struct bulla_reader inside;
  uint8_t version;
  if (!take_inside(&in, &inside, BULLA_DER_SEQUENCE) || in.left != 0 || !take_version(&inside, &version) ||
      version != 1 || !take(&inside, &key->private_key, BULLA_DER_OCTET_STRING)) {
    return malformed();
  }
  BULLA_TRY(take_ec_rest(&inside, key));
  return key->private_key.len == bulla_curve_len(key->curve) ? BULLA_OK : malformed();
}

/* RFC 8410 §7. */
static enum bulla_status read_x25519(struct bulla_der_key *key, struct bulla_span der) {
  struct bulla_reader in = bulla_reader(der);
  return take(&in, &key->private_key, BULLA_DER_OCTET_STRING) && in.left == 0 &&
                 key->private_key.len == bulla_curve_len(key->curve)
             ? BULLA_OK
             : malformed();
}

/* Takes what may follow the private key in RFC 5958 §2: attributes, which say nothing to us, and in version 1, and
 * there always, the public key. */
static enum bulla_status take_pkcs8_rest(struct bulla_reader *in, struct bulla_der_key *key, uint8_t version) {
  struct bulla_span attributes;
  struct bulla_span bits;
  struct bulla_span known = key->point;
  if (is_next(in, BULLA_DER_EXPLICIT_0) && !take(in, &attributes, BULLA_DER_EXPLICIT_0)) {
    return malformed();
  }
  if (in->left == 0) {
    return version == 0 ? BULLA_OK : malformed();
  }
  if (version != 1 || key->curve == 0 || !take_bits(in, &bits, BULLA_DER_CONTEXT_1) || in->left != 0) {
    return malformed();
  }
  BULLA_TRY(read_point(key, bits));
  return known.len == 0 || bulla_span_equal(known, key->point) ? BULLA_OK : malformed();
}

static enum bulla_status read_pkcs8(struct bulla_der_key *key, struct bulla_span der) {
  struct bulla_reader in = bulla_reader(der);
  struct bulla_reader inside;
  struct bulla_span bytes;
  uint8_t version;
  if (!take_inside(&in, &inside, BULLA_DER_SEQUENCE) || in.left != 0 || !take_version(&inside, &version) ||
      version > 1) {
    return malformed();
  }
  BULLA_TRY(take_algorithm(&inside, &key->curve));
  if (!take(&inside, &bytes, BULLA_DER_OCTET_STRING)) {
    return malformed();
  }
  BULLA_TRY(key->curve == 0                    ? read_rsa(key, bytes)
            : key->curve == BULLA_CURVE_X25519 ? read_x25519(key, bytes)
                                               : read_ec(key, bytes));
  return take_pkcs8_rest(&inside, key, version);
}

static enum bulla_status read_spki(struct bulla_der_key *key, struct bulla_span der) {
  struct bulla_reader in = bulla_reader(der);
  struct bulla_reader inside;
  struct bulla_span bytes;
  if (!take_inside(&in, &inside, BULLA_DER_SEQUENCE) || in.left != 0) {
    return malformed();
  }
  BULLA_TRY(take_algorithm(&inside, &key->curve));
  if (!take_bits(&inside, &bytes, BULLA_DER_BIT_STRING) || inside.left != 0) {
    return malformed();
  }
  return key->curve == 0 ? read_rsa_public(key, bytes) : read_point(key, bytes);
}

enum bulla_status bulla_der_read(struct bulla_der_key *key, enum bulla_der form, struct bulla_span der) {
  memset(key, 0, sizeof(*key));
  switch (form) {
    case BULLA_DER_SPKI:
      return read_spki(key, der);
    case BULLA_DER_RSA_PUBLIC:
      return read_rsa_public(key, der);
    case BULLA_DER_PKCS8:
    case BULLA_DER_EC:
    case BULLA_DER_RSA:
      break;
  }
  key->has_private = true;
  return form == BULLA_DER_PKCS8 ? read_pkcs8(key, der) : form == BULLA_DER_EC ? read_ec(key, der) : read_rsa(key, der);
}
