/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* rhonabwy's JWE, with GnuTLS and Nettle under it, on the cases that it has: keys are made beforehand. And its reading
 * of a JWK. Version 1.1 does not encrypt to P-521. */

#include <rhonabwy.h>
#include <stdlib.h>
#include <time.h>

#include "bench/jwe_case.h"

enum { JWE, PARSE };

struct calls {
  struct bench_jwe_case jwe;
  const char *json; /* of the key */
  jwk_t *jwk;
  jwk_t *public_jwk;
  char plaintext[BENCH_CLAIMS_LEN + 1];
  char *token;
};

static char *encrypted(struct calls *calls) {
  jwe_t *jwe = NULL;
  char *token = NULL;
  if (r_jwe_init(&jwe) == RHN_OK &&
      r_jwe_set_payload(jwe, (const uint8_t *)calls->plaintext, BENCH_CLAIMS_LEN) == RHN_OK &&
      r_jwe_set_alg(jwe, r_str_to_jwa_alg(calls->jwe.alg)) == RHN_OK &&
      r_jwe_set_enc(jwe, r_str_to_jwa_enc(calls->jwe.enc)) == RHN_OK) {
    token = r_jwe_serialize(jwe, calls->public_jwk, 0);
  }
  r_jwe_free(jwe);
  return token;
}

static const char *run_encrypt(void *state) {
  char *token = encrypted(state);
  const bool good = token != NULL;
  r_free(token);
  return good ? NULL : "rhonabwy did not encrypt";
}

static const char *run_decrypt(void *state) {
  struct calls *calls = state;
  jwe_t *jwe = NULL;
  size_t len = 0;
  const bool good = r_jwe_init(&jwe) == RHN_OK && r_jwe_parse(jwe, calls->token, 0) == RHN_OK &&
                    r_jwe_decrypt(jwe, calls->jwk, 0) == RHN_OK && r_jwe_get_payload(jwe, &len) != NULL;
  r_jwe_free(jwe);
  return good && len == BENCH_CLAIMS_LEN ? NULL : "rhonabwy did not decrypt";
}

static const char *run_parse(void *state) {
  const struct calls *calls = state;
  jwk_t *jwk = NULL;
  const bool good = r_jwk_init(&jwk) == RHN_OK && r_jwk_import_from_json_str(jwk, calls->json) == RHN_OK;
  r_jwk_free(jwk);
  return good ? NULL : "rhonabwy did not take the key";
}

static void tear_down(void *state) {
  struct calls *calls = state;
  r_free(calls->token);
  r_jwk_free(calls->public_jwk);
  r_jwk_free(calls->jwk);
  free(calls);
}

static const char *prepare(struct calls *calls, const struct bench *bench) {
  if (!bench_jwe_case(&calls->jwe, bench) || !bench_claims_json(calls->plaintext, time(NULL))) {
    return "there is no such case";
  }
  const struct bench_jwk *key = calls->jwe.key;
  if (r_jwk_init(&calls->jwk) != RHN_OK || r_jwk_init(&calls->public_jwk) != RHN_OK ||
      r_jwk_import_from_json_str(calls->jwk, key->json) != RHN_OK ||
      r_jwk_import_from_json_str(calls->public_jwk, key->public_json != NULL ? key->public_json : key->json) !=
          RHN_OK) {
    return "rhonabwy did not take the key";
  }
  calls->token = encrypted(calls);
  return calls->token != NULL ? run_decrypt(calls) : "rhonabwy did not encrypt";
}

static const char *prepare_parse(struct calls *calls, const struct bench *bench) {
  const struct bench_jwk *key = bench_jwk_parsed(bench);
  calls->json = key != NULL ? key->json : NULL;
  return key != NULL ? NULL : "there is no such key";
}

static const char *set_up(void **state, const struct bench *bench, void *first) {
  (void)first;
  struct calls *calls = r_global_init() == RHN_OK ? calloc(1, sizeof(*calls)) : NULL;
  if (calls == NULL) {
    return "rhonabwy did not start";
  }
  const char *error = bench->variant == PARSE ? prepare_parse(calls, bench) : prepare(calls, bench);
  if (error != NULL) {
    tear_down(calls);
    return error;
  }
  *state = calls;
  return NULL;
}

#define ROW(alg, enc)                                                                         \
  BENCH_ROW("peer/rhonabwy/jwe/" alg "/" enc "/encrypt", BENCH_CLAIMS_LEN, JWE, run_encrypt), \
      BENCH_ROW("peer/rhonabwy/jwe/" alg "/" enc "/decrypt", BENCH_CLAIMS_LEN, JWE, run_decrypt)
#define PARSE_ROW(key) BENCH_ROW("peer/rhonabwy/jwk/parse/" key, 0, PARSE, run_parse)

struct bench_table bench_peer_rhonabwy_jwe(void) {
  static const struct bench benches[] = {
      BENCH_JWE_DIR(ROW),         BENCH_JWE_AES_KW(ROW),  BENCH_JWE_GCM_KW(ROW),   BENCH_JWE_ECDH_SMALL(ROW),
      BENCH_JWE_ECDH_X25519(ROW), BENCH_JWE_ECDH_KW(ROW), BENCH_JWE_RSA_SHA1(ROW), BENCH_JWE_RSA_SHA256(ROW),
      PARSE_ROW("oct:32"),        PARSE_ROW("P-256"),     PARSE_ROW("P-384"),      PARSE_ROW("X25519"),
      PARSE_ROW("RSA"),
  };
  return BENCH_TABLE(benches);
}
