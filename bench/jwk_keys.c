/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* Reading JSON Web Keys with a private part, checks included, and naming them by their thumbprints. */

#include <bulla/jose.h>
#include <stdlib.h>

#include "bench/jwe_case.h"

struct reading {
  struct bulla_span json;
  struct bulla_jwk *jwk;
};

static const char *run_parse(void *state) {
  const struct reading *reading = state;
  struct bulla_jwk *jwk = NULL;
  enum bulla_status status = bulla_jwk_parse(&jwk, reading->json);
  bulla_jwk_free(&jwk);
  return bench_result(status);
}

static const char *run_thumbprint(void *state) {
  const struct reading *reading = state;
  uint8_t bytes[32];
  struct bulla_buffer thumbprint = bulla_buffer(bytes, sizeof(bytes));
  return bench_result(bulla_jwk_thumbprint(&thumbprint, reading->jwk));
}

static void tear_down(void *state) {
  struct reading *reading = state;
  bulla_jwk_free(&reading->jwk);
  free(reading);
}

static const char *set_up(void **state, const struct bench *bench, void *first) {
  (void)first;
  struct reading *reading = calloc(1, sizeof(*reading));
  const struct bench_jwk *key = bench_jwk_parsed(bench);
  if (reading == NULL || key == NULL) {
    free(reading);
    return "there is no such key";
  }
  reading->json = bench_text(key->json);
  const char *error = bench_result(bulla_jwk_parse(&reading->jwk, reading->json));
  if (error != NULL) {
    tear_down(reading);
    return error;
  }
  *state = reading;
  return NULL;
}

#define ROW(key)                                                                 \
  {"jwk/parse/" key, 0, 0, false, false, set_up, run_parse, tear_down}, {        \
    "jwk/thumbprint/" key, 0, 0, false, false, set_up, run_thumbprint, tear_down \
  }

struct bench_table bench_jwk_keys(void) {
  static const struct bench benches[] = {
      ROW("oct:32"), ROW("P-256"), ROW("P-384"), ROW("P-521"), ROW("X25519"), ROW("RSA"),
  };
  return BENCH_TABLE(benches);
}
