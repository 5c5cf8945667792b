/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* JWKs, for fuzz/alloc_calls.c. */

#include <bulla/jose.h>

#include "core/cleanup.h"
#include "fuzz/alloc_calls.h"

/* RFC 7517 appendix A.2, and RFC 7748 §6.1. */
#define EC                                                           \
  "{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"a\",\"use\":\"enc\"," \
  "\"x\":\"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4\","           \
  "\"y\":\"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM\","           \
  "\"d\":\"870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE\"}"
#define OKP                                                            \
  "{\"kty\":\"OKP\",\"crv\":\"X25519\",\"kid\":\"b\",\"use\":\"enc\"," \
  "\"x\":\"hSDwCYkwp1R0i33ctD73Wg2_Og0mOBr066SpjqqbTmo\","             \
  "\"d\":\"dwdtCnMYpX08FsFyUbJmRd9ML4frwJkqsXf7pR25LCo\"}"
#define RSA_N                                                                                                        \
  "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknj" \
  "hMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQ" \
  "vRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzK" \
  "nqDKgw"
#define RSA "{\"kty\":\"RSA\",\"kid\":\"c\",\"e\":\"AQAB\",\"n\":\"" RSA_N "\"}"

static enum bulla_status name(const struct bulla_jwk *jwk) {
  uint8_t room[32];
  memset(room, FUZZ_FILL, sizeof(room));
  struct bulla_buffer thumbprint = bulla_buffer(room, sizeof(room));
  enum bulla_status status = bulla_jwk_thumbprint(&thumbprint, jwk);
  FUZZ_ASSERT(status == BULLA_OK ? thumbprint.len == sizeof(room) : fuzz_failed(&thumbprint));
  return status;
}

/* Reads |json|, of a pair, and writes it in each form. */
static enum bulla_status there_and_back(struct bulla_span json) {
  struct bulla_jwk *jwk BULLA_CLEANUP(bulla_jwk_free) = NULL;
  struct bulla_jwk *again BULLA_CLEANUP(bulla_jwk_free) = NULL;
  struct bulla_secret *text BULLA_CLEANUP(bulla_secret_free) = NULL;
  struct bulla_secret *pem BULLA_CLEANUP(bulla_secret_free) = NULL;
  TRY_MADE(bulla_jwk_parse(&jwk, json), jwk);
  BULLA_TRY(name(jwk));
  TRY_MADE(bulla_jwk_write(&text, jwk), text);
  TRY_MADE(bulla_jwk_to_pem(&pem, jwk, false), pem);
  TRY_MADE(bulla_jwk_from_pem(&again, bulla_secret_bytes(pem)), again);
  FUZZ_ASSERT(bulla_jwk_has_private(again));
  return BULLA_OK;
}

static enum bulla_status generate(void) {
  struct bulla_jwk *oct BULLA_CLEANUP(bulla_jwk_free) = NULL;
  struct bulla_jwk *pair BULLA_CLEANUP(bulla_jwk_free) = NULL;
  struct bulla_jwk_options options = BULLA_JWK_OPTIONS_INIT;
  options.alg = BULLA_JWE_A256KW;
  TRY_MADE(bulla_jwk_generate(&oct, &options), oct);
  options.alg = BULLA_JWE_ECDH_ES;
  TRY_MADE(bulla_jwk_generate(&pair, &options), pair);
  return name(oct);
}

enum bulla_status fuzz_jwk_pairs(void) {
  BULLA_TRY(there_and_back(BULLA_LITERAL(EC)));
  BULLA_TRY(there_and_back(BULLA_LITERAL(OKP)));
  return generate();
}

enum bulla_status fuzz_jwk_set(void) {
  struct bulla_jwk_set *set BULLA_CLEANUP(bulla_jwk_set_free) = NULL;
  TRY_MADE(bulla_jwk_set_parse(&set, BULLA_LITERAL("{\"keys\":[" EC "," RSA "," OKP "]}")), set);
  FUZZ_ASSERT(bulla_jwk_set_find(set, BULLA_LITERAL("b")) == bulla_jwk_set_at(set, 2));
  return BULLA_OK;
}
