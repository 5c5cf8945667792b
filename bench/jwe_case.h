/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* What the rows of JWE share, ours and the peers': the pairs of "alg" and "enc", and a key for each. A row's name says
 * its case: "jwe/ALG/ENC/encrypt", where ALG is "ECDH-ES:P-256" if a curve must be told, and ENC "none" if there is
 * none. */

#ifndef BULLA_BENCH_JWE_CASE_H
#define BULLA_BENCH_JWE_CASE_H

#include "bench/support.h"

/* A key as JSON Web Key, made for the benchmarks alone. */
struct bench_jwk {
  const char *name;
  const char *public_json; /* NULL of a symmetric key */
  const char *json;
};

struct bench_jwe_case {
  char alg[48];
  char enc[24];
  const struct bench_jwk *key;
};

/* bench_jwk returns the key of |name|: "oct:BYTES", the name of a curve, or "RSA"; or NULL. */
const struct bench_jwk *bench_jwk(const char *name);

/* bench_jwk_parsed returns the key that "jwk/parse/NAME", the end of the name of |bench|, says; or NULL. */
const struct bench_jwk *bench_jwk_parsed(const struct bench *bench);

/* bench_jwe_case fills |jwe| with what the name of |bench| says. Returns false if it says none. */
bool bench_jwe_case(struct bench_jwe_case *jwe, const struct bench *bench);

/* BENCH_JWE_ENCS has |row|(|alg|, enc) for each "enc" of RFC 7518 §5.1. */
#define BENCH_JWE_ENCS(row, alg) row(alg, "A128GCM"), row(alg, "A192GCM"), row(alg, "A256GCM"), BENCH_JWE_CBC(row, alg)
#define BENCH_JWE_CBC(row, alg) row(alg, "A128CBC-HS256"), row(alg, "A192CBC-HS384"), row(alg, "A256CBC-HS512")

/* The families of "alg", RFC 7518 §4.1, with each "enc". The one curve of ECDH-ES+A*KW stands for all: agreeing is the
 * same as in ECDH-ES, and wrapping as in A*KW. */
#define BENCH_JWE_DIR(row) BENCH_JWE_ENCS(row, "dir")
#define BENCH_JWE_AES_KW(row) \
  BENCH_JWE_ENCS(row, "A128KW"), BENCH_JWE_ENCS(row, "A192KW"), BENCH_JWE_ENCS(row, "A256KW")
#define BENCH_JWE_GCM_KW(row) \
  BENCH_JWE_ENCS(row, "A128GCMKW"), BENCH_JWE_ENCS(row, "A192GCMKW"), BENCH_JWE_ENCS(row, "A256GCMKW")
#define BENCH_JWE_ECDH_SMALL(row) BENCH_JWE_ENCS(row, "ECDH-ES:P-256"), BENCH_JWE_ENCS(row, "ECDH-ES:P-384")
#define BENCH_JWE_ECDH_NIST(row) BENCH_JWE_ECDH_SMALL(row), BENCH_JWE_ENCS(row, "ECDH-ES:P-521")
#define BENCH_JWE_ECDH_X25519(row) BENCH_JWE_ENCS(row, "ECDH-ES:X25519")
#define BENCH_JWE_ECDH_KW(row)                                                              \
  BENCH_JWE_ENCS(row, "ECDH-ES+A128KW:P-256"), BENCH_JWE_ENCS(row, "ECDH-ES+A192KW:P-256"), \
      BENCH_JWE_ENCS(row, "ECDH-ES+A256KW:P-256")
#define BENCH_JWE_RSA_SHA1(row) BENCH_JWE_ENCS(row, "RSA-OAEP")
#define BENCH_JWE_RSA_SHA256(row) BENCH_JWE_ENCS(row, "RSA-OAEP-256")

#endif
