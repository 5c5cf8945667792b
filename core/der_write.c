/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The writer, see core/der.h. It writes from the end to the beginning: what is inside an element, and so its length, is
 * there before its tag. */

#include <string.h>

#include "core/cleanup.h"
#include "core/der.h"
#include "core/number.h"
#include "core/scrub.h"

enum { FRAME_LEN = 256 }; /* bytes that are enough for all that is not a part of the key */

/* Free are the |left| bytes at |start|. */
struct backwards {
  uint8_t *start;
  size_t left;
  bool overflow;
};

static void put(struct backwards *out, struct bulla_span bytes) {
  if (out->overflow || bytes.len > out->left) {
    out->overflow = true;
    return;
  }
  out->left -= bytes.len;
  if (bytes.len > 0) {
    memcpy(out->start + out->left, bytes.data, bytes.len);
  }
}

static void put_byte(struct backwards *out, uint8_t byte) {
  put(out, bulla_span(&byte, 1));
}

/* Puts the tag and the length of what was put since |before| bytes were left. */
static void put_tag(struct backwards *out, enum bulla_der_tag tag, size_t before) {
  size_t len = before - out->left;
  if (len < 0x80) {
    put_byte(out, (uint8_t)len);
  } else {
    uint8_t num = 0;
    for (; len > 0; len >>= 8, num++) {
      put_byte(out, (uint8_t)len);
    }
    put_byte(out, 0x80 | num);
  }
  put_byte(out, (uint8_t)tag);
}

static void put_element(struct backwards *out, enum bulla_der_tag tag, struct bulla_span content) {
  size_t before = out->left;
  put(out, content);
  put_tag(out, tag, before);
}

static void put_oid(struct backwards *out, const struct bulla_oid *oid) {
  put_element(out, BULLA_DER_OID, bulla_span(oid->bytes, oid->len));
}

static void put_version(struct backwards *out, uint8_t version) {
  put_element(out, BULLA_DER_INTEGER, bulla_span(&version, 1));
}

/* X.690 §8.3: no zeroes before a number but the one before a high bit. Of the bytes only that is let out: the length
 * says as much. */
static void put_number(struct backwards *out, struct bulla_span number) {
  static const uint8_t zero = 0;
  size_t before = out->left;
  size_t num_zeroes = bulla_number_zeroes(number);
  struct bulla_span rest = bulla_span(number.data + num_zeroes, number.len - num_zeroes);
  put(out, rest);
  put(out, bulla_span(&zero, (size_t)(rest.data[0] >> 7)));
  put_tag(out, BULLA_DER_INTEGER, before);
}

static void put_point(struct backwards *out, const struct bulla_der_key *key) {
  put(out, key->point);
  if (key->curve != BULLA_CURVE_X25519) {
    put_byte(out, 4);
  }
}

static void put_algorithm(struct backwards *out, enum bulla_curve curve) {
  size_t before = out->left;
  if (curve == BULLA_CURVE_X25519) {
    put_oid(out, &bulla_oid_x25519);
  } else if (curve == 0) {
    put_element(out, BULLA_DER_NULL, bulla_span(NULL, 0));
    put_oid(out, &bulla_oid_rsa);
  } else {
    put_oid(out, bulla_oid_curve(curve));
    put_oid(out, &bulla_oid_ec);
  }
  put_tag(out, BULLA_DER_SEQUENCE, before);
}

static void put_rsa_public(struct backwards *out, const struct bulla_rsa_public *key) {
  size_t before = out->left;
  put_number(out, key->e);
  put_number(out, key->n);
  put_tag(out, BULLA_DER_SEQUENCE, before);
}

static void put_rsa(struct backwards *out, const struct bulla_rsa_private *key) {
  const struct bulla_span numbers[] = {key->open.n, key->open.e, key->d, key->p, key->q, key->dp, key->dq, key->qi};
  size_t before = out->left;
  for (size_t i = sizeof(numbers) / sizeof(numbers[0]); i > 0; i--) {
    put_number(out, numbers[i - 1]);
  }
  put_version(out, 0);
  put_tag(out, BULLA_DER_SEQUENCE, before);
}

/* The public key is in it, as others have it; the curve is not, since PKCS #8 says it. */
static void put_ec(struct backwards *out, const struct bulla_der_key *key) {
  size_t before = out->left;
  put_point(out, key);
  put_byte(out, 0);
  put_tag(out, BULLA_DER_BIT_STRING, before);
  put_tag(out, BULLA_DER_EXPLICIT_1, before);
  put_element(out, BULLA_DER_OCTET_STRING, key->private_key);
  put_version(out, 1);
  put_tag(out, BULLA_DER_SEQUENCE, before);
}

static void put_pkcs8(struct backwards *out, const struct bulla_der_key *key) {
  size_t before = out->left;
  if (key->curve == 0) {
    put_rsa(out, &key->rsa);
  } else if (key->curve == BULLA_CURVE_X25519) {
    put_element(out, BULLA_DER_OCTET_STRING, key->private_key);
  } else {
    put_ec(out, key);
  }
  put_tag(out, BULLA_DER_OCTET_STRING, before);
  put_algorithm(out, key->curve);
  put_version(out, 0);
  put_tag(out, BULLA_DER_SEQUENCE, before);
}

static void put_spki(struct backwards *out, const struct bulla_der_key *key) {
  size_t before = out->left;
  if (key->curve == 0) {
    put_rsa_public(out, &key->rsa.open);
  } else {
    put_point(out, key);
  }
  put_byte(out, 0);
  put_tag(out, BULLA_DER_BIT_STRING, before);
  put_algorithm(out, key->curve);
  put_tag(out, BULLA_DER_SEQUENCE, before);
}

static size_t len_of_parts(const struct bulla_der_key *key) {
  const struct bulla_rsa_private *rsa = &key->rsa;
  size_t private_len =
      key->private_key.len + rsa->d.len + rsa->p.len + rsa->q.len + rsa->dp.len + rsa->dq.len + rsa->qi.len;
  return key->point.len + rsa->open.n.len + rsa->open.e.len + private_len;
}

enum bulla_status bulla_der_write(struct bulla_secret **der, const struct bulla_der_key *key) {
  size_t size = len_of_parts(key) + FRAME_LEN;
  BULLA_TRY(bulla_secret_new(der, size));
  uint8_t *start = bulla_secret_data(*der);
  struct backwards out = {start, size, false};
  if (key->has_private) {
    put_pkcs8(&out, key);
  } else {
    put_spki(&out, key);
  }
  if (out.overflow) {
    bulla_secret_free(der);
    return BULLA_TOO_LARGE;
  }
  memmove(start, start + out.left, size - out.left);
  bulla_secret_truncate(*der, size - out.left);
  bulla_scrub(BULLA_SCRUB_DEPTH);
  return BULLA_OK;
}
