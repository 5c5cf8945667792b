/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The bare calls of BoringSSL, which is loaded as core/crypto_boringssl.c loads it, so that the peers may have
 * OpenSSL. This file is compiled for the BoringSSL that bulla uses, and as peers for another one and for AWS-LC, which
 * has the same functions. */

#include <openssl/aead.h>

#include "bench/raw.h"

#ifndef BENCH_ROWS
#define BENCH_ROWS "raw/boringssl"
#define BENCH_SUBJECT bench_raw_boringssl
#ifdef BULLA_BORINGSSL_PATH
#define BENCH_LIBRARY BULLA_BORINGSSL_PATH
#endif
#endif

struct functions {
  __typeof__(EVP_aead_aes_256_gcm) *algorithm;
  __typeof__(EVP_AEAD_CTX_init) *init;
  __typeof__(EVP_AEAD_CTX_cleanup) *cleanup;
  __typeof__(EVP_AEAD_CTX_seal_scatter) *seal;
  __typeof__(EVP_AEAD_CTX_open_gather) *open;
};

struct calls {
  struct functions functions;
  EVP_AEAD_CTX context;
  struct bench_raw raw;
};

#ifdef BENCH_LIBRARY
static bool load(struct functions *functions) {
  void *library = bench_load(BENCH_LIBRARY);
  return library != NULL && bench_find(library, &functions->algorithm, "EVP_aead_aes_256_gcm") &&
         bench_find(library, &functions->init, "EVP_AEAD_CTX_init") &&
         bench_find(library, &functions->cleanup, "EVP_AEAD_CTX_cleanup") &&
         bench_find(library, &functions->seal, "EVP_AEAD_CTX_seal_scatter") &&
         bench_find(library, &functions->open, "EVP_AEAD_CTX_open_gather");
}
#else
static bool load(struct functions *functions) {
  *functions = (struct functions){EVP_aead_aes_256_gcm, EVP_AEAD_CTX_init, EVP_AEAD_CTX_cleanup,
                                  EVP_AEAD_CTX_seal_scatter, EVP_AEAD_CTX_open_gather};
  return true;
}
#endif

static const char *run_seal(void *state) {
  struct calls *calls = state;
  struct bench_raw *raw = &calls->raw;
  size_t tag_len;
  int sealed = calls->functions.seal(&calls->context, raw->ciphertext, raw->tag, &tag_len, sizeof(raw->tag), raw->nonce,
                                     sizeof(raw->nonce), raw->plaintext, raw->len, NULL, 0, raw->data, raw->data_len);
  return sealed == 1 ? NULL : "the library did not seal";
}

static const char *run_open(void *state) {
  struct calls *calls = state;
  struct bench_raw *raw = &calls->raw;
  int opened = calls->functions.open(&calls->context, raw->plaintext, raw->nonce, sizeof(raw->nonce), raw->ciphertext,
                                     raw->len, raw->tag, sizeof(raw->tag), raw->data, raw->data_len);
  return opened == 1 ? NULL : "the library did not open";
}

static void tear_down(void *state) {
  struct calls *calls = state;
  calls->functions.cleanup(&calls->context);
  bench_raw_free(&calls->raw);
  free(calls);
}

static const char *set_up(void **state, const struct bench *bench, void *first) {
  (void)first;
  struct calls *calls = calloc(1, sizeof(*calls));
  if (calls == NULL || !bench_raw_make(&calls->raw, bench)) {
    free(calls);
    return "no memory";
  }
  if (!load(&calls->functions) || calls->functions.init(&calls->context, calls->functions.algorithm(), calls->raw.key,
                                                        sizeof(calls->raw.key), BULLA_TAG_LEN, NULL) != 1) {
    bench_raw_free(&calls->raw);
    free(calls);
    return "the library cannot be loaded or did not take the key";
  }
  const char *error = bench_raw_try(&calls->raw, run_seal, run_open, calls);
  if (error != NULL) {
    tear_down(calls);
    return error;
  }
  *state = calls;
  return NULL;
}

struct bench_table BENCH_SUBJECT(void) {
  static const struct bench benches[] = {
      BENCH_SIZES(BENCH_ROWS "/seal", BENCH_RAW_BLOB, run_seal),
      BENCH_SIZES(BENCH_ROWS "/open", BENCH_RAW_BLOB, run_open),
      BENCH_ROW(BENCH_ROWS "/token", 0, BENCH_RAW_TOKEN, run_seal),
  };
  return BENCH_TABLE(benches);
}
