/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* cjose's tokens: dir and A256GCM. Key and header are made beforehand and the claims stand ready as JSON;
 * verifying is decryption, parsing the claims, and comparing "exp" with the clock, as ours. */

#include <cjose/cjose.h>
#include <jansson.h>
#include <stdlib.h>
#include <time.h>

#include "bench/support.h"

struct calls {
  cjose_jwk_t *jwk;
  cjose_header_t *header;
  char claims[BENCH_CLAIMS_LEN + 1];
  char *token;
};

static char *encrypted(struct calls *calls) {
  cjose_err error;
  cjose_jwe_t *jwe =
      cjose_jwe_encrypt(calls->jwk, calls->header, (const uint8_t *)calls->claims, BENCH_CLAIMS_LEN, &error);
  char *token = jwe == NULL ? NULL : cjose_jwe_export(jwe, &error);
  cjose_jwe_release(jwe);
  return token;
}

static const char *run_mint(void *state) {
  char *token = encrypted(state);
  free(token);
  return token != NULL ? NULL : "cjose did not encrypt";
}

static const char *run_verify(void *state) {
  const struct calls *calls = state;
  cjose_err error;
  size_t len = 0;
  cjose_jwe_t *jwe = cjose_jwe_import(calls->token, strlen(calls->token), &error);
  uint8_t *plaintext = jwe == NULL ? NULL : cjose_jwe_decrypt(jwe, calls->jwk, &len, &error);
  json_t *claims = plaintext == NULL ? NULL : json_loadb((const char *)plaintext, len, 0, NULL);
  const bool good = json_integer_value(json_object_get(claims, "exp")) > time(NULL);
  json_decref(claims);
  free(plaintext);
  cjose_jwe_release(jwe);
  return good ? NULL : "cjose did not verify";
}

static void tear_down(void *state) {
  struct calls *calls = state;
  free(calls->token);
  cjose_header_release(calls->header);
  cjose_jwk_release(calls->jwk);
  free(calls);
}

static const char *prepare(struct calls *calls) {
  static const uint8_t key[BULLA_KEY_LEN] = "a key of thirty-two bytes, as is";
  cjose_err error;
  calls->jwk = cjose_jwk_create_oct_spec(key, sizeof(key), &error);
  calls->header = cjose_header_new(&error);
  if (calls->jwk == NULL || calls->header == NULL || !bench_claims_json(calls->claims, time(NULL)) ||
      !cjose_header_set(calls->header, CJOSE_HDR_ALG, CJOSE_HDR_ALG_DIR, &error) ||
      !cjose_header_set(calls->header, CJOSE_HDR_ENC, CJOSE_HDR_ENC_A256GCM, &error) ||
      !cjose_header_set(calls->header, "typ", "JWT", &error) ||
      !cjose_header_set(calls->header, CJOSE_HDR_KID, "0123456789abcdef.20000", &error)) {
    return "cjose did not take key and header";
  }
  calls->token = encrypted(calls);
  return calls->token != NULL ? run_verify(calls) : "cjose did not encrypt";
}

static const char *set_up(void **state, const struct bench *bench, void *first) {
  (void)bench;
  (void)first;
  struct calls *calls = calloc(1, sizeof(*calls));
  if (calls == NULL) {
    return "no memory";
  }
  const char *error = prepare(calls);
  if (error != NULL) {
    tear_down(calls);
    return error;
  }
  *state = calls;
  return NULL;
}

struct bench_table bench_peer_cjose(void) {
  static const struct bench benches[] = {
      BENCH_ROW("peer/cjose/mint", 0, 0, run_mint),
      BENCH_ROW("peer/cjose/verify", 0, 0, run_verify),
  };
  return BENCH_TABLE(benches);
}
