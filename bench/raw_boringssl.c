/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The bulla authors */

/* The bare calls of BoringSSL, which is loaded as core/crypto_boringssl.c loads it, so that the peers may have
 * OpenSSL. */

#include <dlfcn.h>
#include <openssl/aead.h>

#include "bench/raw.h"

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

#ifdef BULLA_BORINGSSL_PATH
static bool find(void *library, void *function, const char *name) {
  void *symbol = dlsym(library, name);
  memcpy(function, &symbol, sizeof(symbol));
  return symbol != NULL;
}

static bool load(struct functions *functions) {
  void *library = dlopen(BULLA_BORINGSSL_PATH, RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND);
  return library != NULL && find(library, &functions->algorithm, "EVP_aead_aes_256_gcm") &&
         find(library, &functions->init, "EVP_AEAD_CTX_init") &&
         find(library, &functions->cleanup, "EVP_AEAD_CTX_cleanup") &&
         find(library, &functions->seal, "EVP_AEAD_CTX_seal_scatter") &&
         find(library, &functions->open, "EVP_AEAD_CTX_open_gather");
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
  return sealed == 1 ? NULL : "BoringSSL did not seal";
}

static const char *run_open(void *state) {
  struct calls *calls = state;
  struct bench_raw *raw = &calls->raw;
  int opened = calls->functions.open(&calls->context, raw->plaintext, raw->nonce, sizeof(raw->nonce), raw->ciphertext,
                                     raw->len, raw->tag, sizeof(raw->tag), raw->data, raw->data_len);
  return opened == 1 ? NULL : "BoringSSL did not open";
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
    return "BoringSSL did not take the key";
  }
  const char *error = run_seal(calls);
  if (error != NULL) {
    tear_down(calls);
    return error;
  }
  *state = calls;
  return NULL;
}

struct bench_table bench_raw_boringssl(void) {
  static const struct bench benches[] = {
      BENCH_SIZES("raw/boringssl/seal", BENCH_RAW_BLOB, run_seal),
      BENCH_SIZES("raw/boringssl/open", BENCH_RAW_BLOB, run_open),
      BENCH_ROW("raw/boringssl/token", 0, BENCH_RAW_TOKEN, run_seal),
  };
  return BENCH_TABLE(benches);
}
