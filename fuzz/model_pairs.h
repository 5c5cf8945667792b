/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Key pairs a second time: curves by nettle, RSAES-OAEP by nettle's hashes and GMP. Nothing here calls a function of
 * bulla's. The keys are the targets' own, open to all, and always the same. */

#ifndef BULLA_FUZZ_MODEL_PAIRS_H
#define BULLA_FUZZ_MODEL_PAIRS_H

#include "core/cursor.h"

enum model_curve { MODEL_NO_CURVE, MODEL_P256, MODEL_P384, MODEL_P521, MODEL_X25519 };
enum { MODEL_CURVE_MAX = 66, MODEL_POINT_MAX = 2 * MODEL_CURVE_MAX, MODEL_RSA_LEN = 256 };

/* model_curve_name returns what "crv" says, model_curve_len the bytes of a coordinate, a private key and what is
 * agreed, model_point_len those of a public key: x and y, or u. */
const char *model_curve_name(enum model_curve curve);
size_t model_curve_len(enum model_curve curve);
size_t model_point_len(enum model_curve curve);

/* model_curve_public fills |point|. */
void model_curve_public(enum model_curve curve, uint8_t *point, const uint8_t *private_key);

/* model_curve_agree fills |shared|, or returns false for what is no public key, or one of small order. */
bool model_curve_agree(enum model_curve curve, uint8_t *shared, const uint8_t *private_key, const uint8_t *point);

/* The RSA key, of 2048 bits, as the members of a JWK. */
extern const char model_rsa_jwk[];

/* RFC 8017 §7.1 with an empty label, the hash SHA-256 or SHA-1, and a seed that is always the same. */
void model_oaep_encrypt(bool is_sha256, uint8_t *encrypted, struct bulla_span message);

/* model_oaep_decrypt fills |message|, which has room for MODEL_RSA_LEN bytes, and |*len|, or returns false. */
bool model_oaep_decrypt(bool is_sha256, uint8_t *message, size_t *len, struct bulla_span encrypted);

#endif
