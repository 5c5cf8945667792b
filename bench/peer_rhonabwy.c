/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* rhonabwy's tokens, with GnuTLS under it: dir and A256GCM. Key and claims are made beforehand; verifying is
 * decryption, which parses the claims, and comparing "exp" with the clock, as ours. */

#include <rhonabwy.h>
#include <stdlib.h>
#include <time.h>

#include "bench/support.h"

struct calls {
  jwk_t *jwk;
  jwt_t *jwt;
  char *token;
};

static const char *run_mint(void *state) {
  struct calls *calls = state;
  char *token = r_jwt_serialize_encrypted(calls->jwt, calls->jwk, 0);
  const bool good = token != NULL;
  r_free(token);
  return good ? NULL : "rhonabwy did not encrypt";
}

static const char *run_verify(void *state) {
  struct calls *calls = state;
  jwt_t *jwt = NULL;
  const bool good = r_jwt_init(&jwt) == RHN_OK && r_jwt_parse(jwt, calls->token, 0) == RHN_OK &&
                    r_jwt_decrypt(jwt, calls->jwk, 0) == RHN_OK && r_jwt_get_claim_int_value(jwt, "exp") > time(NULL);
  r_jwt_free(jwt);
  return good ? NULL : "rhonabwy did not verify";
}

static void tear_down(void *state) {
  struct calls *calls = state;
  r_free(calls->token);
  r_jwt_free(calls->jwt);
  r_jwk_free(calls->jwk);
  free(calls);
}

static const char *prepare(struct calls *calls) {
  static const uint8_t key[BULLA_KEY_LEN] = "a key of thirty-two bytes, as is";
  char claims[BENCH_CLAIMS_LEN + 1];
  if (!bench_claims_json(claims, time(NULL)) || r_jwk_init(&calls->jwk) != RHN_OK ||
      r_jwk_import_from_symmetric_key(calls->jwk, key, sizeof(key)) != RHN_OK || r_jwt_init(&calls->jwt) != RHN_OK ||
      r_jwt_set_enc_alg(calls->jwt, R_JWA_ALG_DIR) != RHN_OK ||
      r_jwt_set_enc(calls->jwt, R_JWA_ENC_A256GCM) != RHN_OK ||
      r_jwt_set_header_str_value(calls->jwt, "kid", "0123456789abcdef.20000") != RHN_OK ||
      r_jwt_set_full_claims_json_str(calls->jwt, claims) != RHN_OK) {
    return "rhonabwy did not take key and claims";
  }
  calls->token = r_jwt_serialize_encrypted(calls->jwt, calls->jwk, 0);
  return calls->token != NULL ? run_verify(calls) : "rhonabwy did not encrypt";
}

static const char *set_up(void **state, const struct bench *bench, void *first) {
  (void)bench;
  (void)first;
  struct calls *calls = r_global_init() == RHN_OK ? calloc(1, sizeof(*calls)) : NULL;
  if (calls == NULL) {
    return "rhonabwy did not start";
  }
  const char *error = prepare(calls);
  if (error != NULL) {
    tear_down(calls);
    return error;
  }
  *state = calls;
  return NULL;
}

struct bench_table bench_peer_rhonabwy(void) {
  static const struct bench benches[] = {
      BENCH_ROW("peer/rhonabwy/mint", 0, 0, run_mint),
      BENCH_ROW("peer/rhonabwy/verify", 0, 0, run_verify),
  };
  return BENCH_TABLE(benches);
}
