/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* cjose's JWE, with OpenSSL under it, on the cases that it has: key and header are made beforehand. And its reading of
 * a JWK. */

#include <cjose/cjose.h>
#include <stdlib.h>
#include <time.h>

#include "bench/jwe_case.h"

enum { JWE, PARSE };

struct calls {
  const char *json; /* of the key */
  cjose_jwk_t *jwk;
  cjose_header_t *header;
  char plaintext[BENCH_CLAIMS_LEN + 1];
  char *token;
};

static char *encrypted(struct calls *calls) {
  cjose_err error;
  cjose_jwe_t *jwe =
      cjose_jwe_encrypt(calls->jwk, calls->header, (const uint8_t *)calls->plaintext, BENCH_CLAIMS_LEN, &error);
  char *token = jwe == NULL ? NULL : cjose_jwe_export(jwe, &error);
  cjose_jwe_release(jwe);
  return token;
}

static const char *run_encrypt(void *state) {
  char *token = encrypted(state);
  const bool good = token != NULL;
  free(token);
  return good ? NULL : "cjose did not encrypt";
}

static const char *run_decrypt(void *state) {
  const struct calls *calls = state;
  cjose_err error;
  size_t len = 0;
  cjose_jwe_t *jwe = cjose_jwe_import(calls->token, strlen(calls->token), &error);
  uint8_t *plaintext = jwe == NULL ? NULL : cjose_jwe_decrypt(jwe, calls->jwk, &len, &error);
  free(plaintext);
  cjose_jwe_release(jwe);
  return len == BENCH_CLAIMS_LEN ? NULL : "cjose did not decrypt";
}

static const char *run_parse(void *state) {
  const struct calls *calls = state;
  cjose_err error;
  cjose_jwk_t *jwk = cjose_jwk_import(calls->json, strlen(calls->json), &error);
  const bool good = jwk != NULL;
  cjose_jwk_release(jwk);
  return good ? NULL : "cjose did not take the key";
}

static void tear_down(void *state) {
  struct calls *calls = state;
  free(calls->token);
  cjose_header_release(calls->header);
  cjose_jwk_release(calls->jwk);
  free(calls);
}

static const char *prepare(struct calls *calls, const struct bench *bench) {
  struct bench_jwe_case jwe;
  cjose_err error;
  if (!bench_jwe_case(&jwe, bench) || !bench_claims_json(calls->plaintext, time(NULL))) {
    return "there is no such case";
  }
  calls->jwk = cjose_jwk_import(jwe.key->json, strlen(jwe.key->json), &error);
  calls->header = cjose_header_new(&error);
  if (calls->jwk == NULL || calls->header == NULL || !cjose_header_set(calls->header, CJOSE_HDR_ALG, jwe.alg, &error) ||
      !cjose_header_set(calls->header, CJOSE_HDR_ENC, jwe.enc, &error)) {
    return "cjose did not take key and header";
  }
  calls->token = encrypted(calls);
  return calls->token != NULL ? run_decrypt(calls) : "cjose did not encrypt";
}

static const char *prepare_parse(struct calls *calls, const struct bench *bench) {
  const struct bench_jwk *key = bench_jwk_parsed(bench);
  calls->json = key != NULL ? key->json : NULL;
  return key != NULL ? NULL : "there is no such key";
}

static const char *set_up(void **state, const struct bench *bench, void *first) {
  (void)first;
  struct calls *calls = calloc(1, sizeof(*calls));
  if (calls == NULL) {
    return "no memory";
  }
  const char *error = bench->variant == PARSE ? prepare_parse(calls, bench) : prepare(calls, bench);
  if (error != NULL) {
    tear_down(calls);
    return error;
  }
  *state = calls;
  return NULL;
}

#define ROW(alg, enc)                                                                      \
  BENCH_ROW("peer/cjose/jwe/" alg "/" enc "/encrypt", BENCH_CLAIMS_LEN, JWE, run_encrypt), \
      BENCH_ROW("peer/cjose/jwe/" alg "/" enc "/decrypt", BENCH_CLAIMS_LEN, JWE, run_decrypt)
#define PARSE_ROW(key) BENCH_ROW("peer/cjose/jwk/parse/" key, 0, PARSE, run_parse)

struct bench_table bench_peer_cjose_jwe(void) {
  static const struct bench benches[] = {
      BENCH_JWE_DIR(ROW), BENCH_JWE_AES_KW(ROW), BENCH_JWE_ECDH_NIST(ROW), BENCH_JWE_RSA_SHA1(ROW), PARSE_ROW("oct:32"),
      PARSE_ROW("P-256"), PARSE_ROW("P-384"),    PARSE_ROW("P-521"),       PARSE_ROW("RSA"),
  };
  return BENCH_TABLE(benches);
}
