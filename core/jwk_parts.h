/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What core/jwk_*.c share: the parts of each kind of key, one row a kind (RFC 7518 §6, RFC 8037 §2), and how a key is
 * made of them. A part is open, as all see it, or hidden. */

#ifndef BULLA_CORE_JWK_PARTS_H
#define BULLA_CORE_JWK_PARTS_H

#include "core/json.h"
#include "core/jwk.h"

#define BULLA_JWK_OPEN 2       /* open parts of a key at most: x and y, n and e */
#define BULLA_JWK_HIDDEN 6     /* hidden ones: k; d; d, p, q, dp, dq, qi */
#define BULLA_JWK_TEXT_MAX 256 /* bytes of "kid" and of "alg" */
#define BULLA_JWK_OCT_MAX 1024 /* bytes of "k" */

struct bulla_jwk_kind {
  enum bulla_key_type type;
  struct bulla_span name; /* "kty" */
  size_t num_open;
  size_t num_hidden;
  struct bulla_span open[BULLA_JWK_OPEN]; /* the names of the members */
  struct bulla_span hidden[BULLA_JWK_HIDDEN];
};

/* bulla_jwk_kind returns the row of |type|, bulla_jwk_kind_at the row number |i|, or NULL. */
const struct bulla_jwk_kind *bulla_jwk_kind(enum bulla_key_type type);
const struct bulla_jwk_kind *bulla_jwk_kind_at(size_t i);

/* bulla_curve_name returns "crv" of |curve|. */
struct bulla_span bulla_curve_name(enum bulla_curve curve);

/* bulla_curve_type returns BULLA_KEY_OKP for X25519, else BULLA_KEY_EC. */
enum bulla_key_type bulla_curve_type(enum bulla_curve curve);

/* bulla_jwk_open_part and bulla_jwk_hidden_part return the part number |i| of the kind. A hidden one is empty in a
 * forked child, and without a private part. */
struct bulla_span bulla_jwk_open_part(const struct bulla_jwk *jwk, size_t i);
struct bulla_span bulla_jwk_hidden_part(const struct bulla_jwk *jwk, size_t i);

/* What a key is made of. Parts are bytes, or their base64url. Absent ones are empty. */
struct bulla_jwk_source {
  enum bulla_key_type type;
  enum bulla_curve curve;
  bool is_text; /* the parts are base64url */
  bool has_private;
  struct bulla_span open[BULLA_JWK_OPEN]; /* of a curve without any the public key is worked out */
  struct bulla_span hidden[BULLA_JWK_HIDDEN];
  struct bulla_span kid; /* unescaped, at most BULLA_JWK_TEXT_MAX bytes, as alg */
  struct bulla_span alg;
  struct bulla_span use; /* a constant, or empty */
  bool has_key_ops;
  unsigned key_ops; /* of enum bulla_key_op */
};

/* bulla_jwk_source_rsa sets the parts of |source| to those of |rsa|, private ones if it has some. */
void bulla_jwk_source_rsa(struct bulla_jwk_source *source, const struct bulla_rsa_private *rsa);

/* bulla_jwk_make creates |*jwk| from |source|, of which it copies everything: what is hidden straight from there to the
 * slab, in constant time. Statuses as of bulla_jwk_parse; the log says what is wrong. */
BULLA_NODISCARD enum bulla_status bulla_jwk_make(struct bulla_jwk **jwk, const struct bulla_jwk_source *source);

/* bulla_jwk_set_purposes fills in what "use", "key_ops" and "alg" say (RFC 7517 §4.2 to §4.4). Returns BULLA_REFUSED if
 * "use" and "key_ops" contradict each other. */
BULLA_NODISCARD enum bulla_status bulla_jwk_set_purposes(struct bulla_jwk *jwk);

/* bulla_jwk_read_use and bulla_jwk_read_key_ops read the values of these members into |source|. Return
 * BULLA_INVALID_TEXT, BULLA_UNSUPPORTED for what RFC 7517 does not list. */
BULLA_NODISCARD enum bulla_status bulla_jwk_read_use(struct bulla_jwk_source *source,
                                                     const struct bulla_json_value *value);
BULLA_NODISCARD enum bulla_status bulla_jwk_read_key_ops(struct bulla_jwk_source *source,
                                                         const struct bulla_json_value *value);

/* bulla_jwk_put_key_ops writes the array "key_ops" of |jwk|, or what its public half may be used for. */
void bulla_jwk_put_key_ops(struct bulla_json_writer *out, const struct bulla_jwk *jwk, bool is_public);

/* bulla_jwk_put_base64url writes the member |name|: |bytes|, which may be secret, in base64url. */
void bulla_jwk_put_base64url(struct bulla_json_writer *out, struct bulla_span name, struct bulla_span bytes);

#endif
