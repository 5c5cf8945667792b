/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* JWE in all its forms as bulla reads it (core/jwe_header.h, include/bulla/jose.h), in terms of jansson, nettle and
 * GMP. */

#ifndef BULLA_FUZZ_MODEL_JOSE_H
#define BULLA_FUZZ_MODEL_JOSE_H

#include "fuzz/model_content.h"
#include "fuzz/model_header.h"
#include "fuzz/model_hpke.h"
#include "fuzz/model_pairs.h"

enum { MODEL_JWE_MAX = 16384, MODEL_NUM_ALGS = 26, MODEL_MAX_RECIPIENTS = 64, MODEL_EPK_MAX = 256 };

enum model_kind { MODEL_DIR, MODEL_KW, MODEL_GCMKW, MODEL_ECDH, MODEL_OAEP, MODEL_HPKE };

/* A row of RFC 7518 §4.1, for each curve one. */
struct model_alg {
  const char *name;
  enum bulla_jwe_alg number;
  enum model_kind kind;
  size_t kek_len; /* bytes of what wraps; 0 if the key is that of the content */
  enum model_curve curve;
  bool is_sha256; /* of OAEP */
};

extern const struct model_alg model_algs[MODEL_NUM_ALGS];

/* What a key of bulla is pinned to. The bytes of all keys of a kind are the same: model_material. */
struct model_key {
  const struct model_alg *alg;
  const struct model_enc *enc;
  struct bulla_span kid; /* or empty */
};

/* model_material returns the symmetric key, or the private key of a curve, that goes with |key|. */
struct bulla_span model_material(const struct model_key *key);

/* model_no_enc is what a key of MODEL_HPKE is pinned to. */
extern const struct model_enc model_no_enc;

/* model_is_direct says whether the key of the content is not sent. */
bool model_is_direct(const struct model_key *key);

/* model_is_for says whether |header| names what |key| is pinned to. */
bool model_is_for(const struct model_key *key, const struct model_jose *header);

/* model_agree derives what |key| agrees with the owner of an ephemeral key: RFC 7518 §4.6.2. */
bool model_agree(const struct model_key *key, uint8_t *derived, const uint8_t *private_key, const uint8_t *point,
                 struct bulla_span apu, struct bulla_span apv);

/* model_take_point fills |point| with the ephemeral public key of |header| on |curve|, or returns false. */
bool model_take_point(uint8_t *point, enum model_curve curve, const struct model_jose *header);

/* model_wrap fills |wrapped|, 8 bytes longer than |cek|: RFC 3394 §2.2.1. */
void model_wrap(uint8_t *wrapped, struct bulla_span kek, struct bulla_span cek);

/* model_unwrap fills |cek| or returns false. */
bool model_unwrap(const struct model_key *key, uint8_t *cek, struct bulla_span encrypted_key,
                  const struct model_jose *header);

/* What a JWE opens to. The rooms are its own. */
struct model_opened {
  struct bulla_buffer plaintext;
  struct bulla_span header; /* the protected one, JSON */
  struct bulla_span aad;
  uint8_t rooms[3][MODEL_JWE_MAX];
};

/* model_split says whether |token| has five |parts|. */
bool model_split(struct bulla_span parts[5], struct bulla_span token);

/* model_jwe_shared fills |shared| with what |key|, of a curve, agrees on for the compact |token|, or returns false. */
bool model_jwe_shared(const struct model_key *key, uint8_t *shared, struct bulla_span token);

/* model_jwe_is_readable says whether |jwe| is one for somebody, as far as its headers and its form show. */
bool model_jwe_is_readable(struct bulla_span jwe);

/* model_jwe_open says whether |jwe|, of at most MODEL_JWE_MAX bytes, opens with |key|, and to what. */
bool model_jwe_open(const struct model_key *key, struct model_opened *opened, struct bulla_span jwe);

#endif
